"""The pages of items in a real browser: map and list light each other, boxes are drawn, and all of it without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from estran.web.portal.items import part
from tests.portal.browser import FLAGS, Watch, changed, launched, watched
from tests.portal.granules import HOSTILE_ID, ODD, SCENES
from tests.portal.test_browser import HEAVIEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.chromium
HOSTILE = f"/en/data/{{odd}}/items/{part(HOSTILE_ID)}"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


@pytest.fixture
def watch(browser: Browser, item_server: str) -> Iterator[Watch]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    found = watched(context, item_server)
    yield found
    context.close()
    assert found.faults == []


@pytest.fixture
def items(records: dict[str, str]) -> str:
    return f"/en/data/{records['scenes']}/items"


@pytest.mark.parametrize(
    "path",
    [
        "/en/data/{scenes}/items",
        "/fr/data/{scenes}/items?bbox=-60,-40,-40,0",
        "/fr/data/{scenes}/items/scene-009",
        HOSTILE,
    ],
)
def test_a_page_draws_stays_at_home_and_is_light(watch: Watch, records: dict[str, str], path: str):
    ran: list[str] = []
    watch.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    watch.drawn(path.format(**records, odd=records[ODD]))
    assert watch.page.evaluate("document.documentElement.dataset.mapReady") == "map"
    watch.page.wait_for_load_state("networkidle")
    assert watch.bytes < HEAVIEST
    expect(watch.page.locator("canvas.maplibregl-canvas")).to_have_count(1)
    expect(watch.page.locator("#map svg.locator")).to_have_count(0)
    assert ran == []


def lit(watch: Watch, row: Locator) -> None:
    """This row is lit, and no other."""
    expect(watch.page.locator(".item-row.lit")).to_have_count(1)
    expect(watch.page.locator(".item-row.lit")).to_have_attribute(
        "data-id", row.get_attribute("data-id") or ""
    )


def test_the_list_and_the_map_light_each_other(watch: Watch, items: str):
    # Two scenes, far from each other: the map holds them both.
    watch.drawn(f"{items}?from=2022-12-05&to=2022-12-05")
    page = watch.page
    rows = page.locator(".item-row")
    expect(rows).to_have_count(2)
    dark = page.locator("#map canvas").screenshot()
    rows.nth(0).hover()
    lit(watch, rows.nth(0))
    changed(page.locator("#map canvas"), dark)
    rows.nth(1).locator("a").focus()
    lit(watch, rows.nth(1))
    page.mouse.move(5, 5)


def test_a_footprint_leads_to_its_item(watch: Watch, items: str):
    watch.drawn(f"{items}?from=2022-11-11&to=2022-11-11")
    page = watch.page
    expect(page.locator(".item-row")).to_have_count(1)
    frame = page.locator("#map").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + frame["width"] / 2 - 3, frame["y"] + frame["height"] / 2)
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2, steps=3)
    page.wait_for_selector(".item-row.lit")
    page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    link = page.locator(".maplibregl-popup a")
    link.wait_for()
    name = link.inner_text()
    link.click()
    page.wait_for_url(re.compile(r"/items/scene-"))
    expect(page.locator("h1")).to_have_text(name)


def test_a_box_drawn_on_the_map_is_asked(watch: Watch, items: str):
    watch.drawn(f"{items}?from=2023&to=2023&cloud=90")
    page = watch.page
    page.locator("#draw").click()
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "true")
    frame = page.locator("#map").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + 100, frame["y"] + 100)
    page.mouse.down()
    page.mouse.move(frame["x"] + 300, frame["y"] + 300, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"bbox=.*from=2023&to=2023&cloud=90"))
    watch.drawn()
    page.locator("#here").click()
    page.wait_for_url(re.compile(r"bbox="))
    expect(page.locator(".chip")).to_have_count(3)


def test_the_keyboard_walks_from_year_to_day_to_item_and_back(watch: Watch, items: str):
    page = watch.page
    watch.open(items)
    page.locator(".years td a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("table.month")
    page.locator(".month td a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".month td a[aria-current]")
    page.locator(".item-row a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#properties")
    page.go_back()
    page.wait_for_selector(".month td a[aria-current]")
    page.go_back()
    page.go_back()
    page.wait_for_selector("table.years")
    expect(page).to_have_url(watch.home + items)


@pytest.mark.parametrize(
    "path",
    [
        "/fr/data/{scenes}/items",
        "/fr/data/{scenes}/items?from=2023-05&to=2023-05&cloud=90",
        "/en/data/{scenes}/items/scene-009",
        HOSTILE,
    ],
)
def test_nothing_is_wider_than_a_small_phone(
    browser: Browser, item_server: str, records: dict[str, str], path: str
):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    watch = watched(context, item_server)
    watch.drawn(path.format(**records, odd=records[ODD]))
    assert watch.page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()
    assert watch.faults == []


def test_without_webgl_the_still_map_stays(browser: Browser, chromium: Path, item_server: str, items: str):
    blind = browser.browser_type.launch(
        executable_path=str(chromium), args=[*FLAGS, "--disable-3d-apis"], headless=True
    )
    watch = watched(blind.new_context(viewport={"width": 1280, "height": 900}), item_server)
    for path in (items, f"{items}/scene-009"):
        watch.drawn(path)
        assert watch.page.evaluate("document.documentElement.dataset.mapReady") == "fallback"
        expect(watch.page.locator("#map svg.locator")).to_be_visible()
        expect(watch.page.locator(".fallback-note")).to_contain_text("WebGL")
        expect(watch.page.locator("#draw")).to_be_hidden()
    blind.close()
    assert watch.faults == []


def test_without_javascript_all_of_it_works(browser: Browser, item_server: str, items: str):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(item_server + items)
    expect(page.locator("#map svg.locator")).to_be_visible()
    expect(page.locator("#draw")).to_be_hidden()
    page.locator("#cloud").fill("50")
    page.locator("#from").fill("2023")
    page.locator("#cloud").press("Enter")
    page.wait_for_url(f"{item_server}{items}?from=2023&cloud=50")
    page.locator("#corners summary").click()
    for name, value in (("west", "-60"), ("south", "-40"), ("east", "30"), ("north", "10")):
        page.locator(f"#{name}").fill(value)
    page.locator("form#narrow .button:not(.quiet)").click()
    page.wait_for_url(re.compile(r"bbox=-60,-40,30,10&from=2023&cloud=50"))
    page.locator(".clear").click()
    page.wait_for_url(lambda url: "bbox=" not in url)
    page.locator(".years td a").first.click()
    expect(page.locator("table.month")).to_be_visible()
    page.goto(item_server + items)
    page.locator("a[rel=next].button").click()
    expect(page.locator("#status")).to_have_text(f"{SCENES} items, 21 to 40")
    page.locator(".item-row a").first.click()
    expect(page.locator("#files .files li")).to_have_count(3)
    context.close()

"""The portal in a real browser: maps, typing, drawing, going back, themes, and what happens without WebGL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.portal.browser import FLAGS, Watch, launched, watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.portal.conftest import Ids

pytestmark = pytest.mark.chromium
HEAVIEST = 600_000


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


@pytest.fixture(scope="module")
def blind(browser: Browser, chromium: Path) -> Iterator[Browser]:
    """A Chromium without WebGL."""
    running = browser.browser_type.launch(
        executable_path=str(chromium), args=[*FLAGS, "--disable-3d-apis"], headless=True
    )
    yield running
    running.close()


@pytest.fixture
def watch(browser: Browser, server: str) -> Iterator[Watch]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    found = watched(context, server)
    yield found
    context.close()
    assert found.faults == []


def address(watch: Watch) -> str:
    return watch.page.url.removeprefix(watch.home)


def at(watch: Watch, path: str) -> None:
    """This is the address, at once or in a moment."""
    expect(watch.page).to_have_url(watch.home + path)


@pytest.mark.parametrize(
    "path", ["/en/", "/fr/search", "/en/data/{rich}", "/fr/data/{world}", "/en/centres", "/en/api"]
)
def test_a_page_draws_stays_at_home_and_is_light(watch: Watch, ids: Ids, path: str):
    watch.drawn(path.format(rich=ids.rich, world=ids.world))
    assert watch.page.evaluate("document.documentElement.dataset.mapReady ?? 'none'") in ("map", "none")
    # Close to the ground the finer coast comes after.
    watch.page.wait_for_load_state("networkidle")
    assert watch.bytes < HEAVIEST
    if "search" in path or path.endswith("/en/"):
        expect(watch.page.locator("canvas.maplibregl-canvas")).to_have_count(1)
        expect(watch.page.locator("#map svg.locator, #globe svg.locator")).to_have_count(0)


def test_the_map_comes_up_every_time(watch: Watch):
    """An import map that came after a module script made one load in fifteen hang."""
    for _ in range(3):
        watch.drawn("/en/search?q=snow")


def test_typing_searches_and_keeps_one_entry_of_the_history(watch: Watch):
    page = watch.page
    watch.open("/en/centres")
    watch.open("/en/search")
    entries = page.evaluate("history.length")
    page.locator("#q").press_sequentially("snow", delay=40)
    page.wait_for_selector("#status:has-text('22 resources')")
    at(watch, "/en/search?q=snow")
    assert page.evaluate("history.length") == entries
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator(".card")).to_have_count(20)
    expect(page.locator("[role=status]")).to_have_count(1)
    page.wait_for_selector("#map-note:empty", state="attached")


def test_filters_add_to_the_history_and_back_brings_a_living_map(watch: Watch):
    """Going back once left the page with a dead map: the page is loaded anew instead."""
    page = watch.page
    watch.open("/en/search")
    page.locator("input[name=hub][value=ocean]").check()
    page.wait_for_selector("#status:has-text('2 resources')")
    at(watch, "/en/search?hub=ocean")
    expect(page.locator("input[name=hub][value=ocean]")).to_be_checked()
    page.locator(".chip").first.click()
    page.wait_for_selector("#status:has-text('49 resources')")
    at(watch, "/en/search")
    expect(page.locator("input[name=hub][value=ocean]")).not_to_be_checked()
    page.go_back()
    page.wait_for_selector("#status:has-text('2 resources')")
    watch.drawn()
    expect(page.locator("canvas.maplibregl-canvas")).to_have_count(1)
    expect(page.locator("input[name=hub][value=ocean]")).to_be_checked()


def test_open_groups_of_filters_stay_open(watch: Watch):
    page = watch.page
    watch.open("/en/search")
    page.locator("#more-platform summary").click()
    page.locator("input[name=hub][value=continental-surfaces]").check()
    page.wait_for_selector("#status:has-text('46 resources')")
    expect(page.locator("#more-platform[open]")).to_be_attached()


def test_a_wrong_date_is_said_in_place(watch: Watch):
    page = watch.page
    watch.open("/en/search")
    page.locator("#from").fill("2024-02-30")
    page.locator("#from").press("Enter")
    page.wait_for_selector("#wrong:has-text('is not a date')")
    watch.faults[:] = [fault for fault in watch.faults if "status of 400" not in fault]


def test_a_box_drawn_on_the_map_is_asked(watch: Watch):
    page = watch.page
    watch.drawn("/en/search")
    page.locator("#draw").click()
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "true")
    frame = page.locator("#map").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + 100, frame["y"] + 150)
    page.mouse.down()
    page.mouse.move(frame["x"] + 200, frame["y"] + 200, steps=4)
    page.mouse.move(frame["x"] + 300, frame["y"] + 250, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"bbox="))
    west, south, east, north = map(float, re.search(r"bbox=([^&]+)", address(watch))[1].split(","))
    assert west < east
    assert south < north
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".chip")).to_have_count(1)


def test_the_current_view_is_asked_and_the_map_stays_where_it_is(watch: Watch):
    page = watch.page
    watch.drawn("/en/search?bbox=0,40,20,50")
    page.locator("#here").click()
    page.wait_for_url(lambda url: "bbox=" in url and "bbox=0,40,20,50" not in url)
    first = address(watch)
    page.locator("input[name=kind][value=dataset]").check()
    page.wait_for_url(re.compile(r"kind=dataset"))
    page.locator("#here").click()
    assert re.search(r"bbox=([^&]+)", address(watch))[1] == re.search(r"bbox=([^&]+)", first)[1]


def test_the_theme_is_kept_and_shown_from_the_first_paint(watch: Watch):
    page = watch.page
    watch.open("/en/search")
    button = page.locator("#theme")
    expect(button).to_have_attribute("aria-label", "Theme: automatic")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Theme: dark")
    expect(page.locator("html")).to_have_css("background-color", "rgb(11, 21, 25)")
    page.goto(watch.home + "/fr/centres", wait_until="commit")
    page.wait_for_selector("html[data-theme=dark]", state="attached")
    page.wait_for_selector("#theme:not([hidden])")
    expect(page.locator("#theme")).to_have_attribute("aria-label", "Thème\u00a0: sombre")


def test_the_chosen_language_is_kept(watch: Watch):
    page = watch.page
    watch.open("/en/centres")
    page.locator("#other-language").click()
    page.wait_for_url(re.compile("/fr/centres"))
    page.goto(watch.home + "/")
    at(watch, "/fr/")


def test_the_keyboard_reaches_the_content_first(watch: Watch):
    page = watch.page
    watch.open("/en/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_enter_in_an_empty_search_shows_everything(watch: Watch):
    page = watch.page
    watch.open("/en/")
    page.locator("#q").press("Enter")
    page.wait_for_selector("#status:has-text('49 resources')")
    at(watch, "/en/search")
    watch.drawn()


@pytest.mark.parametrize(
    "path",
    ["/en/", "/fr/search?q=snow", "/en/data/{rich}", "/fr/data/{hostile}", "/fr/centres/ocean", "/en/api"],
)
def test_nothing_is_wider_than_a_small_phone(browser: Browser, server: str, ids: Ids, path: str):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    watch = watched(context, server)
    watch.drawn(path.format(rich=ids.rich, hostile=ids.hostile))
    assert watch.page.evaluate("document.documentElement.scrollWidth") == 360
    context.close()
    assert watch.faults == []


def test_hostile_records_run_nothing(watch: Watch, ids: Ids):
    ran: list[str] = []
    watch.page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    watch.open(f"/en/data/{ids.hostile}")
    watch.drawn("/en/search?bbox=170,-20,-170,-10&sort=title")
    watch.page.locator("#map canvas").hover()
    assert ran == []
    expect(watch.page.locator("h3", has_text="<script>alert(1)</script>")).to_have_count(1)


@pytest.mark.parametrize("path", ["/en/", "/en/search?q=snow", "/fr/data/{rich}"])
def test_without_webgl_the_still_map_stays(blind: Browser, server: str, ids: Ids, path: str):
    watch = watched(blind.new_context(viewport={"width": 1280, "height": 800}), server)
    watch.drawn(path.format(rich=ids.rich))
    page = watch.page
    assert page.evaluate("document.documentElement.dataset.mapReady") == "fallback"
    expect(page.locator("#map svg.locator, #globe svg.locator")).to_be_visible()
    expect(page.locator(".fallback-note")).to_contain_text("WebGL")
    if "search" in path:
        page.locator("input[name=kind][value=dataset]").check()
        page.wait_for_selector("#status:has-text('7 resources')")
        expect(page.locator("#draw")).to_be_hidden()
    assert watch.faults == []


def test_without_javascript_the_search_works(browser: Browser, server: str):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(server + "/en/search")
    page.locator("#q").fill("snow")
    page.locator("input[name=kind][value=dataset]").check()
    page.locator("#q").press("Enter")
    page.wait_for_url(server + "/en/search?q=snow&kind=dataset")
    expect(page.locator(".card")).to_have_count(7)
    expect(page.locator("#map svg.locator")).to_be_visible()
    expect(page.locator("#draw")).to_be_hidden()
    context.close()


def test_copying_gives_the_address_and_the_citation(browser: Browser, server: str, ids: Ids):
    context = browser.new_context(
        permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1280, "height": 800}
    )
    watch = watched(context, server)
    watch.open("/en/search?q=snow")
    watch.page.locator("a[data-copy]").click()
    watch.page.wait_for_selector("a[data-copy]:has-text('Copied')")
    assert (
        watch.page.evaluate("navigator.clipboard.readText()")
        == server + "/ogc/collections/records/items?q=snow&meaning=yes"
    )
    watch.open(f"/en/data/{ids.rich}")
    watch.page.locator("#citation [data-copy-from=cite-text]").click()
    watch.page.wait_for_selector("#citation [data-copy-from=cite-text]:has-text('Copied')")
    assert watch.page.evaluate("navigator.clipboard.readText()").startswith("Le Goff, Anne (2019).")
    context.close()
    assert watch.faults == []

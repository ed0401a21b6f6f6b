"""The pages of observations in a real browser: the plot is drawn, moved and zoomed, and everyone can use them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import estran
from estran.formats import Links
from estran.web.app import create_app
from tests.conftest import ROOT, lacking
from tests.portal import observed
from tests.portal.browser import changed, launched, until, watched
from tests.portal.conftest import serving
from tests.portal.test_accessible import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.portal.browser import Watch

pytestmark = pytest.mark.chromium
PAGES = {
    "series": "datastreams/{brest}", "week": "datastreams/{probe}?period=week", "together": "datastreams/{probe}?with={salt},{sete}",
    "profiles": "datastreams/{cast}", "empty": "datastreams/{brest}?time=1990/1991", "wrong": "datastreams/{brest}?time=soon",
    "stations": "stations", "some": "stations?q=e&complete=95", "none": "stations?q=nowhere",
    "record": "data/{stations}", "list": "data/{many}/datastreams", "order": "orders/{done}", "waiting": "orders/{placed}",
    "to order": "orders/new?record={stations}", "not to order": "orders/new?record={stations}&from=1990&to=1991", "orders": "orders",
}  # fmt: skip

NARROW, WIDE = ("fr", 360), ("en", 1280)
# Each page narrow in French or wide in English, those that draw both ways.
CASES = [(name, *NARROW) for name in PAGES if name not in {"week", "empty", "none", "not to order"}] + [
    (name, *WIDE) for name in PAGES if name not in {"some", "wrong", "record", "list", "orders", "waiting"}
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("observed")
    with estran.open(folder / "node") as node:
        names = observed.fill(node, folder / "files")
        done = node.orders.place(names["many"], Links(), form="parquet").id
        assert node.jobs.execute(once=True)
        names |= {"done": done, "placed": node.orders.place(names["stations"], Links()).id}
        proof = node.tokens.sign_in(node.tokens.create("Ada Lovelace", "operator").secret).proof
        with serving(create_app(node)) as url:
            yield {**names, "url": url, "proof": proof}


@pytest.fixture(scope="module")
def axe() -> str:
    file = ROOT / "node_modules/axe-core/axe.min.js"
    return file.read_text("utf-8") if file.is_file() else lacking("axe-core (an editable build fetches it)")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


def opened(browser: Browser, house: dict[str, str], path: str, *, width: int = 1280) -> Watch:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    watch = watched(context, house["url"])
    watch.drawn(path.format(**house))
    if watch.page.query_selector("#plot"):
        watch.page.wait_for_selector("html[data-plot-ready]")
    return watch


def closed(watch: Watch) -> None:
    watch.page.context.close()
    assert watch.faults == []


@pytest.mark.parametrize(("name", "lang", "width"), CASES)
def test_axe_finds_nothing(  # noqa: PLR0917 - fixtures
    browser: Browser, house: dict[str, str], axe: str, lang: str, width: int, name: str
):
    watch = opened(browser, house, f"/{lang}/{PAGES[name]}", width=width)
    judge(watch, axe)
    # What a page answers 400 with is said on the console.
    watch.faults = [fault for fault in watch.faults if "400" not in fault]
    closed(watch)


def period(page: Page) -> tuple[str, str]:
    page.wait_for_url(re.compile(r"time=[^/&]+/[^/&]+"))
    found = re.search(r"time=([^/&]+)/([^/&]+)", page.url)
    assert found
    return found[1], found[2]


def test_the_plot_replaces_the_picture_and_keeps_gaps_and_doubts(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/datastreams/{probe}")
    page = watch.page
    expect(page.locator("#plot canvas")).to_have_count(1)
    expect(page.locator("#plot svg")).to_have_count(0)
    with_doubts = page.locator("#plot canvas").screenshot()
    page.get_by_label("Doubtful values").uncheck()
    changed(page.locator("#plot canvas"), with_doubts)
    closed(watch)


def test_a_period_is_chosen_with_the_mouse_and_the_way_back_works(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/datastreams/{brest}")
    page = watch.page
    page.get_by_role("link", name="Week", exact=True).click()
    page.wait_for_url(re.compile(r"period=week"))
    page.locator("#plot-text", has_text="168 values").wait_for()
    expect(page.locator("#plot-status")).to_have_text(re.compile("^temperature – Brest"))
    expect(page.get_by_role("link", name="NetCDF")).to_have_attribute("href", re.compile("time="))
    until(page, lambda: page.evaluate("document.activeElement.dataset.period") == "week")
    frame = page.locator("#plot .u-over").bounding_box()
    assert frame
    page.mouse.move(frame["x"] + frame["width"] * 0.25, frame["y"] + 50)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.5, frame["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"time="))
    page.locator("#plot-text", has_text=re.compile(r"t4[1-4] values")).wait_for()
    page.go_back()
    page.locator("#plot-text", has_text="168 values").wait_for()
    expect(page).to_have_url(re.compile("period=week"))
    closed(watch)


def test_the_plot_is_moved_with_the_keyboard(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/datastreams/{brest}?period=week")
    page = watch.page
    page.locator("#plot").focus()
    page.keyboard.press("+")
    page.wait_for_url(re.compile(r"time="))
    start, end = period(page)
    page.locator("#plot-text", has_text=re.compile(r"t10[0-2] values")).wait_for()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(lambda url: start not in url)
    assert period(page)[1] < end
    expect(page.locator("#plot")).to_be_focused()
    page.keyboard.press("Home")
    page.locator("#plot-text", has_text="1,120 values").wait_for()
    closed(watch)


def test_another_series_is_drawn_beside_it(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/datastreams/{brest}")
    page = watch.page
    page.get_by_label("Series of the same dataset").select_option(label="salinity – Brest")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(re.compile(rf"with={house['salt']}"))
    page.wait_for_selector("html[data-plot-ready]")
    expect(page.locator(".caption")).to_have_count(2)
    page.get_by_role("link", name="remove").click()
    page.wait_for_url(lambda url: "with" not in url)
    closed(watch)


def test_four_are_ticked_with_the_keyboard_and_drawn_together(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/data/{stations}/datastreams")
    page = watch.page
    ticks = page.locator("form.ticks input")
    ticks.first.focus()
    for _ in range(4):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
    until(page, lambda: [one.is_checked() for one in ticks.all()] == [True] * 4 + [False] * 2)
    # There is no room for a fifth, until one is taken away.
    until(page, lambda: [one.is_disabled() for one in ticks.all()] == [False] * 4 + [True] * 2)
    ticks.nth(1).uncheck()
    until(page, lambda: [one.is_disabled() for one in ticks.all()] == [False] * 6)
    page.get_by_role("button", name="Draw together").press("Enter")
    page.wait_for_url(re.compile(r"/en/datastreams/\d+\?with=\d+,\d+$"))
    page.wait_for_selector("html[data-plot-ready]")
    expect(page.locator(".caption")).to_have_count(3)
    closed(watch)


def test_the_axis_fits_the_values_that_are_good(browser: Browser, house: dict[str, str]):
    """Doubtful values beyond it are wedges at its edge: shown or not, the marks of the axis are the same."""
    watch = opened(browser, house, "/en/datastreams/{spiked}")
    page = watch.page
    clip = page.locator("#plot canvas").bounding_box()
    assert clip
    left = {"x": clip["x"], "y": clip["y"], "width": 44, "height": clip["height"]}
    right = {"x": clip["x"] + 80, "y": clip["y"], "width": clip["width"] - 80, "height": clip["height"]}
    axis, curve = page.screenshot(clip=left), page.screenshot(clip=right)  # pyright: ignore[reportArgumentType]
    page.get_by_label("Doubtful values").uncheck()
    page.mouse.move(0, 0)
    until(page, lambda: page.screenshot(clip=right) != curve)  # pyright: ignore[reportArgumentType]
    until(page, lambda: page.screenshot(clip=left) == axis)  # pyright: ignore[reportArgumentType]
    closed(watch)


def test_a_mark_on_the_map_leads_to_its_station(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/stations?q=marseille")
    page = watch.page
    frame = page.locator("#map").bounding_box()
    assert frame
    page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.locator(".maplibregl-popup a", has_text="Marseille").click()
    page.wait_for_url(re.compile(r"/en/datastreams/\d+"))
    expect(page.locator("h1")).to_contain_text("Marseille")
    closed(watch)


def test_colours_follow_the_theme(browser: Browser, house: dict[str, str]):
    watch = opened(browser, house, "/en/datastreams/{cast}")
    page = watch.page
    light = page.locator("#plot canvas").screenshot()
    page.locator("#theme").click()
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    changed(page.locator("#plot canvas"), light)
    closed(watch)


def test_the_longest_menu_has_room_on_a_small_screen(browser: Browser, house: dict[str, str]):
    context = browser.new_context(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")
    context.add_cookies([{"name": "estran", "value": house["proof"], "url": house["url"]}])
    watch = watched(context, house["url"])
    watch.open("/fr/help")
    spans = watch.page.eval_on_selector_all(
        ".brand span, .bar nav a, .bar button",
        "all => all.map((e) => e.getBoundingClientRect()).map((r) => [r.left, r.right])",
    )
    assert len(spans) > 9
    for (_, right), (following, _) in pairwise(spans):
        assert right <= following, spans
    closed(watch)

"""What only a browser can tell of maps, hints, live requests, print, focus and waste."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.portal.browser import FLAGS, Watch, changed, launched, until, watched
from tests.portal.measuring import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.portal.conftest import Ids

pytestmark = pytest.mark.chromium
SWITCH = ".maplibregl-ctrl-globe"


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


@pytest.fixture
def watch(browser: Browser, server: str) -> Iterator[Watch]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    found = watched(context, server)
    yield found
    context.close()
    assert found.faults == []


def shown(page: Page, css: str) -> None:
    """The first that fits is seen, at once or in a moment."""
    expect(page.locator(css).first, css).to_be_visible()


def hidden(page: Page, css: str) -> None:
    """It is not there, or not seen."""
    expect(page.locator(css).first, css).to_be_hidden()


# Maps


def test_a_globe_or_a_flat_map_as_one_chose_before_and_the_finer_world_near_the_ground(
    watch: Watch, ids: Ids
):
    page, asked = watch.page, list[str]()
    # A small window: software draws a globe slowly.
    page.set_viewport_size({"width": 1000, "height": 420})
    page.on("request", lambda r: asked.append(r.url.rpartition("/")[2]))
    watch.drawn("/en/search")
    expect(page.locator("#map")).to_have_attribute("data-projection", "flat")
    expect(page.locator(SWITCH)).to_have_attribute("aria-label", "Show as a globe")
    assert "110m.json" in asked
    assert "50m.json" not in asked
    page.focus(SWITCH)
    page.keyboard.press("Enter")
    expect(page.locator("#map")).to_have_attribute("data-projection", "globe")
    # Its box lies over the antimeridian: torn apart, the map would show the world and stay far.
    watch.drawn(f"/fr/data/{ids.hostile}")
    expect(page.locator("#map")).to_have_attribute("data-projection", "globe")
    expect(page.locator(SWITCH)).to_have_attribute("aria-label", "Afficher à plat")
    until(page, lambda: "50m.json" in asked)


@pytest.mark.parametrize("path", ["/en/data/{scenes}/items", "/fr/data/{scenes}/items/scene-007"])
def test_items_without_webgl_keep_their_picture(
    browser: Browser, chromium: Path, item_server: str, records: dict[str, str], path: str
):
    blind = browser.browser_type.launch(executable_path=str(chromium), args=[*FLAGS, "--disable-3d-apis"])
    watch = watched(blind.new_context(), item_server)
    watch.drawn(path.format(**records))
    expect(watch.page.locator("html")).to_have_attribute("data-map-ready", "fallback")
    shown(watch.page, "#map svg.locator")
    expect(watch.page.locator(".fallback-note")).to_contain_text("WebGL")
    blind.close()
    assert watch.faults == []


# Hints and help


def test_a_hint_is_said_once(watch: Watch, ids: Ids):
    """On pages whose map is not drawn, which software does slowly."""
    page = watch.page
    page.set_viewport_size({"width": 640, "height": 480})
    watch.open("/en/centres")
    expect(page.locator("#hint")).to_have_count(0)
    watch.open(f"/en/data/{ids.funded}")
    shown(page, "#hint")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.dismiss") == "record":
            break
    page.keyboard.press("Enter")
    hidden(page, "#hint")
    expect(page.locator("#content")).to_be_focused()
    watch.open(f"/fr/data/{ids.funded}")
    hidden(page, "#hint")
    watch.open("/fr/search")
    shown(page, "#hint")
    page.get_by_role("button", name="Plus de conseils").click()
    watch.open("/fr/search")
    hidden(page, "#hint")
    watch.open("/en/help")
    page.get_by_role("button", name="Show the hints again").click()
    watch.open(f"/en/data/{ids.funded}")
    shown(page, "#hint")


def test_hints_need_scripts_and_pages_do_not(browser: Browser, server: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server + "/en/search")
    hidden(page, "#hint")
    page.goto(server + "/fr/publish?what=data")
    page.locator(".choices a").nth(1).click()
    page.wait_for_url("**/fr/publish?what=data&bound=no")
    page.goto(server + "/en/api")
    hidden(page, "[data-run]")
    context.close()


def test_the_requests_of_the_page_of_apis_run_where_they_stand(watch: Watch):
    page = watch.page
    watch.open("/en/api")
    buttons = page.locator("[data-run]")
    count = buttons.count()
    assert count > 12
    for n in range(count):
        buttons.nth(n).click()
    for n in range(count):
        box = page.locator(".answer").nth(n)
        box.locator("[role=status]", has_text="ms").wait_for()
        expect(box.locator("[role=status]"), str(n)).to_have_text(re.compile(r"^200 OK · "))
        said = box.locator("code").inner_text()
        assert len(said) > 20
        assert said.count("\n") < 24
    expect(page.locator("#answer-records-1 code")).to_contain_text('"numberMatched": 49')


def still(canvas: Locator, picture: bytes) -> bytes:
    """Wait until what moves has come to rest; gives the picture."""
    while True:
        canvas.page.wait_for_timeout(300)
        picture, before = canvas.screenshot(), picture
        if picture == before:
            return picture


def test_the_keys_that_help_names_work_on_a_map(watch: Watch):
    page = watch.page
    page.set_viewport_size({"width": 1000, "height": 420})
    watch.drawn("/en/search")
    canvas = page.locator("#map canvas")
    before = canvas.screenshot()
    page.focus("#map canvas")
    page.keyboard.press("+")
    nearer = still(canvas, changed(canvas, before))
    page.keyboard.press("ArrowRight")
    changed(canvas, before, nearer)
    page.click("#draw")
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#draw")).to_have_attribute("aria-pressed", "false")


# Everywhere


@pytest.mark.parametrize("path", ["/en/centres", "/en/search?q=snow", "/fr/data/{rich}"])
def test_the_focus_is_seen_wherever_it_goes(watch: Watch, ids: Ids, path: str):
    page = watch.page
    watch.open(path.format(rich=ids.rich))
    unseen: list[str] = []
    for _ in range(25):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
            return [e.outerHTML.slice(0, 120), s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== "none" || e.type === "range",
                    r.bottom > 0 && r.top < innerHeight && r.right > 0 && r.left < innerWidth]; }"""
        )
        if not all(found[1:]) and not found[0].startswith("<body"):
            unseen.append(found)
    assert unseen == []


def test_a_record_prints_with_its_addresses_and_without_its_menus(browser: Browser, server: str, ids: Ids):
    context = browser.new_context(viewport={"width": 1000, "height": 1200}, color_scheme="dark")
    watch = watched(context, server)
    watch.drawn(f"/en/data/{ids.rich}")
    page = watch.page
    page.emulate_media(media="print")
    for css in (".bar nav", ".sections", ".actions", ".foot nav", ".crumbs", "#hint"):
        hidden(page, css)
    for css in ("h1", "#citation", "#files", "#extent"):
        shown(page, css)
    # Black on white whatever the theme, nothing cut off by a box that scrolls.
    expect(page.locator("body")).to_have_css("color", "rgb(16, 33, 42)")
    cut = page.evaluate(
        "[...document.querySelectorAll('.scroll, pre')].filter((e) => e.clientHeight && e.scrollHeight > e.clientHeight + 2).length"
    )
    assert cut == 0
    written = page.evaluate(
        """[...document.querySelectorAll("main a[href^='http']")].filter((e) => e.getClientRects().length
           && !e.textContent.includes(e.getAttribute("href").slice(8, 40)) && getComputedStyle(e, "::after").content === "none").map((e) => e.outerHTML.slice(0, 160))"""
    )
    assert written == []
    assert len(page.pdf()) > 20_000
    context.close()
    assert watch.faults == []


# Of the node's own code, bytes that a page loads in vain; of the libraries, the whole of what they bring.
WASTE = {"estran.css": 44_000, "own": 14_000, "libraries": 900_000}


@pytest.mark.parametrize("path", ["/en/search?q=snow", "/en/data/{rich}", "/en/centres"])
def test_pages_carry_little_that_they_do_not_use(watch: Watch, ids: Ids, path: str):
    coverage = Coverage(watch)
    watch.drawn(path.format(rich=ids.rich))
    watch.page.wait_for_load_state("networkidle")
    usage = coverage.taken()
    own = {
        name: n for name, n in usage.unused.items() if name.endswith(".js") and not name.startswith("htmx")
    }
    libraries = sum(usage.unused.values()) - sum(own.values()) - usage.unused["estran.css"]
    found = {"estran.css": usage.unused["estran.css"], "own": sum(own.values()), "libraries": libraries}
    assert usage.loaded["estran.css"] > 10_000
    assert usage.loaded["theme.js"] > 1_000
    assert {name: n for name, n in found.items() if n > WASTE[name]} == {}, (found, own)

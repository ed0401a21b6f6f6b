"""In Chromium: citing copies, a record prints on paper, and a view shows in the frames of the listed sites alone."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.portal.browser import launched, watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from estran.node import Node
    from tests.portal.conftest import Ids

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


def test_citing_copies_and_offers_the_forms(browser: Browser, server: str, ids: Ids):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], reduced_motion="reduce")
    watch = watched(context, server)
    watch.drawn(f"/en/data/{ids.rich}")
    watch.page.focus(".cite-menu > summary")
    watch.page.keyboard.press("Enter")
    watch.page.get_by_text("Copied").wait_for()
    assert watch.page.evaluate("navigator.clipboard.readText()").startswith("Le Goff, Anne (2019).")
    watch.page.locator(".cite-panel a[download]").last.wait_for()
    offered = watch.page.locator(".cite-panel a[download]").all_inner_texts()
    assert {"BibTeX", "RIS", "CSL-JSON", "Text", "DataCite"} <= set(offered)
    watch.page.keyboard.press("Escape")
    expect(watch.page.locator(".cite-panel")).to_be_hidden()
    expect(watch.page.locator(".cite-menu > summary")).to_be_focused()
    assert watch.faults == []
    context.close()


def test_a_record_prints_without_what_only_screens_need(browser: Browser, server: str, ids: Ids):
    context = browser.new_context(color_scheme="dark", reduced_motion="reduce")
    watch = watched(context, server)
    watch.drawn(f"/en/data/{ids.rich}?view=complete")
    watch.page.emulate_media(media="print", color_scheme="dark")
    for gone in (".acts", ".sections", ".ways", ".tools", ".file-actions >> nth=0", ".narrower"):
        expect(watch.page.locator(gone), gone).to_be_hidden()
    for kept in ("h1", "#files", "#citation", "#provenance", "details.losses ul >> nth=0"):
        expect(watch.page.locator(kept), kept).to_be_visible()
    ink, paper = watch.page.evaluate(
        "[document.body, document.documentElement].map((e, n) => getComputedStyle(e)[n ? 'colorScheme' : 'color'])"
    )
    assert (ink, paper) == ("rgb(16, 33, 42)", "light")
    assert watch.page.pdf().startswith(b"%PDF")
    context.close()


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize(
    "path",
    [
        "/fr/data/{rich}?view=complete",
        "/en/hubs/ocean",
        "/fr/views/snow",
        "/fr/views/snow/frame",
        "/en/organisations",
        "/fr/",
    ],
)
def test_nothing_is_wider_than_the_screen(browser: Browser, server: str, ids: Ids, path: str, width: int):
    context = browser.new_context(viewport={"width": width, "height": 740}, reduced_motion="reduce")
    watch = watched(context, server)
    watch.open(path.format(rich=ids.rich))
    assert watch.page.evaluate("document.documentElement.scrollWidth") <= width
    assert watch.faults == []
    context.close()


def test_a_view_shows_in_the_frames_of_the_listed_sites_alone(browser: Browser, server: str, node: Node):
    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                f'<iframe src="{server}/en/views/framed/frame" title="x" width="600" height="400"></iframe>'.encode()
            )

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        listed, other = (f"http://{host}:{running.server_port}" for host in ("127.0.0.1", "localhost"))
        node.views.add("framed", title={"fr": "Neige", "en": "Snow"}, search="q=snow", sites=[listed])
        try:
            for site, shown in ((listed, True), (other, False)):
                context = browser.new_context()
                page = context.new_page()
                page.goto(site)
                if shown:
                    expect(page.frame_locator("iframe").locator("h1")).to_have_text("Snow")
                else:
                    # The browser puts its own page in the frame's place a moment after the site has loaded.
                    expect(page.frame_locator("iframe").locator("#main-frame-error")).to_be_attached()
                context.close()
        finally:
            node.views.remove("framed")
            running.shutdown()

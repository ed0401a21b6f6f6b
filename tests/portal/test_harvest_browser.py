"""Signing in, the operator's pages and the comparison in a real browser: with the keyboard, live, and for everyone."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

import estran
from estran.web.app import create_app
from tests.conftest import ROOT, lacking
from tests.portal import harvested
from tests.portal.browser import launched, until, watched
from tests.portal.conftest import serving
from tests.portal.harvested import BAD_KEY
from tests.portal.test_accessible import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

    from estran.node import Node

pytestmark = pytest.mark.chromium
HEAVIEST = 200_000
PAGES = {
    "sources": "harvest", "source": "harvest/sources/theirs", "loss": "harvest/sources/lossy", "run": "harvest/runs/{second}",
    "missed": "harvest/runs/{missed}?state=missed", "refused": "harvest/runs/{first}?state=refused", "things": "harvest/sources/theirs/things",
    "document": "harvest/sources/theirs/document?key={key}", "new": "harvest/new?protocol=oai-pmh", "change": "harvest/sources/never/change",
    "remove": "harvest/sources/theirs/remove", "me": "sign-in", "compare": "data/{rich}/compare", "hostile": "data/{hostile}/compare",
    "view": "views/new", "view-change": "views/bay/change",
}  # fmt: skip


@dataclass(frozen=True)
class House:
    """A node with its harvests, served, and someone who is signed in."""

    node: Node
    url: str
    slow: harvested.Slow
    slow_url: str
    secret: str
    proof: str
    names: dict[str, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("browser")
    slow = harvested.slow()
    slow_url, held = next(slow)
    with estran.open(folder / "node", harvest={"allow_private": True, "per_second": 500}) as node:
        runs = harvested.harvest(node, folder, slow_url)
        ids = {"rich": node.search("brest").records[0].id, "hostile": node.search("quoted").records[0].id}
        node.views.add("bay", title={"fr": "La baie", "en": "The bay"}, search="q=brest")
        token = node.tokens.create("Ada Lovelace", "operator")
        names = {**{name: str(number) for name, number in runs.items()}, **ids, "key": quote(BAD_KEY)}
        with serving(create_app(node)) as url:
            proof = node.tokens.sign_in(token.secret).proof
            yield House(node, url, held, slow_url, token.secret, proof, names)
    slow.close()


@pytest.fixture(scope="module")
def axe() -> str:
    file = ROOT / "node_modules/axe-core/axe.min.js"
    return file.read_text("utf-8") if file.is_file() else lacking("axe-core (an editable build fetches it)")


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


def context(browser: Browser, house: House) -> BrowserContext:
    """A browser whose holder is signed in."""
    made = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    made.add_cookies([{"name": "estran", "value": house.proof, "url": house.url}])
    return made


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_is_for_everyone_light_and_narrow(
    browser: Browser, house: House, axe: str, language: str, name: str
):
    held = context(browser, house)
    watch = watched(held, house.url)
    watch.drawn(f"/{language}/{PAGES[name].format(**house.names)}")
    judge(watch, axe)
    watch.page.set_viewport_size({"width": 360, "height": 740})
    until(watch.page, lambda: watch.page.evaluate("document.documentElement.scrollWidth") <= 360)
    watch.page.wait_for_load_state("networkidle")
    assert watch.bytes < HEAVIEST
    assert watch.faults == []
    held.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_door_is_for_everyone(browser: Browser, house: House, axe: str, language: str):
    held = browser.new_context(viewport={"width": 1280, "height": 900})
    watch = watched(held, house.url)
    watch.open(f"/{language}/sign-in")
    judge(watch, axe)
    watch.page.fill("#token", "estran_wrong")
    watch.page.keyboard.press("Enter")
    watch.page.wait_for_selector("#token-wrong")
    judge(watch, axe)
    watch.open(f"/{language}/harvest")
    judge(watch, axe)
    held.close()


def test_with_the_keyboard_alone_and_without_scripts(browser: Browser, house: House):
    held = browser.new_context(java_script_enabled=False)
    page = held.new_page()
    page.goto(f"{house.url}/en/harvest/sources/theirs")
    page.locator("main a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#token")
    page.locator("#token").focus()
    page.keyboard.type(house.secret)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.url}/en/harvest/sources/theirs")
    expect(page.locator("a.me")).to_have_text("Signed in: Ada Lovelace")
    assert [c.get("name") for c in held.cookies() if c.get("httpOnly") and c.get("sameSite") == "Strict"] == [
        "estran"
    ]
    page.get_by_role("button", name="Read now").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/theirs?asked=1")
    expect(page.locator("main")).to_contain_text("a worker begins as soon as one is free")
    page.locator("a.me").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.url}/en/")
    expect(page.locator("a.me")).to_have_text("Sign in")
    held.close()


def test_a_page_of_another_site_cannot_act(browser: Browser, house: House, tmp_path: Path):
    """A page elsewhere that sends the very form is sent without the cookie, and refused."""
    (tmp_path / "evil.html").write_text(
        f'<form method="post" action="{house.url}/en/harvest/sources/theirs/pause"><input name="form" value="x"></form>'
    )
    held = context(browser, house)
    page = held.new_page()
    page.goto(f"file://{tmp_path}/evil.html")
    with page.expect_response("**/pause") as answer:
        page.evaluate("document.forms[0].submit()")
    assert answer.value.status in (401, 403)
    assert house.node.harvest.source("theirs").active
    held.close()


def test_a_run_is_followed_while_it_goes_on(browser: Browser, house: House):
    house.slow.go.clear()
    house.node.harvest.add("going", house.slow_url, "waf")
    thread = threading.Thread(target=lambda: house.node.harvest.run("going"))
    thread.start()
    try:
        held = context(browser, house)
        watch = watched(held, house.url)
        until(watch.page, lambda: [r.state for r in house.node.harvest.runs("going")] == ["running"])
        watch.open(f"/en/harvest/runs/{house.node.harvest.runs('going')[0].id}")
        expect(watch.page.locator("#live")).to_contain_text("Running")
        watch.page.evaluate("window.same = true")
        house.slow.go.set()
        watch.page.wait_for_selector("#live:not([hx-get])")
        expect(watch.page.locator("#live")).to_contain_text("Done")
        assert watch.page.evaluate("window.same"), "the page was loaded anew"
        assert watch.faults == []
        held.close()
    finally:
        house.slow.go.set()
        thread.join(60)


def test_a_value_leads_to_its_line(browser: Browser, house: House):
    held = context(browser, house)
    watch = watched(held, house.url)
    watch.open(f"/en/data/{house.names['rich']}/compare")
    row = watch.page.locator("tr", has_text="Water temperature, bay of Brest").first
    row.locator("a").click()
    target = watch.page.locator(".lines li:target")
    expect(target).to_contain_text("Water temperature, bay of Brest")
    expect(target).to_contain_class("taken")
    held.close()

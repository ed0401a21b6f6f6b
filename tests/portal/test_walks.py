"""A newcomer looks for sea-surface temperature off Brittany in 2010 and gets the file: five ways, two languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.portal.browser import until
from tests.portal.walking import FILE, WANTED, Walker, walker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.chromium
MOST_CLICKS = 3
TYPED = {
    "en": "sea surface temperature off Brittany 2010",
    "fr": "température de surface au large de la Bretagne en 2010",
}
SEARCH = {"en": "Search", "fr": "Chercher"}
GET = {"en": "Get the file", "fr": "Obtenir le fichier"}
both = pytest.mark.parametrize("language", ["fr", "en"])


def look(one: Walker, language: str) -> None:
    """From the first page to the one result."""
    one.open(f"/{language}/")
    one.page.locator("#q").fill(TYPED[language])
    one.click(one.page.locator("main").get_by_role("button", name=SEARCH[language]))
    one.page.wait_for_url("**/search?**")
    one.ready()
    one.sees(WANTED[language])


@both
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "phone"])
def test_in_three_clicks_at_most(blind: Browser, walk_server: str, language: str, narrow: bool):
    one = walker(blind, walk_server, narrow=narrow)
    look(one, language)
    assert one.get(one.page.locator("#list").get_by_role("link", name=GET[language])) == FILE
    assert one.clicks <= MOST_CLICKS - 1
    if narrow:
        assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    # By way of the page that tells what it is, one more.
    again = walker(blind, walk_server, narrow=narrow)
    look(again, language)
    again.click(again.page.get_by_role("link", name=WANTED[language], exact=True))
    assert again.get(again.page.locator(f"main a[href$='{FILE}']:visible")) == FILE
    assert again.clicks <= MOST_CLICKS
    for each in (one, again):
        each.page.context.close()


@both
def test_the_address_is_what_one_shares(blind: Browser, walk_server: str, language: str):
    one = walker(blind, walk_server)
    look(one, language)
    one.page.locator("select[name=sort]").select_option("title")
    one.page.wait_for_url("**sort=title**")
    one.page.wait_for_load_state()
    told = one.page.url.removeprefix(walk_server)
    other = walker(blind, walk_server)
    other.open(told)
    for part in ("#status", "#list h3", ".chips"):
        theirs, own = other.page.locator(part), one.page.locator(part)
        until(other.page, lambda a=theirs, b=own: a.all_inner_texts() == b.all_inner_texts() != [])
    for name in ("q", "from", "to", "west"):
        theirs, own = other.page.locator(f"#{name}"), one.page.locator(f"#{name}")
        until(other.page, lambda a=theirs, b=own: a.input_value() == b.input_value() != "")
    # And back leads to what was there before, its order with it.
    one.page.go_back()
    one.page.wait_for_url(lambda url: "sort=" not in url)
    one.page.wait_for_selector("html[data-map-ready]")
    one.sees(WANTED[language])
    expect(one.page.locator("select[name=sort]")).to_have_value("")
    for each in (one, other):
        each.page.context.close()


@both
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "phone"])
def test_without_javascript(blind: Browser, walk_server: str, language: str, narrow: bool):
    one = walker(blind, walk_server, scripts=False, narrow=narrow)
    look(one, language)
    one.click(one.page.get_by_role("link", name=WANTED[language], exact=True))
    assert one.get(one.page.locator(f"main a[href$='{FILE}']:visible")) == FILE
    assert one.clicks <= MOST_CLICKS
    one.page.context.close()


@both
def test_with_the_keyboard_alone(blind: Browser, walk_server: str, language: str):
    one = walker(blind, walk_server)
    one.open(f"/{language}/")
    _tab_to(one, "#q")
    one.page.keyboard.type(TYPED[language])
    one.press("Enter")
    one.page.wait_for_url("**/search?**")
    one.ready()
    one.press("/")
    one.press("ArrowDown")
    expect(one.page.locator("#list h3 a")).to_be_focused()
    expect(one.page.locator("#list h3 a")).to_have_text(WANTED[language])
    _tab_to(one, ".get")
    with one.page.expect_download() as coming:
        one.page.keyboard.press("Enter")
    assert coming.value.suggested_filename == FILE
    assert one.clicks == 0
    one.page.context.close()


def _tab_to(one: Walker, wanted: str, most: int = 40) -> None:
    """Press the tabulator until something has the focus; each stop on the way is to be seen."""
    for _ in range(most):
        one.page.keyboard.press("Tab")
        if one.page.evaluate(f"document.activeElement.matches('{wanted}')"):
            return
        frame = one.page.evaluate(
            "(({ width, height }) => width * height)(document.activeElement.getBoundingClientRect())"
        )
        assert frame > 0
    raise AssertionError(f"{wanted} is not reached with {most} stops")

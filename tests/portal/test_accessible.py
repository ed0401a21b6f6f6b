"""axe-core finds nothing on any page, in either language, in either theme."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from estran.web.portal.items import part
from tests.conftest import ROOT, lacking
from tests.portal.browser import launched, watched
from tests.portal.granules import HOSTILE_ID, ODD
from tests.portal.measuring import structure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.portal.browser import Watch
    from tests.portal.conftest import Ids

pytestmark = pytest.mark.chromium
PAGES = {
    "home": "/{lang}/",
    "search": "/{lang}/search?q=snow&kind=dataset",
    "nothing": "/{lang}/search?q=snow&hub=ocean",
    "wrong": "/{lang}/search?from=2024-02-30",
    "record": "/{lang}/data/{rich}",
    "complete": "/{lang}/data/{rich}?view=complete&bbox=-5,48,-4,49",
    "hostile": "/{lang}/data/{hostile}",
    "centres": "/{lang}/centres",
    "centre": "/{lang}/centres/ocean",
    "api": "/{lang}/api",
    "accessibility": "/{lang}/accessibility",
    "problem": "/{lang}/nothing",
    "lost": "/{lang}/data/water-temperature-of-nowhere",
    "help": "/{lang}/help",
    "publish": "/{lang}/publish?what=data&bound=no",
    "published": "/{lang}/publish?what=data&bound=unsure&earth=yes&hub=ocean&shape=growing&size=large&access=embargo",
    "sciences": "/{lang}/browse/science",
    "application": "/{lang}/browse/application",
    "use": "/{lang}/browse/application/coast",
    "values": "/{lang}/search/values/platform",
    "links": "/{lang}/links",
    "vocabularies": "/{lang}/vocabulary?q=wat",
    "vocabulary": "/{lang}/vocabulary/t?at=water",
    "concept": "/{lang}/vocabulary/t/sea",
    "annotated": "/{lang}/vocabulary/annotate?text=Sea+water",
    "browse": "/{lang}/browse",
    "science": "/{lang}/browse/science/ocean",
    "hubs": "/{lang}/hubs",
    "hub": "/{lang}/hubs/ocean",
    "themes": "/{lang}/themes",
    "face": "/{lang}/applications?name=coast",
    "organisations": "/{lang}/organisations",
    "organisation": "/{lang}/organisations?name=IUEM",
    "views": "/{lang}/views",
    "view": "/{lang}/views/snow?q=snow",
    "frame": "/{lang}/views/snow/frame",
}
ITEM_PAGES = {
    "record": "/{lang}/data/{scenes}",
    "items": "/{lang}/data/{scenes}/items",
    "month": "/{lang}/data/{scenes}/items?bbox=-60,-40,60,40&from=2023-05&to=2023-05&cloud=90",
    "nothing": "/{lang}/data/{scenes}/items?bbox=0,60,1,61&from=2023",
    "wrong": "/{lang}/data/{scenes}/items?from=2024-02-30",
    "item": "/{lang}/data/{scenes}/items/scene-007",
    "hostile": "/{lang}/data/{odd}/items/{hostile}",
}


@pytest.fixture(scope="module")
def axe() -> str:
    file = ROOT / "node_modules/axe-core/axe.min.js"
    return (
        file.read_text(encoding="utf-8")
        if file.is_file()
        else lacking("axe-core (an editable build fetches it)")
    )


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with launched(chromium) as running:
        yield running


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_axe_finds_nothing(  # noqa: PLR0917 - fixtures
    browser: Browser, server: str, ids: Ids, axe: str, lang: str, name: str
):
    judged(browser, server, PAGES[name].format(lang=lang, rich=ids.rich, hostile=ids.hostile), axe)


@pytest.mark.parametrize("name", ITEM_PAGES)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_axe_finds_nothing_on_the_pages_of_items(  # noqa: PLR0917 - fixtures
    browser: Browser, item_server: str, records: dict[str, str], axe: str, lang: str, name: str
):
    path = ITEM_PAGES[name].format(lang=lang, **records, odd=records[ODD], hostile=part(HOSTILE_ID))
    judged(browser, item_server, path, axe)


def judged(browser: Browser, server: str, path: str, axe: str) -> None:
    """Let axe look at a page in both themes."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    watch = watched(context, server)
    watch.drawn(path)
    judge(watch, axe)
    context.close()


def judge(watch: Watch, axe: str) -> None:
    """Let axe look at what is there, in both themes, and look at the page's bones, weight and twin."""
    assert structure(watch) == []
    # Evaluated by the debugger, which the content policy does not bind.
    watch.page.evaluate(axe)
    for theme in ("light", "dark"):
        watch.page.emulate_media(color_scheme=theme)
        found = watch.page.evaluate(
            "axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
        )
        faults = [
            (v["id"], n["target"], n["failureSummary"]) for v in found["violations"] for n in v["nodes"]
        ]
        assert faults == [], (theme, json.dumps(faults, indent=1))

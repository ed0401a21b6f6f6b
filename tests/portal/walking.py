"""Somebody who uses the portal: what there is to find, and each click counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, ViewportSize, expect

from estran import formats
from estran.formats import Links
from estran.model import (
    Box,
    Concept,
    Distribution,
    Extent,
    Licence,
    Organisation,
    Party,
    Period,
    Record,
    Text,
    Variable,
)
from tests.fetching.serving import Answer
from tests.portal.browser import PATIENCE_MS

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from estran.node import Node
    from tests.fetching.serving import Asked

WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=360, height=740)
BRITTANY, LION, WORLD = Box(-8, 46, -1, 50), Box(3, 42, 6, 44), Box(-180, -90, 180, 90)
FILE, WANTED = "sst-2010.csv", {
    "en": "Sea surface temperature, daily at 1 km",
    "fr": "Température de surface de la mer, quotidienne à 1 km",
}  # fmt: skip


def _temperature(name: str, en: str, fr: str, box: Box, start: str, end: str, file: str) -> Record:  # noqa: PLR0917
    return Record(
        identifier=name, kind="dataset", title=Text((("en", en), ("fr", fr))), version="3", published="2020-05-01",
        abstract=Text((("en", "Night-time satellite passes, merged day by day."), ("fr", "Passages nocturnes de satellites, fusionnés jour par jour."))),
        concepts=(Concept(label=Text.of("Level 4"), role="level"), Concept(label=Text.of("Metop-A"), role="platform"), Concept(label=Text.of("AVHRR"), role="instrument")),
        variables=(Variable(name="sst", standard_name="sea_surface_temperature", unit="K"),),
        parties=(Party(role="author", name="Le Goff, Anne"), Party(role="publisher", organisation=Text.of("CERSAT", "fr"))),
        extent=Extent(boxes=(box,), periods=(Period(start, end),)),
        distributions=(Distribution(url=file, title=Text.of("All values", "en"), function="download", format="CSV", media_type="text/csv", size_bytes=2048),) if file else (),
        licences=(Licence(spdx="CC-BY-4.0"),),
    )  # fmt: skip


def records(files: str) -> list[Record]:
    """The wanted one, others that share its words, place or time, and things of other kinds."""
    wanted = _temperature("wanted", WANTED["en"], WANTED["fr"], BRITTANY, "2003", "2015", f"{files}/{FILE}")
    return [
        wanted,
        _temperature("south", "Sea surface temperature, Gulf of Lion", "Température de surface de la mer, golfe du Lion", LION, "2003", "2015", ""),
        _temperature("early", "Sea surface temperature, first satellites", "Température de surface de la mer, premiers satellites", BRITTANY, "1982", "1999", ""),
        _temperature("world", "Sea surface temperature of the world", "Température de surface de la mer, mondiale", WORLD, "2020", "", ""),
        *(Record(identifier=f"chl-{n}", kind="dataset", title=Text((("en", f"Chlorophyll of coastal waters {n}"), ("fr", f"Chlorophylle des eaux côtières {n}"))),
                 extent=Extent(boxes=(Box(-4 - n / 9, 47, -3 - n / 9, 48),), periods=(Period(f"{2005 + n}", f"{2012 + n}"),)),
                 concepts=(Concept(label=Text.of(f"platform {n}"), role="platform"),), licences=(Licence(spdx="etalab-2.0"),)) for n in range(14)),
        Record(identifier="viewer", kind="service", title=Text((("en", "Map service of the coast"), ("fr", "Service de cartes du littoral"))),
               distributions=(Distribution(url=f"{files}/ows", protocol="OGC:WMS", name="coast", function="service"),)),
    ]  # fmt: skip


def answer(asked: Asked) -> Answer | bytes:
    """The server of the files."""
    if asked.path == f"/{FILE}":
        return Answer(b"day,sst\n2010-01-01,283.1\n", headers={"content-type": "text/csv", "content-disposition": "attachment"})  # fmt: skip
    return Answer(b"", status=404)


def fill(node: Node, folder: Path, files: str) -> None:
    """Load them."""
    node.organisations.add(
        Organisation(
            id="remote-sensing", kind="centre", name=Text.of("Remote sensing", "en"), parents=("ocean",)
        )
    )
    form, inside = formats.find("iso19115-3"), folder / "walk"
    inside.mkdir()
    assert form.write
    for n, record in enumerate(records(files)):
        (inside / f"{n}{form.suffix}").write_bytes(form.write(record, Links()).body)
    report = node.load(inside, source="walk", centre="remote-sensing")
    assert not report.refused, report


@dataclass
class Walker:
    """A person at a browser; what they press with a finger or a mouse is counted, keys are not."""

    page: Page
    home: str
    clicks: int = 0
    names: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Come by an address."""
        self.page.goto(self.home + path)
        self.ready()

    def ready(self) -> None:
        """Wait until the page's scripts are there, where it has any."""
        for _ in range(5):
            self.page.wait_for_load_state()
            try:
                if self.page.query_selector("html[data-script] #search"):
                    self.page.wait_for_selector("html[data-map-ready]")
            except Error:  # another page is on its way
                continue
            return

    def click(self, found: Locator) -> None:
        """Press something that is to be seen."""
        found.first.click()
        self.clicks += 1
        self.ready()

    def write(self, label: str, text: str) -> None:
        """Fill in a field; going to it with the tabulator costs nothing."""
        self.page.get_by_label(label, exact=True).first.fill(text)

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)
        self.ready()

    def get(self, found: Locator) -> str:
        """Press something that brings a file; gives its name."""
        with self.page.expect_download() as coming:
            found.first.click()
        self.clicks += 1
        return coming.value.suggested_filename

    def sees(self, *titles: str) -> None:
        """These are the results."""
        expect(self.page.locator("#list h3")).to_have_text(list(titles))


def walker(browser: Browser, home: str, *, scripts: bool = True, narrow: bool = False, **more: Any) -> Walker:
    """Somebody new: nothing of an earlier visit is there."""
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport=NARROW if narrow else WIDE,
        reduced_motion="reduce",
        has_touch=narrow,
        **more,
    )
    context.set_default_timeout(PATIENCE_MS)
    return Walker(context.new_page(), home)

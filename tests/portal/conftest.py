"""A node with invented records of every kind, its application, and a real server for browsers."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import uvicorn

import estran
from estran import formats
from estran.formats import Links
from estran.model import (
    Box,
    Concept,
    Conformity,
    Constraint,
    Distribution,
    Extent,
    Funding,
    Identifier,
    Licence,
    Organisation,
    Party,
    Period,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
    Vertical,
)
from estran.vocabulary import ConceptScheme, Entry
from estran.web.app import create_app
from tests.fetching.serving import serving as files_of
from tests.portal import granules, walking
from tests.portal.browser import launched
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI
    from playwright.sync_api import Browser

    from estran.node import Node

SERIES = 45
HOSTILE_TITLE = "<script>alert(1)</script> & \"quoted\" 'title'"

# Broader, narrower, mapped, in parts, deprecated, with words that mean harm, and with defects.
THESAURUS = """
@prefix s: <http://www.w3.org/2004/02/skos/core#> . @prefix v: <http://thesaurus.example/t/> .
@prefix i: <https://w3id.org/iadopt/ont/> . @prefix o: <http://www.w3.org/2002/07/owl#> .
v:scheme a s:ConceptScheme ; s:prefLabel "Thesaurus <b>of</b> the sea"@en ; s:definition "About & around"@en ; o:versionInfo "3" .
v:water s:inScheme v:scheme ; s:prefLabel "water"@en, "eau"@fr, "Wasser"@de ; s:altLabel "aqua"@la .
v:sea s:inScheme v:scheme ; s:prefLabel "sea water"@en ; s:broader v:water ; s:definition "Salt <i>water</i>."@en ;
  s:exactMatch <http://elsewhere.example/sea> ; s:closeMatch <javascript:alert(1)> ; s:related v:wet ; s:note "See http://example.org/."@en .
v:wet s:inScheme v:scheme ; s:prefLabel "<script>alert(1)</script>"@en ; o:deprecated true .
v:heat s:inScheme v:scheme ; s:prefLabel "temperature of sea water"@en ; i:hasObjectOfInterest v:sea ; i:hasProperty v:degree .
v:degree s:inScheme v:scheme ; s:prefLabel "temperature"@en, "degree"@en .
"""


def rich() -> Record:
    """A record that has something of everything."""
    return Record(
        identifier="everything", identifiers=(Identifier("10.12770/abc-def", "doi"), Identifier("everything")),
        kind="dataset",
        title=Text((("fr", "Température de l’eau, rade de Brest"), ("en", "Water temperature, bay of Brest"))),
        abstract=Text((("fr", "Une sonde à 2 m.\n\nVoir https://example.org/sonde."), ("en", "A probe at 2 m.\n\nSee https://example.org/sonde."))),
        lineage=Text.of("Calibrated each year against a bottle sample.", "en"),
        purpose=Text.of("Long-term watch of the coast.", "en"), version="2.1", language=("fr",), metadata_language="fr",
        status="onGoing", frequency="daily", access="open", representation=("textTable",), crs=("EPSG:4326",),
        created="2003-01-01", published="2019-04-02", revised="2024-05", metadata_date="2024-06-01",
        landing_page="https://example.org/brest",
        parties=(
            Party(role="author", name="Le Goff, Anne", organisation=Text.of("IUEM", "fr"), email="anne.legoff@example.org", identifier="https://orcid.org/0000-0002-1825-0097"),
            Party(role="publisher", organisation=Text.of("Coriolis", "fr")),
        ),
        concepts=(
            Concept(label=Text.of("oceans"), role="topic"), Concept(label=Text.of("littoral", "fr"), role="theme"),
            Concept(label=Text.of("SOMLIT"), role="project"), Concept(label=Text.of("CTD"), role="instrument"),
        ),
        variables=(Variable(name="temp", label=Text.of("Water temperature", "en"), standard_name="sea_water_temperature", unit="degC"),),
        extent=Extent(boxes=(Box(-4.6, 48.2, -4.2, 48.5),), periods=(Period("2003-01-01", "2024-05-31"),), places=(Text.of("rade de Brest", "fr"),), vertical=(Vertical(-2.0, 0.0, "m"),)),
        quality=Quality(distance_m=0.0, step="PT15M"),
        distributions=(
            Distribution(url="https://example.org/brest.nc", title=Text.of("All values", "en"), function="download", format="NetCDF", media_type="application/x-netcdf", size_bytes=4_200_000),
            Distribution(url="https://example.org/ows?SERVICE=WMS", title=Text.of("Map", "en"), function="service", protocol="OGC:WMS", name="brest"),
        ),
        licences=(Licence(name=Text.of("CC BY 4.0"), uri="https://creativecommons.org/licenses/by/4.0/", spdx="CC-BY-4.0"),),
        constraints=(Constraint(kind="use", code="otherRestrictions", text=Text.of("Cite the station.", "en")),),
        relations=(Relation(kind="IsPartOf", target="series-01", title=Text()), Relation(kind="References", target="10.5194/gmd-13-401-2020", scheme="doi", title=Text.of("A model", "en"))),
        conformities=(Conformity(title=Text.of("INSPIRE", "en"), date="2010-12-08", passed="yes"),),
    )  # fmt: skip


def hostile() -> Record:
    """A record whose every text and address attacks the page."""
    return Record(
        identifier="hostile", kind="dataset", title=Text.of(HOSTILE_TITLE),
        abstract=Text.of('</script></p><img src=x onerror="alert(2)"> javascript:alert(3) https://good.example/a"onmouseover="x'),
        landing_page="javascript:alert(4)", access="open",
        parties=(Party(role="author", name="<b>Eve</b>", url="javascript:alert(5)", email='a@b.fr"><script>alert(6)</script>'),),
        concepts=(Concept(label=Text.of('"><svg onload=alert(7)>'), role="theme", uri="data:text/html,<script>alert(8)</script>"),),
        distributions=(
            Distribution(url="javascript:alert(9)", title=Text.of("run me"), function="download"),
            Distribution(url="data:text/html;base64,PHNjcmlwdD4=", title=Text.of("data"), function="download"),
            Distribution(url="java\tscript:alert(10)", title=Text.of("tab"), function="information"),
            Distribution(url="file:///etc/passwd", title=Text.of("file"), function="download"),
        ),
        thumbnails=("https://tracker.example/pixel.png",),
        licences=(Licence(name=Text.of("own"), uri="javascript:alert(11)"),),
        extent=Extent(boxes=(Box(170, -20, -170, -10),)),
    )  # fmt: skip


def series(n: int) -> Record:
    """One of many plain records; every value is a function of its number."""
    return Record(
        identifier=f"series-{n:02d}", kind="collection" if n % 3 else "dataset",
        title=Text.of(f"Snow depth {n:02d}" if n % 2 else f"Soil moisture {n:02d}", "en"),
        abstract=Text.of("A long description of what was measured and how. " * 8, "en"),
        concepts=(Concept(label=Text.of("inlandWaters"), role="topic"), Concept(label=Text.of(f"platform {n % 9}"), role="platform")),
        extent=Extent(boxes=(Box(n % 20, 40, n % 20 + 1, 41),), periods=(Period(f"{1970 + n}", f"{1975 + n}"),)),
        licences=(Licence(spdx="CC-BY-4.0"),) if n % 2 else (),
        published=f"{2000 + n % 20}-01-01",
    )  # fmt: skip


def funded() -> Record:
    """A record in another standard, with what ISO 19115-3 has no place for."""
    return Record(
        identifier="10.5072/funded", identifiers=(Identifier("10.5072/funded", "doi"),), kind="dataset",
        title=Text.of("Gravity of the Cévennes", "fr"), published="2021",
        parties=(Party(role="author", name="Curie, Irène"), Party(role="publisher", organisation=Text.of("IPGP"))),
        fundings=(Funding(funder="ANR", award="ANR-11-INBS-0000", award_title="JERICO", award_uri="https://anr.example/11"),),
    )  # fmt: skip


def worldwide() -> Record:
    """A record of the whole Earth."""
    return Record(
        identifier="world", kind="service", title=Text.of("Winds of the world", "en"),
        extent=Extent(boxes=(Box(-180, -90, 180, 90),), periods=(Period("1990", ""),)),
    )  # fmt: skip


def fill(node: Node, folder: Path) -> None:
    """Give a node the records above, of three centres and of none."""
    node.organisations.add(
        Organisation(id="own-hub", kind="hub", name=Text.of("Ice", "en"), colour="#336699"),
        Organisation(id="ice-centre", kind="centre", name=Text.of("Ice <centre>", "en"), parents=("own-hub",), contact="javascript:alert(1)"),
    )  # fmt: skip
    for centre, records in {
        "coriolis": [rich(), hostile()],
        "cnes-toulouse": [series(n) for n in range(SERIES)],
        "ice-centre": [worldwide()],
        "eost-a2s": [funded()],
    }.items():
        inside = folder / centre
        inside.mkdir()
        form = formats.find("datacite-json" if centre == "eost-a2s" else "iso19115-3")
        for number, record in enumerate(records):
            (inside / f"{number}{form.suffix}").write_bytes(form.write(record, Links()).body)
        report = node.load(inside, source=f"source of {centre}", centre=centre)
        assert report.new == len(records), report


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The node of these tests."""
    folder = tmp_path_factory.mktemp("portal")
    with estran.open(folder / "node") as opened:
        fill(opened, folder)
        opened.vocabulary.put(
            ConceptScheme(uri="https://vocabulary.example/", name="example"),
            [
                Entry(
                    uri="https://vocabulary.example/sea_water_temperature/",
                    scheme="example",
                    name="sea_water_temperature",
                    definition=Text.of("How warm the water of the sea is.", "en"),
                    unit="K",
                )
            ],
        )
        opened.views.add(
            "snow", title={"fr": "Neige", "en": "Snow"}, text={"en": "Snow & <ice>, see https://example.org/snow."},
            search="q=snow", colour="#8a2b0d", sites=["https://lab.example"], centre="cnes-toulouse",
        )  # fmt: skip
        (folder / "thesaurus.ttl").write_text(THESAURUS)
        assert opened.load(folder / "thesaurus.ttl").vocabularies
        yield opened


@pytest.fixture(scope="session")
def app(node: Node) -> FastAPI:
    """Its web application."""
    return create_app(node)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Client:
    """A browser without JavaScript."""
    return Client(app, **{"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9"})


@dataclass(frozen=True)
class Ids:
    """Ids of the records that the tests speak of."""

    rich: str
    hostile: str
    world: str
    funded: str


@pytest.fixture(scope="session")
def ids(node: Node) -> Ids:
    """What the node calls its records."""
    found = {r.identifier: r.id for r in node.scan(limit=100)[0]}
    return Ids(found["everything"], found["hostile"], found["world"], found["10.5072/funded"])


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """An application on a real socket; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        running = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        running.should_exit = True
        thread.join(60)


@pytest.fixture(scope="session")
def server(app: FastAPI) -> Iterator[str]:
    """The application on a real socket; gives its address."""
    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def item_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with a collection of invented items, an empty one and a restricted one."""
    folder = tmp_path_factory.mktemp("items")
    with estran.open(folder / "node") as opened:
        granules.fill(opened, folder)
        yield opened


@pytest.fixture(scope="session")
def item_app(item_node: Node) -> FastAPI:
    """Its web application."""
    return create_app(item_node)


@pytest.fixture(scope="session")
def item_client(item_app: FastAPI) -> Client:
    """A browser without JavaScript, at the node with items."""
    return Client(item_app, **{"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9"})


@pytest.fixture(scope="session")
def item_server(item_app: FastAPI) -> Iterator[str]:
    """The node with items on a real socket; gives its address."""
    with serving(item_app) as address:
        yield address


@pytest.fixture(scope="session")
def records(item_node: Node) -> dict[str, str]:
    """STAC id of a collection -> id of its record."""
    return {name: record.id for name, record in item_node.items.collections()}


@pytest.fixture(scope="session")
def walk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node of things to find, items among them, whose files a second server gives; gives its address."""
    folder = tmp_path_factory.mktemp("walk")
    with files_of(walking.answer) as files, estran.open(folder / "node") as opened:
        granules.fill(opened, folder)
        walking.fill(opened, folder, files.url)
        (folder / "thesaurus.ttl").write_text(THESAURUS)
        opened.load(folder / "thesaurus.ttl")
        with serving(create_app(opened)) as address:
            yield address


@pytest.fixture(scope="module")
def blind(chromium: Path) -> Iterator[Browser]:
    """A Chromium without WebGL, which draws pages in a fraction of the time: maps stay the server's pictures."""
    with launched(chromium, "--disable-3d-apis") as running:
        yield running

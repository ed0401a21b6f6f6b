"""DCAT-AP and GeoDCAT-AP: what is written, that others read it, that it comes back, and the catalogue's pages."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph
import pyshacl
import pytest
import rdflib
import rdflib.compare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran import formats
from estran.formats import Document, Links, dcat
from estran.model import (
    Box,
    Concept,
    Conformity,
    Constraint,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Party,
    Period,
    Quality,
    Record,
    Relation,
    Text,
)
from estran.testing.contracts import check_format
from estran.testing.strategies import records

from .carried import distinct, kept
from .mutations import hold

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # inside rdflib itself

LINKS = Links("https://node.example.org", "A node")
FORMATS = {
    "turtle": (dcat.FORMAT_TURTLE, pyoxigraph.RdfFormat.TURTLE),
    "rdfxml": (dcat.FORMAT_RDFXML, pyoxigraph.RdfFormat.RDF_XML),
    "jsonld": (dcat.FORMAT_JSONLD, pyoxigraph.RdfFormat.JSON_LD),
}
RDFLIB = {"turtle": "turtle", "rdfxml": "xml", "jsonld": "json-ld"}
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
FULL = Record(
    id="sea-1", updated="2024-05-06T07:08:09Z", identifier="uuid-1", identifiers=(Identifier("10.12770/abc", "doi"), Identifier("X-1", "local")),
    title=Text((("fr", "Océan “bleu” \\ côtier"), ("en", "Sea\nin two lines"))), abstract=Text.of("Des <données> & des mesures", "fr"),
    purpose=Text.of("Pour voir", "fr"), lineage=Text.of("Mesuré", "fr"), version="1.0", language=("fr", "gsw"), metadata_language="fr",
    status="onGoing", frequency="daily", access="open", representation=("grid",), crs=("EPSG:2154", "Own grid"), created="2019",
    published="2020-03", revised="2020-03-04", available="2020-03-04T05:06:07Z", metadata_date="2021-01-01", metadata_standard="ISO 19115",
    landing_page="https://s.example.org/page",
    parties=(
        Party(role="pointOfContact", name="Le Goff, Anne", organisation=Text.of("Ifremer"), email="a b@example.org", phone="+33 2 98", url="https://i.example.org"),
        Party(role="publisher", organisation=Text((("fr", "Éditeur"), ("en", "Publisher"))), identifier="https://ror.org/044jxhp58"),
        Party(role="owner", organisation=Text.of("Owner")), Party(role="principalInvestigator", name="Ng, Ada", position=Text.of("PI")),
        Party(role="processor", email="only@example.org"),
    ),
    concepts=(
        Concept(label=Text((("fr", "houle"), ("en", "swell"))), uri="https://v.example.org/1", scheme="V", scheme_uri="https://v.example.org"),
        Concept(label=Text.of("mot", "fr")), Concept(label=Text.of("Milieu", "fr"), role="theme", uri="https://t.example.org/1"),
    ),
    extent=Extent(boxes=(Box(-5.123456789012, 40.0, 10.0, 51.0), Box(170.0, -20.0, -170.0, 10.0)), places=(Text.of("Bretagne", "fr"),), periods=(Period("2000", ""),)),
    quality=Quality(distance_m=12.5, scale_denominator=25000, step="P1D"),
    distributions=(
        Distribution(url="https://s.example.org/f.nc", title=Text.of("Fichier", "fr"), function="download", media_type="application/x-netcdf", format="NetCDF", size_bytes=12, checksum="sha256:ab12"),
        Distribution(url="https://s.example.org/wms?service=WMS&request=GetCapabilities", function="service", protocol="OGC:WMS", name="layer"),
        Distribution(url="https://s.example.org/doc", function="information", title=Text.of("Notice", "fr")),
    ),
    licences=(Licence(uri="https://creativecommons.org/licenses/by/4.0/", spdx="CC-BY-4.0"),),
    constraints=(Constraint(kind="use", text=Text.of("Citer", "fr")),), thumbnails=("https://s.example.org/t.png",),
    relations=(Relation(kind="IsPartOf", target="10.12770/whole", scheme="doi"), Relation(kind="Documents", target="https://s.example.org/p", scheme="uri")),
    conformities=(Conformity(uri="http://data.europa.eu/eli/reg/2010/1089", title=Text.of("INSPIRE"), passed="yes"),),
)  # fmt: skip
WRITTEN = formats.find("dcat-turtle").write(FULL, LINKS).body  # type: ignore[misc]


def graph(body: bytes, syntax: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=body, format=RDFLIB[syntax])


@pytest.mark.parametrize("syntax", list(FORMATS))
def test_all_three_syntaxes_say_the_same_to_other_readers(syntax: str) -> None:
    form, engine = FORMATS[syntax]
    assert form.write is not None
    body = form.write(FULL, LINKS).body
    # Strict: no leniency about addresses or language tags.
    assert len(list(pyoxigraph.parse(body, engine))) > 120
    assert rdflib.compare.isomorphic(graph(body, syntax), graph(WRITTEN, "turtle"))


def test_dataset_and_entry_have_different_addresses() -> None:
    said = graph(WRITTEN, "turtle")
    dcat_ns, foaf = rdflib.DCAT, rdflib.FOAF
    page, entry = (
        rdflib.URIRef("https://node.example.org/data/sea-1"),
        rdflib.URIRef("https://node.example.org/data/sea-1#record"),
    )
    assert (page, rdflib.RDF.type, dcat_ns.Dataset) in said
    assert (entry, rdflib.RDF.type, dcat_ns.CatalogRecord) in said
    assert (entry, foaf.primaryTopic, page) in said
    assert {str(o) for o in said.objects(page, rdflib.DCTERMS.identifier)} == {"uuid-1"}


def test_a_box_is_one_literal_in_longitude_and_latitude() -> None:
    said = graph(WRITTEN, "turtle")
    boxes = sorted(str(o) for o in said.objects(None, rdflib.DCAT.bbox))
    assert boxes[1].startswith("POLYGON((-5.123456789012 40,10 40")
    assert boxes[0].startswith("MULTIPOLYGON(((170 -20,180 -20")


def test_what_is_written_comes_back_whole() -> None:
    for form, _ in FORMATS.values():
        assert form.write is not None
        written = form.write(FULL, Links("https://node.example.org"))
        (back,) = formats.read(Document("d", written.body), form)
        assert isinstance(back, Record)
        mine, theirs = kept(replace(FULL, id="x"), written.losses), kept(back, written.losses)
        theirs["identifiers"] = [i for i in theirs["identifiers"] if "node.example.org" not in i]
        assert mine == theirs
        assert back.warnings == ()


def test_losses_are_stated_by_value() -> None:
    record = Record(
        identifier="1", kind="service", title=Text.of("T"), supplement=Text.of("more"), service_type="view", landing_page="not an address",
        alternate_titles=(Text((("fr", "a"), ("en", "b"))),), concepts=(Concept(label=Text.of("p"), role="platform"),),
        distributions=(Distribution(title=Text.of("tape")), Distribution(url="https://s.example.org", function="service", title=Text.of("t"))),
    )  # fmt: skip
    assert dcat.FORMAT_TURTLE.write is not None
    fields = {loss.field for loss in dcat.FORMAT_TURTLE.write(record, LINKS).losses}
    assert fields == {
        "supplement", "landing_page", "alternate_titles@*", "concepts.role", "distributions", "distributions.title",
        "distributions.function",
    }  # fmt: skip
    assert dcat.FORMAT_TURTLE.write(Record(identifier="1", title=Text.of("T")), LINKS).losses == ()


@pytest.mark.parametrize("syntax", list(FORMATS))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(record=records())
def test_every_record_comes_back_but_for_what_was_said_to_be_lost(syntax: str, record: Record) -> None:
    form, _ = FORMATS[syntax]
    assert form.write is not None
    record = replace(distinct(record), id="x")
    written = form.write(record, LINKS)
    (back,) = formats.read(Document("d", written.body), form)
    assert isinstance(back, Record), back
    mine, theirs = kept(record, written.losses), kept(back, written.losses)
    if record.extent.geometries and not record.extent.boxes:
        theirs["extent"]["boxes"] = []
    assert mine == theirs


@pytest.mark.parametrize("syntax", list(FORMATS))
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_garbage_in_a_record_never_breaks_what_is_written(syntax: str, data: st.DataObject) -> None:
    form, engine = FORMATS[syntax]
    assert form.write is not None
    bad = st.one_of(
        st.text(max_size=12),
        st.sampled_from(('http://a b/{c}|\\^`<>"', "http://[::bad", "http://a:b:c/", "\ud800", "\x00\x01\ufffe", "]]>", "%zz#a#b", "-1", "é:ü", "mailto:")),
    )  # fmt: skip
    word = data.draw(bad)
    text = Text(((data.draw(bad), data.draw(bad) or "x"),))
    record = replace(
        FULL, identifier=word, title=text, version=word, status=word, frequency=word, access=word, language=(word,), crs=(word,),
        representation=(word,), kind=data.draw(st.sampled_from(("dataset", "service", "model"))), kind_label=word, service_type=word,
        landing_page=word, thumbnails=(word,), metadata_language=word, identifiers=(Identifier(word, word),),
        parties=(Party(role=word, name=word, organisation=text, email=word, phone=word, url=word, identifier=word),),
        concepts=(Concept(label=text, role=word, uri=word, scheme=word, scheme_uri=word), Concept(uri=word, role="theme")),
        distributions=(Distribution(url=word, format=word, media_type=word, checksum=word, protocol=word, function=word, name=word), Distribution(url="http://ok.example.org/" + word, conforms_to=(word,))),
        licences=(Licence(uri=word, spdx=word),), constraints=(Constraint(kind=word, code=word, uri=word, text=text),),
        relations=(Relation(kind=word, target=word, scheme=word),), conformities=(Conformity(uri=word, passed=word, title=text),),
        quality=Quality(step=word, distance_m=1e-9), metadata_standard=word,
    )  # fmt: skip
    written = form.write(record, LINKS)
    assert list(pyoxigraph.parse(written.body, engine))
    found = hold(written.body, form)
    assert found


def test_a_record_is_written_within_a_millisecond() -> None:
    for form, _ in FORMATS.values():
        assert form.write is not None
        started = time.process_time()
        for _ in range(100):
            form.write(FULL, LINKS)
        assert (time.process_time() - started) / 100 < 0.003  # a third of it on the machine of the measure


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_contract_of_formats(name: str) -> None:
    check_format(FORMATS[name][0], 5, shrink=False)


# Shapes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    return rdflib.Graph().parse(Path(__file__).parent / "shapes" / "dcat_ap.ttl")


def violations(said: rdflib.Graph, shapes: rdflib.Graph) -> str:
    conforms, _, text = pyshacl.validate(said, shacl_graph=shapes, inference="none")
    return "" if conforms else text


@settings(max_examples=20, deadline=None, suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture])
@given(record=records())
def test_every_record_keeps_to_dcat_ap(shapes: rdflib.Graph, record: Record) -> None:
    record = replace(distinct(record), id="x", updated="2024-01-01T00:00:00Z")
    assert dcat.FORMAT_TURTLE.write is not None
    assert violations(graph(dcat.FORMAT_TURTLE.write(record, LINKS).body, "turtle"), shapes) == ""


def test_the_shapes_find_faults(shapes: rdflib.Graph) -> None:
    said = graph(WRITTEN, "turtle")
    assert violations(said, shapes) == ""
    said.remove((None, rdflib.DCTERMS.description, None))
    said.remove((None, rdflib.DCAT.accessURL, None))
    text = violations(said, shapes)
    assert "dct:description" in text
    assert "dcat:accessURL" in text


# Catalogue pages ------------------------------------------------------------------------------------------


def page(syntax: str, many: Iterator[Record]) -> Iterator[bytes]:
    return dcat.catalogue_page(
        many,
        LINKS,
        serialisation=syntax,
        title="A node",
        next_url="https://node.example.org/dcat?page=2",
        first_url="https://node.example.org/dcat",  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("syntax", list(FORMATS))
def test_a_page_of_the_catalogue_lists_describes_and_leads_on(syntax: str, shapes: rdflib.Graph) -> None:
    kinds = ("dataset", "service", "software", "collection")
    many = (replace(FULL, id=f"r{n}", identifier=f"id{n}", kind=kind) for n, kind in enumerate(kinds))
    body = b"".join(page(syntax, many))
    said = graph(body, syntax)
    assert violations(said, shapes) == ""
    catalogue = rdflib.URIRef("https://node.example.org/dcat")
    listed = {
        str(p).rpartition("#")[2]: str(o)
        for p in (rdflib.DCAT.dataset, rdflib.DCAT.service, rdflib.URIRef(f"{rdflib.DCAT}resource"))
        for o in said.objects(catalogue, p)
    }
    assert set(listed) == {"dataset", "service", "resource"}
    hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
    (paging,) = said.subjects(rdflib.RDF.type, hydra.PagedCollection)
    assert (paging, rdflib.RDF.type, hydra.PartialCollectionView) in said
    assert {str(o) for p in (hydra.next, hydra.nextPage) for o in said.objects(paging, p)} == {
        "https://node.example.org/dcat?page=2"
    }
    back = list(formats.read(Document("page", body), FORMATS[syntax][0]))
    assert [(r.identifier, r.kind) for r in back if isinstance(r, Record)] == [
        (f"id{n}", kind) for n, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize("syntax", list(FORMATS))
def test_an_empty_page_is_a_document(syntax: str) -> None:
    body = b"".join(dcat.catalogue_page((), LINKS, serialisation=syntax, title="Nothing yet"))  # type: ignore[arg-type]
    assert (
        rdflib.URIRef("https://node.example.org/dcat"),
        rdflib.DCTERMS.title,
        rdflib.Literal("Nothing yet"),
    ) in graph(body, syntax)


def test_a_page_takes_its_records_one_by_one_in_constant_memory() -> None:
    taken = 0

    def many(count: int) -> Iterator[Record]:
        nonlocal taken
        for n in range(count):
            taken += 1
            yield replace(FULL, id=f"r{n}")

    pieces = page("turtle", many(200))
    next(pieces)
    assert taken == 0
    tracemalloc.start()
    size = sum(len(piece) for piece in pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken == 200
    assert size > 1_000_000
    assert peak < 800_000


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_turtle_gone_wrong_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(WRITTEN)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body) - 1))
        body[start : start + data.draw(st.integers(0, 40))] = data.draw(
            st.sampled_from((b"", b'"', b"\x00", b"[ ", b"<", b"\xff", b" ; ", b"9" * 50))
        )
    hold(bytes(body), dcat.FORMAT_TURTLE)

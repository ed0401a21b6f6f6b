"""DCAT catalogues: recorded pages of three languages, cut into documents that keep their bytes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found
from estran.catalogue.harvesters.dcat import HARVESTER
from estran.errors import Invalid, Unavailable
from estran.fetching import Fetcher, Reply
from estran.formats import Document, _rdf_parse
from estran.formats._dcat import context, cut
from estran.formats._dcat.read import records
from estran.model import Record, plain
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import HASTY, found, missed, total, until_broken, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.formats._rdf import Serialisation

PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
HYDRA = "@prefix hydra: <http://www.w3.org/ns/hydra/core#> . "
LANGUAGES: dict[str, Serialisation] = {
    ".rdf": "rdfxml",
    ".xml": "rdfxml",
    ".ttl": "turtle",
    ".jsonld": "jsonld",
    ".json": "jsonld",
}


def page(number: int, *, last: int = 3, total: int = 6) -> bytes:
    """A page of two datasets and a service, with a contact that all share."""
    names = range(2 * number, 2 * number + 2)
    text = PREFIXES + HYDRA + f"<http://c> a dcat:Catalog ; dct:title 'All' ; hydra:totalItems {total} . "
    for name in names:
        text += (
            f"<http://c> dcat:dataset <http://d/{name}> . <http://d/{name}> a dcat:Dataset ; dct:title 'Set {name}' ;"
            f" dct:modified '2024-01-0{name + 1}' ; dct:publisher <http://o> ; dcat:distribution [ dcat:accessURL"
            f" <http://d/{name}.nc> ; dct:format [ dct:title 'NetCDF' ] ] . "
        )
    text += (
        "<http://o> a <http://xmlns.com/foaf/0.1/Organization> ; <http://xmlns.com/foaf/0.1/name> 'Centre' . "
    )
    if number < last - 1:
        text += f"<?page={number}> a hydra:PagedCollection ; hydra:next <?page={number + 1}> . "
    return text.encode()


def paged(faults: dict[int, Answer | bytes] | None = None) -> Callable[[Asked], Answer | bytes]:
    def answer(asked: Asked) -> Answer | bytes:
        number = int(asked.query.get("page", 0))
        body = (faults or {}).get(number) or page(number)
        if isinstance(body, Answer):
            return body
        # An address within the page is one of this server.
        base = f"@base <http://{asked.headers['host']}{asked.path}> . ".encode()
        return Answer(
            base + body if body.startswith(b"@prefix") else body, headers={"content-type": "text/turtle"}
        )

    return answer


def normal(value: Any) -> Any:
    """Content without its order, which RDF has not."""
    if isinstance(value, dict):
        return {name: normal(part) for name, part in value.items() if name not in ("warnings", "geometries")}
    return sorted((normal(part) for part in value), key=repr) if isinstance(value, list | tuple) else value


def test_holds_its_contract() -> None:
    with serving(paged()) as server, visiting(f"{server.url}/dcat", "dcat") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == [f"http://d/{number}" for number in range(6)]
    assert total(events) == 6
    assert not missed(events)


def test_a_document_holds_its_resource_and_what_it_reaches() -> None:
    with serving(paged()) as server, visiting(f"{server.url}/dcat", "dcat") as visit:
        event = next(event for event in HARVESTER.changes(visit) if isinstance(event, Found))
    (record,) = formats.read(event.document)
    assert isinstance(record, Record)
    assert [str(party.organisation) for party in record.parties] == ["Centre"]
    assert [(d.url, d.format) for d in record.distributions] == [("http://d/0.nc", "NetCDF")]
    assert b"http://d/1" not in event.document.body
    assert event.stamp == "2024-01-01"


@pytest.mark.parametrize("kind", ["paged-collection", "partial-collection"])
def test_the_recorded_pages_in_both_of_hydra_s_vocabularies(kind: str, shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "dcat" / "udata"

    def answer(asked: Asked) -> bytes:
        body = (folder / f"{kind}-{asked.query.get('page', '1')}.jsonld").read_bytes()
        return body.replace(
            b"http://data.test.org/catalog", f"http://{asked.headers['host']}/catalog".encode()
        )

    with serving(answer) as server, visiting(f"{server.url}/catalog.jsonld", "dcat") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == [f"http://data.test.org/datasets/{number}" for number in range(1, 5)]
    assert total(events) == 4
    assert not missed(events)


def test_every_recorded_graph_gives_the_same_records_cut_or_whole(shared_data: Path) -> None:
    folder = shared_data / "catalogue"
    files = [
        path
        for path in [*folder.glob("dcat/**/*"), *folder.glob("csw/udata/*dcat*"), *folder.glob("csw/geonetwork-harvest/simpleurl/*")]
        if path.suffix in LANGUAGES and path.name not in ("input.xml", "config.json")
    ]  # fmt: skip
    number = 0
    for path in files:
        try:
            graph = _rdf_parse.parse(
                Document(path.name, path.read_bytes()),
                LANGUAGES[path.suffix],
                [],
                context.known,  # type: ignore[arg-type]
            )
        except Invalid:
            continue
        pieces = list(cut.cuts(graph))
        whole = (
            [one for one in records(graph, Document(path.name), []) if isinstance(one, Record)]
            if pieces
            else []
        )
        read = [one for piece in pieces for one in formats.read(Document(f"{piece.key}.ttl", piece.body))]
        assert all(isinstance(one, Record) for one in read), path
        number += len(read)
        for before, after in zip(whole, read, strict=True):
            assert isinstance(after, Record)
            for field in ("identifier", "title", "abstract", "parties", "licences"):
                assert normal(plain(before).get(field)) == normal(plain(after).get(field)), (path, field)
            assert {d.url for d in before.distributions} == {d.url for d in after.distributions}
    assert number > 90


def test_the_order_of_a_graph_and_the_names_of_its_blanks_do_not_change_its_bytes(shared_data: Path) -> None:
    import rdflib  # noqa: PLC0415 - slow

    body = (shared_data / "catalogue" / "dcat" / "udata" / "bnodes.xml").read_bytes()
    graph = rdflib.Graph()
    graph.parse(data=body, format="xml")

    def shuffled(seed: int) -> bytes:
        lines = graph.serialize(format="nt").splitlines()
        random.Random(seed).shuffle(lines)
        return "\n".join(lines).replace("_:N", f"_:x{seed}N").encode()

    kept = [
        {
            piece.key: piece.body
            for piece in cut.cuts(_rdf_parse.parse(Document("x", shuffled(seed)), "turtle", []))
        }
        for seed in range(3)
    ]
    assert kept[0]
    assert kept[0] == kept[1] == kept[2]


def test_resources_without_an_address_are_told_by_their_identifier(shared_data: Path) -> None:
    body = (shared_data / "catalogue" / "dcat" / "udata" / "evian.json").read_bytes()
    with serving(lambda _: body) as server, visiting(server.url, "dcat") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events)[0].startswith("https://www.arcgis.com/")
    assert len(set(found(events))) == len(found(events)) > 3


def test_a_link_header_leads_on_too() -> None:
    def answer(asked: Asked) -> Answer:
        number = asked.query.get("p", "1")
        body = f"{PREFIXES}<http://d/{number}> a dcat:Dataset ; dct:title 'x' .".encode()
        link = (
            '<?p=1>; rel="first", </dcat?p=2>; rel="next"; title="a, b"'
            if number == "1"
            else "<?p=1>; rel=prev"
        )
        return Answer(body, headers={"content-type": "text/turtle", "link": link})

    with serving(answer) as server, visiting(f"{server.url}/dcat", "dcat") as visit:
        assert found(HARVESTER.changes(visit)) == ["http://d/1", "http://d/2"]


def test_pages_that_go_in_circles_end() -> None:
    body = (
        PREFIXES + HYDRA + "<http://d> a dcat:Dataset ; dct:title 'x' . <> hydra:next <?page=0> ."
    ).encode()
    with serving(paged({1: body})) as server, visiting(f"{server.url}/dcat?page=0", "dcat") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["http://d/0", "http://d/1", "http://d"]
    assert any("read already" in line for line in missed(events))


def test_a_page_that_the_server_forgot_is_read_from_the_first_one_again() -> None:
    with serving(paged({7: Answer(b"", 500)})) as server:
        position = {"url": f"{server.url}/dcat?page=7"}
        with visiting(f"{server.url}/dcat", "dcat", position=position) as visit:
            assert found(HARVESTER.changes(visit)) == [f"http://d/{number}" for number in range(6)]


def test_a_next_page_where_nobody_may_go_is_missed() -> None:
    body = (
        PREFIXES + HYDRA + "<http://d> a dcat:Dataset ; dct:title 'x' . <> hydra:next <http://10.0.0.1/> ."
    ).encode()
    with (
        serving(paged({0: body})) as server,
        visiting(f"{server.url}/dcat", "dcat") as visit,
        Fetcher(replace(HASTY, private=False)) as strict,
    ):
        guarded = replace(visit, fetcher=_Mixed(visit.fetcher, strict))
        events = list(HARVESTER.changes(guarded))
    assert found(events) == ["http://d"]
    assert "may not be asked for" in missed(events)[0]


class _Mixed(Fetcher):
    """Reaches the server of the test, and otherwise no private address."""

    def __init__(self, loose: Fetcher, strict: Fetcher) -> None:
        self._loose, self._strict = loose, strict

    def get(self, url: str, **how: Any) -> Reply:
        return (self._loose if "127.0.0.1" in url else self._strict).get(url, **how)

    def close(self) -> None:
        """Both belong to whoever opened them."""


def test_what_is_listed_and_nowhere_described_is_missed() -> None:
    body = (
        PREFIXES
        + "<http://c> a dcat:Catalog ; dcat:dataset <http://d/1>, <http://d/2> . <http://d/1> dct:title 'x' ."
    )
    with serving(lambda _: body.encode()) as server, visiting(server.url, "dcat") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["http://d/1"]
    assert missed(events) == ["http://d/2: the catalogue lists it and describes it on none of its pages"]


@pytest.mark.parametrize("fault", [page(1)[:-80], b"<html>busy</html>", Answer(b"", 503), Answer(b"", 404)])
def test_a_later_page_that_fails_ends_the_visit_after_its_mark(fault: Answer | bytes) -> None:
    with serving(paged({1: fault})) as server, visiting(f"{server.url}/dcat", "dcat") as visit:
        events, error = until_broken(HARVESTER.changes(visit))
    assert isinstance(error, Unavailable)
    assert found(events) == ["http://d/0", "http://d/1"]


BOMB = '<!DOCTYPE a [<!ENTITY a "xxxxxxxxxx">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
) + ']><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&m;</rdf:RDF>'  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html></html>",
        b"sorry",
        BOMB.encode(),
        b'{"@context": "https://evil.example/x", "@id": "a"}',
    ],
    ids=["page", "words", "bomb", "context"],
)
def test_what_is_no_catalogue_or_an_attack_is_refused(body: bytes) -> None:
    with serving(lambda _: body) as server, visiting(server.url, "dcat") as visit, pytest.raises(Invalid):
        list(HARVESTER.changes(visit))


def test_a_thesaurus_behind_a_keyword_is_not_dragged_in() -> None:
    skos = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . "
    text = PREFIXES + skos + "<http://d> a dcat:Dataset ; dct:title 'x' ; dcat:theme <http://t/0> . "
    text += "".join(
        f"<http://t/{n}> skos:prefLabel '{n}' ; skos:narrower <http://t/{n + 1}> . " for n in range(5000)
    )
    (piece,) = cut.cuts(_rdf_parse.parse(Document("x", text.encode()), "turtle", []))
    assert len(piece.body) < 1000
    assert b'"0"' in piece.body


def test_blank_nodes_that_speak_of_each_other_end() -> None:
    text = (
        PREFIXES
        + "<http://d> a dcat:Dataset ; dct:title 'x' ; dct:relation _:a . _:a dct:relation _:b, _:a . _:b dct:relation _:a ."
    )
    (piece,) = cut.cuts(_rdf_parse.parse(Document("x", text.encode()), "turtle", []))
    (record,) = formats.read(Document("x.ttl", piece.body))
    assert isinstance(record, Record)
    many = PREFIXES + "<http://d> a dcat:Dataset ; dct:title 'x' ; dct:relation _:n0 . " + "".join(
        f"_:n{n} dct:relation _:n{n + 1} ; dct:source _:n{n + 1} ; dct:title '{n}' . " for n in range(60)
    )  # fmt: skip
    (piece,) = cut.cuts(_rdf_parse.parse(Document("x", many.encode()), "turtle", []))
    assert len(piece.body) < 1 << 21


def test_guesses(shared_data: Path) -> None:
    udata = shared_data / "catalogue" / "dcat" / "udata"
    for name in ("catalog.xml", "flat.jsonld", "evian.json", "bnodes.xml"):
        assert HARVESTER.recognise("https://x", (udata / name).read_bytes()) >= 0.8, name
    assert HARVESTER.recognise("https://x", page(0)) == 0.9

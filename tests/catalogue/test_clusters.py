"""Records that describe one dataset are one result, whatever order they came in and whoever asks."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE, OPERATOR, Actor
from estran.catalogue import Query
from estran.catalogue.words import split
from estran.errors import NotFound
from estran.model import Extent, Identifier, Period, Record, Text
from tests.catalogue.records import held, matches, put, score_of, some_records, values_of, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from estran.node import Node

COUNT = 300
SOURCES = ("north", "south", "east")
DOIS = ("10.1234/a", "10.1234/b", "10.1234/c")
PAGES = tuple(f"https://portal.example/data/{n}" for n in range(3))
UUIDS = tuple(f"04bcec79-5b25-4b16-b635-73115f7456e{n}" for n in range(2))


# The same, slowly


def partition(records: Iterable[Record]) -> set[frozenset[str]]:
    """Ids of the records of each dataset with several, found from scratch by the rules of the decision record."""
    listed = list(records)
    marks: dict[tuple[str, bool], list[Record]] = {}
    for r in listed:
        for name in {i.value for i in r.identifiers} | ({r.landing_page} if r.landing_page else set()):
            marks.setdefault((name, r.kind == "service"), []).append(r)
    together = {r.id: {r.id} for r in listed}
    for (name, _), those in marks.items():
        per_source = [[r for r in those if r.source == source] for source in SOURCES]
        if max(map(len, per_source)) > (1 if "://" in name else 3):
            continue
        if any(len({str(r.title) for r in mine}) > 1 for mine in per_source):
            continue
        if "://" in name and len({i.value for r in those for i in r.identifiers if i.scheme == "doi"}) > 1:
            continue
        union = set[str]().union(*(together[r.id] for r in those))
        for id_ in union:
            together[id_] = union
    return {frozenset(ids) for ids in together.values() if len(ids) > 1}


def stands(ids: Iterable[str], records: Mapping[str, Record], precedence: Mapping[str, int]) -> str:
    """Which of these records stands for all."""

    def order(id_: str) -> tuple[int, str, str]:
        r = records[id_]
        newest = (
            "".join(chr(0x10FFFF - ord(c)) for c in r.metadata_date) if r.metadata_date else "\U0010ffff" * 11
        )
        return -precedence.get(r.source, 0), newest, id_

    return min(ids, key=order)


def shown(node: Node) -> set[frozenset[str]]:
    """The datasets of several records, as a search shows them."""
    found = node.ask(Query(limit=1000))
    assert found.matched == len(found)
    return {frozenset((id_, *others)) for id_, others in found.others.items()}


# Any order


_named = st.builds(
    lambda *given: given,
    st.sampled_from(SOURCES),
    st.integers(0, 4),
    st.sets(st.sampled_from(DOIS), max_size=2),
    st.sampled_from(("", *PAGES)),
    st.sampled_from(("", *UUIDS)),
    st.sampled_from(("", "2020-01-01", "2021-01-01")),
    st.sampled_from(("Tides", "Tides", "Waves")),
)
_batches = st.lists(
    st.one_of(
        st.lists(_named, min_size=1, max_size=6), st.tuples(st.sampled_from(SOURCES), st.integers(0, 4))
    ),
    min_size=1,
    max_size=8,
)


def record_of(given: tuple[str, int, set[str], str, str, str, str], step: int) -> Record:
    source, key, dois, page, uuid, date, title = given
    names = [Identifier(doi, "doi") for doi in sorted(dois)] + ([Identifier(uuid, "uuid")] if uuid else [])
    return Record(
        identifier=f"{source}-{key}", identifiers=tuple(names), title=Text.of(title), source=source,
        landing_page=page, metadata_date=date, abstract=Text.of(f"Version {step}"), centre="coriolis",
    )  # fmt: skip


@given(_batches, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_coming_changing_and_going_gives_the_same(
    node: Node, batches: list[Any], shuffle: random.Random
) -> None:
    store = node._house.catalogue._store
    for record in held(node):  # of an example that failed
        node.remove(record.id)
    last: dict[str, Record] = {}
    for step, batch in enumerate(batches):
        if isinstance(batch, tuple):
            for record in held(node):
                if record.identifier == f"{batch[0]}-{batch[1]}":
                    node.remove(record.id)
                    del last[record.identifier]
        else:
            records = {f"{one[0]}-{one[1]}": record_of(one, step) for one in batch}
            _write(node, list(records.values()), step + 1)
            last |= records
        assert shown(node) == partition(held(node))
    end, called = shown(node), _called(node)
    _check_best(node)
    assert {r.identifier for r in held(node)} == last.keys()
    # From scratch, in one transaction, and record by record in another order.
    with store._database.write() as connection:
        from estran.catalogue.store.clusters import _identify_all  # noqa: PLC0415

        _identify_all(connection, store._database.engine)
    store._facets = type(store._facets)({}, {}, 0)
    assert shown(node) == end
    for record in held(node):
        node.remove(record.id)
    assert shown(node) == set()
    again = list(last.values())
    shuffle.shuffle(again)
    for record in again:
        _write(node, [record], 99)
    # The words of an id are those of the first title, so the records are compared by their identifiers.
    assert _called(node) == called
    _check_best(node)


def _write(node: Node, records: Sequence[Record], run: int) -> None:
    from estran.catalogue.prepare import original, prepare  # noqa: PLC0415
    from estran.formats import Document  # noqa: PLC0415

    prepared = [
        prepare(r, original(Document(f"{r.identifier}.json", repr(r).encode()), "test"), "operator")
        for r in records
    ]
    node._house.catalogue._store.write(prepared, run, OPERATOR.name, last_wins=True)


def _called(node: Node) -> set[frozenset[str]]:
    names = {r.id: r.identifier for r in held(node)}
    return {frozenset(names[id_] for id_ in ids) for ids in shown(node)}


def _check_best(node: Node) -> None:
    records = {r.id: r for r in held(node)}
    found = set(node.ask(Query(limit=1000)).others)
    assert found == {stands(ids, records, {}) for ids in partition(records.values())}


# Searching


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node where a third of the records describe what others describe too, mostly in other words."""
    with open_node(tmp_path_factory.mktemp("clusters")) as node:
        r = random.Random(5)
        records = [
            replace(record, source=SOURCES[n % 3], identifier=f"urn:test:{n}", identifiers=())
            for n, record in enumerate(some_records(COUNT, seed=7))
        ]
        for number in range(60):
            doi = (Identifier(f"10.1234/{number}", "doi"),)
            for n in r.sample(range(COUNT), r.choice((2, 2, 3, 5))):
                records[n] = replace(records[n], identifiers=doi)
        for start in range(0, COUNT, 70):
            put(node, records[start : start + 70])
        yield node


@pytest.fixture(scope="module")
def everything(full: Node) -> list[Record]:
    return held(full)


def seen_by(actor: Actor, record: Record) -> bool:
    return (
        actor.is_operator
        or record.visibility == "public"
        or (record.visibility == "restricted" and bool(actor.role) and record.centre in actor.centres)
    )


ACTORS = (OPERATOR, ANYONE, Actor(name="ana", role="reader", centres=("coriolis",)))
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"text": "neige"},
    {"text": "sea ice"},
    {"kind": ("dataset",)},
    {"text": "salinité", "platform": ("snow", "neige"), "kind": ("dataset", "service")},
    {"centre": ("coriolis",), "platform": ("sea",)},
)


@pytest.mark.parametrize("actor", ACTORS, ids=["operator", "anyone", "reader"])
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_one_result_a_dataset(
    full: Node, everything: list[Record], actor: Actor, asked: dict[str, Any]
) -> None:
    seen = {r.id: r for r in everything if seen_by(actor, r)}
    # Clusters are of all records: two that only a hidden one joins are one dataset still.
    best = dict[str, str]()
    for ids in partition(everything):
        best |= dict.fromkeys(
            ids & seen.keys(), stands(ids & seen.keys(), seen, {}) if ids & seen.keys() else ""
        )
    where = {f: v for f, v in asked.items() if f != "text"}
    text = asked.get("text", "")

    def found_by(where: dict[str, tuple[str, ...]]) -> dict[str, int]:
        """What stands for each dataset that is found -> the best score of its records."""
        scores: dict[str, int] = {}
        for r in seen.values():
            if matches(r, text=text, where=where):
                id_ = best.get(r.id, r.id)
                score = sum(score_of(r, word) for word in split(text))
                scores[id_] = max(scores.get(id_, 0), score)
        return scores

    scores = found_by(where)
    view = full.acting_as(actor)
    found = view.search(**asked, limit=COUNT, counts=("kind", "platform"))
    assert found.matched == len(scores)
    assert [r.id for r in found] == [
        r.id for r in sorted((seen[i] for i in scores), key=lambda r: (-scores[r.id], _newest(r), r.id))
    ]
    for field in ("kind", "platform"):
        rest = {f: v for f, v in where.items() if f != field}
        values = {value for r in seen.values() for value in values_of(r, field)}
        counted = {value: len(found_by({**rest, field: (value,)})) for value in values}
        assert dict(found.facets[field]) == {value: n for value, n in counted.items() if n}
    assert walk(view, **asked, limit=7) == [r.id for r in found]
    by_position = [
        r.id
        for skip in range(0, found.matched, 11)
        for r in view.ask(Query(text=text, where=where, sort="title", skip=skip, limit=11))
    ]
    assert by_position == walk(view, **asked, sort="title", limit=50)


def _newest(record: Record) -> int:
    from estran.model import bounds  # noqa: PLC0415

    return -bounds(record.updated)[0]


def test_others_are_those_that_the_actor_may_see(full: Node, everything: list[Record]) -> None:
    for actor in ACTORS:
        seen = {r.id for r in everything if seen_by(actor, r)}
        groups = {frozenset(ids & seen) for ids in partition(everything)}
        assert shown(full.acting_as(actor)) == {ids for ids in groups if len(ids) > 1}


def test_who_names_records_gets_them(full: Node) -> None:
    found = full.search(limit=COUNT)
    one, others = next(iter(found.others.items()))
    assert {r.id for r in full.ask(Query(ids=(one, *others)))} == {one, *others}
    assert full.ask(Query(every=True, limit=0)).matched == COUNT > found.matched
    assert {r.id for r in full.scan("", COUNT)[0]} > {r.id for r in found}


# Which stands for all


def twins(**south: Any) -> list[Record]:
    """The same dataset by two sources."""
    doi = (Identifier("10.1234/twins", "doi"),)
    one = Record(
        identifier="n", identifiers=doi, title=Text.of("Marées"), source="north", metadata_date="2021-01-01",
        lineage=Text.of("Tide gauges"), centre="coriolis",
    )  # fmt: skip
    other = Record(
        identifier="s", identifiers=doi, title=Text.of("Tides"), source="south", metadata_date="2020-01-01",
        centre="sismer",
    )  # fmt: skip
    return [one, replace(other, **south)]


def titles(node: Node) -> list[str]:
    return [str(r.title) for r in node.search()]


def test_precedence_decides_then_the_newest_description(node: Node) -> None:
    put(node, twins())
    assert titles(node) == ["Marées"]
    node.harvest.add("south", "https://catalogue.example/csw", "csw", precedence=5)
    assert titles(node) == ["Tides"]
    node.harvest.add("north", "https://other.example/csw", "csw", precedence=7)
    assert titles(node) == ["Marées"]
    revision = node.revision()
    node.harvest.change("north", precedence=1)
    assert titles(node) == ["Tides"]
    assert node.revision() > revision
    node.harvest.remove("south", keep_records=True)
    assert titles(node) == ["Marées"]
    node.harvest.remove("north", keep_records=True)
    put(node, [replace(twins()[1], metadata_date="2022-01-01")], run=2)
    assert titles(node) == ["Tides"]


def test_who_does_not_see_the_best_sees_the_next(node: Node) -> None:
    put(node, [replace(twins()[0], visibility="restricted"), twins()[1]])
    assert titles(node) == ["Marées"]
    anyone = node.acting_as(ANYONE)
    assert titles(anyone) == ["Tides"]
    found = anyone.search()
    assert found.others == {}
    assert [m.source for m in anyone.merged(found.records[0].id).members] == ["south"]
    with pytest.raises(NotFound):
        anyone.merged(node.search().records[0].id)


def test_going_splits(node: Node) -> None:
    bridge = Record(
        identifier="b", identifiers=(Identifier("10.1/b", "doi"), Identifier("10.1/c", "doi")), source="east",
        title=Text.of("Bridge"), metadata_date="2023-01-01",
    )  # fmt: skip
    one, other = (
        replace(r, identifiers=(Identifier(d, "doi"),))
        for r, d in zip(twins(), ("10.1/b", "10.1/c"), strict=True)
    )
    put(node, [one, bridge, other])
    assert titles(node) == ["Bridge"]
    node.remove(node.search().records[0].id)
    assert sorted(titles(node)) == ["Marées", "Tides"]


def test_a_generic_page_joins_nobody_and_does_once_it_is_no_more(node: Node) -> None:
    page = "https://portal.example/products/list"
    one, other = (replace(r, identifiers=(), landing_page=page) for r in twins())
    put(node, [one, other])
    assert titles(node) == ["Marées"]
    put(node, [replace(other, identifier="s2", title=Text.of("Waves"))])
    assert sorted(titles(node)) == ["Marées", "Tides", "Waves"]
    node.remove(next(r.id for r in node.search() if str(r.title) == "Waves"))
    assert titles(node) == ["Marées"]


# What they say together


def test_what_the_best_lacks_comes_from_the_others(node: Node) -> None:
    extent = Extent(periods=(Period("2001", "2002"),), places=(Text.of("Brest"),))
    third = replace(
        twins()[1], source="east", identifier="e", metadata_date="2019-01-01", lineage=Text.of("Old"),
        version="3", extent=Extent(places=(Text.of("Lorient"),)),
    )  # fmt: skip
    put(node, [*twins(abstract=Text.of("Sea level"), extent=extent, metadata_date="2022-01-01"), third])
    tides = node.search().records[0]
    assert str(tides.title) == "Tides"
    assert tides.lineage == Text()
    for record in held(node):
        whole = node.merged(record.id)
        assert whole.record.id == tides.id
        assert [m.source for m in whole.members] == ["south", "north", "east"]
        assert str(whole.record.abstract) == "Sea level"
        assert str(whole.record.lineage) == "Tide gauges"
        assert whole.record.version == "3"
        assert whole.record.extent == extent
        by_id = {m.id: m.source for m in whole.members}
        assert {name: by_id[id_] for name, id_ in whole.given.items()} == {
            "lineage": "north",
            "version": "east",
        }
    assert node.show(tides.id) == tides
    assert b"Tide gauges" not in node.export(tides.id, "iso19115-3").body
    assert b"Tide gauges" in node.export(tides.id, "iso19115-3", merged=True).body


def test_a_record_alone_is_its_own_whole(node: Node) -> None:
    put(node, twins()[:1])
    record = held(node)[0]
    whole = node.merged(record.id)
    assert (whole.record, dict(whole.given), len(whole.members)) == (record, {}, 1)


# Nodes of before, and elsewhere


def test_a_node_of_before_is_clustered_when_it_is_opened(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    with open_node(tmp_path / "node") as node:
        records = [replace(r, source=SOURCES[n % 3]) for n, r in enumerate(some_records(40, seed=3))]
        put(node, [*records, *twins()])
        expected = shown(node)
        with node._house.database.write() as connection:
            for statement in (
                "DROP TABLE record_cluster",
                "DROP TABLE record_identity",
                "DELETE FROM meta WHERE key = 'identities'",
                "UPDATE alembic_version SET version_num = '0005'",
            ):
                connection.exec_driver_sql(statement)
    with open_node(tmp_path / "node") as node:
        assert shown(node) == expected != set()
        revision = node.revision()
    with open_node(tmp_path / "node") as node:
        assert node.revision() == revision


def test_a_record_that_comes_back_joins_again(node: Node) -> None:
    put(node, twins())
    for record in held(node):
        if record.source == "north":
            node.remove(record.id)
    assert titles(node) == ["Tides"]
    assert not node.search().others
    put(node, twins()[:1], run=2)
    assert titles(node) == ["Marées"]
    assert len(node.search().others) == 1

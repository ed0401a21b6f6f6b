"""What became of the records: nothing lost and nothing twice, whatever happens between two pages."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE, OPERATOR, Actor
from estran.catalogue.query import Query
from estran.catalogue.store.outbound import remove_records
from estran.catalogue.updates import Walk
from estran.errors import Invalid, NotFound
from estran.model import Concept, Record, Text, bounds
from estran.storage import changes
from tests.catalogue.records import put

if TYPE_CHECKING:
    from estran.catalogue.updates import Update, Updates
    from estran.node import Node

READER = Actor(name="reader", role="reader", centres=("coriolis",))
_runs = count(2)


def record(name: str, title: str = "Title", **more: Any) -> Record:
    values: dict[str, Any] = {"centre": "coriolis", "source": "test", **more}
    return Record(identifier=name, title=Text.of(title), **values)


def store(node: Node, *records: Record) -> None:
    """As a load of its own would: what comes again takes the place of what is there."""
    put(node, records, next(_runs))


def remove(node: Node, name: str) -> None:
    node.remove(id_of(node, name))


def id_of(node: Node, name: str) -> str:
    (found,) = node.ask(Query(external_ids=(name,))).records
    return found.id


def walked(updates: Updates, asked: Walk = Walk(), limit: int = 3) -> list[Update]:  # noqa: B008 - a value
    page = updates.walk("test", asked, limit)
    found = list(page.updates)
    assert page.offset == 0
    total = page.total
    while page.token:
        page = updates.resume("test", page.token, limit)
        assert page.offset == len(found)
        assert page.updates
        found += page.updates
    assert total == len(found)
    return found


def names(updates: list[Update]) -> list[str]:
    return [(one.record.identifier if one.record else f"-{one.id[:1]}") for one in updates]


def test_a_walk_is_in_the_order_of_time(node: Node) -> None:
    store(node, *(record(f"a{n}") for n in range(10)))
    store(node, *(record(f"b{n}") for n in range(5)))
    store(node, record("a3", "Changed"))
    remove(node, "b1")
    found = walked(node.acting_as(ANYONE).updates)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert len(found) == 15
    assert found[-2].record == node.show(found[-2].id)
    assert found[-2].record is not None
    assert found[-2].record.identifier == "a3"
    assert found[-1].record is None


def test_spans_are_half_open(node: Node) -> None:
    for name in "abcd":
        store(node, record(name))
    updates = node.acting_as(ANYONE).updates
    at = [bounds(one.at)[0] for one in walked(updates)]
    assert names(walked(updates, Walk(start=at[1], end=at[3]))) == ["b", "c"]
    assert names(walked(updates, Walk(start=at[1] + 1))) == ["c", "d"]
    assert walked(updates, Walk(start=at[3] + 1)) == []
    remove(node, "a")
    gone = walked(updates)[-1]
    assert walked(updates, Walk(start=bounds(gone.at)[0])) == [gone]
    assert len(walked(updates, Walk(end=bounds(gone.at)[0]))) == 3


def test_time_never_goes_back(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    store(node, record("a"))
    updates = node.acting_as(ANYONE).updates
    page = updates.walk("test", Walk(), 1)
    real = changes.now_us
    monkeypatch.setattr(changes, "now_us", lambda: real() - 600_000_000)
    store(node, record("b"))
    remove(node, "a")
    assert [(one.record is None) for one in walked(updates, Walk(start=bounds(page.latest)[0]))] == [
        False,
        True,
    ]
    assert updates.show(id_of(node, "b")).at > page.updates[0].at


def test_who_sees_which_removal(node: Node) -> None:
    store(node, record("p"), record("r", visibility="restricted"), record("d", visibility="draft"))
    store(node, record("e", visibility="restricted", centre="sismer"))
    ids = {name: id_of(node, name) for name in "prde"}
    for name in "prde":
        remove(node, name)
    for actor, told in ((ANYONE, "p"), (READER, "pr"), (OPERATOR, "pre")):
        updates = node.acting_as(actor).updates
        assert {one.id for one in walked(updates)} == {ids[name] for name in told}
        for name, id_ in ids.items():
            if name in told:
                assert updates.show(id_).record is None
            else:
                with pytest.raises(NotFound):
                    updates.show(id_)


def test_what_is_hidden_is_removed_for_those_who_saw_it(node: Node) -> None:
    store(node, record("a"))
    store(node, record("a", visibility="restricted"))
    anyone, reader = node.acting_as(ANYONE).updates, node.acting_as(READER).updates
    assert names(walked(anyone)) == [f"-{id_of(node, 'a')[:1]}"]
    assert names(walked(reader)) == ["a"]
    store(node, record("a", visibility="restricted", centre="sismer"))
    assert [one.record for one in walked(reader)] == [None]
    assert [one.op for one in reader.feed(0, 100).told] == ["remove"]
    store(node, record("a"))
    assert names(walked(anyone)) == names(walked(reader)) == ["a"]


def test_the_sets_of_what_is_here_and_of_what_was(node: Node) -> None:
    sea = (
        Concept(label=Text.of("Océans"), role="topic"),
        Concept(label=Text.of("sel"), scheme="GEMET – Concepts, version 4.1"),
        Concept(label=Text.of("盐"), scheme="词表"),
    )
    store(node, record("a", concepts=sea), record("b", centre="nowhere"))
    updates = node.acting_as(ANYONE).updates
    specs = {one.spec: one.value for one in updates.sets()}
    assert specs["topic:oceans"] == "Océans"
    assert specs["scheme:gemet-concepts-version-4-1"] == "GEMET – Concepts, version 4.1"
    assert {
        "hub",
        "hub:ocean",
        "centre",
        "centre:coriolis",
        "centre:nowhere",
        "topic",
        "scheme",
    } <= specs.keys()
    (chinese,) = [spec for spec, value in specs.items() if value == "词表"]
    of_a = {one.spec for one in updates.sets() if names(walked(updates, Walk(spec=one.spec))) == ["a"]}
    assert of_a >= {"hub", "hub:ocean", "centre:coriolis", "topic:oceans", "topic", chinese}
    (before,) = [one for one in walked(updates) if one.record and one.record.identifier == "a"]
    assert set(before.sets) == of_a | {"centre"}
    remove(node, "a")
    (after,) = [one for one in walked(updates) if one.record is None]
    assert after.sets == before.sets
    assert all([one.id for one in walked(updates, Walk(spec=spec))] == [after.id] for spec in of_a)
    assert {one.spec for one in updates.sets()} == {"centre", "centre:nowhere"}
    assert walked(updates, Walk(spec="hub:none")) == walked(updates, Walk(spec="visibility:public")) == []


def test_tokens_are_signed_and_of_one_verb(node: Node) -> None:
    store(node, *(record(f"a{n}") for n in range(5)))
    updates = node.acting_as(ANYONE).updates
    token = updates.walk("one", Walk(note="kept"), 2).token
    assert updates.resume("one", token, 2).walk.note == "kept"
    for verb, given_ in (("two", token), ("one", token[:-2] + "xx"), ("one", ""), ("one", "é")):
        with pytest.raises(Invalid):
            updates.resume(verb, given_, 2)


def test_many_removals_of_one_moment_come_in_pages(node: Node) -> None:
    store(node, *(record(f"a{n}") for n in range(900)))
    ids = [one.id for one in walked(node.updates, limit=500)]
    database = node._house.database
    with database.write() as connection:
        remove_records(connection, database.engine, ids[:850], "operator")
    found = walked(node.acting_as(ANYONE).updates, limit=100)
    assert len({one.id for one in found}) == len(found) == 900
    assert sum(one.record is None for one in found) == 850


NAMES = "abcde"
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.sampled_from(NAMES),
            st.sampled_from(["public", "public", "restricted", "draft"]),
        ),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just("")),
        st.tuples(st.just("page"), st.just(""), st.just("")),
    ),
    max_size=14,
)
_examples = count()


class Copy:
    """Somebody's copy of the public records, kept by walking and by following the feed."""

    def __init__(self, updates: Updates, centre: str, limit: int, position: int) -> None:
        self.updates, self.limit, self.position = updates, limit, position
        self.walk, self.token, self.ended = Walk(spec=f"centre:{centre}"), "", False
        self.walked: dict[str, Any] = {}
        self.fed: dict[str, Any] = {}
        self.given: list[tuple[str, str]] = []
        self.numbers: list[int] = []

    def page(self) -> bool:
        """One page by time and one by number; whether there is more."""
        if not self.ended:
            one = (
                self.updates.resume("copy", self.token, self.limit)
                if self.token
                else self.updates.walk("copy", self.walk, self.limit)
            )
            self.token, self.ended = one.token, not one.token
            for update in one.updates:
                self.given.append((update.id, update.at))
                self.walked[update.id] = update.record and str(update.record.title)
        feed = self.updates.feed(self.position, self.limit, whole=True)
        self.position = feed.position
        for told in feed.told:
            self.numbers.append(told.number)
            self.fed[told.id] = told.record and str(told.record.title)
        return bool(self.token) or feed.more


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, limit=st.integers(1, 3))
def test_nothing_is_lost_and_nothing_comes_twice(
    node: Node, steps: list[tuple[str, str, str]], limit: int
) -> None:
    centre = f"c{next(_examples)}"
    state: dict[str, tuple[str, str, str]] = {}
    ever_public: set[str] = set()
    store(node, *(record(f"{centre}-{name}", f"{name} 0", centre=centre) for name in NAMES[:3]))
    for name in NAMES[:3]:
        state[name] = (id_of(node, f"{centre}-{name}"), f"{name} 0", "public")
        ever_public.add(state[name][0])
    copy = Copy(node.acting_as(ANYONE).updates, centre, limit, 0)
    copy.position = node.revision()
    copy.fed = {id_: title for id_, title, _ in state.values()}
    for step, (do, name, visibility) in enumerate(steps, 1):
        if do == "page":
            copy.page()
        elif do == "remove" and name in state:
            remove(node, f"{centre}-{name}")
            del state[name]
        elif do == "put":
            title = f"{name} {step}"
            store(node, replace(record(f"{centre}-{name}", title, centre=centre), visibility=visibility))
            state[name] = (id_of(node, f"{centre}-{name}"), title, visibility)
            ever_public |= {state[name][0]} if visibility == "public" else set()
    # Whoever came to the end before goes on from there, as an incremental harvest does.
    if copy.ended:
        last = bounds(max((at for _, at in copy.given), default="1970-01-01T00:00:00Z"))[0]
        copy.walk, copy.ended = copy.walk._replace(start=last + 1), False
    while copy.page():
        pass
    public = {id_: title for id_, title, held in state.values() if held == "public"}
    assert {id_: title for id_, title in copy.walked.items() if title} == public
    assert {id_: title for id_, title in copy.fed.items() if title} == public
    assert len(copy.given) == len(set(copy.given))
    assert copy.numbers == sorted(set(copy.numbers))
    assert copy.walked.keys() | copy.fed.keys() <= ever_public

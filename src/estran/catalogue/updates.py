"""What became of the records, for those who keep a copy: by number of the change, or by time and set.

Both ways see what their actor may see. A record that went from their sight, removed or hidden, is told as
removed; one that they never saw is not told at all.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from estran.catalogue.store import tombstones
from estran.catalogue.words import folded
from estran.errors import Invalid, NotFound
from estran.model import NEVER_US, Record, moment_us
from estran.storage import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from pyroaring import BitMap

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.store import Store, View

__all__ = ["FEED_KINDS", "Feed", "RecordSet", "Told", "Update", "Updates", "Walk", "WalkPage"]

FEED_KINDS = ("record", "item")
"""Kinds of things whose changes the feed tells."""
_ORDER = (("updated", False), ("id", False))
# Sorts behind every id of a record.
_LAST = "~"
_PORTION = 400
_NOT_SPEC = re.compile(r"[^a-z0-9]+")
_LONGEST_SPEC = 60
_SET_FIELDS = ("hub", *tombstones.SET_FIELDS)


class Told(NamedTuple):
    """A change, as the feed tells it.

    Attributes:
        number: of the change; op: "add", "change" or "remove"; at: canonical instant.
        record: as it is now, where it was asked for and is still there.
    """

    number: int
    kind: str
    id: str
    op: str
    at: str
    record: Record | None = None


class Feed(NamedTuple):
    """A page of the feed.

    Attributes:
        position: number of the change to go on from; more: whether others follow it already.
    """

    told: tuple[Told, ...]
    position: int
    more: bool


class Update(NamedTuple):
    """A record as of its last change, or its removal.

    Attributes:
        at: canonical instant of it; sets: specs of the sets that it is in, or was.
        record: None where it was removed.
    """

    id: str
    at: str
    sets: tuple[str, ...]
    record: Record | None


class RecordSet(NamedTuple):
    """A set of records: ``hub``, ``hub:ocean``, ``centre:coriolis``, ``topic:oceans``, ``scheme:…``.

    Attributes:
        value: what its records carry, "" for all that carry any value of the field.
    """

    spec: str
    field: str
    value: str


class Walk(NamedTuple):
    """A walk through the updates in the order of their time.

    Attributes:
        note: something of the caller's, kept with the token.
        spec: of the set to keep to, "" for all records.
        start, end: microseconds since 1970 UTC, [start, end); None where it is open.
    """

    note: str = ""
    spec: str = ""
    start: int | None = None
    end: int | None = None


class WalkPage(NamedTuple):
    """A page of a walk.

    Attributes:
        walk: what was asked.
        total: updates of the whole walk, as counted on its first page; offset: how many came before.
        token: of the page that follows, "" at the end.
        latest: canonical instant of the newest change that this page could know of.
    """

    walk: Walk
    updates: tuple[Update, ...]
    total: int
    offset: int
    token: str
    latest: str


class Updates:
    """The updates that an actor may know of."""

    def __init__(
        self, store: Store, cursors: Cursors, hubs: Callable[[], Mapping[str, tuple[str, ...]]], actor: Actor
    ) -> None:
        self._store, self._cursors, self._hubs, self._actor = store, cursors, hubs, actor

    # By number

    def feed(
        self, after: int, limit: int, kinds: Sequence[str] = ("record",), *, whole: bool = False
    ) -> Feed:
        """What follows change number `after`; a thing is told once, at its newest change.

        Args:
            after: number of the last change that is known, 0 to start.
            limit: so many changes are looked through, and at most so many told.
            kinds: among `FEED_KINDS`.
            whole: whether the records come along.

        Raises:
            Invalid: no such kind.
        """
        if unknown := [kind for kind in kinds if kind not in FEED_KINDS]:
            raise Invalid(
                f"there is no kind “{unknown[0][:40]}”; choose among {', '.join(FEED_KINDS)}", "kind"
            )
        with self._store.view() as view:
            look = _Look(view, {}, self._actor)
            lines = changes.after(view.connection, after, limit + 1, kinds)
            here = lines[:limit]
            told = [*self._told_records(look, here, whole=whole), *self._told_items(view, here)]
            more = len(lines) > limit
            position = here[-1].seq if more else max(after, view.facets.seq)
            return Feed(tuple(sorted(told, key=lambda one: one.number)), position, more)

    def _told_records(self, look: _Look, lines: Sequence[changes.Change], *, whole: bool) -> Iterator[Told]:
        connection, ids = look.view.connection, sorted({line.id for line in lines if line.kind == "record"})
        newest = changes.newest_of(connection, "record", ids)
        seen = look.seen(ids)
        buried = tombstones.of(connection, [id_ for id_ in ids if id_ not in seen], self._actor)
        lines = [line for line in lines if line.kind == "record" and newest[line.id] == line.seq]
        pks = [seen[line.id] for line in lines if line.id in seen] if whole else []
        records = {record.id: record for record in look.view.records(pks)} if pks else {}
        for line in lines:
            if line.id in seen:
                yield Told(line.seq, line.kind, line.id, line.op, line.at, records.get(line.id))
            elif line.id in buried or (self._actor.is_operator and line.op == "remove"):
                yield Told(line.seq, line.kind, line.id, "remove", line.at)

    def _told_items(self, view: View, lines: Sequence[changes.Change]) -> Iterator[Told]:
        items = {line.id: line for line in lines if line.kind == "item"}
        collections = view.collections(self._actor) if items else {}
        for line in items.values():  # the newest of those on this page
            if line.id.partition("/")[0] in collections:
                yield Told(line.seq, line.kind, line.id, line.op, line.at)

    # By time

    def walk(self, verb: str, asked: Walk, limit: int) -> WalkPage:
        """The first page of a walk; `verb` says whose tokens these are."""
        after = ((asked.start if asked.start is not None else 0) - 1, _LAST)
        with self._looking() as look:
            total = self._count(look, asked, after)
            return self._page(look, verb, asked, after, limit, total, 0)

    def resume(self, verb: str, token: str, limit: int) -> WalkPage:
        """The page of a token.

        Raises:
            Invalid: it is no token of this node, or of another verb.
        """
        values = self._cursors.read(["walk", verb], token)
        if values is None:
            raise Invalid("it is empty", "token")
        note, spec, start, end, at, id_, total, offset = values
        with self._looking() as look:
            return self._page(look, verb, Walk(note, spec, start, end), (at, id_), limit, total, offset)

    @contextmanager
    def _looking(self) -> Generator[_Look]:
        # Asked for first: it takes a connection of its own.
        hubs = self._hubs()
        with self._store.view() as view:
            yield _Look(view, hubs, self._actor)

    def _page(  # noqa: PLR0917 - what a token holds
        self, look: _Look, verb: str, asked: Walk, after: tuple[int, str], limit: int, total: int, offset: int
    ) -> WalkPage:
        end = asked.end if asked.end is not None else NEVER_US
        rows = look.view.ordered(look.pool(asked.spec), _ORDER, after, limit + 1)
        live = {(at, id_): pk for pk, (at, id_) in rows if at < end}
        # What was removed later than the last of these waits for the next page.
        horizon = max(live) if len(live) > limit else (end - 1, _LAST)
        gone = {(s.at, s.id): s for s in islice(look.buried(asked.spec, after, horizon), limit + 1)}
        keys = sorted(live.keys() | gone.keys())
        here = keys[:limit]
        records = {r.id: r for r in look.view.records([live[key] for key in here if key in live])}
        updates = [
            look.update(records[id_]) if (at, id_) in live else look.removal(gone[at, id_])
            for at, id_ in here
        ]
        place = [asked.note, asked.spec, asked.start, asked.end, *(here[-1] if here else after)]
        token = self._cursors.write(["walk", verb], [*place, total, offset + len(here)])
        return WalkPage(
            walk=asked, updates=tuple(updates), total=max(total, offset + len(keys)), offset=offset,
            token=token if len(keys) > limit else "", latest=moment_us(changes.latest(look.view.connection)),
        )  # fmt: skip

    @staticmethod
    def _count(look: _Look, asked: Walk, after: tuple[int, str]) -> int:
        pool = look.pool(asked.spec)
        if asked.start is not None:
            pool = pool & look.view.compared("updated", ">=", asked.start)
        if asked.end is not None:
            pool = pool & look.view.compared("updated", "<", asked.end)
        until = ((asked.end if asked.end is not None else NEVER_US) - 1, _LAST)
        return len(pool) + sum(1 for _ in look.buried(asked.spec, after, until))

    # One record, and the sets

    def show(self, id: str) -> Update:  # noqa: A002 - the word of the model
        """One record or its removal.

        Raises:
            NotFound: the actor never saw one of that id.
        """
        with self._looking() as look:
            pks = list(look.seen([id]).values())
            if pks:
                return look.update(look.view.records(pks)[0])
            stone = tombstones.of(look.view.connection, [id], self._actor).get(id)
            if stone is None:
                raise NotFound("record", id)
            return look.removal(stone)

    def sets(self) -> tuple[RecordSet, ...]:
        """The sets that hold a record, each after the one above it."""
        found: dict[str, RecordSet] = {}
        with self._looking() as look:
            visible = look.pool("")
            for field in tombstones.SET_FIELDS:
                for value in sorted(look.view.facets.values(field)):
                    if not look.view.facets.of(field, (value,)).isdisjoint(visible):
                        for name, one in _branches(field, value, look.hubs):
                            spec = f"{name}:{_spec(one)}"
                            found.setdefault(name, RecordSet(name, name, ""))
                            found.setdefault(spec, RecordSet(spec, name, one))
        return tuple(sorted(found.values(), key=lambda s: (_SET_FIELDS.index(s.field), s.spec)))

    def earliest(self) -> str:
        """Canonical instant before which nothing was updated."""
        with self._store.view() as view:
            first = changes.after(view.connection, 0, 1)
            return first[0].at if first else moment_us(0)


class _Look(NamedTuple):
    """The catalogue at one moment, as an actor sees it."""

    view: View
    hubs: Mapping[str, tuple[str, ...]]
    actor: Actor

    def seen(self, ids: Sequence[str]) -> dict[str, int]:
        """The pks of those records that are here and that the actor may see."""
        visible = self.view.facets.visible(self.actor)
        return {id_: pk for id_, pk in self.view.pks_of(ids).items() if pk in visible}

    def pool(self, spec: str) -> BitMap:
        """The records of a set that the actor may see."""
        visible = self.view.facets.visible(self.actor)
        return visible & self._members(spec) if spec else visible

    def _members(self, spec: str) -> BitMap:
        field, _, wanted = spec.partition(":")
        if field == "hub":
            of = [c for c, hubs in self.hubs.items() if (wanted in hubs if wanted else hubs)]
            return self.view.facets.of("centre", of)
        values = self.view.facets.values(field) if field in tombstones.SET_FIELDS else ()
        return self.view.facets.of(field, [v for v in values if not wanted or _spec(v) == wanted])

    def buried(
        self, spec: str, after: tuple[int, str], until: tuple[int, str]
    ) -> Iterator[tombstones.Tombstone]:
        """The tombstones in a stretch of time of the records of a set that the actor sees no more."""
        connection = self.view.connection
        numbers = (changes.number_at(connection, after[0]), changes.number_at(connection, until[0] + 1))
        while True:
            stones = tombstones.between(connection, after, until, numbers, _PORTION)
            ids = sorted({stone.id for stone in stones})
            seen, newest = self.seen(ids), tombstones.of(connection, ids, self.actor)
            for stone in stones:
                last = newest.get(stone.id)
                is_last = last is not None and last.number == stone.number and stone.id not in seen
                if is_last and (not spec or spec in _sets(stone.marks, self.hubs)):
                    yield stone
            if len(stones) < _PORTION:
                return
            after = (stones[-1].at, stones[-1].id)

    def update(self, record: Record) -> Update:
        """A record that is here."""
        marks = {
            "centre": (record.centre,),
            "topic": tuple(str(concept.label) for concept in record.words("topic")),
            "scheme": tuple(concept.scheme for concept in record.concepts),
        }
        return Update(record.id, record.updated, _sets(marks, self.hubs), record)

    def removal(self, stone: tombstones.Tombstone) -> Update:
        """A record that went."""
        return Update(stone.id, moment_us(stone.at), _sets(stone.marks, self.hubs), None)


def _branches(field: str, value: str, hubs: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """The sets that a facet value means, as (field, value): a centre's hubs too."""
    if field == "centre":
        yield from (("hub", hub) for hub in hubs.get(value, ()))
    yield field, value


def _sets(marks: Mapping[str, tuple[str, ...]], hubs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The specs of the sets that these facet values mean, those above them included."""
    found: dict[str, None] = {}
    for field in tombstones.SET_FIELDS:
        for value in filter(None, (value.strip() for value in marks.get(field, ()))):
            for name, one in _branches(field, value, hubs):
                found[name] = found[f"{name}:{_spec(one)}"] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def _spec(value: str) -> str:
    """A facet value as a part of a set's spec."""
    words = _NOT_SPEC.sub("-", folded(value)).strip("-")[:_LONGEST_SPEC].strip("-")
    return words or hashlib.sha256(value.encode()).hexdigest()[:10]

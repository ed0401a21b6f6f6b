"""What became of the records, for those who keep a copy: by number of the change, or by time and set.

Both ways see what their actor may see. A record that went from their sight, removed or hidden, is told as
removed; one that they never saw is not told at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from estran.catalogue.looks import LAST, SET_FIELDS, Look, Update, branches, spec_of
from estran.catalogue.store import tombstones
from estran.errors import Invalid, NotFound
from estran.model import NEVER_US, Record, moment_us
from estran.storage import changes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.store import Store, View

__all__ = ["FEED_KINDS", "Feed", "RecordSet", "Told", "Update", "Updates", "Walk", "WalkPage"]

FEED_KINDS = ("record", "item")
"""Kinds of things whose changes the feed tells."""
_ORDER = (("updated", False), ("id", False))


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
            look = Look(view, {}, self._actor)
            lines = changes.after(view.connection, after, limit + 1, kinds)
            here = lines[:limit]
            told = [*self._told_records(look, here, whole=whole), *self._told_items(view, here)]
            more = len(lines) > limit
            position = here[-1].seq if more else max(after, view.facets.seq)
            return Feed(tuple(sorted(told, key=lambda one: one.number)), position, more)

    def _told_records(self, look: Look, lines: Sequence[changes.Change], *, whole: bool) -> Iterator[Told]:
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

    def stretch(self, numbers: tuple[int, int]) -> tuple[Told, ...]:
        """The records whose newest change has a number in [first, end), each whole."""
        with self._store.view() as view:
            look = Look(view, {}, self._actor)
            lines = changes.after(view.connection, numbers[0] - 1, numbers[1] - numbers[0], ("record",))
            inside = [line for line in lines if line.seq < numbers[1]]
            return tuple(self._told_records(look, inside, whole=True))

    def neighbours(self, number: int) -> tuple[int | None, int | None]:
        """Numbers of the last record's change before a number, and of the first from it on; None for none."""
        with self._store.view() as view:
            found = changes.after(view.connection, number - 1, 1, ("record",))
            return changes.last_before(view.connection, number, "record"), found[0].seq if found else None

    # By time

    def walk(self, verb: str, asked: Walk, limit: int) -> WalkPage:
        """The first page of a walk; `verb` says whose tokens these are."""
        after = ((asked.start if asked.start is not None else 0) - 1, LAST)
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
    def _looking(self) -> Generator[Look]:
        # Asked for first: it takes a connection of its own.
        hubs = self._hubs()
        with self._store.view() as view:
            yield Look(view, hubs, self._actor)

    def _page(  # noqa: PLR0917 - what a token holds
        self, look: Look, verb: str, asked: Walk, after: tuple[int, str], limit: int, total: int, offset: int
    ) -> WalkPage:
        end = asked.end if asked.end is not None else NEVER_US
        rows = look.view.ordered(look.pool(asked.spec), _ORDER, after, limit + 1)
        live = {(at, id_): pk for pk, (at, id_) in rows if at < end}
        # What was removed later than the last of these waits for the next page.
        horizon = max(live) if len(live) > limit else (end - 1, LAST)
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
    def _count(look: Look, asked: Walk, after: tuple[int, str]) -> int:
        pool = look.pool(asked.spec)
        if asked.start is not None:
            pool = pool & look.view.compared("updated", ">=", asked.start)
        if asked.end is not None:
            pool = pool & look.view.compared("updated", "<", asked.end)
        until = ((asked.end if asked.end is not None else NEVER_US) - 1, LAST)
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
                        for name, one in branches(field, value, look.hubs):
                            spec = f"{name}:{spec_of(one)}"
                            found.setdefault(name, RecordSet(name, name, ""))
                            found.setdefault(spec, RecordSet(spec, name, one))
        return tuple(sorted(found.values(), key=lambda s: (SET_FIELDS.index(s.field), s.spec)))

    def earliest(self) -> str:
        """Canonical instant before which nothing was updated."""
        with self._store.view() as view:
            first = changes.after(view.connection, 0, 1)
            return first[0].at if first else moment_us(0)

"""What arrives during a load, stored in batches; collections that nobody described are made for their items."""

from __future__ import annotations

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from estran.access import OPERATOR
from estran.catalogue.json_streams import is_hopeless
from estran.catalogue.parts import grown
from estran.catalogue.prepare import Prepared, original, prepare
from estran.formats import Document, Refusal
from estran.model import (
    EVER_US,
    NEVER_US,
    Box,
    Extent,
    Identifier,
    Period,
    Record,
    Text,
    bounds,
    moment_us,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from concurrent.futures import Future
    from pathlib import Path

    from estran.catalogue.items.prepare import PreparedItem
    from estran.catalogue.items.queryables import Declared
    from estran.catalogue.portions import Assignment, Lesson, Portion
    from estran.catalogue.store import Outcome, Store
    from estran.catalogue.store.items import ItemStore
    from estran.catalogue.vocabularies import LoadedVocabulary

__all__ = ["Inbox", "LoadReport"]

_BATCH = 1000
_ITEM_BATCH = 4000
_MADE = "made because items name it; load its own description"


@dataclass(slots=True)
class LoadReport:
    """What a load did. Everything counted here is on the disk.

    Attributes:
        read: records read; each is new, changed or unchanged.
        refused: what could not be read or stored, with file, line and reason.
        vocabularies: what was no metadata but a vocabulary, with its outcome; not counted above.
        observing: files that may hold observations beside their record.
        observations: what the files held of them: numbers of new ``datastreams``, and of ``new``, ``changed`` and
            ``unchanged`` observations; empty where they held none.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)
    vocabularies: tuple[LoadedVocabulary, ...] = ()
    observing: list[Path] = field(default_factory=list["Path"])
    observations: dict[str, int] = field(default_factory=dict[str, int])


class Inbox:
    """Gathers what was prepared and stores it in batches."""

    def __init__(self, store: Store, items: ItemStore, given: Assignment, actor: str) -> None:
        self._store, self._items, self._given, self._actor = store, items, given, actor
        self._run = store.begin_run(given.source, given.centre or given.home, given.visibility)
        self._records: list[Prepared] = []
        self._granules: list[PreparedItem] = []
        # Collections that were met, and the spans of those that only items describe.
        self._known: set[str] = set()
        self._spans: dict[str, _Span] = {}
        self._strange: Counter[str] = Counter()
        # One batch is written while the next is gathered, where that takes another process some time.
        self._thread = ThreadPoolExecutor(1, "estran-load") if items.is_apart else None
        self._under_way: Future[list[Outcome]] | None = None
        self.report = LoadReport()

    def take(self, portion: Portion) -> None:
        """Take a portion in; whole batches are stored at once."""
        self.report.refused += portion.refused
        self.report.observing += portion.observing
        self._strange.update(portion.strange)
        self._records += portion.prepared
        self._granules += portion.items
        while len(self._records) >= _BATCH:
            self._put_records(self._records[:_BATCH])
            del self._records[:_BATCH]
        while len(self._granules) >= _ITEM_BATCH:
            self._put_items(self._granules[:_ITEM_BATCH])
            del self._granules[:_ITEM_BATCH]

    def is_hopeless(self, file: str) -> bool:
        """Whether so much of a file is no metadata that the rest of it is not worth reading."""
        return is_hopeless(self._strange[file])

    def flush(self) -> None:
        """Store all that was taken in so far."""
        if self._records:
            self._put_records(self._records)
            self._records = []
        if self._granules:
            self._put_items(self._granules)
            self._granules = []
        self._settle()

    def close(self) -> None:
        """End what was begun; whoever made an inbox closes it."""
        if self._thread is not None:
            self._thread.shutdown()

    def lesson(self, besides: Container[str] = ()) -> Lesson:
        """What processes need to make the bodies of items small, but for some collections."""
        return self._items.packing(besides)

    def declared(self) -> tuple[Declared, ...]:
        """The declared properties, for processes to find them."""
        return self._items.declared()

    def finish(self) -> None:
        """Store the rest; collections that only items describe learn from them where and when they are."""
        self.flush()
        # Their own description may have come since.
        self._make([name for name in sorted(self._spans) if self._bare(name) is not None])

    def _put_records(self, batch: list[Prepared]) -> None:
        self._write(lambda: self._store.write(self._whole(batch), self._run, self._actor))

    def _whole(self, batch: list[Prepared]) -> list[Prepared]:
        """The batch, in which what tells of a part of a dataset tells of what is known of the rest, too."""
        if not any(one.is_part for one in batch):
            return batch
        with self._store.view() as view:

            def held(source: str, key: str) -> Record | None:
                found = view.record(view.id_of(source, key))
                return found[1] if found else None

            return grown(batch, held, self._given.owner)

    def _put_items(self, batch: list[PreparedItem]) -> None:
        for name in sorted({item.collection for item in batch} - self._known):
            self._meet(name)
        for item in batch:
            if (span := self._spans.get(item.collection)) is not None:
                span.add(item)
        self._write(lambda: self._items.write(batch, self._actor))

    def _write(self, do: Callable[[], list[Outcome]]) -> None:
        """Store a batch, after the one before."""
        self._settle()
        if self._thread is None:
            self._count(do())
        else:
            self._under_way = self._thread.submit(do)

    def _settle(self) -> None:
        """Wait until all that was given is stored."""
        if self._under_way is not None:
            done, self._under_way = self._under_way, None
            self._count(done.result())

    def _meet(self, name: str) -> None:
        """Look at a collection before its first items, which nobody could see without it."""
        self._known.add(name)
        self._settle()
        with self._store.view() as view:
            is_there = name in view.collections(OPERATOR)
        held = self._bare(name)
        if held is not None or not is_there:
            self._spans[name] = _Span.of(held.extent if held is not None else Extent())
        if not is_there:
            self._make([name])

    def _make(self, names: list[str]) -> None:
        if names:
            made = [_made_collection(name, self._given, self._spans[name].extent()) for name in names]
            self._store.write(made, self._run, self._actor)

    def _bare(self, name: str) -> Record | None:
        """The record of a collection that is only known from its items, None for any other."""
        with self._store.view() as view:
            pk = view.collections(OPERATOR).get(name)
            found = view.records([pk])[0] if pk is not None else None
        return found if found is not None and _MADE in found.warnings else None

    def _count(self, outcomes: list[Outcome]) -> None:
        self.report.read += len(outcomes)
        self.report.new += outcomes.count("new")
        self.report.changed += outcomes.count("changed")
        self.report.unchanged += outcomes.count("unchanged")


def _made_collection(name: str, given: Assignment, extent: Extent) -> Prepared:
    """A collection of which only its items are known."""
    record = Record(
        identifier=name,
        identifiers=(Identifier(name, "stac"),),
        kind="collection",
        title=Text.of(name),
        extent=extent,
        source=given.source,
        centre=given.centre or given.home,
        visibility=given.visibility,
        warnings=(_MADE,),
    )
    # What it was made of stands for its document, so that what is known later counts as a new one.
    body = msgspec.json.encode({"id": name, "extent": plain(extent)})
    return prepare(record, original(Document(name, body), "stac"), given.owner)


@dataclass(slots=True)
class _Span:
    """The outermost corners and instants of items that were met so far."""

    west: float = math.inf
    south: float = math.inf
    east: float = -math.inf
    north: float = -math.inf
    start: int = NEVER_US
    end: int = EVER_US

    @classmethod
    def of(cls, extent: Extent) -> _Span:
        """What was known before."""
        span = cls()
        for box in extent.boxes:
            span._corners(box)
        for first, last in extent.periods:
            if first:
                span.start = min(span.start, bounds(first)[0])
            if last:
                span.end = max(span.end, bounds(last)[0] + 1)
        return span

    def add(self, item: PreparedItem) -> None:
        """Take in where and when an item is."""
        for box in item.boxes:
            self._corners(box)
        self.start, self.end = min(self.start, item.start), max(self.end, item.end)

    def _corners(self, box: Box) -> None:
        for west, south, east, north in box.parts():
            self.west, self.south = min(self.west, west), min(self.south, south)
            self.east, self.north = max(self.east, east), max(self.north, north)

    def extent(self) -> Extent:
        """All of it, as far as it is known."""
        first = moment_us(self.start) if EVER_US < self.start < NEVER_US else ""
        last = moment_us(self.end - 1) if EVER_US < self.end < NEVER_US else ""
        return Extent(
            boxes=(Box.checked(self.west, self.south, self.east, self.north),)
            if self.west <= self.east
            else (),
            periods=(Period(first, last),) if first or last else (),
        )

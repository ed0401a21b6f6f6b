"""Taking documents in: read and prepared by as many processes as there are cores, stored in batches."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from estran import formats
from estran.access import OPERATOR
from estran.catalogue.documents import Lines, count_hint, files, of_file
from estran.catalogue.items.dictionaries import Dictionaries
from estran.catalogue.items.prepare import PreparedItem, plain_item, prepare_item
from estran.catalogue.json_streams import is_hopeless
from estran.catalogue.prepare import Prepared, original, prepare
from estran.catalogue.words import folded
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.model import (
    EVER_US,
    NEVER_US,
    Box,
    Extent,
    Identifier,
    Item,
    Period,
    Record,
    Text,
    moment_us,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

    from estran.catalogue.items.queryables import Declared
    from estran.catalogue.store import Outcome, Store
    from estran.catalogue.store.items import ItemStore

_BATCH = 1000
_ITEM_BATCH = 4000
# Documents and small files handed to a process at once, and how much work starting processes is worth.
_PORTION = 100
_PORTION_BYTES = 2 << 20
_SMALL_FILE = 256 << 10
_ALONE = 400
# What is given to processes and not yet done; it is in memory twice.
_UNDER_WAY_BYTES = 24 << 20
_MOST_UNDER_WAY = 64
_WATCH_S = 1.0
_MADE = "made because items name it; load its own description"
# Objects made between two looks for cycles, and how many looks at the young before one at the old.
_COLLECT_AFTER = (50_000, 20, 50)


@dataclass(slots=True)
class LoadReport:
    """What a load did. Everything counted here is on the disk.

    Attributes:
        read: records read; each is new, changed or unchanged.
        refused: what could not be read or stored, with file, line and reason.
    """

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a load is: bytes read of so many in all files, records stored for good."""

    files: int
    bytes: int
    bytes_hint: int
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What a load gives to its records.

    Attributes:
        centre: of all records, "" to let the claims decide; home: of those that no claim matches.
        claims: (folded words, centre) pairs, the longest first.
        owner: whose they are while they are drafts.
    """

    source: str
    centre: str = ""
    home: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    visibility: str = "public"
    owner: str = ""

    def of(self, record: Record) -> str:
        """The centre of a record."""
        if self.centre:
            return self.centre
        names = [
            words for p in (*record.parties, *record.metadata_parties) for _, words in p.organisation.variants
        ]
        hosts = [p.email.partition("@")[2] for p in (*record.parties, *record.metadata_parties) if p.email]
        said = " | ".join(["", *(_spaced(name) for name in (*names, *hosts, record.identifier)), ""])
        for words, centre in self.claims:
            if f" {words} " in said:
                return centre
        return self.home


@lru_cache(maxsize=8192)
def _spaced(words: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in folded(words)).split())


def claim(words: str) -> str:
    """A claim in the form that `Assignment.claims` holds."""
    return _spaced(words)


class _File(NamedTuple):
    """A file so small that whoever prepares its documents may open it as well."""

    path: Path
    size: int


type _Task = Document | Refusal | Lines | _File


@dataclass(slots=True)
class _Portion:
    """What became of some tasks; strange counts, by file, what is no document at all."""

    prepared: list[Prepared] = field(default_factory=list)
    items: list[PreparedItem] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    strange: Counter[str] = field(default_factory=Counter)


def load(  # noqa: PLR0917 - two stores to fill
    store: Store,
    items: ItemStore,
    paths: Iterable[Path],
    given: Assignment,
    actor: str,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Store everything good that the paths hold; what is not good is refused by file, with the reason.

    Raises:
        Invalid: a path is not there.
    """
    listed = list(paths)
    for path in listed:
        if not path.exists():
            raise Invalid("there is no such file or folder", str(path))
    files, size = count_hint(listed)
    inbox = _Inbox(store, items, given, actor)
    meter = _Meter(progress, files, size)
    with _rarely_collecting():
        for portion in _portions_done(_work(listed, inbox, meter.advance), given, inbox):
            inbox.take(portion)
            meter.show(inbox.report.read)
        inbox.finish()
    meter.show(inbox.report.read)
    return inbox.report


class _Inbox:
    """Gathers what was prepared and stores it in batches."""

    def __init__(self, store: Store, items: ItemStore, given: Assignment, actor: str) -> None:
        self._store, self._items, self._given, self._actor = store, items, given, actor
        self._run = store.begin_run(given.source, given.centre or given.home, given.visibility)
        self._records: list[Prepared] = []
        self._granules: list[PreparedItem] = []
        # Collections that are there, and those of them that this load made.
        self._known: set[str] = set()
        self._made: set[str] = set()
        self._strange: Counter[str] = Counter()
        self.report = LoadReport()

    def take(self, portion: _Portion) -> None:
        """Take a portion in; whole batches are stored at once."""
        self.report.refused += portion.refused
        self._strange.update(portion.strange)
        self._records += portion.prepared
        self._granules += portion.items
        while len(self._records) >= _BATCH:
            self._count(self._store.write(self._records[:_BATCH], self._run, self._actor))
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
            self._count(self._store.write(self._records, self._run, self._actor))
            self._records = []
        if self._granules:
            self._put_items(self._granules)
            self._granules = []

    def packing(self) -> tuple[dict[str, int], dict[int, bytes], tuple[Declared, ...]]:
        """What processes need to make the bodies of items small and to find declared properties."""
        self.flush()
        return self._items.packing()

    def finish(self) -> None:
        """Store the rest; collections that only items describe learn from them where and when they are."""
        self.flush()
        self._make([name for name in sorted(self._made) if self._is_bare(name)])

    def _put_items(self, batch: list[PreparedItem]) -> None:
        names = {item.collection for item in batch} - self._known
        if names:
            with self._store.view() as view:
                bare = sorted(names - view.collections(OPERATOR).keys())
            # Before its items, which nobody could see without it.
            self._make(bare)
            self._made.update(bare)
            self._known |= names
        self._count(self._items.write(batch, self._actor))

    def _make(self, names: list[str]) -> None:
        if not names:
            return
        with self._store.view() as view, self._items.view(view) as items:
            made = [_made_collection(name, self._given, _around(items.extent(name))) for name in names]
        self._store.write(made, self._run, self._actor)

    def _is_bare(self, name: str) -> bool:
        with self._store.view() as view:
            pk = view.collections(OPERATOR).get(name)
            return pk is not None and _MADE in view.records([pk])[0].warnings

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
    return prepare(record, original(Document(name), "stac"), given.owner)


def _around(ends: tuple[Any, ...]) -> Extent:
    """The extent between the outermost corners and instants of some items, as far as they are known."""
    west, south, east, north, start, end = ends
    first, last = (
        moment_us(us) if us is not None and EVER_US < us < NEVER_US else ""
        for us in (start, None if end is None else end - 1)
    )
    return Extent(
        boxes=() if west is None else (Box.checked(west, south, east, north),),
        periods=(Period(first, last),) if first or last else (),
    )


class _Meter:
    """Counts bytes as they are read and tells how far the load is."""

    def __init__(self, progress: Callable[[Progress], None] | None, files: int, size: int) -> None:
        self._progress, self._files, self._size, self._read = progress, files, size, 0

    def advance(self, size: int) -> None:
        self._read += size

    def show(self, stored: int) -> None:
        if self._progress:
            self._progress(
                Progress(
                    files=self._files, bytes=min(self._read, self._size), bytes_hint=self._size, stored=stored
                )
            )


def _prepare_item(item: Item, document: Document, done: _Portion) -> None:
    try:
        done.items.append(prepare_item(item.body, item.collection, document.name))
    except Invalid as error:
        done.refused.append(Refusal(document.name, str(error), document.line))


def _work(paths: Iterable[Path], inbox: _Inbox, advance: Callable[[int], object]) -> Iterator[_Task]:
    """What there is to do: small files whole, what is in the others document by document or in blocks."""
    for path, size in files(paths):
        if isinstance(size, Refusal):
            yield size
        elif size <= _SMALL_FILE:
            advance(size)
            yield _File(path, size)
        else:
            for task in of_file(path, size, advance):
                if isinstance(task, Lines) and inbox.is_hopeless(task.name):
                    why = "so many of its lines are no metadata that what follows was not read"
                    yield Refusal(task.name, why, task.line)
                    break
                yield task


def _portions_done(work: Iterator[_Task], given: Assignment, inbox: _Inbox) -> Iterator[_Portion]:
    """Portions in the order of their tasks: the first here, the rest on all cores."""
    portions = _portioned(work)
    done = 0
    for portion in portions:
        result = _prepared(portion, given)
        done += len(result.prepared) + len(result.items) + len(result.refused)
        yield result
        if done >= _ALONE:
            break
    else:
        return
    yield from _in_parallel(portions, given, inbox.packing())


def _in_parallel(
    portions: Iterator[list[_Task]],
    given: Assignment,
    packing: tuple[dict[str, int], dict[int, bytes], tuple[Declared, ...]],
) -> Iterator[_Portion]:
    # loky's processes do not run the caller's main module again, so a plain script may load.
    from loky import ProcessPoolExecutor  # noqa: PLC0415 - only large loads need it

    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))  # type: ignore[attr-defined]
    with ProcessPoolExecutor(cores or 1, initializer=_start, initargs=(os.getpid(), *packing)) as pool:
        under_way: deque[tuple[int, Any]] = deque()
        size = 0
        for portion in portions:
            size += (more := sum(map(_size, portion)))
            under_way.append((more, pool.submit(_prepared, portion, given)))
            while size > _UNDER_WAY_BYTES or len(under_way) > _MOST_UNDER_WAY:
                less, done = under_way.popleft()
                size -= less
                yield done.result()
        for _, done in under_way:
            yield done.result()


class _Packing:
    """The collections whose dictionaries this process knows, and the declared properties that it looks for.

    None in the one that writes, which packs and looks for itself.
    """

    def __init__(self) -> None:
        self.declared: tuple[Declared, ...] = ()
        self.numbers: dict[str, int] = {}
        self.dictionaries = Dictionaries()

    def packed(self, item: PreparedItem) -> PreparedItem:
        """The item with its body made small, if its collection is known."""
        number = self.numbers.get(item.collection)
        if number is None:
            return item
        return item._replace(body=b"", packed=self.dictionaries.pack(number, item.body))


_packing = _Packing()


def _start(
    loader: int, numbers: dict[str, int], dictionaries: dict[int, bytes], declared: tuple[Declared, ...]
) -> None:
    """What a process does before its first portion."""
    _end_with(loader)
    _packing.numbers, _packing.dictionaries = numbers, Dictionaries(dictionaries)
    _packing.declared = declared
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


@contextmanager
def _rarely_collecting() -> Generator[None]:
    """Look for cycles less often: what is read is made of trees, and looking cost a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _end_with(loader: int) -> None:
    """End this process soon after its loader did: a loader that is killed cannot say goodbye."""

    def watch() -> None:
        while os.getppid() == loader:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _portioned(work: Iterator[_Task]) -> Iterator[list[_Task]]:
    portion: list[_Task] = []
    size = 0
    for task in work:
        portion.append(task)
        size += _size(task)
        if len(portion) >= _PORTION or size >= _PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _size(task: _Task) -> int:
    match task:
        case Refusal():
            return 0
        case _File():
            return task.size
        case _:
            return len(task.body)


def _prepared(portion: list[_Task], given: Assignment) -> _Portion:
    done = _Portion()
    for task in portion:
        for document in _documents(task):
            if isinstance(document, Refusal):
                done.refused.append(document)
                done.strange[document.file] += 1
            else:
                _prepare_document(document, given, done)
    return done


def _documents(task: _Task) -> Iterator[Document | Refusal]:
    match task:
        case Lines():
            yield from task.documents()
        case _File():
            for found in of_file(*task):
                yield from _documents(found)
        case _:
            yield task


def _prepare_document(document: Document, given: Assignment, done: _Portion) -> None:
    # Millions of granules are as plain as can be; whatever is not goes the long way, which can say why.
    if document.body[:1] == b"{" and (item := plain_item(document.body, _packing.declared)) is not None:
        done.items.append(_packing.packed(item))
        return
    try:
        form = formats.recognise(document)
    except Invalid as error:
        done.refused.append(Refusal(document.name, error.why, document.line))
        return
    held = original(document, form.name)
    at = f"{document.name}:{document.line}" if document.line else document.name
    for number, value in enumerate(formats.read(document, form)):
        if isinstance(value, Refusal):
            done.refused.append(value)
            continue
        if isinstance(value, Item) and value.collection:
            _prepare_item(value, document, done)
            continue
        record = value.record() if isinstance(value, Item) else value
        record = replace(record, source=given.source, centre=given.of(record), visibility=given.visibility)
        try:
            done.prepared.append(prepare(record, held, given.owner, f"{at}#{number}" if number else at))
        except Invalid as error:
            done.refused.append(Refusal(document.name, error.why, document.line))

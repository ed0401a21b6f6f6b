"""Taking documents in: read and prepared by as many processes as there are cores, stored in batches."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.catalogue.documents import Lines, count_hint, files, of_file
from estran.catalogue.inbox import Inbox, LoadReport
from estran.catalogue.portions import Assignment, SmallFile, prepared, size_of
from estran.catalogue.processes import cores, pool, rarely_collecting
from estran.errors import Invalid
from estran.formats import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from estran.catalogue.portions import Lesson, Portion, Task
    from estran.catalogue.store import Store
    from estran.catalogue.store.items import ItemStore

__all__ = ["Assignment", "LoadReport", "Progress", "load"]

# Documents and small files handed to a process at once, and how much work starting processes is worth.
_PORTION = 100
_PORTION_BYTES = 2 << 20
_SMALL_FILE = 256 << 10
_ALONE = 400
# What is given to processes and not yet done; it is in memory twice.
_UNDER_WAY_BYTES = 24 << 20
_MOST_UNDER_WAY = 64
# How often the processes are told of a new dictionary, for each of them.
_TIMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a load is: bytes read of so many in all files, records stored for good."""

    files: int
    bytes: int
    bytes_hint: int
    stored: int


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
    inbox = Inbox(store, items, given, actor)
    meter = _Meter(progress, files, size)
    with rarely_collecting(), closing(inbox):
        for portion in _portions_done(_work(listed, inbox, meter.advance), given, inbox):
            inbox.take(portion)
            meter.show(inbox.report.read)
        inbox.finish()
    meter.show(inbox.report.read)
    return inbox.report


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


def _work(paths: Iterable[Path], inbox: Inbox, advance: Callable[[int], object]) -> Iterator[Task]:
    """What there is to do: small files whole, what is in the others document by document or in blocks."""
    for path, size in files(paths):
        if isinstance(size, Refusal):
            yield size
        elif size <= _SMALL_FILE:
            advance(size)
            yield SmallFile(path, size)
        else:
            for task in of_file(path, size, advance):
                if isinstance(task, Lines) and inbox.is_hopeless(task.name):
                    why = "so many of its lines are no metadata that what follows was not read"
                    yield Refusal(task.name, why, task.line)
                    break
                yield task


def _portions_done(work: Iterator[Task], given: Assignment, inbox: Inbox) -> Iterator[Portion]:
    """Portions in the order of their tasks: the first here, the rest on all cores."""
    portions = _portioned(work)
    done = 0
    for portion in portions:
        result = prepared(portion, given)
        done += len(result.prepared) + len(result.items) + len(result.refused)
        yield result
        if done >= _ALONE:
            break
    else:
        return
    inbox.flush()
    yield from _in_parallel(portions, given, inbox)


def _in_parallel(portions: Iterator[list[Task]], given: Assignment, inbox: Inbox) -> Iterator[Portion]:
    with pool(inbox.declared()) as executor:
        lessons = _Lessons(inbox)
        under_way: deque[tuple[int, Any]] = deque()
        size = 0
        for portion in portions:
            size += (more := sum(map(size_of, portion)))
            under_way.append((more, executor.submit(prepared, portion, given, lessons.next())))
            while size > _UNDER_WAY_BYTES or len(under_way) > _MOST_UNDER_WAY:
                less, done = under_way.popleft()
                size -= less
                yield done.result()
        for _, done in under_way:
            yield done.result()


class _Lessons:
    """What the processes are told of collections that got their dictionary since they began.

    Each lesson goes with so many portions that every process probably hears it; what one that did not hands over
    is packed by the one that stores it.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox, self._told = inbox, set[str]()
        self._lesson: Lesson = ({}, {})
        self._times = 0

    def next(self) -> Lesson | None:
        """What to say with the next portion."""
        if not self._times:
            self._lesson = self._inbox.lesson(besides=self._told)
            self._told.update(self._lesson[0])
            self._times = _TIMES * cores() if self._lesson[0] else 0
        self._times = max(self._times - 1, 0)
        return self._lesson if self._lesson[0] else None


def _portioned(work: Iterator[Task]) -> Iterator[list[Task]]:
    portion: list[Task] = []
    size = 0
    for task in work:
        portion.append(task)
        size += size_of(task)
        if len(portion) >= _PORTION or size >= _PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

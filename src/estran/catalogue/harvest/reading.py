"""Documents of a source into rows: here while they are few, else by as many processes as there are cores."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from estran.catalogue.portions import Portion, prepared_document
from estran.catalogue.processes import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estran.catalogue.items.queryables import Declared
    from estran.catalogue.portions import Assignment
    from estran.formats import Document

__all__ = ["Readers", "read"]

type Named = tuple[str, Document]
"""A document and its key."""

_PORTION, _PORTION_BYTES = 50, 1 << 20
# How many documents starting processes is worth.
_ALONE = 400


def read(documents: Sequence[Named], given: Assignment) -> list[Portion]:
    """What becomes of each document."""
    return [prepared_document(document, given, key) for key, document in documents]


class Readers:
    """Reads documents; processes are started when there is enough to do."""

    def __init__(self, given: Assignment, declared: Callable[[], tuple[Declared, ...]]) -> None:
        self._given, self._declared = given, declared
        self._stack, self._pool, self._done = ExitStack(), None, 0

    def begin(self, documents: Sequence[Named]) -> Callable[[], dict[str, Portion]]:
        """Begin to read documents; calling what it gives waits for their portions, by key."""
        keys = [key for key, _ in documents]
        self._done += len(keys)
        if self._done <= _ALONE:
            done = read(documents, self._given)
            return lambda: dict(zip(keys, done, strict=True))
        if self._pool is None:
            self._pool: Any = self._stack.enter_context(pool(self._declared()))
        waiting = [self._pool.submit(read, part, self._given) for part in _parts(documents)]
        return lambda: dict(zip(keys, (one for part in waiting for one in part.result()), strict=True))

    def close(self) -> None:
        """End the processes."""
        self._stack.close()


def _parts(documents: Sequence[Named]) -> list[list[Named]]:
    parts: list[list[Named]] = []
    size = 0
    for one in documents:
        if not parts or len(parts[-1]) >= _PORTION or size >= _PORTION_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(one)
        size += len(one[1].body)
    return parts

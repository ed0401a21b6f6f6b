"""Facets as trees: the concepts that records use, counted with all that is narrower."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estran.catalogue.marks import CONCEPT
from estran.catalogue.query import Counted
from estran.vocabulary.store.reading import entries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyroaring import BitMap

    from estran.catalogue.meaning import Meaning
    from estran.catalogue.store import View

__all__ = ["Trees"]

_MOST = 15
_DEEPEST = 12


class Trees:
    """The trees of one answer."""

    def __init__(
        self, meaning: Meaning, view: View, count: Callable[[str, str, BitMap], int], chosen: Iterable[str]
    ) -> None:
        """Args: count(field, address, records) counts within the answer; trees are open down to `chosen`."""
        self._meaning, self._view, self._count = meaning, view, count
        self._uses = meaning.uses(view)
        self._open = self._uses.above(chosen)

    def of(self, field: str) -> tuple[Counted, ...]:
        """The tree of a field; empty where nothing that its records use stands in one."""
        used = self._used(field)
        if not used:
            return ()
        tops = self._counted(field, self._uses.tops, used)
        grown = tuple(self._grown(field, top, used, opened=len(tops) == 1, depth=0) for top in tops)
        return self._named(grown)

    def _used(self, field: str) -> frozenset[int]:
        """Numbers of the values of a field that mean concepts."""

        def fetch() -> frozenset[int]:
            fields = (field, f"{CONCEPT}:{field}")
            return frozenset(n for n in self._uses.concepts if self._view.facets.value(n)[0] in fields)

        return self._view.facets.remembered(("used", field), fetch)

    def _grown(self, field: str, one: Counted, used: frozenset[int], *, opened: bool, depth: int) -> Counted:
        # One step is always there, so that it can be unfolded; more only where somebody went.
        deeper = opened or one.uri in self._open
        if depth >= _DEEPEST or (depth > 0 and not deeper):
            return one
        below = self._counted(field, self._uses.narrower(one.uri), used)
        grown = (self._grown(field, other, used, opened=False, depth=depth + 1) for other in below)
        return replace(one, opened=deeper, narrower=tuple(grown))

    def _counted(self, field: str, uris: Iterable[str], used: frozenset[int]) -> list[Counted]:
        """Concepts with their counts, the most frequent first; those that nothing has are left out."""
        found: list[Counted] = []
        for uri in uris:
            bits = self._records(field, uri, used)
            count = self._count(field, uri, bits) if bits else 0
            if count:
                found.append(Counted(uri=uri, count=count))
        return sorted(found, key=lambda one: (-one.count, one.uri))[:_MOST]

    def _records(self, field: str, uri: str, used: frozenset[int]) -> BitMap:
        def fetch() -> BitMap:
            return self._view.facets.carrying(self._meaning.values(self._view, uri) & used)

        return self._meaning.held(self._view, ("tree", field, uri), fetch)

    def _named(self, grown: tuple[Counted, ...]) -> tuple[Counted, ...]:
        uris: set[str] = set()

        def gather(listed: Iterable[Counted]) -> None:
            for one in listed:
                uris.add(one.uri)
                gather(one.narrower)

        gather(grown)
        entries = entries_of(self._view.connection, self._view.engine, uris)

        def labelled(listed: Iterable[Counted]) -> Iterator[Counted]:
            for one in listed:
                entry, below = entries.get(one.uri), tuple(labelled(one.narrower))
                if entry is None:
                    # What is broader may stand in a vocabulary that is not here.
                    yield from below
                else:
                    yield replace(
                        one, label=entry.label, scheme=entry.scheme, local=entry.local, narrower=below
                    )

        return tuple(labelled(grown))

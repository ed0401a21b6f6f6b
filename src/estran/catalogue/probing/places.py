"""Records by centre and source: whose links they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyroaring import BitMap

    from estran.catalogue.index import Facets

__all__ = ["parted", "places"]

_AT_ONCE = 100


def parted(
    facets: Facets, pool: BitMap, centre: str = "", source: str = ""
) -> Iterator[tuple[tuple[str, str], BitMap]]:
    """A set of records by (centre, source), in their order; those of no centre come first."""
    for one in [centre] if centre else ["", *sorted(facets.values("centre"))]:
        inside = (
            pool & facets.of("centre", (one,)) if one else pool - facets.of("centre", facets.values("centre"))
        )
        for name in ([source] if source else sorted(facets.values("source"))) if inside else ():
            if part := inside & facets.of("source", (name,)):
                yield (one, name), part


def places(
    facets: Facets, pool: BitMap, centre: str, source: str, after: Sequence[Any]
) -> Iterator[tuple[tuple[str, str], list[int]]]:
    """The same a few records at a time; from (centre, source, pk) on, the record of that pk included."""
    start = (after[0], after[1]) if after else ("", "")
    for place, part in parted(facets, pool, centre, source):
        if place < start:
            continue
        rank = part.rank(after[2] - 1) if after and place == start else 0
        for first in range(rank, len(part), _AT_ONCE):
            yield place, list(part[first : first + _AT_ONCE])

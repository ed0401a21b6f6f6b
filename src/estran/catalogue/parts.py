"""Records whose documents each tell of a part: what they tell is put together, and nothing known is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estran.catalogue.prepare import Prepared, decode, prepare
from estran.model import Extent, Period, Record, bounds, hull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["grown", "together"]


def grown(batch: Sequence[Prepared], held: Callable[[str, str], Record | None], owner: str) -> list[Prepared]:
    """A batch in which each part also tells what is known of its dataset already, and what came before it.

    Args:
        batch: in the order in which it came.
        held: the record of a source and a key, None where there is none.
        owner: of drafts.
    """
    known: dict[tuple[str, str], Record] = {}
    made: list[Prepared] = []
    for one in batch:
        if not one.is_part:
            made.append(one)
            continue
        coming = replace(
            decode(one.document), source=one.source, centre=one.centre, visibility=one.visibility
        )
        name = (one.source, one.key)
        before = known[name] if name in known else held(*name)
        whole = known[name] = together(before or coming, coming)
        made.append(prepare(whole, one.original, owner, one.key)._replace(is_part=True))
    return made


def together(before: Record, coming: Record) -> Record:
    """What two records of one dataset tell: words of the newer one, variables, people, places and times of both."""
    is_older = _day(coming.revised) < _day(before.revised)
    words, other = (before, coming) if is_older else (coming, before)
    return replace(
        words,
        source=coming.source, centre=coming.centre, visibility=coming.visibility,
        parties=tuple(sorted({*before.parties, *coming.parties}, key=repr)),
        concepts=tuple(sorted({*before.concepts, *coming.concepts}, key=repr)),
        variables=tuple(sorted({*before.variables, *coming.variables}, key=repr)),
        warnings=tuple(dict.fromkeys((*words.warnings, *other.warnings))),
        extent=_extent(before.extent, coming.extent),
    )  # fmt: skip


def _extent(before: Extent, coming: Extent) -> Extent:
    box = hull((*before.boxes, *coming.boxes))
    periods = (*before.periods, *coming.periods)
    starts, ends = [period.start for period in periods], [period.end for period in periods]
    span = Period(min(starts, key=_start), max(ends, key=_end)) if periods else None
    return replace(
        coming,
        boxes=(box,) if box else (),
        periods=(span,) if span else (),
        places=tuple(dict.fromkeys((*before.places, *coming.places))),
        vertical=tuple(dict.fromkeys((*before.vertical, *coming.vertical))),
    )


def _day(date: str) -> int:
    return bounds(date)[0] if date else 0


def _start(date: str) -> tuple[bool, int]:
    """In the order of time; an open start before all others."""
    return (bool(date), bounds(date)[0] if date else 0)


def _end(date: str) -> tuple[bool, int]:
    return (not date, bounds(date)[1] if date else 0)

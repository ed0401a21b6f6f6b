"""How an order is cut: parts that fit in memory and in a mail to nobody, each a file that stands for itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from estran.model import EVER_US, NEVER_US, interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.observations.wide import Standing, WideTable

__all__ = ["MOST", "Part", "about", "parts", "span"]

MOST = 2_000_000
"""Observations of one part, about."""


class Part(NamedTuple):
    """Some datastreams in [start, end), in microseconds since 1970 UTC."""

    datastreams: list[int]
    start: int
    end: int


def span(time: str) -> tuple[int, int]:
    """A question's time as [start, end); everything where it names none."""
    return interval(time) if time else (EVER_US, NEVER_US)


def parts(table: WideTable, start: int, end: int, most: int = MOST) -> list[Part]:
    """The parts of a table: things together as far as they fit, and of what has more than fits a period each."""
    found: list[Part] = []
    group: list[Standing] = []
    heavy = 0
    for one in table.things:
        weight = _weight(one, start, end)
        if not weight:
            continue
        if group and heavy + weight > most:
            found.append(_of(group, start, end))
            group, heavy = [], 0
        if weight > most:
            found += _periods(one, start, end, weight // most + 1)
        else:
            group.append(one)
            heavy += weight
    return [*found, _of(group, start, end)] if group else found


def about(table: WideTable, start: int, end: int) -> int:
    """About how many observations a table has in [start, end)."""
    return sum(_weight(one, start, end) for one in table.things)


def _weight(one: Standing, start: int, end: int) -> int:
    """About how many observations a thing has in [start, end); 0 where it certainly has none."""
    weight = 0
    for stream in one.streams.values():
        if stream.first is None or stream.last is None or stream.first >= end or stream.last < start:
            continue
        share = (min(stream.last + 1, end) - max(stream.first, start)) / (stream.last + 1 - stream.first)
        weight += max(int(stream.count * share), 1)
    return weight


def _of(group: Sequence[Standing], start: int, end: int) -> Part:
    return Part([stream.number for one in group for stream in one.streams.values()], start, end)


def _periods(one: Standing, start: int, end: int, count: int) -> Iterator[Part]:
    first, last = one.span or (start, end)
    start, after = max(start, first), min(end, last + 1)
    edges = [start + (after - start) * n // count for n in range(count)] + [after]
    numbers = [stream.number for stream in one.streams.values()]
    for begin, following in pairwise(edges):
        if following > begin:
            yield Part(numbers, begin, following)

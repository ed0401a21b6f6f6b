"""Boxes on the globe, in degrees of longitude and latitude (WGS 84, CRS84 axis order)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, Self

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BEYOND = 1e300
_POLE = 90.0
_DATE_LINE = 180.0
_TURN = 360.0
# Producers round outwards; a box a little over the edge is theirs, one far over it is an error.
_SLACK = 0.01


class Box(NamedTuple):
    """West, south, east, north in degrees; west > east crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def checked(cls, west: float, south: float, east: float, north: float, where: str = "bbox") -> Self:
        """A box with its corners in order and on the globe.

        Longitudes of 0…360 are brought to −180…180; a span of 360° or more is the whole turn.

        Raises:
            Invalid: a number is not finite, off the globe, or south lies above north.
        """
        # Compared, not converted: JSON has whole numbers that no float holds.
        if not all(-_BEYOND < v < _BEYOND for v in (west, south, east, north)):
            raise Invalid("a corner is not a number; give west,south,east,north in degrees", where)
        if south > north:
            raise Invalid(f"south {south:g} lies above north {north:g}; give west,south,east,north", where)
        if south < -_POLE - _SLACK or north > _POLE + _SLACK:
            raise Invalid(f"latitudes {south:g} and {north:g} must lie between -90 and 90", where)
        if max(abs(west), abs(east)) > _TURN + _SLACK:
            raise Invalid(f"longitudes {west:g} and {east:g} must lie between -180 and 360", where)
        south, north = max(south, -_POLE), min(north, _POLE)
        if east - west >= _TURN - 1e-9:
            return cls(-_DATE_LINE, south, _DATE_LINE, north)
        west, east = _wrapped(west), _wrapped(east, end=True)
        # Ending or starting at the date line is not crossing it.
        east = _DATE_LINE if east == -_DATE_LINE < west else east
        return cls(-_DATE_LINE if west == _DATE_LINE > east else west, south, east, north)

    @classmethod
    def of(cls, given: Box | Sequence[float] | str | None) -> Box | None:
        """A box as callers give it: itself, its numbers or their text; None for none.

        Raises:
            Invalid: as `parse`.
        """
        if isinstance(given, Box):
            return given
        if given is None or given == "":
            return None
        return cls.parse(given if isinstance(given, str) else ",".join(repr(float(v)) for v in given))

    @classmethod
    def parse(cls, text: str, where: str = "bbox") -> Self:
        """A box from "west,south,east,north"; six numbers carry heights, which are left out.

        Raises:
            Invalid: not four or six numbers, or not a box.
        """
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            raise Invalid(
                f"“{text[:80]}” is not a list of numbers; give west,south,east,north", where
            ) from None
        match numbers:
            case [west, south, east, north] | [west, south, _, east, north, _]:
                return cls.checked(west, south, east, north, where)
            case _:
                raise Invalid(f"{len(numbers)} numbers given; give west,south,east,north", where)

    @property
    def crosses(self) -> bool:
        """Whether the box crosses the antimeridian."""
        return self.west > self.east

    def parts(self) -> tuple[Box, ...]:
        """The box itself, or its two halves at the antimeridian."""
        if not self.crosses:
            return (self,)
        return (
            Box(self.west, self.south, _DATE_LINE, self.north),
            Box(-_DATE_LINE, self.south, self.east, self.north),
        )

    def intersects(self, other: Box) -> bool:
        """Whether the two boxes share at least a point."""
        return any(
            a.west <= b.east and b.west <= a.east and a.south <= b.north and b.south <= a.north
            for a in self.parts()
            for b in other.parts()
        )

    def wkt(self) -> str:
        """The box as a WKT polygon, or a multipolygon where it crosses the antimeridian."""
        rings = [
            f"(({p.west:.10g} {p.south:.10g},{p.east:.10g} {p.south:.10g},{p.east:.10g} {p.north:.10g},"
            f"{p.west:.10g} {p.north:.10g},{p.west:.10g} {p.south:.10g}))"
            for p in self.parts()
        ]
        return f"POLYGON{rings[0]}" if len(rings) == 1 else f"MULTIPOLYGON({','.join(rings)})"


def _wrapped(degrees: float, *, end: bool = False) -> float:
    if -_DATE_LINE <= degrees <= _DATE_LINE:
        return degrees
    # Rounded, so that 359.9 becomes -0.1 and not -0.10000000000002274.
    turned = round((degrees + _DATE_LINE) % _TURN - _DATE_LINE, 10)
    return _DATE_LINE if end and turned == -_DATE_LINE else turned


def hull(boxes: Iterable[Box]) -> Box | None:
    """The smallest box around all, crossing the antimeridian where that is narrower; None for no box."""
    listed = list(boxes)
    if not listed:
        return None
    south, north = min(b.south for b in listed), max(b.north for b in listed)
    spans = sorted((p.west, p.east) for b in listed for p in b.parts())
    merged: list[list[float]] = []
    for west, east in spans:
        if merged and west <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], east)
        else:
            merged.append([west, east])
    # The widest empty stretch is left outside; the one over the antimeridian wins a tie.
    outside = merged[0][0] + _TURN - merged[-1][1]
    west, east = merged[0][0], merged[-1][1]
    for left, right in pairwise(merged):
        # Whole-turn records touch both edges: going round is only narrower for a real gap.
        if right[0] - left[1] > outside:
            outside, west, east = right[0] - left[1], right[0], left[1]
    return Box(west, south, east, north)

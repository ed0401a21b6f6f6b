"""A record for observations that came without a description."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from estran.model import Box, Concept, Extent, Period, Record, Text, moment_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.store.registry import HeldDatastream

__all__ = ["described"]

_MOST_STATIONS = 300
_MADE = "made of a table of observations; describe it: title, abstract, people, licence"


def described(name: str, streams: Sequence[HeldDatastream]) -> Record:
    """A record with what the file's name and its datastreams tell."""
    variables = {one.described.variable.name: one.described.variable for one in streams}
    return Record(
        kind="dataset",
        title=Text.of(PurePath(name).name.split(".")[0].replace("_", " ")),
        variables=tuple(variables.values()),
        concepts=_stations(streams),
        extent=_extent(streams),
        warnings=(_MADE,),
    )


def _stations(streams: Sequence[HeldDatastream]) -> tuple[Concept, ...]:
    """The things as keywords, so that the record is found by their names."""
    names = dict.fromkeys(one.described.thing.name or Text.of(one.described.thing.key) for one in streams)
    return tuple(Concept(label=name, role="platform") for name in list(names)[:_MOST_STATIONS] if name)


def _extent(streams: Sequence[HeldDatastream]) -> Extent:
    things = [one.described.thing for one in streams]
    places = [(t.longitude, t.latitude) for t in things if t.longitude is not None and t.latitude is not None]
    xs, ys = [x for x, _ in places], [y for _, y in places]
    firsts = [one.first for one in streams if one.first is not None]
    lasts = [one.last for one in streams if one.last is not None]
    return Extent(
        boxes=(Box(min(xs), min(ys), max(xs), max(ys)),) if places else (),
        periods=(Period(moment_us(min(firsts)), moment_us(max(lasts))),) if firsts else (),
    )

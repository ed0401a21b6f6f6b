"""The newest observation of each datastream, as its row knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["Newest", "Row", "newest"]


class Row(msgspec.Struct, gc=False):
    """What is told of an observation."""

    time: int
    number: int
    until: int | None = None
    value: float | None = None
    words: str | None = None
    result_time: int | None = None


class _Told(msgspec.Struct, gc=False):
    name: str = ""
    observationType: str | None = None  # noqa: N815 - as SensorThings writes it


class Newest(NamedTuple):
    """A datastream and its newest observation.

    Attributes:
        kind: URI of the type of its observations.
        row: None where it has none.
    """

    number: int
    name: str
    kind: str
    row: Row | None


_TOLD, _ROW = msgspec.json.Decoder(_Told).decode, msgspec.json.Decoder(Row).decode


def newest(found: Iterable[Any]) -> list[Newest]:
    """Of (number, told, newest) of datastreams."""
    made: list[Newest] = []
    for number, told, row in found:
        of = _TOLD(told or "{}")
        made.append(Newest(number, of.name, of.observationType or "", _ROW(row) if row else None))
    return made

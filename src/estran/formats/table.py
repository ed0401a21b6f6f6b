"""Tables of observations as text: CSV with any separator, decimal comma, header, and columns in any order.

Each column of numbers is a datastream, one for each station where a column names some. The layout is guessed
from the first lines (see `estran.formats._table.layout`); a row that does not fit is refused with its line.
"""

from __future__ import annotations

import csv
from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._table.layout import Layout, guess, is_missing, number, plain
from estran.formats._table.times import time_us
from estran.formats._text import GZIP, lines, opened
from estran.model import Datastream, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.formats import Document, Observed

__all__ = ["FORMAT", "layout", "observe", "recognise"]

_LIKELY, _PERHAPS = 0.6, 0.52
_TABLES, _TEXTS = {".csv", ".tsv"}, {".txt", ".dat", ".tab", ".asc", ".rdb"}
_HEAD_LINES = 400
_ROWS_AT_ONCE = 50_000
_MOST_REFUSED = 100
_NAN = float("nan")
_HALF_TURN, _POLE = 180.0, 90.0


def recognise(head: bytes, name: str) -> float:
    """Whether a file may be a table: text, by its name."""
    if b"\0" in head and not head.startswith(GZIP):
        return 0.0
    suffixes = {suffix.lower() for suffix in PurePath(name).suffixes}
    return _LIKELY if suffixes & _TABLES else _PERHAPS if suffixes & _TEXTS else 0.0


def layout(document: Document) -> Layout:
    """How a table is understood.

    Raises:
        Invalid: no table of observations is found in it.
    """
    with opened(document) as text:
        return guess(list(lines(text, _HEAD_LINES)), document.name)


def observe(document: Document, known: Layout | None = None, *, moves: bool = False) -> Iterator[Observed]:
    """The datastreams of a table and their values.

    Args:
        document: the table.
        known: how it is laid out, where that need not be guessed.
        moves: whether each observation has its own place, although all in the table may have the same.

    Raises:
        Invalid: no table of observations is found in it.
    """
    found = known or layout(document)
    reading = _Reading(found, document, moves=moves)
    with opened(document) as text:
        deque(lines(text, found.skipped), maxlen=0)
        for row in csv.reader(plain(lines(text), found.separator), delimiter=found.separator):
            yield from reading.take(row)
    yield from reading.finish()


@dataclass(slots=True)
class _Gathered:
    """Values of one datastream, waiting to be handed on."""

    time: list[int] = field(default_factory=list[int])
    value: list[float] = field(default_factory=list[float])
    vertical: list[float] = field(default_factory=list[float])
    place: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    flag: list[str | None] = field(default_factory=list["str | None"])


class _Reading:
    """A table on its way: rows gathered by datastream, handed on in batches."""

    def __init__(self, layout: Layout, document: Document, *, moves: bool) -> None:
        self._layout, self._name, self._moves = layout, document.name, moves
        self._subject = document.subject or PurePath(document.name).name.split(".")[0]
        self._line, self._held, self._refused = layout.skipped, 0, 0
        self._gathered: defaultdict[tuple[str, int], _Gathered] = defaultdict(_Gathered)
        self._known: set[str] = set()
        self._positions = {
            role: layout.of(role) for role in ("station", "clock", "latitude", "longitude", "vertical")
        }
        self._time = layout.of("time")[0].position
        self._values = layout.of("value")
        self._flags = {column.of: column.position for column in layout.of("flag")}
        self._cells = len(layout.columns)

    def take(self, row: Sequence[str]) -> Iterator[Observed]:
        """A row; gives what is ready."""
        self._line += 1
        if not any(cell.strip() for cell in row):
            return
        try:
            self._place(row)
        except Invalid as error:
            self._refused += 1
            if self._refused <= _MOST_REFUSED:
                yield Refusal(self._name, error.why, self._line)
            return
        if self._held >= _ROWS_AT_ONCE:
            yield from self._ready()

    def finish(self) -> Iterator[Observed]:
        """What is left."""
        yield from self._ready()
        if self._refused > _MOST_REFUSED:
            yield Refusal(
                self._name, f"{self._refused - _MOST_REFUSED:,} more rows were refused for such reasons"
            )

    def _place(self, row: Sequence[str]) -> None:
        if len(row) != self._cells:
            raise Invalid(f"the row has {len(row)} cells where {self._cells} columns are named", self._name)
        cells = [cell.strip().strip("'\"").strip() for cell in row]
        if is_missing(cells[self._time]):
            raise Invalid("the row has no time", self._name)
        clock = self._positions["clock"]
        words = (
            f"{cells[self._time]} {cells[clock[0].position].replace('h', ':')}"
            if clock
            else cells[self._time]
        )
        at = time_us(words, self._layout.zone)
        station = next((cells[c.position] for c in self._positions["station"] if cells[c.position]), "")
        vertical = self._number(cells, "vertical")
        longitude, latitude = self._number(cells, "longitude"), self._number(cells, "latitude")
        broken = ""
        for column in self._values:
            text = cells[column.position]
            if is_missing(text):
                continue
            value = number(text, self._layout.decimal)
            if value is None:
                broken = broken or f"“{text[:40]}” in “{column.name}” is no number"
                continue
            held = self._gathered[(station, column.position)]
            held.time.append(at)
            held.value.append(value)
            held.vertical.append(vertical if vertical is not None else 0.0)
            held.place.append(
                (
                    longitude if longitude is not None else float("nan"),
                    latitude if latitude is not None else float("nan"),
                )
            )
            flag = self._flags.get(column.position)
            held.flag.append(None if flag is None else cells[flag] or None)
            self._held += 1
        if broken:
            # What stands beside it, before or behind, is kept.
            raise Invalid(broken, self._name)

    def _number(self, cells: Sequence[str], role: str) -> float | None:
        column = next(iter(self._positions[role]), None)
        return number(cells[column.position], self._layout.decimal) if column else None

    def _ready(self) -> Iterator[Observed]:
        import numpy as np  # noqa: PLC0415 - heavy

        for (station, position), held in self._gathered.items():
            places = set(held.place)
            stream = self._stream(station, position, places)
            if stream.key not in self._known:
                self._known.add(stream.key)
                yield stream
            moves = self._moves or len(places) > 1
            place = np.array(held.place)
            yield Rows(
                datastream=stream.key, time=np.array(held.time, np.int64), value=np.array(held.value),
                vertical=np.array(held.vertical) if self._positions["vertical"] else None,
                longitude=place[:, 0] if moves else None, latitude=place[:, 1] if moves else None,
                flag=held.flag if any(held.flag) else None,
            )  # fmt: skip
        self._gathered.clear()
        self._held = 0

    def _stream(self, station: str, position: int, places: set[tuple[float, float]]) -> Datastream:
        column = self._layout.columns[position]
        vertical = next(iter(self._positions["vertical"]), None)
        place = next(iter(places)) if len(places) == 1 and not self._moves else (_NAN, _NAN)
        is_placed = abs(place[0]) <= _HALF_TURN and abs(place[1]) <= _POLE
        thing = station or self._subject
        return Datastream(
            key=f"{thing}/{column.name}",
            thing=Thing(
                key=thing, name=Text.of(thing),
                longitude=place[0] if is_placed else None, latitude=place[1] if is_placed else None,
            ),
            variable=Variable(name=column.name, label=Text.of(column.name), unit=column.unit),
            sampling="timeSeriesProfile" if vertical else "timeSeries",
            vertical=Variable(name=vertical.name, unit=vertical.unit) if vertical else None,
            flags="producer" if position in self._flags else "",
        )  # fmt: skip


FORMAT = Format(
    name="table",
    title="Table of observations",
    media_types=("text/csv", "text/tab-separated-values"),
    recognise=recognise,
    observe=observe,
    explain=lambda document: layout(document).told(),
    suffix=".csv",
)

"""Tables of observations as text: CSV with any separator, decimal comma, header, and columns in any order.

Each column of numbers is a datastream, one for each station where a column names some. The layout is described beside
the table (see `estran.formats._table.described`), or guessed from its first lines (`guessing`); a row that does not
fit is refused with its line.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._packed import PACKED
from estran.formats._table.cells import rows
from estran.formats._table.described import description, laid_out
from estran.formats._table.guessing import guess
from estran.formats._table.reading import Row, RowReader
from estran.formats._text import MARKS, lines, opened
from estran.model import Datastream, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.formats import Document, Observed
    from estran.formats._table.layout import Layout

__all__ = ["FORMAT", "layout", "observe", "recognise"]

_LIKELY, _PERHAPS = 0.6, 0.52
_TABLES, _TEXTS = {".csv", ".tsv", ".psv"}, {".txt", ".dat", ".tab", ".asc", ".rdb"}
_HEAD_LINES, _HEAD_LETTERS = 400, 8_000_000
_ROWS_AT_ONCE = 50_000
_MOST_REFUSED = 100
_NAN = float("nan")
_HALF_TURN, _POLE = 180.0, 90.0


def recognise(head: bytes, name: str) -> float:
    """Whether a file may be a table: text, by its name."""
    if b"\0" in head and not head.startswith((*PACKED, *MARKS)):
        return 0.0
    suffixes = {suffix.lower() for suffix in PurePath(name).suffixes}
    return _LIKELY if suffixes & _TABLES else _PERHAPS if suffixes & _TEXTS else 0.0


def layout(document: Document) -> Layout:
    """How a table is understood.

    Raises:
        Invalid: no table of observations is found in it.
    """
    said = description(document.path)
    with opened(document) as text:
        first = _first(lines(text, _HEAD_LINES))
        return laid_out(said, first, document.name) if said else guess(first, document.name)


def _first(found: Iterator[str]) -> list[str]:
    """The first lines, fewer of them where they are as long as books."""
    held, size = list[str](), 0
    for line in found:
        held.append(line)
        size += len(line)
        if size > _HEAD_LETTERS:
            break
    return held


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
        for number, cells in rows(lines(text), found.separator):
            yield from reading.take(found.skipped + number, cells)
    yield from reading.finish()


class _Of(NamedTuple):
    """What values are of: those alike are of one datastream."""

    station: str
    position: int
    variable: str
    unit: str


@dataclass(slots=True)
class _Gathered:
    """Values of one datastream, waiting to be handed on."""

    time: list[int] = field(default_factory=list[int])
    value: list[float] = field(default_factory=list[float])
    vertical: list[float] = field(default_factory=list[float])
    place: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    until: list[int | None] = field(default_factory=list["int | None"])
    flag: list[str | None] = field(default_factory=list["str | None"])
    elevation_m: float | None = None


class _Reading:
    """A table on its way: rows gathered by datastream, handed on in batches."""

    def __init__(self, layout: Layout, document: Document, *, moves: bool) -> None:
        self._layout, self._name, self._moves = layout, document.name, moves
        self._row = RowReader(layout, document.name)
        self._subject = document.subject or layout.about.station or PurePath(document.name).name.split(".")[0]
        self._held = self._refused = 0
        self._gathered: defaultdict[_Of, _Gathered] = defaultdict(_Gathered)
        self._known: dict[str, _Of] = {}

    def take(self, number: int, cells: Sequence[str]) -> Iterator[Observed]:
        """A row and the number of its line; gives what is ready."""
        try:
            self._place(self._row.read(cells))
        except Invalid as error:
            self._refused += 1
            if self._refused <= _MOST_REFUSED:
                yield Refusal(self._name, error.why, number)
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

    def _place(self, row: Row | None) -> None:
        if row is None:
            return
        for position, value, flag in row.values:
            held = self._gathered[_Of(row.station, position, row.variable, row.unit)]
            held.time.append(row.at)
            held.value.append(value)
            held.vertical.append(row.vertical)
            held.place.append(row.place)
            held.until.append(row.until)
            held.flag.append(flag)
            held.elevation_m = row.elevation_m
            self._held += 1
        if row.broken:
            # What stands beside it, before or behind, is kept.
            raise Invalid(row.broken, self._name)

    def _ready(self) -> Iterator[Observed]:
        import numpy as np  # noqa: PLC0415 - heavy

        for of, held in self._gathered.items():
            places = set(held.place)
            stream = self._stream(of, held, places)
            if stream.key not in self._known:
                self._known[stream.key] = of
                yield stream
            moves = self._moves or len(places) > 1
            place = np.array(held.place)
            yield Rows(
                datastream=stream.key, time=np.array(held.time, np.int64), value=np.array(held.value),
                vertical=np.array(held.vertical) if stream.vertical else None,
                until=held.until if any(held.until) else None,
                longitude=place[:, 0] if moves else None, latitude=place[:, 1] if moves else None,
                flag=held.flag if any(held.flag) else None,
            )  # fmt: skip
        self._gathered.clear()
        self._held = 0

    def _stream(self, of: _Of, held: _Gathered, places: set[tuple[float, float]]) -> Datastream:
        column = self._layout.columns[of.position]
        vertical = next(iter(self._layout.of("vertical")), None)
        place = next(iter(places)) if len(places) == 1 and not self._moves else (_NAN, _NAN)
        is_placed = abs(place[0]) <= _HALF_TURN and abs(place[1]) <= _POLE
        thing, name = of.station or self._subject, of.variable or column.name
        key = f"{thing}/{name}"
        if self._known.get(key, of) != of:
            # One name for two: a variable that comes in another unit is another series.
            key = f"{key} [{of.unit}]" if of.unit else f"{key} ({column.name})"
        return Datastream(
            key=key,
            thing=Thing(
                key=thing, name=Text.of(thing), elevation_m=held.elevation_m,
                longitude=place[0] if is_placed else None, latitude=place[1] if is_placed else None,
            ),
            variable=Variable(
                name=name, label=Text.of(name), unit=of.unit or column.unit, standard_name=column.standard_name,
                uri=column.uri,
            ),
            sampling="timeSeriesProfile" if vertical else "timeSeries",
            vertical=Variable(name=vertical.name, unit=vertical.unit) if vertical else None,
            flags="producer" if self._row.is_flagged(of.position) else "",
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

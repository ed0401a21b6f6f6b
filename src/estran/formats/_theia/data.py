"""The data files of Theia/OZCAR's pivot: remarks, names of columns, then a line for each value.

The columns are ``dateBeg;dateEnd;latitude;longitude;altitude;value;qualityFlags`` and those that the pivot adds. A
value without ``dateBeg`` is of the instant ``dateEnd``; one with both stands for the time between.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from estran.errors import Invalid
from estran.formats import Refusal, Rows
from estran.formats._text import lines
from estran.model import instant_us

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MEASURED", "Reading", "is_data"]

MEASURED = "value"
_REMARKS = (b"#date_of_extraction", b"#observation_id", b"#dataset_title", b"#variable_name")
_COLUMNS = b"datebeg;dateend;"
_ROWS_AT_ONCE = 50_000
_MOST_REFUSED, _MOST_REMARKS = 100, 1000
_POLE, _TURN = 90.0, 360.0


def is_data(head: bytes) -> bool:
    """Whether a file is such a data file, by its first lines."""
    plain = head[:4096].removeprefix(b"\xef\xbb\xbf").replace(b" ", b"").replace(b'"', b"").lower()
    return plain.startswith(_REMARKS) or plain.startswith(_COLUMNS) or b"\n" + _COLUMNS in plain


@dataclass(slots=True)
class _Batch:
    time: list[int] = field(default_factory=list[int])
    until: list[int] = field(default_factory=list[int])
    place: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    flag: list[str | None] = field(default_factory=list["str | None"])
    cells: list[list[float | str | None]] = field(default_factory=list[list[float | str | None]])


class Reading:
    """One data file on its way.

    Args:
        name: for messages.
        streams: key of the datastream of each column that has one, by the column's name.
        texts: whether the values are words.
        missing: what stands where there is no value.
        fixed: place of the station, None where it has none.
    """

    def __init__(
        self,
        name: str,
        streams: dict[str, str],
        *,
        texts: bool,
        missing: str,
        fixed: tuple[float, float] | None,
    ) -> None:
        self._name, self._streams, self._texts, self._fixed = name, streams, texts, fixed
        self._missing = {missing.strip(), "", "nan", "na", "null"}
        self._missing_number = _number(missing)
        self._names: list[str] = []
        self._by_level: bool | None = None
        self._refused = 0

    def rows(self, text: IO[str]) -> Iterator[Rows | Refusal]:
        """All of the file."""
        batch = _Batch()
        self._refused = 0
        for number, line in enumerate(lines(text), 1):
            row = _cells(line)
            if not any(cell.strip() for cell in row) or row[0].startswith("#"):
                continue
            if not self._names:
                self._names = [cell.strip().lower() for cell in row]
                if not {"dateend", MEASURED} <= {*self._names}:
                    named = ";".join(row)[:80]
                    yield Refusal(self._name, f"its columns are not those of a data file: “{named}”", number)
                    return
                continue
            try:
                self._take(row, batch)
            except Invalid as error:
                self._refused += 1
                if self._refused <= _MOST_REFUSED:
                    yield Refusal(self._name, error.why, number)
            if len(batch.time) >= _ROWS_AT_ONCE:
                yield from self._ready(batch)
                batch = _Batch()
        yield from self._ready(batch)
        if not self._names:
            yield Refusal(self._name, "it names no columns")
        if self._refused > _MOST_REFUSED:
            yield Refusal(
                self._name, f"{self._refused - _MOST_REFUSED:,} more rows were refused for such reasons"
            )

    def _take(self, row: Sequence[str], batch: _Batch) -> None:
        cells = {name: cell.strip() for name, cell in zip(self._names, row, strict=False)}
        if len(row) < self._names.index(MEASURED) + 1:
            raise Invalid(
                f"the row has {len(row)} cells where {len(self._names)} columns are named", self._name
            )
        end, begin = cells.get("dateend", ""), cells.get("datebeg", "")
        if not end and not begin:
            raise Invalid("the row has no time", self._name)
        until = instant_us(end or begin, "dateEnd")
        since = instant_us(begin, "dateBeg") if begin else until
        if since > until:
            raise Invalid(f"the row ends before it begins: {begin}, {end}", self._name)
        found = [self._value(cells.get(column.lower(), ""), column) for column in self._streams]
        batch.time.append(since)
        batch.until.append(until)
        batch.place.append(tuple(_number(cells.get(n, "")) for n in ("longitude", "latitude", "altitude")))  # type: ignore[arg-type]
        batch.flag.append(cells.get("qualityflags") or None)
        batch.cells.append(found)

    def _value(self, cell: str, column: str) -> float | str | None:
        if cell.lower() in self._missing or cell in self._missing:
            return None
        if self._texts and column == MEASURED:
            return cell
        value = _number(cell)
        if value != value:  # noqa: PLR0124 - no number
            if column == MEASURED:
                raise Invalid(f"“{cell[:40]}” is no number", self._name)
            return None
        return None if value == self._missing_number else value

    def _ready(self, batch: _Batch) -> Iterator[Rows]:
        if not batch.time:
            return
        time, until = np.array(batch.time, np.int64), np.array(batch.until, np.int64)
        place = np.array(batch.place, np.float64)
        if self._by_level is None:
            level = place[:, 2][np.isfinite(place[:, 2])]
            self._by_level = len(np.unique(level)) > 1
        moves = self._moves(place)
        for n, (column, key) in enumerate(self._streams.items()):
            cells = [row[n] for row in batch.cells]
            own = np.array([cell is not None for cell in cells])
            if self._by_level:
                own &= np.isfinite(place[:, 2])
            if not own.any():
                continue
            words = self._texts and column == MEASURED
            kept = [cell for cell, is_own in zip(cells, own, strict=True) if is_own]
            yield Rows(
                datastream=key, time=time[own], until=until[own] if (until > time).any() else None,
                value=None if words else np.array(kept, np.float64),
                words=[str(cell) for cell in kept] if words else None,
                vertical=place[own, 2] if self._by_level else None,
                longitude=place[own, 0] if moves else None, latitude=place[own, 1] if moves else None,
                flag=[f for f, is_own in zip(batch.flag, own, strict=True) if is_own] if any(batch.flag) else None,
            )  # fmt: skip

    def _moves(self, place: np.ndarray) -> bool:
        """Whether rows were made elsewhere than where the station stands."""
        on_globe = (np.abs(place[:, 1]) <= _POLE) & (np.abs(place[:, 0]) <= _TURN)
        if not on_globe.any():
            return False
        if self._fixed is None:
            return True
        apart = np.abs(place[on_globe, :2] - np.array(self._fixed))
        return bool((apart > 1e-3).any())  # noqa: PLR2004 - a hundred metres


def _cells(line: str) -> list[str]:
    """The cells of a line; of one that is quoted wrongly, what stands between its signs."""
    if '"' not in line:
        return line.rstrip("\r\n").split(";")
    try:
        return next(csv.reader([line], delimiter=";"), [])
    except csv.Error:
        return line.split(";")


def _number(text: str) -> float:
    """A number with a point or a comma, NaN for what is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")

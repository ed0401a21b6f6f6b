"""Rows of an ERDDAP table as datastreams and their values."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.formats import Refusal, Rows
from estran.model import Datastream, Text, Thing
from estran.observations.remote.sensing import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.remote.columns import Measured, TableColumns

__all__ = ["Reading"]

_NOTHING = ("", "NaN", "nan", "null")
_NO_TIME = np.iinfo(np.int64).min
_TOLD = 5
_POLE, _TURN, _NEAR = 90.0, 360.0, 0.1


@dataclass(slots=True)
class Reading:
    """Reads the answers of one visit.

    Attributes:
        columns: what they are; name: of the table; address: where it is.
        places: where things stand, by name; None where they move, so that each row says where it is.
        count: rows of the last answer; newest: the latest time of all.
    """

    columns: TableColumns
    name: str
    address: str
    places: Mapping[str, set[tuple[float, float]]] | None
    count: int = 0
    newest: int | None = None
    refused: Counter[str] = field(default_factory=Counter[str])
    labels: dict[str, str] = field(default_factory=dict[str, str])

    def streams(self) -> Iterator[Datastream]:
        """The datastreams that are known without a look at the rows."""
        for thing in self.places or {"": set[tuple[float, float]]()}:
            for one in self.columns.measured:
                yield self._stream(thing, one, "")

    def read(self, body: bytes) -> Iterator[Datastream | Rows]:
        """The datastreams and values of an answer in CSV.

        Raises:
            Invalid: it is none.
        """
        table = self._parsed(body)
        self.count = table.num_rows
        time = self._times(table)
        good = time != _NO_TIME
        if good.any():
            newest = int(time[good].max())
            self.newest = newest if self.newest is None else max(self.newest, newest)
        things, names = self._things(table)
        x, y = (self._place(table, name) for name in (self.columns.longitude, self.columns.latitude))
        wrong = (np.abs(x) > _TURN) | (np.abs(y) > _POLE)
        if wrong.any():
            self.refused["the place is none of the Earth"] += int(wrong.sum())
            good &= ~wrong
        levels = {name: self._numbers(table, name, ()) for name in self.columns.verticals}
        for one in self.columns.measured:
            value, texts = self._values(table, one)
            there = self._is_there(table, one, value, texts) & good
            flags = self._flags(table, one)
            for number in np.unique(things[there]).tolist():
                own = np.flatnonzero(there & (things == number))
                for axis, part in _by_level(levels, own):
                    stream = self._stream(names[number], one, axis)
                    yield stream
                    explicit = self._says_where(names[number])
                    yield Rows(
                        datastream=stream.key, time=time[part], value=None if value is None else value[part],
                        words=None if texts is None else [texts[n] for n in part.tolist()],
                        vertical=levels[axis][part] if axis else None,
                        longitude=x[part] if explicit else None, latitude=y[part] if explicit else None,
                        flag=None if flags is None else [flags[n] for n in part.tolist()],
                    )  # fmt: skip

    def refusals(self) -> Iterator[Refusal]:
        """What could not be read."""
        for why, count in self.refused.items():
            yield Refusal(self.address, f"{count:,} rows were left out: {why}")

    # Columns

    def _parsed(self, body: bytes) -> pa.Table:
        csv: Any = import_module("pyarrow.csv")
        import pyarrow as pa  # noqa: PLC0415 - heavy

        wanted = self.columns.wanted
        broken: list[int] = []

        def broke(row: Any) -> str:
            broken.append(row.number or 0)
            return "skip"

        try:
            found = csv.read_csv(
                io.BytesIO(body),
                read_options=csv.ReadOptions(skip_rows_after_names=1),
                parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=broke),
                convert_options=csv.ConvertOptions(
                    include_columns=list(wanted), column_types=dict.fromkeys(wanted, pa.string()),
                    strings_can_be_null=False,
                ),
            )  # fmt: skip
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise Invalid(
                f"its rows are no CSV that could be read ({str(error)[:200]})", self.address
            ) from None
        if broken:
            self.refused["they do not have as many cells as there are columns"] += len(broken)
        return found.combine_chunks()

    def _times(self, table: pa.Table) -> NDArray[np.int64]:
        """Microseconds since 1970, the lowest number where there is no time."""
        import pyarrow as pa  # noqa: PLC0415

        texts = table[self.columns.time]
        try:
            made = texts.cast(pa.timestamp("us", "UTC"))
            return made.cast(pa.int64()).to_numpy().copy()
        except pa.ArrowInvalid:
            read = [span(text) for text in texts.to_pylist()]
        bad = sum(at is None for at in read)
        self.refused["their time is none"] += bad
        return np.array([_NO_TIME if at is None else at[0] for at in read], np.int64)

    def _numbers(self, table: pa.Table, name: str, missing: tuple[float, ...]) -> NDArray[np.float64]:
        """Numbers of a column, NaN for what is missing."""
        import pyarrow as pa  # noqa: PLC0415

        pc: Any = import_module("pyarrow.compute")
        texts = table[name]
        plain = pc.if_else(pc.is_in(texts, pa.array(_NOTHING)), None, texts)
        try:
            found = plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            found = np.array([self._number(text) for text in plain.to_pylist()], np.float64)
        found = np.array(found, np.float64)
        for one in missing:
            # What is told as 32 bits is compared as such.
            found[(found == one) | (found.astype(np.float32) == np.float32(one))] = np.nan
        return found

    def _number(self, text: str | None) -> float:
        if text is None:
            return np.nan
        try:
            return float(text)
        except ValueError:
            self.refused[f"“{text[:40]}” is no number"] += 1
            return np.nan

    def _place(self, table: pa.Table, name: str) -> NDArray[np.float64]:
        return self._numbers(table, name, ()) if name else np.full(table.num_rows, np.nan)

    def _values(
        self, table: pa.Table, one: Measured
    ) -> tuple[NDArray[np.float64] | None, list[str | None] | None]:
        if one.kind == "measurement":
            return self._numbers(table, one.name, one.missing), None
        return None, [text or None for text in table[one.name].to_pylist()]

    def _is_there(
        self,
        table: pa.Table,
        one: Measured,
        value: NDArray[np.float64] | None,
        texts: list[str | None] | None,
    ) -> NDArray[np.bool_]:
        """Whether each row has an observation of a column."""
        if one.there:
            return np.array([text not in _NOTHING for text in table[one.there].to_pylist()], bool)
        if value is not None:
            return ~np.isnan(value)
        return np.array([text is not None for text in texts or ()], bool)

    def _flags(self, table: pa.Table, one: Measured) -> list[str | None] | None:
        """Flags as their scheme writes them: whole numbers as such, however the server does."""
        if not one.flag:
            return None
        found: list[str | None] = []
        for text in table[one.flag].to_pylist():
            plain = text.removesuffix(".0") if text[:1].isdigit() else text
            found.append(None if plain in _NOTHING else plain)
        return found

    def _things(self, table: pa.Table) -> tuple[NDArray[np.int64], list[str]]:
        """Which thing each row is of, and their names."""
        if not self.columns.platform:
            return np.zeros(table.num_rows, np.int64), [""]
        coded: Any = table[self.columns.platform].combine_chunks()
        coded = coded.dictionary_encode() if hasattr(coded, "dictionary_encode") else coded
        names = [str(name) for name in coded.dictionary.to_pylist()]
        if self.columns.label:
            said = table[self.columns.label].to_pylist()
            codes = coded.indices.to_numpy(zero_copy_only=False)
            firsts = np.unique(codes, return_index=True)
            for code, first in zip(*(part.tolist() for part in firsts), strict=True):
                self.labels[names[code]] = said[first]
        return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), names

    # Datastreams

    def _says_where(self, thing: str) -> bool:
        """Whether rows of a thing say where they were made: it moves, or stood at several places."""
        if not self.columns.longitude:
            return False
        return self.places is None or len(self.places.get(thing, ())) != 1

    def _stream(self, thing: str, one: Measured, axis: str) -> Datastream:
        of = self._thing(thing)
        columns = self.columns
        return Datastream(
            key=f"{of.key}/{one.name}{f' by {axis}' if axis else ''}", thing=of, variable=one.variable, kind=one.kind,
            sampling=columns.sampling or ("timeSeries" if of.longitude is not None else "trajectory"),
            cell_method=one.cell_method, vertical=columns.vertical(axis) if axis else None,
            flags=one.scheme, flag_meanings=one.meanings,
        )  # fmt: skip

    def _thing(self, name: str) -> Thing:
        held = sorted((self.places or {}).get(name, ()))
        x, y = held[0] if held and _is_one_place(held) else (None, None)
        label = self.labels.get(name, "")
        return Thing(
            key=name or self.name, name=Text.of(label if label != name else ""), longitude=x, latitude=y
        )


def _is_one_place(held: Sequence[tuple[float, float]]) -> bool:
    """Whether places are so near to each other that a thing stands there, and was moved a little."""
    xs, ys = zip(*held, strict=True)
    return max(xs) - min(xs) < _NEAR and max(ys) - min(ys) < _NEAR


def _by_level(
    levels: Mapping[str, NDArray[np.float64]], rows: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Rows by the column that tells their third coordinate, "" for those that have none."""
    left = rows
    for name, values in levels.items():
        told = ~np.isnan(values[left])
        if told.any():
            yield name, left[told]
            left = left[~told]
    if len(left):
        yield "", left

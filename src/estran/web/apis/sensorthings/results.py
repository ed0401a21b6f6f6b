"""Observations in other forms, streamed however many they are: data arrays and CSV; GeoJSON of any entities."""

from __future__ import annotations

import csv
import io
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from estran.errors import Invalid
from estran.observations.entities import KINDS, Query
from estran.observations.observing import key_of
from estran.observations.rows import entities, flagged, id_of
from estran.observations.store.columns import array
from estran.web.apis.sensorthings.answers import self_link
from estran.web.problems import NotOffered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from estran.observations.entities import Order
    from estran.observations.observing import Observing
    from estran.observations.sensing import Sensing
    from estran.observations.store.sensing import Observed
    from estran.web.apis.sensorthings.asking import Options

__all__ = ["COMPONENTS", "Portions", "csv_of_entities", "csv_rows", "data_array", "features"]

COMPONENTS = ("id", "phenomenonTime", "resultTime", "result", "resultQuality")
_SECOND_US = 1_000_000
_SAID = frozenset({"validTime", "parameters"})
_CSV_COLUMNS = {"resultQuality": ("resultQuality/flag", "resultQuality/quality")}


class Part(NamedTuple):
    """Some of the observations that are wanted.

    Attributes:
        rows: with their ``quality``.
        known: what is needed to tell them, by their datastream; said: what is said beside their rows, by their id.
    """

    rows: pa.Table
    known: Mapping[int, Observed]
    said: Mapping[int, dict[str, Any]]


class Portions:
    """All observations that are wanted, or the first of them, a portion at a time.

    Attributes:
        after: once they were given, what names the last of them where more follow than were asked for.

    Raises:
        Invalid: they are wanted in an order in which they cannot be streamed, and are too many to be sorted.
    """

    def __init__(self, sensing: Sensing, query: Query, options: Options) -> None:
        self._sensing, self._query, self._options = sensing, query, options
        self.after: tuple[Any, ...] | None = None

    def __iter__(self) -> Iterator[Part]:
        """They; none where none is wanted."""
        query, options = self._query, self._options
        if options.top == 0:
            return
        asked, known = self._sensing.observing(query)
        wants_said = not _SAID.isdisjoint(options.select)
        for rows in self._rows(asked):
            yield Part(asked.judged(rows), known, asked.said(rows) if wants_said else {})

    def _rows(self, asked: Observing) -> Iterator[pa.Table]:
        query, top = self._query, self._options.top
        if not _as_they_lie(query.order, asked):
            most = top if top is not None else max(asked.count() - query.skip, 1)
            rows, self.after = asked.first(query.order, query.skip, most, query.after)
            yield rows
            return
        skip, left = query.skip, top
        last: pa.Table | None = None
        for rows in asked.lying(query.after):
            if skip >= rows.num_rows:
                skip -= rows.num_rows
                continue
            if left == 0 and last is not None:
                self.after = key_of(last)
                return
            part = rows.slice(skip, left)
            is_more = left is not None and rows.num_rows - skip > left
            skip, last = 0, part
            yield part
            if is_more:
                self.after = key_of(part)
                return
            left = None if left is None else left - part.num_rows


def _as_they_lie(order: Sequence[Order], asked: Observing) -> bool:
    """Whether the order that is wanted is the one in which they lie: of one datastream that of time."""
    if not order:
        return True
    first = order[0]
    is_time = getattr(first.by, "steps", ()) == ("phenomenonTime",) and not first.descending
    return is_time and len(asked.extents) <= 1


def _chosen(options: Options) -> tuple[str, ...]:
    if options.expand:
        raise NotOffered("Of data arrays and CSV nothing can be expanded; leave $expand out.")
    names = options.select or COMPONENTS
    if wrong := [name for name in names if name in KINDS["Observations"].links]:
        raise Invalid(
            f"“{wrong[0]}” is no column; there are {', '.join(KINDS['Observations'].properties)}", "$select"
        )
    return tuple(names)


def data_array(
    parts: Iterable[Part], options: Options, root: str, count: int | None, following: Callable[[], str]
) -> Iterator[bytes]:
    """Data arrays: one for each datastream; behind them the address of what follows, once it is known."""
    names = _chosen(options)
    components = msgspec.json.encode(names)
    yield b"{" + (b'"@iot.count":%d,' % count if count is not None else b"") + b'"value":['
    current, held = -1, 0
    for whole in parts:
        streams = array(whole.rows, "datastream")
        starts = np.flatnonzero(np.append(True, streams[1:] != streams[:-1])) if len(streams) else []
        for start, end in zip(starts, [*starts[1:], len(streams)], strict=True):
            stream, part = int(streams[start]), whole._replace(rows=whole.rows.slice(start, end - start))
            if stream != current:
                if current >= 0:
                    yield b'],"dataArray@iot.count":%d},' % held
                link = msgspec.json.encode(self_link(root, "Datastreams", stream))
                yield b'{"Datastream@iot.navigationLink":%b,"components":%b,"dataArray":[' % (
                    link,
                    components,
                )
                current, held = stream, 0
            yield (b"," if held else b"") + _arrays(part, names)
            held += part.rows.num_rows
    yield (b'],"dataArray@iot.count":%d}' % held if current >= 0 else b"") + b"]"
    link = following()
    yield (b',"@iot.nextLink":%b}' % msgspec.json.encode(link)) if link else b"}"


def _arrays(part: Part, names: Sequence[str]) -> bytes:
    """Rows as JSON arrays with commas between."""
    columns = [_json_column(part, name) for name in names]
    parts: list[Any] = ["["]
    for n, column in enumerate(columns):
        parts += [",", column] if n else [column]
    return _lines([*parts, "]"], part.rows.num_rows, ",")


def _lines(parts: Sequence[Any], count: int, sign: str) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    pc: Any = import_module("pyarrow.compute")
    joined = pc.binary_join_element_wise(*parts, "")
    if isinstance(joined, pa.ChunkedArray):
        joined = joined.combine_chunks()
    whole = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), joined), sign)
    return whole[0].as_buffer().to_pybytes()


def _json_column(part: Part, name: str) -> Any:
    """A column as the JSON of each value."""
    rows, known = part.rows, part.known
    pc: Any = import_module("pyarrow.compute")
    match name:
        case "id":
            return _text(id_of(rows))
        case "phenomenonTime":
            return _quoted(_times_of(rows))
        case "resultTime":
            times = _instants(array(rows, "result_time"))
            return pc.if_else(rows["result_time"].combine_chunks().is_null(), "null", _quoted(times))
        case "result" if _is_plain(rows, known):
            value = rows["value"].combine_chunks()
            return pc.fill_null(value.cast("string"), "null")
        case "resultQuality":
            return _of_flags(rows, lambda flag, quality: _json(flagged(flag, quality)))
        case _:
            told = [one.told.get(name) for one in entities(*part)]
            return _array([_json(value) for value in told])


def _is_plain(rows: pa.Table, known: Mapping[int, Observed]) -> bool:
    """Whether all results are numbers that are written as such."""
    if rows["words"].null_count < rows.num_rows:
        return False
    return not any(
        known[int(stream)].kind.endswith("OM_TruthObservation")
        for stream in np.unique(array(rows, "datastream"))
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _array(texts: Sequence[str]) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.array(texts, pa.string())


def _of_flags(rows: pa.Table, write: Callable[[str | None, int], str]) -> Any:
    """What is written of the flag and the quality of each; what is alike is written once."""
    flags = rows["flag"].combine_chunks().dictionary_encode()
    words: list[str | None] = [*flags.dictionary.to_pylist(), None]
    index = np.asarray(flags.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False), np.int64)
    pairs, of = np.unique(index * 16 + rows["quality"].to_numpy(), return_inverse=True)
    return _array([write(words[pair // 16], pair % 16) for pair in pairs.tolist()]).take(_array_of(of))


def _array_of(numbers: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.array(numbers)


def _text(numbers: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return _array_of(numbers).cast(pa.string())


def _quoted(texts: Any) -> Any:
    pc: Any = import_module("pyarrow.compute")
    return pc.binary_join_element_wise('"', texts, '"', "")


def _times_of(rows: pa.Table) -> Any:
    """Instants; intervals where there are any."""
    pc: Any = import_module("pyarrow.compute")
    start = _instants(array(rows, "time"))
    until = rows["until"].combine_chunks()
    if until.null_count == len(until):
        return start
    interval = pc.binary_join_element_wise(start, "/", _instants(array(rows, "until")), "")
    return pc.if_else(until.is_null(), start, interval)


def _instants(us: Any) -> Any:
    """ISO 8601 of microseconds since 1970 UTC."""
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    unit = "us" if (us % _SECOND_US).any() else "s"
    told = pa.array(us, pa.timestamp("us")).cast(pa.timestamp(unit)).cast(pa.string())
    return pc.binary_join_element_wise(pc.utf8_replace_slice(told, 10, 11, "T"), "Z", "")


def csv_rows(parts: Iterable[Part], options: Options) -> Iterator[bytes]:
    """A table of observations, one a line; which datastream each is of stands in the last column."""
    names = [column for name in _chosen(options) for column in _CSV_COLUMNS.get(name, (name,))]
    yield (",".join([*names, "Datastream/id"]) + "\r\n").encode()
    for part in parts:
        if (rows := part.rows).num_rows:
            columns = [_csv_column(part, name) for name in names]
            pieces = [piece for column in columns for piece in (column, ",")]
            yield _lines([*pieces, _text(array(rows, "datastream"))], rows.num_rows, "\r\n") + b"\r\n"


def _csv_column(part: Part, name: str) -> Any:  # noqa: PLR0911 - a property each
    """A column as the cell of each value."""
    rows, known = part.rows, part.known
    pc: Any = import_module("pyarrow.compute")
    match name:
        case "id":
            return _text(id_of(rows))
        case "phenomenonTime":
            return _times_of(rows)
        case "resultTime":
            times = _instants(array(rows, "result_time"))
            return pc.if_else(rows["result_time"].combine_chunks().is_null(), "", times)
        case "result" if _is_plain(rows, known):
            return pc.fill_null(rows["value"].combine_chunks().cast("string"), "")
        case "resultQuality/quality":
            return _text(rows["quality"].combine_chunks())
        case "resultQuality/flag":
            return _of_flags(rows, lambda flag, _: _cell(flag))
        case _:
            return _array([_cell(one.told.get(name)) for one in entities(*part)])


def _cell(value: Any) -> str:
    """One cell, in quotes where it needs them; a formula of a spreadsheet is no formula here."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else _json(value)
    if isinstance(value, str) and text[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        text = f"'{text}"
    return '"{}"'.format(text.replace('"', '""')) if set(text) & set('",\r\n') else text


def csv_of_entities(kind: str, written: Sequence[Mapping[str, Any]]) -> bytes:
    """A table of entities; members of JSON have columns such as properties/depth."""
    flat = [dict(_flat(one, "")) for one in written]
    names = list(dict.fromkeys(name for row in flat for name in row)) or list(KINDS[kind].properties)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in flat)
    return out.getvalue().encode()


def _flat(value: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if "@iot." in name and name != "@iot.id":
            continue
        name_ = f"{before}{'id' if name == '@iot.id' else name}"
        if isinstance(inner, dict) and inner:
            yield from _flat(inner, f"{name_}/")
        elif isinstance(inner, list):
            for n, one in enumerate(inner):
                if isinstance(one, dict):
                    yield from _flat(one, f"{name_}/{n}/")
                    continue
                yield f"{name_}/{n}", one
        else:
            yield name_, inner


_PLACES = ("location", "feature", "observedArea")


def features(written: Sequence[Mapping[str, Any]], count: int | None, following: str) -> dict[str, Any]:
    """Entities as features; the geometry is their own, or of the first that is expanded in them."""
    made: dict[str, Any] = {"type": "FeatureCollection"}
    if count is not None:
        made["@iot.count"] = count
    if following:
        made["@iot.nextLink"] = following
    return made | {"features": [_feature(one) for one in written]}


def _feature(one: Mapping[str, Any]) -> dict[str, Any]:
    geometry = _geometry(one)
    flat = dict(_flat({name: value for name, value in one.items() if name not in _PLACES}, ""))
    made: dict[str, Any] = {"type": "Feature", "geometry": geometry, "properties": flat}
    return made | ({"id": one["@iot.id"]} if "@iot.id" in one else {})


def _geometry(one: Any) -> Any:
    if isinstance(one, list):
        return next((found for part in one if (found := _geometry(part)) is not None), None)
    if not isinstance(one, dict):
        return None
    for name in _PLACES:
        if isinstance(place := one.get(name), dict):
            return place.get("geometry") if place.get("type") == "Feature" else place
    return next((found for value in one.values() if (found := _geometry(value)) is not None), None)

"""Items out of stac-geoparquet, a few rows at a time."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from estran.errors import Invalid
from estran.formats._geoparquet import times, wkb
from estran.formats._geoparquet.library import pyarrow
from estran.formats._geoparquet.writing import MEMBERS, RESERVED

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# Rows decoded at once, and what they may take; what a group of rows may take if all of it were decoded.
_ROWS = 500
_BATCH_BYTES = 256 << 20
_GROUP_ROWS, _GROUP_BYTES, _GROUP_VALUES = 5_000_000, 8 << 30, 1 << 30
_MOST_COLUMNS = 20_000
_BUFFER = 1 << 20
_NEEDED = ("id", "geometry", "assets")
_ORDER = (
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
)
_WORLD = ("CRS84", "4326")
_encode = msgspec.json.Encoder().encode

type _Value = Callable[[Any], Any]
"""From what Arrow gives to a JSON value."""


class Row(NamedTuple):
    """The item of a row, its number from 1 on: its JSON, or why it cannot be read."""

    number: int
    found: bytes | Invalid


class Table:
    """A stac-geoparquet file, opened; its collections are those that its metadata hold."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._schema: Any = file.schema_arrow
        held = self._metadata(b"stac-geoparquet")
        single = held.get("collection")
        listed: Any = held.get("collections") or (
            {single.get("id", ""): single} if isinstance(single, dict) else {}
        )
        self.collections: dict[str, Any] = listed if isinstance(listed, dict) else {}
        self.rows: int = file.metadata.num_rows
        self._check()

    def _metadata(self, key: bytes) -> dict[str, Any]:
        try:
            held = json.loads((self._file.metadata.metadata or {}).get(key, b"{}"))
        except ValueError:
            return {}
        return held if isinstance(held, dict) else {}

    def _check(self) -> None:
        """Refuse what is no stac-geoparquet, and what would not fit into memory."""
        pa, _ = pyarrow()
        names = set(self._schema.names)
        missing = [name for name in _NEEDED if name not in names]
        if not names & {"datetime", "start_datetime"}:
            missing.append("datetime")
        if missing:
            raise Invalid(
                f"it is a Parquet file but no stac-geoparquet: it has no column {', '.join(missing)}; "
                "load a file of STAC items, or a metadata record that describes the table"
            )
        if not _is_binary(pa, self._schema.field("geometry").type):
            raise Invalid("its geometry is not WKB; write it with WKB geometries")
        self._check_crs()
        self._check_size()

    def _check_crs(self) -> None:
        described: Any = self._metadata(b"geo").get("columns", {}).get("geometry", {})
        if described.get("encoding", "WKB") != "WKB":
            raise Invalid(f"its geometry is encoded as {described['encoding']}; write it as WKB")
        crs: Any = described.get("crs") or {}
        code = str(crs.get("id", {}).get("code", "CRS84")) if isinstance(crs, dict) else str(crs)
        if not code.upper().endswith(_WORLD):
            raise Invalid(
                f"its geometries are in the reference system {code}; those of STAC items are in WGS 84"
            )

    def _check_size(self) -> None:
        held = self._file.metadata
        if held.num_columns > _MOST_COLUMNS:
            raise Invalid(f"it has {held.num_columns:,} columns; {_MOST_COLUMNS:,} are read")
        for n in range(held.num_row_groups):
            group = held.row_group(n)
            values = sum(group.column(c).num_values for c in range(group.num_columns))
            if group.num_rows > _GROUP_ROWS or group.total_byte_size > _GROUP_BYTES or values > _GROUP_VALUES:
                raise Invalid(
                    f"its group {n + 1} of rows holds {group.num_rows:,} rows, {values:,} values and "
                    f"{group.total_byte_size >> 20:,} MB, more than is decoded; write it in smaller groups of rows"
                )

    def groups(self) -> Iterator[tuple[int, Iterator[Row]]]:
        """Each group of rows: how many bytes of the file it is, and its items, to be taken before the next.

        Raises:
            Invalid: the file is damaged from here on.
        """
        pa, _ = pyarrow()
        decoder = _Rows(pa, self._schema, self._metadata_list(MEMBERS), self._only_collection())
        first = 1
        for number in range(self._file.metadata.num_row_groups):
            group = self._file.metadata.row_group(number)
            size = sum(group.column(c).total_compressed_size for c in range(group.num_columns))
            yield size, self._items(number, first, decoder)
            first += group.num_rows

    def _items(self, group: int, first: int, decoder: _Rows) -> Iterator[Row]:
        for batch in self._batches(group):
            if batch.nbytes > _BATCH_BYTES:
                raise Invalid(f"{len(batch)} of its rows take {batch.nbytes >> 20:,} MB, more than items do")
            for found in decoder.items(batch):
                yield Row(first, found)
                first += 1

    def _batches(self, group: int) -> Iterator[Any]:
        at_once = _rows_at_once(self._file.metadata.row_group(group))
        found = self._file.iter_batches(at_once, row_groups=[group], use_threads=False)
        while True:
            with _damage():
                batch = next(found, None)
            if batch is None:
                return
            yield batch

    def _metadata_list(self, key: bytes) -> frozenset[str]:
        held = (self._file.metadata.metadata or {}).get(key, b"[]")
        try:
            return frozenset(name for name in json.loads(held) if isinstance(name, str))
        except (ValueError, TypeError):
            return frozenset()

    def _only_collection(self) -> str:
        return next(iter(self.collections)) if len(self.collections) == 1 else ""


@contextmanager
def read(path: Path) -> Generator[Table]:
    """A stac-geoparquet file.

    Raises:
        Invalid: it is none, is damaged, or would not fit into memory; or pyarrow is not installed.
    """
    _, parquet = pyarrow()
    with _damage():
        file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    with file:
        yield Table(file)


@contextmanager
def _damage() -> Generator[None]:
    pa, _ = pyarrow()
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise Invalid(
            f"it is damaged, or Parquet of a kind that is not read ({reason}); fetch or write it again"
        ) from None


def _rows_at_once(group: Any) -> int:
    """How many rows of a group are decoded at once.

    Parquet keeps a value that comes again once, in a dictionary; decoded, each row has its own. So the size of
    the largest dictionary, which is estimated from its part of the column's bytes, is what one row may take.
    """
    largest = 1
    for n in range(group.num_columns):
        column = group.column(n)
        if column.has_dictionary_page and column.dictionary_page_offset:
            part = (column.data_page_offset - column.dictionary_page_offset) / max(
                column.total_compressed_size, 1
            )
            largest = max(largest, int(column.total_uncompressed_size * min(max(part, 0.0), 1.0)))
    return max(1, min(_ROWS, _BATCH_BYTES // largest))


class _Rows:
    """From batches of rows to items."""

    def __init__(self, pa: Any, schema: Any, members: frozenset[str], collection: str) -> None:
        self._collection, self._members = collection, members
        self._target = pa.schema([pa.field(f.name, _plain(pa, f.type)) for f in schema])
        self._values = {f.name: _footprint if _is_binary(pa, f.type) else _value(pa, f.type) for f in schema}

    def items(self, batch: Any) -> Iterator[bytes | Invalid]:
        """The items of a batch."""
        with _damage():
            columns = [
                column if column.type == field.type else column.cast(field.type, safe=False)
                for column, field in zip(batch.columns, self._target, strict=True)
            ]
            values = [column.to_pylist() for column in columns]
        names = [field.name for field in self._target]
        for row in zip(*values, strict=True):
            try:
                yield _encode(self._item(dict(zip(names, row, strict=True))))
            except Invalid as error:
                yield error
            except (ValueError, TypeError, RecursionError) as error:
                yield Invalid(f"it cannot be written as JSON ({error})")

    def _item(self, row: Mapping[str, Any]) -> dict[str, Any]:
        item: dict[str, Any] = {"type": "Feature", "geometry": None}
        properties: dict[str, Any] = {"datetime": None}
        for name, given in row.items():
            if given is None:
                continue
            convert = self._values[name]
            value = convert(given) if convert else given
            if name == "properties" and isinstance(value, dict):
                properties |= value
            elif name == "bbox":
                item[name] = _box(value)
            elif name in RESERVED or name in self._members:
                item[name] = value
            else:
                properties[name] = value
        item["type"] = "Feature"
        item.setdefault("links", [])
        if self._collection:
            item.setdefault("collection", self._collection)
        item["properties"] = properties
        return {**{name: item[name] for name in _ORDER if name in item}, **item}


def _box(value: Any) -> Any:
    """A bbox, which older files hold as a list."""
    if not isinstance(value, dict):
        return value
    names = (
        ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax")
        if "zmin" in value
        else ("xmin", "ymin", "xmax", "ymax")
    )
    return [value.get(name) for name in names]


def _footprint(value: bytes) -> Any:
    return wkb.decode(bytes(value))


def _is_binary(pa: Any, kind: Any) -> bool:
    kind = getattr(kind, "storage_type", kind)
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)


def _plain(pa: Any, kind: Any) -> Any:  # noqa: PLR0911 - one for each kind of type
    """The type that Python values come from without trouble: no dictionaries, no extensions, no nanoseconds."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(pa, kind.storage_type)
    if types.is_dictionary(kind):
        return _plain(pa, kind.value_type)
    if types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if types.is_duration(kind) or types.is_time64(kind):
        return pa.int64()
    if types.is_struct(kind):
        return pa.struct([pa.field(f.name, _plain(pa, f.type)) for f in kind])
    if types.is_map(kind):
        return pa.map_(_plain(pa, kind.key_type), _plain(pa, kind.item_type))
    if (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
    ):
        return pa.list_(_plain(pa, kind.value_type))
    return kind


def _value(pa: Any, kind: Any) -> _Value | None:  # noqa: PLR0911 - one for each kind of type
    """How a value of this type becomes JSON, None where it is; missing members of objects are left out."""
    types = pa.types
    if (
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_boolean(kind)
    ):
        return None
    if isinstance(kind, pa.BaseExtensionType):
        return _parsed if kind.extension_name == "arrow.json" else _value(pa, kind.storage_type)
    if types.is_dictionary(kind):
        return _value(pa, kind.value_type)
    if types.is_timestamp(kind):
        fine = kind.unit in ("us", "ns")
        return lambda at: times.written(at, fine=fine)
    if types.is_struct(kind):
        parts = {f.name: _value(pa, f.type) for f in kind}
        return lambda given: {
            name: each(v) if (each := parts[name]) else v for name, v in given.items() if v is not None
        }
    if types.is_map(kind):
        item = _value(pa, kind.item_type) or _same
        return lambda given: {str(name): item(v) for name, v in given if v is not None}
    if types.is_nested(kind):
        part = _value(pa, kind.value_type)
        return (lambda given: [None if v is None else part(v) for v in given]) if part else list
    return _scalar


def _same(value: Any) -> Any:
    return value


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _scalar(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return times.written(value, fine=True)
        case date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case _:
            return value

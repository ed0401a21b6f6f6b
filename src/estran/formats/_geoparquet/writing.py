"""Items into stac-geoparquet: seen once for their columns, then written in groups of rows."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats._geoparquet import times, wkb
from estran.formats._geoparquet.columns import Seen, Settled, array, settle
from estran.formats._geoparquet.library import pyarrow

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

_VERSION, _GEO_VERSION = "1.1.0", "1.1.0"
_OWN = ("stac_version", "stac_extensions", "id", "links", "assets", "collection")
RESERVED = frozenset({"type", *_OWN, "geometry", "bbox", "properties"})
"""Names of columns that no property can have; such properties stand in the column "properties"."""

MEMBERS = b"estran:members"
"""Key of the file's metadata that lists columns which are members of the item itself, not of its properties."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_CORNERS_3D = ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax")
_BATCH = 500
# A group of rows as large as one reader likes to have in memory.
_GROUP_ROWS, _GROUP_BYTES = 50_000, 48 << 20
_MOST_COLUMNS = 8000
_decode = msgspec.json.Decoder().decode


def write(items: Callable[[], Iterable[bytes]], collections: Mapping[str, Any], out: IO[bytes]) -> int:
    """Write items as stac-geoparquet.

    Args:
        items: gives their JSON, the same each time; it is asked twice.
        collections: STAC id -> its collection as JSON values.
        out: where the file goes; it need not be seekable.

    Returns:
        How many there were.

    Raises:
        Invalid: pyarrow is not installed, or the items have too many different properties.
    """
    pa, parquet = pyarrow()
    plan = _Plan()
    for body in items():
        plan.see(_decoded(body))
    columns = plan.columns()
    if sum(column.leaves for column in columns.values()) > _MOST_COLUMNS:
        raise Invalid(
            f"its items have more than {_MOST_COLUMNS} different properties; a table has a column for each"
        )
    schema = pa.schema(
        [(name, column.written) for name, column in columns.items()], plan.metadata(collections)
    )
    sink, written = _Sink(out), 0
    writer = parquet.ParquetWriter(
        pa.PythonFile(sink, mode="w"), schema, compression="zstd", version="2.6", store_schema=True
    )
    try:
        for group in _groups(items(), plan.members, columns, schema):
            writer.write_table(group, row_group_size=len(group))
            written += len(group)
        writer.close()
    finally:
        sink.end()
    return written


def _groups(
    items: Iterable[bytes], members: Container[str], columns: Mapping[str, Settled], schema: Any
) -> Iterator[Any]:
    pa, _ = pyarrow()
    held: list[Any] = []
    rows = size = 0
    for batch in _batches(items, members):
        made = pa.record_batch(
            [array([row.get(name) for row in batch], column) for name, column in columns.items()],
            schema=schema,
        )
        held.append(made)
        rows, size = rows + len(batch), size + made.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held, rows, size = [], 0, 0
    if held:
        yield pa.Table.from_batches(held)


def _batches(items: Iterable[bytes], members: Container[str]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for body in items:
        batch.append(_row(_decoded(body), members))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return _decode(body)
    except msgspec.DecodeError:
        # Halves of letters and numbers beyond all bounds, which JSON may write and a column cannot hold.
        lax = json.loads(body, parse_float=lambda digits: v if math.isfinite(v := float(digits)) else None)
        return _decode(json.dumps(lax, ensure_ascii=False).encode("utf-8", "replace"))


def _row(item: dict[str, Any], members: Container[str]) -> dict[str, Any]:
    """The values of an item by column; geometries and boxes still as GeoJSON has them."""
    row: dict[str, Any] = {}
    clashing: dict[str, Any] = {}
    for name, value in (item.get("properties") or {}).items():
        (clashing if name in RESERVED or name in members else row)[name] = value
    return {**row, **item, "properties": clashing or None}


@dataclass(slots=True)
class _Plan:
    """What the items hold, and the columns that follow from it."""

    members: dict[str, Seen] = field(default_factory=dict)
    properties: dict[str, Seen] = field(default_factory=dict)
    instants: dict[str, times.Times] = field(default_factory=dict)
    footprints: dict[str, bool] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    everywhere: bool = True
    heights: bool = False
    extent: list[float] = field(default_factory=list)

    def see(self, item: dict[str, Any]) -> None:
        """Take an item in."""
        for name, value in item.items():
            if name not in RESERVED or name in _OWN:
                _seen(self.members, name).see(value)
        self._see_place(item.get("geometry"), item.get("bbox"))
        for name, value in (item.get("properties") or {}).items():
            _seen(self.properties, name).see(value)
            if name in times.NAMES:
                self.instants.setdefault(name, times.Times()).see(value)
            if name.endswith(":geometry"):
                self.footprints[name] = self.footprints.get(name, True) and _is_geometry(value)

    def _see_place(self, geometry: Any, bbox: Any) -> None:
        box = _corners(bbox)
        if geometry:
            self.types.add(f"{geometry['type']}{' Z' if wkb.has_heights(geometry) else ''}")
            self.everywhere = self.everywhere and box is not None
        if box is None:
            return
        self.heights = self.heights or "zmin" in box
        if box["xmin"] > box["xmax"]:  # over the antimeridian: all longitudes
            box = {**box, "xmin": -180.0, "xmax": 180.0}
        here = [box[name] for name in _CORNERS]
        held = self.extent or here
        self.extent = [
            min(held[0], here[0]),
            min(held[1], here[1]),
            max(held[2], here[2]),
            max(held[3], here[3]),
        ]

    def columns(self) -> dict[str, Settled]:
        """Every column, by name, in the order of the file."""
        pa, _ = pyarrow()
        links = self.members.setdefault("links", Seen())
        links.see([{"href": "", "rel": "", "type": "", "title": ""}])
        self.members.setdefault("stac_extensions", Seen()).see([])
        self.members.setdefault("assets", Seen()).see({})
        held: dict[str, Settled | None] = {
            name: settle(self.members[name]) for name in _OWN if name in self.members
        }
        names = _CORNERS_3D if self.heights else _CORNERS
        box = pa.struct([(name, pa.float64()) for name in names])
        held["bbox"] = Settled(box, box, _corners, len(names))
        held["geometry"] = Settled(pa.binary(), pa.binary(), _wkb)
        clashing = Seen()
        for name, seen in self.properties.items():
            if name in RESERVED or name in self.members:
                clashing.names[name] = seen
                clashing.see({})
            else:
                held[name] = self._property(name, seen)
        held["properties"] = settle(clashing)
        held |= {name: settle(seen) for name, seen in self.members.items() if name not in _OWN}
        # What every file must have, even one without items.
        held["id"] = held.get("id") or Settled(pa.string(), pa.string())
        held["datetime"] = held.get("datetime") or Settled(
            pa.timestamp("ms", "UTC"), pa.timestamp("ms", "UTC")
        )
        return {name: column for name, column in held.items() if column}

    def _property(self, name: str, seen: Seen) -> Settled | None:
        pa, _ = pyarrow()
        instants = self.instants.get(name)
        if instants and instants.any and instants.fits:
            unit, divisor = instants.unit, 1 if instants.fine else 1000

            def convert(value: Any) -> int | None:
                at = times.microseconds(value)
                return None if at is None else at // divisor

            return Settled(pa.int64(), pa.timestamp(unit, "UTC"), convert)
        if self.footprints.get(name):
            return Settled(pa.binary(), pa.binary(), _wkb)
        return settle(seen)

    def metadata(self, collections: Mapping[str, Any]) -> dict[bytes, bytes]:
        """The file's own metadata, as GeoParquet and stac-geoparquet ask for them."""
        geometry: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(self.types)}
        if self.everywhere and self.types:
            corners = _CORNERS_3D if self.heights else _CORNERS
            geometry["covering"] = {"bbox": {name: ["bbox", name] for name in corners}}
            geometry["bbox"] = self.extent
        geo = {"version": _GEO_VERSION, "primary_column": "geometry", "columns": {"geometry": geometry}}
        stac = {"version": _VERSION, "collections": collections}
        foreign = [name for name in self.members if name not in _OWN]
        return {
            b"geo": json.dumps(geo).encode(),
            b"stac-geoparquet": json.dumps(stac).encode(),
            **({MEMBERS: json.dumps(foreign).encode()} if foreign else {}),
        }


def _seen(held: dict[str, Seen], name: str) -> Seen:
    found = held.get(name)
    if found is None:
        found = held[name] = Seen()
    return found


def _is_geometry(value: Any) -> bool:
    if value is None:
        return True
    try:
        # Numbers go to and fro unchanged; further members would be lost.
        return wkb.decode(wkb.encode(value)) == value
    except Invalid:
        return False


def _wkb(geometry: Any) -> bytes | None:
    return wkb.encode(geometry) if geometry else None


def _corners(bbox: Any) -> dict[str, float] | None:
    """A bbox of four or six numbers by the names of its corners."""
    if not isinstance(bbox, list) or not all(isinstance(v, int | float) for v in bbox):
        return None
    names = {len(_CORNERS): _CORNERS, len(_CORNERS_3D): _CORNERS_3D}.get(len(bbox))
    return dict(zip(names, map(float, bbox), strict=True)) if names else None


class _Sink:
    """Where Arrow writes.

    Once it broke off, the end that a Parquet writer puts by itself goes nowhere: half a file must not look
    like a whole one.
    """

    def __init__(self, out: IO[bytes]) -> None:
        self._out: IO[bytes] | None = out
        self.closed = False

    def write(self, data: Any) -> int:
        if self._out is not None:
            self._out.write(data)
        return len(data)

    def flush(self) -> None:
        if self._out is not None:
            self._out.flush()

    def close(self) -> None:
        self.closed = True

    def end(self) -> None:
        self._out = None

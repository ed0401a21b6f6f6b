"""Rows as files that are made as a whole before they are sent: NetCDF and Parquet."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from estran.observations.wide.netcdf import geometry, grouping, write_padded, write_ragged, write_table
from estran.observations.wide.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from estran.observations.wide import Column, WideTable

__all__ = ["TYPES", "written"]

TYPES = {
    "nc": "application/x-netcdf", "ncCF": "application/x-netcdf", "ncCFMA": "application/x-netcdf",
    "parquet": "application/vnd.apache.parquet", "parquetWMeta": "application/vnd.apache.parquet",
}  # fmt: skip
_CHUNK = 1 << 18


def written(
    form: str, table: WideTable, columns: Sequence[Column], rows: Iterator[pa.Table], told: Mapping[str, Any]
) -> Iterator[bytes]:
    """The bytes of a file; nothing where there is no row."""
    with tempfile.TemporaryDirectory(prefix="estran-") as folder:
        path = Path(folder) / "made"
        if form.startswith("parquet"):
            _parquet(path, columns, rows, told)
        else:
            # CF groups rows by platform or profile; a plain table has no groups.
            roles = grouping(geometry(table)) if form != "nc" else ()
            by = [column.name for column in columns if column.role in roles]
            write = {"nc": write_table, "ncCF": write_ragged, "ncCFMA": write_padded}[form]
            write(Spool.of(rows, path.with_suffix(".rows"), columns, by), path, table, told)
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                yield part


def _parquet(
    path: Path, columns: Sequence[Column], rows: Iterator[pa.Table], told: Mapping[str, Any]
) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    import pyarrow.parquet as pq  # noqa: PLC0415

    kinds = {
        "text": pa.string(),
        "real": pa.float64(),
        "whole": pa.int64(),
        "time": pa.timestamp("us", "UTC"),
    }
    fields: list[pa.Field] = []
    for column in columns:
        units = {"units": column.variable.unit, "standard_name": column.variable.standard_name}
        fields.append(pa.field(column.name, kinds[column.kind], metadata=units))
    schema = pa.schema(fields, metadata={"estran": msgspec.json.encode(dict(told))})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in rows:
            cells = [part[column.name].cast(kinds[column.kind], safe=False) for column in columns]
            writer.write_table(pa.table(cells, schema=schema))

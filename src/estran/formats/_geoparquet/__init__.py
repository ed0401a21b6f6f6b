"""Many STAC Items as one table: stac-geoparquet 1.1, on GeoParquet 1.1 (reads 1.0 and earlier ones too)."""

from estran.formats._geoparquet.reading import Row, Table, read
from estran.formats._geoparquet.writing import write

__all__ = ["Row", "Table", "read", "write"]

"""The properties of items that filters and sorting may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.catalogue.queryables import Queryable

if TYPE_CHECKING:
    from collections.abc import Mapping

ITEMS: Mapping[str, Queryable] = {
    "id": Queryable("text", "Identifier of the item"),
    "collection": Queryable("text", "Identifier of its collection"),
    "datetime": Queryable("time", "Its instant, or the start of its interval"),
    "geometry": Queryable("geometry", "Its footprint, in longitude and latitude"),
    "eo:cloud_cover": Queryable("number", "Clouds, in percent"),
    "gsd": Queryable("number", "Ground sample distance, in metres"),
    "sat:relative_orbit": Queryable("number", "Relative orbit"),
    "platform": Queryable("text", "Platform"),
    "constellation": Queryable("text", "Constellation"),
    "instruments": Queryable("text", "Instrument, the first where it has several"),
    "processing:level": Queryable("text", "Processing level"),
    "grid:code": Queryable("text", "Cell of a grid, such as MGRS-31TCJ"),
}
"""The queryables of items."""

COLUMNS: Mapping[str, str] = {
    "id": "id", "datetime": "start", "eo:cloud_cover": "cloud_cover", "gsd": "gsd", "sat:relative_orbit": "orbit",
    "platform": "platform", "constellation": "constellation", "instruments": "instrument",
    "processing:level": "level", "grid:code": "tile",
}  # fmt: skip
"""Their columns in the item table; what can be sorted by."""

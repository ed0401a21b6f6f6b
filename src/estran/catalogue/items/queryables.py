"""The properties of items that filters and sorting may name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from estran.catalogue.queryables import Queryable
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

DeclaredKind = Literal["number", "text", "time", "list"]
DECLARED_KINDS: tuple[DeclaredKind, ...] = get_args(DeclaredKind)
"""What a property may be declared as."""


INSTRUMENTS = 0
"""The number under which the instruments of items with several are kept; no declared property has it."""


class Value(NamedTuple):
    """A value that an item has of a property: where it stands in its list, and a number or a text."""

    property: int
    position: int
    number: float | None
    text: str | None


class Declared(NamedTuple):
    """A declared property, as those need it who take its values out of items."""

    number: int
    name: str
    kind: DeclaredKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A declared property, as its operator sees it.

    Attributes:
        ready: whether filters may name it; else it was begun, or is being taken back, and is not finished.
    """

    name: str
    kind: DeclaredKind
    title: str
    ready: bool


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
    "instruments": Queryable("array", "Instruments"),
    "processing:level": Queryable("text", "Processing level"),
    "grid:code": Queryable("text", "Cell of a grid, such as MGRS-31TCJ"),
}
"""The queryables that items of every node have; an operator may declare more."""

COLUMNS: Mapping[str, str] = {
    "id": "id", "datetime": "start", "eo:cloud_cover": "cloud_cover", "gsd": "gsd", "sat:relative_orbit": "orbit",
    "platform": "platform", "constellation": "constellation", "instruments": "instrument",
    "processing:level": "level", "grid:code": "tile",
}  # fmt: skip
"""Their columns in the item table; what can be sorted by."""
_LONGEST_NAME = 100


def check_name(name: str) -> None:
    """Refuse a name that cannot be declared.

    Raises:
        Invalid: it is no name of a property, or filters may name it anyway.
    """
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or set(name) & set(' "'):
        raise Invalid(
            f"the name of a property has 1 to {_LONGEST_NAME} letters, without blanks and quotation marks",
            "name",
        )
    if name.startswith("properties."):
        raise Invalid(f"leave “properties.” out: {name.removeprefix('properties.')}", "name")
    if name in ITEMS:
        raise Invalid(f"filters may name “{name}” on every node; it is not declared", "name")

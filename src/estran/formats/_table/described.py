"""Layouts that are described beside their table: the W3C's Metadata Vocabulary for Tabular Data (CSV on the Web, 2015).

The description lies at ``NAME-metadata.json`` or ``csv-metadata.json`` in the folder of the table. What it does not say
of a column is guessed as it would be without it. Of its terms these count: ``dialect`` (``delimiter``, ``skipRows``,
``header``, ``headerRowCount``), and of a column ``name``, ``titles``, ``datatype`` with ``format``, ``null``,
``propertyUrl`` and ``suppressOutput``; further ``schema:unitText`` for its unit (UDUNITS) and
``schema:scheduleTimezone`` for the zone of times.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats._table.cells import number, rows
from estran.formats._table.columns import told
from estran.formats._table.head import Head
from estran.formats._table.layout import About, Column, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Description", "description", "laid_out"]

_LARGEST = 4_000_000
_TIMES = frozenset({"date", "datetime", "dateTime", "dateTimeStamp"})
_NUMBERS = frozenset(
    {
        "number", "double", "decimal", "float", "integer", "long", "int", "short", "byte", "nonNegativeInteger",
        "positiveInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte", "nonPositiveInteger",
        "negativeInteger",
    }
)  # fmt: skip
# The last word of a property -> what a column is for.
_ROLES = {
    "phenomenonTime": "time", "time": "time", "date": "time", "dateTime": "time", "startDate": "time", "endDate": "until",
    "hasFeatureOfInterest": "station", "station": "station", "platform": "station", "lat": "latitude",
    "latitude": "latitude", "long": "longitude", "lon": "longitude", "longitude": "longitude", "depth": "vertical",
    "altitude": "vertical", "height": "vertical", "elevation": "elevation", "hasQuality": "flag", "quality": "flag",
    "status_flag": "flag",
}  # fmt: skip
_STANDARD_NAME = re.compile(r"https?://[^/]+/.*standard_name/(?P<name>[a-z0-9_]+)/?")


class _Dialect(msgspec.Struct, rename="camel"):
    delimiter: str = ","
    skip_rows: int = 0
    header: bool = True
    header_row_count: int | None = None

    @property
    def above(self) -> int:
        """How many lines stand above the first row of data."""
        count = self.header_row_count
        return self.skip_rows + (count if count is not None else int(self.header))


class _Column(msgspec.Struct, rename="camel"):
    name: str = ""
    titles: str | list[str] | dict[str, str | list[str]] = ""
    datatype: str | dict[str, Any] = ""
    null: str | list[str] = ""
    property_url: str = ""
    suppress_output: bool = False
    virtual: bool = False
    unit: str = msgspec.field(name="schema:unitText", default="")
    zone: str = msgspec.field(name="schema:scheduleTimezone", default="")

    @property
    def called(self) -> str:
        """Its name, or the first of its titles."""
        found: Any = self.name or self.titles
        if isinstance(found, dict):
            found = next(iter(found.values()), "")  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return str(found[0] if isinstance(found, list) and found else found or "")  # pyright: ignore[reportUnknownArgumentType]

    @property
    def kind(self) -> str:
        """The base of its datatype."""
        return self.datatype if isinstance(self.datatype, str) else str(self.datatype.get("base", ""))

    @property
    def shape(self) -> Any:
        """The format of its datatype."""
        return None if isinstance(self.datatype, str) else self.datatype.get("format")


class _Schema(msgspec.Struct):
    columns: list[_Column] = msgspec.field(default_factory=list[_Column])


class Description(msgspec.Struct, rename="camel"):
    """What is said of a table."""

    url: str = ""
    dialect: _Dialect | None = None
    table_schema: _Schema | None = None
    zone: str = msgspec.field(name="schema:scheduleTimezone", default="")
    tables: list[Description] = msgspec.field(default_factory=list["Description"])


def description(path: Path | None) -> Description | None:
    """What is said of a table by a file beside it, None where none speaks of it.

    Raises:
        Invalid: what is there is no such description.
    """
    if path is None:
        return None
    for place in (path.with_name(f"{path.name}-metadata.json"), path.with_name("csv-metadata.json")):
        if not place.is_file():
            continue
        if place.stat().st_size > _LARGEST:
            raise Invalid(f"a description has at most {_LARGEST:,} bytes", str(place))
        try:
            given = msgspec.json.decode(place.read_bytes(), type=Description)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Invalid(
                f"it does not describe a table as CSV on the Web does ({error})", str(place)
            ) from error
        is_own = place.name != "csv-metadata.json"
        for one in [given, *given.tables]:
            names_it = one.url.rpartition("/")[2] == path.name
            if one.table_schema and (names_it or (is_own and not one.url)):
                # What is said of a group goes for its tables.
                one.dialect = one.dialect or given.dialect
                one.zone = one.zone or given.zone
                return one
    return None


def laid_out(said: Description, lines: Sequence[str], name: str) -> Layout:
    """The layout of a table as it is described.

    Raises:
        Invalid: the table is not as described, or has no column of times or of numbers.
    """
    dialect = said.dialect or _Dialect()
    if len(dialect.delimiter) != 1 or dialect.skip_rows < 0 or dialect.above < 0:
        raise Invalid("its description has a delimiter of one letter, and skipRows from 0 on", name)
    columns = [one for one in (said.table_schema or _Schema()).columns if not one.virtual]
    data = [
        cells for _, cells in rows(lines[dialect.above :], dialect.delimiter) if any(c.strip() for c in cells)
    ]
    if not data:
        raise Invalid(
            f"no rows stand below the first {dialect.above} lines, which its description counts", name
        )
    if len(data[0]) != len(columns):
        raise Invalid(f"its description names {len(columns)} columns, its first row has {len(data[0])}", name)
    names = [one.called or f"column {n + 1}" for n, one in enumerate(columns)]
    decimal = _decimal(columns)
    head = Head(names, [one.unit for one in columns], dialect.skip_rows, dialect.above)
    even = [[cell.strip() for cell in row] for row in data if len(row) == len(columns)]
    guessed = told(head, even, decimal, About())
    found = tuple(_said(one, column, decimal) for one, column in zip(guessed, columns, strict=True))
    times = [one for one in found if one.role in ("time", "year", "years")]
    values = [one for one in found if one.role == "value"]
    if not times or not values:
        what = "times (datatype “dateTime”)" if not times else "numbers (datatype “number”)"
        raise Invalid(f"its description names no column of {what}", name)
    zone = next((one.zone for one in columns if one.zone), said.zone)
    return Layout(
        dialect.delimiter, decimal, dialect.above, found, "" if zone == "UTC" else zone,
        month_first=any(_is_month_first(one) for one in columns),
    )  # fmt: skip


def _said(guessed: Column, said: _Column, decimal: str) -> Column:
    """A column as it is described; what is not said stays as it was guessed."""
    nulls = [one.strip() for one in ([said.null] if isinstance(said.null, str) else said.null)]
    numbers = {one: number(one, decimal) for one in nulls}
    column = replace(
        guessed, name=said.called or guessed.name, unit=said.unit or guessed.unit, uri=said.property_url,
        missing=guessed.missing | {one for one in numbers.values() if one is not None},
        words=frozenset(one for one in nulls if one and numbers[one] is None),
    )  # fmt: skip
    if (standard := _STANDARD_NAME.fullmatch(said.property_url)) is not None:
        column = replace(column, standard_name=standard["name"])
    return replace(column, role=_role(guessed, said))


def _role(guessed: Column, said: _Column) -> str:
    role = _ROLES.get(re.split(r"[#/:]", said.property_url.rstrip("/"))[-1])
    if said.suppress_output or role:
        return "" if said.suppress_output else role or ""
    if said.kind in _TIMES and guessed.role not in ("time", "until", "year"):
        return "time"
    if said.kind in _NUMBERS and (said.property_url or not guessed.role):
        return "value"
    if said.kind == "string" and guessed.role == "value":
        return ""
    return "clock" if said.kind == "time" else guessed.role


def _decimal(columns: Sequence[_Column]) -> str:
    shapes = [one.shape for one in columns if isinstance(one.shape, dict)]
    return next((str(shape["decimalChar"]) for shape in shapes if "decimalChar" in shape), ".")


def _is_month_first(column: _Column) -> bool:
    shape = column.shape if isinstance(column.shape, str) else ""
    return column.kind in _TIMES and -1 < shape.find("M") < shape.find("d") and not shape.startswith("y")

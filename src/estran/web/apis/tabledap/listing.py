"""The lists that lead to the tables: info, search, categories."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from estran.catalogue.query import Query
from estran.errors import Invalid, NotFound
from estran.model import EVER_US, NEVER_US, Box
from estran.observations.wide.attributes import cdm_type, of_column, of_dataset, of_extent
from estran.observations.wide.texts import Shown
from estran.web.apis.tabledap.asking import time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node
    from estran.observations.wide import Column, WideTable

__all__ = [
    "ATTRIBUTES",
    "categories",
    "datasets",
    "found",
    "information",
    "of_category",
    "paged",
    "rows_of",
    "whole",
]

PREFIX = "/erddap"
ATTRIBUTES = (
    "cdm_data_type",
    "institution",
    "ioos_category",
    "keywords",
    "long_name",
    "standard_name",
    "variableName",
)
_ANY = ("", "(ANY)", "(any)")
_PAGE = 500
_DEGREES = {"minLon": -180.0, "minLat": -90.0, "maxLon": 180.0, "maxLat": 90.0}


def rows_of(names: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[list[Shown], Iterator[pa.Table]]:
    """A list as a table of words."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    listed = list(rows)
    cells = [pa.array([row[n] for row in listed], pa.string()) for n in range(len(names))]
    shown = [Shown(name, name, "text", None) for name in names]
    return shown, iter([pa.table(cells, list(names))] if listed else [])


# Datasets


def datasets(records: Iterable[Record], links: Links) -> tuple[list[Shown], Iterator[pa.Table]]:
    """The table of datasets, as info and search give it."""
    names = (
        "griddap", "Subset", "tabledap", "Make A Graph", "wms", "files", "Accessible", "Title", "Summary", "FGDC",
        "ISO 19115", "Info", "Background Info", "RSS", "Email", "Institution", "Dataset ID",
    )  # fmt: skip
    root = links.base + PREFIX
    return rows_of(
        names,
        (
            (
                "", "", f"{root}/tabledap/{one.id}", "", "", "", "public" if one.visibility == "public" else "yes",
                str(one.title) or one.id, str(one.abstract), "", links.twin(one.id, "xml"), f"{root}/info/{one.id}/index.csv",
                links.page(one.id), "", "", institution(one, links), one.id,
            )
            for one in records
        ),
    )  # fmt: skip


def institution(record: Record, links: Links) -> str:
    """Who made the data, else who publishes them."""
    named = record.of_role(
        "author", "originator", "principalInvestigator", "owner", "pointOfContact", "publisher"
    )
    return next((str(one.organisation) for one in named if one.organisation), "") or links.publisher


def found(node: Node, given: Mapping[str, str]) -> list[Record]:
    """The records of the datasets that a search asks for, by their titles.

    Raises:
        Invalid: a part of it does not fit.
    """
    wanted = {name: value.strip() for name, value in given.items() if value.strip() not in _ANY}
    if wanted.get("protocol", "tabledap").lower() != "tabledap":
        return []
    words, without = _words(wanted.get("searchFor", ""))
    ids = tuple(node.observations.datasets())
    query = Query(
        text=words, ids=ids, every=True, bbox=_box(wanted), time=_time(wanted), limit=_PAGE, sort="title"
    )
    records = whole(node, query) if ids else []
    for name in ATTRIBUTES:
        if name in wanted:
            records = [one for one in records if _has(node, one, name, wanted[name])]
    return [one for one in records if not any(word in _text(one) for word in without)]


def whole(node: Node, query: Query) -> list[Record]:
    """All records of a query, page after page."""
    from dataclasses import replace  # noqa: PLC0415

    page = node.ask(query)
    records = list(page.records)
    while page.next:
        page = node.ask(replace(query, cursor=page.next))
        records += page.records
    return records


def _words(given: str) -> tuple[str, list[str]]:
    """Words as the catalogue reads them, and those that must not be there."""
    listed = re.findall(r'-?"[^"]*"|\S+', given[:500])
    without = [word[1:].strip('"').lower() for word in listed if word.startswith("-") and len(word) > 1]
    return " ".join(word for word in listed if not word.startswith("-")), [word for word in without if word]


def _box(wanted: Mapping[str, str]) -> Box | None:
    if not any(name in wanted for name in _DEGREES):
        return None
    ends = {
        name: _number(wanted[name], name) if name in wanted else bound for name, bound in _DEGREES.items()
    }
    return Box.checked(
        ends["minLon"], ends["minLat"], ends["maxLon"], ends["maxLat"], "minLon, minLat, maxLon, maxLat"
    )


def _number(given: str, name: str) -> float:
    try:
        return float(given)
    except ValueError:
        raise Invalid(f"“{given[:40]}” is not a number", name) from None


def _time(wanted: Mapping[str, str]) -> tuple[int, int] | None:
    if "minTime" not in wanted and "maxTime" not in wanted:
        return None
    start = int(time_of(wanted["minTime"])) if "minTime" in wanted else EVER_US
    end = int(time_of(wanted["maxTime"])) + 1 if "maxTime" in wanted else NEVER_US
    return start, end


def _text(record: Record) -> str:
    parts = [record.id, str(record.title), str(record.abstract), *(str(one.label) for one in record.concepts)]
    return " ".join([*parts, *(f"{one.name} {one.standard_name}" for one in record.variables)]).lower()


def _has(node: Node, record: Record, name: str, wanted: str) -> bool:
    return wanted.lower() in {value.lower() for value in _values(node, record, name)}


def _values(node: Node, record: Record, name: str) -> set[str]:
    """The values of an attribute that a dataset has."""
    if name == "cdm_data_type":
        return {cdm_type(node.observations.table(record.id))}
    told: dict[str, Iterable[str]] = {
        "standard_name": (one.standard_name for one in record.variables),
        "variableName": (one.name for one in record.variables),
        "long_name": (str(one.label) or one.name for one in record.variables),
        "keywords": (str(one.label) for one in record.concepts),
        "institution": [institution(record, node.links)],
        "ioos_category": ["Unknown"],
    }
    return {value for value in told[name] if value}


def paged(records: list[Record], given: Mapping[str, str]) -> list[Record]:
    """A page of a list."""
    page, items = (_count(given.get(name, ""), name, n) for name, n in (("page", 1), ("itemsPerPage", 1000)))
    return records[(page - 1) * items : page * items]


def _count(given: str, name: str, unsaid: int) -> int:
    if not given:
        return unsaid
    if not (given.isascii() and given.isdigit() and given.strip("0")) or len(given) > 9:  # noqa: PLR2004
        raise Invalid(f"“{given[:20]}” is not a whole number of 1 or more", name)
    return int(given)


# Categories


def categories(links: Links) -> tuple[list[Shown], Iterator[pa.Table]]:
    """What datasets can be grouped by."""
    root = f"{links.base}{PREFIX}/categorize"
    return rows_of(("Categorize", "URL"), ((name, f"{root}/{name}/index.csv") for name in ATTRIBUTES))


def of_category(node: Node, links: Links, name: str) -> tuple[list[Shown], Iterator[pa.Table]]:
    """The values of an attribute that there are.

    Raises:
        NotFound: datasets are not grouped by it.
    """
    if name not in ATTRIBUTES:
        raise NotFound("category", name, f"Choose among {', '.join(ATTRIBUTES)}.")
    values = {value for record in found(node, {}) for value in _values(node, record, name)}
    root = f"{links.base}{PREFIX}/categorize/{name}"
    return rows_of(
        ("Category", "URL"), ((one, f"{root}/{quote(one, safe='')}/index.csv") for one in sorted(values))
    )


# One dataset

_TYPES = {"text": "String", "real": "double", "time": "double", "whole": "long"}


def globals_of(record: Record, table: WideTable, links: Links, email: str) -> dict[str, Any]:
    """Attributes of a dataset, with where and when as far as it is known without looking at its observations."""
    xs = [one.thing.longitude for one in table.things if one.thing.longitude is not None]
    ys = [one.thing.latitude for one in table.things if one.thing.latitude is not None]
    box = record.extent.box
    spans: dict[str, tuple[float, float] | None] = {
        "longitude": (min(xs), max(xs)) if xs else (box.west, box.east) if box else None,
        "latitude": (min(ys), max(ys)) if ys else (box.south, box.north) if box else None,
        "time": table.span,
        "vertical": None,
    }
    told = of_dataset(record, table, links, email) | of_extent(spans, table)
    if table.vertical is None or not spans["vertical"]:
        told = {name: value for name, value in told.items() if not name.startswith("geospatial_vertical_m")}
    return told


def information(
    columns: Sequence[Column], table: WideTable, told: Mapping[str, Any]
) -> tuple[list[Shown], Iterator[pa.Table]]:
    """The attributes of a dataset and its columns, one a row."""
    rows = [("attribute", "NC_GLOBAL", name, *_attribute(value)) for name, value in sorted(told.items())]
    for column in columns:
        rows.append(("variable", column.name, "", _TYPES[column.kind], ""))
        rows += [
            ("attribute", column.name, name, *_attribute(value))
            for name, value in attributes_of(column, table).items()
        ]
    return rows_of(("Row Type", "Variable Name", "Attribute Name", "Data Type", "Value"), rows)


def attributes_of(column: Column, table: WideTable) -> dict[str, Any]:
    """Attributes of a column, with the ends of its values where they are known without looking at observations."""
    told = of_column(column, table)
    ends: Sequence[float] = ()
    if column.kind == "time" and table.span:
        ends = [at / 1e6 for at in table.span]
    elif column.role in ("longitude", "latitude") and not table.moves:
        places = [getattr(one.thing, column.role) for one in table.things]
        ends = [min(places), max(places)]
    if column.role == "platform":
        told["cf_role"] = "timeseries_id" if cdm_type(table).startswith("TimeSeries") else "trajectory_id"
    return ({"actual_range": list(ends)} if ends else {}) | told


def _attribute(value: Any) -> tuple[str, str]:
    values: Sequence[Any] = list(value) if isinstance(value, list | tuple) else [value]
    if all(isinstance(one, int) for one in values):
        return "int", ", ".join(map(str, values))
    if all(isinstance(one, int | float) for one in values):
        return "double", ", ".join(map(str, values))
    return "String", str(value)

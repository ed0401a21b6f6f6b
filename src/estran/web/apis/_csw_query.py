"""What a request for records asks of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.catalogue import filters
from estran.catalogue.expressions import And
from estran.catalogue.query import Query
from estran.errors import Invalid
from estran.model import Box, interval
from estran.web.apis import _csw_cql as cql
from estran.web.apis._csw_fes import TEMPORAL
from estran.web.apis._csw_filters import bare, of_cql, of_element
from estran.web.apis._csw_queryables import SORTABLES, resolve
from estran.web.apis._csw_systems import System, system
from estran.web.apis._csw_terms import Refused, shown

if TYPE_CHECKING:
    from estran.catalogue.expressions import Node
    from estran.web.apis._csw_asking import Asked

__all__ = ["MOST_IDS", "named", "query"]

MOST_IDS = 400
"""Records that a request may name."""
_DEFAULT = 10
_RELATIONS = ("intersects", "within", "contains", "disjoint", "equals", "touches", "overlaps", "crosses")


def query(asked: Asked, most: int) -> Query:
    """The query of a request for records.

    Args:
        asked: the request.
        most: records that one answer may hold.

    Raises:
        Refused, Invalid: a part of it cannot be answered.
    """
    start = _number(asked, "startPosition", 1, 1)
    return Query(
        text=asked.one("q"),
        bbox=_bbox(asked.one("bbox")),
        time=_time(asked),
        filter=_filter(asked),
        sort=_sort(asked),
        skip=start - 1,
        limit=min(_number(asked, "maxRecords", _DEFAULT, 0), most),
    )


def _number(asked: Asked, name: str, default: int, least: int) -> int:
    text = asked.one(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < least:  # noqa: PLR2004
        raise Invalid(f"“{shown(text)}” is not a whole number of {least} or more", name)
    return int(text)


def _bbox(text: str) -> Box | None:
    if not text:
        return None
    parts = text.split(",")
    of = system(",".join(parts[4:]), "bbox")
    if of is System.LONGITUDE_FIRST:
        return Box.parse(",".join(parts[:4]))
    try:
        one, two, three, four = map(float, parts[:4])
    except ValueError:
        raise Invalid(
            f"“{shown(text)}” is no box; give four numbers and the reference system", "bbox"
        ) from None
    return Box.checked(*of.position(one, two, "bbox"), *of.position(three, four, "bbox"), "bbox")


def _time(asked: Asked) -> tuple[int, int] | None:
    text = asked.one("time")
    # A template whose two ends were left empty.
    return interval(text) if text.strip("/ ") and not asked.one("trel") else None


def _filter(asked: Asked) -> Node | str:
    parts: list[Node] = []
    if asked.filter is not None:
        parts.append(of_element(asked.filter))
    if asked.cql:
        parts.append(of_cql(asked.cql))
    for name in ("lat", "lon", "radius", "name"):
        if asked.one(name):
            raise Refused("OptionNotSupported", name, "ask for a place with bbox, geometry or a filter")
    if asked.one("geometry"):
        parts.append(_drawn(asked))
    if asked.one("trel"):
        parts.append(_related(asked))
    if asked.ids and asked.operation == "GetRecords":
        parts.append(named(asked.ids))
    return And(tuple(parts)) if len(parts) > 1 else parts[0] if parts else ""


def _drawn(asked: Asked) -> Node:
    if system(asked.one("geometry_crs"), "geometry_crs") is not System.LONGITUDE_FIRST:
        raise Invalid(
            "WKT is read as longitude and latitude; leave geometry_crs out, and turn the pairs",
            "geometry_crs",
        )
    relation = asked.one("relation").lower() or "intersects"
    if relation not in _RELATIONS:
        raise Invalid(
            f"“{shown(relation)}” is no relation; choose one of {', '.join(_RELATIONS)}", "relation"
        )
    shape = cql.geometry(asked.one("geometry"), "geometry")
    return filters.parse({"op": f"s_{relation}", "args": [{"property": "geometry"}, shape]}, where="geometry")


def _related(asked: Asked) -> Node:
    relation = next((op for name, op in TEMPORAL.items() if name.lower() == asked.one("trel").lower()), "")
    if not relation or not asked.one("time"):
        raise Invalid(f"give a time, and one of {', '.join(TEMPORAL)}", "trel")
    start, slash, end = asked.one("time").partition("/")
    value = {"interval": [start or "..", end or ".."]} if slash else {"date": start}
    return filters.parse({"op": relation, "args": [{"property": "time"}, value]}, where="time")


def named(ids: tuple[str, ...]) -> Node:
    """The condition that a record has one of these names, here or elsewhere."""
    if len(ids) > MOST_IDS:
        raise Invalid(f"{len(ids)} records are named; at most {MOST_IDS} are read", "id")
    listed = bare(list(ids))
    tests = [{"op": "in", "args": [{"property": name}, listed]} for name in ("id", "externalId")]
    return filters.parse({"op": "or", "args": tests}, where="id")


def _sort(asked: Asked) -> str:
    keys: list[str] = []
    for name, descending in asked.sort:
        key = SORTABLES.get(resolve(name), "")
        if not key:
            offered = (
                "dc:title, dct:modified, dc:date, dc:identifier, apiso:TempExtent_begin, apiso:TempExtent_end"
            )
            raise Invalid(f"records cannot be sorted by “{shown(name)}”; sortable: {offered}", "SortBy")
        keys.append(f"-{key}" if descending else key)
    return ",".join(keys)

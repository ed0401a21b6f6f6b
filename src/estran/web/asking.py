"""The query parameters that the OGC APIs share, as parts of a catalogue query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.catalogue import filters
from estran.catalogue.query import Query
from estran.catalogue.queryables import RECORDS
from estran.errors import Invalid, NotFound
from estran.model import Box, interval
from estran.web import node_of
from estran.web.openapi import parameter
from estran.web.replies import one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_CRS84 = (CRS84, "http://www.opengis.net/def/crs/OGC/0/CRS84h", "urn:ogc:def:crs:OGC:1.3:CRS84", "CRS84")
_MOST_VALUES = 200
# The properties that have a parameter of the standard are not asked for by name.
BY_NAME = tuple(name for name in RECORDS if name not in ("id", "type", "externalId", "geometry", "time"))
"""Queryables that are parameters themselves."""
_WORDS: dict[str, Any] = {"items": {"type": "string"}, "minItems": 1}
PARAMETERS = (
    parameter(
        "bbox",
        "West, south, east, north; west > east crosses the antimeridian; heights may stand between.",
        example=[-5, 42, 9, 51],
        items={"type": "number"},
        minItems=4,
        maxItems=6,
    ),
    parameter("bbox-crs", "Reference system of bbox.", enum=[CRS84]),
    parameter(
        "datetime", "An instant, or an interval with a slash; `..` leaves an end open.", example="2015/.."
    ),
    parameter("type", "Kinds of resource, one of which it is.", example=["dataset", "service"], **_WORDS),
    parameter("ids", "Identifiers of records.", example=["a", "b"], **_WORDS),
    parameter(
        "externalIds",
        "Identifiers given elsewhere: `scheme:value`, a value, or `scheme:`.",
        example=["doi:10.1234/abc"],
        **_WORDS,
    ),
    parameter(
        "concept",
        "Addresses of concepts: records that carry one of them, one that is the same, or something narrower.",
        example=["http://example.org/concept/1"],
        **_WORDS,
    ),
    parameter(
        "meaning",
        "Whether `q` also finds what its words mean in the node's vocabularies: narrower concepts, other "
        "languages. The standard's own reading is `no`.",
        enum=["yes", "no"],
        default="no",
    ),
    parameter("view", "Name of a view of this node: only its records are looked at.", example="brest"),
    parameter(
        "filter",
        "A filter in CQL2 on the properties that the records' `/queryables` lists.",
        example="title LIKE '%sea%' AND updated >= DATE('2020-01-01')",
    ),
    parameter("filter-lang", "Language of the filter.", enum=["cql2-text", "cql2-json"], default="cql2-text"),
    parameter("filter-crs", "Reference system of geometries in the filter.", enum=[CRS84]),
    *(
        parameter(name, f"{RECORDS[name].title}: records where it has exactly this value.")
        for name in BY_NAME
    ),
)
"""What says which records are wanted, but for the words."""
SHARED = tuple(str(one["name"]) for one in PARAMETERS)
"""Their names."""


def shared(request: Request) -> Query:
    """The query that `PARAMETERS` make."""
    where = {"kind": listed(request, "type"), "concept": listed(request, "concept")}
    return Query(
        meaning=meaning(request),
        within=within(request),
        bbox=box(request),
        time=time(request),
        where={field: values for field, values in where.items() if values},
        ids=listed(request, "ids"),
        external_ids=listed(request, "externalIds"),
        filter=cql2(request, [name for name in BY_NAME if name in request.query_params]),
    )


def within(request: Request) -> Query | None:
    """``view``: the search that a view keeps."""
    name = one(request, "view")
    if not name:
        return None
    try:
        return node_of(request).views.show(name).query()
    except NotFound as error:
        raise Invalid(str(error), "view") from None


def meaning(request: Request) -> bool:
    """``meaning``: whether words are also found by what they mean."""
    given = one(request, "meaning")
    if given not in ("", "yes", "no"):
        raise Invalid("say yes or no", "meaning")
    return given == "yes"


def box(request: Request) -> Box | None:
    """``bbox``, in longitude and latitude."""
    crs(request, "bbox-crs")
    text = one(request, "bbox")
    return Box.parse(text) if text else None


def crs(request: Request, name: str) -> None:
    """Refuse a coordinate reference system that is not offered."""
    given = one(request, name)
    if given and given not in _CRS84:
        raise Invalid(f"only {CRS84} is offered: longitude, latitude", name)


def time(request: Request) -> tuple[int, int] | None:
    """``datetime``: an instant, or two around a slash."""
    text = one(request, "datetime")
    return interval(text, "datetime") if text else None


def limit(request: Request, default: int, most: int) -> int:
    """``limit``, cut to what a page may hold."""
    text = one(request, "limit")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not text.strip("0"):
        raise Invalid(f"“{text[:20]}” is not a whole number of 1 or more", "limit")
    # A number too long to be one is above any bound.
    return most if len(text) > 9 else min(int(text), most)  # noqa: PLR2004


def listed(request: Request, name: str) -> tuple[str, ...]:
    """A parameter that holds values with commas between."""
    found = tuple(part.strip() for part in one(request, name).split(",") if part.strip())
    if len(found) > _MOST_VALUES:
        raise Invalid(f"{len(found)} values are given; at most {_MOST_VALUES} are read", name)
    return found


def order(request: Request, sortables: Mapping[str, str]) -> str:
    """``sortby`` as the catalogue's sort.

    Args:
        request: the request.
        sortables: name of the property -> name of the sort.
    """
    keys: list[str] = []
    for part in listed(request, "sortby"):
        # A plus in an address that nobody encoded arrives as a blank, which `listed` has cut off.
        name = part.lstrip("+-")
        if name not in sortables:
            raise Invalid(
                f"records cannot be sorted by “{name[:80]}”; sortables: {', '.join(sortables)}", "sortby"
            )
        keys.append(("-" if part.startswith("-") else "") + sortables[name])
    return ",".join(keys)


def cql2(request: Request, properties: Iterable[str] = ()) -> str | dict[str, Any]:
    """``filter`` and the properties that are asked for by name, as one CQL2 filter.

    Args:
        request: the request.
        properties: names of parameters that each mean property = value.
    """
    crs(request, "filter-crs")
    tests = [_equals(name, request.query_params.getlist(name)) for name in properties]
    text, language = one(request, "filter"), one(request, "filter-lang")
    if language not in ("", "cql2-text", "cql2-json"):
        raise Invalid(f"“{language[:40]}” is not read here; choose cql2-text or cql2-json", "filter-lang")
    if not text:
        return tests[0] if len(tests) == 1 else {"op": "and", "args": tests} if tests else ""
    is_json = language == "cql2-json" or (not language and text.lstrip().startswith("{"))
    if not tests and not is_json:
        return text
    whole = filters.document(text, is_json=is_json)
    return {"op": "and", "args": [whole, *tests]} if tests else whole


def _equals(name: str, values: list[str]) -> dict[str, Any]:
    kind = RECORDS[name].kind
    if kind in ("interval", "geometry"):
        instead = "datetime" if kind == "interval" else "bbox"
        raise Invalid(f"it has no single value; ask with {instead} or filter", name)
    tests = [{"op": "=", "args": [{"property": name}, value]} for value in values]
    return tests[0] if len(tests) == 1 else {"op": "or", "args": tests}

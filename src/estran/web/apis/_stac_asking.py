"""What a STAC client asks, in an address or in a body, as a question to the items."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from estran.catalogue import filters
from estran.catalogue.items.query import ItemQuery
from estran.catalogue.query import Query
from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, bounds, date
from estran.web import asking, replies
from estran.web.apis._stac_cql2 import both, of_query, plain_name, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

__all__ = [
    "COLLECTIONS", "COUNTING", "INTERVAL", "INTERVALS", "SEARCH", "SORTABLE_COLLECTIONS", "Asked", "AskedCollections",
    "AskedCounts", "Fields", "of_address", "of_body", "of_collections", "of_counting", "of_counting_body",
]  # fmt: skip

SEARCH = (
    "collections", "bbox", "datetime", "limit", "token", "ids", "intersects", "filter", "filter-lang", "filter-crs",
    "sortby", "fields", "query", "q",
)  # fmt: skip
"""Parameters of a search."""
INTERVAL = "datetime_frequency_interval"
INTERVALS = ("day", "month", "year")
COUNTING = (
    "aggregations", INTERVAL, *(name for name in SEARCH if name not in ("limit", "token", "sortby", "fields")),
)  # fmt: skip
"""Parameters of counting."""
COLLECTIONS = (
    "bbox", "datetime", "limit", "token", "q", "filter", "filter-lang", "filter-crs", "sortby", "fields",
)  # fmt: skip
"""Parameters of a search of collections."""
SORTABLE_COLLECTIONS = {
    "title": "title", "updated": "updated", "published": "published", "datetime": "start", "end_datetime": "end",
}  # fmt: skip
"""What collections can be sorted by, and the catalogue's word for it."""
_PAGE = 10
_COLLECTIONS_PAGE = 100
_MOST_VALUES = 10_000
_MOST_SORTS = 10
_LONGEST = 80
_CRS84 = (asking.CRS84, "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "CRS84")
_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?\d*(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_FRACTION = re.compile(r"(\.\d{9})\d+")


@dataclass(frozen=True, slots=True)
class Fields:
    """Which members of items are wanted: dotted paths.

    Attributes:
        include: only these; None means all, an empty tuple what makes an item.
        exclude: not these, unless `include` names the same or what lies in it.
    """

    include: tuple[str, ...] | None
    exclude: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the form of its answer; fields are None where whole items are wanted.

    Attributes:
        terms: only items that one of these is about; none means all.
    """

    query: ItemQuery
    fields: Fields | None = None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedCollections:
    """A question about collections and the form of its answer."""

    query: Query
    fields: Fields | None = None


@dataclass(frozen=True, slots=True)
class AskedCounts:
    """A question whose items are counted.

    Attributes:
        names: what is counted.
        terms: only items that one of these is about; none means all.
        interval: "day", "month" or "year"; "" for what fits.
    """

    query: ItemQuery
    names: tuple[str, ...]
    terms: tuple[str, ...] = ()
    interval: str = ""


def of_address(request: Request, most: int, collection: str = "") -> Asked:
    """What the parameters of an address ask.

    Args:
        request: the request.
        most: items that a page may hold.
        collection: the only one, where the path names it.
    """
    given = request.query_params
    if len(given) == 0:
        return Asked(ItemQuery(collections=(collection,) if collection else (), limit=min(_PAGE, most)))
    replies.checked(request, SEARCH)
    found: dict[str, Any] = {}
    for name in given:
        text = replies.one(request, name)
        if text or name == "fields":
            found[name] = _READ[name](text) if name in _READ else text
    if found.get("filter-lang") == "cql2-json" and "filter" in found:
        found["filter"] = filters.document(found["filter"], is_json=True)
    if "limit" in found:
        found["limit"] = asking.limit(request, _PAGE, most)
    return _asked(_of_collection(found, collection), most)


def of_counting(request: Request, collection: str = "") -> AskedCounts:
    """What the parameters of an address ask to be counted; `collection` is the only one, where the path names it."""
    replies.checked(request, COUNTING)
    found: dict[str, Any] = {}
    for name in request.query_params:
        if text := replies.one(request, name):
            found[name] = _READ[name](text) if name in _READ else text
    if found.get("filter-lang") == "cql2-json" and "filter" in found:
        found["filter"] = filters.document(found["filter"], is_json=True)
    return _counting(found, collection)


def of_counting_body(body: bytes, collection: str = "") -> AskedCounts:
    """The same of a JSON body."""
    found = _members(body, COUNTING)
    return _counting({name: value for name, value in found.items() if value is not None}, collection)


def _counting(found: dict[str, Any], collection: str) -> AskedCounts:
    interval = _text(found, INTERVAL)
    if interval not in ("", *INTERVALS):
        raise Invalid(f"“{interval[:_LONGEST]}” is none; choose among {', '.join(INTERVALS)}", INTERVAL)
    asked = _asked(_of_collection(found, collection), 1)
    return AskedCounts(asked.query, _words(found, "aggregations"), asked.terms, interval)


def _of_collection(found: dict[str, Any], collection: str) -> dict[str, Any]:
    if not collection:
        return found
    # Clients that search the items of a collection may name it again.
    if collection not in found.get("collections", (collection,)):
        raise Invalid("here are the items of one collection alone; search at /stac/search", "collections")
    return found | {"collections": [collection]}


def of_body(body: bytes, most: int) -> tuple[Asked, dict[str, Any]]:
    """What a JSON body asks, and the body itself, which the next page asks again."""
    found = _members(body, SEARCH)
    return _asked({name: value for name, value in found.items() if value is not None}, most), found


def _members(body: bytes, known: Iterable[str]) -> dict[str, Any]:
    """The members of a body, which all mean something here."""
    try:
        found: Any = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"not JSON ({str(error)[:_LONGEST]}); send a search as a JSON object") from None
    if not isinstance(found, dict):
        raise Invalid("the body is no JSON object; send a search such as {}")
    for name in found:
        if name not in tuple(known):
            raise Invalid(f"a search has no such member; it has {', '.join(known)}", name[:_LONGEST])
    if "fields" in found and found["fields"] is None:
        raise Invalid('null is no choice of fields; send {"include": […], "exclude": […]}', "fields")
    return found


def of_collections(request: Request, most: int, allowed: Iterable[str] = COLLECTIONS) -> AskedCollections:
    """What the parameters of an address ask of the collections.

    Args:
        request: the request.
        most: collections that a page may hold.
        allowed: the parameters that are read.
    """
    replies.checked(request, allowed)
    found = {name: replies.one(request, name) for name in request.query_params}
    words = found.get("q", "")
    asked: dict[str, Any] = {name: text for name, text in found.items() if name.startswith("filter") and text}
    if asked.get("filter-lang") == "cql2-json" and "filter" in asked:
        asked["filter"] = filters.document(asked["filter"], is_json=True)
    query = Query(
        text=words,
        words="records",
        bbox=_box(_numbers(found["bbox"])) if found.get("bbox") else None,
        time=_time(found["datetime"]) if found.get("datetime") else None,
        # A collection of unknown extent is written as one of the whole world and all times.
        unknown=True,
        filter=_of_collections(_filter(asked)),
        sort=_collections_order(found.get("sortby", "")) or ("" if words.strip(" ,") else "title"),
        limit=asking.limit(request, min(_COLLECTIONS_PAGE, most), most),
        cursor=found.get("token", ""),
    )
    return AskedCollections(query, _fields(_choice(found["fields"])) if "fields" in found else None)


def _collections_order(text: str) -> str:
    keys: list[str] = []
    for key in _sorts(text):
        name = plain_name(key["field"])
        if name not in SORTABLE_COLLECTIONS:
            known = ", ".join(SORTABLE_COLLECTIONS)
            raise Invalid(
                f"collections cannot be sorted by “{name[:_LONGEST]}”; choose among {known}", "sortby"
            )
        keys.append(("-" if key["direction"] == "desc" else "") + SORTABLE_COLLECTIONS[name])
    return ",".join(keys)


def _of_collections(asked: str | dict[str, Any]) -> str | dict[str, Any]:
    """A filter in the words of the catalogue: what STAC calls a collection is one of its identifiers there."""
    document = filters.document(asked, is_json=False) if isinstance(asked, str) and asked else asked
    try:
        return renamed(document, "id", "externalId")
    except RecursionError:
        raise Invalid("the filter is nested too deep; simplify it", "filter") from None


def _asked(found: dict[str, Any], most: int) -> Asked:
    if "bbox" in found and "intersects" in found:
        raise Invalid("give bbox or intersects, not both", "intersects")
    query = ItemQuery(
        collections=_words(found, "collections"),
        ids=_words(found, "ids"),
        bbox=_box(found["bbox"]) if "bbox" in found else None,
        intersects=_geometry(found["intersects"]) if "intersects" in found else None,
        time=_time(found["datetime"]) if "datetime" in found else None,
        filter=_filter(found),
        sort=_sort(found["sortby"]) if "sortby" in found else (),
        limit=_limit(found.get("limit", _PAGE), most),
        cursor=_text(found, "token"),
    )
    return Asked(query, _fields(found["fields"]) if "fields" in found else None, _words(found, "q"))


def _words(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = found.get(name, ())
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise Invalid("it is no list of texts", name)
    if len(values) > _MOST_VALUES:
        raise Invalid(f"{len(values)} values are given; at most {_MOST_VALUES} are read", name)
    return tuple(dict.fromkeys(values))


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise Invalid("it is no text", name)
    return value


def _limit(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid(f"“{str(value)[:20]}” is not a whole number of 1 or more", "limit")
    return min(value, most)


def _box(numbers: Any) -> Box:
    if not isinstance(numbers, list) or any(
        isinstance(n, bool) or not isinstance(n, int | float) for n in numbers
    ):
        raise Invalid("it is no list of numbers; give west, south, east, north", "bbox")
    try:
        corners = [float(n) for n in numbers]
    except OverflowError:
        raise Invalid("a number is out of range; give degrees", "bbox") from None
    match corners:
        case [west, south, east, north] | [west, south, _, east, north, _]:
            return Box.checked(west, south, east, north)
        case _:
            raise Invalid(f"{len(corners)} numbers given; give west, south, east, north", "bbox")


def _geometry(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Invalid("it is no GeoJSON geometry", "intersects")
    return value


def _time(value: Any) -> tuple[int, int]:
    """An instant of RFC 3339, or an interval that holds both its ends."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Invalid("it is no text of an instant or an interval", "datetime")
    start, slash, end = value.partition("/")
    if not slash:
        at = _instant(start)
        return at, at + 1
    opened, closed = start in ("", ".."), end in ("", "..")
    if opened and closed:
        raise Invalid("both ends are open; give at least one, or leave datetime out", "datetime")
    first = EVER_US if opened else _instant(start)
    last = NEVER_US if closed else _instant(end) + 1
    if first >= last:
        raise Invalid(f"“{value}” ends before it starts", "datetime")
    return first, last


def _instant(text: str) -> int:
    if not _RFC_3339.fullmatch(text):
        raise Invalid(
            f"“{text}” is no instant of RFC 3339; write 2020-03-01T12:00:00Z, or two with a slash between",
            "datetime",
        )
    return bounds(date(_FRACTION.sub(r"\1", text), "datetime"))[0]


def _filter(found: Mapping[str, Any]) -> str | dict[str, Any]:
    asked, language = found.get("filter"), _text(found, "filter-lang")
    if language not in ("", "cql2-text", "cql2-json"):
        raise Invalid(f"“{language[:40]}” is not read here; choose cql2-text or cql2-json", "filter-lang")
    if _text(found, "filter-crs") not in ("", *_CRS84):
        raise Invalid(f"only {asking.CRS84} is offered: longitude, latitude", "filter-crs")
    if isinstance(asked, bool):
        asked = {"op": "and", "args": [asked]}
    if asked is not None and not isinstance(asked, str | dict):
        raise Invalid("it is neither CQL2 text nor CQL2 JSON", "filter")
    return both(asked, of_query(found["query"]) if "query" in found else None)


def _sort(value: Any) -> tuple[tuple[str, bool], ...]:
    if not isinstance(value, list) or len(value) > _MOST_SORTS:
        raise Invalid(f"it is no list of at most {_MOST_SORTS} fields", "sortby")
    return tuple(_key(one) for one in value)


def _key(value: Any) -> tuple[str, bool]:
    match value:
        case {"field": str(field), "direction": "asc" | "desc" as direction} if field:
            return plain_name(field), direction == "desc"
        case {"field": str(field)} if field and "direction" not in value:
            return plain_name(field), False
        case _:
            raise Invalid('a sort is {"field": …, "direction": "asc" or "desc"}', "sortby")


def _fields(value: Any) -> Fields:
    if not isinstance(value, dict) or not set(value) <= {"include", "exclude"}:
        raise Invalid('send {"include": […], "exclude": […]}', "fields")
    exclude = _words({"fields": value.get("exclude") or []}, "fields")
    include = _words({"fields": value.get("include") or []}, "fields")
    return Fields(None if exclude and "include" not in value else include, exclude)


def _split(text: str) -> list[str]:
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def _numbers(text: str) -> list[float]:
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise Invalid(f"“{text[:_LONGEST]}” is no list of numbers", "bbox") from None
    if not all(math.isfinite(number) for number in found):
        raise Invalid("a corner is not a number", "bbox")
    return found


def _sorts(text: str) -> list[dict[str, str]]:
    # A plus that nobody encoded arrives as a blank, which the split has cut off.
    return [
        {"field": part.lstrip("+-"), "direction": "desc" if part.startswith("-") else "asc"}
        for part in _split(text)
    ]


def _choice(text: str) -> dict[str, list[str]]:
    parts = _split(text)
    found = {
        "include": [part.removeprefix("+") for part in parts if not part.startswith("-")],
        "exclude": [part[1:] for part in parts if part.startswith("-")],
    }
    return {name: names for name, names in found.items() if names}


def _json(name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("it is not JSON", name) from None

    return read


_READ: dict[str, Callable[[str], Any]] = {
    "collections": _split,
    "ids": _split,
    "q": _split,
    "aggregations": _split,
    "bbox": _numbers,
    "intersects": _json("intersects"),
    "query": _json("query"),
    "sortby": _sorts,
    "fields": _choice,
}

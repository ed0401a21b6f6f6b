"""What a STAC client asks, in an address or in a body, as a question to the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from estran.catalogue import filters
from estran.catalogue.items.query import ItemQuery
from estran.catalogue.query import Query
from estran.errors import Invalid
from estran.web import asking, replies
from estran.web.apis import _stac_values as values
from estran.web.apis._stac_cql2 import of_every_node, plain_name, renamed
from estran.web.apis._stac_values import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from estran.web.apis._stac_cql2 import Known

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
_LONGEST = 80
_COLLECTIONS_PAGE = 100


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


def of_address(request: Request, most: int, collection: str = "", known: Known = of_every_node) -> Asked:
    """What the parameters of an address ask.

    Args:
        request: the request.
        most: items that a page may hold.
        collection: the only one, where the path names it.
        known: gives what filters may name.
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
    return _asked(_of_collection(found, collection), most, known)


def of_counting(request: Request, collection: str = "", known: Known = of_every_node) -> AskedCounts:
    """What the parameters of an address ask to be counted; `collection` is the only one, where the path names it."""
    replies.checked(request, COUNTING)
    found: dict[str, Any] = {}
    for name in request.query_params:
        if text := replies.one(request, name):
            found[name] = _READ[name](text) if name in _READ else text
    if found.get("filter-lang") == "cql2-json" and "filter" in found:
        found["filter"] = filters.document(found["filter"], is_json=True)
    return _counting(found, collection, known)


def of_counting_body(body: bytes, collection: str = "", known: Known = of_every_node) -> AskedCounts:
    """The same of a JSON body."""
    found = _members(body, COUNTING)
    return _counting({name: value for name, value in found.items() if value is not None}, collection, known)


def _counting(found: dict[str, Any], collection: str, known: Known) -> AskedCounts:
    interval = values.text_of(found, INTERVAL)
    if interval not in ("", *INTERVALS):
        raise Invalid(f"“{interval[:_LONGEST]}” is none; choose among {', '.join(INTERVALS)}", INTERVAL)
    asked = _asked(_of_collection(found, collection), 1, known)
    return AskedCounts(asked.query, values.words(found, "aggregations"), asked.terms, interval)


def _of_collection(found: dict[str, Any], collection: str) -> dict[str, Any]:
    if not collection:
        return found
    # Clients that search the items of a collection may name it again.
    if collection not in found.get("collections", (collection,)):
        raise Invalid("here are the items of one collection alone; search at /stac/search", "collections")
    return found | {"collections": [collection]}


def of_body(body: bytes, most: int, known: Known = of_every_node) -> tuple[Asked, dict[str, Any]]:
    """What a JSON body asks, and the body itself, which the next page asks again."""
    found = _members(body, SEARCH)
    return _asked({name: value for name, value in found.items() if value is not None}, most, known), found


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
        bbox=values.box(values.numbers(found["bbox"])) if found.get("bbox") else None,
        time=values.time(found["datetime"]) if found.get("datetime") else None,
        # A collection of unknown extent is written as one of the whole world and all times.
        unknown=True,
        filter=_of_collections(values.filter_of(asked)),
        sort=_collections_order(found.get("sortby", "")) or ("" if words.strip(" ,") else "title"),
        limit=asking.limit(request, min(_COLLECTIONS_PAGE, most), most),
        cursor=found.get("token", ""),
    )
    return AskedCollections(
        query, values.fields(values.choice(found["fields"])) if "fields" in found else None
    )


def _collections_order(text: str) -> str:
    keys: list[str] = []
    for key in values.sorts(text):
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


def _asked(found: dict[str, Any], most: int, known: Known) -> Asked:
    if "bbox" in found and "intersects" in found:
        raise Invalid("give bbox or intersects, not both", "intersects")
    query = ItemQuery(
        collections=values.words(found, "collections"),
        ids=values.words(found, "ids"),
        bbox=values.box(found["bbox"]) if "bbox" in found else None,
        intersects=values.geometry(found["intersects"]) if "intersects" in found else None,
        time=values.time(found["datetime"]) if "datetime" in found else None,
        filter=values.filter_of(found, known),
        sort=values.order(found["sortby"]) if "sortby" in found else (),
        limit=values.limit(found.get("limit", _PAGE), most),
        cursor=values.text_of(found, "token"),
    )
    return Asked(
        query, values.fields(found["fields"]) if "fields" in found else None, values.words(found, "q")
    )


_READ: dict[str, Callable[[str], Any]] = {
    "collections": values.split,
    "ids": values.split,
    "q": values.split,
    "aggregations": values.split,
    "bbox": values.numbers,
    "intersects": values.json_of("intersects"),
    "query": values.json_of("query"),
    "sortby": values.sorts,
    "fields": values.choice,
}

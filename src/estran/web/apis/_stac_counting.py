"""The aggregations of the STAC API: how many items a search has, by time, collection and value."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from estran.catalogue.items.counting import ItemCounts
from estran.errors import Invalid
from estran.model import moment_us
from estran.web import links_of, node_of, openapi, replies
from estran.web.apis import _stac_answers as answers
from estran.web.apis import _stac_asking as asking
from estran.web.apis import _stac_definition as definition
from estran.web.apis._stac_answers import PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.formats import Links
    from estran.node import Node

__all__ = ["links_at", "routes"]

_TERMS = {"platform_frequency": "platform", "grid_code_frequency": "grid:code"}
_CLOUDS, _EDGES = "eo:cloud_cover", (5.0, 15.0, 40.0)
_TYPES = {
    "total_count": "numeric", "datetime_min": "datetime", "datetime_max": "datetime", "collection_frequency": "string",
    "datetime_frequency": "datetime", "cloud_cover_frequency": "numeric", "platform_frequency": "string",
    "grid_code_frequency": "string",
}  # fmt: skip
# Of a property with more values, the most frequent are named and the others counted together.
_MOST_BUCKETS = 10_000
_FINE_DAYS, _MIDDLE_DAYS = 62, 3660
_EPOCH = date(1970, 1, 1)


def links_at(address: str) -> list[dict[str, str]]:
    """The links that lead from a catalogue or collection at `address` to its aggregations."""
    aggregate = replies.link(f"{address}/aggregate", "aggregate", replies.JSON, "Counts of items")
    return [
        aggregate | {"method": "GET"},
        aggregate | {"method": "POST"},
        replies.link(f"{address}/aggregations", "aggregations", replies.JSON, "What is counted"),
    ]


def routes() -> APIRouter:
    """The addresses of aggregations under `PATH`."""
    router = APIRouter()
    own = "/collections/{collection}"

    @router.get("/aggregations", **_described("What is counted of items", "getStacAggregations"))
    def offered(request: Request) -> Response:
        return _offered(request, links_of(request).base + PATH)

    @router.get(
        f"{own}/aggregations", **_described("What is counted of its items", "getStacOwnAggregations", 404)
    )
    def offered_here(request: Request, collection: definition.CollectionId) -> Response:
        node_of(request).items.collection(collection)
        return _offered(request, _home(links_of(request), collection))

    @router.get(
        "/aggregate", **_described("Count items", "getStacAggregate", parameters=definition.AGGREGATE)
    )
    def counted(request: Request) -> Response:
        asked = asking.of_counting(request, known=node_of(request).items.queryables)
        return _counted(request, asked, links_of(request).base + PATH)

    @router.get(
        f"{own}/aggregate",
        **_described("Count its items", "getStacOwnAggregate", 404, parameters=definition.OWN_AGGREGATE),
    )
    def counted_here(request: Request, collection: definition.CollectionId) -> Response:
        items = node_of(request).items
        items.collection(collection)
        asked = asking.of_counting(request, collection, items.queryables)
        return _counted(request, asked, _home(links_of(request), collection))

    @router.post("/aggregate", **_described("Count items", "postStacAggregate", body=True))
    def count(request: Request, body: definition.Body) -> Response:
        replies.checked(request, ())
        asked = asking.of_counting_body(body, known=node_of(request).items.queryables)
        return _counted(request, asked, links_of(request).base + PATH)

    @router.post(f"{own}/aggregate", **_described("Count its items", "postStacOwnAggregate", 404, body=True))
    def count_here(request: Request, collection: definition.CollectionId, body: definition.Body) -> Response:
        replies.checked(request, ())
        items = node_of(request).items
        items.collection(collection)
        asked = asking.of_counting_body(body, collection, items.queryables)
        return _counted(request, asked, _home(links_of(request), collection))

    return router


def _described(
    summary: str, operation: str, *refusals: int, parameters: Any = (), body: bool = False
) -> dict[str, Any]:
    made = openapi.described(summary, operation, {replies.JSON: None}, parameters, *refusals)
    if body:
        made["openapi_extra"] = {"requestBody": definition.AGGREGATE_BODY}
    return made


def _home(links: Links, collection: str) -> str:
    return f"{links.base}{PATH}/collections/{answers.part(collection)}"


def _offered(request: Request, base: str) -> Response:
    replies.checked(request, ())
    listed = [{"name": name, "data_type": kind} for name, kind in _TYPES.items()]
    ways = [
        replies.link(f"{base}/aggregations", "self", replies.JSON),
        replies.link(links_of(request).base + PATH, "root", replies.JSON),
    ]
    return replies.json({"aggregations": listed, "links": ways})


def _counted(request: Request, asked: asking.AskedCounts, base: str) -> Response:
    for name in asked.names:
        if name not in _TYPES:
            known = ", ".join(_TYPES)
            raise Invalid(f"“{name[:80]}” is not counted here; choose among {known}", "aggregations")
    found = _counts(node_of(request), asked)
    ways = [
        replies.link(f"{base}/aggregate", "self", replies.JSON),
        replies.link(links_of(request).base + PATH, "root", replies.JSON),
    ]
    made = [_aggregation(name, found, asked.interval) for name in asked.names]
    return replies.json({"type": "AggregationCollection", "aggregations": made, "links": ways})


def _counts(node: Node, asked: asking.AskedCounts) -> ItemCounts:
    query = node.collections.narrowed(asked.query, asked.terms) if asked.names else None
    if query is None:
        return ItemCounts()
    values = [_TERMS[name] for name in asked.names if name in _TERMS]
    ranges = {_CLOUDS: _EDGES} if "cloud_cover_frequency" in asked.names else {}
    return node.items.counts(query, values, ranges)


def _aggregation(name: str, found: ItemCounts, interval: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "data_type": _TYPES[name]}
    match name:
        case "total_count":
            return made | {"value": found.total}
        case "datetime_min" | "datetime_max":
            at = found.first if name == "datetime_min" else found.last
            return made | {"value": None if at is None else moment_us(at)}
        case "datetime_frequency":
            return made | _by_time(found, interval)
        case "cloud_cover_frequency":
            return made | _between(found.ranges.get(_CLOUDS, ()), found.total)
        case "collection_frequency":
            return made | _by_term(found.collections, found.total)
        case _:
            return made | _by_term(found.values.get(_TERMS[name], {}), found.total)


def _by_term(counts: Mapping[str, int], total: int) -> dict[str, Any]:
    """The most frequent values first; those of one frequency by name."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_BUCKETS]
    buckets = [{"key": key, "data_type": "string", "frequency": count} for key, count in ranked]
    return {"buckets": buckets, "overflow": total - sum(count for _, count in ranked)}


def _between(counts: tuple[int, ...], total: int) -> dict[str, Any]:
    edges = (None, *_EDGES, None)
    buckets: list[dict[str, Any]] = []
    for n, count in enumerate(counts):
        low, high = edges[n], edges[n + 1]
        bucket = {"key": f"{_edge(low)}-{_edge(high)}", "data_type": "numeric", "frequency": count}
        ends = {"from": low, "to": high}
        buckets.append(bucket | {end: value for end, value in ends.items() if value is not None})
    return {"buckets": buckets, "overflow": total - sum(counts)}


def _edge(value: float | None) -> str:
    return "*" if value is None else f"{value:g}"


def _by_time(found: ItemCounts, interval: str) -> dict[str, Any]:
    """By the days, months or years on which items start, in UTC; what has none is left out."""
    interval = interval or _fitting(found.days)
    counts = Counter[datetime]()
    for day, count in found.days.items():
        counts[_start_of(day, interval)] += count
    buckets = [
        {
            "key": at.isoformat().replace("+00:00", "Z"),
            "data_type": "datetime",
            "frequency": count,
        }
        for at, count in sorted(counts.items())
    ]
    return {
        "data_type": f"interval_{interval}",
        "buckets": buckets,
        "overflow": found.total - sum(counts.values()),
    }


def _fitting(days: Mapping[int, int]) -> str:
    span = max(days) - min(days) if days else 0
    return "day" if span <= _FINE_DAYS else "month" if span <= _MIDDLE_DAYS else "year"


def _start_of(day: int, interval: str) -> datetime:
    at = _EPOCH + timedelta(days=day)
    month, first = (at.month, at.day) if interval == "day" else (at.month, 1)
    return datetime(at.year, 1 if interval == "year" else month, first, tzinfo=UTC)

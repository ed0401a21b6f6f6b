"""What the definition of the STAC API says of a search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from estran.web import asking, openapi, replies

__all__ = [
    "AGGREGATE", "AGGREGATE_BODY", "COLLECTIONS", "ITEMS", "OWN_AGGREGATE", "SEARCH", "SEARCH_BODY", "Body", "CollectionId",
    "ItemId",
]  # fmt: skip

CollectionId = Annotated[str, Path(description="Id of a collection.", examples=["a-collection"])]
ItemId = Annotated[str, Path(description="Id of an item.", examples=["an-item"])]


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]
_P = openapi.parameter
_WORDS: dict[str, Any] = {"items": {"type": "string"}}
_LANGUAGES = ["cql2-text", "cql2-json"]
ITEMS = (
    _P(
        "bbox",
        "West, south, east, north; west > east crosses the antimeridian; heights may stand between.",
        example=[-5, 42, 9, 51],
        items={"type": "number"},
        minItems=4,
        maxItems=6,
    ),
    _P(
        "datetime",
        "An instant of RFC 3339, or an interval with a slash; `..` leaves an end open.",
        example="2020-01-01T00:00:00Z/..",
    ),
    _P("limit", "Items on a page; more than the node's bound is cut to it.", type="integer", minimum=1, default=10),
    _P("token", "Where the page starts; taken from a `next` link."),
    _P("ids", "Ids of items.", example=["an-item"], **_WORDS),
    _P("intersects", "A GeoJSON geometry with which items share a point; not together with bbox."),
    _P("filter", "A filter in CQL2 on the properties of items.", example="eo:cloud_cover < 10"),
    _P("filter-lang", "Language of the filter.", enum=_LANGUAGES, default="cql2-text"),
    _P("filter-crs", "Reference system of geometries in the filter.", enum=[asking.CRS84]),
    _P("sortby", "Properties to sort by, a minus in front for descending.", example=["-datetime"], **_WORDS),
    _P(
        "fields",
        "Members of items that are wanted, a minus in front of those that are not.",
        example=["id", "properties.datetime"],
        **_WORDS,
    ),
    _P(
        "q",
        "Words to find: a comma means or, blanks keep words together in order. An item is found where its "
        "collection says them (title, description, keywords…; case, accents and endings do not count), or where "
        "its id starts with them, as written or all in capitals or small letters.",
        example=["reflectance", "S2A_MSIL2A_2023"],
        **_WORDS,
    ),
    _P("query", 'Tests of properties as JSON: `{"eo:cloud_cover": {"lt": 10}}`.'),
)  # fmt: skip
"""Parameters of the items of one collection."""
SEARCH = (_P("collections", "Ids of collections.", example=["a-collection"], **_WORDS), *ITEMS)
"""Parameters of a search."""
_COUNTED = (
    _P(
        "aggregations",
        "What to count: names of `/aggregations`; nothing is counted unless it is named.",
        example=["total_count", "datetime_frequency"],
        **_WORDS,
    ),
    _P(
        "datetime_frequency_interval",
        "What datetime_frequency counts by; what fits the time between the first and the last, if it is not given.",
        enum=["day", "month", "year"],
    ),
)
OWN_AGGREGATE = (
    *_COUNTED,
    *(one for one in ITEMS if one["name"] not in ("limit", "token", "sortby", "fields")),
)
"""Parameters of counting the items of one collection."""
AGGREGATE = (SEARCH[0], *OWN_AGGREGATE)
"""Parameters of counting."""
COLLECTIONS = (
    *(one for one in ITEMS if one["name"] in ("bbox", "datetime", "token", "filter-lang", "filter-crs")),
    _P("limit", "Collections on a page; more than the node's bound is cut to it.", type="integer", minimum=1, default=100),
    _P(
        "q",
        "Words to find in what a collection says (title, description, keywords, people, identifiers…): a comma "
        "means or, blanks keep words together in order; case, accents and endings do not count. What fits best "
        "comes first.",
        example=["sea surface temperature", "salinity"],
        **_WORDS,
    ),
    _P("filter", "A filter in CQL2 on the properties of collections.", example="keywords = 'salinity'"),
    _P("sortby", "What to sort by, a minus in front for descending.", example=["-updated"], **_WORDS),
    _P("fields", "Members that are wanted, a minus in front of those that are not.", example=["id", "title"], **_WORDS),
)  # fmt: skip
"""Parameters of a search of collections."""
_TEXTS = {"type": "array", "items": {"type": "string"}}
SEARCH_BODY: dict[str, Any] = {
    "description": "A search; an empty object asks for everything.",
    "content": {
        replies.JSON: {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "collections": _TEXTS,
                    "ids": _TEXTS,
                    "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
                    "datetime": {"type": "string"},
                    "intersects": {"type": "object"},
                    "limit": {"type": "integer", "minimum": 1},
                    "token": {"type": "string"},
                    "filter": {"type": "object"},
                    "filter-lang": {"type": "string", "enum": _LANGUAGES},
                    "filter-crs": {"type": "string"},
                    "sortby": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["field"],
                            "properties": {
                                "field": {"type": "string"},
                                "direction": {"type": "string", "enum": ["asc", "desc"]},
                            },
                        },
                    },
                    "fields": {"type": "object", "properties": {"include": _TEXTS, "exclude": _TEXTS}},
                    "query": {"type": "object"},
                    "q": _TEXTS,
                },
            },
            "example": {"collections": ["a-collection"], "limit": 10},
        }
    },
}
"""The body of a search by POST."""
AGGREGATE_BODY: dict[str, Any] = {
    "description": "What to count, and of which items; an empty object counts nothing.",
    "content": {
        replies.JSON: {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "aggregations": _TEXTS,
                    "datetime_frequency_interval": {"type": "string", "enum": ["day", "month", "year"]},
                    **{
                        name: schema
                        for name, schema in SEARCH_BODY["content"][replies.JSON]["schema"][
                            "properties"
                        ].items()
                        if name not in ("limit", "token", "sortby", "fields")
                    },
                },
            },
            "example": {"aggregations": ["total_count"], "collections": ["a-collection"]},
        }
    },
}
"""The body of counting by POST."""

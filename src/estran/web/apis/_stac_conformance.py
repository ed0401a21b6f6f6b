"""The conformance classes of the STAC API."""

from __future__ import annotations

__all__ = ["CONFORMS_TO"]

_STAC = "https://api.stacspec.org/"
_OGC = "http://www.opengis.net/spec/"
# An extension that clients look for under the names of two versions is declared under both.
_CLASSES: tuple[tuple[str, str], ...] = (
    (_STAC, "v1.0.0/core v1.0.0/browseable v1.0.0-rc.2/children v1.0.0/collections v1.0.0/ogcapi-features"),
    (_STAC, "v1.0.0/item-search v1.0.0/item-search#fields v1.0.0/item-search#sort v1.1.0/item-search#sort"),
    (_STAC, "v1.0.0/item-search#query v1.0.0/item-search#filter v1.0.0-rc.2/item-search#filter"),
    (_STAC, "v1.0.0/ogcapi-features#fields v1.0.0/ogcapi-features#sort v1.1.0/ogcapi-features#sort"),
    (_STAC, "v1.0.0/ogcapi-features#query"),
    (_STAC, "v1.0.0-rc.1/item-search#free-text v1.0.0-rc.1/ogcapi-features#free-text"),
    (_STAC, "v0.3.0/aggregation v0.3.0/aggregation#query v0.3.0/aggregation#filter"),
    (_STAC, "v1.0.0-rc.1/collection-search v1.0.0-rc.1/collection-search#free-text"),
    (_STAC, "v1.0.0-rc.1/collection-search#filter v1.0.0-rc.1/collection-search#fields"),
    (_STAC, "v1.0.0-rc.1/collection-search#sort v1.1.0/collection-search#sort"),
    (_STAC, "v1.0.0/ogcapi-features/extensions/transaction v1.0.0/collections/extensions/transaction"),
    (_OGC + "ogcapi-common-2/1.0/conf/", "collections simple-query"),
    (_OGC + "ogcapi-features-1/1.0/conf/", "core geojson oas30"),
    (_OGC + "ogcapi-features-3/1.0/conf/", "queryables filter features-filter"),
    (_OGC + "ogcapi-features-4/1.0/conf/", "simpletx"),
    (_OGC + "cql2/1.0/conf/", "cql2-text cql2-json basic-cql2 advanced-comparison-operators"),
    (_OGC + "cql2/1.0/conf/", "case-insensitive-comparison accent-insensitive-comparison temporal-functions"),
    (_OGC + "cql2/1.0/conf/", "basic-spatial-functions basic-spatial-functions-plus spatial-functions"),
)
CONFORMS_TO = tuple(base + name for base, names in _CLASSES for name in names.split())
"""Their URIs."""

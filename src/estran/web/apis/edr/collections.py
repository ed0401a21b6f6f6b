"""Observed datasets as collections of the OGC root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from estran.catalogue.query import Query
from estran.model import moment_us
from estran.web import asking, replies
from estran.web.apis.edr.asking import EPSG_4326, KM
from estran.web.apis.edr.covjson import MEDIA_TYPE, parameter
from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node
    from estran.observations.wide import WideTable

__all__ = ["FORMS", "INSTANCE", "PATH", "QUERIES", "collection", "collections", "instances", "locations"]

PATH = "/ogc/collections"
FORMS = {
    "CoverageJSON": MEDIA_TYPE,
    "GeoJSON": replies.GEOJSON,
    "CSV": "text/csv",
    "NetCDF": "application/x-netcdf",
}
"""Names of output formats, which `f` takes, and their media types."""
QUERIES = {
    "position": "Data at a position", "radius": "Data around a position", "area": "Data in an area",
    "cube": "Data in a box", "trajectory": "Data along a path", "corridor": "Data around a path",
    "locations": "Data of a platform", "items": "The platforms",
}  # fmt: skip
_MOST = 1000
"""So many collections are listed; the address of each answers however many there are."""
_PAGE = 500
_WKT_CRS84 = (
    'GEOGCS["WGS 84 (CRS84)",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AXIS["Longitude",EAST],AXIS["Latitude",NORTH],AUTHORITY["OGC","CRS84"]]'
)

_WKT_4326 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)


def collections(node: Node, links: Links) -> list[dict[str, Any]]:
    """The collections of all datasets that the asker may see, by id."""
    tables = {table.record: table for table in node.observations.tables(_MOST)}
    found: list[dict[str, Any]] = []
    ids = list(tables)
    for at in range(0, len(ids), _PAGE):
        portion = tuple(ids[at : at + _PAGE])
        page = node.ask(Query(ids=portion, every=True, limit=_PAGE, sort="id"))
        found += [collection(record, tables[record.id], links, brief=True) for record in page.records]
    return found


def collection(
    record: Record, table: WideTable, links: Links, instance: str = "", *, brief: bool = False
) -> dict[str, Any]:
    """A collection, or one instance of it; in brief, without what only its own address need tell."""
    roles = ("value",) if brief else ("value", "flag", "quality", "id")
    here = _address(record, links, instance)
    made: dict[str, Any] = {
        "id": instance or record.id,
        "title": str(record.title) or record.id,
        "description": str(record.abstract) or str(record.title),
        "keywords": list(dict.fromkeys(str(one.label) for one in record.concepts if one.label))[:50],
        "links": [
            replies.link(here, "self", replies.JSON, "This collection"),
            replies.link(f"{here}?f=html", "alternate", HTML, "This collection, for people"),
            replies.link(links.page(record.id), "describedby", HTML, "The dataset"),
            replies.link(f"{here}/locations", "data", replies.GEOJSON, "Its platforms"),
            replies.link(here, "collection", replies.JSON, "The collection"),
            *(replies.link(one.uri, "license", "", str(one.name)) for one in record.licences if one.uri),
        ],
        "extent": _extent(record, table),
        "data_queries": _queries(here, has_instances=not instance, brief=brief),
        "crs": [asking.CRS84, EPSG_4326],
        "output_formats": list(FORMS),
        "parameter_names": {
            column.name: _described(column.name, parameter(column))
            for column in table.columns
            if column.role in roles
        },
    }
    return made


def _address(record: Record, links: Links, instance: str = "") -> str:
    return f"{links.base}{PATH}/{record.id}" + (f"/instances/{quote(instance, safe=':')}" if instance else "")


def _described(name: str, made: dict[str, Any]) -> dict[str, Any]:
    """A parameter as EDR lists it: its texts are plain, and it has an id."""
    found: dict[str, Any] = {**made, "id": name, "description": made["description"]["en"]}
    found.pop("categoryEncoding", None)
    label = made["observedProperty"]["label"]["en"]
    found["observedProperty"] = {**made["observedProperty"], "label": label}
    if "categories" in found["observedProperty"]:
        found["observedProperty"].pop("categories")
        found["categoryEncoding"] = made["categoryEncoding"]
    if "unit" in made:
        found["unit"] = {**made["unit"], "label": made["unit"]["label"]["en"]}
    return found


def _extent(record: Record, table: WideTable) -> dict[str, Any]:
    xs = [one.thing.longitude for one in table.things if one.thing.longitude is not None]
    ys = [one.thing.latitude for one in table.things if one.thing.latitude is not None]
    box = record.extent.box
    whole = [-180.0, -90.0, 180.0, 90.0]
    if xs and ys and not table.moves:
        whole = [min(xs), min(ys), max(xs), max(ys)]
    elif box is not None:
        whole = [box.west, box.south, box.east, box.north]
    extent: dict[str, Any] = {"spatial": {"bbox": [whole], "crs": asking.CRS84}}
    if (span := table.span) is not None:
        ends = [moment_us(at) for at in span]
        extent["temporal"] = {
            "interval": [ends],
            "values": ["/".join(ends)],
            "trs": 'TIMECRS["DateTime",TDATUM["Gregorian Calendar"],CS[TemporalDateTime,1],AXIS["Time (T)",future]]',
        }
    return extent


def _queries(here: str, *, has_instances: bool, brief: bool) -> dict[str, Any]:
    crs = [{"crs": "CRS84", "wkt": _WKT_CRS84}, {"crs": "EPSG:4326", "wkt": _WKT_4326}]
    found: dict[str, Any] = {}
    for query, title in QUERIES.items():
        variables: dict[str, Any] = {
            "title": title,
            "query_type": query,
            "output_formats": ["GeoJSON", "CoverageJSON", "CSV", "NetCDF"]
            if query != "items"
            else ["GeoJSON"],
            "default_output_format": "GeoJSON" if query == "items" else "CoverageJSON",
            **({} if brief else {"crs_details": crs}),
        }
        if query == "radius":
            variables["within_units"] = _UNITS
        if query == "corridor":
            variables |= {"width_units": _UNITS, "height_units": ["m"]}
        link = replies.link(f"{here}/{query}", "data", MEDIA_TYPE, title)
        found[query] = {"link": {**link, "variables": variables}}
    if has_instances:
        link = replies.link(f"{here}/instances", "data", replies.JSON, "Its instances")
        found["instances"] = {
            "link": {**link, "variables": {"title": "Its instances", "query_type": "instances"}}
        }
    return found


_UNITS = [name for name in KM if name in ("km", "m", "mi", "nmi")]


def instances(record: Record, tables: Mapping[str, WideTable], links: Links, since: str) -> dict[str, Any]:
    """The versions of a dataset: the observations as they are now, and as they were at some instants.

    Args:
        record: of the dataset.
        tables: id of an instance -> its table.
        links: to what belongs to it.
        since: the first instant that may be the id of an instance, "" where none may.
    """
    here = f"{_address(record, links)}/instances"
    words = f"Any instant since {since}, such as {since}, is the id of an instance: the observations as they were then."
    return ({"description": words} if since else {}) | {
        "links": [
            replies.link(here, "self", replies.JSON, "Instances"),
            replies.link(f"{here}?f=html", "alternate", HTML, "Instances, for people"),
        ],
        "instances": [collection(record, table, links, id_) for id_, table in tables.items()],
    }


INSTANCE = "latest"
"""The instance that each dataset has."""


def locations(  # noqa: PLR0917 - what is asked for
    record: Record,
    table: WideTable,
    links: Links,
    wanted: Iterable[str] | None = None,
    query: str = "locations",
    instance: str = "",
) -> dict[str, Any]:
    """The platforms as GeoJSON; only some of them, if they are named."""
    here = _address(record, links, instance)
    names = None if wanted is None else set(wanted)
    features = [
        _feature(here, query, one.thing.key, str(one.thing.name), place=(one.thing.longitude, one.thing.latitude), span=one.span,
                 parameters=[column.name for column in table.values if column.name in one.streams])
        for one in table.things
        if names is None or one.thing.key in names
    ]  # fmt: skip
    return {
        "type": "FeatureCollection",
        "features": features,
        "parameters": [_described(column.name, parameter(column)) for column in table.values],
        "numberMatched": len(features),
        "numberReturned": len(features),
        "links": [
            replies.link(f"{here}/{query}", "self", replies.GEOJSON, "The platforms"),
            replies.link(here, "collection", replies.JSON, "The collection"),
        ],
    }


def _feature(
    here: str,
    query: str,
    key: str,
    name: str,
    *,
    place: tuple[float | None, float | None],
    span: tuple[int, int] | None,
    parameters: list[str],
) -> dict[str, Any]:
    x, y = place
    address = f"{here}/locations/{quote(key, safe='')}"
    ends = "/".join(moment_us(at) for at in span) if span else None
    return {
        "type": "Feature",
        "id": key,
        "geometry": None if x is None or y is None else {"type": "Point", "coordinates": [x, y]},
        "properties": {
            "label": name or key,
            "name": name or key,
            "datetime": ends,
            "parameter-name": parameters,
            "edrqueryendpoint": address,
        },
        "links": [
            replies.link(f"{here}/{query}/{quote(key, safe='')}", "self", replies.GEOJSON, name or key),
            replies.link(address, "data", MEDIA_TYPE, "Its observations"),
        ],
    }

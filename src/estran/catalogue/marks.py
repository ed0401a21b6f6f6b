"""The facet values of a record: what it can be counted and filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.catalogue.levels import levels
from estran.catalogue.opening import access_of
from estran.catalogue.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.model import Record

# A record with more values than this of one field says nothing by them.
_MOST_VALUES = 200
_LONGEST_VALUE = 200

CONCEPT = "concept"
"""The field of the addresses of concepts that a record states; what they say of it may follow, after a colon."""
TREES = ("variable", "theme", "platform", "instrument")
"""Fields whose concepts are counted as trees."""
CONCEPTS = (CONCEPT, *(f"{CONCEPT}:{field}" for field in TREES))
"""All fields of addresses."""

SERVICE = "service"
"""The field of ways of access."""

ACCESS, LEVEL, PROJECT = "access", "level", "project"
"""Fields of what is also derived from what a record says elsewhere."""

RELATED, ORGANISATION = "related", "organisation"
"""The fields of what a record belongs to, by the names that it gives, and of organisations that took part."""
# Ties to a whole, a source or a dataset that is served: few records are tied to, and one asks from there.
_TIES = frozenset({
    "IsPartOf", "IsVersionOf", "IsNewVersionOf", "IsVariantFormOf", "IsDerivedFrom", "IsSupplementTo", "IsMetadataFor",
    "IsContinuedBy", "Continues", "Describes", "Documents", "Requires", "Compiles", "IsCompiledBy",
})  # fmt: skip

_CONCEPT_FIELDS = {
    "theme": "theme", "topic": "topic", "keyword": "keyword", "place": "place", "variable": "variable",
    "platform": "platform", "instrument": "instrument", "project": "project", "level": "level",
    "discipline": "theme", "stratum": "keyword", "taxon": "keyword", "time": "keyword", "infrastructure": "project",
}  # fmt: skip

# What people write for one format, by the letters and digits of it.
_FORMATS = {
    "NetCDF": "netcdf applicationnetcdf applicationxnetcdf nc netcdf3 netcdf4 netcdf4cf cfnetcdf",
    "GeoTIFF": "geotiff tiff tif imagetiff applicationgeotiff imagetiffapplicationgeotiff geotif",
    "COG": "cog cloudoptimizedgeotiff imagetiffapplicationgeotiffprofilecloudoptimized",
    "Zarr": "zarr applicationvndzarr applicationzarr",
    "GRIB": "grib grib1 grib2 grb grb2 applicationwmogrib2 applicationwmogrib applicationxgrib",
    "HDF": "hdf hdf4 hdf5 hdfeos h5 hdfeos5 applicationxhdf applicationxhdf5",
    "CSV": "csv textcsv",
    "Text": "text txt ascii textplain plaintext",
    "JSON": "json applicationjson",
    "GeoJSON": "geojson applicationgeojson",
    "XML": "xml textxml applicationxml",
    "Shapefile": "shapefile esrishapefile shp shape zipshp shpzip applicationxshapefile xgisxshapefile",
    "GeoPackage": "geopackage gpkg applicationgeopackagesqlite3",
    "Excel": "xls xlsx excel msexcel applicationvndmsexcel applicationvndopenxmlformatsofficedocumentspreadsheetmlsheet",
    "PDF": "pdf applicationpdf",
    "HTML": "html htm texthtml",
    "ZIP": "zip applicationzip applicationxzipcompressed",
    "KML": "kml kmz applicationvndgoogleearthkmlxml applicationvndgoogleearthkmz",
    "GML": "gml applicationgmlxml",
    "Parquet": "parquet geoparquet applicationvndapacheparquet applicationparquet",
    "WMS": "wms ogcwms ogcwms111 ogcwms130 ogcwms111httpgetmap ogcwms130httpgetmap wmssrv viewservice",
    "WFS": "wfs ogcwfs ogcwfs100 ogcwfs110 ogcwfs200 wfssrv",
    "WMTS": "wmts ogcwmts",
    "WCS": "wcs ogcwcs",
    "PNG": "png imagepng",
    "JPEG": "jpeg jpg imagejpeg",
    "JPEG 2000": "jp2 jpeg2000 imagejp2",
    "SAFE": "safe sentinelsafe",
    "BUFR": "bufr",
    "LAS": "las laz",
    "STAC": "stac stacapi",
}  # fmt: skip
_CANONICAL = {spelling: name for name, spellings in _FORMATS.items() for spelling in spellings.split()}


def format_name(given: str) -> str:
    """The usual name of a data format, or what was given where it is not known."""
    letters = "".join(c for c in given.lower() if c.isalnum())
    if letters.startswith("imagetiff") and "cloudoptimized" in letters:
        return "COG"
    return _CANONICAL.get(letters, given.strip())


def marks(record: Record, owner: str) -> tuple[tuple[str, str], ...]:
    """The (field, value) pairs of a record, each once; `owner` sees it where it is a draft."""
    found: dict[tuple[str, str], None] = {}
    counted: dict[str, int] = {}
    for field, value in _pairs(record, owner):
        pair = (field, value.strip()[:_LONGEST_VALUE])
        if pair[1] and pair not in found and counted.get(field, 0) < _MOST_VALUES:
            counted[field] = counted.get(field, 0) + 1
            found[pair] = None
    return tuple(found)


def concept_marks(record: Record) -> list[tuple[str, str]]:
    """The (field, address) pairs of the concepts that a record states; a part of an address would be another."""
    stated = [(_CONCEPT_FIELDS.get(one.role, ""), one.uri.strip()) for one in record.concepts]
    stated += [("variable", one.uri.strip()) for one in record.variables]
    pairs = dict.fromkeys(
        (f"{CONCEPT}:{field}" if field in TREES else CONCEPT, uri)
        for field, uri in stated
        if uri and len(uri) <= _LONGEST_VALUE
    )
    return list(pairs)[:_MOST_VALUES]


def _pairs(record: Record, owner: str) -> Iterator[tuple[str, str]]:
    yield "kind", record.kind
    yield "centre", record.centre
    yield "source", record.source
    yield "visibility", record.visibility
    yield "owner", owner
    yield ACCESS, access_of(record)
    for language in record.language or (record.metadata_language,):
        yield "language", language
    yield from concept_marks(record)
    for concept in record.concepts:
        yield from _said(_CONCEPT_FIELDS.get(concept.role, "keyword"), str(concept.label))
        yield "scheme", concept.scheme
    for variable in record.variables:
        yield "variable", variable.standard_name or str(variable.label) or variable.name
    for place in record.extent.places:
        yield "place", str(place)
    for funding in record.fundings:
        yield PROJECT, funding.award_title or funding.award
    yield from _ties(record)
    for licence in record.licences:
        yield "licence", licence.spdx or str(licence.name) or licence.uri
    for distribution in record.distributions:
        if distribution.function not in ("thumbnail", "metadata") and (way := resource(distribution)):
            yield SERVICE, way.kind
        if distribution.function != "thumbnail":
            yield (
                "format",
                format_name(
                    distribution.format or distribution.media_type or _service(distribution.protocol)
                ),
            )


def _said(field: str, words: str) -> Iterator[tuple[str, str]]:
    """The pairs of one concept; levels under their one name, and under the wider one that they belong to."""
    found = levels(words, keyword=field != LEVEL) if field in (LEVEL, "keyword") else ()
    if field != LEVEL or not found:
        yield field, words
    for level in found:
        yield LEVEL, level


def _ties(record: Record) -> Iterator[tuple[str, str]]:
    for party in record.parties:
        yield ORGANISATION, str(party.organisation)
    for relation in record.relations:
        serves = record.kind == "service" and relation.type == "Dataset"
        if relation.kind in _TIES or serves:
            yield RELATED, relation.target


def _service(protocol: str) -> str:
    # A protocol names a format only where it is an OGC service; links are of none.
    return protocol if protocol.upper().startswith("OGC:") else ""

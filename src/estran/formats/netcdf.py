"""The CF and ACDD attributes of a NetCDF file, classic or HDF5, as a record of the file.

Only attributes and coordinates are read, never the data. The title falls back to the long names of the
variables, then to the file's name. History and source are the lineage; what CF calls the institution is the
originator where no creator names it.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import Format
from estran.formats._identifiers import doi, identifier
from estran.formats._json import day, number
from estran.formats._licences import licence
from estran.formats._netcdf.extent import extent, is_coordinate
from estran.formats._netcdf.opening import opened
from estran.formats._netcdf.parties import parties
from estran.formats._netcdf.values import attributes, is_numeric, words
from estran.model import (
    Concept,
    Constraint,
    Distribution,
    Identifier,
    Licence,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import netCDF4

    from estran.formats import Document, Observed
    from estran.formats._netcdf.values import Named

__all__ = ["FORMAT", "read", "recognise"]

_CERTAIN, _PERHAPS = 0.98, 0.6
_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_MOST_VARIABLES = 500
_TITLE_NAMES = 3
_LIST = re.compile(r"\s*[,;|\n]\s*")
_ADDRESS = re.compile(r"https?://[^\s,;<>\"')\]]+")
_EPSG = re.compile(r"EPSG\D{0,6}(\d{4,6})")
# Attributes that point to variables about other variables.
_POINTERS = ("bounds", "climatology", "coordinates", "grid_mapping", "ancillary_variables", "cell_measures")
_FLAGS = ("status_flag", "quality_flag")


def recognise(head: bytes, _name: str) -> float:
    """How surely it is NetCDF: the classic formats by their first bytes, HDF5 may hold anything."""
    if head.startswith(_CLASSIC):
        return _CERTAIN
    return _PERHAPS if head.startswith(_HDF5) else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of the file.

    Raises:
        Invalid: it cannot be opened, or is an HDF5 file that holds nothing of NetCDF.
    """
    with opened(document) as dataset:
        yield _record(dataset, document)


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a file of discrete samples, and their values.

    Raises:
        Invalid: it cannot be opened, or its times cannot be read.
    """
    from estran.formats._netcdf.sampling import observed  # noqa: PLC0415 - heavy

    with opened(document) as dataset:
        yield from observed(dataset, document.name)


def explain(document: Document) -> str:
    """How the observations of a file would be understood."""
    from estran.formats._summary import told  # noqa: PLC0415 - heavy

    return told("NetCDF of discrete samples", observe(document))


def _record(dataset: netCDF4.Dataset, document: Document) -> Record:
    notes: list[str] = []
    given = attributes(dataset)
    named = _variables(dataset)
    if not given and not _has_own_dimensions(dataset):
        raise Invalid("it is an HDF5 file without dimensions or attributes of NetCDF", document.name)
    measured = _measured(named)
    size = document.path.stat().st_size if document.path is not None else len(document.body)
    name = PurePath(document.path or document.name).name
    licences, constraints = _terms(words(given.get("license") or given.get("licence")))
    return Record(
        identifier=_identifier(given),
        identifiers=_identifiers(given),
        title=_title(given, measured, name),
        abstract=_text(given, "summary", "description", "abstract"),
        supplement=_text(given, "comment", "comments"),
        credit=_text(given, "acknowledgement", "acknowledgment", "acknowledgements"),
        lineage=Text.of("\n".join(filter(None, (words(given.get("source")), words(given.get("history")))))),
        version=words(given.get("product_version") or given.get("version")),
        representation=("grid",) if words(given.get("cdm_data_type")).lower() == "grid" else (),
        crs=_crs(named, given),
        created=day(words(given.get("date_created")), notes, "date_created"),
        published=day(words(given.get("date_issued")), notes, "date_issued"),
        revised=day(words(given.get("date_modified")), notes, "date_modified"),
        metadata_date=day(words(given.get("date_metadata_modified")), notes, "date_metadata_modified"),
        metadata_standard=words(given.get("conventions") or given.get("metadata_conventions")),
        landing_page=_first_address(words(given.get("infourl") or given.get("metadata_link"))),
        parties=tuple(dict.fromkeys(parties(given))),
        concepts=tuple(_concepts(given)),
        variables=tuple(measured),
        extent=extent(named, given, notes),
        quality=_quality(given),
        distributions=(
            Distribution(
                function="download",
                media_type="application/netcdf",
                format="NetCDF",
                name=name,
                size_bytes=size,
            ),
        ),
        licences=licences,
        constraints=constraints,
        relations=tuple(_references(words(given.get("references")))),
        warnings=tuple(notes),
    )


def _variables(dataset: netCDF4.Dataset) -> dict[str, tuple[netCDF4.Variable[Any], dict[str, Any]]]:
    """All variables with their attributes, those of groups under their path."""
    found: dict[str, tuple[netCDF4.Variable[Any], dict[str, Any]]] = {}
    waiting: list[tuple[str, netCDF4.Dataset]] = [("", dataset)]
    while waiting and len(found) < _MOST_VARIABLES * 2:
        path, group = waiting.pop(0)
        for name, variable in group.variables.items():
            found[f"{path}{name}"] = (variable, attributes(variable))
        waiting.extend((f"{path}{name}/", inner) for name, inner in group.groups.items())
    return found


def _has_own_dimensions(dataset: netCDF4.Dataset) -> bool:
    """Whether a dimension was named by its author; the library invents names for those of plain HDF5."""
    waiting = [dataset]
    while waiting:
        group = waiting.pop()
        if any(not name.startswith("phony_dim_") for name in group.dimensions):
            return True
        waiting.extend(group.groups.values())
    return False


def _measured(named: Named) -> list[Variable]:
    pointed = {
        target for _, given in named.values() for key in _POINTERS for target in words(given.get(key)).split()
    }
    found: list[Variable] = []
    for name, (variable, given) in named.items():
        short = name.rpartition("/")[2]
        if (
            not is_numeric(variable)
            or short in pointed
            or short in variable.dimensions
            or is_coordinate(given)
        ):
            continue
        label, standard, unit = (words(given.get(key)) for key in ("long_name", "standard_name", "units"))
        if (
            not (label or standard or unit)
            or standard.endswith(_FLAGS)
            or "flag_values" in given
            or "cf_role" in given
        ):
            continue
        found.append(
            Variable(
                name=name,
                label=Text.of(label),
                description=Text.of(words(given.get("comment") or given.get("description"))),
                standard_name=standard,
                unit=unit,
            )
        )
    return found[:_MOST_VARIABLES]


def _title(given: Mapping[str, Any], measured: list[Variable], name: str) -> Text:
    if title := words(given.get("title")):
        return Text.of(title)
    names = dict.fromkeys(str(v.label) or v.standard_name.replace("_", " ") for v in measured)
    listed = [
        f"{word[0].upper()}{word[1:]}" if place == 0 else word for place, word in enumerate(names) if word
    ]
    return Text.of(", ".join(listed[:_TITLE_NAMES]) or PurePath(name).stem or name)


def _text(given: Mapping[str, Any], *keys: str) -> Text:
    return Text.of(next((found for key in keys if (found := words(given.get(key)))), ""))


def _identifier(given: Mapping[str, Any]) -> str:
    own, authority = words(given.get("id")), words(given.get("naming_authority"))
    return f"{authority}:{own}" if own and authority and not own.startswith(authority) else own


def _identifiers(given: Mapping[str, Any]) -> tuple[Identifier, ...]:
    found = [
        Identifier(bare, "doi")
        for key in ("doi", "identifier_product_doi", "id", "product_doi")
        if (bare := doi(words(given.get(key))))
    ]
    if unique := words(given.get("uuid")) or words(given.get("tracking_id")):
        found.append(identifier(unique))
    return tuple(dict.fromkeys(found))


def _terms(given: str) -> tuple[tuple[Licence, ...], tuple[Constraint, ...]]:
    if not given or given.lower() in ("none", "n/a"):
        return (), ()
    found = licence(given, _first_address(given)) if " " in given else licence(given)
    if found.spdx or found.uri:
        return (found,), ()
    return (), (Constraint(kind="use", text=Text.of(given)),)


def _first_address(given: str) -> str:
    found = _ADDRESS.search(given)
    return found[0].rstrip(".") if found else ""


def _concepts(given: Mapping[str, Any]) -> Iterator[Concept]:
    scheme = words(given.get("keywords_vocabulary"))
    for word in dict.fromkeys(_LIST.split(words(given.get("keywords")))):
        if word:
            yield Concept(label=Text.of(word), role="theme" if scheme else "keyword", scheme=scheme)
    for key, role in (
        ("platform", "platform"),
        ("instrument", "instrument"),
        ("sensor", "instrument"),
        ("project", "project"),
        ("processing_level", "level"),
    ):
        scheme = words(given.get(f"{key}_vocabulary"))
        for word in dict.fromkeys(
            [words(given.get(key))] if role == "level" else _LIST.split(words(given.get(key)))
        ):
            if word:
                yield Concept(label=Text.of(word), role=role, scheme=scheme)


def _crs(named: Named, given: Mapping[str, Any]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for _, held in named.values():
        # The last code of a WKT is that of the whole.
        codes = _EPSG.findall(
            words(held.get("epsg_code")) or words(held.get("crs_wkt") or held.get("spatial_ref"))
        )
        if codes:
            found[f"EPSG:{codes[-1]}"] = None
    if code := _EPSG.search(words(given.get("geospatial_bounds_crs"))):
        found[f"EPSG:{code[1]}"] = None
    return tuple(found)


def _quality(given: Mapping[str, Any]) -> Quality:
    degrees = number(given.get("geospatial_lat_resolution"))
    step = words(given.get("time_coverage_resolution"))
    return Quality(
        distance_degrees=degrees if degrees and degrees > 0 else 0.0,
        step=step if step.startswith("P") else "",
    )


def _references(given: str) -> Iterator[Relation]:
    addresses = _ADDRESS.findall(given)
    for address in dict.fromkeys(found.rstrip(".") for found in addresses):
        target = identifier(address)
        yield Relation(kind="References", target=target.value, scheme=target.scheme)
    if given and not addresses:
        bare = doi(given)
        yield Relation(
            kind="References", target=bare, scheme="doi" if bare else "", title=Text.of("" if bare else given)
        )


FORMAT = Format(
    name="netcdf",
    title="NetCDF",
    media_types=("application/netcdf", "application/x-netcdf"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    suffix=".nc",
)

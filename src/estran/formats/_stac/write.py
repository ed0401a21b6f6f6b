"""Any record as a STAC 1.1.0 Collection.

STAC demands a description, an extent and a licence of every Collection. What is not known is written as
the title, as the whole world and an interval open at both ends, and as ``other``; the losses say so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from estran.formats import Loss, Written, losses
from estran.formats._contacts import contacts, themes, unplaced
from estran.formats._geojson import geometry_of_wkt, wkt_and_box
from estran.formats._licences import address
from estran.formats._stac.parts import multihash
from estran.model import EVER_US, NEVER_US, bounds, hull, moment_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import Box, Concept, Distribution, Period, Record, Relation

__all__ = ["instant", "write_collection"]

_EXTENSION = "https://stac-extensions.github.io/{}/schema.json"
_VERSIONS = {
    "contacts": "contacts/v1.0.0",
    "datacube": "datacube/v2.3.0",
    "file": "file/v2.1.0",
    "language": "language/v1.0.0",
    "processing": "processing/v1.2.0",
    "projection": "projection/v2.0.0",
    "scientific": "scientific/v1.0.0",
    "themes": "themes/v1.0.0",
    "timestamps": "timestamps/v1.1.0",
    "version": "version/v1.2.0",
}
_PROVIDER_ROLES = {
    "author": "producer",
    "coAuthor": "producer",
    "originator": "producer",
    "principalInvestigator": "producer",
    "owner": "licensor",
    "rightsHolder": "licensor",
    "processor": "processor",
    "publisher": "host",
    "distributor": "host",
    "resourceProvider": "host",
}
_ROLE_OF_FUNCTION = {
    "download": "data",
    "thumbnail": "thumbnail",
    "metadata": "metadata",
    "information": "documentation",
    "service": "service",
    "search": "search",
    "order": "order",
    "offline": "offline",
}
_REL_OF_RELATION = {
    "IsDerivedFrom": "derived_from",
    "IsNewVersionOf": "predecessor-version",
    "IsPreviousVersionOf": "successor-version",
}
_SUMMARIES = {
    "platform": "platform",
    "instrument": "instruments",
    "project": "mission",
    "level": "processing:level",
}
_CARRIED = frozenset(
    {
        "kind", "title", "abstract", "credit", "lineage", "version", "metadata_language",
        "metadata_standard", "created", "published", "metadata_date", "landing_page", "parties",
        "concepts", "variables.name", "variables.label", "variables.description",
        "variables.standard_name", "variables.unit", "extent.boxes", "extent.periods",
        "quality.distance_m", "quality.step", "distributions.url", "distributions.title",
        "distributions.description", "distributions.function", "distributions.media_type",
        "distributions.name", "distributions.size_bytes", "distributions.checksum",
        "distributions.roles", "thumbnails", "licences", "relations", "identifiers", "identifier",
        "status", "crs",
    }
)  # fmt: skip
_WORLD = [-180.0, -90.0, 180.0, 90.0]
_CODE = re.compile(r"^[A-Z]+:[A-Za-z0-9]+$")
_SECOND_US = 1_000_000
_FIRST_US, _LAST_US = bounds("0001-01-01")[0], bounds("9998-12-31")[1]
_DOI_OF_SCIENTIFIC = re.compile(r"^10\.[0-9a-zA-Z]{4,}/\S+$")


def instant(date: str) -> str | None:
    """The first instant of a canonical date as RFC 3339 has it, None where it has none."""
    if not date:
        return None
    start = bounds(date)[0]
    return moment_us(start) if _FIRST_US <= start < _LAST_US else None


def write_collection(record: Record, links: Links) -> Written:
    """The record as a STAC Collection, with what it could not carry."""
    lost: list[Loss] = []
    used: set[str] = set()
    members = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": _id(record, lost),
        "title": str(record.title),
        "description": str(record.abstract or record.title) or record.identifier or "-",
        **_descriptive(record, used, lost),
        "license": _licence(record),
        "extent": _extent(record, lost),
        **_credited(record, used, lost),
        **_measured(record, used),
        "assets": _assets(record, used),
        "item_assets": _item_assets(record),
        "links": _links(record, links, lost),
    }
    members["stac_extensions"] = [_EXTENSION.format(_VERSIONS[name]) for name in sorted(used)]
    kept = {key: part for key, part in members.items() if part or key in ("links", "stac_extensions")}
    lost.extend(losses(record, _CARRIED, "STAC has no place for it"))
    body = msgspec.json.format(msgspec.json.encode(kept), indent=2)
    return Written(body, "application/json", tuple(dict.fromkeys(lost)))


def _id(record: Record, lost: list[Loss]) -> str:
    named = next((i.value for i in record.identifiers if i.scheme == "stac"), "")
    chosen = named or record.id or record.identifier or record.doi or str(record.title) or "record"
    if record.identifier not in ("", chosen, record.doi):
        lost.append(Loss("identifier", "STAC gives one identifier; the permanent one is written"))
    if any(
        i.scheme not in ("stac", "doi") or i.value not in (chosen, record.doi) for i in record.identifiers
    ):
        lost.append(Loss("identifiers", "beside its own, STAC keeps one DOI"))
    if record.kind != "collection":
        lost.append(Loss("kind", "everything written in STAC is a Collection"))
    return chosen


def _descriptive(record: Record, used: set[str], lost: list[Loss]) -> dict[str, Any]:
    listed, keywords, unsaid = themes(record)
    # A platform, an instrument, a project or a level has its own summary, which tells its role.
    summarised = [c for c in unsaid if c.role in _SUMMARIES and c.label]
    keywords = [word for word in keywords if not any(_only_summarised(c, word) for c in summarised)]
    if len(summarised) < len(unsaid):
        lost.append(
            Loss("concepts.role", "STAC tells apart keywords, themes, platforms, instruments, levels")
        )
    if any(c.uri and not c.scheme and not c.scheme_uri for c in record.concepts):
        lost.append(Loss("concepts.uri", "an address is written only with its vocabulary"))
    if any(c.scheme and c.scheme_uri for c in record.concepts):
        lost.append(Loss("concepts.scheme", "a vocabulary is named by its address alone"))
    language = record.metadata_language or record.title.language
    used.update(name for name, given in (("themes", listed), ("language", language)) if given)
    return {
        "keywords": keywords,
        "themes": listed,
        "language": {"code": language} if language else None,
        "summaries": _summaries(record, summarised, used, lost),
    }


def _only_summarised(concept: Concept, word: str) -> bool:
    return str(concept.label) == word and not concept.scheme and not concept.scheme_uri


def _summaries(record: Record, concepts: list[Concept], used: set[str], lost: list[Loss]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for concept in concepts:
        words = found.setdefault(_SUMMARIES[concept.role], [])
        if str(concept.label) not in words:
            words.append(str(concept.label))
    if record.quality.distance_m:
        found["gsd"] = [record.quality.distance_m]
    if record.lineage:
        found["processing:lineage"] = [str(record.lineage)]
    if codes := [code for code in record.crs if _CODE.match(code)]:
        found["proj:code"] = codes
        used.add("projection")
    if len(codes) < len(record.crs):
        lost.append(Loss("crs", "STAC names a reference system by authority and code, EPSG:4326"))
    if any(key.startswith("processing:") for key in found):
        used.add("processing")
    return found


def _licence(record: Record) -> str:
    only = record.licences[0] if len(record.licences) == 1 else None
    return only.spdx if only and only.spdx else "other"


def _extent(record: Record, lost: list[Loss]) -> dict[str, Any]:
    boxes = list(record.extent.boxes) or [box for wkt in record.extent.geometries if (box := _box_of(wkt))]
    periods = list(record.extent.periods)
    if not boxes:
        lost.append(Loss("extent.boxes", "STAC demands an extent; none is known and the world was written"))
    if not periods:
        lost.append(
            Loss("extent.periods", "STAC demands a period; none is known and an open one was written")
        )
    around = hull(boxes)
    whole = record.extent.period
    spatial = [_corners(box) for box in boxes] or [_WORLD]
    temporal = [_interval(period, lost) for period in periods] or [[None, None]]
    if len(boxes) > 1 and around:
        spatial.insert(0, _corners(around))
    if len(periods) > 1 and whole:
        temporal.insert(0, _interval(whole, lost))
    return {"spatial": {"bbox": spatial}, "temporal": {"interval": temporal}}


def _box_of(wkt: str) -> Box | None:
    geometry = geometry_of_wkt(wkt)
    return wkt_and_box(geometry)[1] if geometry else None


def _corners(box: Box) -> list[float]:
    return [box.west, box.south, box.east, box.north]


def _interval(period: Period, lost: list[Loss]) -> list[str | None]:
    start, end = period.bounds()
    ends: list[str | None] = []
    for at, is_open in ((start, start <= EVER_US), (end - 1, end >= NEVER_US)):
        if is_open or not _FIRST_US <= at < _LAST_US:
            ends.append(None)
            if not is_open:
                lost.append(Loss("extent.periods", "years before 1 and after 9998 cannot be written"))
        else:
            # The last second belongs to the period, its fractions do not show.
            ends.append(moment_us(at) if at == start else moment_us(at - at % _SECOND_US))
    return ends


def _credited(record: Record, used: set[str], lost: list[Loss]) -> dict[str, Any]:
    providers: dict[str, dict[str, Any]] = {}
    for party in record.parties:
        name, role = str(party.organisation) or party.name, _PROVIDER_ROLES.get(party.role)
        if name and role:
            provider = providers.setdefault(name, {"name": name, "roles": []})
            if role not in provider["roles"]:
                provider["roles"].append(role)
            if party.url:
                provider.setdefault("url", party.url)
    lost.extend(Loss(field, why) for field, why in unplaced(record.parties))
    described = [
        {"doi": r.target if r.scheme == "doi" else "", "citation": str(r.title)}
        for r in record.relations
        if _is_paper(r)
    ]
    found: dict[str, Any] = {
        "providers": list(providers.values()),
        "contacts": contacts(record.parties),
        "sci:doi": record.doi if _DOI_OF_SCIENTIFIC.match(record.doi) else "",
        "sci:citation": str(record.credit),
        "sci:publications": [{key: part for key, part in paper.items() if part} for paper in described],
        "version": record.version,
        "deprecated": record.status == "deprecated",
        "created": instant(record.created),
        "updated": instant(record.metadata_date),
        "published": instant(record.published),
    }
    if record.status not in ("", "deprecated"):
        lost.append(Loss("status", "STAC only says whether a Collection is deprecated"))
    extensions = {
        "contacts": "contacts",
        "published": "timestamps",
        "version": "version",
        "deprecated": "version",
    }
    used.update(
        extensions.get(key, "scientific") for key in found if found[key] and (key in extensions or ":" in key)
    )
    return found


def _is_paper(relation: Relation) -> bool:
    return relation.kind == "IsDescribedBy" and (
        relation.scheme == "doi" or bool(relation.title and not relation.target)
    )


def _measured(record: Record, used: set[str]) -> dict[str, Any]:
    if not record.variables and not record.quality.step:
        return {}
    used.add("datacube")
    named: dict[str, Any] = {}
    for number, variable in enumerate(record.variables):
        name = variable.name or variable.standard_name or str(variable.label) or f"variable-{number + 1}"
        attributes = {"long_name": str(variable.label), "standard_name": variable.standard_name}
        described = {
            "variable_type": "data",
            "description": str(variable.description),
            "unit": variable.unit,
            "attrs": {key: part for key, part in attributes.items() if part},
        }
        named.setdefault(name, {"dimensions": [], **{key: part for key, part in described.items() if part}})
    whole = record.extent.period
    extent = _interval(whole, []) if whole else [None, None]
    time = {"type": "temporal", "extent": extent}
    if record.quality.step:
        time["step"] = record.quality.step
    return {"cube:dimensions": {"time": time}, "cube:variables": named}


def _assets(record: Record, used: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for distribution in record.distributions:
        if distribution.url:
            found[_key(distribution, found)] = {"href": distribution.url, **_asset(distribution)}
    if any("file:size" in asset or "file:checksum" in asset for asset in found.values()):
        used.add("file")
    known = {asset["href"] for asset in found.values() if "thumbnail" in asset.get("roles", ())}
    for number, url in enumerate(url for url in record.thumbnails if url not in known):
        key = "thumbnail" if number == 0 and "thumbnail" not in found else f"thumbnail-{number + 1}"
        found.setdefault(key, {"href": url, "roles": ["thumbnail"]})
    return found


def _key(distribution: Distribution, taken: dict[str, Any]) -> str:
    name = distribution.name or f"{_ROLE_OF_FUNCTION.get(distribution.function, 'asset')}-{len(taken) + 1}"
    while name in taken:
        name = f"{name}-{len(taken) + 1}"
    return name


def _asset(distribution: Distribution) -> dict[str, Any]:
    role = _ROLE_OF_FUNCTION.get(distribution.function)
    described = {
        "title": str(distribution.title),
        "description": str(distribution.description),
        "type": distribution.media_type,
        "roles": list(distribution.roles) or ([role] if role else []),
        "file:checksum": multihash(distribution.checksum),
    }
    asset: dict[str, Any] = {key: part for key, part in described.items() if part}
    if distribution.size_bytes >= 0:
        asset["file:size"] = distribution.size_bytes
    return asset


def _item_assets(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for distribution in record.distributions:
        if not distribution.url:
            asset = _asset(distribution)
            # Less than two members the schema refuses.
            if len(asset) > 1:
                found[_key(distribution, found)] = asset
    return found


def _links(record: Record, links: Links, lost: list[Loss]) -> list[dict[str, str]]:
    found = [
        _link("license", licence.uri or address(licence.spdx), title=str(licence.name))
        for licence in record.licences
    ]
    if any(not licence.uri and not licence.spdx for licence in record.licences):
        lost.append(Loss("licences.name", "a licence is named by SPDX or by its address"))
    page = record.landing_page or (links.page(record.id) if record.id else "")
    if page:
        found.append(_link("about", page, "text/html"))
    if record.id:
        found.extend(
            _link("alternate", links.twin(record.id, suffix), media_type)
            for suffix, media_type in (
                ("json", "application/geo+json"),
                ("xml", "application/xml"),
                ("jsonld", "application/ld+json"),
                ("ttl", "text/turtle"),
            )
        )
    found.extend(_related(record, lost))
    return [link for link in found if link["href"]]


def _related(record: Record, lost: list[Loss]) -> Iterator[dict[str, str]]:
    for relation in record.relations:
        if _is_paper(relation):
            continue
        href = f"https://doi.org/{relation.target}" if relation.scheme == "doi" else relation.target
        if "://" not in href:
            lost.append(Loss("relations.target", "a link needs an address"))
            continue
        if relation.kind not in _REL_OF_RELATION:
            lost.append(Loss("relations.kind", "STAC tells apart sources, versions and publications"))
        yield _link(_REL_OF_RELATION.get(relation.kind, "related"), href, title=str(relation.title))


def _link(rel: str, href: str, media_type: str = "", title: str = "") -> dict[str, str]:
    link = {"rel": rel, "href": href, "type": media_type, "title": title}
    return {key: part for key, part in link.items() if part or key in ("rel", "href")}

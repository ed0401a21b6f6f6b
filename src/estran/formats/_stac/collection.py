"""STAC Collections and Catalogs of all versions to records of kind "collection".

Roles of providers: a producer is the originator, a licensor the rightsHolder, a host the distributor, a
processor the processor; one of no role provides the resource. The citation that ``sci:citation`` asks for
is the credit, and publications about the data describe it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from estran.errors import Invalid
from estran.formats._contacts import read_contacts, read_themes
from estran.formats._identifiers import doi, identifier
from estran.formats._json import day, number, obj, objs, seq, text, texts
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._stac.parts import assets, base_address, boxes, period, resolved, verticals
from estran.model import (
    Concept,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Party,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["read_collection"]

_ROLES = {
    "producer": "originator",
    "licensor": "rightsHolder",
    "processor": "processor",
    "host": "distributor",
}
# Words that say that a licence is none of SPDX's; the links then lead to it.
_OTHER_LICENCES = frozenset({"other", "proprietary", "various", "unknown", "not provided", "none"})
_SUMMARISED = (
    ("platform", "platform"),
    ("eo:platform", "platform"),
    ("constellation", "platform"),
    ("instruments", "instrument"),
    ("eo:instrument", "instrument"),
    ("mission", "project"),
    ("processing:level", "level"),
)
_FUNCTION_OF_REL = {
    "items": "search",
    "search": "search",
    "about": "information",
    "describedby": "information",
    "documentation": "information",
    "handbook": "information",
    "help": "information",
    "preview": "information",
    "via": "metadata",
    "alternate": "metadata",
    "canonical": "metadata",
    "wms": "service",
    "wmts": "service",
    "xyz": "service",
    "tilejson": "service",
    "enclosure": "download",
    "download": "download",
    "original": "download",
    "source": "information",
    "related": "information",
}
_RELATION_OF_REL = {
    "derived_from": "IsDerivedFrom",
    "predecessor-version": "IsNewVersionOf",
    "successor-version": "IsPreviousVersionOf",
    "latest-version": "IsPreviousVersionOf",
}
_MOST_VARIABLES = 500


class _Link(NamedTuple):
    rel: str
    href: str
    type: str
    title: str


def read_collection(value: dict[str, Any], notes: list[str], where: str) -> Record:
    """The record that a Collection or a Catalog is.

    Raises:
        Invalid: it has neither id nor title.
    """
    name, title = text(value.get("id")), text(value.get("title"))
    if not name and not title:
        raise Invalid("it has neither id nor title", where)
    language = code(text(obj(value.get("language")).get("code")) or text(value.get("language")))
    links = list(_links(value.get("links"), base_address(value.get("links"))))
    summaries = {**obj(value.get("properties")), **obj(value.get("summaries"))}
    listed = assets(value.get("assets"), base_address(value.get("links")))
    page = _landing_page(links)
    return Record(
        identifier=name,
        identifiers=_identifiers(value, name, links),
        kind="collection",
        kind_label="Catalog" if text(value.get("type")) == "Catalog" else "",
        title=Text.of(title or name, language),
        abstract=Text.of(text(value.get("description")), language),
        credit=Text.of(text(value.get("sci:citation")), language),
        lineage=Text.of(
            "\n\n".join(texts(summaries.get("processing:lineage") or value.get("processing:lineage"))),
            language,
        ),
        version=text(value.get("version")),
        metadata_language=language,
        status="deprecated" if value.get("deprecated") is True else "",
        crs=_crs(summaries, value),
        created=day(value.get("created"), notes, "created"),
        published=day(value.get("published"), notes, "published"),
        metadata_date=day(value.get("updated"), notes, "updated"),
        metadata_standard=f"STAC {text(value.get('stac_version'))}".strip(),
        landing_page=page,
        parties=tuple(_parties(value, language)),
        concepts=tuple(_concepts(value, summaries, language)),
        variables=tuple(_variables(value, summaries).values()),
        extent=_extent(value, notes),
        quality=_quality(value, summaries),
        distributions=(
            *(d for d in listed if not _is_bare_picture(d)),
            *_linked(links, page),
            *assets(value.get("item_assets"), ""),
        ),
        thumbnails=_thumbnails(listed, links),
        licences=tuple(_licences(text(value.get("license")), links, language)),
        relations=tuple(_relations(value, links)),
        warnings=tuple(notes),
    )


def _links(value: Any, base: str) -> Iterator[_Link]:
    for link in objs(value):
        href = resolved(text(link.get("href")), base)
        if href:
            yield _Link(text(link.get("rel")), href, text(link.get("type")), text(link.get("title")))


def _identifiers(value: dict[str, Any], name: str, links: list[_Link]) -> tuple[Identifier, ...]:
    found = [Identifier(name, "stac")] if name else []
    own = doi(text(value.get("sci:doi")))
    cited = {bare for link in links if link.rel == "cite-as" and (bare := doi(link.href))}
    if not own and len(cited) == 1:
        own = cited.pop()
    if own:
        found.append(Identifier(own, "doi"))
    given = (
        (text(entry.get("value")), text(entry.get("scheme"))) for entry in objs(value.get("externalIds"))
    )
    found.extend(identifier(words, scheme) for words, scheme in given if words)
    return tuple(dict.fromkeys(found))


def _landing_page(links: list[_Link]) -> str:
    for rel in ("about", "describedby"):
        for link in links:
            if link.rel == rel and link.type == "text/html":
                return link.href
    return ""


def _parties(value: dict[str, Any], language: str) -> Iterator[Party]:
    named = read_contacts(value.get("contacts"), language)
    yield from named
    # The contacts say more; a provider that is among them would only be said twice.
    known = {(str(party.organisation) or party.name).casefold() for party in named}
    for provider in objs(value.get("providers")):
        name = text(provider.get("name"))
        if not name or name.casefold() in known:
            continue
        roles = texts(provider.get("roles") or provider.get("role")) or ["resourceProvider"]
        for role in roles:
            yield Party(
                role=_ROLES.get(role, role),
                organisation=Text.of(name, language),
                url=text(provider.get("url")),
            )


def _values(summary: Any) -> list[str]:
    """The words of a summary: a list, a single value, or the ends of a range."""
    if isinstance(summary, dict):
        return texts([summary.get("minimum"), summary.get("maximum")]) or texts(summary.get("enum"))
    return texts(summary)


def _concepts(value: dict[str, Any], summaries: dict[str, Any], language: str) -> Iterator[Concept]:
    named = read_themes(value.get("themes"), language)
    summarised: dict[str, str] = {}
    for key, role in _SUMMARISED:
        for words in _values(summaries.get(key) if key in summaries else value.get(key)):
            summarised.setdefault(words, role)
    for concept in named:
        # A summary's word that a theme explains gives the theme its role.
        role = summarised.pop(str(concept.label), concept.role)
        yield Concept(
            label=concept.label,
            role=role,
            uri=concept.uri,
            scheme=concept.scheme,
            scheme_uri=concept.scheme_uri,
        )
    for words in dict.fromkeys(texts(value.get("keywords"))):
        yield Concept(label=Text.of(words, language))
    for words, role in summarised.items():
        yield Concept(label=Text.of(words, language), role=role)


def _variables(value: dict[str, Any], summaries: dict[str, Any]) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for name, cube in obj(value.get("cube:variables")).items():
        described = obj(cube)
        if described.get("type") != "auxiliary":
            _add(found, name, described)
    for band in _bands(value, summaries):
        _add(found, text(band.get("name")), band)
    for column in objs(value.get("table:columns")):
        _add(found, text(column.get("name")), column)
    return found


def _bands(value: dict[str, Any], summaries: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # Pairs of the same band in two extensions follow each other in one order.
    for holder in (value, summaries, *objs(list(obj(value.get("item_assets")).values()))):
        named = objs(holder.get("bands")) or objs(holder.get("eo:bands"))
        measured = objs(holder.get("raster:bands"))
        for place, band in enumerate(named):
            yield {**(measured[place] if place < len(measured) else {}), **band}


def _add(found: dict[str, Variable], name: str, described: dict[str, Any]) -> None:
    name = text(name)
    if not name or name in found or len(found) >= _MOST_VARIABLES:
        return
    words = text(described.get("common_name") or described.get("eo:common_name"))
    attributes = obj(described.get("attrs"))
    found[name] = Variable(
        name=name,
        label=Text.of(words or text(attributes.get("long_name"))),
        description=Text.of(text(described.get("description"))),
        standard_name=text(attributes.get("standard_name")),
        unit=text(described.get("unit")) or text(attributes.get("units")),
    )


def _extent(value: dict[str, Any], notes: list[str]) -> Extent:
    extent = obj(value.get("extent"))
    spatial, temporal = extent.get("spatial"), extent.get("temporal")
    # Before 0.8 both were bare lists, and some catalogues put the boxes one level too high.
    given = _nested(
        obj(spatial).get("bbox") or extent.get("bbox") or (spatial if isinstance(spatial, list) else None)
    )
    intervals = _nested(obj(temporal).get("interval") or (temporal if isinstance(temporal, list) else None))
    periods = [
        found
        for pair in intervals
        if isinstance(pair, list)
        and len(pair) == 2  # noqa: PLR2004 - start and end
        and (found := period(pair[0], pair[1], notes, "extent.temporal"))
    ]
    overall = Extent(periods=tuple(periods[1:])).bounds()
    if overall and len(periods) > 1 and periods[0].bounds() == overall:
        # The first interval is then the whole of the others.
        periods = periods[1:]
    return Extent(
        boxes=boxes(given, notes, "extent.spatial.bbox"),
        periods=tuple(dict.fromkeys(periods)),
        vertical=verticals(given),
    )


def _nested(value: Any) -> list[Any]:
    listed = seq(value)
    return listed if all(isinstance(part, list) for part in listed) else [listed]


def _crs(summaries: dict[str, Any], value: dict[str, Any]) -> tuple[str, ...]:
    codes = [f"EPSG:{words}" for words in texts(summaries.get("proj:epsg"))]
    codes += texts(summaries.get("proj:code"))
    for dimension in objs(list(obj(value.get("cube:dimensions")).values())):
        reference = dimension.get("reference_system")
        if isinstance(reference, int) and not isinstance(reference, bool):
            codes.append(f"EPSG:{reference}")
    return tuple(dict.fromkeys(codes))


def _quality(value: dict[str, Any], summaries: dict[str, Any]) -> Quality:
    given = summaries.get("gsd", summaries.get("eo:gsd", value.get("gsd")))
    numbers = [n for words in _values(given) if (n := number(words)) is not None and n > 0]
    steps = (
        text(dimension.get("step"))
        for dimension in objs(list(obj(value.get("cube:dimensions")).values()))
        if dimension.get("type") == "temporal"
    )
    return Quality(
        distance_m=min(numbers, default=0.0), step=next((step for step in steps if step.startswith("P")), "")
    )


def _is_bare_picture(asset: Distribution) -> bool:
    return asset.function == "thumbnail" and not asset.title and not asset.description


def _is_picture(link: _Link) -> bool:
    return link.rel in ("thumbnail", "icon", "preview") and (
        link.rel == "thumbnail" or link.type.startswith("image/")
    )


def _thumbnails(listed: Iterable[Distribution], links: list[_Link]) -> tuple[str, ...]:
    pictures = [asset.url for asset in listed if asset.function == "thumbnail"]
    pictures += [link.href for link in links if _is_picture(link)]
    return tuple(dict.fromkeys(filter(None, pictures)))


def _linked(links: list[_Link], page: str) -> Iterator[Distribution]:
    seen = {page}
    for link in links:
        function = _FUNCTION_OF_REL.get(link.rel)
        if function is None or _is_picture(link) or link.href in seen:
            continue
        seen.add(link.href)
        yield Distribution(
            url=link.href,
            title=Text.of(link.title or ("Items" if link.rel == "items" else "")),
            function=function,
            media_type=link.type,
        )


def _licences(given: str, links: list[_Link], language: str) -> Iterator[Licence]:
    texts_ = [link for link in links if link.rel == "license"]
    if given and given.lower() not in _OTHER_LICENCES:
        known = licence(given, language=language)
        address = texts_[0] if texts_ else None
        if known.spdx == given:
            known = licence(address.title if address else "", address.href if address else "", language)
            yield Licence(name=known.name, uri=known.uri, spdx=given)
        else:
            yield Licence(
                name=known.name, uri=known.uri or (address.href if address else ""), spdx=known.spdx
            )
        texts_ = texts_[1:]
    for link in texts_:
        yield licence(link.title, link.href, language)
    if given.lower() == "proprietary" and not texts_:
        yield Licence(name=Text.of("proprietary", "en"))


def _relations(value: dict[str, Any], links: list[_Link]) -> Iterator[Relation]:
    root = next((link.href for link in links if link.rel == "root"), "")
    for link in links:
        if link.rel == "parent" and link.href != root:
            yield Relation(kind="IsPartOf", target=link.href, scheme="uri", title=Text.of(link.title))
        elif link.rel in _RELATION_OF_REL:
            target = identifier(link.href)
            yield Relation(
                kind=_RELATION_OF_REL[link.rel],
                target=target.value,
                scheme=target.scheme or "uri",
                title=Text.of(link.title),
            )
    for publication in objs(value.get("sci:publications")):
        bare, citation = doi(text(publication.get("doi"))), text(publication.get("citation"))
        if bare or citation:
            yield Relation(
                kind="IsDescribedBy", target=bare, scheme="doi" if bare else "", title=Text.of(citation)
            )

"""Records and catalogues of OGC API - Records, drafts included, to the pivot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._contacts import read_contacts, read_themes
from estran.formats._geojson import wkt_and_box
from estran.formats._identifiers import identifier
from estran.formats._json import day, obj, objs, seq, text, texts, whole
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._ogc.write import CF_NAMES, KIND_OF_REL
from estran.model import (
    KINDS,
    Box,
    Concept,
    Constraint,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Period,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_record"]

_KINDS = {
    "series": "collection",
    "datasetseries": "collection",
    "catalog": "collection",
    "catalogue": "collection",
    "document": "publication",
    "text": "publication",
    "report": "publication",
    "article": "publication",
    "journalarticle": "publication",
    "book": "publication",
    "application": "software",
    "process": "service",
    "api": "service",
    "webservice": "service",
    "stillimage": "image",
    "map": "image",
    "physicalobject": "sample",
    "nongeographicdataset": "dataset",
    "feature": "dataset",
}
_FUNCTION_OF_REL = {
    "enclosure": "download",
    "item": "",
    "data": "download",
    "download": "download",
    "service": "service",
    "describes": "service",
    "items": "search",
    "search": "search",
    "about": "information",
    "documentation": "information",
    "information": "information",
    "help": "information",
    "describedby": "metadata",
    "describedBy": "metadata",
    "via": "metadata",
    "original": "download",
}
_PICTURES = frozenset({"preview", "icon", "thumbnail"})


def read_record(value: dict[str, Any], notes: list[str], where: str) -> Record:
    """The record that a feature, or a catalogue without geometry, is.

    Raises:
        Invalid: it has neither id nor title.
    """
    # A catalogue holds beside its id what a record holds in its properties.
    properties = obj(value.get("properties")) or value
    name, title = text(value.get("id")), text(properties.get("title"))
    if not name and not title:
        raise Invalid("the record has neither id nor title", where)
    language = _language(properties.get("language"))
    links = objs(value.get("links")) + objs(properties.get("associations"))
    concepts = read_themes(properties.get("themes"), language)
    keywords = (
        Concept(label=Text.of(words, language)) for words in dict.fromkeys(texts(properties.get("keywords")))
    )
    kind, label = _kind(value, text(properties.get("type")))
    return Record(
        identifier=name,
        identifiers=tuple(_identifiers(properties)),
        kind=kind,
        kind_label=label,
        title=Text.of(title or name, language),
        abstract=Text.of(text(properties.get("description")), language),
        language=tuple(filter(None, map(_language, seq(properties.get("resourceLanguages"))))),
        metadata_language=language,
        metadata_date=day(_updated(properties), notes, "properties.updated"),
        metadata_standard="OGC API Records",
        landing_page=next((text(link.get("href")) for link in links if link.get("rel") == "canonical"), ""),
        parties=tuple(read_contacts(properties.get("contacts") or properties.get("providers"), language)),
        concepts=(*keywords, *(c for c in concepts if c.scheme_uri != CF_NAMES)),
        variables=tuple(_variables(properties, language)),
        extent=_extent(value, properties, notes),
        quality=Quality(step=text(obj(value.get("time")).get("resolution"))),
        distributions=tuple(_distributions(value, properties, links)),
        thumbnails=tuple(
            dict.fromkeys(href for link in links if _is_picture(link) and (href := text(link.get("href"))))
        ),
        licences=tuple(_licences(text(properties.get("license")), links, language)),
        constraints=_constraints(text(properties.get("rights")), language),
        relations=tuple(_relations(links)),
        warnings=tuple(notes),
    )


def _language(value: Any) -> str:
    return code(text(obj(value).get("code")) or text(value))


def _updated(properties: dict[str, Any]) -> Any:
    # The drafts had other names for it.
    for key in ("updated", "recordUpdated", "record-updated"):
        if properties.get(key):
            return properties[key]
    return None


def _kind(value: dict[str, Any], given: str) -> tuple[str, str]:
    if value.get("itemType") is not None or value.get("type") == "Collection":
        return "collection", ""
    word = given.rstrip("/").replace("#", "/").rpartition("/")[2]
    lower = word.lower().replace("_", "").replace("-", "")
    kind = lower if lower in KINDS else _KINDS.get(lower, "other" if word else "dataset")
    return kind, "" if word == kind else word


def _identifiers(properties: dict[str, Any]) -> Iterator[Identifier]:
    for entry in seq(properties.get("externalIds") or properties.get("externalId")):
        value = text(obj(entry).get("value")) or text(entry)
        if value:
            yield identifier(value, text(obj(entry).get("scheme")))


def _variables(properties: dict[str, Any], language: str) -> Iterator[Variable]:
    for theme in objs(properties.get("themes")):
        if theme.get("scheme") == CF_NAMES:
            for concept in objs(theme.get("concepts")):
                label = Text.of(text(concept.get("title")), language)
                yield Variable(standard_name=text(concept.get("id")), label=label)


def _extent(value: dict[str, Any], properties: dict[str, Any], notes: list[str]) -> Extent:
    geometry = value.get("geometry")
    boxes, wkt = (), ""
    try:
        boxes = _plain_boxes(geometry)
        if not boxes:
            wkt, around = wkt_and_box(geometry)
            boxes = (around,) if around else ()
    except Invalid as error:
        notes.append(str(error))
    given = value.get("time") if "time" in value else obj(properties.get("extent")).get("temporal")
    period = _period(given, notes)
    return Extent(boxes=boxes, geometries=(wkt,) if wkt else (), periods=(period,) if period else ())


def _plain_boxes(geometry: Any) -> tuple[Box, ...]:
    """The boxes that a geometry is made of; none where it is another shape."""
    match obj(geometry):
        case {"type": "Point", "coordinates": [float() | int(), float() | int(), *_]}:
            around = wkt_and_box(geometry)[1]
            return (around,) if around else ()
        case {"type": "Polygon", "coordinates": rings}:
            polygons: Any = [rings]
        case {"type": "MultiPolygon", "coordinates": list(polygons)}:
            pass
        case _:
            return ()
    boxes: list[Box] = []
    for rings in polygons:
        _, around = wkt_and_box({"type": "Polygon", "coordinates": rings})
        if around is None or len(rings) != 1 or not _is_frame(rings[0], around):
            return ()
        before = boxes[-1] if boxes else None
        if before and before.east == 180.0 and around.west == -180.0 and before[1::2] == around[1::2]:  # noqa: PLR2004
            # The two halves of a box over the antimeridian.
            boxes[-1] = Box(before.west, before.south, around.east, around.north)
        else:
            boxes.append(around)
    return tuple(boxes)


def _is_frame(ring: list[Any], box: Box) -> bool:
    corners = {(x, y) for x in (box.west, box.east) for y in (box.south, box.north)}
    return len(ring) == 5 and {(point[0], point[1]) for point in ring} == corners  # noqa: PLR2004 - closed


def _period(given: Any, notes: list[str]) -> Period | None:
    if isinstance(given, dict):
        given = given.get("interval") or given.get("timestamp") or given.get("date")
    if isinstance(given, str):
        first, slash, last = given.partition("/")
        given = [first, last if slash else first]
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        given = given[0]
    if not isinstance(given, list) or len(given) != 2:  # noqa: PLR2004 - start and end
        return None
    ends = ("" if text(end) == ".." else day(end, notes, "time") for end in given)
    period = Period(*ends)
    return period if any(period) else None


def _is_picture(link: dict[str, Any]) -> bool:
    return text(link.get("rel")) in _PICTURES and not text(link.get("type")).startswith("text/")


def _distributions(
    value: dict[str, Any], properties: dict[str, Any], links: list[dict[str, Any]]
) -> Iterator[Distribution]:
    named = {
        text(entry.get("mediaType")): text(entry.get("name")) for entry in objs(properties.get("formats"))
    }
    formats = [
        (text(obj(entry).get("name")) or text(entry), text(obj(entry).get("mediaType")))
        for entry in seq(properties.get("formats"))
    ]
    seen: set[str] = set()
    for link in links:
        found = _distribution(link, named)
        if found:
            seen.update((found.media_type, found.format))
            yield found
    for template in objs(value.get("linkTemplates")):
        if href := text(template.get("uriTemplate")):
            yield Distribution(
                url=href,
                title=Text.of(text(template.get("title"))),
                function="service",
                media_type=text(template.get("type")),
            )
    for name, media_type in dict.fromkeys(formats):
        if (name or media_type) and not {name, media_type} & (seen - {""}):
            yield Distribution(format=name, media_type=media_type)


def _distribution(link: dict[str, Any], named: dict[str, str]) -> Distribution | None:
    rel, href = text(link.get("rel")), text(link.get("href"))
    function = "information" if rel == "preview" and not _is_picture(link) else _FUNCTION_OF_REL.get(rel)
    if function is None or not href:
        return None
    if rel == "describes" and "service=" not in href.lower():
        function = "information"
    media_type = text(link.get("type"))
    return Distribution(
        url=href,
        title=Text.of(text(link.get("title"))),
        function=function,
        media_type=media_type,
        format=named.get(media_type, "") if media_type else "",
        size_bytes=whole(link.get("length")),
        conforms_to=tuple(texts(link.get("profile"))),
    )


def _licences(given: str, links: list[dict[str, Any]], language: str) -> Iterator[Licence]:
    linked = [
        licence(text(x.get("title")), text(x.get("href")), language)
        for x in links
        if x.get("rel") == "license"
    ]
    if given and given.lower() not in ("other", "proprietary", "various"):
        known = licence(given, language=language)
        first = linked.pop(0) if linked else Licence()
        yield Licence(
            name=first.name or (known.name if known.spdx != given else Text()),
            uri=first.uri or known.uri,
            spdx=known.spdx or first.spdx,
        )
    yield from linked


def _constraints(rights: str, language: str) -> tuple[Constraint, ...]:
    return (Constraint(kind="use", text=Text.of(rights, language)),) if rights else ()


def _relations(links: list[dict[str, Any]]) -> Iterator[Relation]:
    for link in links:
        rel, href = text(link.get("rel")), text(link.get("href"))
        kind = "" if rel == "related" else KIND_OF_REL.get(rel)
        if kind is not None and href:
            target = identifier(href)
            yield Relation(
                kind=kind,
                target=target.value,
                scheme=target.scheme or "uri",
                title=Text.of(text(link.get("title"))),
            )

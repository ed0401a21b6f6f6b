"""A whole ISO document as a pivot record."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from estran.formats import _identifiers as _identifier
from estran.formats._iso import codes, constraints, content, distribution, keywords, measures
from estran.formats._iso.extent import extent
from estran.formats._iso.parties import parties
from estran.formats._iso.relations import conformities, joined, lineage, relations
from estran.formats._iso.values import LOCAL, Reading, children, first, href, objects
from estran.model import Identifier, Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from estran.formats._iso.values import Children
    from estran.model import Concept, Party

__all__ = ["record"]


def record(root: _Element, warnings: list[str]) -> Record:
    """The record of a MD_Metadata of any version and profile; the warnings so far, and new ones, go into it."""
    reading = Reading(warnings)
    top = children(root)
    parts = [(LOCAL[held.tag], children(held)) for held in objects(top, "identificationInfo")]
    insides = [inside for _, inside in parts]
    languages = _learn_languages(reading, top, insides)
    cited = [children(held) for inside in insides for held in objects(inside, "citation")]
    ways = distribution.ways(reading, top.get("distributionInfo", ()), insides)
    terms = constraints.terms(reading, _all(insides, "resourceConstraints"))
    identifier, identifiers = _identifiers(reading, top, cited, ways.doi)
    kind, kind_label = _kind(reading, top, parts)
    dates = _dates(reading, _all(cited, "date"))
    return Record(
        identifier=identifier,
        identifiers=identifiers,
        kind=kind,
        kind_label=kind_label,
        title=_first_line(reading, _all(cited, "title")),
        alternate_titles=tuple(
            text for prop in _all(cited, "alternateTitle") if (text := reading.line(prop))
        ),
        abstract=_first_text(reading, _all(insides, "abstract")),
        purpose=_first_text(reading, _all(insides, "purpose")),
        supplement=_joined(reading, _all(insides, "supplementalInformation")),
        credit=_joined(reading, _all(insides, "credit")),
        lineage=lineage(reading, top),
        version=next((words for prop in _all(cited, "edition") if (words := reading.string(prop))), ""),
        language=languages,
        metadata_language=reading.language,
        status=_coded(reading, _all(insides, "status"), codes.PROGRESS),
        frequency=_frequency(reading, insides),
        access=terms.access,
        representation=_representations(reading, insides),
        crs=tuple(dict.fromkeys(measures.systems(reading, top.get("referenceSystemInfo", ())))),
        service_type=next(
            (words for prop in _all(insides, "serviceType") if (words := reading.string(prop))), ""
        ),
        created=dates.get("created", ""),
        published=dates.get("published", ""),
        revised=dates.get("revised", ""),
        available=dates.get("available", ""),
        metadata_date=_metadata_date(reading, top),
        metadata_standard=_standard(reading, top),
        landing_page=_landing_page(reading, top, cited),
        parties=_parties(reading, cited, insides, ways.distributors),
        metadata_parties=tuple(dict.fromkeys(parties(reading, top.get("contact", ()), "pointOfContact"))),
        concepts=_concepts(reading, top, insides),
        variables=tuple(dict.fromkeys(content.variables(reading, top.get("contentInfo", ())))),
        extent=extent(reading, _all(insides, "extent")),
        quality=measures.quality(reading, insides, top.get("spatialRepresentationInfo", ())),
        distributions=tuple(ways.distributions),
        thumbnails=tuple(dict.fromkeys(distribution.pictures(reading, _all(insides, "graphicOverview")))),
        licences=tuple(terms.licences),
        constraints=tuple(terms.constraints),
        relations=tuple(dict.fromkeys(relations(reading, top, insides))),
        conformities=tuple(dict.fromkeys(conformities(reading, top))),
        warnings=tuple(reading.warnings),
    )


def _all(insides: Iterable[Children], name: str) -> list[_Element]:
    return [prop for inside in insides for prop in inside.get(name, ())]


def _first_line(reading: Reading, props: Iterable[_Element]) -> Text:
    return next((text for prop in props if (text := reading.line(prop))), Text())


def _first_text(reading: Reading, props: Iterable[_Element]) -> Text:
    return next((text for prop in props if (text := reading.text(prop))), Text())


def _joined(reading: Reading, props: list[_Element]) -> Text:
    return reading.text(props[0]) if len(props) == 1 else joined(reading.text(prop) for prop in props)


def _coded(reading: Reading, props: Iterable[_Element], table: dict[str, str]) -> str:
    return next((codes.known(word, table) for prop in props if (word := reading.code(prop))), "")


def _learn_languages(reading: Reading, top: Children, insides: list[Children]) -> tuple[str, ...]:
    """The document's own language and the names of the others; gives the languages of the data."""
    for prop in top.get("language", ()):
        reading.language = reading.language or reading.language_code(prop)
    for held in objects(top, "defaultLocale"):
        found = reading.locale(held)
        reading.language = reading.language or found
    for name in ("locale", "otherLocale"):
        for held in objects(top, name):
            reading.locale(held)
    languages = _data_languages(reading, insides)
    reading.language = reading.language or next(iter(languages), "")
    return languages


def _data_languages(reading: Reading, insides: Iterable[Children]) -> tuple[str, ...]:
    """The languages of the data, each once."""
    found: dict[str, None] = {}
    for inside in insides:
        for prop in inside.get("language", ()):
            found[reading.language_code(prop)] = None
        for name in ("defaultLocale", "otherLocale"):
            for held in objects(inside, name):
                found[reading.locale(held)] = None
    found.pop("", None)
    return tuple(found)


def _kind(reading: Reading, top: Children, parts: list[tuple[str, Children]]) -> tuple[str, str]:
    """The kind of the resource, and the document's own word where it is another."""
    props = [*top.get("hierarchyLevel", ())]
    for held in objects(top, "metadataScope"):
        props.extend(children(held).get("resourceScope", ()))
    word = next((word for prop in props if (word := reading.code(prop))), "")
    if not word:
        name = reading.string(first(top, "hierarchyLevelName"))
        word = name if codes.squeezed(name) in codes.SCOPES else ""
    if not word:
        return ("service" if any("ServiceIdentification" in tag for tag, _ in parts) else "dataset"), ""
    kind = codes.SCOPES.get(codes.squeezed(word), "other")
    return kind, ("" if kind == word else word)


def _identifiers(
    reading: Reading, top: Children, cited: list[Children], linked: str
) -> tuple[str, tuple[Identifier, ...]]:
    """The document's identifier verbatim, and the other names of what it describes."""
    own = reading.string(first(top, "fileIdentifier"))
    for held in objects(top, "metadataIdentifier"):
        code = first(children(held), "code")
        own = own or reading.string(code) or href(code)
    found = dict.fromkeys(reading.identifiers(_all(cited, "identifier")))
    for scheme in ("isbn", "issn"):
        for prop in _all(cited, scheme.upper()):
            if words := reading.string(prop):
                found[Identifier(words, scheme)] = None
    if not any(one.scheme == "doi" for one in found):
        for words in (linked, own, reading.string(first(top, "dataSetURI"))):
            if words and (bare := _identifier.doi(words)):
                found[Identifier(bare, "doi")] = None
                break
    return own, tuple(one for one in found if one.value != own or one.scheme == "doi")


def _dates(reading: Reading, props: Iterable[_Element]) -> dict[str, str]:
    """Dates by field: the latest revision, the first of the others."""
    found: dict[str, str] = {}
    for prop in props:
        for held in prop:
            inside = children(held)
            field = codes.DATE_TYPES.get(codes.squeezed(reading.code(first(inside, "dateType"))), "")
            moment = reading.date(first(inside, "date"), "date of the resource")
            if field and moment and (field not in found or (field == "revised" and moment > found[field])):
                found[field] = moment
    return found


def _metadata_date(reading: Reading, top: Children) -> str:
    if "dateStamp" in top:
        return reading.date(top["dateStamp"][0], "date of the metadata")
    found: dict[str, str] = {}
    for held in objects(top, "dateInfo"):
        inside = children(held)
        field = codes.DATE_TYPES.get(codes.squeezed(reading.code(first(inside, "dateType"))), "")
        if moment := reading.date(first(inside, "date"), "date of the metadata"):
            found[field] = max(moment, found.get(field, ""))
    return found.get("revised") or found.get("published") or max(found.values(), default="")


def _standard(reading: Reading, top: Children) -> str:
    for held in objects(top, "metadataStandard"):
        if words := reading.string(first(children(held), "title")):
            return words
    return reading.string(first(top, "metadataStandardName"))


def _landing_page(reading: Reading, top: Children, cited: list[Children]) -> str:
    for one in cited:
        for held in objects(one, "onlineResource"):
            if url := reading.online(held).url:
                return url
    words = reading.string(first(top, "dataSetURI"))
    if words.startswith("http"):
        return words
    for held in objects(top, "metadataLinkage"):
        if url := reading.online(held).url:
            return url
    return ""


def _parties(
    reading: Reading, cited: list[Children], insides: list[Children], distributors: list[_Element]
) -> tuple[Party, ...]:
    found = chain(
        parties(reading, _all(cited, "citedResponsibleParty")),
        parties(reading, _all(insides, "pointOfContact"), "pointOfContact"),
        parties(reading, distributors, "distributor"),
    )
    return tuple(dict.fromkeys(found))


def _concepts(reading: Reading, top: Children, insides: list[Children]) -> tuple[Concept, ...]:
    found = dict.fromkeys(keywords.keywords(reading, _all(insides, "descriptiveKeywords")))
    found.update(dict.fromkeys(keywords.topics(reading, _all(insides, "topicCategory"))))
    for name in ("acquisitionInformation", "contentInfo"):
        for prop in top.get(name, ()):
            found.update(dict.fromkeys(keywords.acquisition(reading, prop)))
    return tuple(found)


def _frequency(reading: Reading, insides: list[Children]) -> str:
    for inside in insides:
        for held in objects(inside, "resourceMaintenance"):
            prop = first(children(held), "maintenanceAndUpdateFrequency")
            if word := reading.code(prop):
                return codes.known(word, codes.FREQUENCIES)
    return ""


def _representations(reading: Reading, insides: list[Children]) -> tuple[str, ...]:
    words = (reading.code(prop) for prop in _all(insides, "spatialRepresentationType"))
    return tuple(dict.fromkeys(codes.known(word, codes.REPRESENTATIONS) for word in words if word))

"""DCAT to the pivot: every dataset, series and service of a graph becomes a record."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats import Refusal, _languages
from estran.formats._dcat import words
from estran.formats._dcat.access import distributions, endpoints, representations, rights
from estran.formats._dcat.agents import metadata_parties, parties
from estran.formats._dcat.places import extent
from estran.formats._dcat.ties import agency, conformities, relations
from estran.formats._identifiers import identifier
from estran.formats._iso import codes
from estran.formats._rdf import Iri, Thing, Words, tail
from estran.model import KINDS, Concept, Identifier, Quality, Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document
    from estran.formats._rdf import Blank, Graph, Term

__all__ = ["LISTED", "entries", "records", "resources"]

_RESOURCES = ("dcat:Dataset", "dcat:DatasetSeries", "dcat:DataService", "dcat:Resource", "schema:Dataset")
LISTED = ("dcat:dataset", "dcat:service", "dcat:resource", "dcat:datasetSeries", "dcat:Dataset")
"""By what a catalogue names its resources."""
# What only places a resource among others.
_STRUCTURE = frozenset((
    "rdf:type", "foaf:isPrimaryTopicOf", "dct:isPartOf", "dct:hasPart", "dcat:inSeries", "dcat:prev", "dcat:next",
    "dcat:first", "dcat:last", "dcat:hasVersion", "dcat:isVersionOf", "dcat:record", "dcat:dataset", "dcat:service",
    "dcat:resource", "dcat:catalog", "rdfs:seeAlso", "owl:sameAs",
))  # fmt: skip
_TITLES = ("dct:title", "rdfs:label", "skos:prefLabel", "schema:name", "foaf:name")
_ABSTRACTS = ("dct:description", "dct:abstract", "schema:description", "rdfs:comment")
_TOPIC = "/TopicCategory/"
_THEMES = f"{words.EU}data-theme/"
_SCHEMES = (
    (_THEMES, "EU data themes"),
    ("http://inspire.ec.europa.eu/theme/", "GEMET - INSPIRE themes, version 1.0"),
    ("eionet.europa.eu/gemet/", "GEMET"),
    ("http://eurovoc.europa.eu/", "EuroVoc"),
)
# What a catalogue's entry conforms to when it speaks of itself, not of where it came from.
_OWN_PROFILE = re.compile(r"data\.europa\.eu/(?:930|r5r)|vocab-dcat|dcat-?ap", re.IGNORECASE)


def records(graph: Graph, document: Document, warnings: list[str]) -> Iterator[Record | Refusal]:
    """The records of a graph in its order; what cannot be one is refused by name.

    A catalogue that lists nothing here stands for itself, as a collection.
    """
    about, listed = entries(graph), resources(graph)
    if not listed:
        listed = [name for name in graph.subjects("dcat:Catalog") if Thing(graph, name, []).text(*_TITLES)]
    for name in listed:
        notes = list(warnings)
        resource = Thing(graph, name, notes)
        if not _named(resource):
            why = f"the resource {_shown(name)} has neither a title nor an identifier; give it a dct:title"
            yield Refusal(document.name, why, document.line)
        else:
            yield _record(resource, about.get(name))
    if not listed:
        yield Refusal(document.name, _nothing(graph), document.line)


def _nothing(graph: Graph) -> str:
    """Why there is no record in a graph, by what is in it."""
    types = graph.types()
    what = "nothing that has a type"
    if types:
        what = ", ".join(f"{count} × {kind}" for kind, count in list(types.items())[:3])
    advice = (
        "load it as a vocabulary"
        if any(kind.startswith("skos:Concept") for kind in types)
        else "give a dataset"
    )
    return f"no dcat:Dataset, dcat:DatasetSeries or dcat:DataService is described in it, but {what}; {advice}"


def _shown(name: str) -> str:
    return "without address" if name.startswith("_:") else f"<{name[:200]}>"


def resources(graph: Graph) -> list[Iri | Blank]:
    """The subjects that are resources of a catalogue and are described here."""
    served = {name for said in graph.facts.values() for name in said.get("dcat:accessService", ())}
    found = {name: None for name in graph.subjects(*_RESOURCES) if name not in served}
    for said in graph.facts.values():
        for predicate in LISTED:
            found |= {name: None for name in said.get(predicate, ()) if not isinstance(name, Words)}
    return [name for name in found if Thing(graph, name, []).known]


def entries(graph: Graph) -> dict[str, Thing]:
    """The catalogue's entry (dcat:CatalogRecord) of each resource."""
    found: dict[str, Thing] = {}
    for name in graph.subjects("dcat:CatalogRecord"):
        entry = Thing(graph, name, [])
        for term in entry.all("foaf:primaryTopic"):
            found.setdefault(str(term), entry)
    for subject, said in graph.facts.items():
        for term in said.get("foaf:isPrimaryTopicOf", ()):
            if not isinstance(term, Words) and "dcat:CatalogRecord" in Thing(graph, term, []).types:
                found.setdefault(subject, Thing(graph, term, []))
    return found


def _named(resource: Thing) -> bool:
    """Whether it has a title or an identifier; its address is one where something is said of the thing itself."""
    if resource.text(*_TITLES) or resource.words("dct:identifier", "schema:identifier", "adms:identifier"):
        return True
    said = resource.graph.facts.get(resource.name, ())
    return bool(resource.iri) and any(predicate not in _STRUCTURE for predicate in said)


def _record(resource: Thing, entry: Thing | None) -> Record:
    where, places = extent(resource)
    terms = rights(resource)
    kind, label = _kind(resource)
    title, abstract = resource.text(*_TITLES), resource.text(*_ABSTRACTS)
    own, others = _identifiers(resource, entry)
    return Record(
        identifier=own,
        identifiers=others,
        kind=kind,
        kind_label=label,
        title=title,
        alternate_titles=tuple(t for t in resource.each("dct:alternative", "schema:alternateName") if t),
        # A description that only repeats the title was written because one is obligatory.
        abstract=Text() if abstract == title else abstract,
        purpose=resource.text("geodcatap:purpose"),
        lineage=_lineage(resource),
        version=resource.word(
            "dcat:version", "owl:versionInfo", "pav:version", "schema:version", "adms:version"
        ),
        language=_languages_of(resource),
        status=words.status(resource.word("adms:status")),
        frequency=words.frequency(_coded(resource, "dct:accrualPeriodicity")),
        access=terms.access,
        representation=representations(resource),
        crs=tuple(dict.fromkeys(_reference_systems(resource))),
        service_type=_service_type(resource) if kind == "service" else "",
        created=resource.date("dct:created", "schema:dateCreated"),
        published=resource.date("dct:issued", "schema:datePublished"),
        revised=resource.date("dct:modified", "dct:updated", "schema:dateModified"),
        available=resource.date("dct:available"),
        landing_page=next(iter(resource.urls("dcat:landingPage", "schema:url")), ""),
        parties=parties(resource),
        concepts=_concepts(resource, places),
        extent=where,
        quality=_quality(resource),
        distributions=(*(endpoints(resource) if kind == "service" else ()), *distributions(resource)),
        thumbnails=tuple(
            resource.urls("foaf:depiction", "foaf:thumbnail", "schema:thumbnailUrl", "schema:image")
        ),
        licences=terms.licences,
        constraints=terms.constraints,
        relations=tuple(dict.fromkeys(relations(resource))),
        conformities=tuple(dict.fromkeys(conformities(resource))),
        **_entry(entry),
        warnings=tuple(dict.fromkeys((*resource.notes, *(entry.notes if entry else ())))),
    )


def _entry(entry: Thing | None) -> dict[str, Any]:
    """What the catalogue's entry says about the description itself."""
    if entry is None:
        return {}
    standards = [
        str(name)
        for source in entry.things("dct:source")
        for name in (source.label(term) or str(term) for term in source.all("dct:conformsTo"))
    ] or [
        str(entry.label(term) or term)
        for term in entry.all("dct:conformsTo")
        if not _OWN_PROFILE.search(f"{term} {entry.label(term)}")
    ]
    return {
        "metadata_date": entry.date("dct:modified", "dct:issued", "dct:created"),
        "metadata_language": next(iter(_languages_of(entry)), ""),
        "metadata_standard": next(iter(standards), ""),
        "metadata_parties": metadata_parties(entry),
    }


def _identifiers(resource: Thing, entry: Thing | None) -> tuple[str, tuple[Identifier, ...]]:
    """The record's own identifier and all others: of the entry, of the resource, in other catalogues."""
    own = (entry.word("dct:identifier") if entry else "") or resource.word(
        "dct:identifier", "schema:identifier"
    )
    own = own or next(iter(_alternative_identifiers(resource)), Identifier("")).value or resource.iri
    found: dict[Identifier, None] = {}
    for value in resource.words("dct:identifier", "schema:identifier"):
        found[identifier(value)] = None
    found |= dict.fromkeys(_alternative_identifiers(resource))
    for value in (resource.iri, *resource.words("owl:sameAs")):
        if value.startswith(("http://", "https://", "urn:")) and " " not in value:
            found[identifier(value)] = None
    mine = identifier(own)
    if mine.scheme == "doi":
        found.setdefault(mine)
    else:
        found.pop(mine, None)
    return own, tuple(one for one in found if one.value)


def _alternative_identifiers(resource: Thing) -> Iterator[Identifier]:
    for term in resource.all("adms:identifier"):
        thing = resource.at(term)
        if thing is None or not thing.known:
            yield identifier(str(resource.label(term) or term))
        elif value := thing.word("skos:notation", "dct:identifier", "rdf:value"):
            yield identifier(value, agency(thing))


def _kind(resource: Thing) -> tuple[str, str]:
    """The pivot's kind, and the source's own word for it."""
    types = resource.types
    kind = "dataset"
    if "dcat:DataService" in types:
        kind = "service"
    elif types & {"dcat:DatasetSeries", "dcat:Catalog"}:
        kind = "collection"
    elif "dcat:Dataset" not in types and "dcat:Resource" in types:
        kind = "other"
    label = ""
    for term in resource.all("geodcatap:resourceType", "dct:type"):
        spoken = str(resource.label(term))
        code = re.split(r"[/#:]", str(term))[-1] if isinstance(term, Iri) else spoken
        if "SpatialDataServiceType" in str(term):
            continue
        known = words.KIND_OF.get(code) or (spoken if spoken in KINDS else "")
        if known and (kind in ("dataset", "other") or known == kind):
            kind = known
        if not known or (spoken and spoken != known):
            label = label or spoken or code
    return kind, label


def _service_type(service: Thing) -> str:
    for term in service.all("geodcatap:serviceType", "dct:type"):
        if "SpatialDataServiceType/" in str(term):
            return tail(str(term))
    return str(next(iter(service.each("geodcatap:serviceType")), ""))


def _languages_of(thing: Thing) -> tuple[str, ...]:
    found = (_languages.code(tail(value) if "/" in value else value) for value in thing.words("dct:language"))
    return tuple(dict.fromkeys(code for code in found if code))


def _coded(thing: Thing, predicate: str) -> str:
    """A value of a code list: its address, or the words that stand for it."""
    for term in thing.all(predicate):
        if found := str(term) if isinstance(term, Iri) else str(thing.label(term)):
            return found
    return ""


def _lineage(resource: Thing) -> Text:
    said = resource.each("dct:provenance")
    for thing in resource.things("dct:provenance"):
        if text := thing.text("dct:description", "rdfs:label", "rdfs:comment", "dct:title"):
            return text
    return said[0] if said else Text()


def _reference_systems(resource: Thing) -> Iterator[str]:
    for term in resource.all("geodcatap:referenceSystem"):
        uri = str(term) if isinstance(term, Iri) else ""
        if name := words.crs(uri) or uri or str(resource.label(term)):
            yield name
    for thing in resource.things("dct:conformsTo"):
        if words.crs(thing.iri):
            yield words.crs(thing.iri)
        elif words.CRS_TYPE in thing.words("dct:type") and (
            name := thing.iri or str(thing.label(thing.name))
        ):
            yield name


def _concepts(resource: Thing, places: list[Thing]) -> tuple[Concept, ...]:
    """Themes, subjects, topics, keywords and places; a keyword that a concept already says is left out."""
    found: list[Concept] = []
    for role, predicate in (
        ("theme", "dcat:theme"),
        ("keyword", "dct:subject"),
        ("topic", "geodcatap:topicCategory"),
        ("keyword", "schema:about"),
    ):
        # What is a theme and a subject too is a keyword with an address.
        both = set(resource.all("dct:subject")) if predicate == "dcat:theme" else set()
        found += [
            c
            for term in resource.all(predicate)
            if term not in both and (c := _concept(resource, term, role))
        ]
    spoken = {pair for concept in found if concept.role == "keyword" for pair in concept.label.variants}
    for predicate in ("dcat:keyword", "schema:keywords"):
        for term in resource.all(predicate):
            label = resource.label(term)
            if label and not set(label.variants) <= spoken:
                found.append(Concept(label=label))
    found += [c for place in places if (c := _concept(resource, place.name, "place"))]
    return tuple(dict.fromkeys(found))


def _concept(resource: Thing, term: Term, role: str) -> Concept | None:
    """The concept that a term is, None for one that says nothing."""
    thing = resource.at(term)
    if thing is None:
        label = resource.label(term)
        return Concept(label=label, role=role) if label else None
    uri = thing.iri
    if _TOPIC in uri and (topic := codes.topic(uri)):
        return topic
    label = thing.text("skos:prefLabel", "rdfs:label", "dct:title", "schema:name", "skos:altLabel")
    scheme, scheme_uri = _scheme(thing)
    if not label and uri.startswith(words.EU):
        # The codes of the Publications Office speak for themselves: FRA, ENVI.
        english, french = words.THEMES.get(tail(uri), ("", "")) if uri.startswith(_THEMES) else ("", "")
        label = Text.many((("en", english), ("fr", french))) or Text.of(tail(uri))
    return (
        Concept(label=label, role=role, uri=uri, scheme=scheme, scheme_uri=scheme_uri)
        if uri or label
        else None
    )


def _scheme(concept: Thing) -> tuple[str, str]:
    for term in concept.all("skos:inScheme"):
        thing = concept.at(term)
        return str(concept.label(term)), thing.iri if thing else ""
    return next((name for start, name in _SCHEMES if start in concept.iri), ""), ""


def _quality(resource: Thing) -> Quality:
    metres = resource.number("dcat:spatialResolutionInMeters") or 0.0
    degrees = scale = 0.0
    for measure in resource.things("dqv:hasQualityMeasurement"):
        metric, value = tail(measure.word("dqv:isMeasurementOf")), measure.number("dqv:value") or 0.0
        if metric == words.METRICS["scale"] and value > 0:
            # A scale is a fraction, 1:50 000 is 0.00002; some give the denominator.
            scale = round(1 / value, 6) if value < 1 else value
        elif metric == words.METRICS["angle"]:
            degrees = value
        elif metric == "spatialResolutionAsDistance":
            metres = metres or value
    step = resource.word("dcat:temporalResolution")
    for one in resource.things("dcat:distribution"):
        metres = metres or one.number("dcat:spatialResolutionInMeters") or 0.0
        step = step or one.word("dcat:temporalResolution")
    return Quality(
        distance_m=max(metres, 0.0), distance_degrees=max(degrees, 0.0), scale_denominator=scale, step=step
    )

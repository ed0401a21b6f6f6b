"""The pivot to DCAT-AP 3 with GeoDCAT-AP's additions: one record as a resource and its catalogue entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran.formats._dcat import words
from estran.formats._dcat.write_access import distributions, endpoint, protocols, rights
from estran.formats._dcat.write_parts import (
    address,
    attributions,
    date,
    facts,
    identifier_value,
    label,
    links_to,
    literal,
    number,
    parties,
    periods,
    places,
    texts,
)
from estran.formats._iso import codes
from estran.formats._languages import three_letters
from estran.formats._rdf import PREFIXES, Iri, Words
from estran.formats._rdf_write import Node, iri
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.formats._dcat.write_parts import Fact
    from estran.model import Concept, Conformity, Quality, Record, Relation

__all__ = ["DURATION", "nodes", "serves", "topic"]

_TYPES = {
    "collection": ("dcat:DatasetSeries", "dcat:Dataset"), "service": ("dcat:DataService",),
    "software": ("dcat:Resource",), "publication": ("dcat:Resource",), "project": ("dcat:Resource",),
    "other": ("dcat:Resource",),
}  # fmt: skip
# xsd:duration has no weeks.
DURATION = re.compile(
    r"P(?=[\dT])(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
)
_PROFILES = (PREFIXES["dcatap"], PREFIXES["geodcatap"])


def nodes(record: Record, links: Links) -> tuple[Node, Node]:
    """The record as a resource, and the catalogue's entry about it."""
    page = iri(links.page(record.id)) or f"urn:x-estran:{quote(record.id, errors='replace')}"
    entry = f"{page}#record"
    return _resource(record, page, entry), _entry(record, page, entry)


def _entry(record: Record, page: str, entry: str) -> Node:
    standard = Node("", ("dct:Standard",), tuple(facts(("dct:title", literal(record.metadata_standard)))))
    return Node(
        entry,
        ("dcat:CatalogRecord",),
        (
            ("foaf:primaryTopic", Iri(page)),
            *facts(
                ("dct:identifier", literal(record.identifier)),
                ("dct:modified", date(record.metadata_date or record.updated)),
                ("dct:language", _language(record.metadata_language)),
            ),
            *(("dct:conformsTo", Node(profile, ("dct:Standard",))) for profile in _PROFILES),
            *attributions(record.metadata_parties),
            *facts(
                (
                    "dct:source",
                    Node("", (), (("dct:conformsTo", standard),)) if record.metadata_standard else None,
                )
            ),
        ),
    )


def _resource(record: Record, page: str, entry: str) -> Node:
    # Nothing is said twice: several concepts may have one address.
    facts = dict.fromkeys(_statements(record, page, entry))
    return Node(page, _TYPES.get(record.kind, ("dcat:Dataset",)), tuple(facts))


def _statements(record: Record, page: str, entry: str) -> tuple[Fact, ...]:
    title = record.title or Text.of(record.identifier or page)
    ways = tuple(_endpoints(record, page) if record.kind == "service" else distributions(record))
    spread = any(predicate == "dcat:distribution" for predicate, _ in ways)
    return (
        *texts("dct:title", title),
        *(fact for one in record.alternate_titles for fact in texts("dct:alternative", one)),
        # A description is obligatory.
        *texts("dct:description", record.abstract or title),
        *texts("geodcatap:purpose", record.purpose),
        *_identifiers(record),
        *_kind(record),
        *facts(
            ("dct:created", date(record.created)),
            ("dct:issued", date(record.published)),
            ("dct:modified", date(record.revised)),
            ("dct:available", date(record.available)),
            ("dcat:version", literal(record.version)),
            (
                "adms:status",
                Iri(words.status_uri(record.status)) if record.status else None,
            ),
            (
                "dct:accrualPeriodicity",
                label(record.frequency, words.frequency_uri(record.frequency), "dct:Frequency"),
            ),
            ("dcat:landingPage", address(record.landing_page, "foaf:Document")),
        ),
        *(("dct:language", node) for code in record.language if (node := _language(code))),
        *parties(record),
        *(fact for concept in record.concepts for fact in _concept(concept)),
        *places(record),
        *periods(record),
        *_quality(record.quality),
        *(("geodcatap:referenceSystem", _reference_system(name)) for name in record.crs),
        *_provenance(record),
        *rights(record),
        *ways,
        # Said of each distribution, or here for want of one.
        *(
            ("adms:representationTechnique", Iri(words.representation_uri(code)))
            for code in record.representation
            if not spread
        ),
        *(("foaf:depiction", link) for url in record.thumbnails if (link := links_to(url))),
        *(_relation(one, record.kind) for one in record.relations),
        *(fact for one in record.conformities for fact in _conformity(one)),
        ("foaf:isPrimaryTopicOf", Iri(entry)),
    )


def _language(code: str) -> Node | None:
    three = three_letters(code).upper()
    return (
        Node(f"{words.EU}language/{three}", ("dct:LinguisticSystem",))
        if three.isalpha() and three.isascii()
        else None
    )


def _identifiers(record: Record) -> Iterator[Fact]:
    yield from facts(("dct:identifier", literal(record.identifier)))
    for value, scheme in record.identifiers:
        # A DOI is known by its resolver's address everywhere.
        notation = f"https://doi.org/{value}" if scheme == "doi" else value
        said = facts(
            ("skos:notation", Words(notation, "", "xsd:anyURI" if scheme in ("doi", "uri") else "")),
            ("adms:schemaAgency", literal(scheme)),
        )
        yield "adms:identifier", Node("", ("adms:Identifier",), tuple(said))


def _kind(record: Record) -> Iterator[Fact]:
    kind = record.kind
    if kind in words.RESOURCE_TYPES:
        uri = f"{words.INSPIRE}ResourceType/{words.RESOURCE_TYPES[kind]}"
        yield "geodcatap:resourceType", Iri(uri)
    elif kind in words.DCMI_TYPES:
        yield "dct:type", Iri(f"http://purl.org/dc/dcmitype/{words.DCMI_TYPES[kind]}")
    else:
        yield "dct:type", _named_concept(kind)
    if record.kind_label:
        yield "dct:type", _named_concept(record.kind_label)
    if kind == "service" and record.service_type:
        known = record.service_type in words.SERVICE_TYPES
        uri = f"{words.INSPIRE}SpatialDataServiceType/{record.service_type}"
        yield (
            "geodcatap:serviceType",
            Iri(uri) if known else _named_concept(record.service_type),
        )


def _named_concept(name: str) -> Node:
    return Node("", ("skos:Concept",), (("skos:prefLabel", Words(name)),))


def _concept(concept: Concept) -> Iterator[Fact]:
    """A concept under the property of its role; the words of keywords as keywords besides."""
    uri = iri(concept.uri)
    if concept.role == "topic" and (known := topic(concept)):
        yield "geodcatap:topicCategory", Iri(known)
        return
    if concept.role == "place":
        kind, predicate = "dct:Location", "dct:spatial"
    else:
        kind, predicate = "skos:Concept", "dcat:theme" if concept.role == "theme" else "dct:subject"
    bare = not uri and not concept.scheme and not concept.scheme_uri and len(concept.label.variants) <= 1
    if predicate != "dct:subject" or not bare:
        said = (*texts("skos:prefLabel", concept.label), *facts(("skos:inScheme", _scheme(concept))))
        # A concept without a name would be none to DCAT-AP: it is only pointed to.
        yield predicate, Node(uri, (kind,), said) if concept.label or not uri else _pointed(uri, said)
        if predicate == "dct:subject" and uri:
            # Harvesters look for addresses among the themes; both together say that it is a keyword.
            yield "dcat:theme", Iri(uri)
    if predicate == "dct:subject":
        yield from texts("dcat:keyword", concept.label)


def _pointed(uri: str, said: tuple[Fact, ...]) -> Node | Iri:
    return Node(uri, (), said) if said else Iri(uri)


def topic(concept: Concept) -> str:
    """The address of an ISO topic category, "" for a topic of another list."""
    known = codes.topic(concept.uri if "/TopicCategory/" in concept.uri else str(concept.label))
    return known.uri if known and (not concept.uri or concept.uri == known.uri) else ""


def _scheme(concept: Concept) -> Node | Iri | None:
    uri = iri(concept.scheme_uri)
    if not concept.scheme:
        return Iri(uri) if uri else None
    return Node(uri, ("skos:ConceptScheme",), tuple(facts(("dct:title", literal(concept.scheme)))))


def _quality(quality: Quality) -> Iterator[Fact]:
    duration = DURATION.fullmatch(quality.step)
    yield from facts(
        ("dcat:spatialResolutionInMeters", number(quality.distance_m)),
        ("dcat:temporalResolution", Words(quality.step, "", "xsd:duration") if duration else None),
    )
    scale = 1 / quality.scale_denominator if quality.scale_denominator else 0.0
    for name, value in (("scale", scale), ("angle", quality.distance_degrees)):
        if value:
            metric = Node(f"{PREFIXES['geodcatap']}{words.METRICS[name]}", ("dqv:Metric",))
            said = facts(("dqv:isMeasurementOf", metric), ("dqv:value", number(value)))
            yield "dqv:hasQualityMeasurement", Node("", ("dqv:QualityMeasurement",), tuple(said))


def _reference_system(name: str) -> Node:
    kind = ("dct:type", Iri(words.CRS_TYPE))
    uri = iri(words.crs_uri(name))
    named = () if uri else (("dct:title", Words(name)),)
    return Node(uri, ("dct:Standard",), (kind, *named))


def _provenance(record: Record) -> Iterator[Fact]:
    if record.lineage:
        said = tuple(texts("dct:description", record.lineage))
        yield "dct:provenance", Node("", ("dct:ProvenanceStatement",), said)


def _endpoints(record: Record, page: str) -> Iterator[Fact]:
    """The addresses of a service, and the pages about it; a service must have an address."""
    pages: set[str] = set()
    served = False
    for one in record.distributions:
        if not (url := iri(one.url)):
            continue
        if one.function not in ("service", "") and url not in pages:
            pages.add(url)
            said = (*texts("dct:title", one.title), *texts("dct:description", one.description))
            yield "foaf:page", Node(url, ("foaf:Document",), said)
        elif one.function in ("service", ""):
            root, description = endpoint(one)
            yield "dcat:endpointURL", Iri(root)
            yield from facts(("dcat:endpointDescription", links_to(description)))
            served = True
            yield from protocols(one.protocol)
    if not served:
        yield "dcat:endpointURL", Iri(page)


def serves(one: Relation, kind: str) -> bool:
    """Whether it is the tie of a service to its data."""
    return kind == "service" and one.kind == "References" and one.type == "Dataset"


def _relation(one: Relation, kind: str) -> Fact:
    node = identifier_value(one.target, one.scheme)
    said = tuple(texts("rdfs:label", one.title))
    if node is None:
        named = facts(("dct:identifier", literal(one.target)), ("adms:schemaAgency", literal(one.scheme)))
        node = Node("", ("rdfs:Resource",), tuple(named))
    target = node._replace(facts=(*node.facts, *said))
    if serves(one, kind):
        return "dcat:servesDataset", target
    if one.kind in words.RELATIONS:
        return words.RELATIONS[one.kind], target
    role = Node(words.relation_uri(one.kind), ("dcat:Role",))
    qualified = (("dct:relation", target), ("dcat:hadRole", role))
    return "dcat:qualifiedRelation", Node("", ("dcat:Relationship",), qualified)


def _conformity(one: Conformity) -> Iterator[Fact]:
    """A check as GeoDCAT-AP has it, and the plain statement where it was passed."""
    uri = iri(one.uri)
    said = (*texts("dct:title", one.title), *facts(("dct:issued", date(one.date))))
    if uri and one.passed == "yes":
        yield "dct:conformsTo", Node(uri, ("dct:Standard",))
    plan = Node("", ("prov:Plan",), (("prov:wasDerivedFrom", Node(uri, ("prov:Entity",), said)),))
    degree = Iri(f"{words.INSPIRE}DegreeOfConformity/{words.DEGREES.get(one.passed, 'notEvaluated')}")
    result = Node("", ("prov:Entity",), (("dct:type", degree), *texts("dct:description", one.explanation)))
    association = Node("", ("prov:Association",), (("prov:hadPlan", plan),))
    activity = (("prov:generated", result), ("prov:qualifiedAssociation", association))
    yield "prov:wasUsedBy", Node("", ("prov:Activity",), activity)

"""The parts of a record as DCAT has them: parties, places and periods, distributions, terms of use."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran.formats import _identifiers, _licences
from estran.formats._dcat import words
from estran.formats._dcat.places import box_wkt
from estran.formats._numbers import plain
from estran.formats._rdf import PREFIXES, Iri, Words
from estran.formats._rdf_write import Node, iri
from estran.model import Distribution, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.model import Constraint, Licence, Party, Record

    type Value = Node | Iri | Words
    type Fact = tuple[str, Value]

__all__ = [
    "address", "attributions", "bare_format", "checksum", "date", "distributions", "endpoint", "facts",
    "identifier_value", "is_page", "label", "licence_node", "links_to", "literal", "number",
    "parties", "periods", "places", "protocols", "rights", "texts",
]  # fmt: skip

_LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*")
_CHECKSUM = re.compile(r"([a-z0-9-]+):((?:[0-9a-f]{2})+)")
_DIRECT = {"author": "dct:creator", "contributor": "dct:contributor"}


def facts(*pairs: tuple[str, Value | None]) -> Iterator[Fact]:
    """The pairs that say something."""
    return ((predicate, value) for predicate, value in pairs if value is not None)


def literal(text: str, datatype: str = "") -> Words | None:
    """A literal, None for the empty text."""
    return Words(text, "", datatype) if text else None


def texts(predicate: str, text: Text) -> Iterator[Fact]:
    """One fact for each language of a text."""
    return ((predicate, _spoken(language, words)) for language, words in text.variants)


def _spoken(language: str, text: str) -> Words:
    return Words(text, language if _LANGUAGE_TAG.fullmatch(language) else "")


def address(text: str, *types: str) -> Node | None:
    """The thing at an address, None where the text is no address."""
    found = iri(text)
    return Node(found, types) if found else None


def links_to(text: str) -> Iri | None:
    """An address that is only pointed to, None where the text is none."""
    found = iri(text)
    return Iri(found) if found else None


def label(text: str, uri: str, *types: str) -> Node | None:
    """A thing by its address, or by its name where it has none."""
    if uri:
        return Node(uri, types)
    return Node("", types, (("rdfs:label", Words(text)),)) if text else None


def date(canonical: str) -> Words | None:
    """A date as XML Schema writes one of its precision."""
    if not canonical:
        return None
    if "T" in canonical:
        return Words(canonical, "", "xsd:dateTime")
    kind = ("xsd:gYear", "xsd:gYearMonth", "xsd:date")[canonical[1:].count("-")]
    return Words(canonical.lstrip("+"), "", kind)


# Parties --------------------------------------------------------------------------------------------------


def parties(record: Record) -> Iterator[Fact]:
    """Contacts, publisher and creators by their properties, everyone else as an attribution."""
    publisher = next((party for party in record.parties if party.role == "publisher"), None)
    for party in record.parties:
        if party.role == "pointOfContact":
            yield "dcat:contactPoint", _card(party)
        elif party is publisher:
            yield "dct:publisher", _agent(party)
        elif party.role in _DIRECT:
            yield _DIRECT[party.role], _agent(party)
        else:
            if party.role == "owner":
                yield "dct:rightsHolder", _agent(party)
            yield _attribution(party)


def attributions(listed: Iterable[Party]) -> Iterator[Fact]:
    """The parties of a catalogue's entry."""
    for party in listed:
        yield ("dcat:contactPoint", _card(party)) if party.role == "pointOfContact" else _attribution(party)


def _attribution(party: Party) -> Fact:
    role = Node(words.role_uri(party.role), ("dcat:Role",)) if party.role else None
    said = facts(("prov:agent", _agent(party)), ("dcat:hadRole", role))
    return "prov:qualifiedAttribution", Node("", ("prov:Attribution",), tuple(said))


def _card(party: Party) -> Node:
    """A party as a vCard."""
    place = facts(
        ("vcard:street-address", literal(party.address)),
        ("vcard:locality", literal(party.city)),
        ("vcard:country-name", literal(party.country)),
    )
    return Node(
        "",
        ("vcard:Individual" if party.name else "vcard:Organization",),
        (
            *texts("vcard:fn", Text.of(party.name) or party.organisation),
            *(texts("vcard:organization-name", party.organisation) if party.name else ()),
            *texts("vcard:title", party.position),
            *facts(
                ("vcard:hasEmail", _scheme("mailto", party.email)),
                ("vcard:hasTelephone", _scheme("tel", party.phone)),
                ("vcard:hasAddress", _node("vcard:Address", place)),
                ("vcard:hasURL", links_to(party.url)),
                ("vcard:hasUID", links_to(party.identifier)),
            ),
        ),
    )


def _agent(party: Party) -> Node:
    """A party as an agent of FOAF, which is one of PROV too."""
    place = facts(
        ("locn:thoroughfare", literal(party.address)),
        ("locn:postName", literal(party.city)),
        ("locn:adminUnitL1", literal(party.country)),
    )
    employer = Node("", ("foaf:Organization",), tuple(texts("foaf:name", party.organisation)))
    return Node(
        "",
        ("foaf:Person" if party.name else "foaf:Organization", "foaf:Agent"),
        (
            # A name is obligatory: what else is known of a nameless one stands in.
            *texts("foaf:name", Text.of(party.name) or party.organisation or _stand_in(party)),
            *facts(
                ("org:memberOf", employer if party.name and party.organisation else None),
                ("foaf:mbox", _scheme("mailto", party.email)),
                ("foaf:phone", _scheme("tel", party.phone)),
                ("locn:address", _node("locn:Address", place)),
                ("foaf:homepage", address(party.url, "foaf:Document")),
                ("dct:identifier", links_to(party.identifier)),
            ),
            *texts("vcard:title", party.position),
        ),
    )


def _stand_in(party: Party) -> Text:
    return party.position or Text.of(party.email or party.url or party.identifier or party.role or "?")


def _node(kind: str, said: Iterator[Fact]) -> Node | None:
    inner = tuple(said)
    return Node("", (kind,), inner) if inner else None


def _scheme(scheme: str, value: str) -> Iri | None:
    return Iri(f"{scheme}:{quote(value, safe='@+.!$&*;=:,-()')}") if value else None


# Places and periods ---------------------------------------------------------------------------------------


def places(record: Record) -> Iterator[Fact]:
    """Each box a location; a single geometry goes with a single box; then places by name."""
    boxes, geometries = list(record.extent.boxes), list(record.extent.geometries)
    together = len(boxes) == len(geometries) == 1
    for box in boxes:
        shape = _wkt(geometries.pop()) if together else None
        said = facts(("dcat:bbox", _wkt(box_wkt(box))), ("locn:geometry", shape))
        yield "dct:spatial", Node("", ("dct:Location",), tuple(said))
    for wkt in geometries:
        yield "dct:spatial", Node("", ("dct:Location",), (("locn:geometry", _wkt(wkt)),))
    for name in record.extent.places:
        yield "dct:spatial", Node("", ("dct:Location",), tuple(texts("skos:prefLabel", name)))


def _wkt(words: str) -> Words:
    return Words(words, "", "geo:wktLiteral")


def periods(record: Record) -> Iterator[Fact]:
    """Each period; what is open has no date."""
    for period in record.extent.periods:
        said = facts(("dcat:startDate", date(period.start)), ("dcat:endDate", date(period.end)))
        yield "dct:temporal", Node("", ("dct:PeriodOfTime",), tuple(said))


# Distributions --------------------------------------------------------------------------------------------


def is_page(one: Distribution) -> bool:
    """Whether a distribution is a page about the data and nothing more."""
    more = one.format or one.media_type or one.name or one.checksum or one.conforms_to or one.size_bytes >= 0
    return one.function == "information" and not more


def endpoint(one: Distribution) -> tuple[str, str]:
    """Address of a service, and of its description where the given address is that."""
    url = iri(one.url)
    root, mark, query = url.partition("?")
    return (root, url) if mark and "getcapabilities" in query.lower() else (url, "")


def distributions(record: Record) -> Iterator[Fact]:
    """Pages as pages, everything else with an address as a distribution under the first licence."""
    pages: set[str] = set()
    licence = next((licence_node(one) for one in record.licences), None)
    # Its name stands with the record.
    terms = Iri(licence.address) if licence and licence.address else licence
    common = bare_format(record)
    for one in record.distributions:
        url = iri(one.url)
        if not url:
            continue
        if is_page(one) and url not in pages:
            pages.add(url)
            said = (*texts("dct:title", one.title), *texts("dct:description", one.description))
            yield "foaf:page", Node(url, ("foaf:Document",), said)
        else:
            yield (
                "dcat:distribution",
                _distribution(record, replace(one, format=one.format or common), url, terms),
            )


def bare_format(record: Record) -> str:
    """The one format that is told apart from any file, as ISO 19115 does, and so holds for all of them."""
    bare = {one.format for one in record.distributions if one == Distribution(format=one.format)}
    return bare.pop() if len(bare) == 1 else ""


def _distribution(record: Record, one: Distribution, url: str, terms: Node | Iri | None) -> Node:
    file = one.function == "download"
    return Node(
        "",
        ("dcat:Distribution",),
        (
            *texts("dct:title", one.title),
            *texts("dct:description", one.description),
            ("dcat:accessURL", Iri(url)),
            *facts(
                ("dcat:downloadURL", Iri(url) if file else None),
                (
                    "dct:type",
                    links_to(words.function_uri(one.function)) if one.function and not file else None,
                ),
                ("dct:identifier", literal(one.name)),
                ("dct:format", label(one.format, words.file_type_uri(one.format), "dct:MediaTypeOrExtent")),
                ("dcat:mediaType", address(words.media_type_uri(one.media_type), "dct:MediaType")),
                (
                    "dcat:byteSize",
                    Words(str(one.size_bytes), "", "xsd:nonNegativeInteger") if one.size_bytes >= 0 else None,
                ),
                ("spdx:checksum", checksum(one.checksum)),
                ("dcat:accessService", _service(record, one) if one.function == "service" else None),
                ("dct:license", terms),
            ),
            *(("dct:conformsTo", _standard(name)) for name in one.conforms_to),
            *(
                ("adms:representationTechnique", Iri(words.representation_uri(code)))
                for code in record.representation
            ),
        ),
    )


def _service(record: Record, one: Distribution) -> Node:
    root, description = endpoint(one)
    return Node(
        "",
        ("dcat:DataService",),
        (
            *texts("dct:title", one.title or Text.of(one.name) or record.title or Text.of(root)),
            ("dcat:endpointURL", Iri(root)),
            *facts(("dcat:endpointDescription", links_to(description))),
            *protocols(one.protocol),
        ),
    )


def protocols(name: str) -> Iterator[Fact]:
    """The standard that a service follows, by its address where it has one; the exact words if they say more."""
    known = address(words.protocol_uri(name), "dct:Standard")
    exact = known if known and words.protocol(known.address) == name else None
    said = exact or Node("", ("dct:Standard",), (("dct:title", Words(name)),))
    return facts(("dct:conformsTo", known), ("geodcatap:serviceProtocol", said if name else None))


def _standard(name: str) -> Node:
    return address(name, "dct:Standard") or Node("", ("dct:Standard",), (("dct:title", Words(name)),))


def checksum(given: str) -> Node | None:
    """``algorithm:hexadecimal`` as SPDX says it, None for something else."""
    found = _CHECKSUM.fullmatch(given)
    if found is None:
        return None
    method = Node(f"{PREFIXES['spdx']}checksumAlgorithm_{found[1]}", ("spdx:ChecksumAlgorithm",))
    value = Words(found[2], "", "xsd:hexBinary")
    return Node("", ("spdx:Checksum",), (("spdx:algorithm", method), ("spdx:checksumValue", value)))


# Terms of use ---------------------------------------------------------------------------------------------


def licence_node(one: Licence) -> Node | None:
    """A licence by its address, or by name."""
    uri = iri(one.uri) or _licences.address(one.spdx)
    known = one.spdx and _licences.spdx(str(one.name), uri) != one.spdx
    said = (
        *texts("rdfs:label", one.name),
        *facts(("dct:identifier", Words(one.spdx) if known else None)),
    )
    return Node(uri, ("dct:LicenseDocument",), said) if uri or said else None


def rights(record: Record) -> Iterator[Fact]:
    """Licences, the one access right that is allowed, and every constraint."""
    for place, one in enumerate(record.licences):
        # A service has one licence at most.
        predicate = "dct:rights" if record.kind == "service" and place else "dct:license"
        yield from facts((predicate, licence_node(one)))
    free = next((c for c in record.constraints if c.kind == "access"), None) if not record.access else None
    if record.access:
        uri = words.access_uri(record.access)
        yield from facts(("dct:accessRights", label(record.access, uri, "dct:RightsStatement")))
    for one in record.constraints:
        yield "dct:accessRights" if one is free else "dct:rights", _statement(one)


def _statement(one: Constraint) -> Node:
    codelist = "MD_ClassificationCode" if one.kind == "security" else "MD_RestrictionCode"
    uri = iri(one.uri)
    # INSPIRE's address says what kind of restriction it is.
    code = "" if uri.startswith(words.INSPIRE) and one.code == "otherRestrictions" else one.code
    return Node(
        uri if uri.startswith(words.INSPIRE) else "",
        ("dct:RightsStatement",),
        (
            *texts("rdfs:label", one.text),
            *facts(
                ("dct:type", Iri(words.iso_uri(codelist, code)) if code else None),
                ("rdfs:seeAlso", Iri(uri) if uri and not uri.startswith(words.INSPIRE) else None),
            ),
        ),
    )


def identifier_value(value: str, scheme: str) -> Node | None:
    """The thing that an identifier names, if it is an address or a DOI."""
    if scheme == "doi" or _identifiers.doi(value):
        return address(f"https://doi.org/{quote(_identifiers.doi(value) or value, safe='/:;().-_')}")
    return address(value)


def number(value: float, datatype: str = "xsd:decimal") -> Words | None:
    """A number in full, None for 0."""
    return Words(plain(value), "", datatype) if value else None

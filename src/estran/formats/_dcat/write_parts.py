"""The small parts of a record in RDF: texts, dates and addresses, parties, places and periods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran.formats import _identifiers
from estran.formats._dcat import words
from estran.formats._dcat.places import box_wkt
from estran.formats._numbers import plain
from estran.formats._rdf import Iri, Words
from estran.formats._rdf_write import Node, iri
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.model import Party, Record

    type Value = Node | Iri | Words
    type Fact = tuple[str, Value]

__all__ = [
    "address", "attributions", "date", "facts", "identifier_value", "label", "links_to", "literal", "number",
    "parties", "periods", "places", "texts",
]  # fmt: skip

_LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*")
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
    return links_to(f"{scheme}:{quote(value, safe='@+.!$&*;=:,-()', errors='replace')}") if value else None


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


def identifier_value(value: str, scheme: str) -> Node | None:
    """The thing that an identifier names, if it is an address or a DOI."""
    if scheme == "doi" or _identifiers.doi(value):
        bare = _identifiers.doi(value) or value
        return address(f"https://doi.org/{quote(bare, safe='/:;().-_', errors='replace')}")
    return address(value)


def number(value: float, datatype: str = "xsd:decimal") -> Words | None:
    """A number in full, None for 0."""
    return Words(plain(value), "", datatype) if value else None

"""Keywords, and what their type and the name of their thesaurus say about them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from estran.formats._iso import codes
from estran.formats._iso.values import LOCAL, Reading, children, first, href, inner, objects
from estran.model import Concept, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

__all__ = ["acquisition", "keywords", "of_word", "role_of", "topics"]

# In this order: the first that is found in the thesaurus' name decides.
_BY_NAME = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        (r"inspire.{0,40}th[eè]m|th[eè]m.{0,20}inspire|high-value dataset|data theme", "theme"),
        (r"data\.gov\.\w+ themes", "theme"),
        (r"science keyword|earth science|cf (standard|variable)|(^|[^a-z])cf-?\d|standard[ _]name", "variable"),
        (r"observable propert|phenomenon|essential (climate|ocean|biodiversity) variable", "variable"),
        (r"(^|[^a-z])(parameter|param[eè]tre|variable|mesure|measurement)s?($|[^a-z])", "variable"),
        (r"(^|[^a-z])(p0[1-9]|ecv|eov)s?($|[^a-z0-9])", "variable"),
        (r"platform|plateforme|plate-forme|satellite|(^|[^a-z])(l06|c17)($|[^a-z0-9])", "platform"),
        (r"instrument|sensor|capteur|equipment|(^|[^a-z])(l05|l22)($|[^a-z0-9])", "instrument"),
        (r"(processing|product) level|niveaux? (de traitement|de produit)", "level"),
        (r"research infrastructure|infrastructures? de recherche", "infrastructure"),
        (r"(^|[^a-z])(project|projet|programme?|campaign|campagne|survey|cruise)s?($|[^a-z])", "project"),
        (r"taxon|taxref|worms|species|esp[eè]ce|itis", "taxon"),
        (r"stratum|strata|chronostrat", "stratum"),
        (r"geographic|g[eé]ographi|gazetteer", "place"),
        (r"(^|[^a-z])(location|place|lieu|region|r[eé]gion|countr(y|ie)|pays)s?($|[^a-z])", "place"),
        (r"continents|sea areas|zones? maritimes?|administrative unit", "place"),
        (r"discipline|field of research|research classification", "discipline"),
        (r"(^|[^a-z])th[eè](me|mes|matique|matiques)($|[^a-z])", "theme"),
    )
)  # fmt: skip
_LONGEST_NAME = 200
_GEONETWORK = re.compile(r"geonetwork\.thesaurus\.\w+\.([a-z]+)\.", re.IGNORECASE)
_OF_PEOPLE = re.compile(r"organi[sz]ation|data cent(er|re)|personnel")
# Types that say nothing where the thesaurus does.
_VAGUE = frozenset({"", "keyword", "discipline"})


@lru_cache(maxsize=2048)
def role_of(kind: str, scheme: str, code: str = "") -> str:
    """What a keyword says about the data, from its type and the name and code of its thesaurus."""
    by_type = codes.KEYWORD_ROLES.get(codes.squeezed(kind), "")
    if by_type in _VAGUE and scheme:
        # A GeoNetwork thesaurus tells its type in its code; "theme" is its word for everything.
        name = f"{scheme} {_GEONETWORK.sub('', code)}".lower().replace(
            "httpinspireeceuropaeutheme", "inspire theme "
        )
        if _OF_PEOPLE.search(name):
            return "keyword"
        for pattern, role in _BY_NAME:
            if pattern.search(name):
                return role
        if not by_type and (found := _GEONETWORK.match(code)):
            by_type = codes.KEYWORD_ROLES.get(found[1].lower(), "")
    return by_type or "keyword"


def of_word(role: str, label: Text) -> str:
    """The role of a word of a thesaurus: GCMD's science keywords tell themselves by their first part."""
    return "variable" if role == "keyword" and str(label)[:13].upper() == "EARTH SCIENCE" else role


def keywords(reading: Reading, props: Iterable[_Element]) -> Iterator[Concept]:
    """The concepts of descriptiveKeywords."""
    for prop in props:
        held = inner(prop)
        if held is None:
            continue
        inside = children(held)
        words = inside.get("keyword")
        if not words:
            continue
        scheme, scheme_uri, code = _thesaurus(reading, inner(first(inside, "thesaurusName")))
        role = role_of(reading.code(first(inside, "type")), scheme[:_LONGEST_NAME], code[:_LONGEST_NAME])
        for word in words:
            label = reading.line(word)
            uri = href(word)
            if not label:
                if not uri:
                    continue
                label = Text.of(re.split(r"[/#]", uri.rstrip("/#"))[-1])
            yield Concept(
                label=label, role=of_word(role, label), uri=uri, scheme=scheme, scheme_uri=scheme_uri
            )


def _thesaurus(reading: Reading, citation: _Element | None) -> tuple[str, str, str]:
    """Name, address and code of a thesaurus."""
    if citation is None:
        return "", "", ""
    inside = children(citation)
    title = first(inside, "title")
    name, address, code = reading.string(title), href(title), ""
    for held in objects(inside, "identifier"):
        code_prop = first(children(held), "code")
        code = reading.string(code_prop)
        address = address or href(code_prop)
        if not address and code.startswith("http"):
            address = code
    if not address:
        for held in objects(inside, "onlineResource"):
            address = reading.online(held).url
    if not name:
        name = code
    return ("" if name == address else name), address, code


def topics(reading: Reading, props: Iterable[_Element]) -> Iterator[Concept]:
    """The concepts of topicCategory; a word that ISO does not have is kept as it is."""
    for prop in props:
        word = reading.code(prop)
        if word:
            yield codes.topic(word) or Concept(label=Text.of(word), role="topic")


def acquisition(reading: Reading, root: _Element) -> Iterator[Concept]:
    """Platforms and instruments of a MI_AcquisitionInformation, wherever they stand in it."""
    for element in root.iter():
        name = LOCAL[element.tag]
        if name in ("MI_Platform", "LE_Platform"):
            role = "platform"
        elif name in ("MI_Instrument", "MI_Sensor"):
            role = "instrument"
        else:
            continue
        inside = children(element)
        label, uri = Text(), ""
        for held in objects(inside, "identifier"):
            code = first(children(held), "code")
            label, uri = reading.line(code if code is not None else held), href(code)
        if not label:
            for held in objects(inside, "citation"):
                label = reading.line(first(children(held), "title"))
        label = label or reading.line(first(inside, "type")) or reading.line(first(inside, "description"))
        if label:
            yield Concept(label=label, role=role, uri=uri if uri.startswith("http") else "")

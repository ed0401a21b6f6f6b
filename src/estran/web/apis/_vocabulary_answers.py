"""What the API of vocabularies answers with: vocabularies, concepts and places in lists, as JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from estran.errors import Invalid
from estran.model import plain
from estran.web import replies
from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from estran.catalogue.concepts import Usage
    from estran.formats import Links
    from estran.model import Text
    from estran.vocabulary import Branch, Concept, Entry, Holding, Link

PATH = "/vocabulary"
RDF = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
    "nt": "application/n-triples",
}
MOST, USUAL = 500, 20
# As JSON-LD has it.
_NO_LANGUAGE = "@none"
_CONTEXT = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "uri": "@id",
    "type": "@type",
    "prefLabel": {"@id": "skos:prefLabel", "@container": "@language"},
    "altLabel": {"@id": "skos:altLabel", "@container": "@language"},
    "definition": {"@id": "skos:definition", "@container": "@language"},
    "broader": {"@id": "skos:broader", "@type": "@id"},
    "narrower": {"@id": "skos:narrower", "@type": "@id"},
    "related": {"@id": "skos:related", "@type": "@id"},
}


def address_of(base: str, entry: Entry) -> str:
    """The address of a concept on this node."""
    return f"{base}{PATH}/{quote(entry.scheme)}/{quote(entry.local)}"


def cursor(after: tuple[str, int]) -> str:
    """A place in a list as a word of an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(after)).decode().rstrip("=")


def position(word: str) -> tuple[str, int] | None:
    """The place that a cursor stands for.

    Raises:
        Invalid: it is none of ours.
    """
    if not word:
        return None
    try:
        title, pk = msgspec.json.decode(
            base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), type=tuple[str, int]
        )
    except (ValueError, msgspec.DecodeError):
        raise Invalid("it is no cursor of this list; start at its first page", "cursor") from None
    if "\0" in title or not 0 <= pk < 1 << 31:
        raise Invalid("it is no cursor of this list; start at its first page", "cursor")
    return title, pk


def limit(request: Request) -> int:
    """How much is asked for.

    Raises:
        Invalid: no number, or too much.
    """
    given = replies.one(request, "limit")
    if not given:
        return USUAL
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MOST):
        raise Invalid(f"give a number from 1 to {MOST}", "limit")
    return int(given)


def holding(held: Holding, base: str, *, short: bool = False) -> dict[str, Any]:
    """A vocabulary as JSON; short for a list."""
    made = {**plain(held), "sound": held.sound, "languages": dict(held.languages)}
    here = f"{base}/{quote(held.scheme.name)}"
    if short:
        made["defects"] = {defect.rule: defect.count for defect in held.defects}
    made["links"] = [
        replies.link(here, "self", replies.JSON),
        replies.link(f"{here}?f=html", "alternate", HTML),
        *(replies.link(f"{here}?f={suffix}", "alternate", kind) for suffix, kind in RDF.items()),
    ]
    return made


def brief(entry: Entry, base: str) -> dict[str, Any]:
    """A concept in a list."""
    return {
        "uri": entry.uri,
        "prefLabel": _by_language(entry.label),
        "notation": entry.name,
        "scheme": entry.scheme,
        "deprecated": entry.deprecated,
        "href": address_of(base, entry),
    }


def used(usage: Usage, links: Links) -> dict[str, Any]:
    """Who uses a concept: how many records carry it, and the first that do or carry something narrower."""
    made: dict[str, Any] = {"uri": usage.uri, "records": usage.itself, "matched": usage.found.matched}
    if usage.entry is not None:
        made |= {"deprecated": usage.entry.deprecated, "concept": brief(usage.entry, links.base)}
        made["replacedBy"] = [brief(entry, links.base) for entry in usage.successors]
    made["first"] = [
        {"id": record.id, "title": str(record.title), "href": links.page(record.id)} for record in usage.found
    ]
    return made


def _by_language(text: Text) -> dict[str, str]:
    return {language or _NO_LANGUAGE: words for language, words in text.variants}


def branches(listed: Iterable[Branch], base: str) -> list[dict[str, Any]]:
    """Concepts of a tree."""
    return [{**brief(branch.entry, base), "hasNarrower": branch.has_narrower} for branch in listed]


def concept(around: Concept, base: str) -> dict[str, Any]:
    """A concept with all around it, as JSON that is JSON-LD too."""
    entry = around.entry

    def linked(links: Iterable[Link]) -> list[dict[str, Any]]:
        return [
            {"uri": link.uri, "relation": link.predicate, **(brief(link.entry, base) if link.entry else {})}
            for link in links
        ]

    alternates: dict[str, list[str]] = {}
    for language, words in entry.alternates:
        alternates.setdefault(language or _NO_LANGUAGE, []).append(words)
    return {
        "@context": _CONTEXT,
        **brief(entry, base),
        "type": "skos:Collection" if entry.kind == "collection" else "skos:Concept",
        "kind": entry.kind,
        "altLabel": alternates,
        "definition": _by_language(entry.definition),
        "notes": [{"kind": kind, "lang": language, "words": words} for kind, language, words in entry.notes],
        "unit": entry.unit,
        "broader": linked(around.broader),
        "narrower": linked(around.narrower),
        "related": linked(around.related),
        "members": linked(around.members),
        "mappings": linked(around.mappings),
        "parts": linked(around.parts),
        "partOf": linked(around.part_of),
        "replacedBy": linked(around.replaced_by),
        "paths": [[brief(step, base) for step in path] for path in around.paths],
    }

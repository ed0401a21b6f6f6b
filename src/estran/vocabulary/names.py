"""Short names: of a vocabulary on its node, of a concept within its vocabulary. Both stand in addresses."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from estran.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.vocabulary.concepts import ConceptScheme, Entry

__all__ = ["RESERVED", "locals_of", "name_of", "namespace", "slug", "tail"]

_LONGEST = 60
_NO_NAME = re.compile(r"[^a-z0-9]+")
_NO_LOCAL = re.compile(r"[^\w.()~-]+")
RESERVED = frozenset(
    {"search", "concept", "children", "expand", "variables", "annotate", "usage", "deprecated"}
)
"""Names that stand beside the vocabularies in addresses."""

# Last parts of addresses that tell nothing of whose they are.
_EMPTY = frozenset(
    "current concept concepts conceptscheme scheme vocabulary vocab thesaurus ont ontology def core skos "  # noqa: SIM905
    "v en fr index rdf".split()
)


def tail(uri: str) -> str:
    """The last part of an address, "" where there is none."""
    return re.split(r"[/#:?=]", unquote(uri).rstrip("/#:?="))[-1]


def slug(words: str) -> str:
    """Words as a name: small letters, digits and hyphens."""
    return _NO_NAME.sub("-", folded(words)).strip("-")[:_LONGEST].strip("-")


def name_of(scheme: ConceptScheme) -> str:
    """What to call a vocabulary: what its file proposes, else the last part of its address that tells something."""
    parts = [slug(part) for part in reversed(re.split(r"[/#:]", unquote(scheme.uri)))]
    telling = (part for part in parts if part and part not in _EMPTY and not re.fullmatch(r"[\d-]+", part))
    found = slug(scheme.name) or next(telling, "") or slug(str(scheme.title)) or "vocabulary"
    return f"{found}-vocabulary" if found in RESERVED else found


def namespace(uris: Iterable[str]) -> str:
    """What most addresses begin with, up to a slash or a hash; "" for none."""
    counted: dict[str, int] = {}
    for uri in uris:
        space = uri[: max(uri.rstrip("/").rfind(c) for c in "/#:") + 1]
        counted[space] = counted.get(space, 0) + 1
    return max(counted, key=lambda space: (counted[space], space), default="")


def locals_of(entries: Sequence[Entry]) -> list[str]:
    """What names each of the concepts within their vocabulary: never two the same, never anew by chance.

    It is the last part of the address; what is taken gets a hash of the whole address behind it.
    """
    wanted = [_NO_LOCAL.sub("-", tail(entry.uri)).strip("-")[:_LONGEST] for entry in entries]
    counted: dict[str, int] = {}
    for name in wanted:
        counted[name] = counted.get(name, 0) + 1
    return [
        name
        if name and counted[name] == 1
        else f"{name or 'concept'}-{hashlib.sha256(entry.uri.encode()).hexdigest()[:8]}"
        for name, entry in zip(wanted, entries, strict=True)
    ]

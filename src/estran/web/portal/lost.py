"""Ways on from an address that leads nowhere: what may have been meant by it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from estran.catalogue.query import Query
from estran.errors import EstranError
from estran.web.portal.i18n import LANGUAGES
from estran.web.portal.views import shortened

if TYPE_CHECKING:
    from estran.node import Node
    from estran.web.portal.i18n import Words

_MOST, _LIKE = 5, 0.6
_LONGEST, _SHORTEST_WORD = 80, 2
# Ids end with a mark of ten hexadecimal digits; what stands before it was a title once.
_MARK = re.compile(r"(?:^|-)[0-9a-f]{10}$")
_WORD = re.compile(r"[^\W_]+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_PAGES = {
    "search": "site.data", "browse": "site.browse", "centres": "site.centres", "vocabulary": "site.vocabularies",
    "api": "site.api", "links": "site.links", "accessibility": "site.accessibility", "help": "help.title",
    "publish": "publish.title", "hubs": "home.hubs", "views": "views.title",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Way:
    """A page that may have been meant."""

    label: str
    href: str
    tongue: str = ""


def words_of(path: str) -> str:
    """What someone looked for who came to an address: the words of its last part that say something."""
    parts = [part for part in unquote(path).strip("/").split("/") if part not in LANGUAGES]
    last = _MARK.sub("", parts[-1].partition(".")[0].lower()) if parts else ""
    found = [word for word in _WORD.findall(last) if not word.isdigit() and len(word) >= _SHORTEST_WORD]
    return " ".join(found)[:_LONGEST]


def ways(node: Node, path: str, w: Words) -> tuple[Way, ...]:
    """The records, organisations and pages whose names are like an address that leads nowhere, the likeliest first.

    What cannot be asked now is left out: who is lost is told so in any case.
    """
    found: list[Way] = []
    with suppress(EstranError):
        found += _records(node, path, w)
        found += _organisations(node, path, w)
    return tuple(dict.fromkeys([*found, *_pages(path, w)]))[:_MOST]


def _records(node: Node, path: str, w: Words) -> list[Way]:
    """By a DOI in the address, else those that have all words of it, else those that have some."""
    doi = _DOI.search(unquote(path))
    asked = [Query(external_ids=(doi[0].removesuffix(".json"),), limit=_MOST)] if doi else []
    if words := words_of(path):
        asked += [
            Query(text=words, limit=_MOST),
            Query(text=",".join(words.split()), words="records", limit=_MOST),
        ]
    for query in asked:
        if records := node.ask(query).records:
            return [
                Way(
                    label=shortened(w.of(r.title) or r.id), href=f"/{w.language}/data/{r.id}",
                    tongue=w.tongue(r.title),
                )
                for r in records
            ]  # fmt: skip
    return []


def _organisations(node: Node, path: str, w: Words) -> list[Way]:
    known = {o.id: o for o in node.organisations.all()}
    last = path.rstrip("/").rpartition("/")[2].removesuffix(".json").lower()
    like = get_close_matches(last, known, _MOST, _LIKE) if "/centres/" in path else []
    return [Way(label=w.of(known[id_].name), href=f"/{w.language}/centres/{quote(id_)}") for id_ in like]


def _pages(path: str, w: Words) -> list[Way]:
    parts = [part for part in path.lower().strip("/").split("/") if part not in LANGUAGES]
    like = get_close_matches(parts[0].removesuffix(".json"), _PAGES, 1, _LIKE) if len(parts) == 1 else []
    return [Way(label=w.text(_PAGES[name]), href=f"/{w.language}/{name}") for name in like]

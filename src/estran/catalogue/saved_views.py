"""Views of the catalogue: a search that somebody keeps, with a name, a text, a colour and an address.

A view narrows: whoever looks through it sees what the search finds among what they may see anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from estran.catalogue.query import FACETS, Query
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.model import Box, Text, bounds, date, moment_us, now_us
from estran.model.colour import AA, colour, contrast, readable
from estran.model.time import EVER_US, NEVER_US

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.access import Actor, Organisations
    from estran.catalogue.store.saved_views import SavedViewStore

PAPER = {"light": "#f4f6f5", "dark": "#132127"}
"""What pages are printed on: the backgrounds of either theme that leave a colour the least contrast."""

LANGUAGES = ("fr", "en")
PARTS = ("q", "bbox", "from", "to", "meaning")
"""What a search says besides facets, in the words of its address."""

# Where in an answer one is, and how it is sorted, is no part of a view.
_PASSING = ("sort", "cursor", "trail", "page", "per", "reading", "view")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_RESERVED = ("new",)
_SITE = re.compile(r"https?://(?:\*\.)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,9}(?::\d{1,5})?")
_MOST_SITES, _MOST_VALUES, _LONGEST = 20, 50, 1000
_LONGEST_TITLE, _LONGEST_TEXT = 200, 5000

Words = Text | dict[str, str] | str
"""A text, or language -> words, or words in a language that is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A search that somebody keeps.

    Attributes:
        name: its part of the address.
        title, text: in French and English.
        search: (name, value) pairs as the address of a search page has them.
        colour: ``#rrggbb``, readable on the light theme; "" for the node's own.
        centre: id of the centre that it belongs to, "" for the node's.
        sites: origins of web sites that may show it in a frame.
        owner: who made it; created, updated: canonical instants.
    """

    name: str
    title: Text
    text: Text = Text()
    search: tuple[tuple[str, str], ...]
    colour: str = ""
    centre: str = ""
    sites: tuple[str, ...] = ()
    owner: str = ""
    created: str = ""
    updated: str = ""

    @property
    def colours(self) -> dict[str, str]:
        """Theme -> its colour there; nothing where it has none of its own."""
        return {theme: readable(self.colour, paper) for theme, paper in PAPER.items()} if self.colour else {}

    def query(self) -> Query:
        """The question that it keeps."""
        return asked(self.search)


class Views:
    """The views of a node; everyone may look, editors of a centre may write those of their centre."""

    def __init__(self, store: SavedViewStore, organisations: Organisations, actor: Actor) -> None:
        self._store, self._organisations, self._actor = store, organisations, actor

    def all(self) -> tuple[SavedView, ...]:
        """Every view, by its name."""
        return self._store.all()

    def show(self, name: str) -> SavedView:
        """One view.

        Raises:
            NotFound: there is none of that name.
        """
        return _there(self._store.one(name), name)

    def may_write(self, view: SavedView | None = None) -> bool:
        """Whether the actor may change a view, or make one."""
        return self._actor.may_write(view.centre) if view else self._actor.role in ("editor", "operator")

    def add(
        self,
        name: str,
        *,
        title: Words,
        search: str | Iterable[tuple[str, str]],
        text: Words = "",
        colour: str = "",
        sites: Iterable[str] = (),
        centre: str = "",
    ) -> SavedView:
        """Keep a search under a name.

        Args:
            name: for its address: lower-case letters, digits and hyphens.
            title: in French and English, such as ``{"fr": "Rade de Brest", "en": "Bay of Brest"}``.
            search: the address of a search page, what follows its question mark, or its (name, value) pairs.
            text: what it is about, in French and English.
            colour: ``#rrggbb`` with enough contrast for words on the light theme; "" for the node's own.
            sites: origins of the web sites that may show it in a frame, such as ``https://example.org``.
            centre: id of the centre that it belongs to, "" for the node's own views.

        Raises:
            Invalid: a value does not fit; the message names it.
            Conflict: there is a view of that name.
            NotAllowed: the actor may not write there.
        """
        given = {
            "title": title,
            "text": text,
            "search": search,
            "colour": colour,
            "sites": sites,
            "centre": centre,
        }
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise Invalid(
                "a name is made of up to 60 lower-case letters, digits and hyphens, and not “new”", "name"
            )

        def made(held: SavedView | None) -> SavedView:
            if held is not None:
                raise Conflict(f"there is a view “{name}” already; change it, or choose another name")
            at = moment_us(now_us())
            fields = self._fields(given)
            return SavedView(name=name, owner=self._actor.name, created=at, updated=at, **fields)

        return self._store.put(name, made, self._actor.name)

    def change(self, name: str, **changes: Any) -> SavedView:
        """Change what is given of a view, in the words of `add`.

        Raises:
            NotFound: there is none of that name.
            Invalid: a value does not fit.
            NotAllowed: the actor may not write there.
        """

        def made(held: SavedView | None) -> SavedView:
            view = self._writable(_there(held, name))
            return replace(view, updated=moment_us(now_us()), **self._fields(changes))

        return self._store.put(name, made, self._actor.name)

    def remove(self, name: str) -> None:
        """Forget a view; what it showed stays.

        Raises:
            NotFound: there is none of that name.
            NotAllowed: the actor may not write there.
        """
        self._store.remove(name, lambda held: self._writable(_there(held, name)), self._actor.name)

    def _writable(self, view: SavedView) -> SavedView:
        if not self.may_write(view):
            raise NotAllowed(f"only the operator and editors of its centre may change the view “{view.name}”")
        return view

    def _fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What was given, read and checked."""
        readers = {
            "title": _title, "text": _text, "search": read, "colour": _colour, "sites": _sites,
            "centre": self._centre,
        }  # fmt: skip
        unknown = next((field for field in given if field not in readers), None)
        if unknown:
            raise Invalid(f"a view has no such field; choose among {', '.join(readers)}", unknown)
        return {field: readers[field](value) for field, value in given.items()}

    def _centre(self, id: str) -> str:  # noqa: A002 - the word of the model
        if id:
            self._organisations.show(id)
        if not self._actor.may_write(id):
            whose = f"of “{id}”" if id else "of the node"
            raise NotAllowed(f"you may not make views {whose}; an editor makes those of their centre")
        return id


def read(search: str | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The search of an address in its one form: known parts only, each value once.

    Raises:
        Invalid: a part is not known or cannot be read, or nothing is asked for.
    """
    pairs = _pairs(search) if isinstance(search, str) else list(search)
    kept: dict[tuple[str, str], None] = {}
    for name, value in pairs:
        if name in _PASSING or not value.strip():
            continue
        if name not in (*PARTS, *FACETS):
            raise Invalid(f"a search knows no “{name[:40]}”; give the address of a search page", "search")
        kept[name, value.strip()[:_LONGEST]] = None
    names = [name for name, _ in kept]
    twice = next((name for name in PARTS if names.count(name) > 1), None)
    if twice:
        raise Invalid(f"“{twice}” is given more than once; give it once", "search")
    if not set(names) - {"meaning"}:
        raise Invalid("a view of everything narrows nothing; choose at least one filter or word", "search")
    if any(names.count(name) > _MOST_VALUES for name in names):
        raise Invalid(f"at most {_MOST_VALUES} values of one filter are kept", "search")
    order = (*PARTS[:-1], *FACETS, "meaning")
    found = tuple(sorted(kept, key=lambda pair: order.index(pair[0])))
    try:
        asked(found)
    except Invalid as error:
        raise Invalid(str(error), "search") from None
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    asks = urlsplit(text.strip()).query if "?" in text else text.strip()
    try:
        return parse_qsl(asks, max_num_fields=400, strict_parsing=True) if asks else []
    except ValueError:
        raise Invalid("it is no address of a search, such as hub=ocean&q=salinity", "search") from None


def asked(search: Iterable[tuple[str, str]]) -> Query:
    """The question of a search's (name, value) pairs.

    Raises:
        Invalid: a part cannot be read.
    """
    parts = {name: value for name, value in search if name in PARTS}
    where: dict[str, tuple[str, ...]] = {}
    for name, value in search:
        if name not in PARTS:
            where[name] = (*where.get(name, ()), value)
    start, end = (date(parts[name]) if name in parts else "" for name in ("from", "to"))
    time = (
        (bounds(start)[0] if start else EVER_US, bounds(end)[1] if end else NEVER_US)
        if start or end
        else None
    )
    if time and time[0] >= time[1]:
        raise Invalid("the period ends before it begins", "to")
    return Query(
        text=parts.get("q", ""), meaning=parts.get("meaning", "") != "no", time=time, where=where,
        bbox=Box.parse(parts["bbox"]) if "bbox" in parts else None,
    )  # fmt: skip


def _there(view: SavedView | None, name: str) -> SavedView:
    if view is None:
        raise NotFound("view", name, "/en/views and “estran view list” show them all.")
    return view


def _title(given: Words) -> Text:
    title = _words(given, "title", _LONGEST_TITLE)
    for language in LANGUAGES:
        if not any(code == language for code, _ in title.variants):
            raise Invalid("give it a title in French and in English", f"title_{language}")
    return title


def _text(given: Words) -> Text:
    return _words(given, "text", _LONGEST_TEXT)


def _words(given: Words, where: str, longest: int) -> Text:
    found = Text.of(given) if isinstance(given, str) else given
    found = Text.many(found.items()) if isinstance(found, dict) else found
    for language, words in found.variants:
        if len(words) > longest:
            raise Invalid(f"it is longer than {longest} letters; shorten it", f"{where}_{language}")
    return found


def _colour(given: str) -> str:
    if not given.strip():
        return ""
    found = colour(given)
    held = contrast(found, PAPER["light"])
    if held < AA:
        nearest = readable(found, PAPER["light"])
        raise Invalid(
            f"words in {found} are hard to read: its contrast with the page is {held:.1f}, and WCAG AA wants "
            f"{AA}; the nearest shade that has it is {nearest}",
            "colour",
        )
    return found


def _sites(given: Iterable[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(site.strip().lower().rstrip("/") for site in given if site.strip()))
    for site in found:
        if not _SITE.fullmatch(site):
            raise Invalid(
                f"“{site[:80]}” is not the origin of a web site; write it as https://example.org, without a path",
                "sites",
            )
    if len(found) > _MOST_SITES:
        raise Invalid(f"at most {_MOST_SITES} sites are kept", "sites")
    return found

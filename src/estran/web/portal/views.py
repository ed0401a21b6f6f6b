"""What the pages show, as frozen values: the templates print them, the JSON twins send them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from estran.catalogue.applications import applications
from estran.catalogue.levels import is_part
from estran.catalogue.opening import access_of
from estran.catalogue.resources import resource
from estran.model import Box, Text
from estran.web.portal.asking import FACETS, Asked
from estran.web.portal.reasons import Why, whys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.catalogue.query import Counted, Reason, Results
    from estran.model import Organisation, Record
    from estran.node import Node
    from estran.web.portal.i18n import Words

STRATA = ("land", "atmosphere", "ocean", "earth", "life")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_ABSTRACT = 230
_VALUES = 40
_SHOWN = 6
_TABLES = {"language": "tongue", "series": "observed"}
FACET_VALUES = 30
"""Values of a facet that the filter column counts; a page of their own has all."""
_MOST_BOXES = 20
_SCHEMES = ("http", "https", "ftp")


def link(url: str) -> str:
    """An address that a page may link to, "" for any other, such as a script's."""
    cleaned = "".join(c for c in url.strip() if c.isprintable() and not c.isspace())
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return ""
    return cleaned if parts.scheme.lower() in _SCHEMES and parts.netloc else ""


def doi_link(doi: str) -> str:
    """The address of a DOI."""
    return f"https://doi.org/{quote(doi, safe='/:;().<>-_')}"


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A hub in a word and a colour; css is the class that carries the colour."""

    id: str = ""
    name: str = ""
    css: str = "none"


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file that a card leads to at once."""

    href: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """A record in a list; get is its file, where it has one of its own."""

    id: str
    title: str
    href: str
    tongue: str = ""
    hubs: tuple[Badge, ...] = ()
    centre: str = ""
    kind: str = ""
    period: str = ""
    access: str = ""
    abstract: str = ""
    abstract_tongue: str = ""
    boxes: tuple[Box, ...] = ()
    thumbnail: str = ""
    why: tuple[Why, ...] = ()
    others: str = ""
    get: Download | None = None

    @property
    def css(self) -> str:
        """Class of the first hub's colour."""
        return self.hubs[0].css if self.hubs else "none"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a facet; depth: how far it stands under what it is a part of."""

    value: str
    label: str
    count: int = 0
    chosen: bool = False
    css: str = ""
    depth: int = 0

    @property
    def short(self) -> str:
        """The last step of a path of broader terms, in words that a narrow column can break."""
        return self.label.rpartition(" > ")[2].replace("_", " ")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A concept in the tree of a facet; opened: whether somebody went down there."""

    uri: str
    label: str
    language: str
    count: int
    chosen: bool
    opened: bool
    narrower: tuple[Leaf, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Facet:
    """A group of filters, and its concepts as a tree; cut: whether there may be more values than these."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    tree: tuple[Leaf, ...] = ()
    cut: bool = False

    @property
    def shown(self) -> tuple[Choice, ...]:
        """The choices that stand open: the chosen ones and the most frequent."""
        return tuple(c for i, c in enumerate(self.choices) if i < _SHOWN or c.chosen)

    @property
    def hidden(self) -> tuple[Choice, ...]:
        """The others."""
        return tuple(c for i, c in enumerate(self.choices) if i >= _SHOWN and not c.chosen)

    @property
    def chosen(self) -> bool:
        """Whether any is chosen."""
        return any(c.chosen for c in self.choices)


class Viewer:
    """Turns records and answers into what one page in one language shows."""

    def __init__(self, node: Node, words: Words, base: str, first: tuple[str, ...] = ()) -> None:
        """Args: base is the node's own address, from which thumbnails may be shown; first, hubs to name first."""
        self.node, self.words, self.base, self.first = node, words, base, first
        self.carried = ""
        """What addresses of records take along from a search: the area and the period that were asked for."""
        self._hubs: dict[str, tuple[Badge, ...]] = {}

    @cached_property
    def organisations(self) -> dict[str, Organisation]:
        """The registry by id."""
        return {o.id: o for o in self.node.organisations.all()}

    def name(self, id: str) -> str:  # noqa: A002 - the word of the model
        """An organisation's name, or its id where the registry does not know it."""
        return self.words.of(self.organisations[id].name) if id in self.organisations else id

    def hubs(self) -> list[Organisation]:
        """The hubs, those with a stratum first and in its order."""
        order = {css: place for place, css in enumerate(STRATA)}
        return sorted(
            self.node.organisations.all("hub"), key=lambda o: (order.get(o.colour, len(order)), o.id)
        )

    def badge(self, id: str) -> Badge:  # noqa: A002
        """A hub's badge."""
        return Badge(id=id, name=self.name(id), css=css_of(self.organisations.get(id)))

    def hubs_of(self, centre: str) -> tuple[Badge, ...]:
        """Badges of a centre's hubs, those that were asked for first."""
        if centre not in self._hubs:
            hubs = self.node.organisations.hubs_of(centre) if centre else ()
            self._hubs[centre] = tuple(
                self.badge(hub) for hub in sorted(hubs, key=lambda h: h not in self.first)
            )
        return self._hubs[centre]

    def card(self, record: Record, reasons: Iterable[Reason] = (), others: int = 0) -> Card:
        """A record in a list, why it is there, and how many others describe the same dataset."""
        w, period = self.words, record.extent.period
        title = title_of(record)
        return Card(
            id=record.id, title=w.of(title) or record.id, tongue=w.tongue(title),
            href=f"/{w.language}/data/{record.id}{self.carried}",
            hubs=self.hubs_of(record.centre), centre=self.name(record.centre) if record.centre else "",
            kind=w.label("kind", record.kind), period=w.period(period, years=True) if period else "",
            access=w.label("access", access) if (access := access_of(record)) else "",
            abstract=shortened(w.of(record.abstract)), abstract_tongue=w.tongue(record.abstract),
            boxes=record.extent.boxes[:_MOST_BOXES], thumbnail=self.thumbnail(record),
            why=whys(reasons, w), others=w.count("data.together_more", others) if others else "",
            get=self._download(record),
        )  # fmt: skip

    def _download(self, record: Record) -> Download | None:
        """The first of a record's files that can be had at once; a restricted one is asked for on its page."""
        if access_of(record) not in ("", "open"):
            return None
        for d in record.distributions:
            if d.function == "download" and link(d.url) and (way := resource(d)) and way.kind == "file":
                told = (d.format or d.media_type, self.words.size(d.size_bytes) if d.size_bytes >= 0 else "")
                return Download(href=link(d.url), said=", ".join(part for part in told if part))
        return None

    def thumbnail(self, record: Record) -> str:
        """A picture that this node itself holds; a page asks nothing of others."""
        return next((t for t in record.thumbnails if t.startswith(f"{self.base}/") and link(t)), "")

    def value(self, field: str, value: str) -> str:
        """A facet's value in words."""
        match field:
            case "hub" | "centre":
                return self.name(value)
            case "kind" | "topic" | "access" | "service" | "link":
                return self.words.label(field, value)
            case "language" | "series":
                return self.words.label(_TABLES[field], value)
            case "concept":
                entry = self.node.vocabulary.entries([value]).get(value)
                return (self.words.of(entry.label) or entry.title) if entry else value
            case "application":
                return self.words.of(applications()[value].name) if value in applications() else value
            case _:
                return value

    def facets(self, results: Results, asked: Asked) -> list[Facet]:
        """The filter column: the facets that divide what was found, and those that are chosen from."""
        found = (self.facet(results, asked, name) for name in FACETS)
        return [f for f in found if f.chosen or f.tree or any(c.count < results.matched for c in f.choices)]

    def facet(self, results: Results, asked: Asked, name: str) -> Facet:
        """One facet; a chosen value stays in it even where nothing has it."""
        chosen = asked.where.get(name, ())
        counts = {b.value: b.count for b in results.facets.get(name, ())}
        counts |= {v: 0 for v in chosen if v not in counts}
        listed = sorted(counts) if name == "level" else counts
        return Facet(
            name=name,
            label=self.words.label("facet", name),
            choices=tuple(self._choice(name, value, counts[value], chosen) for value in listed),
            tree=tuple(self._leaf(one, asked) for one in results.trees.get(name, ())),
            cut=len(results.facets.get(name, ())) >= FACET_VALUES,
        )

    def _leaf(self, one: Counted, asked: Asked) -> Leaf:
        return Leaf(
            uri=one.uri, label=self.words.of(one.label) or one.local, language=self.words.tongue(one.label),
            count=one.count, chosen=one.uri in asked.where.get("concept", ()), opened=one.opened,
            narrower=tuple(self._leaf(other, asked) for other in one.narrower),
        )  # fmt: skip

    def _choice(self, name: str, value: str, count: int, chosen: tuple[str, ...]) -> Choice:
        css = css_of(self.organisations.get(value)) if name == "hub" else ""
        return Choice(
            value=value, label=self.value(name, value), count=count, chosen=value in chosen, css=css,
            depth=int(name == "level" and is_part(value)),
        )  # fmt: skip

    def chip(self, field: str, value: str) -> str:
        """An active filter in words."""
        t = self.words.text
        match field:
            case "q":
                return t("search.text_chip", text=value)
            case "bbox":
                return t("search.bbox_chip", box=self.box(Box.parse(value)))
            case "from":
                return t("search.from_chip", date=self.words.date(value))
            case "to":
                return t("search.to_chip", date=self.words.date(value))
            case _:
                return self.value(field, value)

    def box(self, box: Box) -> str:
        """A box as people write it: 3° W, 42.5° N – 6° E, 44° N."""
        west, east = (
            _angle(self.words, v, ("E", "O" if self.words.language == "fr" else "W"))
            for v in (box.west, box.east)
        )
        south, north = (_angle(self.words, v, ("N", "S")) for v in (box.south, box.north))
        return f"{west}, {south} – {east}, {north}"


def _angle(words: Words, degrees: float, letters: tuple[str, str]) -> str:
    rounded = round(abs(degrees), 3)
    return f"{words.number(rounded)}°\u00a0{letters[degrees < 0]}" if rounded else "0°"


def title_of(record: Record) -> Text:
    """A record's title, or what comes nearest."""
    return record.title or (
        record.alternate_titles[0] if record.alternate_titles else Text.of(record.identifier)
    )


def css_of(organisation: Organisation | None) -> str:
    """The class that carries a hub's colour."""
    if organisation is None:
        return "none"
    if organisation.colour in STRATA:
        return organisation.colour
    return f"x-{organisation.id}" if _COLOUR.fullmatch(organisation.colour) else "none"


def own_hubs(organisations: Iterable[Organisation]) -> dict[str, str]:
    """Class -> colour of the hubs that brought a colour of their own."""
    return {css_of(o): o.colour for o in organisations if css_of(o).startswith("x-")}


def shortened(text: str, length: int = _ABSTRACT) -> str:
    """The first words of a text."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"

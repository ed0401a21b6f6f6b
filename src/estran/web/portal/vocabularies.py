"""The pages of vocabularies: which there are, a vocabulary with its tree, a concept with all around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from estran.web import links_of, node_of, replies
from estran.web.apis._vocabulary_answers import address_of, cursor, position
from estran.web.portal.asking import Asked
from estran.web.portal.render import as_json, page, render, spoken, viewer_of

if TYPE_CHECKING:
    from estran.catalogue.concepts import Usage
    from estran.model import Text
    from estran.node import Node
    from estran.vocabulary import Branch, Concept, Entry, Holding, Link
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Card

_PAGE = 100
_FOUND = 30
_MOST_LISTED = 200
_TONGUES = 6
_USERS = 5
# What is around a concept, in the order of the page: key of its title, attribute of `Concept`.
_AROUND = (
    ("vocabulary.broader", "broader"), ("vocabulary.narrower", "narrower"), ("vocabulary.related", "related"),
    ("vocabulary.members", "members"), ("vocabulary.groups", "groups"), ("vocabulary.replaced_by", "replaced_by"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Named:
    """A concept or an address in a list; `language` is that of its title where it is not the page's."""

    title: str
    href: str
    language: str = ""
    detail: str = ""
    deprecated: bool = False


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A concept in a tree.

    Attributes:
        open: leads to the page where what is under it is shown, "" where nothing is or it is shown here.
        more: leads to what more is under it; total: of how many; start: leads back to the first of them.
    """

    concept: Named
    open: str = ""
    narrower: tuple[Leaf, ...] = ()
    more: str = ""
    total: int = 0
    start: str = ""


@dataclass(frozen=True, kw_only=True)
class Around:
    """Part of what is around a concept; total counts those that the page leaves out too."""

    title: str
    concepts: tuple[Named, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class SchemesView:
    """The vocabularies, or the concepts that a search found; and the deprecated ones that records use."""

    schemes: tuple[Holding, ...]
    deprecated: tuple[Named, ...] = ()
    q: str = ""
    found: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SchemeView:
    """A vocabulary, its tree opened at one place or at none, or all its concepts by name.

    Attributes:
        more: leads to what follows at the top; total: how many there are at the top.
        other: leads to the list by name, or from there to the tree.
    """

    holding: Holding
    tree: tuple[Leaf, ...]
    by_name: bool = False
    other: str = ""
    more: str = ""
    total: int = 0
    q: str = ""
    found: tuple[Named, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ConceptView:
    """A concept."""

    entry: Entry
    scheme: Text
    labels: tuple[tuple[str, str], ...]
    paths: tuple[tuple[Named, ...], ...]
    around: tuple[Around, ...]
    mappings: tuple[Named, ...]
    parts: tuple[Named, ...]
    part_of: tuple[Named, ...]
    cards: tuple[Card, ...] = ()
    used: int = 0
    itself: int = 0
    search: str = ""


def routes() -> APIRouter:
    """The pages and their twins."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/vocabulary", schemes_page),
        ("/{language}/vocabulary.json", schemes_twin),
        ("/{language}/vocabulary/{scheme}", scheme_page),
        ("/{language}/vocabulary/{scheme}/{local}", concept_page),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def schemes_page(request: Request, language: str) -> Response:
    """All vocabularies."""
    w = spoken(language)
    of = page(
        request, w, w.text("vocabulary.title"), "vocabulary", section="vocabulary", twin=f"/{language}/vocabulary.json"
    )  # fmt: skip
    return render(request, "vocabularies.html", w, of, v=_schemes(request, w), spoken=_TONGUES)


def schemes_twin(request: Request, language: str) -> Response:
    """The same as JSON."""
    return as_json(_schemes(request, spoken(language)))


def scheme_page(request: Request, language: str, scheme: str) -> Response:
    """A vocabulary and its tree."""
    w, vocabulary = spoken(language), node_of(request).vocabulary
    held = vocabulary.holding(scheme)
    q, by_name = replies.one(request, "q").strip(), replies.one(request, "by") == "name"
    listed = vocabulary.listing if by_name else vocabulary.tops
    branches, following = listed(scheme, position(replies.one(request, "cursor")), _PAGE)
    here = f"/{language}/vocabulary/{quote(scheme)}"
    tree = _Tree(node_of(request), here, scheme, w, position(replies.one(request, "below")))
    kept = "by=name&" if by_name else ""
    view = SchemeView(
        holding=held,
        tree=tree.opened(branches, "" if by_name else replies.one(request, "at")),
        by_name=by_name,
        other=here if by_name else f"{here}?by=name",
        more=f"{here}?{kept}cursor={cursor(following)}" if following else "",
        total=0 if not following else held.concepts if by_name else vocabulary.count(scheme),
        q=q,
        found=_found(node_of(request), q, w, scheme) if q else (),
    )
    of = page(
        request, w, w.of(held.scheme.title) or scheme, f"vocabulary/{scheme}", section="vocabulary",
        twin=f"/vocabulary/{quote(scheme)}",
    )  # fmt: skip
    return render(request, "vocabulary.html", w, of, v=view)


def concept_page(request: Request, language: str, scheme: str, local: str) -> Response:
    """A concept."""
    w, vocabulary = spoken(language), node_of(request).vocabulary
    entry = vocabulary.at(scheme, local)
    around = vocabulary.around(entry)
    usage = node_of(request).concepts.usage(entry.uri, _USERS)
    viewer = viewer_of(request, w)
    view = ConceptView(
        entry=entry,
        scheme=vocabulary.holding(scheme).scheme.title,
        labels=_labels(entry),
        paths=tuple(tuple(named(step, w) for step in path) for path in around.paths),
        around=tuple(_around(around, w)),
        mappings=tuple(_linked(link, w, detail=w.label("mapping", link.predicate)) for link in around.mappings)[:_MOST_LISTED],
        parts=tuple(_linked(link, w, detail=w.label("part", link.predicate)) for link in around.parts),
        part_of=tuple(_linked(link, w, detail=w.label("part", link.predicate)) for link in around.part_of)[:_MOST_LISTED],
        cards=tuple(viewer.card(record) for record in usage.found), used=usage.found.matched, itself=usage.itself,
        search=Asked(where={"concept": (entry.uri,)}).address(f"/{language}/search"),
    )  # fmt: skip
    twin = address_of("", entry)
    of = page(
        request, w, w.of(entry.label) or entry.title, f"vocabulary/{scheme}/{local}", section="vocabulary", twin=twin
    )  # fmt: skip
    return render(
        request, "concept.html", w, of, c=view, twin=twin, address=address_of(links_of(request).base, entry)
    )


def _schemes(request: Request, w: Words) -> SchemesView:
    node, q = node_of(request), replies.one(request, "q").strip()
    used = tuple(
        named(one.entry, w, detail=_instead(one, w)) for one in node.concepts.deprecated(0) if one.entry
    )
    return SchemesView(
        schemes=node.vocabulary.holdings(),
        deprecated=used[:_MOST_LISTED],
        q=q,
        found=_found(node, q, w) if q else (),
    )


def _instead(used: Usage, w: Words) -> str:
    """How many records use it, and what they should use."""
    said = w.count("vocabulary.used", used.itself)
    others = ", ".join(w.of(entry.label) or entry.title for entry in used.successors)
    return f"{said} → {others}" if others else said


def _found(node: Node, q: str, w: Words, scheme: str = "") -> tuple[Named, ...]:
    found = node.vocabulary.search(q, _FOUND, language=w.language, scheme=scheme, prefix=True)
    return tuple(
        named(m.entry, w, detail=m.label if m.label != (w.of(m.entry.label) or m.entry.title) else "")
        for m in found
    )


class _Tree:
    """A vocabulary's tree, a portion of what is under each concept at a time."""

    def __init__(self, node: Node, here: str, scheme: str, w: Words, below: tuple[str, int] | None) -> None:
        """Args: here is the page's own address; below, the place in the list of what is opened last."""
        self._vocabulary, self._here, self._scheme, self._words = node.vocabulary, here, scheme, w
        self._below = below

    def opened(self, branches: list[Branch], at: str) -> tuple[Leaf, ...]:
        """The tops; that which leads to `at` is opened down to what is under it."""
        return self._leaves(branches, self._way(at) if at else [])

    def _way(self, at: str) -> list[Entry]:
        """The concepts from a top down to one, by the first way that begins in this vocabulary."""
        entry = self._vocabulary.at(self._scheme, at)
        ways = self._vocabulary.tree(entry.uri) or ((),)
        return [*next((way for way in ways if way and way[0].scheme == self._scheme), ways[0]), entry]

    def _leaves(self, listed: list[Branch], way: list[Entry]) -> tuple[Leaf, ...]:
        step = way[0].uri if way else ""
        made = [
            self._open(way[0], way[1:]) if branch.entry.uri == step else self._closed(branch)
            for branch in listed
        ]
        if way and all(branch.entry.uri != step for branch in listed):
            # It stands on another page of the list; the way is shown nevertheless.
            made.insert(0, self._open(way[0], way[1:]))
        return tuple(made)

    def _closed(self, branch: Branch) -> Leaf:
        leads = branch.has_narrower and branch.entry.scheme == self._scheme
        return Leaf(concept=named(branch.entry, self._words), open=self._at(branch.entry) if leads else "")

    def _open(self, entry: Entry, way: list[Entry]) -> Leaf:
        # Only the last of the way is paged through; those above it begin at their first.
        after = None if way else self._below
        below, following = self._vocabulary.children(entry.uri, after, _PAGE)
        return Leaf(
            concept=named(entry, self._words),
            narrower=self._leaves(below, way),
            more=f"{self._at(entry)}&below={cursor(following)}" if following else "",
            total=self._vocabulary.count(self._scheme, entry.uri) if following or after else 0,
            start=self._at(entry) if after else "",
        )

    def _at(self, entry: Entry) -> str:
        return f"{self._here}?at={quote(entry.local, safe='')}"


def named(entry: Entry, w: Words, detail: str = "") -> Named:
    """A concept in a list, in the page's language where it has that."""
    return Named(
        title=w.of(entry.label) or entry.title,
        href=address_of(f"/{w.language}", entry),
        language=w.tongue(entry.label),
        detail=detail,
        deprecated=entry.deprecated,
    )


def _linked(link: Link, w: Words, detail: str = "") -> Named:
    if link.entry is not None:
        return named(link.entry, w, detail)
    return Named(
        title=link.uri, href=link.uri if link.uri.startswith(("http://", "https://")) else "", detail=detail
    )


def _around(around: Concept, w: Words) -> list[Around]:
    listed: list[Around] = []
    for key, name in _AROUND:
        links: tuple[Link, ...] = getattr(around, name)
        if links:
            shown = tuple(_linked(link, w) for link in links[:_MOST_LISTED])
            listed.append(Around(title=w.text(key), concepts=shown, total=len(links)))
    return listed


def _labels(entry: Entry) -> tuple[tuple[str, str], ...]:
    """(language, all labels in it): the preferred one first."""
    found: dict[str, list[str]] = {}
    for language, words in (*entry.label.variants, *entry.alternates):
        found.setdefault(language, []).append(words)
    return tuple((language, " · ".join(words)) for language, words in found.items())

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
    """A concept in a tree; `open` leads to the page where what is under it is shown, "" where nothing is."""

    concept: Named
    open: str = ""
    narrower: tuple[Leaf, ...] = ()


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
    """A vocabulary, its tree opened at one place or at none."""

    holding: Holding
    tree: tuple[Leaf, ...]
    more: str = ""
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
    at, q = replies.one(request, "at"), replies.one(request, "q").strip()
    branches, following = vocabulary.tops(scheme, position(replies.one(request, "cursor")), _PAGE)
    here = f"/{language}/vocabulary/{quote(scheme)}"
    view = SchemeView(
        holding=held,
        tree=_tree(node_of(request), here, branches, at, w, scheme),
        more=f"{here}?cursor={cursor(following)}" if following else "",
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


def _tree(  # noqa: PLR0917 - where, from what, down to what, in which words
    node: Node, here: str, branches: list[Branch], at: str, w: Words, scheme: str
) -> tuple[Leaf, ...]:
    """The tops of a tree; that which leads to `at` is opened down to what is under it."""
    opened: list[Entry] = []
    if at:
        entry = node.vocabulary.at(scheme, at)
        opened = [*(node.vocabulary.tree(entry.uri) or ((),))[0], entry]

    def leaves(listed: list[Branch], way: list[Entry]) -> tuple[Leaf, ...]:
        made: list[Leaf] = []
        for branch in listed:
            is_open = bool(way) and way[0].uri == branch.entry.uri
            below = (
                leaves(node.vocabulary.children(branch.entry.uri, None, _PAGE)[0], way[1:]) if is_open else ()
            )
            can_open = branch.has_narrower and not is_open
            made.append(
                Leaf(
                    concept=named(branch.entry, w),
                    open=f"{here}?at={quote(branch.entry.local)}"
                    if can_open and branch.entry.scheme == scheme
                    else "",
                    narrower=below,
                )
            )
        return tuple(made)

    return leaves(branches, opened)


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

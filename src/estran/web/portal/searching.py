"""The search page: an address in, one page of cards, filters and ways out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.catalogue.marks import TREES
from estran.errors import Invalid
from estran.web import replies
from estran.web.portal import elsewhere, mapping, readings, stations
from estran.web.portal.asking import FACETS, ORDERS, PAGES, Asked, Wrong, default_order
from estran.web.portal.histograms import MOST_BARS, Histogram, histogram
from estran.web.portal.views import FACET_VALUES, Card, Facet, Viewer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.catalogue.grids import Grid
    from estran.catalogue.query import Counted, Results
    from estran.model import Box
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Snippet

_MOST_RESCUES = 6
_MOST_WORDS = 6
_SHORTEST_PREFIX = 3


@dataclass(frozen=True, kw_only=True)
class Chip:
    """An active filter, and the address without it; count is what that address would find."""

    label: str
    href: str
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class SearchView:
    """The search page.

    Attributes:
        asked: what is answered, which may be another reading of what was asked; shown: what the form holds.
        status: the answer in a line; hint: how the words were read, where that was not as written.
        histogram: the bars of years.
        wrong: field of the form -> message; given: what stood in a field that could not be read.
        rescue: for an empty answer, the filters and words whose removal finds something.
        orders, pages: what may be chosen, each with its words.
        lost: the way back leads to the first page, not to the one before.
        api, dcat, atom, feed, json: addresses that ask the same of machines; code: lines that ask it.
        points: address of the map's places.
        further: what the form sends along that it does not show.
        ways: (words, address) of the same search with words read in other ways.
        keep: address of the form that keeps this search as a view, "" for those who may not.
    """

    asked: Asked
    shown: Asked
    matched: int
    status: str
    cards: tuple[Card, ...] = ()
    facets: tuple[Facet, ...] = ()
    histogram: Histogram | None = None
    chips: tuple[Chip, ...] = ()
    rescue: tuple[Chip, ...] = ()
    wrong: dict[str, str]
    given: dict[str, str]
    orders: tuple[tuple[str, str], ...]
    sort: str
    pages: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    next: str = ""
    previous: str = ""
    lost: bool = False
    api: str = ""
    dcat: str = ""
    atom: str = ""
    feed: str = ""
    json: str = ""
    code: tuple[Snippet, ...] = ()
    points: str = ""
    box: str = ""
    corners: dict[str, str]
    further: tuple[tuple[str, str], ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    keep: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the listed records are."""
        return tuple(box for card in self.cards for box in card.boxes[:1])


def search(node: Node, asked: Asked, viewer: Viewer, *, typing: bool = False) -> SearchView:
    """One page of the answer to an address; while somebody is typing, the form stays as it is."""
    given, words = asked, viewer.words
    found, asked, hint = _found(node, asked, viewer)
    # A record's page fills the lines to paste with the area and the period that were asked for.
    viewer.carried = Asked(box=asked.box, start=asked.start, end=asked.end).address("")
    path = f"/{words.language}/search"
    before = asked.before()
    chips = tuple(
        Chip(label=viewer.chip(name, value), href=rest.address(path)) for name, value, rest in asked.filters()
    )
    shown = given if typing or asked.text == f"{given.text}*" else asked
    first, matched = asked.first(), found.matched if found is not None else 0
    return SearchView(
        asked=asked, shown=shown, matched=matched, status=_status(words, asked, found),
        cards=_cards(found, viewer) if found is not None else (),
        facets=tuple(viewer.facets(found, asked)) if found is not None else (),
        histogram=histogram(found.timeline, asked, words, path) if found is not None else None,
        chips=chips, rescue=_rescue(node, asked, viewer, path) if found is not None and not matched else (),
        wrong={w.field: words.text(w.key, value=w.value, why=w.value) for w in asked.wrong},
        given={w.field: w.value for w in asked.wrong},
        orders=_orders(asked, words), sort=asked.sort, pages=_pages(words), hint=hint,
        next=asked.after(found.next).address(path) if found is not None and found.next else "",
        previous=before.address(path) if before else "",
        lost=before is not None and not before.cursor and asked.page > 2,  # noqa: PLR2004
        api=elsewhere.api_call(asked), dcat=elsewhere.dcat(asked), code=elsewhere.code(asked, viewer.base, words),
        atom=first.address(f"{path}.atom"), feed=first.address(f"{path}/feed.json"),
        json=asked.address(f"{path}.json"),
        points=first.address(f"{path}/map.json") if found is not None else "",
        box=",".join(f"{v:g}" for v in asked.box) if asked.box else "", corners=corners(shown),
        further=_further(asked, found), ways=tuple(_ways(node, given, asked, found, viewer, path)),
        keep=first.address(f"/{words.language}/views/new") if found is not None and node.views.may_write() else "",
    )  # fmt: skip


def _further(asked: Asked, found: Results | None) -> tuple[tuple[str, str], ...]:
    shown = {uri for tree in (found.trees if found else {}).values() for uri in _addresses(tree)}
    listed = [(name, v) for name, values in asked.where.items() if name not in FACETS for v in values]
    kept = [(name, v) for name, v in listed if name != "concept" or v not in shown]
    refused = (("meaning", asked.meaning), ("reading", asked.reading))
    return (*kept, *((name, "no") for name, wanted in refused if not wanted))


def _addresses(tree: Iterable[Counted]) -> Iterator[str]:
    for one in tree:
        yield one.uri
        yield from _addresses(one.narrower)


def _ways(  # noqa: PLR0917
    node: Node, given: Asked, asked: Asked, found: Results | None, viewer: Viewer, path: str
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """How else the words may be read: by meaning or as they are; as a place and a time, or not."""
    words = viewer.words
    if found is not None and asked == readings.read(given):
        yield words.text("search.literal"), given.first(reading=False).address(path)
        return
    if found is not None and found.matched and (other := readings.read(asked)) is not None:
        count = node.ask(other.query(limit=0)).matched
        if count > found.matched:
            yield (
                words.text("search.read_so", said=_said(other, viewer), n=words.number(count)),
                other.address(path),
            )
    reasons = found.reasons.values() if found else ()
    told = any(reason.how not in ("text", "identifier") for listed in reasons for reason in listed)
    if asked.text and (told or not asked.meaning):
        said = words.text("search.literal") if asked.meaning else words.text("search.by_meaning")
        yield said, asked.first(meaning=not asked.meaning).address(path)
    if (asked.text or asked.start or asked.end) and not node.observations.overview.is_empty():
        if (
            found is not None
            and not found.matched
            and (stations_so := stations.named(node, asked.text, words))
        ):
            yield stations_so
            return
        # Their page asks besides for the variable and for how complete a period is.
        asks = (("from", asked.start), ("to", asked.end))
        yield words.text("stations.way"), replies.address(f"/{words.language}/stations", asks)


def _said(asked: Asked, viewer: Viewer) -> str:
    """A search in words."""
    return ", ".join(viewer.chip(name, value) for name, value, _ in asked.filters())


def _found(node: Node, asked: Asked, viewer: Viewer) -> tuple[Results | None, Asked, str]:
    """The answer, the search that it answers, and how its words were read where not as written."""
    if asked.wrong:
        return None, asked, ""
    words = viewer.words
    counts = {"counts": FACETS, "count_values": FACET_VALUES, "trees": TREES, "bars": MOST_BARS}
    try:
        found = node.ask(asked.query(**counts))
    except Invalid as error:
        wrong = Wrong("", "error.cursor") if asked.cursor else Wrong("", "error.query", error.why)
        return None, asked.first(wrong=(wrong,)), ""
    if found.matched:
        return found, asked, ""
    # Words may name a place and a time.
    other = readings.read(asked)
    if other is not None and (answer := node.ask(other.query(**counts))).matched:
        return answer, other, words.text("search.read_as", said=_said(other, viewer))
    last = asked.text.rpartition(" ")[2]
    # Someone still typing, or sure of the beginning only: the last word may go on.
    if len(last) >= _SHORTEST_PREFIX and last.isalnum():
        longer = asked.first(text=f"{asked.text}*")
        answer = node.ask(longer.query(**counts))
        if answer.matched:
            return answer, longer, words.text("search.prefix", word=last)
    return found, asked, ""


def _status(words: Words, asked: Asked, found: Results | None) -> str:
    if found is None:
        return words.text("search.wrong")
    if found.matched <= asked.per or not found.records:
        return words.count("search.results", found.matched)
    first = (asked.page - 1) * asked.per + 1
    return (
        words.count("search.results", found.matched)
        + ", "
        + words.text(
            "search.range", first=words.number(first), last=words.number(first + len(found.records) - 1)
        )
    )


def _orders(asked: Asked, words: Words) -> tuple[tuple[str, str], ...]:
    """(value, label) to sort by; the order that comes by itself has no value."""
    usual = default_order(asked.text)
    others = (code for code in ORDERS if code not in (usual, "" if asked.text else "relevance"))
    return ("", words.label("sort", usual)), *((code, words.label("sort", code)) for code in others)


def _pages(words: Words) -> tuple[tuple[str, str], ...]:
    """(value, label) of how many records a page may have; what comes by itself has no value."""
    return tuple(
        (str(n) if n != PAGES[0] else "", words.text("search.per", n=words.number(n))) for n in PAGES
    )


def _cards(found: Results, viewer: Viewer) -> tuple[Card, ...]:
    return tuple(
        viewer.card(record, found.reasons.get(record.id, ()), len(found.others.get(record.id, ())))
        for record in found
    )


def _rescue(node: Node, asked: Asked, viewer: Viewer, path: str) -> tuple[Chip, ...]:
    """What may be left out so that something is found, what finds most first."""
    listed = [(viewer.chip(name, value), rest) for name, value, rest in asked.filters()][:_MOST_RESCUES]
    if len(listed) < 2:  # noqa: PLR2004 - a single filter has "see everything" beside it
        listed = []
    words = asked.text.split()
    if 1 < len(words) <= _MOST_WORDS and '"' not in asked.text:
        without = (" ".join([*words[:n], *words[n + 1 :]]) for n in range(len(words)))
        said = viewer.words.text
        listed += [
            (said("search.text_chip", text=word), asked.first(text=text))
            for word, text in zip(words, without, strict=True)
        ]
    chips = [
        Chip(label=label, href=rest.address(path), count=node.ask(rest.query(limit=0)).matched)
        for label, rest in listed
    ]
    return tuple(sorted((c for c in chips if c.count), key=lambda c: -c.count))


def corners(asked: Asked) -> dict[str, str]:
    """The corners of the asked box, as the form shows them."""
    box = asked.box
    return {
        name: f"{round(getattr(box, name), 4):.10g}" if box else ""
        for name in ("west", "south", "east", "north")
    }


def map_points(node: Node, asked: Asked, viewer: Viewer, grid: Grid) -> dict[str, Any]:
    """The places of a whole answer as GeoJSON, gathered for one view of the map."""
    if asked.wrong:
        return mapping.points(None, asked, viewer)
    return mapping.points(node.ask(asked.query(limit=0, cursor="", grid=grid)).places, asked, viewer)

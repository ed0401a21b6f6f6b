"""The search page: an address in, one page of cards, filters and ways out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.catalogue.marks import TREES
from estran.errors import Invalid
from estran.web.portal.asking import FACETS, ORDERS, PAGE, Asked, Wrong, default_order, written
from estran.web.portal.views import Card, Facet, Viewer, footprints

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.catalogue.query import Counted, Results
    from estran.model import Box
    from estran.node import Node
    from estran.web.portal.i18n import Words

ON_MAP = 500
_FACET_VALUES = 30
_MOST_RESCUES = 6
_SHORTEST_PREFIX = 3
# Facets as the queryables of OGC API – Records; theme and topic are one there, and so not the same.
_TEXT_QUERYABLES = {
    "kind": "type", "centre": "centre", "licence": "license", "access": "access", "source": "source",
    "language": "language",
}  # fmt: skip
_ARRAY_QUERYABLES = {
    "hub": "hub", "variable": "variables", "platform": "platforms", "instrument": "instruments",
    "project": "projects", "level": "level", "format": "formats", "service": "services", "link": "links", "keyword": "keywords",
}  # fmt: skip


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
        status: the answer in a line; hint: how the words were read, where that was not as written.
        wrong: field of the form -> message; given: what stood in a field that could not be read.
        rescue: for an empty answer, the filters whose removal finds something.
        lost: the way back leads to the first page, not to the one before.
        api, feed, json: addresses that ask the same of machines.
        points: address of the map's places.
        further: what the form sends along that it does not show.
        way: address of the same search with words read the other way: by meaning, or as they are;
            "" where that makes no difference here.
    """

    matched: int
    status: str
    cards: tuple[Card, ...] = ()
    facets: tuple[Facet, ...] = ()
    chips: tuple[Chip, ...] = ()
    rescue: tuple[Chip, ...] = ()
    wrong: dict[str, str]
    given: dict[str, str]
    orders: tuple[tuple[str, str], ...]
    sort: str
    hint: str = ""
    next: str = ""
    previous: str = ""
    lost: bool = False
    api: str = ""
    feed: str = ""
    json: str = ""
    points: str = ""
    box: str = ""
    map_note: str = ""
    corners: dict[str, str]
    further: tuple[tuple[str, str], ...] = ()
    way: str = ""

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the listed records are."""
        return tuple(box for card in self.cards for box in card.boxes[:1])


def search(node: Node, asked: Asked, words: Words, viewer: Viewer) -> SearchView:
    """One page of the answer to an address."""
    found, asked, hint = _found(node, asked, words)
    path = f"/{words.language}/search"
    before = asked.before()
    chips = tuple(
        Chip(label=viewer.chip(name, value), href=rest.address(path)) for name, value, rest in asked.filters()
    )
    matched = found.matched if found is not None else 0
    return SearchView(
        matched=matched,
        status=_status(words, asked, found),
        cards=_cards(found, viewer) if found is not None else (),
        facets=tuple(viewer.facets(found, asked)) if found is not None else (),
        chips=chips,
        rescue=_rescue(node, asked, viewer, path) if found is not None and not matched else (),
        wrong={w.field: words.text(w.key, value=w.value, why=w.value) for w in asked.wrong},
        given={w.field: w.value for w in asked.wrong},
        orders=_orders(asked, words),
        sort=asked.sort,
        hint=hint,
        next=asked.after(found.next).address(path) if found is not None and found.next else "",
        previous=before.address(path) if before else "",
        lost=before is not None and not before.cursor and asked.page > 2,  # noqa: PLR2004
        api=api_call(asked),
        feed=feed(asked),
        json=asked.address(f"{path}.json"),
        points=asked.first().address(f"{path}/map.json") if found is not None else "",
        box=",".join(f"{v:g}" for v in asked.box) if asked.box else "",
        map_note=_map_note(words, matched, 0),
        corners=corners(asked),
        further=_further(asked, found),
        way=_way(asked, found, path),
    )  # fmt: skip


def _further(asked: Asked, found: Results | None) -> tuple[tuple[str, str], ...]:
    shown = {uri for tree in (found.trees if found else {}).values() for uri in _addresses(tree)}
    listed = [(name, v) for name, values in asked.where.items() if name not in FACETS for v in values]
    kept = [(name, v) for name, v in listed if name != "concept" or v not in shown]
    return (*kept, *((("meaning", "no"),) if not asked.meaning else ()))


def _addresses(tree: Iterable[Counted]) -> Iterator[str]:
    for one in tree:
        yield one.uri
        yield from _addresses(one.narrower)


def _way(asked: Asked, found: Results | None, path: str) -> str:
    reasons = found.reasons.values() if found else ()
    told = any(reason.how not in ("text", "identifier") for listed in reasons for reason in listed)
    other = asked.first(meaning=not asked.meaning)
    return other.address(path) if asked.text and (told or not asked.meaning) else ""


def _found(node: Node, asked: Asked, words: Words) -> tuple[Results | None, Asked, str]:
    """The answer, the search that it answers, and how its words were read where not as written."""
    if asked.wrong:
        return None, asked, ""
    counts = {"counts": FACETS, "count_values": _FACET_VALUES, "trees": TREES}
    try:
        found = node.ask(asked.query(**counts))
    except Invalid as error:
        wrong = Wrong("", "error.cursor") if asked.cursor else Wrong("", "error.query", error.why)
        return None, asked.first(wrong=(wrong,)), ""
    last = asked.text.rpartition(" ")[2]
    # Someone still typing, or sure of the beginning only: the last word may go on.
    if not found.matched and len(last) >= _SHORTEST_PREFIX and last.isalnum():
        longer = asked.first(text=f"{asked.text}*")
        answer = node.ask(longer.query(**counts))
        if answer.matched:
            return answer, longer, words.text("search.prefix", word=last)
    return found, asked, ""


def _status(words: Words, asked: Asked, found: Results | None) -> str:
    if found is None:
        return words.text("search.wrong")
    if found.matched <= PAGE or not found.records:
        return words.count("search.results", found.matched)
    first = (asked.page - 1) * PAGE + 1
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


def _cards(found: Results, viewer: Viewer) -> tuple[Card, ...]:
    return tuple(
        viewer.card(record, found.reasons.get(record.id, ()), len(found.others.get(record.id, ())))
        for record in found
    )


def _rescue(node: Node, asked: Asked, viewer: Viewer, path: str) -> tuple[Chip, ...]:
    listed = list(asked.filters())
    if len(listed) < 2:  # noqa: PLR2004 - a single filter has "see everything" beside it
        return ()
    chips = [
        Chip(
            label=viewer.chip(name, value),
            href=rest.address(path),
            count=node.ask(rest.query(limit=0)).matched,
        )
        for name, value, rest in listed[:_MOST_RESCUES]
    ]
    return tuple(sorted((c for c in chips if c.count), key=lambda c: -c.count))


def corners(asked: Asked) -> dict[str, str]:
    """The corners of the asked box, as the form shows them."""
    box = asked.box
    return {
        name: f"{round(getattr(box, name), 4):.10g}" if box else ""
        for name in ("west", "south", "east", "north")
    }


def api_call(asked: Asked) -> str:
    """The address of OGC API – Records that finds the same; "" where its parameters cannot say it.

    There a blank between words makes a phrase and a comma an alternative; here all words must be found.
    """
    text = asked.text
    phrase = len(text) > 2 and text[0] == text[-1] == '"' and text.count('"') == 2  # noqa: PLR2004
    if text and not phrase and not text.replace("-", "").isalnum():
        return ""
    return _machine(
        "/ogc/collections/records/items",
        text.strip('"'),
        asked,
        meaning=asked.meaning and bool(text) and not phrase,
    )


def feed(asked: Asked) -> str:
    """The address of the same records in DCAT; "" where its parameters cannot say it."""
    return _machine("/dcat.ttl", asked.text, asked, meaning=asked.meaning and bool(asked.text))


def _machine(path: str, text: str, asked: Asked, *, meaning: bool) -> str:
    concepts = asked.where.get("concept", ())
    conditions = [_condition(name, values) for name, values in asked.where.items() if name != "concept"]
    if "" in conditions or any("," in uri for uri in concepts):
        return ""
    asks = (
        ("q", text),
        ("meaning", "yes" if meaning else ""),
        ("concept", ",".join(concepts)),
        ("bbox", written(asked.box) if asked.box else ""),
        ("datetime", f"{asked.start or '..'}/{asked.end or '..'}" if asked.start or asked.end else ""),
        ("filter", " AND ".join(conditions)),
    )
    told = urlencode([(name, value) for name, value in asks if value], safe=",:/'()")
    return f"{path}?{told}" if told else path


def _condition(name: str, values: tuple[str, ...]) -> str:
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    if name in _TEXT_QUERYABLES:
        return f"{_TEXT_QUERYABLES[name]} IN ({listed})"
    return f"A_OVERLAPS({_ARRAY_QUERYABLES[name]}, ({listed}))" if name in _ARRAY_QUERYABLES else ""


def map_points(node: Node, asked: Asked, viewer: Viewer) -> dict[str, Any]:
    """The places of the first results as GeoJSON, with a line that says what is missing."""
    if asked.wrong:
        return footprints((), viewer)
    found = node.ask(asked.query(limit=ON_MAP))
    points = footprints(found.records, viewer)
    return {**points, "note": _map_note(viewer.words, found.matched, points["world"])}


def _map_note(words: Words, matched: int, world: int) -> str:
    said = (
        [words.text("search.map_shown", shown=words.number(ON_MAP), n=words.number(matched))]
        if matched > ON_MAP
        else []
    )
    if world:
        said.append(words.count("search.map_world", world))
    return " ".join(said)

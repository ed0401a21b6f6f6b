"""The items of a collection: an address in, one page of them with their calendar and footprints out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from estran.errors import Invalid, NotFound
from estran.model import date
from estran.web.portal import footprints
from estran.web.portal.asking import PAGE, Wrong
from estran.web.portal.calendars import Calendar, calendar
from estran.web.portal.item_asking import CLOUDS, ItemsAsked
from estran.web.portal.item_snippets import items_snippets
from estran.web.portal.searching import Chip, corners
from estran.web.portal.views import Viewer, link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.items.query import ItemPage, StoredItem
    from estran.formats import Links
    from estran.model import Box, Record
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Snippet

# Characters of a path that stand for themselves; a slash inside an id does not.
_IN_PATH = "~:@!$&()*+,;="
_LONGEST = 200
_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")


@dataclass(frozen=True, kw_only=True)
class Teaser:
    """What a record's page says of its items."""

    href: str
    said: str
    snippet: Snippet


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """An item in a list."""

    id: str
    href: str
    date: str
    clouds: str = ""
    platform: str = ""
    thumbnail: str = ""
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemsView:
    """The page of a collection's items.

    Attributes:
        matched: how many the filters leave; status says it in a line.
        exact: whether footprints were tested for the counts, else boxes.
        has_clouds: whether it makes sense to ask for a cloud cover.
        places: footprints of the listed items as GeoJSON features.
        wrong: field of the form -> message; given: what stood in a field that could not be read.
        rescue: for an empty answer, the filters whose removal finds something.
        lost: the way back leads to the first page, not to the one before.
        all: the address of all items; api, json: addresses that ask the same of machines.
        snippets: lines to paste that ask the same.
    """

    matched: int
    status: str
    exact: bool = True
    rows: tuple[ItemRow, ...] = ()
    calendar: Calendar | None = None
    has_clouds: bool = False
    places: str = "[]"
    chips: tuple[Chip, ...] = ()
    rescue: tuple[Chip, ...] = ()
    wrong: dict[str, str]
    given: dict[str, str]
    next: str = ""
    previous: str = ""
    lost: bool = False
    all: str
    api: str
    json: str
    box: str = ""
    corners: dict[str, str]
    snippets: tuple[Snippet, ...] = ()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where the listed items are."""
        return tuple(box for row in self.rows for box in row.boxes)


def collection_of(node: Node, record: Record) -> str:
    """STAC id of the collection that a record describes, "" where it is none."""
    for identifier in record.identifiers if record.kind == "collection" else ():
        if identifier.scheme == "stac" and _is(node, identifier.value, record):
            return identifier.value
    return ""


def _is(node: Node, collection: str, record: Record) -> bool:
    try:
        return node.items.collection(collection).id == record.id
    except NotFound:
        return False


def teaser(node: Node, record: Record, words: Words, links: Links) -> Teaser | None:
    """The way from a record to its items, None where it has none."""
    collection = collection_of(node, record)
    count = node.items.count(collection) if collection else 0
    if not count:
        return None
    listed = items_snippets(collection, ItemsAsked(), links, stac_address(links, collection), words)
    return Teaser(href=items_path(record, words), said=words.count("items.count", count), snippet=listed[0])


def items_path(record: Record, words: Words) -> str:
    """Address of the page of a record's items."""
    return f"/{words.language}/data/{record.id}/items"


def part(identifier: str) -> str:
    """An identifier as a part of a path."""
    return quote(identifier, safe=_IN_PATH)


def stac_address(links: Links, collection: str, item: str = "") -> str:
    """Address of a collection's items in the STAC API, or of one of them."""
    return f"{links.base}/stac/collections/{part(collection)}/items{'/' + part(item) if item else ''}"


def decoded(item: StoredItem) -> dict[str, Any]:
    """An item's members, links aside."""
    return msgspec.json.decode(item.body + b"}")


def items_view(record: Record, collection: str, asked: ItemsAsked, viewer: Viewer, links: Links) -> ItemsView:
    """One page of a collection's items.

    Args:
        record: of the collection.
        collection: its STAC id.
        asked: what the address asks.
        viewer: says it in the page's words.
        links: addresses of the node.
    """
    node, w, path = viewer.node, viewer.words, items_path(record, viewer.words)
    found, asked = _found(node, collection, asked)
    listed = [(item, decoded(item)) for item in found] if found is not None else []
    rows = tuple(_row(item, members, path, viewer) for item, members in listed)
    days = node.items.days(asked.items(collection)) if found is not None else None
    others = node.items.days(asked.items(collection, time=None)) if found is not None else None
    matched = days.total if days else 0
    before = asked.before()
    return ItemsView(
        matched=matched,
        status=_status(w, asked, len(rows) if days else None, matched, exact=days is None or days.exact),
        exact=days is None or days.exact,
        rows=rows,
        calendar=calendar(others, asked, w, path) if others else None,
        has_clouds=bool(asked.cloud or "cloud" in {x.field for x in asked.wrong} or any(r.clouds for r in rows)),
        places=footprints.features((item.id, members) for item, members in listed),
        chips=tuple(
            Chip(label=_chip(viewer, name, value), href=rest.address(path))
            for name, value, rest in asked.filters()
        ),
        rescue=_rescue(collection, asked, viewer, path) if days and not rows else (),
        wrong={x.field: w.text(x.key, value=x.value, why=x.value) for x in asked.wrong},
        given={x.field: x.value for x in asked.wrong},
        next=asked.after(found.next).address(path) if found and found.next else "",
        previous=before.address(path) if before else "",
        lost=before is not None and not before.cursor and asked.page > 2,  # noqa: PLR2004
        all=path,
        api=asked.api(stac_address(links, collection)),
        json=asked.address(f"{path}.json"),
        box=",".join(f"{v:g}" for v in asked.box) if asked.box else "",
        corners=corners(asked),
        snippets=tuple(items_snippets(collection, asked, links, stac_address(links, collection), w)) if found else (),
    )  # fmt: skip


def _found(node: Node, collection: str, asked: ItemsAsked) -> tuple[ItemPage | None, ItemsAsked]:
    """The answer, None where there is none, and the question without what could not be read."""
    if asked.wrong:
        return None, asked
    try:
        return node.items.search(asked.items(collection)), asked
    except Invalid as error:
        wrong = Wrong("", "error.cursor") if asked.cursor else Wrong("", "error.query", error.why)
        return None, asked.first(wrong=(wrong,))


def _status(w: Words, asked: ItemsAsked, listed: int | None, matched: int, *, exact: bool) -> str:
    if listed is None:
        return w.text("search.wrong")
    if not listed:
        return w.count("items.count", 0)
    said = w.count("items.count", matched)
    said = said if exact else w.text("items.about", count=said)
    if matched <= PAGE:
        return said
    first = (asked.page - 1) * PAGE + 1
    span = w.text("search.range", first=w.number(first), last=w.number(first + listed - 1))
    return f"{said}, {span}"


def _chip(viewer: Viewer, field: str, value: str) -> str:
    if field == "cloud":
        return viewer.words.text("items.cloud_chip", n=viewer.words.number(float(value)))
    return viewer.words.date(value) if field == "period" else viewer.chip(field, value)


def _rescue(collection: str, asked: ItemsAsked, viewer: Viewer, path: str) -> tuple[Chip, ...]:
    listed = list(asked.filters())
    if len(listed) < 2:  # noqa: PLR2004 - a single filter has "see everything" beside it
        return ()
    chips = [
        Chip(
            label=_chip(viewer, name, value), href=rest.address(path),
            count=viewer.node.items.days(rest.items(collection)).total,
        )
        for name, value, rest in listed
    ]  # fmt: skip
    return tuple(sorted((c for c in chips if c.count), key=lambda c: -c.count))


def _row(item: StoredItem, members: Mapping[str, Any], path: str, viewer: Viewer) -> ItemRow:
    properties = properties_of(members)
    return ItemRow(
        id=item.id, href=f"{path}/{part(item.id)}", date=when(properties, viewer.words),
        clouds=clouds(properties, viewer.words),
        platform=_text(properties.get("platform") or properties.get("constellation")),
        thumbnail=thumbnail(members, viewer), boxes=footprints.boxes(members),
    )  # fmt: skip


def properties_of(members: Mapping[str, Any]) -> dict[str, Any]:
    """An item's properties."""
    found = members.get("properties")
    return found if isinstance(found, dict) else {}


def assets_of(members: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """An item's assets by their key."""
    found = members.get("assets")
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def roles_of(asset: Mapping[str, Any]) -> tuple[str, ...]:
    """What an asset is for."""
    found = asset.get("roles")
    return tuple(r for r in found if isinstance(r, str)) if isinstance(found, list) else ()


def when(properties: Mapping[str, Any], words: Words) -> str:
    """When an item was taken, in words."""
    at, start, end = (_date(properties.get(name)) for name in ("datetime", "start_datetime", "end_datetime"))
    if at or start == end:
        return words.date(at or start)
    if start and end:
        return words.text("data.span", start=words.date(start), end=words.date(end))
    return words.text("data.since" if start else "data.until", start=words.date(start), end=words.date(end))


def _date(value: Any) -> str:
    try:
        return date(value) if isinstance(value, str) and value else ""
    except Invalid:
        return ""


def clouds(properties: Mapping[str, Any], words: Words) -> str:
    """An item's cloud cover as a number and its unit."""
    value = properties.get(CLOUDS)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return words.text("items.percent", n=words.number(round(value, 1)))


def _text(value: Any) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def thumbnail(members: Mapping[str, Any], viewer: Viewer) -> str:
    """A picture of an item that this node itself holds; a page asks nothing of others."""
    for role in ("thumbnail", "overview"):
        for asset in assets_of(members).values():
            href = asset.get("href")
            if role in roles_of(asset) and asset.get("type") in _PICTURES and isinstance(href, str):
                own = link(href)
                if own.startswith(f"{viewer.base}/"):
                    return own
    return ""

"""STAC API: its collections, and where it is asked for, the items of each.

Collections come as one list in pages, items collection by collection; a harvest that was cut goes on in the
page where it stood. Items are asked for by the time of their change where a collection declares that it can
be filtered by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec

from estran.catalogue.harvesters import Found, Harvester, Mark, Missed, Total
from estran.catalogue.harvesters._paging import Ask, answer, linked, matched, pages, yes
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.formats import Document
from estran.formats._json import obj, outline, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._paging import Answer

__all__ = ["HARVESTER"]

_ITEMS_A_PAGE, _COLLECTIONS_A_PAGE = "200", "100"
_MOST_FAILURES = 3
_QUERYABLES = ("http://www.opengis.net/def/rel/ogc/1.0/queryables", "queryables")


def _changes(visit: Visit) -> Iterator[Event]:
    wanted = tuple(
        filter(None, (name.strip() for name in visit.source.options.get("collections", "").split(",")))
    )
    with_items = yes(visit.source.options.get("items", ""), otherwise=False)
    root = answer(visit, Ask(visit.source.url))
    listing = _listing(root)
    position = visit.position or {}
    if position.get("phase") != "items":
        yield from _collections(visit, listing, wanted, whole=not with_items and not wanted)
    if with_items:
        yield from _items(visit, root, listing, wanted)


def _listing(root: Answer) -> Ask:
    """Where the collections are listed."""
    if isinstance(root.value.get("collections"), list):
        return Ask(root.url)
    url = linked(root.value, root.url, "data", "http://www.opengis.net/def/rel/ogc/1.0/data")
    if not url:
        hint = "; a catalogue of files is read with the protocol stac" if root.links else ""
        raise Invalid(
            f"it is not the first page of a STAC API, which links to its collections{hint}", root.url
        )
    return Ask(url).adding({"limit": _COLLECTIONS_A_PAGE})


def _collections(visit: Visit, listing: Ask, wanted: tuple[str, ...], *, whole: bool) -> Iterator[Event]:
    start = Ask.of((visit.position or {}).get("ask"))
    for page in pages(visit, start or listing, "collections", again=listing if start else None):
        if isinstance(page, Missed):
            yield page
            continue
        if whole and (number := matched(page.answer)) >= 0:
            yield Total(number)
        for value, raw in page.members:
            name = text(obj(value).get("id"))
            if not name:
                yield Missed(page.answer.url, "a collection has no id; it cannot be told from the others")
            elif not wanted or name in wanted:
                yield Found(name, Document(_address(value, page.answer.url), raw), _stamp(value))
        if page.following:
            yield Mark({"phase": "collections", "ask": page.following.plain()})
    yield Mark({"phase": "items"})


def _items(visit: Visit, root: Answer, listing: Ask, wanted: tuple[str, ...]) -> Iterator[Event]:
    position = visit.position or {}
    resumed = text(position.get("collection"))
    try:
        listed = list(_each(visit, listing, wanted))
    except Invalid as error:
        # It was read before: what is wrong now will pass.
        raise Unavailable(f"the collections cannot be listed again: {error}", 60.0) from error
    # Where the collection in which it stood is no longer there, all are read: nothing is passed over.
    begin = next((place for place, (name, _) in enumerate(listed) if name == resumed), 0)
    failures = 0
    for name, linking in listed[begin:]:
        first = _first(visit, root, name, linking)
        start = Ask.of(position.get("ask")) if name == resumed else None
        try:
            yield from _of_collection(visit, name, start or first, first if start else None)
            failures = 0
        except (Invalid, NotAllowed) as error:
            yield Missed(first.url, f"the items of “{name}” cannot be read: {error}")
        except Unavailable as error:
            # One broken collection should not hide those behind it; a server that is down ends the visit.
            failures += 1
            if failures >= _MOST_FAILURES:
                raise
            yield Missed(first.url, f"the items of “{name}” cannot be read now: {error}")


def _each(visit: Visit, listing: Ask, wanted: tuple[str, ...]) -> Iterator[tuple[str, Answer]]:
    """Ids of the collections, each with its links alone."""
    for page in pages(visit, listing, "collections"):
        if isinstance(page, Missed):
            continue
        for value, _ in page.members:
            name = text(obj(value).get("id"))
            if name and (not wanted or name in wanted):
                yield name, page.answer._replace(value={"links": value.get("links")}, raw=b"")


def _of_collection(visit: Visit, name: str, first: Ask, again: Ask | None) -> Iterator[Event]:
    for page in pages(visit, first, "features", again=again):
        if isinstance(page, Missed):
            yield page
            continue
        for value, raw in page.members:
            item = text(obj(value).get("id"))
            if item:
                document = Document(_address(value, page.answer.url), _belonging(value, raw, name))
                yield Found(f"{name}/{item}", document, _stamp(value))
            else:
                yield Missed(page.answer.url, "an item has no id; it cannot be told from the others")
        if page.following:
            yield Mark({"phase": "items", "collection": name, "ask": page.following.plain()})


def _belonging(value: dict[str, Any], raw: bytes, collection: str) -> bytes:
    """The item's bytes; one that does not say its collection gets the one that it was found in."""
    return raw if text(value.get("collection")) else msgspec.json.encode(value | {"collection": collection})


def _first(visit: Visit, root: Answer, name: str, linking: Answer) -> Ask:
    """The request for the first items of a collection: those that changed, or all."""
    search = linked(root.value, root.url, "search")
    if visit.since and search and _filters_by_change(visit, root, linking):
        changed = f"updated >= TIMESTAMP('{visit.since}')"
        return Ask(search).adding(
            {"collections": name, "filter-lang": "cql2-text", "filter": changed, "limit": _ITEMS_A_PAGE}
        )
    plain = linking.url.partition("?")[0].rstrip("/")
    found = linked(linking.value, linking.url, "items") or f"{plain}/{quote(name, safe='')}/items"
    return Ask(found).adding({"limit": _ITEMS_A_PAGE})


def _filters_by_change(visit: Visit, root: Answer, linking: Answer) -> bool:
    """Whether items can be asked for by the time of their change: only where that is declared."""
    classes = " ".join(texts(root.value.get("conformsTo")))
    url = linked(linking.value, linking.url, *_QUERYABLES)
    if not url or "item-search#filter" not in classes or "cql2-text" not in classes:
        return False
    try:
        return "updated" in obj(answer(visit, Ask(url)).value.get("properties"))
    except (Invalid, NotAllowed):
        return False


def _address(value: Any, page: str) -> str:
    """Where a member can be had alone: its own link, else the page that it came in."""
    return linked(value, page, "self") or page


def _stamp(value: Any) -> str:
    return text(obj(obj(value).get("properties")).get("updated")) or text(obj(value).get("updated"))


def _recognise(url: str, body: bytes) -> float:
    shown = outline(body[:4096])
    if b"api.stacspec.org" in body[:20_000]:
        return 0.95
    if "stac_version" in shown and "conformsTo" in shown:
        return 0.9
    return (
        0.6
        if "collections.stac_version" in shown or ("/stac" in urlsplit(url).path and "conformsTo" in shown)
        else 0.0
    )


HARVESTER = Harvester(
    name="stac-api",
    title="STAC API",
    changes=_changes,
    options={
        "collections": "ids of the collections to read, with commas between; all of them if it is not said",
        "items": "yes to read the items of each collection too; no is usual",
    },
    incremental=True,
    tells_gone="listed",
    recognise=_recognise,
)

"""OGC API - Records: the records of one collection, or of every collection of records that a service has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from estran.catalogue.harvesters import Found, Harvester, Mark, Missed, Total
from estran.catalogue.harvesters._paging import Answer, Ask, answer, linked, matched, pages
from estran.errors import Invalid, NotAllowed
from estran.formats import Document
from estran.formats._json import obj, objs, outline, seq, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit

__all__ = ["HARVESTER"]

_A_PAGE = "100"
_DATA = ("data", "http://www.opengis.net/def/rel/ogc/1.0/data")
_QUERYABLES = ("http://www.opengis.net/def/rel/ogc/1.0/queryables", "queryables")
_CONFORMANCE = ("conformance", "http://www.opengis.net/def/rel/ogc/1.0/conformance")
_COLLECTION = re.compile(r"/collections/([^/?]+)/items")
_CHANGED = ("updated", "recordUpdated", "record-updated")


class _Catalogue(NamedTuple):
    """A collection of records.

    Attributes:
        name: its id, "" where nothing tells it; items: the request for its first records.
    """

    name: str
    items: Ask


def _changes(visit: Visit) -> Iterator[Event]:
    catalogues = list(_catalogues(visit))
    position = visit.position or {}
    names = [one.name for one in catalogues]
    begin = names.index(position["collection"]) if position.get("collection") in names else 0
    total = int(position.get("total") or 0) if begin else 0
    for place, one in enumerate(catalogues[begin:]):
        start = Ask.of(position.get("ask")) if not place and position else None
        number = -1
        for event in _records(visit, one, start, total):
            if isinstance(event, Total):
                number = event.number
            else:
                yield event
        total = total + number if min(total, number) >= 0 else -1
        if place + begin + 1 < len(catalogues):
            yield Mark({"collection": names[begin + place + 1], "total": total})
    if total >= 0:
        yield Total(total)


def _records(visit: Visit, catalogue: _Catalogue, start: Ask | None, total: int) -> Iterator[Event]:
    again = catalogue.items if start else None
    for page in pages(visit, start or catalogue.items, "features", again=again):
        if isinstance(page, Missed):
            yield page
            continue
        for value, raw in page.members:
            name = text(obj(value).get("id"))
            if name:
                key = f"{catalogue.name}/{name}" if catalogue.name else name
                address = linked(value, page.answer.url, "self") or page.answer.url
                yield Found(key, Document(address, raw), _stamp(value))
            else:
                yield Missed(page.answer.url, "a record has no id; it cannot be told from the others")
        yield Total(matched(page.answer))
        if page.following:
            yield Mark({"collection": catalogue.name, "ask": page.following.plain(), "total": total})


def _stamp(value: object) -> str:
    properties = obj(obj(value).get("properties"))
    return next((found for name in _CHANGED if (found := text(properties.get(name)))), "")


def _catalogues(visit: Visit) -> Iterator[_Catalogue]:
    """The collections of records at the address that was given, whichever of a service's it is."""
    here = answer(visit, Ask(visit.source.url))
    if isinstance(here.value.get("features"), list):
        yield _Catalogue(_named_in(here.url), Ask(visit.source.url).adding({"limit": _A_PAGE}))
        return
    if isinstance(here.value.get("collections"), list):
        yield from _of_list(visit, visit.source.url, here)
    elif _holds_records(here.value) and linked(here.value, here.url, "items"):
        yield _catalogue(visit, here, here.value)
    elif url := linked(here.value, here.url, *_DATA):
        yield from _of_list(visit, url, here)
    elif url := linked(here.value, here.url, "items"):
        yield _Catalogue(_named_in(url), Ask(url).adding({"limit": _A_PAGE}))
    else:
        raise Invalid("it is neither an OGC API nor one of its collections; it links to no records", here.url)


def _of_list(visit: Visit, url: str, root: Answer) -> Iterator[_Catalogue]:
    wanted = tuple(filter(None, (n.strip() for n in visit.source.options.get("collections", "").split(","))))
    listed: list[str] = []
    found = False
    for page in pages(visit, Ask(url), "collections"):
        if isinstance(page, Missed):
            continue
        for value in objs([value for value, _ in page.members]):
            name = text(value.get("id"))
            listed.append(name)
            if name in wanted if wanted else _holds_records(value):
                found = True
                yield _catalogue(visit, root, value, page.answer.url)
    if not found:
        shown = ", ".join(listed[:20]) or "none"
        raise Invalid(f"it has no such collection of records; its collections are: {shown}", url)


def _holds_records(value: dict[str, object]) -> bool:
    return bool({"record", "catalog"} & {word.lower() for word in texts(seq(value.get("itemType")))})


def _catalogue(visit: Visit, root: Answer, value: dict[str, object], base: str = "") -> _Catalogue:
    base, name = base or root.url, text(value.get("id"))
    url = linked(value, base, "items") or f"{base.partition('?')[0].rstrip('/')}/{quote(name, safe='')}/items"
    items = Ask(url).adding({"limit": _A_PAGE})
    if visit.since and (changed := _filters_by(visit, root, linked(value, base, *_QUERYABLES))):
        words = f"{changed} >= TIMESTAMP('{visit.since}')"
        items = items.adding({"filter-lang": "cql2-text", "filter": words})
    return _Catalogue(name, items)


def _filters_by(visit: Visit, root: Answer, queryables: str) -> str:
    """The property by which records that changed can be asked for, where that is declared; else ""."""
    try:
        classes = texts(root.value.get("conformsTo"))
        if not classes and (url := linked(root.value, root.url, *_CONFORMANCE)):
            classes = texts(answer(visit, Ask(url)).value.get("conformsTo"))
        if not queryables or "cql2-text" not in " ".join(classes):
            return ""
        declared = obj(answer(visit, Ask(queryables)).value.get("properties"))
    except (Invalid, NotAllowed):
        return ""
    return next((name for name in _CHANGED[:2] if name in declared), "")


def _named_in(url: str) -> str:
    found = _COLLECTION.search(url)
    return unquote(found[1]) if found else ""


def _recognise(_url: str, body: bytes) -> float:
    if b"ogcapi-records-1/" in body:
        return 0.9
    shown = outline(body[:4096])
    if "record" in (shown.get("itemType"), shown.get("collections.itemType")):
        return 0.9
    return 0.5 if b"ogcapi-features-1/" in body and b"api.stacspec.org" not in body else 0.0


HARVESTER = Harvester(
    name="ogc-records",
    title="OGC API Records",
    changes=_changes,
    options={
        "collections": "ids of the collections to read, with commas between; those of records if it is not said"
    },
    incremental=True,
    tells_gone="listed",
    recognise=_recognise,
)

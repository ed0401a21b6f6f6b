"""A static STAC catalogue: files that link to each other, walked from the first one down.

The walk remembers the way down to where it stands, not what it has yet to read; so a mark is small however
many items there are, and a harvest that was cut reads again one file a level.
"""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urldefrag, urljoin

from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed
from estran.catalogue.harvesters._paging import Answer, json_of, yes
from estran.catalogue.harvesters._single import Patience, stamp_of
from estran.errors import Invalid
from estran.formats import Document
from estran.formats._json import outline, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit

__all__ = ["HARVESTER"]

_DEEPEST = 32
_MOST_CATALOGUES = 200_000
_AT_ONCE = 100
_ACCEPT = "application/json, application/geo+json;q=0.9, */*;q=0.1"


def _changes(visit: Visit) -> Iterator[Event]:
    walk = _Walk(visit)
    position = visit.position or {}
    way = texts(position.get("way")) or [visit.source.url]
    if position and way[0] != visit.source.url:
        way, position = [visit.source.url], {}
    rest = (
        _Rest(tuple(way[1:]), int(position.get("item") or 0), text(position.get("done")))
        if position
        else None
    )
    root = json_of(visit.fetcher.get(visit.source.url, accept=_ACCEPT))
    if text(root.value.get("type")) not in ("Catalog", "Collection") and "stac_version" not in root.value:
        raise Invalid("it is no STAC catalogue or collection", root.url)
    if "conformsTo" in root.value and not any(walk.linked(root, "child", "item")):
        raise Invalid("it is a STAC API; read it with the protocol stac-api", root.url)
    yield from walk.through(way[0], (), rest)


class _Rest(NamedTuple):
    """What a cut harvest has still to read.

    Attributes:
        way: the catalogues between here and where it stood, the nearest first.
        item: how many items of the last of them are done; done: its child that is done, "" while items are read.
    """

    way: tuple[str, ...]
    item: int
    done: str

    def below(self) -> _Rest:
        """The same for the next catalogue on the way."""
        return self._replace(way=self.way[1:])


class _Walk:
    """One walk through a catalogue; it enters each file once, so that circles end."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._patience = visit, Patience(visit)
        self._with_items = yes(visit.source.options.get("items", ""), otherwise=True)
        self._with_catalogs = yes(visit.source.options.get("catalogs", ""), otherwise=False)
        self._met: set[str] = set()

    @staticmethod
    def linked(answer: Answer, *rels: str) -> list[str]:
        """Addresses that a file links to, each once, without their fragments."""
        found = (
            urldefrag(urljoin(answer.url, text(link.get("href"))))[0]
            for link in answer.links
            if text(link.get("rel")) in rels and text(link.get("href"))
        )
        return list(dict.fromkeys(found))

    def through(self, url: str, above: tuple[str, ...], rest: _Rest | None) -> Iterator[Event]:
        """All of one catalogue: itself, its items, what is below; or the rest of it."""
        self._met.add(url)
        reply = self._patience.get(url, accept=_ACCEPT)
        if reply is None or isinstance(reply, Missed):
            yield reply or Missed(url, "nothing came")
            return
        try:
            here = json_of(reply)
        except Invalid as error:
            yield Missed(url, error.why)
            return
        way = (*above, url)
        if rest is None:
            yield from self._itself(url, here, stamp_of(reply))
        if rest is None or not (rest.way or rest.done):
            yield from self._items(here, way, rest.item if rest else 0)
        yield from self._below(here, way, rest)

    def _itself(self, url: str, here: Answer, stamp: str) -> Iterator[Event]:
        is_collection = text(here.value.get("type")) == "Collection" or "extent" in here.value
        if text(here.value.get("type")) == "Catalog":
            is_collection = False
        if is_collection or self._with_catalogs:
            if stamp and self._visit.stamps([url]).get(url) == stamp:
                yield Kept(url)
            else:
                yield Found(url, Document(url, here.raw), stamp)

    def _items(self, here: Answer, way: tuple[str, ...], start: int) -> Iterator[Event]:
        items = self.linked(here, "item")[start:] if self._with_items else []
        for batch in batched(items, _AT_ONCE):
            held = self._visit.stamps(batch)
            for url in batch:
                yield self._item(url, held.get(url, ""))
            start += len(batch)
            yield Mark({"way": list(way), "item": start})

    def _item(self, url: str, stamp: str) -> Event:
        reply = self._patience.get(url, stamp=stamp, accept=_ACCEPT)
        if reply is None:
            return Kept(url)
        if isinstance(reply, Missed):
            return reply
        try:
            return Found(url, Document(url, json_of(reply).raw), stamp_of(reply))
        except Invalid as error:
            return Missed(url, error.why)

    def _below(self, here: Answer, way: tuple[str, ...], rest: _Rest | None) -> Iterator[Event]:
        children = self.linked(here, "child")
        entered = rest.way[0] if rest and rest.way else ""
        # A child that is no longer listed tells nothing of what was read; then all are read again.
        begin = children.index(entered) if entered in children else 0
        if rest and not entered and rest.done in children:
            begin = children.index(rest.done) + 1
        if children and len(way) >= _DEEPEST:
            yield Missed(way[-1], f"what is below is more than {_DEEPEST} catalogues deep, and was not read")
            return
        for child in children[begin:]:
            if child in self._met:
                continue
            if len(self._met) >= _MOST_CATALOGUES:
                yield Missed(
                    child, f"there are more than {_MOST_CATALOGUES:,} catalogues; the rest was not read"
                )
                return
            yield from self.through(child, way, rest.below() if rest and child == entered else None)
            yield Mark({"way": list(way), "done": child})


def _recognise(url: str, body: bytes) -> float:
    shown = outline(body[:4096])
    if "conformsTo" in shown or b'"conformsTo"' in body[:20_000]:
        return 0.0
    if shown.get("type") in ("Catalog", "Collection") and "stac_version" in shown:
        return 0.9
    return 0.6 if url.endswith(("catalog.json", "collection.json")) and "id" in shown else 0.0


HARVESTER = Harvester(
    name="stac",
    title="STAC catalogue of files",
    changes=_changes,
    options={
        "items": "no to read collections alone; yes is usual",
        "catalogs": "yes to take catalogues that are no collections as records too; no is usual",
    },
    incremental=False,
    tells_gone="listed",
    recognise=_recognise,
)

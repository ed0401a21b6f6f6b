"""Another Estran node, by its feed of changes: every record whole, as its own format has it, and what it removed.

The feed is numbered. A visit that asks for what changed since an instant finds the number of that instant by
halving, because a feed knows no other way in; then it follows the feed as a full visit does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from estran.catalogue.harvesters import Found, Gone, Harvester, Kept, Mark, Missed
from estran.catalogue.harvesters._paging import Ask, answer
from estran.errors import Invalid, Unavailable
from estran.formats import Document
from estran.formats._json import obj, outline, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._paging import Answer

__all__ = ["HARVESTER"]

_PATH = "/api/changes"
_A_PAGE, _A_LOOK = "200", "50"
# A page of a node, which links to its feed for people; other kinds of sites may do so too.
_PAGE = 0.7
_MOST_LOOKS, _FARTHEST = 20, 1 << 56


def _changes(visit: Visit) -> Iterator[Event]:
    after = whole((visit.position or {}).get("after"), 0)
    if visit.since and not visit.position:
        after = _number_of(visit, visit.since)
    begun = visit.position is not None
    while True:
        try:
            page = _page(visit, after, include="document", limit=_A_PAGE)
        except Invalid as error:
            if not begun:
                raise
            raise Unavailable(f"the feed cannot be read on: {error}", 60.0) from error
        begun = True
        yield from _told(visit, page)
        position = whole(page.value.get("position"))
        if position <= after:
            if _goes_on(page):
                yield Missed(page.url, "its feed goes on and does not get further; ask its operator")
            return
        after = position
        yield Mark({"after": after})
        if not _goes_on(page):
            return


def _page(visit: Visit, after: int, **more: str) -> Answer:
    """A page of the feed.

    Raises:
        Invalid: there is no feed of changes at the address.
    """
    parts = urlsplit(visit.source.url)
    path = parts.path.rstrip("/")
    path = path if path.endswith(_PATH) else path + _PATH
    query = urlencode({"after": str(after), "kind": "record"} | more)
    page = answer(visit, Ask(urlunsplit((parts.scheme, parts.netloc, path, query, ""))))
    if not isinstance(page.value.get("changes"), list) or whole(page.value.get("position")) < 0:
        raise Invalid("it is no feed of changes of an Estran node; give the address of the node", page.url)
    return page


def _goes_on(page: Answer) -> bool:
    return any(text(link.get("rel")) == "next" for link in page.links)


def _told(visit: Visit, page: Answer) -> Iterator[Event]:
    raws = msgspec.json.decode(page.raw, type=dict[str, msgspec.Raw])
    listed = list(
        zip(page.value["changes"], msgspec.json.decode(raws["changes"], type=list[msgspec.Raw]), strict=True)
    )
    held = visit.stamps([name for told, _ in listed if (name := text(obj(told).get("id")))])
    for told, raw in listed:
        yield from _event(obj(told), bytes(raw), held.get(text(obj(told).get("id")), ""), page.url)


def _event(told: dict[str, Any], raw: bytes, held: str, page: str) -> Iterator[Event]:
    name, number = text(told.get("id")), text(told.get("number"))
    if text(told.get("kind")) != "record":
        return
    if not name:
        yield Missed(page, "a change does not say of what it is")
    elif told.get("op") == "remove":
        yield Gone(name)
    elif held and held == number:
        yield Kept(name)
    elif isinstance(told.get("document"), dict):
        body = bytes(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])["document"])
        yield Found(name, Document(f"{name}.estran.json", body), number)
    # A record without its document was removed meanwhile: a later change says so.


def _number_of(visit: Visit, since: str) -> int:
    """The number of a change before an instant, and of the last such if the feed is in the order of time."""
    low, high = 0, 1
    while high < _FARTHEST and (at := _first_after(visit, high)) and at < since:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        at = _first_after(visit, middle)
        low, high = (middle, high) if at and at < since else (low, middle)
    return low


def _first_after(visit: Visit, number: int) -> str:
    """When the first change after a number was; "" where none is told, which reads more rather than less."""
    for _ in range(_MOST_LOOKS):
        page = _page(visit, number, limit=_A_LOOK)
        for told in page.value["changes"]:
            if at := text(obj(told).get("at")):
                return at
        position = whole(page.value.get("position"))
        if position <= number or not _goes_on(page):
            return ""
        number = position
    return ""


def _recognise(_url: str, body: bytes) -> float:
    if body.lstrip().startswith(b"<") and b'/changes.atom"' in body[:20_000]:
        return _PAGE
    shown = outline(body[:4096])
    return 0.9 if shown.get("changes") == "[" and "position" in shown and "node" in shown else 0.0


HARVESTER = Harvester(
    name="estran",
    title="Estran node",
    changes=_changes,
    options={},
    incremental=True,
    tells_gone="said",
    recognise=_recognise,
)

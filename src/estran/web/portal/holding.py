"""The datastreams of a record: on its page the first of them, on a page of their own all, a part at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import Invalid, NotFound
from estran.observations.overview import complete
from estran.web import node_of, replies
from estran.web.portal import telling
from estran.web.portal.datastream import joining
from estran.web.portal.datastream_pages import FLEETING
from estran.web.portal.render import as_json, page, render, spoken, viewer_of
from estran.web.portal.sparks import Spark, sparks
from estran.web.problems import shown
from estran.words import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.model import Record
    from estran.node import Node
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

__all__ = ["FIRST", "Held", "Holding", "holding", "routes"]

FIRST, _PAGE = 12, 100
_LONGEST, _LONGEST_TEXT = 10, 200


@dataclass(frozen=True, kw_only=True)
class Held:
    """A datastream in a list.

    Attributes:
        title: of its page.
        curve: None where it has no numbers.
        joins: whether it can be drawn with others of the list.
    """

    number: int
    title: str
    href: str
    variable: str
    level: str
    station: str
    period: str
    count: str
    complete: str
    share: float | None
    newest: str
    age: str
    state: str
    standing: str
    curve: Spark | None
    joins: bool


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Datastreams of a record.

    Attributes:
        total: how many there are; listed: some of them.
        all: the address of the page that has all; next: of the next ones; first: of the first, if these are not.
        plot: where they are drawn; order: where they are ordered.
        text: letters that all of them have in their variable or their station, "" for all.
    """

    total: int
    listed: tuple[Held, ...]
    all: str
    next: str
    first: str
    plot: str
    order: str
    text: str = ""


def holding(
    node: Node, record: Record, w: Words, *, after: int = 0, most: int = FIRST, text: str = ""
) -> Holding | None:
    """Some datastreams of a record, None where it has none."""
    found, total = node.observations.overview.of_record(record.id, after, most)
    if not total:
        return None
    if text:
        return _searched(node, record, w, after, text)
    path = f"/{w.language}/data/{record.id}/datastreams"
    listed = _listed(node, found, w)
    is_more = len(found) == most and bool(
        node.observations.overview.of_record(record.id, found[-1].number, 1)[0]
    )
    return Holding(
        total=total, listed=listed, all=path, next=f"{path}?after={found[-1].number}" if is_more else "",
        first=path if after else "", order=replies.address(f"/{w.language}/orders/new", [("record", record.id)]),
        plot=listed[0].href if total == 1 and listed else "#datastreams",
    )  # fmt: skip


def _searched(node: Node, record: Record, w: Words, after: int, text: str) -> Holding:
    """The datastreams of a record that have letters in their variable, their station's name or its code."""
    overview, letters = node.observations.overview, folded(text)
    rows = [one for one in overview.stations() if one.record == record.id]
    things = overview.things([one.thing for one in rows])
    stations = {
        number: folded(f"{thing.key} {telling.station(thing, w)}") for number, thing in things.items()
    }
    variables = {
        one.number: folded(
            f"{telling.variable(one.variable, w)} {one.variable.standard_name} {one.variable.name}"
        )
        for one in overview.properties(record.id)
    }
    fitting = sorted(
        one.number
        for one in rows
        if all(part in f"{variables[one.property]} {stations[one.thing]}" for part in letters.split())
    )
    behind = [number for number in fitting if number > after]
    shown = behind[:_PAGE]
    path = f"/{w.language}/data/{record.id}/datastreams"
    following = [("q", text), ("after", f"{shown[-1]}")] if len(behind) > len(shown) else []
    return Holding(
        total=len(fitting), all=path, next=replies.address(path, following) if following else "",
        listed=_listed(node, node.observations.datastreams(record=record.id, numbers=shown), w) if shown else (),
        first=replies.address(path, [("q", text)]) if after else "", plot="", text=text,
        order=replies.address(f"/{w.language}/orders/new", [("record", record.id)]),
    )  # fmt: skip


def _listed(node: Node, found: Sequence[HeldDatastream], w: Words) -> tuple[Held, ...]:
    curves = sparks({one.number: one for one in found}, node.observations.overview.outlined(found), w)
    joins = joining(found)
    return tuple(_held(one, curves.get(one.number), w, joins=one.number in joins) for one in found)


def _held(one: HeldDatastream, curve: Spark | None, w: Words, *, joins: bool) -> Held:
    of = one.described
    share = complete(one.count, (one.first, one.last), one.step)
    return Held(
        number=one.number, href=f"/{w.language}/datastreams/{one.number}", title=telling.title(of, w),
        variable=telling.variable(of.variable, w),
        level=of.processing_level, station=telling.station(of.thing, w), period=telling.years(one.first, one.last, w),
        count=w.number(one.count), complete=telling.percent(share, w), share=share,
        newest=telling.result(one.last_value, one.last_words, of.variable.unit, w), age=telling.age(one.last, w),
        state=telling.state(one.last, one.step), standing=telling.standing(one.last, one.step, w),
        curve=curve, joins=joins,
    )  # fmt: skip


def routes() -> APIRouter:
    """The page of all datastreams of a record, and its twin."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/{language}/data/{id}/datastreams.json", twin, methods=["GET"], response_model=None)
    router.add_api_route("/{language}/data/{id}/datastreams", listed, methods=["GET"], response_model=None)
    return router


def _view(request: Request, id: str, viewer: Viewer) -> tuple[Record, Holding]:  # noqa: A002 - the word of the address
    replies.checked(request, ("q", "after"))
    text = replies.one(request, "q").strip()[:_LONGEST_TEXT]
    after = replies.one(request, "after").strip() or "0"
    if not (after.isascii() and after.isdigit() and len(after) < _LONGEST):
        raise Invalid("write the number of a datastream", "after")
    node = node_of(request)
    record = shown(node, id)
    found = holding(node, record, viewer.words, after=int(after), most=_PAGE, text=text)
    if found is None:
        raise NotFound("datastreams", id, "This dataset has no series of observations on this node.")
    return record, found


def listed(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """The datastreams of a record."""
    w = spoken(language)
    viewer = viewer_of(request, w)
    record, view = _view(request, id, viewer)
    card = viewer.card(record)
    asked = f"?{request.url.query}" if request.url.query else ""
    of = page(
        request, w, f"{w.text('series.title')}{w.text('site.colon')} {card.title}", f"data/{id}/datastreams",
        section="search", twin=f"/{language}/data/{id}/datastreams.json{asked}",
    )  # fmt: skip
    return render(request, "datastreams.html", w, of, headers=FLEETING, card=card, v=view)


def twin(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """The same as JSON."""
    _, view = _view(request, id, viewer_of(request, spoken(language)))
    response = as_json(view)
    response.headers.update(FLEETING)
    return response

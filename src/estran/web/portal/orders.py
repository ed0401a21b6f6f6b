"""The pages of orders: the values that their templates print, and their JSON twins say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from estran.errors import NotFound
from estran.model import moment
from estran.web import ordering, replies
from estran.web.portal import telling
from estran.web.portal.order_snippets import order_snippets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.formats import Links
    from estran.orders import Order
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Snippet
    from estran.web.portal.views import Viewer

__all__ = ["ANSWERS", "FORMS", "OrderView", "OrdersView", "order_view", "orders_view", "question", "rounded"]

_LABELS = {
    "status": "orders.said_status", "organisation": "orders.said_organisation", "usage": "orders.said_usage",
    "description": "orders.said_description", "name": "orders.said_name", "email": "orders.said_email",
    "consent": "orders.said_consent",
}  # fmt: skip
ANSWERS = tuple(_LABELS)
"""What whoever orders may say, in the order of the form; never in an address."""
FORMS = {"csv": "CSV", "nc": "NetCDF", "parquet": "Parquet"}
"""Endings of files and what people call them."""
_SAID = {
    "waiting": "orders.is_waiting", "stopping": "orders.is_stopping", "done": "orders.is_done", "failed": "orders.is_failed",
    "cancelled": "orders.is_cancelled", "expired": "orders.is_expired",
}  # fmt: skip
# Of which there is nothing to wait for and nothing to fetch.
_PAST = ("expired", "failed", "cancelled")
_MOST_NAMED = 12
_MINUTE = 16


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of an order."""

    name: str
    href: str
    size: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """An order in a list."""

    href: str
    title: str
    tongue: str
    state: str
    said: str
    placed: str
    number: str = ""
    made: str = ""
    is_past: bool = False


@dataclass(frozen=True, kw_only=True)
class OrderView:
    """What the page of an order shows.

    Attributes:
        state: a code of the table `order_state`; said: the same in a sentence; held: why it does not go on.
        live: where the part of the page is that changes, "" where nothing will.
        rows: what was asked for.
        told: what was said with it, as far as the asker may see that; unsay: where it is taken away.
        again: the form that asks for the same; cancel: where it is cancelled, "" if the asker may not.
    """

    id: str
    href: str
    title: str
    tongue: str
    record: str
    record_href: str
    css: str
    state: str
    said: str
    held: str
    live: str
    done: int
    parts: int
    rows: tuple[tuple[str, str], ...]
    files: tuple[File, ...]
    total: str
    sums: str
    error: str
    again: str
    cancel: str
    snippets: tuple[Snippet, ...]
    told: tuple[tuple[tuple[str, str], ...], ...] = ()
    unsay: str = ""


@dataclass(frozen=True, kw_only=True)
class OrdersView:
    """The orders of whoever asks."""

    orders: tuple[Line, ...]


def order_view(order: Order, viewer: Viewer, links: Links, secrets: Sequence[str] = ()) -> OrderView:
    """What the page of an order shows."""
    w, node = viewer.words, viewer.node
    record = node.show(str(order.asked["record"]))
    card = viewer.card(record)
    held = _held(order, viewer)
    path, at = f"/{w.language}/orders/{order.id}", f"/orders/{order.id}"
    files = tuple(
        File(name=one.name, href=f"{at}/{one.name}", size=w.size(one.size), sha256=one.sha256)
        for one in order.files
    )
    return OrderView(
        id=order.id, href=path, title=card.title, tongue=card.tongue, record=record.id,
        record_href=f"/{w.language}/data/{record.id}", css=card.css, state=_state(order),
        said="" if held else _said(order, w), held=held,
        live="" if order.is_over else f"{path}/live", done=order.done, parts=order.parts, rows=_rows(order, viewer),
        files=files, total=w.size(sum(one.size for one in order.files)) if files else "",
        sums=f"{at}/{ordering.SUMS}" if files else "", error=order.error,
        again=question(order.asked, w) if order.state in _PAST else "",
        cancel=f"{path}/cancel" if node.orders.may_cancel(order) and not order.is_stopping else "",
        snippets=tuple(order_snippets(order, links, w, is_open=record.visibility == "public")) if files else (),
        told=(told := _told(order, viewer, secrets)), unsay=f"{path}/unsay" if told else "",
    )  # fmt: skip


def _told(order: Order, viewer: Viewer, secrets: Sequence[str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """What was said with an order, by those who may know."""
    w = viewer.words

    def row(name: str, value: str) -> tuple[str, str]:
        return w.text(_LABELS[name]), w.label("asker", value) if name == "status" else value

    return tuple(
        (
            *(row(name, str(note.body[name])) for name in ANSWERS if note.body.get(name)),
            (w.text("orders.said_at"), w.date(moment(datetime.fromtimestamp(note.at, UTC))[:_MINUTE])),
        )
        for note in viewer.node.orders.said(order, secrets)
    )  # fmt: skip


def orders_view(orders: Iterable[Order], viewer: Viewer) -> OrdersView:
    """A list of orders."""
    w, lines = viewer.words, list[Line]()
    for order in orders:
        try:
            card = viewer.card(viewer.node.show(str(order.asked["record"])))
        except NotFound:
            continue
        lines.append(
            Line(
                href=f"/{w.language}/orders/{order.id}", title=card.title, tongue=card.tongue, state=_state(order),
                said=_said(order, w), placed=w.date(moment(order.placed)[:_MINUTE]), number=order.called,
                made=w.date(moment(order.made)[:_MINUTE]) if order.made else "", is_past=order.state in _PAST,
            )
        )  # fmt: skip
    return OrdersView(orders=tuple(lines))


def question(asked: Any, w: Words) -> str:
    """The address of the form that asks for the same."""
    start, slash, end = str(asked["time"]).partition("/")
    told = [("record", str(asked["record"])), ("form", str(asked["form"]))]
    told += [("datastream", f"{n}") for n in asked["datastreams"]] + [
        ("variable", v) for v in asked["variables"]
    ]
    told += [("from", start.strip(".")), ("to", end.strip(".") if slash else start)]
    return replies.address(f"/{w.language}/orders/new", told)


def rounded(count: int) -> int:
    """To two digits, because it is not known better."""
    step = 10 ** max(0, len(f"{count}") - 2)
    return round(count / step) * step


def _state(order: Order) -> str:
    return "stopping" if order.is_stopping else order.state


def _said(order: Order, w: Words) -> str:
    """Where an order stands, in a sentence."""
    state = _state(order)
    if state == "running" and not order.parts:
        return w.text("orders.begins")
    if state == "running":
        return w.text("orders.is_running", done=w.number(order.done), parts=w.number(order.parts))
    day = w.date(moment(order.expires)[:_MINUTE]) if order.expires else ""
    return w.text(_SAID[state], day=day)


def _held(order: Order, viewer: Viewer) -> str:
    """That nobody makes it, and since when."""
    w, why = viewer.words, viewer.node.orders.unattended(order)
    if why is None:
        return ""
    since = w.text("orders.no_worker_since", time=w.date(moment(why.seen)[:_MINUTE])) if why.seen else ""
    return since or w.text("orders.no_worker")


def _rows(order: Order, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    w, asked = viewer.words, order.asked
    numbers: list[int] = list(asked["datastreams"])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
    variables: list[str] = list(asked["variables"])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
    named = viewer.node.observations.datastreams(numbers=numbers[:_MOST_NAMED]) if numbers else []
    series = [telling.title(one.described, w) for one in named]
    series += (
        [w.count("orders.more_series", len(numbers) - _MOST_NAMED)] if len(numbers) > _MOST_NAMED else []
    )
    start, slash, end = str(asked["time"]).partition("/")
    period = w.text("data.span", start=_day(start, w), end=_day(end, w)) if slash else w.date(start)
    return (
        (w.text("orders.number"), order.called),
        (w.text("orders.id"), order.id if order.number else ""),
        (w.text("orders.form"), FORMS[str(asked["form"])]),
        (w.text("series.periods"), period if start else w.text("series.all")),
        (w.text("orders.variables"), ", ".join(variables)),
        (w.text("series.title"), "\n".join(series)),
        (w.text("series.count"), w.text("orders.about", n=w.number(rounded(order.observations)))),
        (w.text("orders.as_of"), w.date(str(asked["as_of"])[:_MINUTE]) if asked["as_of"] else ""),
        (w.text("orders.placed"), w.date(moment(order.placed)[:_MINUTE])),
        (w.text("orders.made"), w.date(moment(order.made)[:_MINUTE]) if order.made else ""),
        (w.text("orders.expires"), w.date(moment(order.expires)[:_MINUTE]) if order.expires else ""),
    )  # fmt: skip


def _day(date: str, w: Words) -> str:
    return w.date(date) if date.strip(".") else "…"

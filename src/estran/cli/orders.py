"""Orders: observations that are too many for one answer, made ready in the background."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, open_node, print_json, say
from estran.formats import Links
from estran.model import moment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.orders import Order, Orders

orders_app = typer.Typer(help="Orders: data made ready in the background.", no_args_is_help=True)


@orders_app.command("place")
def orders_place(
    record: Annotated[str, typer.Argument(help="Id of the dataset.")],
    node: NodeOption = HERE,
    datastream: Annotated[
        list[int] | None, typer.Option(help="Only this one of it; may be repeated.")
    ] = None,
    variable: Annotated[
        list[str] | None, typer.Option(help="Only observations of this variable; may be repeated.")
    ] = None,
    time: Annotated[str, typer.Option(help="A date, or START/END; .. leaves an end open.")] = "",
    form: Annotated[Literal["csv", "nc", "parquet"], typer.Option(help="Of the files.")] = "csv",
    as_of: Annotated[str, typer.Option(help="An instant, for the observations as they were then.")] = "",
    json: JsonOption = False,
) -> None:
    """Order observations of a dataset; “estran work” makes them ready."""
    with open_node(node) as opened:
        links = Links(opened.settings.url or Links().base, opened.settings.name)
        order = opened.orders.place(
            record, links, datastreams=datastream or (), variables=variable or (), time=time, form=form, as_of=as_of
        )  # fmt: skip
        _show(order, json=json)
        _warn(opened.orders, [] if json else [order])


@orders_app.command("show")
def orders_show(
    id: Annotated[str, typer.Argument(help="Of the order.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Show how far an order is, and where its files lie."""
    with open_node(node) as opened:
        order = opened.orders.order(id)
        _show(order, json=json)
        _warn(opened.orders, [] if json else [order])
        for file in () if json else order.files:
            path, _ = opened.orders.file(order.id, file.name)
            typer.echo(f"{file.sha256}  {path}")


@orders_app.command("list")
def orders_list(
    node: NodeOption = HERE,
    everyone: Annotated[
        bool, typer.Option("--all", help="Those of everyone, by the portal and by HTTP too.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the orders that were placed here, the newest first."""
    with open_node(node) as opened:
        found = opened.orders.everyone() if everyone else opened.orders.mine()
        for order in found:
            _show(order, json=json)
        _warn(opened.orders, [] if json else found)


@orders_app.command("said")
def orders_said(
    id: Annotated[str, typer.Argument(help="Of the order.")],
    node: NodeOption = HERE,
    forget: Annotated[bool, typer.Option("--forget", help="Take it away, and show nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what was said by who placed an order: status, organisation, usage, and how to reach who agreed to that."""
    with open_node(node) as opened:
        order = opened.orders.order(id)
        if forget:
            say(f"What was said {opened.orders.unsay(order)} times with {order.called} is taken away.")
            return
        for note in opened.orders.said(order):
            told = {"number": order.called, "at": moment(datetime.fromtimestamp(note.at, UTC)), **note.body}
            if json:
                print_json(told)
            else:
                typer.echo("\n".join(f"{name:12}  {value}" for name, value in told.items() if value) + "\n")


@orders_app.command("cancel")
def orders_cancel(
    id: Annotated[str, typer.Argument(help="Of the order.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Cancel an order; one that is being made ends after the part that it is at."""
    with open_node(node) as opened:
        _show(opened.orders.cancel(id), json=json)


def _warn(orders: Orders, found: Iterable[Order]) -> None:
    """Say on the side that nobody does what waits."""
    waiting = next((order for order in found if not order.is_over), None)
    if waiting and (why := orders.unattended(waiting)):
        say(f"{str(why)[0].upper()}{str(why)[1:]}.", quiet=False)


def _show(order: Order, *, json: bool) -> None:
    if json:
        files = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in order.files]
        print_json({"id": order.id, "number": order.called, "state": order.state, "asked": dict(order.asked), "by": order.by or None, "placed": moment(order.placed), "done": order.done,
                    "parts": order.parts, "files": files, "error": order.error or None,
                    "expires": moment(order.expires) if order.expires else None})  # fmt: skip
        return
    typer.echo(
        f"{order.placed:%Y-%m-%d %H:%M}  {order.called}  {order.id}  {order.asked['record']}  {order.by or 'anyone'}  "
        f"{order.state}  {order.done}/{order.parts} parts{_until(order)} {order.error}".rstrip()
    )


def _until(order: Order) -> str:
    if order.is_stopping:
        return ", is being cancelled"
    if order.expires and order.state == "done":
        return f", until {order.expires:%Y-%m-%d}"
    if order.expires and order.state == "expired":
        return f"; its files went on {order.expires:%Y-%m-%d}: order again with {_again(order)}"
    return ""


def _again(order: Order) -> str:
    """The command that asks for the same."""
    asked: dict[str, Any] = dict(order.asked)
    words = ["estran", "orders", "place", asked["record"]]
    for name, option in (("datastreams", "--datastream"), ("variables", "--variable")):
        words += [word for value in asked[name] for word in (option, f"{value}")]
    for name, option in (("time", "--time"), ("form", "--form"), ("as_of", "--as-of")):
        words += [option, asked[name]] if asked[name] else []
    return shlex.join(words)

"""The properties of items that filters may name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

queryable_app = typer.Typer(
    help="Properties of items (granules) that filters may name: those of every node, and those declared here.",
    no_args_is_help=True,
)


@queryable_app.command("list")
def queryable_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List what filters of items may name."""
    with open_node(node) as opened:
        known, declared = opened.items.queryables(), {one.name: one for one in opened.items.declared()}
    rows = [(name, one.kind, one.title, name in declared, True) for name, one in known.items()]
    # What was cut short, so that it can be done again.
    rows += [(one.name, one.kind, one.title, True, False) for one in declared.values() if not one.ready]
    for name, kind, title, is_declared, ready in rows:
        if json:
            print_json({"name": name, "kind": kind, "title": title, "declared": is_declared, "ready": ready})
        else:
            state = "" if ready else "not finished: add it again, or remove it"
            typer.echo(f"{name:24} {kind:9} {'declared' if is_declared else '':9} {state or title}")


@queryable_app.command("add")
def queryable_add(
    name: Annotated[str, typer.Argument(help="As items have it among their properties: view:sun_elevation.")],
    kind: Annotated[
        Literal["number", "text", "time"],
        typer.Option(help="What its values are; time is for instants, true and false are texts."),
    ],
    node: NodeOption = HERE,
    title: Annotated[str, typer.Option(help="What it is, for people.")] = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let filters name a property of items: those that are here, and those to come. Others go on meanwhile."""
    with open_node(node) as opened, _progress(quiet=quiet or json) as progress:
        opened.items.declare(name, kind, title, progress)
    print_json({"added": name}) if json else say(f"Filters of items may name {name}.", quiet=quiet)


@queryable_app.command("remove")
def queryable_remove(
    name: Annotated[str, typer.Argument(help="Name of a property that was added.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Take back a property that was added; the items stay as they are."""
    with open_node(node) as opened:
        opened.items.undeclare(name)
    print_json({"removed": name}) if json else say(f"Removed {name}.")


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[int, int], None] | None]:
    """A bar of the items that were gone through on a terminal, else nothing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("Reading items"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("items", total=None)
        yield lambda done, total: bar.update(task, total=total, completed=done)

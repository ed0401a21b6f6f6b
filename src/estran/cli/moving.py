"""Moving a node's state from one database to another."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from estran.catalogue.store.moving import Step

_WORDS = {"copy": "Copying", "index": "Indexing", "verify": "Verifying"}


def migrate(
    to: Annotated[
        str,
        typer.Option(
            envvar="ESTRAN_MIGRATE_TO",
            help="URL of an empty database: sqlite:///FILE or postgresql://USER@HOST/NAME.",
            show_envvar=True,
        ),
    ],
    switch: Annotated[
        bool,
        typer.Option("--switch", help="Name the new database in estran.toml once all is there and proven."),
    ] = False,
    node: NodeOption = HERE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Copy the node's whole state into an empty database of any engine; the old one stays as it is."""
    from estran.storage import shown  # noqa: PLC0415

    with open_node(node) as opened, _progress(quiet=quiet or json) as progress:
        done = opened.migrate(to, switch=switch, progress=progress)
        before = shown(opened.settings.storage.database)
    if json:
        tables = {name: {"rows": d.rows, "digest": d.hash} for name, d in done.tables.items()}
        print_json({"to": shown(to), "rows": done.rows, "switched": done.switched, "tables": tables})
        return
    say(
        f"{done.rows:,} rows of {len(done.tables)} tables are in {shown(to)}, each table proven equal.",
        quiet=quiet,
    )
    if done.switched:
        say(
            f"{node}/estran.toml names it now; start again what serves the node. {before} was left as it is.",
            quiet=quiet,
        )
    else:
        say("To use it, name it as “database” in the table “storage” of estran.toml.", quiet=quiet)


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[Step], None] | None]:
    """A bar a step on a terminal, else nothing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description:9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        tasks = {name: bar.add_task(word, total=None) for name, word in _WORDS.items()}

        def show(step: Step) -> None:
            bar.update(tasks[step.name], total=step.total, completed=step.done)

        yield show

"""Moving a node's state from one database to another."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from estran.catalogue.store.moving import Step
    from estran.jobs import Job
    from estran.node import Node

_OPEN = ("running", "queued")
_MOST_JOBS, _SHOWN = 200, 3
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
        left = _left(opened)
    if json:
        tables = {name: {"rows": d.rows, "digest": d.hash} for name, d in done.tables.items()}
        jobs = [{"id": job.id, "work": job.work, "state": job.state} for job in left]
        print_json(
            {
                "to": shown(to),
                "rows": done.rows,
                "switched": done.switched,
                "tables": tables,
                "jobs_left": jobs,
            }
        )
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
    say(_about_jobs(left), quiet=quiet)


def _left(node: Node) -> list[Job]:
    """The jobs that are not over; they stay with the old database."""
    return [job for state in _OPEN for job in node.jobs.list(state=state, limit=_MOST_JOBS).jobs]


def _about_jobs(left: list[Job]) -> str:
    """What becomes of work that was asked for, or is due."""
    due = "What is due by a schedule of a source or of the settings goes on from the new database."
    if not left:
        return f"No job was waiting. {due}"
    named = ", ".join(job.id for job in left[:_SHOWN]) + ("…" if len(left) > _SHOWN else "")
    return (
        f"Not moved: {len(left)} job{'' if len(left) == 1 else 's'} of the old queue ({named}). A worker that is started "
        f"on the new database does not know them; ask for them again, such as by “estran harvest run”. {due}"
    )


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

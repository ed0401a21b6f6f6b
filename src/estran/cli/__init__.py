"""The command line: one command a verb of the node.

Data goes to standard output, progress and messages to standard error. Exit codes: 0 done, 1 failure,
2 usage, 3 not found, 4 not allowed, 5 invalid (some input was refused).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from estran.cli import (
    feeds,
    harvest,
    links,
    moving,
    orders,
    quality,
    queryables,
    records,
    registry,
    running,
    views,
    vocabularies,
    working,
)
from estran.cli.shared import complain
from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_CODES: dict[type[EstranError], int] = {
    EstranError: 1,
    Unavailable: 1,
    Conflict: 1,
    NotFound: 3,
    NotAllowed: 4,
    Invalid: 5,
}

app = typer.Typer(
    name="estran",
    help="Find, read, cross, publish and cite Earth-system data.\n\n"
    "First steps:  estran demo   ·   or, with your own metadata:  estran load FOLDER, "
    "estran search WORDS, estran serve",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    records.init,
    records.load,
    records.search,
    records.show,
    records.export,
    records.remove,
    running.serve,
    working.work,
    running.demo,
    running.doctor,
    running.settings,
    moving.migrate,
):
    app.command()(command)
app.add_typer(registry.centre_app, name="centre")
app.add_typer(registry.token_app, name="token")
app.add_typer(queryables.queryable_app, name="queryable")
app.add_typer(vocabularies.vocabulary_app, name="vocabulary")
app.add_typer(harvest.harvest_app, name="harvest")
app.add_typer(links.links_app, name="links")
app.add_typer(views.view_app, name="view")
app.add_typer(quality.observations_app, name="observations")
app.add_typer(feeds.feeds_app, name="feeds")
app.add_typer(orders.orders_app, name="orders")
app.add_typer(working.jobs_app, name="jobs")


def main() -> None:
    """The ``estran`` command."""
    try:
        app()
    except EstranError as error:
        complain(str(error))
        sys.exit(_exit_code(error))
    except BrokenPipeError:  # the reader, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _exit_code(error: EstranError) -> int:
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def commands() -> Iterable[str]:
    """Names of all commands, for the reference."""
    return [
        *(c.name or c.callback.__name__ for c in app.registered_commands if c.callback),
        "centre",
        "token",
        "queryable",
        "vocabulary",
        "harvest",
        "links",
        "view",
        "jobs",
    ]

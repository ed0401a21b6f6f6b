"""What the commands share: options, opening the node, output."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from estran.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from estran.catalogue import Progress
    from estran.node import Node

NodeOption = Annotated[
    Path, typer.Option("--node", envvar="ESTRAN_NODE", help="The node's folder.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON value a line, for programs.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no messages, errors excepted.")
]
HERE = Path("estran-node")


def complain(text: str) -> None:
    """Print an error."""
    from rich.console import Console  # noqa: PLC0415 - rich loads when there is something to draw

    Console(stderr=True).print(f"[bold red]Error:[/] {escaped(text)}", highlight=False, soft_wrap=True)


def escaped(text: str) -> str:
    """Text in which Rich sees no markup."""
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)


def say(text: str, *, quiet: bool = False) -> None:
    """Print a message."""
    if not quiet:
        typer.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print one JSON value on a line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


@contextmanager
def open_node(folder: Path, *, create: bool = False) -> Generator[Node]:
    """The node of a folder.

    Raises:
        NotFound: there is none, and it shall not be made.
    """
    import estran  # noqa: PLC0415 - opening loads the rooms

    if not create and not (folder / "estran.toml").exists():
        raise NotFound(
            "node",
            str(folder),
            f"Make one with “estran init --node {folder}”, or load into it: “estran load PATH --node {folder}”.",
        )
    with estran.open(folder) as node:
        yield node


@contextmanager
def progress_bar(*, quiet: bool) -> Generator[Callable[[Progress], None] | None]:
    """What to tell a load's progress: a bar on a terminal, else nothing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    with Bar(
        TextColumn("Loading"),
        BarColumn(),
        TextColumn("{task.fields[stored]} stored"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("load", total=None, stored=0)

        def show(at: Progress) -> None:
            bar.update(task, total=max(at.bytes_hint, at.bytes, 1), completed=at.bytes, stored=at.stored)

        yield show

"""Other servers of observations, taken by the same `load` as files."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from estran.catalogue import LoadReport
    from estran.node import Node
    from estran.observations.remote import Copying

__all__ = ["LookBackOption", "SinceOption", "TokenFileOption", "Wanted", "copy", "parted", "token_of"]

TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="ESTRAN_TOKEN_FILE",
        help="File with the token for a server that asks for one; it is told to that server alone.",
        show_default=False,
    ),
]
LookBackOption = Annotated[
    float,
    typer.Option(
        "--look-back",
        min=0,
        help="Days before the newest observation that was taken of a server, of which corrections are asked for.",
    ),
]
SinceOption = Annotated[
    str,
    typer.Option("--since", help="A date, nothing before which is taken of a server.", show_default=False),
]
_LONGEST_TOKEN = 20_000


class Wanted:
    """How servers are to be read; the members are the options of `load`."""

    def __init__(self, token: str, look_back_days: float, since: str, given: dict[str, str]) -> None:
        self.token, self.look_back_days, self.since, self.given = token, look_back_days, since, given


def parted(given: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Paths of this machine, and addresses of servers."""
    addresses = [one for one in given if re.match(r"https?://", one, re.IGNORECASE)]
    return [Path(one) for one in given if one not in addresses], addresses


def token_of(file: Path | None) -> str:
    """The token in a file.

    Raises:
        Invalid: there is none.
    """
    if file is None:
        return ""
    try:
        token = file.read_text("utf-8")[:_LONGEST_TOKEN].strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Invalid(f"the token cannot be read ({why})", str(file)) from None
    if not token:
        raise Invalid("there is no token in it", str(file))
    return token


def copy(node: Node, addresses: Sequence[str], wanted: Wanted, report: LoadReport, *, quiet: bool) -> None:
    """Take servers in, and say so in the report of a load."""
    for address in addresses:
        with _progress(quiet=quiet) as progress:
            found = node.observations.remote.copy(
                address, token=wanted.token, look_back_days=wanted.look_back_days, since=wanted.since,
                progress=progress, **wanted.given,
            )  # fmt: skip
        rows = found.rows
        told = {
            "datastreams": found.datastreams, "new": rows.new, "changed": rows.changed, "unchanged": rows.unchanged,
        }  # fmt: skip
        held = report.observations or dict.fromkeys(told, 0)
        report.observations = {name: held[name] + told[name] for name in told}
        report.refused += found.refused


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[Copying], None] | None]:
    """A bar of the series that were read on a terminal, else nothing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("Copying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("copy", total=None, said="")

        def show(at: Copying) -> None:
            rows = at.rows
            said = f"{rows.new + rows.changed + rows.unchanged:,} observations"
            bar.update(task, total=at.announced or None, completed=at.series, said=said)

        yield show

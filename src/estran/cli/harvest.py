"""Reading the catalogues of others."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from estran.cli.shared import (
    HERE,
    JsonOption,
    NodeOption,
    QuietOption,
    complain,
    escaped,
    open_node,
    print_json,
    say,
)
from estran.errors import EstranError, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from estran.catalogue.harvest import HarvestSource, RunReport
    from estran.catalogue.harvest.door import Harvest
    from estran.node import Node

harvest_app = typer.Typer(help="Catalogues of others, read into this one.", no_args_is_help=True)

_REFUSED_EXIT, _FAILED_EXIT = 5, 1
_SHOWN = 20
_Name = Annotated[str, typer.Argument(help="Name of a source.")]


@harvest_app.command("add")
def harvest_add(
    name: Annotated[str, typer.Argument(help="A short word for the source: letters, digits, dots, hyphens.")],
    url: Annotated[str, typer.Argument(help="Where its protocol is spoken, or a folder.")],
    node: NodeOption = HERE,
    protocol: Annotated[
        str, typer.Option(help="Such as csw or oai-pmh; guessed where it is not given.")
    ] = "",
    option: Annotated[
        list[str] | None, typer.Option(help="Of the protocol, as name=value; may be given again.")
    ] = None,
    centre: Annotated[str, typer.Option(help="Centre of its records; else the claims decide.")] = "",
    visibility: Annotated[
        Literal["public", "restricted", "draft"], typer.Option(help="Who may see its records.")
    ] = "public",
    schedule: Annotated[str, typer.Option(help="When to harvest, as cron has it, in UTC: “0 3 * * *”.")] = "",
    precedence: Annotated[
        int, typer.Option(help="Of several sources with one dataset the highest is believed first.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Set up a source; “estran harvest run NAME” reads it."""
    with open_node(node) as opened:
        made = opened.harvest.add(
            name, url, protocol, options=options_of(option or []), centre=centre, visibility=visibility,
            schedule=schedule, precedence=precedence,
        )  # fmt: skip
    if json:
        print_json(_shown(made))
    else:
        say(
            f"Added {made.name}, which speaks {made.protocol}. Read it with “estran harvest run {made.name}”."
        )


@harvest_app.command("list")
def harvest_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the sources, and how their last runs ended."""
    with open_node(node) as opened:
        rows = [(one, next(iter(opened.harvest.runs(one.name, 1)), None)) for one in opened.harvest.sources()]
    for source, last in rows:
        if json:
            print_json({**_shown(source), "last": asdict(last) if last else None})
        else:
            state = _line(last) if last else "never read"
            paused = "" if source.active else "  (paused)"
            typer.echo(f"{source.name:20} {source.protocol:12} {state}{paused}")


@harvest_app.command("run")
def harvest_run(
    name: Annotated[str, typer.Argument(help="Name of a source, unless --all.")] = "",
    node: NodeOption = HERE,
    everyone: Annotated[
        bool, typer.Option("--all", help="All sources that are not paused, one after the other.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="The whole source, not only what changed.")] = False,
    confirm_loss: Annotated[
        bool,
        typer.Option("--confirm-loss", help="What the source does not name any more goes, however much."),
    ] = False,
    reread: Annotated[
        bool, typer.Option("--reread", help="Read every document again, unchanged ones as well.")
    ] = False,
    background: Annotated[bool, typer.Option("--background", help="Leave it to “estran work”.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Read a source now; what was cut goes on where it ended."""
    if bool(name) == everyone:
        raise typer.BadParameter("give the name of a source, or --all")
    with open_node(node) as opened:
        harvest = opened.harvest
        names = [one.name for one in harvest.sources() if one.active] if everyone else [name]
        given = {"full": full, "confirm_loss": confirm_loss, "reread": reread}
        worst = 0
        if background:
            for one in names:
                _ask(opened, one, given, json=json, quiet=quiet)
            return
        for one in names:
            code = _run(harvest, one, given, json=json, quiet=quiet, goes_on=everyone)
            worst = max(worst, code)
    if worst:
        raise typer.Exit(worst)


@harvest_app.command("status")
def harvest_status(
    name: _Name,
    node: NodeOption = HERE,
    limit: Annotated[int, typer.Option(min=1, help="So many refused or missed, with reasons.")] = _SHOWN,
    json: JsonOption = False,
) -> None:
    """Show the last runs of a source, and what was refused or missed, with the reasons."""
    with open_node(node) as opened:
        harvest = opened.harvest
        runs = harvest.runs(name, 10)
        refused = harvest.entries(name, "refused", limit=limit).entries
        missed = harvest.missed(runs[0].id, limit) if runs else ()
        source = harvest.source(name)
    if json:
        print_json(
            {
                "source": _shown(source),
                "runs": [asdict(one) for one in runs],
                "refused": [asdict(one) for one in refused],
                "missed": [asdict(one) for one in missed],
            }
        )
        return
    for one in runs:
        typer.echo(f"{one.id:>6}  {one.started[:19]}  {'full   ' if one.full else 'changes'}  {_line(one)}")
    for entry in refused:
        typer.echo(f"refused  {entry.key}: {entry.why}")
    for one in missed:
        typer.echo(f"missed   {one.place}: {one.why}")


@harvest_app.command("show")
def harvest_show(
    name: _Name,
    key: Annotated[str, typer.Argument(help="What the source calls the document.")],
    node: NodeOption = HERE,
) -> None:
    """Print a document as the source gave it, a refused one as well."""
    with open_node(node) as opened:
        body = opened.harvest.document(name, key)
    typer.echo(body, nl=False)


@harvest_app.command("change")
def harvest_change(
    name: _Name,
    node: NodeOption = HERE,
    url: Annotated[str | None, typer.Option(help="A new address.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="All options of the protocol, name=value.")] = None,
    centre: Annotated[str | None, typer.Option(help="Another centre; “” lets the claims decide.")] = None,
    visibility: Annotated[
        Literal["public", "restricted", "draft"] | None, typer.Option(help="Who may see its records.")
    ] = None,
    schedule: Annotated[str | None, typer.Option(help="When to harvest; “” for never by itself.")] = None,
    precedence: Annotated[int | None, typer.Option(help="The highest is believed first.")] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--paused", help="Whether schedules and --all reach it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change how a source is read; the next run applies it to all of its records."""
    with open_node(node) as opened:
        made = opened.harvest.change(
            name, url=url, options=None if option is None else options_of(option), centre=centre,
            visibility=visibility, schedule=schedule, precedence=precedence, active=active,
        )  # fmt: skip
    print_json(_shown(made)) if json else say(f"Changed {name}.")


@harvest_app.command("remove")
def harvest_remove(
    name: _Name,
    node: NodeOption = HERE,
    keep_records: Annotated[
        bool, typer.Option("--keep-records", help="Its records stay, and are not followed any more.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Forget a source and what it gave."""
    with open_node(node) as opened:
        opened.harvest.remove(name, keep_records=keep_records)
    print_json({"removed": name}) if json else say(f"Removed {name}.")


def _run(
    harvest: Harvest, name: str, given: dict[str, bool], *, json: bool, quiet: bool, goes_on: bool
) -> int:
    """The exit code of one source; of many, an error of one does not keep the others from their turn."""
    try:
        with _progress(name, quiet=quiet or json) as progress:
            report = harvest.run(name, **given, progress=progress)
    except EstranError as error:
        if not goes_on:
            raise
        complain(f"{name}: {error}")
        return _FAILED_EXIT
    if json:
        print_json(asdict(report))
    else:
        say(f"{name}: {_line(report)}", quiet=quiet)
        if report.refused:
            say(f"“estran harvest status {name}” says what was refused, and why.", quiet=quiet)
    if report.state != "done":
        return _FAILED_EXIT
    return _REFUSED_EXIT if report.refused else 0


def _ask(node: Node, name: str, given: dict[str, bool], *, json: bool, quiet: bool) -> None:
    """Have a worker read a source."""
    asked = {"source": node.harvest.source(name).name, **{key: True for key, on in given.items() if on}}
    job = node.jobs.enqueue("harvest", asked, alone=name)
    if json:
        print_json({"source": name, "job": job.id, "arguments": job.arguments})
        return
    say(f"{name}: “estran jobs show {job.id}” says how far it is.", quiet=quiet)
    if job.arguments != asked:
        say("It was asked for before, with other options, and these do not count.", quiet=quiet)


def _line(report: RunReport) -> str:
    counted = [
        f"{number} {word}"
        for word in ("new", "changed", "unchanged", "refused", "removed", "missed")
        if (number := getattr(report, word))
    ]
    note = f" – {report.note}" if report.note else ""
    return f"{report.state}: {', '.join(counted) or 'nothing'}{note}"


def options_of(given: list[str]) -> dict[str, str]:
    """Options that were written as name=value.

    Raises:
        Invalid: one has no value.
    """
    pairs = [one.partition("=") for one in given]
    if wrong := next((name for name, mark, _ in pairs if not mark), None):
        raise Invalid("write it as name=value", f"option {wrong}")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _shown(source: HarvestSource) -> dict[str, Any]:
    """A source without the password of its address."""
    parts = urlsplit(source.url)
    url = source.url.replace(f":{parts.password}@", ":…@", 1) if parts.password else source.url
    return {**asdict(source), "url": url}


@contextmanager
def _progress(name: str, *, quiet: bool) -> Generator[Callable[[RunReport], None] | None]:
    """A bar of what was seen on a terminal, else nothing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(escaped(name), total=None, said="")

        def show(at: RunReport) -> None:
            said = f"{at.new} new, {at.changed} changed, {at.refused} refused"
            bar.update(task, total=at.announced, completed=at.seen + at.withdrawn, said=said)

        yield show

"""Quality of observations: what experts say of periods, and what the machine tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from estran.cli.observations import observations_app
from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say
from estran.model import EVER_US, NEVER_US, moment_us

if TYPE_CHECKING:
    from estran.observations.store.verdicts import Verdict

__all__ = ["observations_app"]

_NUMBER = Annotated[int, typer.Argument(help="Number of the datastream.")]


@observations_app.command("flag")
def observations_flag(
    datastream: _NUMBER,
    period: Annotated[
        str, typer.Argument(help="A date, or START/END, both included; .. leaves an end open.")
    ],
    quality: Annotated[str, typer.Argument(help="good, not_evaluated, suspect, bad or missing.")],
    reason: Annotated[str, typer.Option(help="Why, for those who come after.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say how good the observations of a period are; of those that come late as well, until it is taken back."""
    with open_node(node) as opened:
        made = opened.observations.quality.judge(datastream, period, quality, reason)
    if json:
        print_json(_told(made))
    say(f"Verdict {made.number}; “estran observations unflag {made.number}” takes it back.", quiet=quiet)


@observations_app.command("unflag")
def observations_unflag(
    verdict: Annotated[int, typer.Argument(help="Number of the verdict.")],
    node: NodeOption = HERE,
    quiet: QuietOption = False,
) -> None:
    """Take a verdict back: what it covered is again as it was without it."""
    with open_node(node) as opened:
        opened.observations.quality.undo(verdict)
    say(f"Verdict {verdict} is taken back.", quiet=quiet)


@observations_app.command("flags")
def observations_flags(datastream: _NUMBER, node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List what experts said of a datastream, with what was taken back."""
    with open_node(node) as opened:
        for one in opened.observations.quality.verdicts(datastream):
            if json:
                print_json(_told(one))
                continue
            told = _told(one)
            gone = f"  (taken back by {one.undone_by}, {told['undone_at'][:10]})" if told["undone_at"] else ""
            period = f"{told['start'] or '..'}/{told['end'] or '..'}"
            typer.echo(
                f"{one.number:6}  {period:45} {one.code}  {one.by}, {told['at'][:10]}: {one.reason}{gone}"
            )


@observations_app.command("qc")
def observations_qc(
    plan: Annotated[
        Path | None,
        typer.Argument(
            help="TOML or JSON that says what is tested; it takes the place of the plan of the same name."
        ),
    ] = None,
    node: NodeOption = HERE,
    record: Annotated[str, typer.Option(help="Test only datastreams of this record.")] = "",
    datastream: Annotated[int, typer.Option(help="Test only the datastream of this number.")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="Test them again from their first observation.")
    ] = False,
    forget: Annotated[str, typer.Option(help="Forget the plan of this name before.")] = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Test what waits for its tests; what is loaded later is tested as it comes."""
    from estran.observations.quality.plans import read  # noqa: PLC0415 - heavy

    given = read(plan) if plan is not None else None
    with open_node(node) as opened:
        observations = opened.observations
        if forget:
            observations.quality.forget(forget)
        if given is not None:
            observations.quality.plan(given)
        numbers = [datastream] if datastream else []
        chosen = observations.datastreams(record=record, numbers=numbers) if record or datastream else None
        report = observations.quality.test(chosen, again=again)
    counts = {"datastreams": report.datastreams, "tested": report.observations, "changed": report.changed}
    if json:
        print_json({**counts, "refused": [{"datastream": n, "why": why} for n, why in report.refused]})
    for number, why in report.refused:
        say(f"datastream {number}: {why}", quiet=False)
    told = f"{report.observations:,} observations of {report.datastreams:,} datastreams tested, {report.changed:,} outcomes changed."
    say(told, quiet=quiet)
    if report.refused:
        raise typer.Exit(5)


def _told(one: Verdict) -> dict[str, Any]:
    return {
        "number": one.number,
        "datastream": one.datastream,
        "start": moment_us(one.start) if one.start > EVER_US else None,
        "end": moment_us(one.end) if one.end < NEVER_US else None,
        "quality": one.code,
        "reason": one.reason,
        "by": one.by,
        "at": moment_us(one.at),
        "undone_by": one.undone_by or None,
        "undone_at": moment_us(one.undone_at) if one.undone_at is not None else None,
    }

"""Whether what records lead to is there."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say

if TYPE_CHECKING:
    from estran.catalogue.probing import LinkReport, RecordLink

links_app = typer.Typer(help="Addresses that records lead to: whether they work.", no_args_is_help=True)

_PAGE = 1000


@links_app.command("check")
def links_check(
    node: NodeOption = HERE,
    limit: Annotated[int, typer.Option(min=0, help="So many addresses at most; 0 for all that are due.")] = 0,
    host: Annotated[str, typer.Option(help="Only of this host, such as data.example.org.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Those that are not due as well.")] = False,
    background: Annotated[bool, typer.Option("--background", help="Leave it to “estran work”.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask the addresses that are due, each once; what is cut goes on where it ended."""
    if background and (limit or again):
        raise typer.BadParameter("in the background all that is due is asked: leave --limit and --again out")
    with open_node(node) as opened:
        if background:
            job = opened.jobs.enqueue("probe", {"host": host} if host else {}, alone="links")
            if json:
                print_json({"job": job.id})
            else:
                say(f"Asked for as {job.id}; “estran work” does it.", quiet=quiet)
            return
        report = opened.link_checks.check(
            limit=limit, host=host, again=again, progress=lambda at: None if json else say(_line(at), quiet=quiet)
        )  # fmt: skip
    if json:
        print_json(asdict(report))
    else:
        say(_line(report) + (f"; {report.waiting} are due" if report.waiting else ""), quiet=quiet)


@links_app.command("list")
def links_list(
    node: NodeOption = HERE,
    state: Annotated[
        Literal["dead", "wrong", "login", "unknown", "ok"], typer.Option(help="What came of them.")
    ] = "dead",
    centre: Annotated[str, typer.Option(help="Only of this centre's records.")] = "",
    source: Annotated[str, typer.Option(help="Only of records from this source.")] = "",
    json: JsonOption = False,
) -> None:
    """List the links of one state, with their records."""
    with open_node(node) as opened:
        cursor = ""
        while True:
            page = opened.link_checks.list(state, centre=centre, source=source, cursor=cursor, limit=_PAGE)
            for link in page.links:
                if json:
                    print_json(asdict(link))
                else:
                    typer.echo(_shown(link))
            cursor = page.next
            if not cursor:
                return


def _line(report: LinkReport) -> str:
    states = ", ".join(f"{count} {state}" for state, count in sorted(report.states.items()))
    return f"{report.checked} asked" + (f": {states}" if states else "")


def _shown(link: RecordLink) -> str:
    check = link.check
    why = " ".join(part for part in (check.reason, check.detail, link.layer) if part)
    return f"{check.state:8}  {check.since[:10] or '-':10}  {check.kind:6}  {check.url}  {link.record}  {why}".rstrip()

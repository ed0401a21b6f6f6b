"""The catalogue's commands: init, load, search, show, export, remove."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from estran.cli import remote
from estran.cli.items import ITEM_FORMATS, export_items
from estran.cli.reasons import sentence, why
from estran.cli.shared import (
    HERE,
    JsonOption,
    NodeOption,
    QuietOption,
    escaped,
    open_node,
    print_json,
    progress_bar,
    say,
)
from estran.cli.vocabularies import tell_loaded
from estran.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.catalogue import LoadReport, Reason
    from estran.model import Record

_REFUSED = 5
MergedOption = Annotated[
    bool,
    typer.Option("--merged", help="What it lacks, filled from other records of the same dataset."),
]


def init(
    node: NodeOption = HERE,
    name: Annotated[str, typer.Option(help="Name of the node, shown on its pages.")] = "",
    json: JsonOption = False,
) -> None:
    """Make a node: a folder with its settings, database and the first organisations."""
    file = node / "estran.toml"
    fresh = not file.exists()
    if fresh and name:
        node.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"# Settings of this Estran node; “estran settings” lists all that there are.\nname = {msgspec.json.encode(name).decode()}\n",
            "utf-8",
        )
    with open_node(node, create=True) as opened:
        if json:
            print_json(
                {
                    "node": str(opened.folder.resolve()),
                    "created": fresh,
                    "organisations": len(opened.organisations.all()),
                }
            )
        else:
            say(
                f"{'Made' if fresh else 'There is'} a node in {opened.folder.resolve()}.\nNext: estran load PATH --node {node}, then estran serve --node {node}"
            )


def load(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, archives (.gz, .zip, .mef), lines of JSON, Parquet of items; addresses of SensorThings "
            "servers and of ERDDAP tables."
        ),
    ],
    node: NodeOption = HERE,
    source: Annotated[
        str, typer.Option(help="Where they come from; one identifier within a source is one record.")
    ] = "local",
    centre: Annotated[
        str, typer.Option(help="Id of the centre they belong to; without it the registry's claims decide.")
    ] = "",
    visibility: Annotated[
        Literal["", "public", "restricted", "draft"],
        typer.Option(help="Who may see them (public if not said).", show_default=False),
    ] = "",
    kind: Annotated[
        Literal["", "records", "observations"],
        typer.Option(
            "--as",
            help="What the files are taken for; tables are observations only if it is said.",
            show_default=False,
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Say how the observations of tables would be understood, and what a server has; store nothing.",
        ),
    ] = False,
    token_file: remote.TokenFileOption = None,
    look_back: remote.LookBackOption = 7.0,
    since: remote.SinceOption = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take metadata, observations and vocabularies in; the format is recognised by content, and good files load even when others are refused."""
    from estran.catalogue import LoadReport  # noqa: PLC0415 - heavy

    files, addresses = remote.parted(paths)
    token = remote.token_of(token_file)
    if dry_run:
        with open_node(node, create=True) as opened:
            for name, words in opened.observations.explained(files):
                typer.echo(f"{name}\n{words}")
            for address in addresses:
                typer.echo(opened.observations.remote.explained(address, token=token))
        return
    given = {"source": source, "centre": centre, "visibility": visibility}
    with open_node(node, create=True) as opened:
        report = LoadReport()
        if files:
            with progress_bar(quiet=quiet or json) as progress:
                report = opened.load(
                    files, source=source, centre=centre, visibility=visibility, kind=kind, progress=progress
                )
        remote.copy(
            opened, addresses, remote.Wanted(token, look_back, since, given), report, quiet=quiet or json
        )
    _tell(report, json=json, quiet=quiet)


def _tell(report: LoadReport, *, json: bool, quiet: bool) -> None:
    if json:
        refused = [{"file": r.file, "line": r.line, "why": r.why} for r in report.refused]
        print_json(
            {
                "read": report.read,
                "new": report.new,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "vocabularies": [{"name": v.name, "outcome": v.outcome} for v in report.vocabularies],
                "observations": report.observations,
                "refused": refused,
            }
        )
    else:
        for refusal in report.refused:
            say(
                f"refused  {refusal.file}{f':{refusal.line}' if refusal.line else ''}: {refusal.why}",
                quiet=quiet,
            )
        for vocabulary in report.vocabularies:
            tell_loaded(vocabulary, json=False, quiet=quiet)
        say(
            f"{report.read} records read: {report.new} new, {report.changed} changed, {report.unchanged} unchanged; {len(report.refused)} refused.",
            quiet=quiet,
        )
        if rows := report.observations:
            say(
                f"{sum(rows.values()) - rows['datastreams']:,} observations read: {rows['new']:,} new, "
                f"{rows['changed']:,} changed, {rows['unchanged']:,} unchanged; {rows['datastreams']:,} new datastreams.",
                quiet=quiet,
            )
    if report.refused:
        raise typer.Exit(_REFUSED)


def search(
    text: Annotated[str, typer.Argument(help='Words, French or English; "quotes" keep words together.')] = "",
    node: NodeOption = HERE,
    bbox: Annotated[str, typer.Option(help="west,south,east,north in degrees.")] = "",
    time: Annotated[str, typer.Option(help="A date, or START/END; .. leaves an end open.")] = "",
    hub: Annotated[list[str] | None, typer.Option(help="Hub; may be given several times.")] = None,
    centre: Annotated[list[str] | None, typer.Option(help="Centre; may be given several times.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="dataset, collection, service… ; may be given several times.")
    ] = None,
    concept: Annotated[
        list[str] | None, typer.Option(help="Address of a concept; what is narrower is found too.")
    ] = None,
    meaning: Annotated[
        bool, typer.Option(help="Whether words are also found by what they mean in the node's vocabularies.")
    ] = True,
    filter: Annotated[str, typer.Option(help="A CQL2 text expression.")] = "",
    sort: Annotated[
        str, typer.Option(help="relevance, updated, title, published, start, end; a minus turns it around.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="At most so many records.")] = 20,
    json: JsonOption = False,
) -> None:
    """Find records: all the words, touching the box, overlapping the time; each says why it was found."""
    from estran.model import plain  # noqa: PLC0415

    with open_node(node) as opened:
        left, cursor, matched, number = limit, "", 0, 0
        while True:
            page = opened.search(
                text, bbox=bbox or None, time=time, hub=hub or (), centre=centre or (), kind=kind or (), filter=filter,
                concept=concept or (), meaning=meaning, sort=sort, limit=min(left, 500), cursor=cursor,
            )  # fmt: skip
            matched = page.matched
            for record in page:
                number += 1
                others = page.others.get(record.id, ())
                reasons = page.reasons.get(record.id, ())
                if json:
                    print_json(plain(record) | _also(others) | why(reasons))
                else:
                    _show_line(number, record, others, reasons)
            left -= len(page)
            cursor = page.next
            if left <= 0 or not cursor:
                break
    if json:
        print_json({"matched": matched})
    else:
        say(
            f"{matched} records match."
            if matched
            else "No record matches. Try fewer words, a larger box or no filter."
        )


def _also(others: Iterable[str]) -> dict[str, list[str]]:
    """What JSON says of the other records of a dataset."""
    return {"also_described_by": listed} if (listed := list(others)) else {}


def _show_line(number: int, record: Record, others: tuple[str, ...], reasons: tuple[Reason, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415

    period = record.extent.period
    facts = [record.kind, record.centre, f"{period.start or '…'} – {period.end or '…'}" if period else ""]
    facts += [f"also described by {len(others)} other{'s' * (len(others) > 1)}"] if others else []
    console = Console()
    console.print(
        f"[bold]{number:3}  {escaped(str(record.title) or record.identifier)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"     [cyan]{record.id}[/]  {escaped('  '.join(f for f in facts if f))}",
        highlight=False,
        soft_wrap=True,
    )
    if reasons:
        told = escaped("; ".join(map(sentence, reasons)))
        console.print(f"     [dim]{told}[/]", highlight=False, soft_wrap=True)


def show(
    id: Annotated[str, typer.Argument(help="Id of the record.")],
    node: NodeOption = HERE,
    merged: MergedOption = False,
    json: JsonOption = False,
) -> None:
    """Read one record; the others that describe the same dataset are named."""
    from estran.model import plain  # noqa: PLC0415

    with open_node(node) as opened:
        whole = opened.merged(id)
        record = whole.record if merged else opened.show(id)
        others = [one for one in whole.members if one.id != record.id]
        given = dict(whole.given) if merged else {}
        if json:
            filled = {"filled_from": given} if given else {}
            print_json(plain(record) | _also(one.id for one in others) | filled)
            return
        originals = opened.originals(record.id)
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    console.print(
        f"[bold]{escaped(str(record.title) or record.identifier)}[/]\n", highlight=False, soft_wrap=True
    )
    for label, value in _facts(record):
        console.print(f"[cyan]{label:>12}[/]  {escaped(value)}", highlight=False, soft_wrap=True)
    if record.abstract:
        console.print(f"\n{escaped(str(record.abstract))}", highlight=False, soft_wrap=True)
    for link in (d for d in record.distributions if d.url or d.title or d.name):
        console.print(
            f"\n[cyan]{link.function or 'link':>12}[/]  {escaped(str(link.title) or link.name)}  {escaped(link.url)}",
            highlight=False,
            soft_wrap=True,
        )
    for warning in record.warnings:
        console.print(f"[yellow]     warning[/]  {escaped(warning)}", highlight=False, soft_wrap=True)
    for one in others:
        told = "  ".join(x for x in (one.source, one.centre, one.standard, one.date[:10]) if x)
        console.print(f"\n[cyan]        also[/]  {one.id}  {escaped(told)}", highlight=False, soft_wrap=True)
    for name, from_ in given.items():
        console.print(f"[cyan]{name:>12}[/]  is from {from_}", highlight=False, soft_wrap=True)
    if originals:
        console.print(
            f"\n[cyan]    original[/]  {escaped(originals[0].name)} ({originals[0].format})",
            highlight=False,
            soft_wrap=True,
        )


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    period, box = record.extent.period, record.extent.box
    pairs = {
        "id": record.id, "kind": record.kind, "centre": record.centre, "source": record.source,
        "visibility": record.visibility, "identifier": record.identifier, "DOI": record.doi,
        "period": f"{period.start or '…'} – {period.end or '…'}" if period else "",
        "box": ", ".join(f"{v:g}" for v in box) if box else "",
        "variables": ", ".join(v.standard_name or str(v.label) or v.name for v in record.variables[:12]),
        "keywords": ", ".join(str(c.label) for c in record.concepts[:20]),
        "licence": ", ".join(x.spdx or str(x.name) for x in record.licences),
        "parties": ", ".join(dict.fromkeys(p.name or str(p.organisation) for p in record.parties)),
        "published": record.published, "updated": record.updated,
    }  # fmt: skip
    return ((label, value) for label, value in pairs.items() if value)


def export(
    id: Annotated[
        str, typer.Argument(help="Id of the record; for stac-geoparquet, STAC id of a collection.")
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="iso19115-3, stac, datacite-json, dcat-turtle, bibtex…; “original” gives the document as it came; "
            "“stac-geoparquet” all items of a collection.",
        ),
    ],
    node: NodeOption = HERE,
    merged: MergedOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output without it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a record in a metadata standard; what the standard cannot carry is said on standard error."""
    if format in ITEM_FORMATS:
        export_items(id, format, node, output, json=json)
        return
    with open_node(node) as opened:
        if format == "original":
            originals = opened.originals(id)
            if not originals:
                raise NotFound(
                    "original document of", id, "Data files such as NetCDF are not copied into the node."
                )
            body, losses = originals[0].body, ()
        else:
            written = opened.export(id, format, merged=merged)
            body, losses = written.body, written.losses
    if output:
        output.write_bytes(body)
    elif not json:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    if json:
        print_json(
            {
                "id": id,
                "format": format,
                "bytes": len(body),
                "file": str(output or ""),
                "losses": [{"field": x.field, "why": x.why} for x in losses],
            }
        )
    else:
        reasons: dict[str, list[str]] = {}
        for loss in losses:
            reasons.setdefault(loss.why, []).append(loss.field)
        for why, fields in reasons.items():
            say(f"not carried, as {why}: {', '.join(fields)}")


def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids of the records.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Take records out of the catalogue; the change log keeps that they were here."""
    with open_node(node) as opened:
        for id_ in ids:
            opened.remove(id_)
            print_json({"removed": id_}) if json else say(f"Removed {id_}.")

"""The command line: one command a verb of the node.

Data goes to standard output, progress and messages to standard error. Exit codes: 0 done, 1 failure,
2 usage, 3 not found, 4 not allowed, 5 invalid (some input was refused).
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from estran.catalogue import LoadReport, Progress
    from estran.model import Record
    from estran.node import Node

EXIT_CODES: dict[type[EstranError], int] = {
    EstranError: 1,
    Unavailable: 1,
    Conflict: 1,
    NotFound: 3,
    NotAllowed: 4,
    Invalid: 5,
}
_FAILED, _REFUSED = 1, 5

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
centre_app = typer.Typer(
    help="Hubs, centres and the other organisations of the registry.", no_args_is_help=True
)
token_app = typer.Typer(help="Keys that let others see or edit what is not public.", no_args_is_help=True)
app.add_typer(centre_app, name="centre")
app.add_typer(token_app, name="token")

NodeOption = Annotated[
    Path, typer.Option("--node", envvar="ESTRAN_NODE", help="The node's folder.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON value a line, for programs.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no messages, errors excepted.")
]
HERE = Path("estran-node")


def main() -> None:
    """The ``estran`` command."""
    try:
        app()
    except EstranError as error:
        _complain(str(error))
        sys.exit(_exit_code(error))
    except BrokenPipeError:  # the reader, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _exit_code(error: EstranError) -> int:
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def _complain(text: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - rich loads when there is something to draw

    Console(stderr=True).print(f"[bold red]Error:[/] {_plain(text)}", highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)


def _say(text: str, *, quiet: bool = False) -> None:
    if not quiet:
        typer.echo(text, err=True)


def _json(value: Any) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


@contextmanager
def _open(folder: Path, *, create: bool = False) -> Generator[Node]:
    import estran  # noqa: PLC0415 - opening loads the rooms

    if not create and not (folder / "estran.toml").exists():
        raise NotFound(
            "node",
            str(folder),
            f"Make one with “estran init --node {folder}”, or load into it: “estran load PATH --node {folder}”.",
        )
    with estran.open(folder) as node:
        yield node


@app.command()
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
    with _open(node, create=True) as opened:
        if json:
            _json(
                {
                    "node": str(opened.folder.resolve()),
                    "created": fresh,
                    "organisations": len(opened.organisations.all()),
                }
            )
        else:
            _say(
                f"{'Made' if fresh else 'There is'} a node in {opened.folder.resolve()}.\nNext: estran load PATH --node {node}, then estran serve --node {node}"
            )


@app.command()
def load(
    paths: Annotated[
        list[Path], typer.Argument(help="Files, folders, archives (.gz, .zip, .mef), lines of JSON.")
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
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take metadata in; the format is recognised by content, and good files load even when others are refused."""
    with _open(node, create=True) as opened, _progress(quiet=quiet or json) as progress:
        report = opened.load(paths, source=source, centre=centre, visibility=visibility, progress=progress)
    _tell(report, json=json, quiet=quiet)


def _tell(report: LoadReport, *, json: bool, quiet: bool) -> None:
    if json:
        refused = [{"file": r.file, "line": r.line, "why": r.why} for r in report.refused]
        _json(
            {
                "read": report.read,
                "new": report.new,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "refused": refused,
            }
        )
    else:
        for refusal in report.refused:
            _say(
                f"refused  {refusal.file}{f':{refusal.line}' if refusal.line else ''}: {refusal.why}",
                quiet=quiet,
            )
        _say(
            f"{report.read} records read: {report.new} new, {report.changed} changed, {report.unchanged} unchanged; {len(report.refused)} refused.",
            quiet=quiet,
        )
    if report.refused:
        raise typer.Exit(_REFUSED)


@contextmanager
def _progress(*, quiet: bool) -> Generator[Callable[[Progress], None] | None]:
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


@app.command()
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
    filter: Annotated[str, typer.Option(help="A CQL2 text expression.")] = "",
    sort: Annotated[
        str, typer.Option(help="relevance, updated, title, published, start, end; a minus turns it around.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="At most so many records.")] = 20,
    json: JsonOption = False,
) -> None:
    """Find records: all the words, touching the box, overlapping the time."""
    from estran.model import plain  # noqa: PLC0415

    with _open(node) as opened:
        left, cursor, matched, number = limit, "", 0, 0
        while True:
            page = opened.search(
                text, bbox=bbox or None, time=time, hub=hub or (), centre=centre or (), kind=kind or (), filter=filter,
                sort=sort, limit=min(left, 500), cursor=cursor,
            )  # fmt: skip
            matched = page.matched
            for record in page:
                number += 1
                _json(plain(record)) if json else _show_line(number, record)
            left -= len(page)
            cursor = page.next
            if left <= 0 or not cursor:
                break
    if json:
        _json({"matched": matched})
    else:
        _say(
            f"{matched} records match."
            if matched
            else "No record matches. Try fewer words, a larger box or no filter."
        )


def _show_line(number: int, record: Record) -> None:
    from rich.console import Console  # noqa: PLC0415

    period = record.extent.period
    facts = [record.kind, record.centre, f"{period.start or '…'} – {period.end or '…'}" if period else ""]
    console = Console()
    console.print(
        f"[bold]{number:3}  {_plain(str(record.title) or record.identifier)}[/]",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"     [cyan]{record.id}[/]  {_plain('  '.join(f for f in facts if f))}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="Id of the record.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Read one record."""
    from estran.model import plain  # noqa: PLC0415

    with _open(node) as opened:
        record = opened.show(id)
        if json:
            _json(plain(record))
            return
        originals = opened.originals(id)
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    console.print(
        f"[bold]{_plain(str(record.title) or record.identifier)}[/]\n", highlight=False, soft_wrap=True
    )
    for label, value in _facts(record):
        console.print(f"[cyan]{label:>12}[/]  {_plain(value)}", highlight=False, soft_wrap=True)
    if record.abstract:
        console.print(f"\n{_plain(str(record.abstract))}", highlight=False, soft_wrap=True)
    for link in (d for d in record.distributions if d.url or d.title or d.name):
        console.print(
            f"\n[cyan]{link.function or 'link':>12}[/]  {_plain(str(link.title) or link.name)}  {_plain(link.url)}",
            highlight=False,
            soft_wrap=True,
        )
    for warning in record.warnings:
        console.print(f"[yellow]     warning[/]  {_plain(warning)}", highlight=False, soft_wrap=True)
    if originals:
        console.print(
            f"\n[cyan]    original[/]  {_plain(originals[0].name)} ({originals[0].format})",
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


@app.command()
def export(
    id: Annotated[str, typer.Argument(help="Id of the record.")],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="iso19115-3, stac, datacite-json, dcat-turtle, bibtex…; “original” gives the document as it came.",
        ),
    ],
    node: NodeOption = HERE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; standard output without it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a record in a metadata standard; what the standard cannot carry is said on standard error."""
    with _open(node) as opened:
        if format == "original":
            originals = opened.originals(id)
            if not originals:
                raise NotFound(
                    "original document of", id, "Data files such as NetCDF are not copied into the node."
                )
            body, losses = originals[0].body, ()
        else:
            written = opened.export(id, format)
            body, losses = written.body, written.losses
    if output:
        output.write_bytes(body)
    elif not json:
        sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
    if json:
        _json(
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
            _say(f"not carried, as {why}: {', '.join(fields)}")


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids of the records.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Take records out of the catalogue; the change log keeps that they were here."""
    with _open(node) as opened:
        for id_ in ids:
            opened.remove(id_)
            _json({"removed": id_}) if json else _say(f"Removed {id_}.")


@app.command()
def serve(
    node: NodeOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8321,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    quiet: QuietOption = False,
) -> None:
    """Serve the portal and the APIs until interrupted."""
    import uvicorn  # noqa: PLC0415 - only the server needs it

    with _open(node):
        pass  # whatever is wrong with the node is said here, once, not by each worker
    os.environ["ESTRAN_NODE"] = str(node.resolve())
    _say(f"Estran serves {node} at http://{host}:{port} — stop it with Ctrl+C", quiet=quiet)
    uvicorn.run(
        "estran.web.app:from_environment", factory=True, host=host, port=port, workers=workers, log_level="warning",
        server_header=False, proxy_headers=False,
    )  # fmt: skip


@app.command()
def demo(
    node: NodeOption = Path("estran-demo"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8321,
    build_only: Annotated[bool, typer.Option("--no-serve", help="Build the node and stop.")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build a node from real open data and serve it: the quickest way to see Estran."""
    from estran import demo as demonstration  # noqa: PLC0415

    with _open(node, create=True) as opened, _progress(quiet=quiet or json) as progress:
        _say(f"Building the demonstration in {node}…", quiet=quiet)
        report = demonstration.build(opened, progress=progress)
    if json:
        _json(
            {
                "read": report.read,
                "new": report.new,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "refused": len(report.refused),
            }
        )
    else:
        _say(f"{report.read} records are ready.", quiet=quiet)
    if not build_only:
        serve(node=node, host=host, port=port, workers=1, quiet=quiet)


@app.command()
def doctor(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Look whether the node is well, with advice where it is not."""
    with _open(node) as opened:
        checks = opened.doctor()
    for check in checks:
        if json:
            _json(
                {
                    "name": check.name,
                    "ok": check.ok,
                    "detail": check.detail,
                    "advice": "" if check.ok else check.advice,
                }
            )
        else:
            typer.echo(
                f"{'well ' if check.ok else 'WRONG'}  {check.name}: {check.detail}{'' if check.ok else ' — ' + check.advice}"
            )
    if not all(check.ok for check in checks):
        raise typer.Exit(_FAILED)


@app.command()
def settings(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List all settings with their values, and how to change them."""
    from estran.settings import listed  # noqa: PLC0415

    with _open(node) as opened:
        rows = [
            {"key": k, "environment": e, "value": v, "meaning": m} for k, e, v, m in listed(opened.settings)
        ]
    for row in rows:
        if json:
            _json(row)
        else:
            typer.echo(
                f"{row['key']} = {msgspec.json.encode(row['value']).decode()}\n    {row['meaning']}\n    environment: {row['environment']}"
            )


@centre_app.command("list")
def centre_list(
    node: NodeOption = HERE,
    kind: Annotated[str, typer.Option(help="hub, centre, group, infrastructure, service or network.")] = "",
    json: JsonOption = False,
) -> None:
    """List the organisations."""
    from estran.model import plain  # noqa: PLC0415

    with _open(node, create=False) as opened:
        for organisation in opened.organisations.all(kind):
            if json:
                _json(plain(organisation))
            else:
                typer.echo(f"{organisation.kind:15} {organisation.id:28} {organisation.name}")


class _Fields:
    """Options that describe an organisation, shared by add and edit."""

    kind = Annotated[str, typer.Option(help="hub, centre, group, infrastructure, service or network.")]
    name_fr = Annotated[str, typer.Option(help="Name in French.")]
    name_en = Annotated[str, typer.Option(help="Name in English.")]
    description_fr = Annotated[str, typer.Option(help="Description in French.")]
    description_en = Annotated[str, typer.Option(help="Description in English.")]
    parent = Annotated[
        list[str] | None, typer.Option(help="Id of an organisation that it belongs to; may be repeated.")
    ]
    contact = Annotated[str, typer.Option(help="E-mail address or URL.")]
    url = Annotated[str, typer.Option(help="Its web site.")]
    status = Annotated[str, typer.Option(help="active, under-construction or closed.")]
    colour = Annotated[str, typer.Option(help="land, atmosphere, ocean, earth, life or #rrggbb.")]
    claim = Annotated[
        list[str] | None,
        typer.Option(help="Words in a record's organisations that give it to this one; may be repeated."),
    ]


@centre_app.command("add")
def centre_add(
    id: Annotated[
        str,
        typer.Argument(help="Id: lower-case letters, digits and hyphens; or a TOML file of organisations."),
    ],
    node: NodeOption = HERE,
    kind: _Fields.kind = "centre",
    name_fr: _Fields.name_fr = "",
    name_en: _Fields.name_en = "",
    description_fr: _Fields.description_fr = "",
    description_en: _Fields.description_en = "",
    parent: _Fields.parent = None,
    contact: _Fields.contact = "",
    url: _Fields.url = "",
    status: _Fields.status = "active",
    colour: _Fields.colour = "",
    claim: _Fields.claim = None,
    json: JsonOption = False,
) -> None:
    """Enter an organisation, or all those of a TOML file."""
    from estran.access.founding import parse  # noqa: PLC0415
    from estran.model import Organisation, Text  # noqa: PLC0415

    with _open(node, create=True) as opened:
        if id.endswith(".toml"):
            found = parse(Path(id).read_text("utf-8"), id) if Path(id).is_file() else _no_file(id)
        else:
            found = (
                Organisation(
                    id=id, kind=kind, name=Text.many([("fr", name_fr), ("en", name_en)]), parents=tuple(parent or ()),
                    description=Text.many([("fr", description_fr), ("en", description_en)]), contact=contact, url=url,
                    status=status, colour=colour, claims=tuple(claim or ()),
                ),
            )  # fmt: skip
        opened.organisations.add(*found)
    for organisation in found:
        _json({"added": organisation.id}) if json else _say(f"Added {organisation.id}.")


def _no_file(name: str) -> Any:
    raise Invalid("there is no such file", name)


@centre_app.command("edit")
def centre_edit(
    id: Annotated[str, typer.Argument(help="Id of the organisation.")],
    node: NodeOption = HERE,
    kind: _Fields.kind = "",
    name_fr: _Fields.name_fr = "",
    name_en: _Fields.name_en = "",
    description_fr: _Fields.description_fr = "",
    description_en: _Fields.description_en = "",
    parent: _Fields.parent = None,
    contact: _Fields.contact = "",
    url: _Fields.url = "",
    status: _Fields.status = "",
    colour: _Fields.colour = "",
    claim: _Fields.claim = None,
    json: JsonOption = False,
) -> None:
    """Change what is given of an organisation; the rest stays."""
    from estran.model import Text, plain  # noqa: PLC0415

    with _open(node) as opened:
        before = opened.organisations.show(id)
        changes: dict[str, Any] = {
            "kind": kind,
            "contact": contact,
            "url": url,
            "status": status,
            "colour": colour,
        }
        changes = {key: value for key, value in changes.items() if value}
        for key, french, english, held in (
            ("name", name_fr, name_en, before.name),
            ("description", description_fr, description_en, before.description),
        ):
            if french or english:
                given = {"fr": french, "en": english}
                changes[key] = Text.many(
                    [*((code, given.get(code) or words) for code, words in held.variants), *given.items()]
                )
        changes.update(
            {key: tuple(values) for key, values in (("parents", parent), ("claims", claim)) if values}
        )
        edited = opened.organisations.edit(id, **changes)
    _json(plain(edited)) if json else _say(f"Changed {id}.")


@token_app.command("create")
def token_create(
    name: Annotated[str, typer.Argument(help="Who holds it.")],
    node: NodeOption = HERE,
    role: Annotated[
        Literal["reader", "editor", "operator"],
        typer.Option(
            help="reader sees what is restricted, editor may change it, operator may do everything."
        ),
    ] = "reader",
    centre: Annotated[str, typer.Option(help="Centre that it holds for.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days that it lives.")] = 365,
    json: JsonOption = False,
) -> None:
    """Make a token; its secret is shown this once."""
    with _open(node) as opened:
        if centre:
            opened.organisations.show(centre)
        token = opened.tokens.create(name, role, centre, days)
    if json:
        _json(token)
    else:
        typer.echo(token.secret)
        _say(
            f"Token {token.id} for {token.name}, {token.role}{' of ' + token.centre if token.centre else ''}, until {token.expires}. The secret is not shown again."
        )


@token_app.command("list")
def token_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the tokens."""
    with _open(node) as opened:
        for token in opened.tokens.all():
            if json:
                _json(token)
            else:
                state = f"revoked {token.revoked}" if token.revoked else f"until {token.expires}"
                typer.echo(f"{token.id}  {token.role:9} {token.centre:20} {token.name}  {state}")


@token_app.command("revoke")
def token_revoke(
    id: Annotated[str, typer.Argument(help="Id of the token.")],
    node: NodeOption = HERE,
    json: JsonOption = False,
) -> None:
    """Make a token useless from now on."""
    with _open(node) as opened:
        opened.tokens.revoke(id)
    _json({"revoked": id}) if json else _say(f"Revoked {id}.")


def commands() -> Iterable[str]:
    """Names of all commands, for the reference."""
    return [
        *(c.name or c.callback.__name__ for c in app.registered_commands if c.callback),
        "centre",
        "token",
    ]

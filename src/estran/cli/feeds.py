"""Feeds: where observations come from by themselves."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from estran.cli.harvest import options_of
from estran.cli.shared import HERE, JsonOption, NodeOption, QuietOption, open_node, print_json, say
from estran.errors import Invalid
from estran.model import moment_us

if TYPE_CHECKING:
    from estran.observations.feeds import Feed, FeedReport

feeds_app = typer.Typer(help="Feeds: where observations come from by themselves.", no_args_is_help=True)

_REFUSED_EXIT = 5
_Name = Annotated[str, typer.Argument(help="Name of a feed.")]


@feeds_app.command("add")
def feeds_add(
    name: Annotated[str, typer.Argument(help="A short word for the feed: letters, digits, dots, hyphens.")],
    kind: Annotated[
        Literal["folder", "address", "mqtt", "push"],
        typer.Argument(
            help="A folder that is watched, the address of a server, a broker, or what is sent here."
        ),
    ],
    address: Annotated[
        str, typer.Argument(help="The folder, the address, or mqtt://host:port/topic; nothing for push.")
    ] = "",
    node: NodeOption = HERE,
    option: Annotated[
        list[str] | None, typer.Option(help="How it is understood, as name=value; may be given again.")
    ] = None,
    record: Annotated[str, typer.Option(help="Id of the record that it goes to; else one is made.")] = "",
    centre: Annotated[
        str, typer.Option(help="Centre of the record that is made, whose editors may push.")
    ] = "",
    visibility: Annotated[
        Literal["public", "restricted", "draft"], typer.Option(help="Who may see the record that is made.")
    ] = "public",
    schedule: Annotated[
        str | None,
        typer.Option(
            help="When a folder or an address is looked at, as cron has it, in UTC; “” for never by itself.",
            show_default="every five minutes, every hour",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Set up a feed."""
    with open_node(node) as opened:
        made = opened.observations.feeds.add(
            name, kind, address, options=options_of(option or []), record=record, centre=centre, visibility=visibility,
            schedule=schedule,
        )  # fmt: skip
    if json:
        print_json(_shown(made))
    else:
        say(f"Added {made.name}. {_NEXT[made.kind].format(made.name)}")


_NEXT = {
    "folder": "Read it with “estran feeds run {}”; “estran work” does it by itself.",
    "address": "Ask it with “estran feeds run {}”; “estran work” does it by itself.",
    "mqtt": "Hear it with “estran feeds listen {}”; “estran work” does it by itself.",
    "push": "It takes what is sent to /observations/feeds/{}.",
}


@feeds_app.command("list")
def feeds_list(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List the feeds, with what came last."""
    with open_node(node) as opened:
        found = opened.observations.feeds.list()
    for one in found:
        if json:
            print_json(_shown(one))
        else:
            heard = moment_us(one.heard)[:16] if one.heard is not None else "nothing yet"
            wrong = f"  {one.refused:,} refused" if one.refused else ""
            wrong += f"  – {one.error}" if one.error else ""
            typer.echo(f"{one.name:20} {one.kind:8} {heard:17} {one.rows.new:12,} new{wrong}")


@feeds_app.command("show")
def feeds_show(name: _Name, node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Show one feed: what it is, what came, what went wrong."""
    with open_node(node) as opened:
        found = _shown(opened.observations.feeds.show(name))
    if json:
        print_json(found)
        return
    for key, value in found.items():
        if value not in ("", None, {}):
            typer.echo(f"{key:10}  {value}")


@feeds_app.command("run")
def feeds_run(
    name: _Name, node: NodeOption = HERE, json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Look at a folder, or ask an address, now."""
    with open_node(node) as opened:
        report, _ = opened.observations.feeds.run(name)
    if json:
        print_json(_told(report))
    else:
        rows = report.rows
        said = f"{rows.new:,} new, {rows.changed:,} changed, {rows.unchanged:,} unchanged"
        say(f"{name}: {said}; {len(report.refused):,} refused.", quiet=quiet)
    if report.refused:
        raise typer.Exit(_REFUSED_EXIT)


@feeds_app.command("listen")
def feeds_listen(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names of feeds; without any, all that are heard.")
    ] = None,
    node: NodeOption = HERE,
    quiet: QuietOption = False,
) -> None:
    """Hear brokers until interrupted; what is stored is acknowledged, nothing else."""
    from estran.observations.feeds.listening import listen  # noqa: PLC0415 - heavy

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with open_node(node) as opened:
        for name in names or ():
            if opened.observations.feeds.show(name).kind != "mqtt":
                raise Invalid("it is not heard: “estran feeds run” reads folders and addresses", name)
        listen(
            lambda: opened.observations.feeds, tuple(names or ()), **opened.settings.listening(), stop=stop,
            say=lambda text: say(text, quiet=quiet),
        )  # fmt: skip


@feeds_app.command("refused")
def feeds_refused(
    name: _Name,
    node: NodeOption = HERE,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many; 10,000 are kept.")] = 100,
    json: JsonOption = False,
) -> None:
    """List what could not be stored, with the reasons, the newest first."""
    with open_node(node) as opened:
        found = opened.observations.feeds.refused(name, limit)
    for one in found:
        if json:
            body = one.body.decode("utf-8", "replace")
            print_json(
                {"at": moment_us(one.at), "place": one.place, "line": one.line, "why": one.why, "body": body}
            )
        else:
            line = f":{one.line}" if one.line else ""
            typer.echo(f"{moment_us(one.at)[:19]}  {one.place}{line}: {one.why}")


@feeds_app.command("remove")
def feeds_remove(name: _Name, node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Forget a feed; the observations that it brought stay."""
    with open_node(node) as opened:
        kept = opened.observations.feeds.remove(name, **opened.settings.listening())
    print_json({"removed": name} | ({"kept": kept} if kept else {})) if json else say(f"Removed {name}.")
    if kept:
        say(
            f"Its broker could not be told ({kept}): it keeps what comes for this feed, up to thirty days as MQTT 5 has "
            "it. Whoever runs it may end the session before."
        )


def _told(report: FeedReport) -> dict[str, Any]:
    rows = report.rows
    return {
        "observations": {
            "datastreams": report.datastreams, "new": rows.new, "changed": rows.changed, "unchanged": rows.unchanged,
        },
        "refused": [{"file": one.file, "line": one.line, "why": one.why} for one in report.refused],
    }  # fmt: skip


def _shown(feed: Feed) -> dict[str, Any]:
    """A feed without the password of its address."""
    rows, secret = feed.rows, urlsplit(feed.address).password if "://" in feed.address else None
    address = feed.address.replace(f":{secret}@", ":…@", 1) if secret else feed.address
    return {
        "name": feed.name, "kind": feed.kind, "address": address, "options": dict(feed.options),
        "record": feed.record, "centre": feed.centre, "visibility": feed.visibility, "schedule": feed.schedule,
        "heard": moment_us(feed.heard) if feed.heard is not None else None, "messages": feed.messages,
        "new": rows.new, "changed": rows.changed, "unchanged": rows.unchanged, "refused": feed.refused,
        "error": feed.error, "failed": moment_us(feed.failed) if feed.failed is not None else None,
    }  # fmt: skip

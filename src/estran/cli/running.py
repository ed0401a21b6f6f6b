"""Serving, the demonstration, and the node's health and settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from estran.cli.shared import (
    HERE,
    JsonOption,
    NodeOption,
    QuietOption,
    open_node,
    print_json,
    progress_bar,
    say,
)
from estran.cli.working import worker_beside

_FAILED = 1


def serve(
    node: NodeOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8321,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
    work: Annotated[bool, typer.Option("--work", help="Do jobs as well, in one process more.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Serve the portal and the APIs until interrupted."""
    import uvicorn  # noqa: PLC0415 - only the server needs it

    with open_node(node):
        pass  # whatever is wrong with the node is said here, once, not by each worker
    os.environ["ESTRAN_NODE"] = str(node.resolve())
    say(f"Estran serves {node} at http://{host}:{port} — stop it with Ctrl+C", quiet=quiet)
    with worker_beside(node.resolve(), wanted=work):
        uvicorn.run(
            "estran.web.app:from_environment", factory=True, host=host, port=port, workers=workers, log_level="warning",
            server_header=False, proxy_headers=False,
        )  # fmt: skip


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

    with open_node(node, create=True) as opened, progress_bar(quiet=quiet or json) as progress:
        say(f"Building the demonstration in {node}…", quiet=quiet)
        report = demonstration.build(opened, progress=progress)
    if json:
        print_json(
            {
                "read": report.read,
                "new": report.new,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "refused": len(report.refused),
            }
        )
    else:
        say(f"{report.read} records are ready.", quiet=quiet)
    if not build_only:
        serve(node=node, host=host, port=port, workers=1, work=True, quiet=quiet)


def doctor(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """Look whether the node is well, with advice where it is not."""
    with open_node(node) as opened:
        checks = opened.doctor()
    for check in checks:
        if json:
            print_json(
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


def settings(node: NodeOption = HERE, json: JsonOption = False) -> None:
    """List all settings with their values, and how to change them."""
    from estran.settings import listed  # noqa: PLC0415

    with open_node(node) as opened:
        rows = [
            {"key": k, "environment": e, "value": _shown(k, v), "meaning": m}
            for k, e, v, m in listed(opened.settings)
        ]
    for row in rows:
        if json:
            print_json(row)
        else:
            typer.echo(
                f"{row['key']} = {msgspec.json.encode(row['value']).decode()}\n    {row['meaning']}\n    environment: {row['environment']}"
            )


def _shown(key: str, value: Any) -> Any:
    """A value without the secrets in it."""
    from estran.storage import shown  # noqa: PLC0415

    if key == "feeds.passwords":
        return dict.fromkeys(value, "…")
    if hasattr(value, "get_secret_value"):
        return "…" if value.get_secret_value() else ""
    return shown(value) if key == "storage.database" else value

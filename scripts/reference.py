"""Write the reference pages that the code itself knows: `uv run scripts/reference.py`.

With `--check` nothing is written; the exit code is 1 where a page is not what the code says.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.main import get_command

import estran
from estran import formats
from estran.catalogue import harvesters
from estran.cli import app
from estran.settings import listed
from estran.web import portal
from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = Path(__file__).resolve().parent.parent / "docs/reference"
WRITTEN = "<!-- Written by scripts/reference.py from the code; edit the code. -->\n"


def commands() -> str:
    """The command line, from what its own help says."""
    top = get_command(app)
    parts = [
        "# Command line\n",
        WRITTEN,
        "Data goes to standard output, progress and messages to standard error. `--json` gives one JSON value a line. "
        "Exit codes stand in [Errors](errors.md).\n",
    ]
    for name, command in sorted(_leaves(top, "estran")):
        parts.append(f"## `{name}`\n\n{' '.join((command.help or '').split())}\n")
        rows = [row for row in map(_parameter, command.params) if row]
        parts.append("| | | Default |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _leaves(command: Any, path: str) -> list[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if not inner:
        return [(path, command)]
    return [leaf for name, one in inner.items() for leaf in _leaves(one, f"{path} {name}")]


def _parameter(parameter: Any) -> str:
    if parameter.name == "help":
        return ""
    options = [f"`{one}`" for one in (*parameter.opts, *parameter.secondary_opts) if one.startswith("-")]
    named = " ".join(options) or f"`{parameter.name.upper()}`"
    default = "required" if parameter.required else parameter.default
    shown = (
        ""
        if default in (None, "", False, ()) or callable(default)
        else f"`{default}`"
        if default != "required"
        else default
    )
    variable = f" Environment: `{parameter.envvar}`." if parameter.envvar else ""
    return f"| {named} | {' '.join((parameter.help or '').split())}{variable} | {shown} |"


def settings() -> str:
    """Every setting."""
    rows = [
        f"| `{key}` | `{variable}` | {_shown(value)} | {meaning} |"
        for key, variable, value, meaning in listed()
    ]
    return (
        "# Settings\n\n"
        + WRITTEN
        + "\nA node reads `estran.toml` in its folder once, when it is opened; an environment variable wins over the file. "
        "A dotted key is a table of the file: `web.page_limit` is `page_limit` under `[web]`. "
        "`estran settings` shows the values of a node.\n\n| Key | Environment | Default | Meaning |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _shown(value: Any) -> str:
    return "" if value == "" else f"`{value}`"


def format_table() -> str:
    """Every installed format."""
    rows = []
    for form in map(formats.find, formats.names()):
        reads, writes = ("yes" if verb else "" for verb in (form.read, form.write))
        rows.append(
            f"| `{form.name}` | {form.title} | {reads} | {writes} | {', '.join(f'`{m}`' for m in form.media_types)} | {_shown(form.suffix)} |"
        )
    return (
        "# Formats\n\n"
        + WRITTEN
        + "\n`estran load` recognises what it reads by its content; `estran export --format NAME` writes. "
        "What a format cannot carry of a record is said on standard error, and by `node.export(…).losses`.\n\n"
        "| Name | Standard | Read | Written | Media types | Suffix |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n\nThe items of a collection are read and written [as Parquet](../howto/items-as-parquet.md) too: `stac-geoparquet`.\n"
    )


_TOLD = {
    "listed": "what a whole visit does not name",
    "said": "what the source says, and what a whole visit does not name",
    "never": "",
}


def protocols() -> str:
    """Every installed harvest protocol."""
    rows = []
    for one in map(harvesters.find, harvesters.names()):
        options = "; ".join(f"`{name}`: {meaning}" for name, meaning in one.options.items())
        changes = "where the source can" if one.incremental else ""
        rows.append(f"| `{one.name}` | {one.title} | {changes} | {_TOLD[one.tells_gone]} | {options} |")
    return (
        "# Harvest protocols\n\n"
        + WRITTEN
        + "\n`estran harvest add NAME URL --protocol PROTOCOL --option NAME=VALUE` sets a source up "
        "([Harvest other catalogues](../howto/harvest.md)). *Changes* says whether a visit can ask for what changed alone; "
        "*gone*, what is taken for withdrawn.\n\n"
        "| Name | Reads | Changes | Gone | Options |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def addresses() -> str:
    """Every address that the OpenAPI document describes."""
    with tempfile.TemporaryDirectory() as folder, estran.open(folder) as node:
        paths = create_app(node).openapi()["paths"]
        twins = sorted(route.path for route in _routes(portal.routes(node)) if _is_twin(route))
    rows: dict[str, list[str]] = {}
    for path, methods in paths.items():
        for method, said in methods.items():
            rows.setdefault(said.get("tags", ["Others"])[0], []).append(
                f"| `{method.upper()} {path}` | {said.get('summary', '')} |"
            )
    tables = [
        f"## {tag}\n\n| Address | |\n|---|---|\n" + "\n".join(listed) + "\n"
        for tag, listed in sorted(rows.items())
    ]
    return (
        "# HTTP addresses\n\n"
        + WRITTEN
        + "\nThe machine-readable description is at `/openapi.json` (and `/ogc/api`). Every answer has an ETag, but for those of observations; errors are "
        "[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details ([Errors](errors.md)), under `/erddap` in the form of ERDDAP. A token is sent as `Authorization: Bearer …`.\n\n"
        "Pages stand under `/fr` and `/en`: `/en` (home), `/en/search`, `/en/data/{id}`. The permanent address of a record is `/data/{id}`, "
        "which answers in the form that the client accepts.\n\n"
        "Every page has a JSON twin, which its head and its foot name: the values that the page shows, with texts in the language of the "
        "address. Those of records and concepts stand outside of the languages (`/data/{id}.json`, `/vocabulary/{scheme}/{local}?f=json`); "
        "a form's is of what it changes; the others are:\n\n"
        + "\n".join(f"- `{path}`" for path in twins)
        + "\n\n"
        + "\n".join(tables)
    )


def _routes(router: Any) -> Iterator[Any]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        yield from _routes(inner) if inner is not None else (route,)


def _is_twin(route: Any) -> bool:
    """Whether a route is a page's values; the others that end so feed a part of a page."""
    return (
        route.path.startswith("/{language}/")
        and route.path.endswith(".json")
        and "map.json" not in route.path
    )


WRITERS = {
    "commands": commands,
    "settings": settings,
    "formats": format_table,
    "protocols": protocols,
    "http": addresses,
}


def main() -> int:
    """Write the pages, or compare them."""
    stale = []
    for name, write in WRITERS.items():
        page, said = PAGES / f"{name}.md", write()
        if "--check" not in sys.argv:
            page.write_text(said, "utf-8")
        elif not page.exists() or page.read_text("utf-8") != said:
            stale.append(page.name)
    if stale:
        print(f"{', '.join(stale)}: not what the code says; run “uv run scripts/reference.py”")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())

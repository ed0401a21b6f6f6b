"""`import estran` is quick: what is heavy loads inside the verbs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "alembic", "cql2", "fastapi", "jinja2", "lxml", "netCDF4", "numpy", "pydantic", "pyoxigraph", "rich", "shapely",
    "sqlalchemy", "typer", "uvicorn", "xlsxwriter",
)  # fmt: skip


def loaded_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import estran", "from estran import errors", "import estran.model", "import estran.plugins"],
)
def test_nothing_heavy_comes_along(statement: str) -> None:
    assert sorted(loaded_after(statement) & set(HEAVY)) == []


def test_the_command_line_s_help_opens_no_node() -> None:
    assert (
        sorted(loaded_after("import estran.cli") & {"sqlalchemy", "fastapi", "lxml", "numpy", "pydantic"})
        == []
    )


def test_only_who_asks_for_work_or_does_it_loads_what_keeps_it() -> None:
    """The library takes a second to load, and a web process may never need it."""
    loaded = loaded_after("import estran.node, estran.jobs, estran.web.app, estran.cli")
    assert sorted(loaded & {"dbos", "croniter", "estran.jobs.working"}) == []

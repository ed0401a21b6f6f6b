"""Every library that is imported is declared, and every one declared is imported."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Imported by others where they are there: SQLAlchemy by the name in a URL, uvicorn by itself.
DRIVERS = {"httptools", "psycopg", "uvloop"}
# Rooms that only those use who asked for an extra.
EXTRAS = {"demo": "demo", "formats": "parquet", "testing": "testing"}


def declared(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[><=!~ ;]", one)[0].lower() for one in requirements}


def imported() -> dict[str, set[str]]:
    """Distribution -> the rooms that import it."""
    known = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (ROOT / "src/estran").rglob("*.py"):
        room = path.relative_to(ROOT / "src/estran").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "estran":
                    found.setdefault(known[top][0].lower(), set()).add(room)
    return found


def test_what_is_imported_is_declared() -> None:
    needed = declared(PROJECT["project"]["dependencies"])
    extras = {name: declared(listed) for name, listed in PROJECT["project"]["optional-dependencies"].items()}
    for distribution, rooms in imported().items():
        for room in rooms:
            allowed = needed | extras.get(EXTRAS.get(room, ""), set())
            assert distribution in allowed, (
                f"{room} imports {distribution}, which pyproject.toml does not declare"
            )


def test_what_is_declared_is_imported() -> None:
    assert sorted(declared(PROJECT["project"]["dependencies"]) - set(imported()) - DRIVERS) == []


def test_every_dependency_has_its_reason() -> None:
    page = (ROOT / "docs/decisions/0001-dependencies.md").read_text().lower()
    extras = [one for listed in PROJECT["project"]["optional-dependencies"].values() for one in listed]
    for name in sorted(declared([*PROJECT["project"]["dependencies"], *extras])):
        assert re.search(rf"^\| {re.escape(name)} \|", page, re.MULTILINE), (
            f"0001-dependencies.md does not say why {name}"
        )


def test_the_demo_group_is_the_demo_extra() -> None:
    assert PROJECT["dependency-groups"]["demo"] == PROJECT["project"]["optional-dependencies"]["demo"]
    assert set(PROJECT["tool"]["uv"]["default-groups"]) == {"dev", "demo"}


@pytest.fixture(scope="module")
def pinned() -> dict[str, str]:
    """Name -> version, of requirements.txt."""
    text = (ROOT / "requirements.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


def test_pip_and_uv_are_pinned_to_the_same(pinned: dict[str, str]) -> None:
    constraints = dict(
        one.partition(" ;")[0].split("==") for one in PROJECT["tool"]["uv"]["constraint-dependencies"]
    )
    assert {name: constraints.get(name) for name in pinned} == pinned


def test_every_direct_dependency_is_pinned_with_hashes(pinned: dict[str, str]) -> None:
    everything = [
        *PROJECT["project"]["dependencies"],
        *(one for g in PROJECT["dependency-groups"].values() for one in g),
    ]
    assert declared(everything) <= set(pinned)
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text, "an address stands in requirements.txt"
    assert text.count("--hash=sha256:") >= len(pinned)

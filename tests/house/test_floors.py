"""Imports go down only: the contracts of pyproject.toml hold, and none of them is hollow."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/estran"
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]


def contract(name: str) -> dict[str, Any]:
    return next(one for one in CONTRACTS if one["name"] == name)


def test_the_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_floors_name_every_room() -> None:
    floors = contract("The floors of the house")
    assert floors["exhaustive"]
    named = {room.strip("() ") for floor in floors["layers"] for room in floor.split("|")}
    built = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert named == built - {"__init__"}


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("Formats do not know each other", "formats"),
        ("Web standards do not know each other", "web/apis"),
        ("Harvest protocols do not know each other", "catalogue/harvesters"),
    ],
)
def test_every_plugin_of_ours_is_kept_apart(name: str, room: str) -> None:
    """What siblings share is named with an underscore and is no plugin."""
    packages = {path.parent.name for path in (SOURCE / room).glob("*/__init__.py")}
    modules = {path.stem for path in (SOURCE / room).glob("*.py")}
    public = {name for name in packages | modules if not name.startswith("_")}
    assert {one.rpartition(".")[2] for one in contract(name)["modules"]} == public

"""Entry points: all that are declared are installed and load, of every kind."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from estran import plugins
from estran.errors import NotFound
from estran.formats import Format

PROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
DECLARED = [(group, name) for group, points in PROJECT["entry-points"].items() for name in points]


@pytest.mark.parametrize(("group", "name"), DECLARED)
def test_a_declared_entry_point_loads(group: str, name: str) -> None:
    (point,) = entry_points(group=group, name=name)
    assert point.value == PROJECT["entry-points"][group][name], (
        "installed from an older pyproject.toml; install anew"
    )
    assert point.load() is not None


def test_an_unknown_plugin_is_not_found_and_those_there_are_named() -> None:
    with pytest.raises(NotFound, match=r"There is no format “runes” here\. Installed: .*stac"):
        plugins.load("format", "runes", Format)


def test_a_plugin_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="not a int"):
        plugins.load("format", "stac", int)

"""What a room shows of itself: `__all__` is true and documented."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"


def with_surface() -> list[str]:
    """Modules that declare `__all__`."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        names = {
            t.id
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            for t in node.targets
            if isinstance(t, ast.Name)
        }
        if "__all__" in names:
            parts = path.relative_to(SOURCE).with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


@pytest.mark.parametrize("module", with_surface())
def test_all_is_true_and_documented(module: str) -> None:
    """Ruff keeps it sorted."""
    room = import_module(module)
    for name in room.__all__:
        shown = getattr(room, name)
        if inspect.isclass(shown) or inspect.isfunction(shown):
            assert inspect.getdoc(shown), f"{module}.{name} says nothing of itself"


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []

"""What a browser shows is waited for: a look at a page that has not come yet sees nothing, on a busy machine only."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

AT_ONCE = {
    "all_inner_texts", "all_text_contents", "count", "get_attribute", "inner_html", "inner_text", "input_value",
    "is_checked", "is_disabled", "is_editable", "is_enabled", "is_hidden", "is_visible", "query_selector", "screenshot",
    "text_content", "wait_for_timeout",
}  # fmt: skip
DRIVING = [file for file in sorted((ROOT / "tests").rglob("*.py")) if "playwright" in file.read_text("utf-8")]


def hasty(source: str) -> list[int]:
    """Lines of what is asserted of a page as it is at that instant."""
    found: list[int] = []
    for claim in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)):
        for part in ast.walk(claim):
            match part:
                case ast.Call(ast.Attribute(attr=name), args) if name in AT_ONCE and not (
                    name == "count" and args
                ):
                    found.append(part.lineno)
                case ast.Attribute(ast.Name("page") | ast.Attribute(attr="page"), "url"):
                    found.append(part.lineno)
                case _:
                    pass
    return found


@pytest.mark.parametrize("file", DRIVING, ids=lambda file: file.stem)
def test_nothing_is_looked_at_once(file: Path) -> None:
    assert hasty(file.read_text("utf-8")) == [], "`expect(…)`, `until(…)` or `page.wait_for_…` wait for it"


def test_a_look_is_seen() -> None:
    assert DRIVING
    assert hasty("assert page.locator('.card').count() == 7") == [1]
    assert hasty("page.go()\nassert one.page.url == home") == [2]
    assert hasty("assert said.count('x') == 1\nexpect(page.locator('p')).to_have_count(1)") == []

"""The tree of errors: drawn as it is, and known to the web and to the command line."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from estran import errors
from estran.cli import EXIT_CODES
from estran.errors import EstranError
from estran.web.problems import problem_of

ROOT = Path(__file__).resolve().parents[2]


def tree() -> dict[str, str]:
    """Each error and its parent, as the classes say."""
    classes = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, EstranError)]
    return {one.__name__: one.__bases__[0].__name__ for one in classes if one is not EstranError}


def drawn() -> dict[str, str]:
    """The same, as the module's docstring draws it."""
    found: dict[str, str] = {}
    path = ["EstranError"]
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"^ {4}((?:│   |    )*)(?:├|└)── (\w+)", line):
            depth = len(branch[1]) // 4
            del path[depth + 1 :]
            found[branch[2]] = path[-1]
            path.append(branch[2])
    return found


def test_the_drawing_is_the_tree() -> None:
    assert drawn() == tree()


def status_of(name: str) -> int:
    """What the web answers to it."""
    kind = getattr(errors, name)
    return problem_of(kind("record", "x") if name == "NotFound" else kind("for a reason")).status


def exit_code_of(name: str) -> int:
    """What the command line ends with."""
    return next(EXIT_CODES[above] for above in getattr(errors, name).__mro__ if above in EXIT_CODES)


@pytest.mark.parametrize("name", ["EstranError", *tree()])
def test_web_and_command_line_answer_as_documented(name: str) -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    assert 400 <= status_of(name) < 600
    assert exit_code_of(name) in {1, 3, 4, 5}
    row = rf"^\| `{name}` \|[^|]*\| {status_of(name)} \| {exit_code_of(name)} \|"
    assert re.search(row, page, re.MULTILINE), (
        f"docs/reference/errors.md lacks: {name}, {status_of(name)}, {exit_code_of(name)}"
    )


def test_no_error_knows_a_status_code() -> None:
    assert not re.search(r"\b[45]\d\d\b|status_code|HTTPStatus", inspect.getsource(errors))

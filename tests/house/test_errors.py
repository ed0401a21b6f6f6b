"""The tree of errors: drawn as it is, and known to the web and to the command line."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from estran import cli, errors
from estran.errors import EstranError
from estran.web import problems

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


@pytest.mark.parametrize("name", ["EstranError", *tree()])
def test_web_and_command_line_know_it(name: str) -> None:
    kind = getattr(errors, name)
    assert any(above in problems.STATUS for above in kind.__mro__)
    assert any(above in cli.EXIT_CODES for above in kind.__mro__)


def test_no_error_knows_a_status_code() -> None:
    assert not re.search(r"\b[45]\d\d\b|status_code|HTTPStatus", inspect.getsource(errors))


def test_exit_codes_are_those_of_the_documentation() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    for name in ["EstranError", *tree()]:
        kind = getattr(errors, name)
        code = next(cli.EXIT_CODES[above] for above in kind.__mro__ if above in cli.EXIT_CODES)
        status = next(problems.STATUS[above] for above in kind.__mro__ if above in problems.STATUS)
        assert re.search(rf"^\| `{name}` \| {int(status)} \| {code} \|", page, re.MULTILINE), (
            f"{name} {int(status)} {code}"
        )

"""Every block of code on the pages runs and gives what the page says, or says why it is not run.

Blocks, in the order of the page, share one shell and one empty folder:

- ``console``: lines after ``$ `` are commands; what follows is their output, where … stands for anything.
- ``python``: runs as a file of its own.
- any language with ``file=NAME``: the file is made.
- ``toml`` that begins with ``# estran.toml``: the settings are checked; other ``toml`` and ``json`` must parse.

A comment before a block changes that: ``<!-- not run: reason -->`` or ``<!-- exit code 5 -->``.

The pages that everyone reads first run as everyone runs them. On the others `estran` and `python` are quick, see
`quickly`: a page of thirty commands would else take a minute to start programs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estran import settings
from tests.docs import quickly

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FIRST = {ROOT / "README.md", ROOT / "docs" / "tutorial" / "first-node.md"}
# Configuration of other programs, and what is only shown.
SHOWN = {"caddy", "ini", "nginx", "text"}
BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<language>\w*)(?: file=(?P<file>\S+))?\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    language: str
    body: str
    note: str
    file: str

    @property
    def runs(self) -> bool:
        return (
            self.language in ("console", "python") and not self.file and not self.note.startswith("not run")
        )


def blocks(page: Path) -> list[Block]:
    return [
        Block(b["language"], b["body"], b["note"] or "", b["file"] or "")
        for b in BLOCK.finditer(page.read_text("utf-8"))
    ]


def steps(block: Block) -> list[tuple[str, str]]:
    """Commands of a console block with the output that follows each."""
    found: list[tuple[str, str]] = []
    for line in block.body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:].removeprefix("uv run "), ""))
        else:
            assert found, f"output before any command: {line}"
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return found


def matches(said: str, expected: str) -> bool:
    """Whether output is as expected; … stands for anything, and nothing expected is no promise."""
    if not expected.strip():
        return True
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, said.strip(), re.DOTALL) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_declares_itself(page: Path) -> None:
    for block in blocks(page):
        assert block.language, f"a block without a language: {block.body[:60]}"
        assert block.language in SHOWN | {"console", "python", "toml", "json"} or block.file, block.language
        if block.note.startswith("not run"):
            assert len(block.note) > len("not run: because"), f"no reason: {block.note}"
        if block.language == "json":
            json.loads(block.body)
        if block.language == "toml":
            tomllib.loads(block.body)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_shown_are_settings(page: Path, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.body.startswith("# estran.toml"):
            (tmp_path / settings.FILE).write_text(block.body)
            settings.read(tmp_path)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(b.runs for b in blocks(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_blocks_run(page: Path, tmp_path: Path, quick: Path) -> None:
    script: list[str] = []
    expected: list[tuple[str, str, int]] = []
    for number, block in enumerate(blocks(page)):
        if block.file:
            kept = tmp_path.parent / f"{tmp_path.name}-{number}"
            kept.write_text(block.body)
            script.append(
                f"mkdir -p {shlex.quote(str(Path(block.file).parent))} && cp {kept} {shlex.quote(block.file)}"
            )
        elif block.runs:
            given = steps(block) if block.language == "console" else [(f"python block-{number}.py", "")]
            if block.language == "python":
                (tmp_path / f"block-{number}.py").write_text(block.body)
            code = int(block.note.removeprefix("exit code ")) if block.note.startswith("exit code") else 0
            for command, output in given:
                script += [command, 'printf "\\n== %s ==\\n" $?']
                expected.append((command, output, code))
    program = tmp_path.parent / f"{tmp_path.name}.sh"
    program.write_text("\n".join(script))
    done = subprocess.run(
        ["bash", str(program)], stdin=subprocess.DEVNULL, cwd=tmp_path, env=environment(tmp_path, None if page in FIRST else quick),
        text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=500, check=False,
    )  # fmt: skip
    answers = re.findall(r"(.*?)\n== (\d+) ==\n", done.stdout, re.DOTALL)
    assert len(answers) == len(expected), done.stdout
    for (command, output, code), (said, exit_code) in zip(expected, answers, strict=True):
        assert int(exit_code) == code, f"$ {command}\n{said}"
        assert matches(said, output), f"$ {command}\n--- said\n{said}\n--- expected\n{output}"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with quickly.commands(tmp_path_factory.mktemp("quick")) as folder:
        yield folder


def environment(folder: Path, quick: Path | None) -> dict[str, str]:
    """A clean one, where `estran` and `python` are those of these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ESTRAN_", "PYTEST_"))}
    path = [*([str(quick)] if quick else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    return kept | {
        "HOME": str(folder), "PATH": ":".join(path), "PYTHONPATH": str(folder),
        "NO_COLOR": "1", "COLUMNS": "200",
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_pages_that_the_code_writes_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_holds_the_two_commands() -> None:
    first_screen = (ROOT / "README.md").read_text("utf-8")[:2500]
    assert "uv run estran demo" in first_screen
    assert "uv run pytest" in first_screen

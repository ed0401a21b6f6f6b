"""What no tracked file may hold: addresses of package registries, paths of somebody's machine, big files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written so that this file does not find itself.
REGISTRIES = "|".join(
    ("pypi[.]org", "python" + "hosted[.]org", "registry[.]npm" + "js", "deb[.]debian[.]org", "npm" + "mirror")
)
MACHINES = "|".join(
    (r"(?<![\w.])/wo" + "rk/", r"/ho" + r"me/\w", r"/Us" + r"ers/\w", r"/tmp/ba" + "sh_", r"/ro" + r"ot/\.")
)
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def holding(files: list[Path], pattern: str) -> list[str]:
    sought = re.compile(pattern.encode())
    return [str(file.relative_to(ROOT)) for file in files if sought.search(file.read_bytes())]


def test_no_registry_is_named(tracked: list[Path]) -> None:
    assert holding(tracked, REGISTRIES) == []


def test_no_path_of_a_machine_is_named(tracked: list[Path]) -> None:
    assert holding(tracked, MACHINES) == []


def test_no_file_is_big(tracked: list[Path]) -> None:
    assert [str(file.relative_to(ROOT)) for file in tracked if file.stat().st_size > MOST_BYTES] == []


def test_the_patterns_find_what_they_seek(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for text, pattern in (("see https://pypi" + ".org/x", REGISTRIES), ("open /wo" + "rk/main", MACHINES)):
        file.write_text(text)
        assert re.search(pattern, file.read_text())

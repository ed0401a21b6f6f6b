"""The build brings the browser libraries: into a checkout, and into the wheel."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, lacking

PORTAL = Path("src/estran/web/portal")
WANTED = (
    "static/vendor/htmx.org/htmx.min.js",
    "static/vendor/maplibre-gl/maplibre-gl.mjs",
    "static/vendor/maplibre-gl/maplibre-gl-worker.mjs",
    "static/vendor/maplibre-gl/maplibre-gl.css",
    "static/vendor/uplot/uPlot.esm.js",
    "static/vendor/instrument-sans/instrument-sans-latin-wght-normal.woff2",
    "static/vendor/licences/maplibre-gl.txt",
    "static/world/110m.json",
    "static/world/50m.json",
    "static/world/outline.txt",
    "locale/fr.toml",
    "templates/base.html",
    "static/estran.css",
)


@pytest.fixture(scope="module")
def uv() -> str:
    return shutil.which("uv") or lacking("uv")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as a fresh clone has them: nothing that git ignores."""
    folder = tmp_path_factory.mktemp("clone")
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "package.json",
        "package-lock.json",
        "hatch_build.py",
    ):
        shutil.copyfile(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "vendor", "world")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    shutil.copyfile(ROOT / ".gitignore", folder / ".gitignore")
    return folder


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode and re.search(
        r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|dns error|client error \(Connect\)", done.stderr
    ):
        lacking("a package registry that npm and uv reach")
    assert done.returncode == 0, done.stderr


def test_an_editable_build_fills_a_fresh_clone_and_is_done_the_next_time(checkout: Path, uv: str):
    run(uv, "venv", "-q", "--python", sys.executable, "env", cwd=checkout)
    install = (
        uv,
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--python",
        "env/bin/python",
        "--reinstall-package",
        "estran",
        "-e",
        ".",
    )
    run(*install, cwd=checkout)
    assert [name for name in WANTED if not (checkout / PORTAL / name).is_file()] == []
    assert (checkout / "node_modules/axe-core/axe.min.js").is_file()
    stamp = checkout / PORTAL / "static/vendor/STAMP"
    before = stamp.stat().st_mtime_ns
    run(*install, cwd=checkout)
    assert stamp.stat().st_mtime_ns == before


def test_the_wheel_holds_the_libraries_and_no_test_file(checkout: Path, uv: str):
    run(uv, "build", "-q", "--wheel", "--python", sys.executable, "--out-dir", "out", cwd=checkout)
    with zipfile.ZipFile(next((checkout / "out").glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert [name for name in WANTED if f"estran/web/portal/{name}" not in names] == []
    assert not [name for name in names if "axe" in name or "node_modules" in name]


def test_the_lock_file_pins_hashes_and_names_no_registry():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in package and "resolved" not in package for package in packages.values())


def test_no_library_of_others_is_in_git():
    kept = subprocess.run(
        ["git", "ls-files", "--", str(PORTAL / "static"), "node_modules"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if kept.returncode:
        lacking("a git checkout")
    assert not [
        name
        for name in kept.stdout.splitlines()
        if "/vendor/" in name or "/world/" in name or "node_modules" in name
    ]

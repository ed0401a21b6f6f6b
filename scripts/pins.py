"""Pin everything to what resolves now: `uv run scripts/pins.py`, then look at the difference.

uv.lock names the address of the index that it was made with, so it stays out of git. What is kept instead
names no address: `constraint-dependencies` in pyproject.toml for uv, requirements.txt with hashes for pip.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pins(lock: str) -> list[str]:
    """An exact version of each package of a lock file; with markers where it has several."""
    found = []
    for package in tomllib.loads(lock)["package"]:
        if "version" in package and "registry" in package["source"]:
            markers = package.get("resolution-markers")
            found += [
                f"{package['name']}=={package['version']}"
                + (f" ; {' or '.join(f'({m})' for m in markers)}" if markers else "")
            ]
    return sorted(found)


def main() -> None:
    """Resolve anew, without the pins of before, and write them."""
    project = ROOT / "pyproject.toml"
    bare = re.sub(r"constraint-dependencies = \[\n.*?\n\]\n", "", project.read_text(), flags=re.DOTALL)
    project.write_text(bare)
    subprocess.run(["uv", "lock", "--upgrade"], cwd=ROOT, check=True)
    lines = "".join(f"  {_quoted(pin)},\n" for pin in pins((ROOT / "uv.lock").read_text()))
    table = f"[tool.uv]\nconstraint-dependencies = [\n{lines}]\n"
    project.write_text(bare.replace("[tool.uv]\n", table))
    export = ["uv", "export", "--quiet", "--no-emit-project", "--no-header", "--format", "requirements-txt"]
    subprocess.run([*export, "--output-file", "requirements.txt"], cwd=ROOT, check=True)


def _quoted(pin: str) -> str:
    return f"'{pin}'" if '"' in pin else f'"{pin}"'


if __name__ == "__main__":
    main()

"""What the pages offer to paste works when pasted, against a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from tests.conftest import lacking
from tests.portal.html import Html

if TYPE_CHECKING:
    from pathlib import Path

    from tests.portal.conftest import Ids

# A proxy of the machine has nothing to say to a server on it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | {
    "NO_PROXY": "*"
}


def lines(server: str, path: str) -> dict[str, str]:
    """Tool -> code of the snippets of a page."""
    asked = Request(f"{server}{path}", headers={"Accept": "text/html"})
    with urlopen(asked) as answer:
        html = Html(answer.read().decode())
    return {e["data-tool"]: e.text for e in html.all("code") if e.get("data-tool")}


@pytest.fixture(scope="module")
def curl() -> str:
    return shutil.which("curl") or lacking("curl")


def test_python(server: str, ids: Ids):
    code = lines(server, f"/en/data/{ids.rich}")["python"]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert "Température de l’eau, rade de Brest" in done.stdout
    assert "https://example.org/brest.nc" in done.stdout


def test_curl(server: str, ids: Ids, curl: str, tmp_path: Path):
    code = lines(server, f"/fr/data/{ids.rich}")["curl"]
    first, second = code.splitlines()
    for command in (first, second):
        assert command.startswith("curl ")
    done = subprocess.run(
        ["sh", "-ec", first.replace("curl", curl, 1)],
        capture_output=True,
        env=ENVIRONMENT,
        check=True,
        cwd=tmp_path,
    )
    assert json.loads(done.stdout)["properties"]["title"]
    subprocess.run(["sh", "-ec", second.replace("curl", curl, 1)], env=ENVIRONMENT, check=True, cwd=tmp_path)
    assert b"MD_Metadata" in (tmp_path / f"{ids.rich}.xml").read_bytes()


def test_r_and_qgis_name_addresses_that_answer(server: str, ids: Ids):
    found = lines(server, f"/en/data/{ids.rich}")
    assert f'fromJSON("{server}/data/{ids.rich}.json")' in found["r"]
    assert found["qgis"] == f"{server}/ogc/collections/records"
    with urlopen(found["qgis"]) as answer:
        assert json.load(answer)["itemType"] == "record"
    assert found["qgis-layer"] == "https://example.org/ows"


def test_the_lines_of_the_api_page(server: str, curl: str, tmp_path: Path):
    with urlopen(Request(f"{server}/en/api", headers={"Accept": "text/html"})) as answer:
        html = Html(answer.read().decode())
    blocks = {e["id"]: e.text for e in html.all("code") if e.get("id")}
    commands = [line for block in blocks.values() for line in block.splitlines() if line.startswith("curl ")]
    assert len(commands) > 6
    for command in commands:
        done = subprocess.run(
            ["sh", "-ec", command.replace("curl", f"{curl} -fsS", 1)],
            capture_output=True,
            env=ENVIRONMENT,
            check=True,
            cwd=tmp_path,
        )
        assert done.stdout
    done = subprocess.run(
        [sys.executable, "-c", blocks["lines-python"]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout == ""

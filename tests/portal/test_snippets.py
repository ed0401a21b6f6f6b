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
from fastapi import APIRouter

from estran import plugins
from estran.formats import Links
from estran.web import Api
from estran.web.portal import about
from estran.web.portal.i18n import words
from tests.conftest import lacking
from tests.portal.html import Html

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node
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


def r(code: str, folder: Path) -> str:
    """What R prints for some lines, run as they stand."""
    rscript = shutil.which("Rscript") or lacking("R with jsonlite (r-base-core, r-cran-jsonlite)")
    (folder / "lines.R").write_text(code, "utf-8")
    done = subprocess.run(
        [rscript, "--vanilla", "lines.R"], capture_output=True, text=True, cwd=folder, check=False,
        env={**ENVIRONMENT, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python(server: str, ids: Ids):
    code = lines(server, f"/en/data/{ids.rich}")["python"]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert "Température de l’eau, rade de Brest" in done.stdout
    assert "https://example.org/brest.nc" in done.stdout


def test_curl(server: str, ids: Ids, curl: str, tmp_path: Path):
    code = lines(server, f"/fr/data/{ids.rich}")["curl"]
    first, second, third = code.splitlines()
    assert third == "curl -fL -o brest.nc https://example.org/brest.nc"
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
    """Each request in both languages: the command line in one shell, the Python in one process."""
    with urlopen(Request(f"{server}/en/api", headers={"Accept": "text/html"})) as answer:
        html = Html(answer.read().decode())
    blocks = {e["id"]: e.text for e in html.all("code") if e.get("id")}
    commands = [code for id_, code in blocks.items() if id_.startswith("curl-")]
    programs = [code for id_, code in blocks.items() if id_.startswith("python-")]
    assert len(commands) == len(programs) > 12
    script = "\n".join(
        f"{command.replace('curl', f'{curl} -fsS -o answer-{n}', 1)} || echo {n}"
        for n, command in enumerate(commands)
    )
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=True, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert all((tmp_path / f"answer-{n}").stat().st_size for n in range(len(commands)))
    done = subprocess.run(
        [sys.executable, "-c", f"for p in {programs!r}: exec(p, {{}}); print('next')"],
        capture_output=True, text=True, env=ENVIRONMENT, check=True,
    )  # fmt: skip
    answers = done.stdout.split("next\n")[:-1]
    assert len(answers) == len(programs)
    # The shortest says that there is nothing yet.
    assert all(len(answer) > 20 for answer in answers)
    done = subprocess.run(
        [sys.executable, "-c", blocks["lines-python"]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert done.stdout == ""


def test_every_installed_api_has_its_lines(server: str):
    """An API that Estran brings has words and requests of its own; one of others is listed with its place."""
    with urlopen(f"{server}/en/api.json") as answer:
        doors = {door["key"]: door for door in json.load(answer)["doors"]}
    assert set(plugins.names("api")) <= set(doors)
    assert all(door["calls"] for key, door in doors.items() if key != "python")


def test_an_api_of_others_is_listed(server: str, node: Node, monkeypatch: pytest.MonkeyPatch):
    theirs = Api(name="tides", prefix="/tides", routes=lambda _node: APIRouter())
    monkeypatch.setattr(plugins, "working", lambda _kind, _type: (theirs,))
    listed = {way.key: way for way in about.doors(node, Links(server), words("en"))}
    assert (listed["tides"].href, listed["tides"].title) == ("/tides", "tides")
    assert "stac" not in listed

"""The lines of a record's page, filled with an area and a period, do what they say: run against real servers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

import estran
from estran import formats
from estran.formats import Links
from estran.model import Box, Distribution, Extent, Period, Record, Text
from estran.web.app import create_app
from tests.portal.conftest import serving
from tests.portal.test_snippets import ENVIRONMENT, curl, lines, r

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["curl"]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server of files and services: its address, and what it was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"CDF" if self.path.endswith(".nc") else b"what was asked for")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()


@pytest.fixture(scope="module")
def served(
    elsewhere: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """A node with a record of that server's, on a socket; and the record's id."""
    at, folder = elsewhere[0], tmp_path_factory.mktemp("served")
    record = Record(
        identifier="probe", kind="dataset", title=Text.of('Probe’s "x" $(touch bad)', "en"),
        extent=Extent(boxes=(Box(-5, 48, -4, 48.5),), periods=(Period("2003", "2024-05-31"),)),
        distributions=(
            Distribution(url=f"{at}/data/it's%20all.nc", function="download", format="NetCDF"),
            Distribution(url=f"{at}/ows?map=a&SERVICE=WMS&REQUEST=GetCapabilities", function="service", protocol="OGC:WMS", name="sea;touch bad"),
            Distribution(url=f"{at}/ows", function="service", protocol="OGC:WFS-2.0", name="ns:probes"),
            Distribution(url=f"{at}/erddap/tabledap/probes.html", function="service"),
        ),
    )  # fmt: skip
    write = formats.find("estran-json").write
    assert write
    (folder / "probe.json").write_bytes(write(record, Links()).body)
    with estran.open(folder / "node") as node:
        node.load(folder / "probe.json")
        with serving(create_app(node)) as address:
            yield address, node.search("probe").records[0].id


def run(code: str, folder: Path) -> str:
    """What lines for a terminal print, run as they stand."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", code],
        capture_output=True,
        text=True,
        env={**ENVIRONMENT, "PATH": path},
        check=True,
        cwd=folder,
    )
    assert not (folder / "bad").exists()
    return done.stdout


def test_services_are_asked_for_the_area_and_the_period(
    served: tuple[str, str], elsewhere: tuple[str, list[str]], curl: str, tmp_path: Path
):
    code = lines(served[0], f"/en/data/{served[1]}?bbox=-4.8,48.2,-4.6,48.4&from=2010-02&to=2010-03-04")
    for tool, name in (("curl-wms", "map.png"), ("curl-wfs", "features.json"), ("curl-erddap", "table.csv")):
        elsewhere[1].clear()
        run(code[tool], tmp_path)
        assert (tmp_path / name).read_bytes() == b"what was asked for"
        asked = dict(parse_qsl(urlsplit(elsewhere[1][0]).query, keep_blank_values=True))
        match tool:
            case "curl-wms":
                assert (asked["BBOX"], asked["REQUEST"], asked["map"]) == (
                    "-4.8,48.2,-4.6,48.4",
                    "GetMap",
                    "a",
                )
                assert (asked["LAYERS"], asked["WIDTH"], asked["HEIGHT"]) == ("sea;touch bad", "800", "800")
            case "curl-wfs":
                assert asked["BBOX"].startswith("48.2,-4.8,48.4,-4.6,urn:")
                assert asked["TYPENAMES"] == "ns:probes"
            case _:
                assert urlsplit(elsewhere[1][0]).path == "/erddap/tabledap/probes.csv"
                limits = unquote(urlsplit(elsewhere[1][0]).query).strip("&").split("&")
                assert set(limits) == {
                    "longitude>=-4.8", "longitude<=-4.6", "latitude>=48.2", "latitude<=48.4", "time>=2010-02", "time<=2010-03-04",
                }  # fmt: skip


def test_the_file_comes_by_curl(served: tuple[str, str], curl: str, tmp_path: Path):
    run(lines(served[0], f"/en/data/{served[1]}")["curl"], tmp_path)
    assert (tmp_path / "it_s_20all.nc").read_bytes() == b"CDF"


def test_python_finds_what_else_is_there(served: tuple[str, str], tmp_path: Path):
    code = lines(served[0], f"/en/data/{served[1]}?bbox=-4.8,48.2,-4.6,48.4&from=2010")["python"]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert done.stdout.splitlines()[-1].startswith(f"{served[1]} Probe’s")
    gone = lines(served[0], f"/en/data/{served[1]}?bbox=100,0,101,1")["python"]
    done = subprocess.run(
        [sys.executable, "-c", gone], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert not done.stdout.splitlines()[-1].startswith(served[1])


def test_a_node_of_ones_own_takes_it_over(served: tuple[str, str], curl: str, tmp_path: Path):
    code = lines(served[0], f"/en/data/{served[1]}?bbox=-4.8,48.2,-4.6,48.4&from=2010")["estran"]
    assert "Probe’s" in run(code, tmp_path)
    with estran.open(tmp_path / "my-node") as mine:
        assert [r.identifier for r in mine.search()] == ["probe"]


def test_r_reads_the_same(served: tuple[str, str], tmp_path: Path):
    code = lines(served[0], f"/en/data/{served[1]}")["r"]
    printed = r(code, tmp_path)
    assert printed.count("Probe’s") == 2
    assert f"{served[0]}/data/{served[1]}.json" in printed

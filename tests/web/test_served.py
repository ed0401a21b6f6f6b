"""The node as one real server process, asked by other people's programs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from owslib.ogcapi.records import Records

import estran
from tests.web.conftest import features
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_IDLE_KB = 150 * 1024
_MOST_START_CPU_S = 6.0  # the bar is 2 s on a quiet machine; this one may be anything


class Served:
    """A server process."""

    def __init__(self, base: str, pid: int) -> None:
        self.base, self.pid = base, pid

    def cpu_s(self) -> float:
        """Processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kb(self) -> int:
        """Memory that it holds."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "records.ndjson").write_text("\n".join(json.dumps(one) for one in features()), "utf-8")
    with estran.open(folder / "node", name="Served") as node:
        assert node.load(folder / "records.ndjson").new == 65
    with serving(folder / "node") as (base, pid):
        yield Served(base, pid)


def test_it_starts_soon_and_stays_small(served: Served) -> None:
    assert served.cpu_s() < _MOST_START_CPU_S
    assert served.resident_kb() < _MOST_IDLE_KB
    assert "server" not in httpx.get(f"{served.base}/health").headers


def test_owslib_reads_it(served: Served) -> None:
    client = Records(f"{served.base}/ogc")
    assert client.api()["openapi"].startswith("3.0")
    assert (
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
        in client.conformance()["conformsTo"]
    )
    assert client.records() == ["records"]
    assert client.collection("records")["itemType"] == "record"
    assert "title" in client.collection_queryables("records")["properties"]
    page = client.collection_items("records", limit=3, bbox=[0, 35, 20, 44], q="salinité")
    assert page["numberMatched"] == 1
    (found,) = page["features"]
    assert client.collection_item("records", found["id"])["properties"]["title"].startswith("Salinité")
    filtered = client.collection_items("records", filter="title LIKE 'Snow%'", sortby=["-title"])
    assert filtered["numberReturned"] == 1
    with pytest.raises(RuntimeError, match="no property"):
        client.collection_items("records", filter="salinity > 3")


def test_a_search_leaves_it_small(served: Served) -> None:
    for query in ("q=snow", "filter=S_WITHIN(geometry,BBOX(4,43,11,48))", "bbox=0,35,20,44&datetime=2015/.."):
        assert httpx.get(f"{served.base}/ogc/collections/records/items?{query}").status_code == 200
    assert httpx.get(f"{served.base}/en/search?q=snow", headers={"Accept": "text/html"}).status_code == 200
    assert served.resident_kb() < _MOST_IDLE_KB


def test_a_reader_that_leaves_stops_the_stream(served: Served) -> None:
    with httpx.stream("GET", f"{served.base}/dcat?limit=all") as answer:
        next(answer.iter_bytes())
    assert httpx.head(f"{served.base}/dcat?limit=all").content == b""
    assert httpx.get(f"{served.base}/health").status_code == 200

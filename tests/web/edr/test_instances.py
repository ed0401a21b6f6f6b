"""A dataset that keeps what it said: tables as of an instant, and instances of EDR."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from owslib.ogcapi.edr import EnvironmentalDataRetrieval

import estran
from estran.access import Actor
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

HEAD = "station,time,longitude,latitude,level [m]\n"
AT = "POINT(-4.5 48.4)"


class Kept(NamedTuple):
    """Ids of a dataset that keeps its history and of one that does not, and instants."""

    client: Client
    node: Node
    record: str
    other: str
    since: str
    then: str


def loaded(node: Node, path: Path, values: list[float]) -> str:
    rows = [f"brest,2024-03-01T{hour:02}:00:00Z,-4.5,48.4,{value}\n" for hour, value in enumerate(values)]
    path.write_text(HEAD + "".join(rows))
    before = set(node.observations.datasets())
    report = node.load([path], kind="observations", visibility="public")
    assert report.observations, report
    return next(iter(set(node.observations.datasets()) - before), "")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    with estran.open(folder / "node") as node:
        record = loaded(node, folder / "levels.csv", [1.0, 2.0, 3.0])
        other = loaded(node, folder / "others.csv", [1.0])
        since = node.observations.keep_history(record)
        loaded(node, folder / "levels.csv", [1.0, 2.5, 3.0])
        then = node.observations.moment()
        node.observations.settle()
        loaded(node, folder / "levels.csv", [1.0, 2.5, 9.0, 4.0])
        yield Kept(Client(create_app(node.acting_as(Actor()))), node, record, other, since, then)


def levels(kept: Kept, as_of: str = "") -> list[float]:
    found = kept.client.get(
        f"/erddap/tabledap/{kept.record}.csvp?time,level" + (f"&as_of={as_of}" if as_of else "")
    )
    assert found.status_code == 200, found.text
    return [float(row[1]) for row in list(csv.reader(io.StringIO(found.text)))[1:]]


def test_tables_as_of_an_instant(kept: Kept) -> None:
    assert levels(kept) == [1.0, 2.5, 9.0, 4.0]
    assert levels(kept, kept.then) == [1.0, 2.5, 3.0]
    assert levels(kept, kept.since) == [1.0, 2.0, 3.0]
    info = kept.client.get(f"/erddap/info/{kept.record}/index.csv").text
    assert f"since {kept.since}" in info
    assert "as_of" not in kept.client.get(f"/erddap/info/{kept.other}/index.csv").text


@pytest.mark.parametrize(
    ("dataset", "instant", "status", "why"),
    [
        ("record", "2020-01-01T00:00:00Z", 409, "keeps what it said before since"),
        ("record", "2999-01-01T00:00:00Z", 400, "not known"),
        ("record", "yesterday", 400, "yesterday"),
        ("other", "2026-01-01T00:00:00Z", 409, "does not keep"),
    ],
)
def test_what_was_not_kept_is_refused(kept: Kept, dataset: str, instant: str, status: int, why: str) -> None:
    record = getattr(kept, dataset)
    for path in (
        f"/erddap/tabledap/{record}.csv?time&as_of={instant}",
        f"/ogc/collections/{record}/position?coords={AT}&as_of={instant}",
    ):
        found = kept.client.get(path)
        assert (found.status_code, why in found.text) == (status, True), found.text
    found = kept.client.get(f"/ogc/collections/{record}/instances/{instant}/position?coords={AT}")
    assert (found.status_code, why in found.text) == (404, True), found.text


def test_instances_are_instants(kept: Kept) -> None:
    base = f"/ogc/collections/{kept.record}"
    listed = kept.client.json(f"{base}/instances")
    ids = [one["id"] for one in listed["instances"]]
    assert (ids[0], ids[-1], len(ids)) == ("latest", kept.since, 3)
    ends = {one["id"]: one["extent"]["temporal"]["interval"][0][1] for one in listed["instances"]}
    assert (ends["latest"], ends[kept.since]) == ("2024-03-01T03:00:00Z", "2024-03-01T03:00:00Z")
    assert kept.since in listed["description"]
    assert [
        one["id"] for one in kept.client.json(f"/ogc/collections/{kept.other}/instances")["instances"]
    ] == ["latest"]
    for instant, values in ((kept.then, [1.0, 2.5, 3.0]), (kept.since, [1.0, 2.0, 3.0])):
        here = f"{base}/instances/{instant}"
        for path in (
            f"{here}/position?coords={AT}",
            f"{here}/locations/brest",
            f"{base}/position?coords={AT}&as_of={instant}",
        ):
            assert kept.client.json(path)["ranges"]["level"]["values"] == values
        [place] = kept.client.json(f"{here}/locations")["features"]
        assert f"/instances/{instant}/locations/brest" in place["properties"]["edrqueryendpoint"]
        told = kept.client.json(here)
        link = told["data_queries"]["position"]["link"]["href"].removeprefix("http://node.example")
        assert kept.client.json(f"{link}?coords={AT}")["ranges"]["level"]["values"] == values
    both = kept.client.get(f"{base}/instances/{kept.then}/position?coords={AT}&as_of={kept.since}")
    assert both.status_code == 400


def test_owslib_reads_an_instance(kept: Kept) -> None:
    with serving(kept.node.folder) as (base, _):
        client: Any = EnvironmentalDataRetrieval(f"{base}/ogc")
        made = client.query_data(f"{kept.record}/instances/{kept.then}", "position", coords=AT)
    assert made["ranges"]["level"]["values"] == [1.0, 2.5, 3.0]

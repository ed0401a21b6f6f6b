"""What is sent to a node by HTTP: stored once, refused row by row, by those who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

import estran
from estran.web.app import create_app
from tests.observations.test_door import series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

CSV = {"Content-Type": "text/csv"}
HEADER = "station,time,water_level [m]\n"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with estran.open(tmp_path_factory.mktemp("push") / "node") as opened:
        for name, options in (
            ("tides", {}), ("bare", {"header": "time;level [cm]", "station": "brest"}), ("ship", {"moving": "yes"}),
            ("other", {}), ("sta", {}),
        ):  # fmt: skip
            opened.observations.feeds.add(
                name, "push", options=options, centre="coriolis" if name != "other" else "resif-dc"
            )
        yield opened


@pytest.fixture(scope="module")
def client(node: Node) -> Iterator[TestClient]:
    with TestClient(create_app(node)) as opened:
        opened.headers["Authorization"] = f"Bearer {node.tokens.create('buoys', 'editor', 'coriolis').secret}"
        yield opened


def posted(
    client: TestClient, name: str, body: Any, status: int = 200, headers: dict[str, str] = CSV
) -> dict[str, Any]:
    if isinstance(body, str | bytes):
        answer = client.post(f"/observations/feeds/{name}", content=body, headers=headers)
    else:
        answer = client.post(f"/observations/feeds/{name}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def counted(answer: dict[str, Any]) -> tuple[int, int, int]:
    rows = answer["observations"]
    return rows["new"], rows["changed"], rows["unchanged"]


def test_rows_are_stored_once(node: Node, client: TestClient) -> None:
    body = HEADER + "".join(f"brest,2026-01-01T{hour:02}:00:00Z,{hour}\n" for hour in range(24))
    first = posted(client, "tides", body)
    assert (counted(first), first["observations"]["datastreams"], first["refused"]) == ((24, 0, 0), 1, [])
    assert counted(posted(client, "tides", body)) == (0, 0, 24)
    # The same as JSON, with one that was corrected and one that is late.
    rows: list[dict[str, Any]] = [
        {"station": "brest", "time": f"2026-01-01T{hour:02}:00:00Z", "water_level [m]": hour}
        for hour in range(24)
    ]
    rows[3]["water_level [m]"] = 3.5
    rows.append({"station": "brest", "time": "2025-12-31T23:00:00Z", "water_level [m]": None})
    rows.append({"station": "brest", "time": "2025-12-31T22:00:00Z", "water_level [m]": -1})
    assert counted(posted(client, "tides", rows)) == (1, 1, 23)
    assert node.observations.read("water_level")["water_level"].values[:3].tolist() == [-1, 0, 1]
    # Another unit is brought to the first.
    other = "station,time,water_level [cm]\nbrest,2026-01-02T00:00:00Z,250\n"
    assert counted(posted(client, "tides", other)) == (1, 0, 0)
    assert node.observations.read("water_level")["water_level"].values[-1] == 2.5


def test_what_does_not_fit_is_told_and_kept_and_the_rest_is_stored(node: Node, client: TestClient) -> None:
    good = "".join(f"sete,2026-01-01T{hour:02}:00:00Z,{hour}\n" for hour in range(9))
    body = f"{HEADER}{good}sete,,1\nsete,2026-01-01T10:00:00Z,much\n"
    answer = posted(client, "tides", body, 207)
    assert counted(answer) == (9, 0, 0)
    assert [(one["line"], one["why"].split("“")[0]) for one in answer["refused"]] == [
        (11, "the row has no time"),
        (12, ""),
    ]
    rows: list[Any] = [
        {"station": "sete", "time": "2026-01-03T00:00:00Z", "water_level [m]": 1},
        7,
        {"time": []},
    ]
    answer = posted(client, "tides", rows, 207)
    assert ([one["line"] for one in answer["refused"]], counted(answer)) == ([2, 3], (1, 0, 0))
    kept = node.observations.feeds.refused("tides", 2)
    assert [one.body[:9] for one in kept] == [b'[{"statio'] * 2
    for wrong in (
        b"",
        b"{",
        "nothing here",
        HEADER,
        b"\xff\xfe\x00",
        [],
        [1],
        HEADER + "a,2099-01-01T00:00:00Z,1\n",
    ):
        detail = posted(client, "tides", wrong, 400)["detail"]
        assert detail, wrong


def test_a_feed_may_name_the_columns_and_the_station(node: Node, client: TestClient) -> None:
    assert counted(posted(client, "bare", "2026-02-01T00:00:00Z;412,5\n2026-02-01T01:00:00Z;415\n")) == (
        2,
        0,
        0,
    )
    # A single row is enough.
    assert counted(posted(client, "bare", "2026-02-01T02:00:00Z;418\n")) == (1, 0, 0)
    [one] = node.observations.datastreams("level")
    assert (one.described.key, one.described.variable.unit, one.count, one.last_value) == (
        "brest/level",
        "cm",
        3,
        418,
    )


def test_what_moves_keeps_the_place_of_each_row(node: Node, client: TestClient) -> None:
    for hour in range(3):
        body = (
            f"time,station,longitude,latitude,salinity [g/kg]\n2026-03-01T0{hour}:00:00Z,argos,{hour},48,35\n"
        )
        assert counted(posted(client, "ship", body)) == (1, 0, 0)
    found = node.observations.read("salinity")
    assert found["longitude"].values.tolist() == [0, 1, 2]


def test_files_are_read_as_load_reads_them(node: Node, client: TestClient, tmp_path: Path) -> None:
    body = series(tmp_path / "s.nc").read_bytes()
    for kind in ("application/x-netcdf", "application/octet-stream"):
        posted(client, "tides", body, headers={"Content-Type": kind})
    assert posted(client, "tides", body, headers={})["observations"]["new"] == 0
    assert any(node.show(record).metadata_standard for record in node.observations.datasets())


def test_observations_of_sensorthings(node: Node, client: TestClient) -> None:
    [stream] = node.observations.datastreams("level")
    named = {"Datastream": {"@iot.id": stream.number}}
    # The record of that datastream is of the editor's centre: that is who may write there.
    one = {"phenomenonTime": "2026-02-02T00:00:00Z", "result": 1.5, **named}
    point = {"type": "Point", "coordinates": [-4.5, 48.4]}
    place = {"name": "P", "description": "P", "encodingType": "application/geo+json", "feature": point}
    feature = node.observations.sensing.change(
        lambda making: making.make("FeaturesOfInterest", place | {"properties": {"dataset": stream.record}})
    )
    of = {"FeatureOfInterest": {"@iot.id": feature}}
    assert counted(posted(client, "sta", one | of)) == (1, 0, 0)
    assert counted(posted(client, "sta", one | of)) == (0, 0, 1)
    array = {
        **named, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
        "dataArray": [["2026-02-02T01:00:00Z", 1, feature], ["2026-02-02T02:00:00Z", 2, feature], ["never", 3, feature], [1]],
    }  # fmt: skip
    answer = posted(
        client, "sta", [array, {"result": 1, "Datastream": {"@iot.id": 10**6}, "phenomenonTime": "2026"}], 207
    )
    assert (counted(answer), len(answer["refused"])) == ((2, 0, 0), 3)
    assert "phenomenonTime" in posted(client, "sta", {"result": 1, **named}, 400)["detail"]


def test_only_those_may_push_who_may_write_there(node: Node, client: TestClient) -> None:
    body = HEADER + "brest,2026-01-01T00:00:00Z,1\n"
    for name in ("other", "nothing", "%2e%2e"):
        assert posted(client, name, body, 404)["detail"]
    with TestClient(create_app(node)) as anyone:
        assert posted(anyone, "tides", body, 401)
        anyone.headers["Authorization"] = f"Bearer {node.tokens.create('r', 'reader', 'coriolis').secret}"
        assert posted(anyone, "tides", body, 403)
        anyone.headers["Authorization"] = f"Bearer {node.tokens.create('o', 'operator').secret}"
        assert counted(posted(anyone, "other", body)) == (1, 0, 0)
    assert posted(client, "tides", "<a/>", 415, {"Content-Type": "image/png"})
    assert posted(client, "tides", b"x" * 2_000_000, 413)
    assert client.post("/observations/feeds/tides?now=1", content=body, headers=CSV).status_code == 400

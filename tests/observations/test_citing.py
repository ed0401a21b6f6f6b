"""A citation gives the same bytes in every form, whatever becomes of observations, stations and the record."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi.testclient import TestClient

from estran.formats import Links
from estran.model import Datastream, Sensor, Text, Thing, Variable
from estran.web.app import create_app
from tests.observations.conftest import rows
from tests.portal import observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

HOUR_US, START_US = 3_600_000_000, 1_700_000_000_000_000
FORMS = ("csv", "nc", "parquet")


def level(station: str, sensor: str) -> Datastream:
    return Datastream(
        key="brest/level", variable=Variable(name="level", unit="m"),
        thing=Thing(key="brest", name=Text.of(station, "en"), longitude=-4.5, latitude=48.4),
        sensor=Sensor(key="s", name=Text.of(sensor, "en")),
    )  # fmt: skip


def put(node: Node, record: str, stream: Datastream, *values: float) -> None:
    times = [START_US + n * HOUR_US for n in range(len(values))]
    observed.put(node, record, [stream], [rows(0, times, list(values))])


def sums(client: TestClient, number: int, as_of: str) -> list[str]:
    found: list[str] = []
    for form in FORMS:
        answer = client.get(f"/datastreams/{number}.{form}", params={"as_of": as_of})
        assert answer.status_code == 200, answer.text
        found.append(hashlib.sha256(answer.content).hexdigest())
    return found


def edited(node: Node, folder: Path, title: str) -> str:
    described = replace(observed.described("levels", title), abstract=Text.of(f"About {title}", "en"))
    file = folder / "levels.json"
    write = observed.formats.find("estran-json").write
    assert write
    file.write_bytes(write(described, Links()).body)
    node.load(file)
    return next(r.id for r in node.scan(limit=10)[0] if r.identifier == "levels")


def test_what_is_cited_stays_in_every_form(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    with open_node(tmp_path / "node") as node, TestClient(create_app(node)) as client:
        record = edited(node, tmp_path, "Levels at Brest")
        put(node, record, level("Brest harbour", "Old gauge"), 1, 2, 3, 4)
        number = node.observations.datastreams()[0].number
        node.observations.keep_history(record)
        cited: dict[str, list[str]] = {}
        for n, (title, station, sensor, third) in enumerate((
            ("Levels at Brest", "Brest harbour", "Old gauge", 3), ("Levels of Brest", "Brest harbour", "New gauge", 30),
            ("Levels, Brest", "Port of Brest", "New gauge", 300), ("Levels", "Brest", "Newest gauge", 3000),
        )):  # fmt: skip
            if n:
                edited(node, tmp_path, title)
                put(node, record, level(station, sensor), 1, 2, third)
            if n == 2:
                node.observations.settle()
            as_of = node.observations.moment()
            cited[as_of] = sums(client, number, as_of)
            # What is edited again is told from the moment on at which it was.
            table = node.observations.table(record, as_of=as_of)
            assert str(table.things[0].thing.name) == station
            assert str(node.observations.description(node.show(record), as_of).title) == title
        assert len(cited) == 4
        for form in range(len(FORMS)):
            assert len({found[form] for found in cited.values()}) == 4
        for as_of, found in cited.items():
            assert sums(client, number, as_of) == found


def test_an_order_of_what_was_is_described_as_it_was(node: Node, tmp_path: Path) -> None:
    record = edited(node, tmp_path, "Levels at Brest")
    put(node, record, level("Brest harbour", "Gauge"), 1, 2, 3)
    number = node.observations.datastreams()[0].number
    node.observations.keep_history(record)
    as_of = node.observations.moment()
    with TestClient(create_app(node)) as client:
        _, wanted, _ = sums(client, number, as_of)
        edited(node, tmp_path, "Another title")
        base = Links(str(client.base_url), node.settings.name)
        placed = node.orders.place(record, base, form="nc", as_of=as_of)
        assert node.jobs.execute(once=True)
        (file,) = node.orders.order(placed.id).files
        assert file.sha256 == wanted


def test_nothing_is_kept_where_nobody_asked(node: Node, tmp_path: Path) -> None:
    record = edited(node, tmp_path, "Levels")
    put(node, record, level("Brest", "Gauge"), 1)
    edited(node, tmp_path, "Other levels")
    put(node, record, level("Port of Brest", "Gauge"), 1)
    node.observations.keep_history(record)
    assert node._house.series().described_then(record, 0) == {}  # pyright: ignore[reportPrivateUsage]
    put(node, record, level("Port of Brest", "Gauge"), 2)
    assert node._house.series().described_then(record, 0) == {}  # pyright: ignore[reportPrivateUsage]


def test_what_is_changed_by_sensorthings_is_told_as_it_was(node: Node, tmp_path: Path) -> None:
    record = edited(node, tmp_path, "Levels")
    put(node, record, level("Brest harbour", "Gauge"), 1, 2, 3)
    number = node.observations.datastreams()[0].number
    node.observations.keep_history(record)
    as_of = node.observations.moment()
    with TestClient(create_app(node)) as client:
        before = sums(client, number, as_of)
        token = node.tokens.create("Ada", "operator").secret
        thing = client.get(f"/sta/v1.1/Datastreams({number})/Thing").json()["@iot.id"]
        asked = {"headers": {"Authorization": f"Bearer {token}"}, "json": {"name": "Penfeld mouth"}}
        answer = client.patch(f"/sta/v1.1/Things({thing})", **asked)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        assert str(node.observations.datastreams()[0].described.thing.name) == "Penfeld mouth"
        assert b"Penfeld mouth" in client.get(f"/datastreams/{number}.csv").content
        assert sums(client, number, as_of) == before
    assert [one.id for one in node.search("penfeld")] == [record]
    assert [one.id for one in node.search("harbour")] == [record]

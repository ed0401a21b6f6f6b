"""Entities are told to an MQTT broker as observations are, and the command that tells them."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import estran
from estran.cli import app
from estran.web.apis.sensorthings.publishing import Publisher
from tests.web.sensorthings.conftest import HOUR, START, rows
from tests.web.sensorthings.test_publishing import entered, listening, node_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node
    from tests.mosquitto import Mosquitto

_PATIENCE_S = 60


@pytest.fixture
def told_node(tmp_path: Path, open_node: Callable[..., Node], mosquitto: Mosquitto) -> Iterator[Node]:
    """A node that tells a broker, with a public and a restricted dataset."""
    with node_of(tmp_path, mosquitto, open_node) as node:
        yield node


def buoy(record: str) -> dict[str, Any]:
    """A thing with all that hangs on it, and an observation."""
    point = {"type": "Point", "coordinates": [-1.5, 46.2]}
    place = {"name": "P", "description": "P", "encodingType": "application/geo+json", "location": point}
    unit = {"name": "degree Celsius", "symbol": "degC", "definition": "ucum:Cel"}
    kind = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
    stream = {
        "name": "Temperature", "description": "T", "unitOfMeasurement": unit, "observationType": kind,
        "Sensor": {"name": "S", "description": "S", "encodingType": "text/plain", "metadata": "none"},
        "ObservedProperty": {"name": "Told", "definition": f"urn:told:{record}", "description": "T"},
        "Observations": [{"phenomenonTime": "2026-01-01T00:00:00Z", "result": 1}],
    }  # fmt: skip
    return {
        "name": "Buoy", "description": "B", "properties": {"dataset": record}, "Locations": [place],
        "Datastreams": [stream],
    }  # fmt: skip


def test_entities_are_told_on_their_topics(told_node: Node, mosquitto: Mosquitto) -> None:
    store, one, _ = entered(told_node)
    records = {visible.record for visible in told_node.observations.datastreams(numbers=[one])}
    sensing = told_node.observations.sensing
    with listening(mosquitto, "v1.1/#") as heard, Publisher(told_node) as publisher:
        assert publisher.step() == 0, "what was there before is not told"
        thing = sensing.change(lambda making: making.make("Things", buoy(records.pop())))
        [stream] = [
            each.number
            for each in told_node.observations.datastreams()
            if str(each.described.thing.name) == "Buoy"
        ]
        found = told_node.observations.sensing.one("Datastreams", stream)
        sensor, measured = found.ties["Sensor"], found.ties["ObservedProperty"]
        # A thing, its place, the place's history and feature, a datastream, sensor and property, an observation.
        told = publisher.step()
        assert told == 8
        by_topic: dict[str, list[Any]] = {}
        for topic, document in heard.wait(16):
            by_topic.setdefault(topic, []).append(document)
        for topic in (
            "v1.1/Things", f"v1.1/Things({thing})", "v1.1/Datastreams", f"v1.1/Datastreams({stream})",
            f"v1.1/Things({thing})/Datastreams", f"v1.1/Sensors({sensor})/Datastreams", "v1.1/Locations",
            f"v1.1/ObservedProperties({measured})", f"v1.1/ObservedProperties({measured})/Datastreams",
            f"v1.1/Sensors({sensor})", f"v1.1/Things({thing})/HistoricalLocations", "v1.1/FeaturesOfInterest",
            "v1.1/Observations", f"v1.1/Datastreams({stream})/Observations",
        ):  # fmt: skip
            assert len(by_topic.pop(topic)) == 1, topic
        sensing.change(lambda making: making.patch("Things", thing, {"name": "Buoy 7"}, is_whole=False))
        assert publisher.step() == 1
        named = [document for topic, document in heard.wait(20) if topic == f"v1.1/Things({thing})"]
        assert [document["name"] for document in named] == ["Buoy", "Buoy 7"]
        assert named[1]["@iot.selfLink"] == f"/sta/v1.1/Things({thing})"
        sensing.change(lambda making: making.patch("Things", thing, {"name": "Gone"}, is_whole=False))
        sensing.change(lambda making: making.delete("Things", thing))
        assert publisher.step() == 0, "nobody is told of what is no more"
        # What is loaded is told as well; what nobody may see is not.
        from tests.web.sensorthings.conftest import streams  # noqa: PLC0415

        for record in told_node.observations.datasets():
            store.enter(record, streams()[2:3])
        assert publisher.step() > 0
        names = [document["name"] for topic, document in heard.messages if topic == "v1.1/Datastreams"]
        assert names[1:] == ["Temperature at Sète"]


def test_the_command_tells_what_is_written(mosquitto: Mosquitto, tmp_path: Path) -> None:
    def once() -> str:
        done = CliRunner().invoke(
            app, ["observations", "publish", "--node", str(tmp_path / "node"), "--once"]
        )
        assert done.exit_code == 0, done.output
        return done.stderr

    with (
        node_of(tmp_path, mosquitto, estran.open) as node,
        listening(mosquitto, "v1.1/Observations") as heard,
    ):
        store, one, _ = entered(node)
        assert "0 entities" in once()
        store.put(rows(one, [START], value=[1.0]))
        assert "1 entities" in once()
        assert heard.wait(1)[0][1]["result"] == 1
        store.put(rows(one, [START + HOUR], value=[2.0]))
        told = subprocess.Popen(
            [sys.executable, "-m", "estran", "observations", "publish", "--node", str(tmp_path / "node")],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert told.stderr is not None
            assert mosquitto.url in told.stderr.readline()
            assert heard.wait(2)[1][1]["result"] == 2
            store.put(rows(one, [START + 2 * HOUR], value=[3.0]))
            assert heard.wait(3)[2][1]["result"] == 3
            told.send_signal(signal.SIGTERM)
            assert told.wait(_PATIENCE_S) == 0
        finally:
            told.kill()
            told.communicate()


def test_the_command_says_what_it_lacks(tmp_path: Path) -> None:
    with estran.open(tmp_path / "node"):
        pass
    done = CliRunner().invoke(app, ["observations", "publish", "--node", str(tmp_path / "node"), "--once"])
    assert "publish.broker" in str(done.exception)

"""What is written is told to an MQTT broker, each observation at least once."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client as Listener
from paho.mqtt.client import MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

import estran
from estran.access import ANYONE
from estran.catalogue.query import Query
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.web.apis.sensorthings.publishing import Publisher
from estran.web.app import create_app
from tests.mosquitto import Mosquitto
from tests.web.client import Client
from tests.web.conftest import feature
from tests.web.sensorthings.conftest import HOUR, START, Sta, rows, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from estran.node import Node

_PATIENCE_S = 60


class Heard:
    """What a broker tells on."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Any]] = []
        self._came = threading.Condition()

    def add(self, _client: Any, _held: Any, message: Any) -> None:
        with self._came:
            self.messages.append((message.topic, json.loads(message.payload)))
            self._came.notify_all()

    def wait(self, count: int) -> list[tuple[str, Any]]:
        """Once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.messages) >= count, _PATIENCE_S), self.messages
            return list(self.messages)


@contextmanager
def listening(broker: Mosquitto, topic: str) -> Generator[Heard]:
    heard, subscribed = Heard(), threading.Event()
    client = Listener(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.on_message = heard.add
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", broker.port)
    client.subscribe(topic, qos=1)
    client.loop_start()
    assert subscribed.wait(_PATIENCE_S)
    try:
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def node_of(folder: Path, broker: Mosquitto, open_: Callable[..., Node]) -> Generator[Node]:
    """A node with a public and a restricted dataset, which tells a broker."""
    (folder / "node").mkdir()
    (folder / "node" / "estran.toml").write_text(f'publish.broker = "{broker.url}"\n')
    with open_(folder / "node") as node:
        for name, visibility in (("open", "public"), ("closed", "restricted")):
            (folder / f"{name}.json").write_text(json.dumps(feature(name, name.title())), "utf-8")
            node.load(folder / f"{name}.json", visibility=visibility)
        yield node


@pytest.fixture
def told_node(tmp_path: Path, open_node: Callable[..., Node], mosquitto: Mosquitto) -> Iterator[Node]:
    """It."""
    with node_of(tmp_path, mosquitto, open_node) as node:
        yield node


def entered(node: Node) -> tuple[Any, int, int]:
    """The store, and a datastream of each dataset."""
    store: Any = node._house.series()  # pyright: ignore[reportPrivateUsage]
    records = {str(one.title): one.id for one in node.ask(Query(limit=5)).records}
    one, other = (store.enter(records[title], streams()[:1])[0]["brest/temp"] for title in ("Open", "Closed"))
    return store, one, other


def test_what_is_written_is_told_wherever_it_lies(told_node: Node, mosquitto: Mosquitto) -> None:
    store, one, other = entered(told_node)
    store.put(rows(one, [START], value=[0.0], flag=["1"]))
    with listening(mosquitto, "v1.1/#") as heard, Publisher(told_node) as publisher:
        assert publisher.step() == 0, "what was there before is not told"
        store.put(rows(one, [START + HOUR], value=[1.0], flag=["4"]))
        store.put(rows(other, [START + HOUR], value=[7.0]))
        # It moves into the files before anybody tells it.
        store.settle()
        store.put(rows(one, [START], value=[0.5], flag=["1"]))
        assert publisher.step() == 2
        assert publisher.step() == 0
        found = heard.wait(4)
        topics = [f"v1.1/Datastreams({one})/Observations", "v1.1/Observations"]
        assert sorted(topic for topic, _ in found) == sorted(2 * topics)
        results = [document["result"] for topic, document in found if topic == topics[0]]
        assert results == [1, 0.5], "nobody may see 7"
        sta = Sta(Client(create_app(told_node.acting_as(ANYONE))))
        for _, document in found:
            held = sta.json(f"/Observations({document['@iot.id']})")
            ways = {
                "@iot.selfLink": 1,
                "Datastream@iot.navigationLink": 1,
                "FeatureOfInterest@iot.navigationLink": 1,
            }
            assert {k: v for k, v in document.items() if k not in ways} == {
                k: v for k, v in held.items() if k not in ways
            }
            assert document["@iot.selfLink"] == f"/sta/v1.1/Observations({document['@iot.id']})"
        store.settle()
        assert publisher.step() == 0, "moving is no writing"
    # Another goes on where it stood.
    store.put(rows(one, [START + 2 * HOUR], value=[2.0]))
    store.settle()
    with listening(mosquitto, "v1.1/Observations") as heard, Publisher(told_node) as publisher:
        ended = threading.Event()
        follower = threading.Thread(target=publisher.follow, args=(ended, 0.01))
        follower.start()
        assert heard.wait(1)[0][1]["result"] == 2
        store.put(rows(one, [START + 3 * HOUR], value=[3.0]))
        assert heard.wait(2)[1][1]["result"] == 3
        ended.set()
        follower.join(_PATIENCE_S)
        assert len(heard.messages) == 2
    settings = sta.json("")["serverSettings"]
    [endpoints] = [value for name, value in settings.items() if name.endswith("receive-updates")]
    assert endpoints == {"endpoints": [mosquitto.url]}


def test_a_broker_that_is_away_loses_nothing(mosquitto_program: Path, tmp_path: Path) -> None:
    with Mosquitto(mosquitto_program) as broker, node_of(tmp_path, broker, estran.open) as node:
        store, one, _ = entered(node)
        with Publisher(node, patience_s=0.2) as publisher:
            assert publisher.step() == 0
            broker.stop()
            store.put(rows(one, [START], value=[1.0]))
            with pytest.raises(Unavailable, match="does not confirm"):
                publisher.step()
        with pytest.raises(Unavailable, match="does not answer"), Publisher(node):
            pass
        broker.start()
        with listening(broker, "v1.1/Observations") as heard, Publisher(node) as publisher:
            assert publisher.step() == 1
            assert heard.wait(1)[-1][1]["result"] == 1


def test_it_is_the_operators_and_needs_a_broker(told_node: Node, node: Node) -> None:
    with pytest.raises(NotAllowed):
        Publisher(told_node.acting_as(ANYONE))
    with pytest.raises(Invalid, match="no broker"):
        Publisher(node)

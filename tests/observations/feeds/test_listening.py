"""A broker that is heard: what is published is stored once and whole, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from estran.errors import NotFound
from estran.fetching.brokers import broker
from estran.observations.feeds.listening import Listening, listen
from estran.observations.store import SeriesStore
from tests.mosquitto import Mosquitto

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from estran.node import Node

HEADER = "station,time,water_level [m]\n"
LONG_S = 120.0


class Publisher:
    """Publishes to a broker, and knows what arrived there."""

    def __init__(self, url: str) -> None:
        where, _ = broker(url)
        self._client = where.client()
        self._client.connect(where.host, where.port)
        self._client.loop_start()

    def send(self, topic: str, body: Any) -> None:
        payload = body if isinstance(body, str | bytes) else msgspec.json.encode(body)
        self._client.publish(topic, payload, qos=1).wait_for_publish(LONG_S)

    def many(self, topic: str, bodies: list[str]) -> None:
        for told in [self._client.publish(topic, body, qos=1) for body in bodies]:
            told.wait_for_publish(LONG_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def publisher(mosquitto: Mosquitto) -> Iterator[Publisher]:
    made = Publisher(mosquitto.url)
    yield made
    made.close()


@contextmanager
def heard(node: Node, name: str, **more: Any) -> Generator[list[str]]:
    """While a feed is heard; gives what is said."""
    stop, said = Event(), list[str]()
    feed = node.observations.feeds.show(name)
    given = {"password": "", "authorities": "", **more}
    listening = Listening(node.observations.feeds, feed, **given, stop=stop, say=said.append)
    thread = threading.Thread(target=listening.run)
    thread.start()
    try:
        until(lambda: any("is heard" in words for words in said))
        yield said
    finally:
        stop.set()
        thread.join(LONG_S)
        assert not thread.is_alive()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def messages(node: Node, name: str) -> int:
    return node.observations.feeds.show(name).messages


@pytest.fixture
def node(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    with open_node(tmp_path / "node") as opened:
        yield opened


def test_rows_of_all_kinds_are_stored_once(
    node: Node, mosquitto: Mosquitto, publisher: Publisher, tmp_path: Path
) -> None:
    feeds, base = node.observations.feeds, f"t{os.urandom(4).hex()}"
    feeds.add("buoys", "mqtt", f"{mosquitto.url}/{base}/+/data", options={"station": "{2}"})
    with heard(node, "buoys"):
        for _ in range(2):
            publisher.send(f"{base}/B1/data", "time,wave_height [m]\n2026-01-01T00:00:00Z,1.5\n")
            publisher.send(f"{base}/B2/data", {"time": "2026-01-01T00:00:00Z", "wave_height [m]": 2.5})
        publisher.send(f"{base}/B3/data", "gibberish")
        publisher.send(f"{base}/B3/data", b"\xff\x00")
        publisher.send(f"{base}/B3/data", "")
        publisher.send(f"{base}/B2/data", [{"time": "2026-01-01T01:00:00Z", "wave_height [m]": 2}])
        until(lambda: messages(node, "buoys") == 8)
    feed = feeds.show("buoys")
    assert (feed.rows.new, feed.rows.changed, feed.refused) == (3, 0, 3)
    keys = [one.described.key for one in node.observations.datastreams()]
    assert keys == ["B1/wave_height", "B2/wave_height"]
    refused = feeds.refused("buoys")
    assert {one.place for one in refused} == {f"{base}/B3/data"}
    assert {one.body for one in refused} == {b"gibberish", b"\xff\x00", b""}
    # The datastreams that were made are there for SensorThings, at the topics of its own.
    stream = node.observations.datastreams()[0]
    place = {"name": "P", "description": "P", "encodingType": "application/geo+json"}
    place["feature"] = {"type": "Point", "coordinates": [1, 2]}  # type: ignore[assignment]
    feature = node.observations.sensing.change(
        lambda making: making.make("FeaturesOfInterest", place | {"properties": {"dataset": stream.record}})
    )
    feeds.add("sta", "mqtt", f"{mosquitto.url}/{base}/v1.1/#")
    with heard(node, "sta"):
        topic = f"{base}/v1.1/Datastreams({stream.number})/Observations"
        said = {
            "result": 7,
            "phenomenonTime": "2026-01-01T05:00:00Z",
            "FeatureOfInterest": {"@iot.id": feature},
        }
        for one in (said, said, {"result": 8}, [said | {"phenomenonTime": "2026-01-01T06:00:00Z"}]):
            publisher.send(topic, one)
        until(lambda: messages(node, "sta") == 4)
    feed = feeds.show("sta")
    assert (feed.rows.new, feed.rows.changed, feed.refused) == (2, 0, 1)
    assert node.observations.datastreams(numbers=[stream.number])[0].last_value == 7


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_comes_while_nobody_listens_waits(
    node: Node, mosquitto: Mosquitto, publisher: Publisher, protocol: str
) -> None:
    topic = f"t{os.urandom(4).hex()}"
    node.observations.feeds.add("tides", "mqtt", f"{mosquitto.url}/{topic}", options={"protocol": protocol})
    with heard(node, "tides"):
        pass
    publisher.many(topic, [f"{HEADER}brest,2026-01-01T00:{n:02}:00Z,{n}\n" for n in range(50)])
    with heard(node, "tides"):
        until(lambda: messages(node, "tides") == 50)
    assert node.observations.datastreams()[0].count == 50
    with heard(node, "tides"):
        pass
    assert messages(node, "tides") == 50


def test_what_could_not_be_stored_is_not_acknowledged(
    node: Node, mosquitto: Mosquitto, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from estran.errors import Unavailable  # noqa: PLC0415

    topic, put = f"t{os.urandom(4).hex()}", SeriesStore.put
    node.observations.feeds.add("tides", "mqtt", f"{mosquitto.url}/{topic}")
    tried = Event()

    def away(self: SeriesStore, rows: Any) -> Any:
        if not tried.is_set():
            tried.set()
            raise Unavailable("the database is away")
        return put(self, rows)

    monkeypatch.setattr(SeriesStore, "put", away)
    with heard(node, "tides") as said:
        publisher.send(topic, f"{HEADER}brest,2026-01-01T00:00:00Z,1\n")
        until(lambda: messages(node, "tides") == 1)
    assert any("the database is away" in words for words in said)
    assert node.observations.datastreams()[0].count == 1


def test_a_listener_that_is_killed_loses_and_doubles_nothing(
    node: Node, mosquitto: Mosquitto, publisher: Publisher
) -> None:
    topic = f"t{os.urandom(4).hex()}"
    node.observations.feeds.add("tides", "mqtt", f"{mosquitto.url}/{topic}")
    command = [sys.executable, "-m", "estran", "feeds", "listen", "tides", "--node", str(node.folder)]

    def begun() -> subprocess.Popen[str]:
        database = {"ESTRAN_STORAGE__DATABASE": node.settings.storage.database}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | database)
        assert process.stderr
        assert "is heard" in process.stderr.readline()
        return process

    bodies = [
        HEADER
        + "".join(f"brest,2026-01-{day:02}T{hour:02}:{minute:02}:00Z,{minute}\n" for minute in range(60))
        for day in range(1, 9)
        for hour in range(24)
    ]
    process = begun()
    sending = threading.Thread(target=publisher.many, args=(topic, bodies))
    sending.start()
    until(lambda: messages(node, "tides") > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stderr
    process.stderr.close()
    assert messages(node, "tides") < len(bodies)
    sending.join()
    process = begun()
    until(lambda: node.observations.datastreams()[0].count == 60 * len(bodies))
    process.terminate()
    assert process.wait(LONG_S) == 0
    process.stderr.close()  # type: ignore[union-attr]
    rows = node.observations.read("water_level")["water_level"].values
    assert len(rows) == 60 * len(bodies)
    assert rows.reshape(-1, 60).tolist() == [list(range(60))] * len(bodies)
    assert node.observations.feeds.show("tides").refused == 0


def test_a_broker_that_goes_and_comes_back_is_heard_again(node: Node, mosquitto_program: Path) -> None:
    with Mosquitto(mosquitto_program, user="buoys", password="s3cret") as server:
        url = server.url.replace("://", "://buoys@")
        feed = node.observations.feeds.add("tides", "mqtt", f"{url}/t")
        assert "s3cret" not in repr(feed)
        stop, said = Event(), list[str]()
        wrong = Listening(
            node.observations.feeds, feed, password="wrong", authorities="", stop=stop, say=said.append
        )
        thread = threading.Thread(target=wrong.run)
        thread.start()
        until(lambda: said)
        stop.set()
        thread.join(LONG_S)
        assert "Not authorized" in said[0]
        assert "Not authorized" in node.observations.feeds.show("tides").error
        with heard(node, "tides", password="s3cret") as told:
            assert node.observations.feeds.show("tides").error == ""
            server.stop()
            until(lambda: len(told) > 1)
            server.start()
            until(lambda: "is heard" in told[-1])
            assert "s3cret" not in "".join(told)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_is_removed_leaves_nothing_at_its_broker(
    node: Node, mosquitto: Mosquitto, publisher: Publisher, protocol: str
) -> None:
    topic, feeds = f"t{os.urandom(4).hex()}", node.observations.feeds
    options = {"protocol": protocol, "client": f"estran-{topic}"}
    for _ in range(2):
        feeds.add("tides", "mqtt", f"{mosquitto.url}/{topic}", options=options)
        with heard(node, "tides"):
            # What waited for the one before does not come to the next of the same name.
            publisher.send(topic, f"{HEADER}brest,2026-01-02T00:00:00Z,2\n")
            until(lambda: messages(node, "tides") == 1)
        publisher.send(topic, f"{HEADER}brest,2026-01-01T00:00:00Z,1\n")
        assert feeds.remove("tides") == ""
    assert node.observations.datastreams()[0].count == 1


def test_a_broker_that_is_away_keeps_the_session_and_that_is_said(
    node: Node, mosquitto_program: Path
) -> None:
    with Mosquitto(mosquitto_program, user="buoys", password="s3cret") as server:
        address, feeds = f"{server.url.replace('://', '://buoys@')}/t", node.observations.feeds
        feeds.add("tides", "mqtt", address)
        assert "Not authorized" in feeds.remove("tides", passwords={"tides": "wrong"})
        feeds.add("tides", "mqtt", address)
        assert feeds.remove("tides", passwords={"tides": "s3cret"}) == ""
        feeds.add("tides", "mqtt", address)
        server.stop()
        assert "refused" in feeds.remove("tides")
    assert feeds.list() == ()


def test_feeds_that_come_and_go_are_followed(
    node: Node, mosquitto: Mosquitto, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.feeds.listening._LOOK_S", 0.05)
    stop, said, topic = Event(), list[str](), f"t{os.urandom(4).hex()}"
    given: dict[str, Any] = {"passwords": {}, "authorities": "", "stop": stop, "say": said.append}
    thread = threading.Thread(target=listen, args=(lambda: node.observations.feeds,), kwargs=given)
    thread.start()
    node.observations.feeds.add("tides", "mqtt", f"{mosquitto.url}/{topic}")
    until(lambda: "tides is heard." in said)
    node.observations.feeds.remove("tides")
    publisher.send(topic, f"{HEADER}brest,2026-01-01T00:00:00Z,1\n")
    until(lambda: "tides was removed." in said)
    stop.set()
    thread.join(LONG_S)
    with pytest.raises(NotFound):
        node.observations.feeds.show("tides")

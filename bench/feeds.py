"""Observations as they come: messages of a hundred rows by MQTT and by HTTP.

python bench/feeds.py [MESSAGES]      300 if not given; needs mosquitto

Each message is CSV of a hundred stations at one instant. MQTT: published beforehand to a broker of its own, then
heard until all is stored and acknowledged. HTTP: posted one after the other to a server beside it.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2

import estran
from estran.fetching.brokers import broker
from estran.observations.feeds.listening import Listening

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.mosquitto import Mosquitto
from tests.observations.remote.conftest import served

ROWS = 100
START_S = 1_767_225_600


def main(count: int) -> None:
    """Measure and print, one figure a line."""
    program = Mosquitto.found()
    if program is None:
        raise SystemExit("mosquitto is absent; Debian has it")
    bodies = [message(n) for n in range(count)]
    with tempfile.TemporaryDirectory() as place, estran.open(Path(place) / "node") as node:
        with Mosquitto(program, more="max_inflight_messages 20") as server:
            node.observations.feeds.add("heard", "mqtt", f"{server.url}/t")
            seconds = hear(node, server.url, bodies)
            tell("rows a second by MQTT", count * ROWS / seconds)
        node.observations.feeds.add("pushed", "push")
        secret = node.tokens.create("bench", "operator").secret
        with served(node) as root, httpx2.Client(headers={"Authorization": f"Bearer {secret}"}) as client:
            begun = time.perf_counter()
            for body in bodies:
                answer = client.post(
                    f"{root}/observations/feeds/pushed", content=body, headers={"Content-Type": "text/csv"}
                )
                assert answer.status_code == 200, answer.text
            tell("rows a second by HTTP, one sender", count * ROWS / (time.perf_counter() - begun))
        assert sum(one.count for one in node.observations.datastreams()) == 2 * count * ROWS


def message(n: int) -> str:
    """A hundred stations at one instant."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START_S + 360 * n))
    return "station,time,water_level [m]\n" + "".join(f"s{k},{at},{(n + k) % 97 / 10}\n" for k in range(ROWS))


def hear(node: estran.Node, url: str, bodies: list[str]) -> float:
    """Seconds from the first message that is waiting to the last that is stored."""
    listen(node, until=0)
    where, _ = broker(url)
    client = where.client()
    client.connect(where.host, where.port)
    client.loop_start()
    # The first message makes the record and the datastreams.
    client.publish("t", bodies[0], qos=1).wait_for_publish()
    listen(node, until=1)
    for told in [client.publish("t", body, qos=1) for body in bodies]:
        told.wait_for_publish()
    client.disconnect()
    client.loop_stop()
    begun, spent = time.perf_counter(), time.process_time()
    listen(node, until=len(bodies) + 1)
    tell("rows a second of processor time by MQTT", len(bodies) * ROWS / (time.process_time() - spent))
    return time.perf_counter() - begun


def listen(node: estran.Node, until: int) -> None:
    """Hear the feed until so many messages came."""
    stop, said = threading.Event(), threading.Event()
    feeds = node.observations.feeds
    listening = Listening(
        feeds, feeds.show("heard"), password="", authorities="", stop=stop, say=lambda _: said.set()
    )
    thread = threading.Thread(target=listening.run)
    thread.start()
    said.wait()
    while feeds.show("heard").messages < until:
        time.sleep(0.1)
    stop.set()
    thread.join()


def tell(what: str, figure: float) -> None:
    """Print a figure."""
    print(f"{figure:12,.0f}  {what}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)

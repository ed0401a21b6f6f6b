"""SensorThings: the newest value of ten thousand datastreams, nested expansions, a million observations streamed.

python bench/sensorthings.py [ROWS]      rows of the long series, 1,000,000 if not given
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

import estran
from estran.model import Datastream, Text, Thing, Variable
from estran.observations.store import columns
from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.node import Node

START, STEP = 946_684_800_000_000, 360_000_000
ROOT = "/sta/v1.1"


def main(count: int) -> None:
    """Measure and print, one figure a line."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with estran.open(folder / "node") as node:
            numbers = fill(node, folder, count)
            ask = asker(node)
            store: Any = node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

            def newest_of_all() -> float:
                began = time.perf_counter()
                store.latest()
                return time.perf_counter() - began

            measure(ask, newest_of_all, numbers["s0"], count)


def fill(node: Node, folder: Path, count: int) -> dict[str, int]:
    """A thousand stations with ten datastreams each, and one long series."""
    (folder / "r.json").write_text(json.dumps({
        "id": "bench", "type": "Feature", "geometry": None, "time": None, "links": [],
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
        "properties": {"type": "dataset", "title": "Bench"},
    }))  # fmt: skip
    node.load(folder / "r.json")
    store: Any = node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - filled past the formats
    [record] = [one.id for one in node.search("")]
    things = [
        Thing(key=f"t{n}", name=Text.of(f"Station {n}"), longitude=n % 360 - 180.0, latitude=n % 120 - 60.0)
        for n in range(1000)
    ]
    variables = [Variable(name=f"v{n}", label=Text.of(f"Variable {n}"), unit="degC") for n in range(10)]
    described = [
        Datastream(key=f"s{n}", thing=things[n // 10], variable=variables[n % 10]) for n in range(10_000)
    ]
    numbers, _ = store.enter(record, described)
    every = np.array(list(numbers.values()))
    for n in range(20):
        store.put(rows(every, np.full(10_000, START + n * STEP), np.arange(10_000.0)))
    value = np.round(np.random.default_rng(1).normal(15, 5, count), 3)
    store.put(rows(np.full(count, numbers["s0"]), START + np.arange(count) * STEP, value))
    return numbers


def rows(stream: Any, at: Any, value: Any) -> pa.Table:
    """Observations as they are put."""
    kinds, count = columns.schema(), len(at)
    zero = np.zeros(count)
    given = {
        "datastream": stream,
        "time": at,
        "vertical": zero,
        "value": value,
        "number": zero,
        "version": zero,
    }
    return pa.table(
        [pa.array(given[f.name]).cast(f.type) if f.name in given else pa.nulls(count, f.type) for f in kinds],
        schema=kinds,
    )


def asker(node: Node) -> Callable[[str], tuple[int, float]]:
    """Asks the application as a server does: bytes and seconds of an answer that is passed on as it comes."""
    import anyio  # noqa: PLC0415

    app = create_app(node)

    def ask(url: str) -> tuple[int, float]:
        path, _, query = url.partition("?")
        scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(b"host", b"bench")], "http_version": "1.1", "scheme": "http", "server": ("bench", 80),
            "client": ("127.0.0.1", 1), "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        taken = 0

        async def once() -> None:
            async def receive() -> Any:
                await anyio.sleep_forever()

            async def send(message: Any) -> None:
                nonlocal taken
                if message["type"] == "http.response.start" and message["status"] != 200:
                    raise RuntimeError(url)
                taken += len(message.get("body", b""))

            await app(scope, receive, send)

        began = time.perf_counter()
        anyio.run(once)
        return taken, time.perf_counter() - began

    return ask


def measure(
    ask: Callable[[str], tuple[int, float]], newest_of_all: Callable[[], float], long: int, count: int
) -> None:
    """Each question three times, the best counts."""
    newest = "Observations($orderby=phenomenonTime%20desc;$top=1)"
    questions = {
        "a page of 100 Things": "/Things",
        "100 Things x 10 Datastreams x newest Observation": f"/Things?$expand=Datastreams($expand={newest})",
        "1,000 Datastreams with their newest Observation": f"/Datastreams?$top=1000&$expand={newest}",
        "10,000 Datastreams with their newest value": "/Datastreams?$top=10000&$select=id,name&$expand="
        "Observations($orderby=phenomenonTime%20desc;$top=1;$select=phenomenonTime,result)",
        "newest of one of 10,000 Datastreams": f"/Datastreams({long})/Observations?$orderby=phenomenonTime%20desc&$top=1",
        "newest of all": "/Observations?$orderby=phenomenonTime%20desc&$top=1",
        "100 of a million, by time": f"/Datastreams({long})/Observations?$filter=phenomenonTime%20ge%202005-01-01T00:00:00Z",
        "Things in a box": "/Things?$filter=st_within(Locations/location,geography'POLYGON((0%200,9%200,9%209,0%209,0%200))')",
        "Things by a property of theirs": "/Things?$filter=Datastreams/ObservedProperty/name%20eq%20'Variable%203'&$count=true",
        f"$decimate=2000 of {count:,}": f"/Datastreams({long})/Observations?$decimate=2000",
    }
    for words, path in questions.items():
        taken, seconds = min((ask(ROOT + path) for _ in range(3)), key=lambda found: found[1])
        tell(f"ms, {words} ({taken / 1000:,.0f} kB)", 1e3 * seconds)
    tell("ms, newest value of all 10,000 in the store", 1e3 * min(newest_of_all() for _ in range(5)))
    for form in ("dataArray", "csv"):
        ask(f"{ROOT}/Datastreams({long})/Observations?$resultFormat={form}&$top=1000")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        taken, seconds = ask(f"{ROOT}/Datastreams({long})/Observations?$resultFormat={form}")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        tell(
            f"s, {form} of {count:,} ({taken / 1e6:,.0f} MB; peak of memory grew by {grown / 1024:,.0f} MB)",
            seconds,
        )


def tell(words: str, value: float) -> None:
    """One figure."""
    sys.stdout.write(f"{value:12,.2f} {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

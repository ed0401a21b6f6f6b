"""A node with a network of stations, on both engines: what is in the database and in files, still and moving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from estran.catalogue.query import Query
from estran.model import Datastream, Sensor, Text, Thing, Variable
from estran.observations.given import encoded
from estran.observations.store import SeriesStore, columns
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.conftest import feature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.node import Node

HOUR, DAY = 3_600_000_000, 86_400_000_000
START = 1_577_836_800_000_000  # 2020
STATIONS = (
    ("brest", "Brest", -4.5, 48.4, (("depth", "12"), ("kind", "tide gauge"))),
    ("sete", "Sète", 3.7, 43.4, (("kind", "tide gauge"),)),
    ("nice", "Nice", 7.3, 43.7, ()),
    ("float", "Float 69", None, None, (("kind", "float"),)),
)
SAID = (
    {"parameters": {"operator": "Ann", "gain": 3}},
    {"parameters": {"operator": 7}, "validTime": "2020-01-01T00:00:00Z/2020-01-02T12:00:00Z"},
    {"validTime": "2020-01-03T00:00:00Z/2020-01-03T06:00:00Z"},
)
"""What is said beside rows."""
TEMPERATURE = Variable(
    name="temp", label=Text.of("Temperature"), standard_name="sea_water_temperature", unit="degC"
)
STATE = Variable(name="state", label=Text.of("État de la mer"))


def streams() -> list[Datastream]:
    """Two datastreams of each station, one of numbers and one of words."""
    made: list[Datastream] = []
    for key, name, x, y, more in STATIONS:
        thing = Thing(key=key, name=Text.of(name), longitude=x, latitude=y, properties=more)
        sensor = Sensor(key=f"{key}-ctd", name=Text.of("CTD"), model="SBE 37") if key != "nice" else None
        made += [
            Datastream(
                key=f"{key}/temp",
                thing=thing,
                variable=TEMPERATURE,
                sensor=sensor,
                flags="qartod",
                vertical=Variable(name="depth", unit="m") if key == "nice" else None,
            ),
            Datastream(key=f"{key}/state", thing=thing, variable=STATE, kind="text"),
        ]
    return made


def rows(number: int, time: Any, **given: Any) -> pa.Table:
    """Observations of a datastream as they are put."""
    fixed = {"datastream": [number] * len(time), "time": time, "vertical": [0.0] * len(time)}
    fixed |= {"number": [0] * len(time), "version": [0] * len(time)}
    schema = columns.schema()
    held = {name: given.get(name, fixed.get(name, [None] * len(time))) for name in schema.names}
    return pa.table([pa.array(held[f.name], f.type) for f in schema], schema=schema)


def fill(node: Node) -> dict[str, int]:
    """A record and its observations; the numbers of its datastreams by their key."""

    store: SeriesStore = node._house.series()  # pyright: ignore[reportPrivateUsage] - the store itself is filled
    [record] = node.ask(Query(limit=1)).records
    numbers, _ = store.enter(record.id, streams())
    for n, (key, _, x, _, _) in enumerate(STATIONS):
        time = [START + n * DAY + h * HOUR for h in range(24)]
        value = [None if h == 5 else round(10 + n + np.sin(h) * 3, 2) for h in range(24)]
        places = {} if x is not None else {
            "longitude": [-20.0 + h for h in range(24)], "latitude": [40.0 + h / 4 for h in range(24)],
        }  # fmt: skip
        flags = ["1" if h % 3 else "4" for h in range(24)]
        depth = {"vertical": [h / 2 for h in range(24)]} if key == "nice" else {}
        store.put(rows(numbers[f"{key}/temp"], time, value=value, flag=flags, **places, **depth))
        if key == "brest":
            store.settle()
        words = [("calme", "agitée", "3")[h % 3] for h in range(4)]
        until = [t + HOUR for t in time[:4]]
        store.put(rows(numbers[f"{key}/state"], time[:4], words=words, until=until, result_time=until))
    with store.sensing.changing() as changing:
        for n, stream in enumerate(sorted(numbers.values())):
            changing.say({stream: {h: encoded(SAID[h % len(SAID)]) for h in range(1, 5) if (h + n) % 3}})
    node.observations.quality.judge(
        numbers["sete/temp"], "2020-01-02T06:00:00Z/2020-01-02T11:00:00Z", "suspect", "Fouling"
    )
    return numbers


@pytest.fixture(scope="module")
def sta_node(tmp_path_factory: pytest.TempPathFactory, open_node: Callable[..., Node]) -> Iterator[Node]:
    """The node, with one public record."""
    folder = tmp_path_factory.mktemp("sta")
    with open_node(folder / "node") as node:
        file = folder / "record.json"
        import json  # noqa: PLC0415

        file.write_text(json.dumps(feature("stations", "Stations of the coast")), "utf-8")
        node.load(file, visibility="public")
        fill(node)
        yield node


@pytest.fixture(scope="module")
def sta(sta_node: Node) -> Sta:
    """Asks it as anyone."""
    return Sta(Client(create_app(sta_node)))


class Sta:
    """A client of the service."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self, path: str, method: str = "GET", **options: Any) -> Any:
        """The response."""
        return self.client.ask(method, f"/sta/v1.1{path}", **options)

    def json(self, path: str, **params: str) -> Any:
        """The answer, which must be one; parameters stand without their $."""
        found = self.ask(path, params={f"${name}": value for name, value in params.items()} or None)
        assert found.status_code == 200, found.text
        return found.json()

    def values(self, path: str, **params: str) -> list[Any]:
        """The entities of a set."""
        return self.json(path, **params)["value"]

    def ids(self, path: str, **params: str) -> list[int]:
        """Their ids."""
        return [one["@iot.id"] for one in self.values(path, select="id", **params)]


__all__ = ["STATIONS", "SeriesStore", "Sta"]

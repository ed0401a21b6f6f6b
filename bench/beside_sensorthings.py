"""Any SensorThings server, asked over HTTP: Estran's own, or a peer that somebody runs."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
from observations import START, STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["LONG", "PROPERTIES", "SensorThings"]

LONG = "long"
"""Name of the series of a million."""
PROPERTIES = 10
_AT_ONCE = 3_000
_NEWEST = "Observations($orderby=phenomenonTime desc;$top=1)"
_MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_UNIT = {"name": "degree Celsius", "symbol": "degC", "definition": "http://www.qudt.org/vocab/unit/DEG_C"}


class SensorThings:
    """A server and what it is asked.

    Args:
        root: address of the service, with its version.
        token: with which it lets one write.
        many: name of the action that takes data arrays.
    """

    def __init__(self, root: str, token: str = "", many: str = "CreateObservations") -> None:
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx.Client(base_url=f"{root.rstrip('/')}/", timeout=600, headers=headers)
        self._many = many
        # Instants at which nothing was before, whoever asked the same server earlier.
        self._instants = itertools.count(time.time_ns() // 1_000_000)
        self._long, self._short = 0, list[int]()

    def filled(self, things: int, count: int) -> None:
        """What is asked about is there, or comes to be."""
        if not self._named(LONG):
            self._fill(things, count)
        self.know(self._named(LONG)[0], [one["@iot.id"] for one in self._get("Datastreams?$top=101")])

    def know(self, long: int, short: Sequence[int]) -> None:
        """Ids of the long series, and of those that are written to."""
        self._long, self._short = long, [one for one in short if one != long][:100]

    def answers(self, count: int) -> Mapping[str, Callable[[], float]]:
        """Each question with what gives its figure."""
        of = f"Datastreams({self._long})/Observations"
        middle = START + count // 2 * STEP
        span = f"phenomenonTime ge {_iso(middle)} and phenomenonTime lt {_iso(middle + 100 * STEP)}"
        return {
            "bulk-http": self._bulk,
            "messages-http": self._messages,
            "messages-one": self._messages_of_one,
            "array": lambda: self._seconds(f"{of}?$resultFormat=dataArray&$top={count}"),
            "csv": lambda: self._seconds(f"{of}?$resultFormat=csv&$top={count}"),
            "latest-http": lambda: 1e3 * self._seconds(f"Datastreams?$top=1000&$expand={_NEWEST}"),
            "nested": lambda: 1e3 * self._seconds(f"Things?$top=100&$expand=Datastreams($expand={_NEWEST})"),
            "range-http": lambda: 1e3 * self._seconds(f"{of}?$top=100&$filter={span}"),
        }

    # Filling

    def _fill(self, things: int, count: int) -> None:
        sensor = self._post(
            "Sensors", _described("sensor") | {"encodingType": "text/html", "metadata": "none"}
        )
        properties = [
            self._post("ObservedProperties", _described(f"property {n}") | {"definition": f"urn:x-bench:{n}"})
            for n in range(PROPERTIES)
        ]
        own = {"Sensor": {"@iot.id": sensor}}
        for n in range(things):
            series = [
                _series(f"station {n} property {k}") | own | {"ObservedProperty": {"@iot.id": id_}}
                for k, id_ in enumerate(properties)
            ]
            if not n:
                series.append(_series(LONG) | own | {"ObservedProperty": {"@iot.id": properties[0]}})
            self._post(
                "Things", _described(f"station {n}") | {"Locations": [_place(n)], "Datastreams": series}
            )
        every: list[int] = []
        while found := self._get(f"Datastreams?$top=1000&$skip={len(every)}&$select=id"):
            every += [one["@iot.id"] for one in found]
        [long] = self._named(LONG)
        at = [_iso(START + n * STEP) for n in range(20)]
        for some in itertools.batched((one for one in every if one != long), 100):
            self._put([(one, [[when, float(one)] for when in at]) for one in some])
        value = np.round(np.random.default_rng(1).normal(15, 5, count), 3).tolist()
        for part in itertools.batched(range(count), _AT_ONCE):
            self._put([(long, [[_iso(START + n * STEP), value[n]] for n in part])])

    def _named(self, name: str) -> list[int]:
        return [one["@iot.id"] for one in self._get(f"Datastreams?$filter=name eq '{name}'")]

    # Writing

    def _bulk(self) -> float:
        """Rows a second of data arrays of one series."""
        parts = [self._fresh(self._short[0], _AT_ONCE) for _ in range(5)]
        return 5 * _AT_ONCE / _clock(lambda: [self._put([part]) for part in parts])

    def _messages(self) -> float:
        """Rows a second of messages that have one row of each of a hundred series."""
        messages = [[self._fresh(one, 1) for one in self._short] for _ in range(5)]
        return 5 * len(self._short) / _clock(lambda: [self._put(one) for one in messages])

    def _messages_of_one(self) -> float:
        """Rows a second of messages that have a hundred rows of one series."""
        messages = [[self._fresh(one, 100)] for one in self._short[:20]]
        return 100 * len(messages) / _clock(lambda: [self._put(one) for one in messages])

    def _fresh(self, datastream: int, count: int) -> tuple[int, list[list[Any]]]:
        at = (_iso(1000 * one) for one in itertools.islice(self._instants, count))
        return datastream, [[when, 15.25] for when in at]

    def _put(self, sets: Sequence[tuple[int, list[list[Any]]]]) -> None:
        answer = self._client.post(
            self._many,
            json=[
                {
                    "Datastream": {"@iot.id": datastream},
                    "components": ["phenomenonTime", "result"],
                    "dataArray@iot.count": len(some),
                    "dataArray": some,
                }
                for datastream, some in sets
            ],
        )
        if answer.status_code != httpx.codes.CREATED or "error" in answer.text[:30]:
            raise RuntimeError(f"{self._many}: {answer.status_code} {answer.text[:300]}")

    def _post(self, kind: str, document: Mapping[str, Any]) -> int:
        answer = self._client.post(kind, json=document)
        if answer.status_code != httpx.codes.CREATED:
            raise RuntimeError(f"{kind}: {answer.status_code} {answer.text[:300]}")
        return int(answer.headers["Location"].rpartition("(")[2].rstrip(")"))

    # Reading

    def _get(self, path: str) -> list[dict[str, Any]]:
        return self._client.get(path).raise_for_status().json()["value"]

    def _seconds(self, path: str) -> float:
        """How long an answer takes to be read; it must be one."""
        return _clock(lambda: sum(map(len, self._parts(path))))

    def _parts(self, path: str) -> Iterator[bytes]:
        with self._client.stream("GET", path) as answer:
            answer.raise_for_status()
            yield from answer.iter_raw()


def _described(name: str) -> dict[str, Any]:
    return {"name": name, "description": name}


def _series(name: str) -> dict[str, Any]:
    return _described(name) | {"observationType": _MEASUREMENT, "unitOfMeasurement": _UNIT}


def _place(n: int) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [n % 360 - 180.0, n % 120 - 60.0]}
    return _described(f"place {n}") | {"encodingType": "application/geo+json", "location": point}


def _iso(us: int) -> str:
    return f"{np.datetime64(us, 'us')}Z"


def _clock(do: Callable[[], Any]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began

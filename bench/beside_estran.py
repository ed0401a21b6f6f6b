"""Estran on one of its engines: in process, and served by a process of its own."""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import netCDF4
import numpy as np
from beside_limits import clock
from beside_sensorthings import LONG, PROPERTIES, SensorThings
from deltalake import DeltaTable
from observations import START, STEP, rows

import estran
from estran.model import Datastream, Text, Thing, Variable
from estran.observations.store.blocks import GROUP
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Estran"]

_RECORD = {
    "id": "bench", "type": "Feature", "geometry": None, "time": None, "links": [],
    "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
    "properties": {"type": "dataset", "title": "Bench"},
}  # fmt: skip
_EARLY = -6_000_000_000_000_000
"""Long before all other observations there is room for what is written in bulk."""


class Estran:
    """A node of its own, filled; ends with its server.

    Args:
        folder: where it is made.
        database: where its tables are, SQLite in the folder if empty.
        things: stations, of ten series each.
        count: rows of the long series.
    """

    def __init__(self, folder: Path, database: str, things: int, count: int) -> None:
        more: dict[str, Any] = {"storage": {"database": database}} if database else {}
        self._folder, self._database, self._count = folder, database, count
        self._stack = ExitStack()
        self._node = self._stack.enter_context(estran.open(folder / "node", **more))
        (folder / "record.json").write_text(json.dumps(_RECORD))
        self._node.load(folder / "record.json")
        self._store: Any = self._node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - filled past the formats
        self._long, self._short, self._bulk_of = self._fill(things)
        self._early, self._late, self._loaded = itertools.count(), itertools.count(1), itertools.count(1)

    def __enter__(self) -> Self:
        token = self._node.tokens.create("bench", "operator").secret
        environment = {"ESTRAN_STORAGE__DATABASE": self._database} if self._database else {}
        base, self._process = self._stack.enter_context(serving(self._folder / "node", **environment))
        self._http = SensorThings(f"{base}/sta/v1.1", token)
        self._http.know(self._long, self._short)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def files(self) -> list[str]:
        """The files that hold the long series now, and little else."""
        uris = DeltaTable(str(self._folder / "node" / "observations")).file_uris()
        mine = f"group={self._long // GROUP}/year=20"
        return [uri.removeprefix("file://") for uri in uris if mine in uri]

    def answers(self) -> Mapping[str, Callable[[], float]]:
        """Each question with what gives its figure."""
        store, middle = self._store, START + self._count // 2 * STEP
        end, late, observations = START + self._count * STEP, START + 101 * STEP, self._node.observations
        [stream] = observations.datastreams(numbers=[self._long])
        return {
            "bulk": self._bulk,
            "netcdf": lambda: self._file("nc"),
            "table": lambda: self._file("csv"),
            "messages": self._messages,
            "latest": lambda: 1e3 * clock(store.latest),
            "plot": lambda: 1e3 * clock(lambda: observations.overview.plotted(stream, START, end)),
            "range": lambda: 1e3 * clock(lambda: store.read([self._long], middle, middle + 100 * STEP)),
            # The messages were a hundred instants.
            "range-hot": lambda: 1e3 * clock(lambda: store.read([self._short[0]], late, late + 100 * STEP)),
            "xarray": lambda: clock(lambda: observations.read(self._long)),
            **(served := self._http.answers(self._count)),
            "memory": lambda: self._grown(served["array"], served["csv"]),
        }

    def _grown(self, *asked: Callable[[], float]) -> float:
        """By how many MB the most that the server has held grows."""
        before = peak(self._process)
        for one in asked:
            one()
        return peak(self._process) - before

    def _fill(self, things: int) -> tuple[int, Sequence[int], int]:
        [record] = [one.id for one in self._node.search("")]
        stations = [
            Thing(
                key=f"t{n}", name=Text.of(f"Station {n}"), longitude=n % 360 - 180.0, latitude=n % 120 - 60.0
            )
            for n in range(things)
        ]
        variables = [
            Variable(name=f"v{n}", label=Text.of(f"Variable {n}"), unit="degC") for n in range(PROPERTIES)
        ]
        described = [
            Datastream(key=f"s{n}", thing=stations[n // PROPERTIES], variable=variables[n % PROPERTIES])
            for n in range(things * PROPERTIES)
        ]
        described += [Datastream(key=key, thing=stations[0], variable=variables[0]) for key in (LONG, "bulk")]
        numbers, _ = self._store.enter(record, described)
        long, bulk = numbers.pop(LONG), numbers.pop("bulk")
        every = np.array(list(numbers.values()))
        # So many rows go into the files at once.
        at = np.repeat(START + np.arange(20) * STEP, len(every))
        self._store.put(rows(np.tile(every, 20), at, np.tile(np.arange(float(len(every))), 20)))
        value = np.round(np.random.default_rng(1).normal(15, 5, self._count), 3)
        self._store.put(rows(np.full(self._count, long), START + np.arange(self._count) * STEP, value))
        return long, every[:100].tolist(), bulk

    def _bulk(self) -> float:
        """A million rows of eleven years in which nothing is."""
        at = _EARLY + (next(self._early) * 2_000_000 + np.arange(1_000_000)) * STEP
        given = rows(np.full(len(at), self._bulk_of), at, np.full(len(at), 15.25))
        return len(at) / clock(lambda: self._store.put(given))

    def _file(self, kind: str) -> float:
        """Rows a second of a file of a million, as anybody loads one; in years of which nothing is there."""
        number = next(self._loaded)
        path = self._folder / f"station{number}.{kind}"
        (netcdf if kind == "nc" else table)(path, START + (np.arange(1_000_000) - number * 1_000_000) * STEP)
        taken = clock(lambda: self._node.load(path, kind="observations"))
        path.unlink()
        return 1_000_000 / taken

    def _messages(self) -> float:
        short = np.array(self._short)
        messages = [
            rows(
                short,
                np.full(len(short), START + (100 + next(self._late)) * STEP),
                np.full(len(short), 15.25),
            )
            for _ in range(100)
        ]
        return 100 * len(short) / clock(lambda: [self._store.put(one) for one in messages])


def netcdf(path: Path, at: NDArray[np.int64]) -> None:
    """A temperature of one station, as CF has it."""
    with netCDF4.Dataset(path, "w") as made:
        made.Conventions, made.featureType, made.title = "CF-1.11", "timeSeries", path.stem
        made.createDimension("time", len(at))
        for name, standard_name, units, values in (
            ("time", "time", "seconds since 1970-01-01", at // 1_000_000),
            ("sst", "sea_water_temperature", "degree_C", 12 + np.arange(len(at)) % 1000 / 100),
        ):
            variable = made.createVariable(name, "f8", ("time",))
            variable.standard_name, variable.units, variable[:] = standard_name, units, values
        for name, units, value in (("longitude", "degrees_east", -4.5), ("latitude", "degrees_north", 48.4)):
            variable = made.createVariable(name, "f8", ())
            variable.standard_name, variable.units, variable[...] = name, units, value


def table(path: Path, at: NDArray[np.int64]) -> None:
    """The same as a table with a line for each value."""
    when, count = at.astype("datetime64[us]").astype("datetime64[s]").astype(str), len(at)
    with path.open("w") as made:
        made.write("time;station;lat;lon;sea_water_temperature (degC)\n")
        made.writelines(f"{when[n]}Z;{path.stem};48.4;-4.5;{12 + n % 1000 / 100}\n" for n in range(count))


def peak(process: int) -> float:
    """The most memory that a process has held, in MB."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) / 1e3

"""Observations over HTTP: a million rows as tabledap and EDR give them, and datasets of many small series.

python bench/tables.py      serves a node of its own on loopback
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from observations import START, STEP, rows, tell  # noqa: E402

import estran  # noqa: E402
from estran.model import Datastream, Thing, Variable  # noqa: E402
from tests.web.serving import serving  # noqa: E402

CLIENT = httpx.Client(timeout=300, headers={"Accept-Encoding": "identity"})
HOURS = 100_000
STATIONS = 10
VARIABLES = (("T", "sea_water_temperature", "degC"), ("S", "sea_water_practical_salinity", "1"))
TABLE = "time;station;lat;lon;{name} (m)\n2000-01-01T00:00:00Z;x;48.38;-4.49;1.5\n"


def main() -> None:
    """Measure and print, one figure a line."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        long, many = prepare(folder)
        with serving(folder / "node") as (base, process):
            measure_long(f"{base}/erddap/tabledap/{long}", f"{base}/ogc/collections/{long}", process)
            measure_many(base, many)


def prepare(folder: Path) -> tuple[str, str]:
    """A dataset of ten stations with two variables and a million rows, and one of 10,000 series of 20 values."""
    with estran.open(folder / "node") as node:
        for name in ("series", "network"):
            (folder / f"{name}.csv").write_text(TABLE.format(name=name))
            node.load(folder / f"{name}.csv", kind="observations")
        ids = {str(node.show(one).title): one for one in node.observations.datasets()}
        store: Any = node._house.series()  # noqa: SLF001 - filled past the formats
        at = START + np.arange(HOURS) * STEP
        described = [
            Datastream(
                key=f"s{n}/{name}", thing=Thing(key=f"s{n:02}", longitude=n / 10, latitude=45.0),
                variable=Variable(name=name, standard_name=standard, unit=unit),
            )
            for n in range(STATIONS) for name, standard, unit in VARIABLES
        ]  # fmt: skip
        random = np.random.default_rng(1)
        for number in store.enter(ids["series"], described)[0].values():
            store.put(rows(np.full(HOURS, number), at, random.normal(15, 5, HOURS).round(3)))
        described = [
            Datastream(
                key=f"m{n:05}/{name}", thing=Thing(key=f"m{n:05}", longitude=n % 360 - 180.0, latitude=n % 170 - 85.0),
                variable=Variable(name=name, unit="1"),
            )
            for n in range(5000) for name in ("a", "b")
        ]  # fmt: skip
        numbers = np.array(list(store.enter(ids["network"], described)[0].values()))
        store.put(
            rows(
                np.repeat(numbers, 20),
                np.tile(START + np.arange(20) * STEP, len(numbers)),
                np.ones(20 * len(numbers)),
            )
        )
        return ids["series"], ids["network"]


def measure_long(table: str, collection: str, process: int) -> None:
    """A million rows in each form, and what functions take."""
    all_ = 'platform!="x"'
    ask(f"{table}.csv?platform&distinct()")
    before = peak(process)
    for what, address in (
        ("s for a million rows, one variable, as csv", f"{table}.csv?platform,time,T&{all_}"),
        ("s for two variables", f"{table}.csv?platform,time,T,S&{all_}"),
        ("s for all columns, flags and ids", f"{table}.csv?&{all_}"),
        ("s as json", f"{table}.json?platform,time,T&{all_}"),
        ("s as dods", f"{table}.dods?platform,time,T&{all_}"),
        ("s as ncCF", f"{table}.ncCF?platform,time,T&{all_}"),
        ("s as parquet", f"{table}.parquet?platform,time,T&{all_}"),
        ("s by EDR as csv", f"{collection}/cube?bbox=-1,44,2,46&parameter-name=T&f=CSV"),
    ):
        tell(what, best(address))
    tell("MB of memory that these took", peak(process) - before)
    for what, function in (
        ('s for orderBy("T")', 'orderBy("T")'), ('s for orderBy("time,platform")', 'orderBy("time,platform")'),
        ('s for orderByMax("platform,T")', 'orderByMax("platform,T")'),
        ('s for orderByMean("platform,time/1day")', 'orderByMean("platform,time/1day")'),
    ):  # fmt: skip
        tell(what, best(f"{table}.csv?platform,time,T&{all_}&{function}"))
    tell(
        "ms for a day of one station",
        1e3 * best(f'{table}.csv?time,T&platform="s05"&time>=2001-01-01&time<2001-01-02'),
    )
    tell(
        "ms for a day of one station by EDR",
        1e3 * best(f"{collection}/locations/s05?parameter-name=T&datetime=2001-01-01"),
    )


def measure_many(base: str, many: str) -> None:
    """10,000 datastreams of 5,000 stations."""
    table = f"{base}/erddap/tabledap/{many}"
    tell("ms for the 5,000 platforms", 1e3 * best(f"{table}.csv?platform,longitude,latitude&distinct()"))
    tell("ms for the columns of 10,000 datastreams", 1e3 * best(f"{base}/erddap/info/{many}/index.csv"))
    tell("ms for one of 10,000 datastreams", 1e3 * best(f'{table}.csv?time,a&platform="m02500"'))
    tell(
        "s for the newest row of 5,000 stations",
        best(f'{table}.csv?platform,time,a,b&orderByMax("platform,time")'),
    )
    tell("s for 100,000 rows of 10,000 datastreams", best(f"{table}.csv?platform,time,a,b"))
    tell(
        "ms for the stations in a box by EDR",
        1e3 * best(f"{base}/ogc/collections/{many}/cube?bbox=0,-85,40,85&f=CSV"),
    )


def ask(address: str) -> int:
    """Read an answer, packed as little as it may be; gives its bytes."""
    count = 0
    with CLIENT.stream("GET", address) as answer:
        for part in answer.iter_raw():
            count += len(part)
    assert answer.status_code == 200, (address, answer.status_code)
    return count


def best(address: str) -> float:
    """Seconds, the best of three."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        ask(address)
        taken.append(time.perf_counter() - started)
    return min(taken)


def peak(process: int) -> float:
    """The most memory that a process has held, in MB."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) / 1e3


if __name__ == "__main__":
    main()

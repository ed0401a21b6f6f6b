"""Observations: into the node and out again, beside a plain SQL table and a raw scan of the same files.

python bench/observations.py [ROWS [URL]]      rows of the long series, 2,000,000 if not given; URL of an empty
                                               PostgreSQL database in the place of SQLite
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import estran
from estran.model import Datastream, Thing, Variable
from estran.observations import SeriesStore
from estran.observations.feeds import Message
from estran.observations.quality import NEEDED, Judging
from estran.observations.reading import SHOWN, dataset
from estran.observations.store import columns
from estran.storage import Database, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

START, STEP = 946_684_800_000_000, 360_000_000
EVER, NEVER = -(2**62), 2**62


def main(count: int, url: str) -> None:
    """Measure and print, one figure a line: by the clock, and of processor time where it differs."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        database = Database(url or f"sqlite:///{folder / 'estran.db'}")
        prepare(database)
        store = SeriesStore(database, str(folder / "files"))
        described = [
            Datastream(key=f"s{n}", thing=Thing(key=f"t{n}"), variable=Variable(name="T", unit="degC"))
            for n in range(10_000)
        ]
        numbers, _ = store.enter("record", described)
        long, short = numbers["s0"], [numbers[f"s{n}"] for n in range(1, 101)]
        measure_writing(store, long, short, count)
        measure_coming(folder, url)
        measure_reading(store, folder, long, short[0], count)
        measure_many(store)
        measure_plain_table(folder, count)
        database.close()


def measure_writing(store: SeriesStore, long: int, short: list[int], count: int) -> None:
    """A long series at once, and messages of a hundred rows as they come from a network."""
    value = np.random.default_rng(1).normal(15, 5, count)
    whole = rows(np.full(count, long), START + np.arange(count) * STEP, value)
    tell("rows a second into files", count / clock(lambda: store.put(whole)))
    messages = [rows(np.array(short), np.full(100, START + n * STEP), value[:100]) for n in range(200)]
    tell("rows a second in messages of 100", 20_000 / clock(lambda: [store.put(one) for one in messages]))


def measure_coming(folder: Path, url: str) -> None:
    """Messages of a hundred stations as they are pushed to a feed, and as data arrays of SensorThings."""
    storage = {"storage": {"database": url}} if url else {}
    with estran.open(folder / "node", **storage) as node:
        feeds, sensing = node.observations.feeds, node.observations.sensing
        feeds.add("pushed", "push")

        def lines(minute: int) -> Message:
            told = f"2026-01-01T{minute // 60:02}:{minute % 60:02}:00Z"
            rows = "".join(f"{told},p{n},48,{n / 100},{minute + n / 100}\n" for n in range(100))
            return Message(
                "pushed", f"time,station,lat,lon,air_temperature [degC]\n{rows}".encode(), "text/csv"
            )

        feeds.push("pushed", lines(0))
        messages = [lines(minute) for minute in range(1, 101)]
        tell(
            "rows a second pushed by 100",
            10_000 / clock(lambda: [feeds.push("pushed", one) for one in messages]),
        )
        streams = [s.number for s in node.observations.datastreams() if s.described.thing.key.startswith("p")]

        def send(minute: int) -> None:
            own = {"phenomenonTime": f"2026-01-02T{minute // 60:02}:{minute % 60:02}:00Z", "result": minute}
            groups = [(number, [dict(own)], [{}]) for number in streams]
            sensing.change(lambda making: making.many(groups))

        send(0)
        tell("rows a second in data arrays of 100", 10_000 / clock(lambda: [send(n) for n in range(1, 101)]))


def measure_reading(store: SeriesStore, folder: Path, long: int, late: int, count: int) -> None:
    """Short and long ranges, a plot, and the same rows of the same files by pyarrow alone."""
    middle = START + count // 2 * STEP
    tell("ms for 100 rows of files", 1e3 * best(lambda: store.read([long], middle, middle + 100 * STEP)))
    tell("ms for 100 rows of the database", 1e3 * best(lambda: store.read([late], START, START + 100 * STEP)))
    tell(
        "ms for a plot of 500 tiles",
        1e3 * best(lambda: store.tiles(long, EVER, NEVER, 500 * count // 2_000_000 or 1)),
    )
    end, [stream] = START + 1_000_000 * STEP, store.datastreams([1], numbers=[long])
    told, names = Judging.of([stream], store.quality).told, tuple(dict.fromkeys((*SHOWN, *NEEDED)))
    tell(
        "s for a million rows as xarray",
        best(lambda: dataset([stream], told(store.read([long], START, end, names)))),
    )
    files = sorted((folder / "files").rglob("*.parquet"))
    files = [file for file in files if f"year={2000 + 12}" > file.parent.name]
    tell(
        "s for the raw scan of these files",
        best(lambda: [pq.read_table(file, columns=list(SHOWN)) for file in files]),
    )
    tell("rows of that scan", sum(pq.read_metadata(file).num_rows for file in files))


def measure_many(store: SeriesStore) -> None:
    """The newest value of ten thousand datastreams."""
    tell("ms for 10,000 newest values", 1e3 * best(store.latest))


def measure_plain_table(folder: Path, count: int) -> None:
    """What SQLite takes for the same rows in a plain table with a key."""
    plain = sqlite3.connect(folder / "plain.db")
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("CREATE TABLE o (d INTEGER, t INTEGER, v REAL, PRIMARY KEY (d, t)) WITHOUT ROWID")
    given = list(zip([1] * count, (START + np.arange(count) * STEP).tolist(), [1.0] * count, strict=True))
    with plain:
        tell(
            "rows a second into a plain table",
            count / clock(lambda: plain.executemany("INSERT INTO o VALUES (?,?,?)", given)),
        )
    whole = "SELECT t, v FROM o WHERE d = 1 LIMIT 1000000"
    tell("s for a million rows of it", best(lambda: plain.execute(whole).fetchall()))
    plain.close()


def rows(datastream: Any, at: Any, value: Any) -> pa.Table:
    """Observations as they are put."""
    count, zero = len(at), np.zeros(len(at))
    given = {
        "datastream": datastream,
        "time": at,
        "vertical": zero,
        "value": value,
        "number": zero,
        "version": zero,
    }
    kinds = columns.schema()
    return pa.table(
        [pa.array(given[f.name]).cast(f.type) if f.name in given else pa.nulls(count, f.type) for f in kinds],
        schema=kinds,
    )


def clock(do: Callable[[], Any]) -> float:
    """Seconds by the clock."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def best(do: Callable[[], Any]) -> float:
    """The best of five."""
    return min(clock(do) for _ in range(5))


def tell(what: str, figure: float) -> None:
    """One line."""
    print(f"{what:40} {figure:14,.3f}", flush=True)


if __name__ == "__main__":
    print(estran.__name__, "observations")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000, sys.argv[2] if len(sys.argv) > 2 else "")

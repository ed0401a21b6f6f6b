"""A year of 256 stations every six minutes, 22 million rows in one partition: what they cost however they come.

    python bench/dense.py a-folder stations     one after another, their year at once
    python bench/dense.py a-folder hours        all of them, ten hours at once

Says how many rows a second are put, from first to last, the peak of memory, and how soon a hundred points are read.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from observations import START, rows  # noqa: E402
from sampling import median_of, tell  # noqa: E402

from estran.observations import store as stored  # noqa: E402
from estran.observations.store import SeriesStore  # noqa: E402
from estran.storage import Database, prepare  # noqa: E402
from tests.observations.conftest import streams  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STATIONS, STEP, YEAR = 256, 360_000_000, 87_600
AT_ONCE, HOURS = 12, 10
EVERY = 20


def main() -> None:
    """Fill a store, then read from it."""
    parser = argparse.ArgumentParser(description="A dense partition.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("way", choices=["stations", "hours"])
    parser.add_argument("--rows", type=int, default=STATIONS * YEAR)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    database = Database(f"sqlite:///{given.folder / 'estran.db'}")
    prepare(database)
    store = SeriesStore(database, str(given.folder / "observations"))
    numbers = np.array(sorted(store.enter("record", streams(STATIONS))[0].values()))
    # What waits in the database would move later.
    stored._INTO_FILES = 1  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    fill(store, stations(numbers) if given.way == "stations" else hours(numbers), given.rows)
    middle, some = START + YEAR // 2 * STEP, [numbers[n] for n in (0, 100, 200)]
    if given.way == "hours":
        middle = START + given.rows // STATIONS // 2 * STEP
    median_of("ms for 100 points", [clock(store, int(n), middle) for n in some for _ in range(3)])
    database.close()


def stations(numbers: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Datastreams and times of some stations and their whole year."""
    time = START + np.arange(YEAR) * STEP
    for own in np.array_split(numbers, -(-len(numbers) // AT_ONCE)):
        yield np.repeat(own, YEAR), np.tile(time, len(own))


def hours(numbers: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Datastreams and times of all stations and some hours."""
    several = HOURS * 10
    for first in range(0, YEAR, several):
        time = START + np.arange(first, min(first + several, YEAR)) * STEP
        yield np.repeat(numbers, len(time)), np.tile(time, len(numbers))


def fill(
    store: SeriesStore, parts: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]], count: int
) -> None:
    """Put so many rows."""
    random, done, taken, since, lately = np.random.default_rng(1), 0, 0.0, 0.0, 0
    for n, (numbers, at) in enumerate(parts):
        if done >= count:
            break
        part = rows(numbers, at, np.round(random.random(len(at)) * 10, 3))
        began = time.perf_counter()
        store.put(part)
        since += time.perf_counter() - began
        done, lately = done + len(at), lately + len(at)
        if n % EVERY == EVERY - 1 or done >= count:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            tell(f"rows a second up to {done:,} (peak of memory {peak:,.0f} MB)", lately / since)
            taken, since, lately = taken + since, 0.0, 0
    tell("rows a second, all of them", done / (taken + since))


def clock(store: SeriesStore, number: int, start: int) -> float:
    """Milliseconds for a hundred points."""
    began = time.perf_counter()
    assert store.read([number], start, start + 100 * STEP).num_rows == 100
    return 1e3 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()

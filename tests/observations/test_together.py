"""Processes that write, one that moves rows into files and eight that read, at the same time; and deaths.

`SOAK_SECONDS` makes the test of many at once last longer than its few seconds.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from estran.observations.store import SeriesStore
from estran.storage import Database, prepare
from tests.observations.conftest import streams

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.postgresql import PostgreSQL

SECONDS = float(os.environ.get("SOAK_SECONDS", "4"))
EVER, NEVER = -(2**62), 2**62
READERS = 8

# What a writer puts is told by its round alone, so that whoever checks can say what must be there.
WRITER = """
import signal, sys
# Whoever starts the tests in the background has interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, pyarrow as pa
from estran.observations import store as stored
from estran.observations.store import SeriesStore, blocks, columns
from estran.storage import Database

blocks.MOST_ROWS, blocks._LEFT_ALONE = 4000, 1500
url, folder, which, first, rounds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
stored._INTO_FILES = 4000
store = SeriesStore(Database(url), folder)

def table(streams, times, values):
    count, kinds = len(times), columns.schema()
    cells = {"datastream": streams, "time": times, "vertical": np.zeros(count), "value": values}
    arrays = [
        pa.array(cells[kind.name], kind.type) if kind.name in cells
        else pa.nulls(count, kind.type) if kind.nullable else pa.array(np.zeros(count), kind.type)
        for kind in kinds
    ]
    return pa.Table.from_arrays(arrays, schema=kinds)

for round in range(first, first + rounds):
    streams, times, values = put(which, round)
    store.put(table(streams, times, values))
    print(round, flush=True)
"""
PUT = '''
def put(which, round):
    """Datastreams, times and values of a round: messages, now and then many, and corrections of the round before."""
    import numpy as np
    hour, start = 3_600_000_000, 1_577_836_800_000_000
    count = 5000 if round % 7 == 6 else 100
    place = np.arange(count)
    streams = 1 + which * 10 + place % 10
    times = start + (round * 5000 + place // 10) * hour
    values = (round + place / 8192).astype(float)
    before = start + ((round - 1) * 5000 + place[:20] // 10) * hour
    if round:
        streams = np.append(streams, streams[:20])
        times = np.append(times, before)
        values = np.append(values, -values[:20])
    return streams, times, values
'''
SETTLER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from estran.errors import Unavailable
from estran.observations.store import SeriesStore, blocks
from estran.storage import Database
blocks.MOST_ROWS, blocks._LEFT_ALONE = 4000, 1500
store = SeriesStore(Database(sys.argv[1]), sys.argv[2])
while True:
    try:
        store.settle()
    except Unavailable:
        pass
    time.sleep(0.05)
"""
_room: dict[str, Any] = {}
exec(PUT, _room)  # the same words that writers run


def expected(rounds: dict[int, int]) -> dict[tuple[int, int], float]:
    """What is there after so many rounds of each writer."""
    found: dict[tuple[int, int], float] = {}
    for which, count in rounds.items():
        for round_ in range(count):
            for stream, at, value in zip(
                *(part.tolist() for part in _room["put"](which, round_)), strict=True
            ):
                found[stream, at] = value
    return found


def fits(found: dict[tuple[int, int], float], rounds: dict[int, int]) -> bool:
    """Whether so many rounds are there as a whole, and of the next at most a part: what came before the cut."""
    sure, cut = expected(rounds), expected({which: count + 1 for which, count in rounds.items()})
    assert sure.keys() <= found.keys() <= cut.keys()
    return all(found[key] in {sure.get(key), cut[key]} for key in found)


def said(store: SeriesStore) -> dict[tuple[int, int], float]:
    rows = store.read(list(range(1, 21)), EVER, NEVER, ("datastream", "time", "vertical", "value"))
    keys = list(zip(rows["datastream"].to_pylist(), rows["time"].to_pylist(), strict=True))
    assert len(set(keys)) == len(keys), "an observation stands twice"
    assert keys == sorted(keys)
    return dict(zip(keys, rows["value"].to_pylist(), strict=True))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """URL and folder of a store that any process opens, on the engine in turn."""
    url = f"sqlite:///{tmp_path / 'estran.db'}"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.fresh()
    database = Database(url)
    prepare(database)
    numbers, _ = SeriesStore(database, str(tmp_path / "files")).enter("record", streams(20))
    assert sorted(numbers.values()) == list(range(1, 21))
    database.close()
    return url, str(tmp_path / "files")


@contextmanager
def opened(place: tuple[str, str]) -> Generator[SeriesStore]:
    database = Database(place[0])
    try:
        yield SeriesStore(database, place[1])
    finally:
        database.close()


type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started(place: tuple[str, str]) -> Generator[Start]:
    """Starts a process on the store; none outlives its test, however that ends."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *given: int) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", script, *place, *map(str, given)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What is left of its words and of its errors; some were read before."""
    assert process.stdout
    assert process.stderr
    left = process.stdout.read(), process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    process.wait(timeout=300)
    return left


class Reader:
    """Reads again and again; what was there once must stay, and nothing stands twice."""

    def __init__(self, store: SeriesStore, seed: int, stop: threading.Event) -> None:
        self.store, self.stop = store, stop
        self.random, self.reads = random.Random(seed), 0
        self.wrong: list[str] = []

    def run(self) -> None:
        before: dict[int, set[int]] = {}
        try:
            while not self.stop.is_set():
                stream = self.random.randint(1, 20)
                rows = self.store.read([stream], EVER, NEVER, ("datastream", "time", "vertical", "value"))
                times = rows["time"].to_numpy()
                if len(times) > 1 and not bool((np.diff(times) > 0).all()):
                    self.wrong.append("an observation stands twice, or out of order")
                now = set(times.tolist())
                if lost := before.get(stream, set()) - now:
                    self.wrong.append(f"{len(lost)} observations went")
                before[stream] = now
                self.reads += 1
        except Exception as error:  # noqa: BLE001 - whatever a user would see is wrong
            self.wrong.append(repr(error))


def test_two_write_one_moves_and_eight_read(place: tuple[str, str], started: Start) -> None:
    stop = threading.Event()
    writers = {which: started(PUT + WRITER, which, 0, 10**9) for which in (0, 1)}
    settler = started(SETTLER)
    with opened(place) as store, ExitStack() as left:
        # Whatever is found wrong, nobody goes on reading.
        left.callback(stop.set)
        readers = [Reader(store, seed, stop) for seed in range(READERS)]
        threads = [threading.Thread(target=reader.run) for reader in readers]
        for thread in threads:
            thread.start()
        # A pipe that nobody reads would stop its writer after some thousand rounds.
        words: dict[int, list[str]] = {which: [] for which in writers}
        for which, process in writers.items():
            assert process.stdout
            words[which] += [process.stdout.readline() for _ in range(2)]
            assert words[which] == ["0\n", "1\n"], process.communicate()
            threads.append(threading.Thread(target=words[which].extend, args=(process.stdout,)))
            threads[-1].start()
        # On a busy machine until each has done something, however long that takes.
        until = time.monotonic() + SECONDS
        while (
            time.monotonic() < until or min(map(len, words.values())) < 4 or not all(r.reads for r in readers)
        ):
            assert time.monotonic() < until + 300, [words, [r.wrong for r in readers]]
            time.sleep(0.05)
        stop.set()
        for process in (*writers.values(), settler):
            process.send_signal(signal.SIGINT)
        for thread in threads:
            thread.join()
        told = {which: ended(process)[1] for which, process in writers.items()}
        ended(settler)
        wrong = [one for reader in readers for one in reader.wrong]
        assert not wrong, wrong[:3]
        assert min(reader.reads for reader in readers) > 0
        assert all("KeyboardInterrupt" in errors for errors in told.values()), told
        found = said(store)
        rounds = {which: len(lines) for which, lines in words.items()}
        assert min(rounds.values()) > 2, told
        assert fits(found, rounds)
        assert sum(one.count for one in store.datastreams([1])) == len(found)
        store.settle()
        assert said(store) == found


def test_whoever_dies_leaves_nothing_half_done(place: tuple[str, str], started: Start) -> None:
    chance, done = random.Random(7), 0
    with opened(place) as store:
        for _ in range(2):
            # A round that was cut is written again, as a producer sends it again.
            writer = started(PUT + WRITER, 0, done, 100)
            settler = started(SETTLER)
            assert writer.stdout
            for _ in range(chance.randint(1, 9)):
                done = int(writer.stdout.readline()) + 1
            time.sleep(chance.random() * 0.2)
            for process in (writer, settler):
                process.send_signal(signal.SIGKILL)
            rest, _ = ended(writer)
            ended(settler)
            done = max([done, *(int(word) + 1 for word in rest.split())])
            assert fits(said(store), {0: done})
        writer = started(PUT + WRITER, 0, done, 1)
        _, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
        store.settle()
        assert said(store) == expected({0: done + 1})
        assert sum(one.count for one in store.datastreams([1])) == len(expected({0: done + 1}))

"""Quality control measured: a million values tested at once and as they come, and what the quality costs a read."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

import estran
from estran.model import Datastream, Thing, Variable
from estran.observations import Machine
from estran.observations.quality import NEEDED, Judging
from estran.observations.quality.plans import parsed, tests_of
from estran.observations.quality.testing import Subject, evaluated
from estran.observations.store import columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

COUNT, STREAMS, MESSAGES = 1_000_000, 100, 20
START, STEP = 1_577_836_800_000_000, 360_000_000
EVER, NEVER = -(2**62), 2**62
PLAN: dict[str, Any] = {
    "rules": [
        {
            "property": "sea_water_temperature",
            "gross_range_test": {"fail_span": [-2, 40], "suspect_span": [0, 30]},
            "spike_test": {"suspect_threshold": 0.5, "fail_threshold": 1.0},
            "rate_of_change_test": {"threshold": 0.01},
            "flat_line_test": {"suspect_count": 12, "fail_count": 120, "tolerance": 0.001},
            "attenuated_signal_test": {
                "suspect_threshold": 0.05,
                "fail_threshold": 0.01,
                "test_period": 86400,
            },
        }
    ]
}


def rows(numbers: NDArray[Any], at: NDArray[Any], values: NDArray[Any]) -> pa.Table:
    """Observations as the store takes them."""
    kinds, count = columns.schema(), len(at)
    given = {
        "datastream": pa.array(numbers, pa.int32()), "time": pa.array(at), "vertical": pa.array(np.zeros(count)),
        "value": pa.array(values), "number": pa.array(np.zeros(count, np.int64)), "version": pa.array(np.zeros(count, np.int64)),
    }  # fmt: skip
    return pa.table([given.get(f.name, pa.nulls(count, f.type)) for f in kinds], schema=kinds)


def timed[T](name: str, work: Callable[[], T], count: int = 0) -> T:
    """Run something and say how long it took."""
    start, busy = time.perf_counter(), time.process_time()
    found = work()
    took, busy = time.perf_counter() - start, time.process_time() - busy
    told = f"{count / took:12,.0f}/s {count / busy:12,.0f}/s of processor time" if count else ""
    print(f"{name:66} {took:8.3f} s {told}", flush=True)
    return found


def main() -> None:
    """Measure on SQLite in a folder that is thrown away."""
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder, estran.open(Path(folder) / "node") as node:
        store = node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        variable = Variable(name="T", standard_name="sea_water_temperature", unit="degree_C")
        streams = [
            Datastream(key=f"s{n}", thing=Thing(key=f"t{n}"), variable=variable) for n in range(STREAMS + 1)
        ]
        numbers = list(store.enter("record", streams)[0].values())
        at = START + np.arange(COUNT) * STEP
        values = 15 + np.cumsum(random.normal(0, 0.02, COUNT)) % 10
        table = rows(np.full(COUNT, numbers[0]), at, values)
        timed("a million values into files, nothing tested", lambda: store.put(table), COUNT)
        plain = timed(
            "read as columns", lambda: store.read([numbers[0]], EVER, NEVER, ("vertical", *NEEDED)), COUNT
        )
        held = {one.number: one for one in store.datastreams([1])}
        judging = Judging.of([held[numbers[0]]], store.quality)
        timed("their quality, nothing tested", lambda: judging.told(plain), COUNT)
        plan = parsed(PLAN, "bench")
        tests = tests_of(held[numbers[0]], [plan])
        assert tests is not None
        whole = store.read([numbers[0]], EVER, NEVER)
        timed("five tests of them, in memory", lambda: evaluated(whole, tests, Subject({})), COUNT)
        messages = []
        for n in range(3 * MESSAGES):
            some = np.array(numbers[1:])
            messages.append(rows(some, np.full(STREAMS, START + n * STEP), random.normal(15, 0.1, STREAMS)))
        timed("messages of 100 rows of 100 datastreams, nothing tested",
              lambda: [store.put(one) for one in messages[:MESSAGES]], MESSAGES * STREAMS)  # fmt: skip
        later = messages[-MESSAGES:]
        door = node.observations.quality
        door.plan(plan)
        machine = Machine(store)
        machine.expect(held.values())
        report = timed("all of it read, tested and written", machine.run, COUNT)
        print(report)
        tested = store.read([numbers[0]], EVER, NEVER, ("vertical", *NEEDED))
        timed("their quality, tested", lambda: judging.told(tested), COUNT)
        timed("messages of 100 rows of 100 datastreams, tested as they come",
              lambda: [store.put(one) for one in messages[MESSAGES:-MESSAGES]], MESSAGES * STREAMS)  # fmt: skip
        timed(
            "… the same, once it is known what came before",
            lambda: [store.put(one) for one in later],
            MESSAGES * STREAMS,
        )
        long = [
            rows(
                np.full(100, numbers[1]),
                START + (1000 + n * 100 + np.arange(100)) * STEP,
                random.normal(15, 0.1, 100),
            )
            for n in range(MESSAGES + 5)
        ]
        for one in long[:5]:
            store.put(one)
        timed(
            "messages of 100 rows of one datastream, tested as they come",
            lambda: [store.put(one) for one in long[5:]],
            MESSAGES * 100,
        )
        one = [
            rows(np.array([numbers[0]]), np.array([at[-1] + (n + 1) * STEP]), np.array([15.0]))
            for n in range(100)
        ]
        timed(
            "values of the long series one by one, tested as they come",
            lambda: [store.put(m) for m in one],
            100,
        )
        timed("nothing left to test", machine.run)


if __name__ == "__main__":
    main()

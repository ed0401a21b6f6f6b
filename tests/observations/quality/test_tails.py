"""What comes behind what is known is tested while it is stored, and the outcomes are those of the whole series."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from estran.model import Datastream, Thing, Variable
from estran.observations import Machine, SeriesStore
from estran.observations.quality import tails
from estran.observations.quality.outcomes import unpacked
from estran.observations.quality.plans import parsed
from estran.observations.store.testing import StoredPlan
from tests.observations.conftest import rows
from tests.observations.quality.test_machine import HOUR, SERIES, START, WINDOWED, Rows, brute

if TYPE_CHECKING:
    from estran.storage import Database

EVER, NEVER = -(2**62), 2**62
TESTS: dict[str, Any] = SERIES | WINDOWED
KEYS = ("a", "b", "c", "levels")

pytestmark = pytest.mark.filterwarnings("ignore")


def watched(database: Database, address: str) -> SeriesStore:
    store = SeriesStore(database, address)
    Machine.watching(store)
    return store


@pytest.fixture
def tested(store: SeriesStore) -> tuple[SeriesStore, dict[str, int]]:
    """Series of which all tests of time are run as they come; one is at two heights."""
    air = Variable(name="T", standard_name="air_temperature", unit="degC")
    thing = Thing(key="mast", longitude=3.0, latitude=43.0)
    made = [
        Datastream(key=key, thing=thing, variable=air, vertical=Variable(name="z", unit="m") if key == "levels" else None)
        for key in KEYS
    ]  # fmt: skip
    numbers, _ = store.enter("record", made)
    plan = parsed({"rules": [{"property": "air_temperature", **TESTS}]}, "plan")
    store.quality.put_plan(StoredPlan("plan", plan.document(), "x", "operator", 0))
    Machine.watching(store)
    return store, numbers


def message(
    held: Rows, numbers: dict[str, int], hour: int, some: random.Random, keys: tuple[str, ...]
) -> pa.Table:
    """A value of each series at a time; now and then one is missing."""
    made: list[pa.Table] = []
    for key in keys:
        for level in (0.0, 10.0) if key == "levels" else (0.0,):
            value = some.choice((None, 3.0, 3.0, 3.0, 3.2, 5.0, 7.0, 12.0))
            at = START + hour * HOUR
            held[numbers[key], at, level] = (value, None, None)
            made.append(rows(numbers[key], [at], [value], [level]))
    return pa.concat_tables(made)


def agrees(store: SeriesStore, held: Rows, numbers: dict[str, int]) -> None:
    for key, number in numbers.items():
        found = store.read([number], EVER, NEVER)
        said = [unpacked(code or 0) for code in found["tested"].to_pylist()]
        assert said == list(brute(held, number, key, TESTS, {}).values())
    assert not [one for one in store.quality.states().values() if one.first is not None]


@pytest.mark.parametrize("most", [1_000_000, 20])
def test_messages_are_tested_in_the_transaction_that_writes_them(
    tested: tuple[SeriesStore, dict[str, int]], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(tails, "_MOST_VALUES", most)
    store, numbers = tested
    some, held = random.Random(1), dict[Any, Any]()
    store.put(message(held, numbers, 0, some, KEYS))
    reads: list[object] = []
    read = store.read
    monkeypatch.setattr(store, "read", lambda *given, **told: (reads.append(given), read(*given, **told))[1])
    at_once = 0
    for n in range(1, 40):
        before = len(reads)
        counts = store.put(message(held, numbers, n + n // 7, some, KEYS))
        at_once += len(counts.tested) == len(KEYS)
        assert (len(reads) == before) == (len(counts.tested) == len(KEYS))
        if n == 20:
            store.settle()
    assert at_once == 39 if most > 20 else at_once < 10
    agrees(store, held, numbers)


def test_what_comes_late_twice_or_again_is_tested_with_what_lies_around(
    tested: tuple[SeriesStore, dict[str, int]],
) -> None:
    store, numbers = tested
    some, held = random.Random(2), dict[Any, Any]()
    for n in range(60):
        hour = some.choice((n, n, n, n, max(n - some.randrange(9), 0)))
        keys = tuple(key for key in KEYS if some.random() < 0.8) or KEYS
        store.put(message(held, numbers, hour, some, keys))
        if n % 13 == 5:
            gone = some.choice([k for k in sorted(held) if k[0] == numbers["b"]])
            del held[gone]
            store.remove(rows(gone[0], [gone[1]], [1.0], [gone[2]]))
        if n == 30:
            store.settle()
    agrees(store, held, numbers)


def test_two_processes_write_in_turn(tested: tuple[SeriesStore, dict[str, int]]) -> None:
    one, numbers = tested
    other = watched(one._database, one._files.address)  # pyright: ignore[reportPrivateUsage]
    some, held = random.Random(3), dict[Any, Any]()
    for n in range(30):
        (one, other)[some.random() < 0.3].put(message(held, numbers, n, some, KEYS))
    agrees(one, held, numbers)


def test_what_was_not_written_in_the_end_is_not_known_of(tested: tuple[SeriesStore, dict[str, int]]) -> None:
    store, numbers = tested
    some, held = random.Random(4), dict[Any, Any]()
    for n in range(8):
        store.put(message(held, numbers, n, some, KEYS))
    lost = message({}, numbers, 8, some, KEYS)

    def losing() -> None:
        with store._database.write() as connection:  # pyright: ignore[reportPrivateUsage]
            assert store.put_within(connection, lost).tested
            raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        losing()
    assert not store.put(message(held, numbers, 9, some, KEYS)).tested
    assert store.put(message(held, numbers, 10, some, KEYS)).tested
    agrees(store, held, numbers)


def test_another_unit_or_plan_is_tested_anew(tested: tuple[SeriesStore, dict[str, int]]) -> None:
    store, numbers = tested
    some, held = random.Random(5), dict[Any, Any]()
    for n in range(4):
        store.put(message(held, numbers, n, some, KEYS))
    assert store.put(message(held, numbers, 4, some, KEYS)).tested
    kelvin = Variable(name="T", standard_name="air_temperature", unit="K")
    store.enter(
        "record",
        [Datastream(key="a", thing=Thing(key="mast", longitude=3.0, latitude=43.0), variable=kelvin)],
    )
    assert set(store.put(message(held, numbers, 5, some, KEYS)).tested) == {
        n for k, n in numbers.items() if k != "a"
    }
    store.quality.remove_plan("plan")
    machine = Machine(store)
    machine.expect(store.datastreams([1]))
    assert not store.put(message(held, numbers, 6, some, KEYS)).tested
    assert not store.quality.states()
    found = store.read([numbers["a"]], EVER, NEVER, ("datastream", "time", "vertical", "tested"))
    assert not any(found["tested"].to_pylist())


def test_what_outcomes_were_before_is_kept_where_history_is(
    tested: tuple[SeriesStore, dict[str, int]],
) -> None:
    store, numbers = tested
    since = store.keep_history("record")
    assert since is not None
    number = numbers["a"]
    for n, value in enumerate((3.0, 3.0, 3.0, 9.0)):
        store.put(rows(number, [START + n * HOUR], [value]))
    version = store.version()
    before = store.read([number], EVER, NEVER)
    assert store.put(rows(number, [START + 4 * HOUR], [3.0])).tested
    # The spike is one only since the value after it came.
    now = store.read([number], EVER, NEVER)
    assert unpacked(now["tested"][3].as_py())["spike_test"] == 4
    assert unpacked(before["tested"][3].as_py())["spike_test"] == 2
    assert store.read([number], EVER, NEVER, version=version).equals(before)


def test_places_that_are_none_are_told_from_those_that_are(store: SeriesStore) -> None:
    air = Variable(name="T", standard_name="air_temperature", unit="degC")
    places = {"here": (-4.5, 48.4), "there": (200.0, 43.0), "above": (0.0, 90.5), "edge": (-180.0, -90.0)}
    made = [
        Datastream(key=k, thing=Thing(key=k, longitude=x, latitude=y), variable=air)
        for k, (x, y) in places.items()
    ]
    numbers, _ = store.enter("record", made)
    plan = parsed({"rules": [{"property": "air_temperature", "location_test": {}, "speed_test": {"suspect_threshold": 1, "fail_threshold": 2}}]}, "plan")  # fmt: skip
    store.quality.put_plan(StoredPlan("plan", plan.document(), "x", "operator", 0))
    Machine.watching(store)
    for n in range(3):
        batch = pa.concat_tables([rows(number, [START + n * HOUR], [1.0]) for number in numbers.values()])
        counts = store.put(batch)
        assert len(counts.tested) == (len(places) if n else 0)
    for key, code in (("here", 1), ("there", 4), ("above", 4), ("edge", 1)):
        said = store.read([numbers[key]], EVER, NEVER)["tested"].to_pylist()
        assert [unpacked(one) for one in said] == [{"location_test": code}] * 3

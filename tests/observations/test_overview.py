"""Curves, profiles, newest values and completeness: what pages show says what the observations say."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from estran.errors import NotFound
from estran.model import Datastream, Thing, Variable
from estran.observations import store as stored
from estran.observations.overview import Overview, complete, doubtful
from estran.observations.plotting import of_rows
from estran.observations.quality.column import graded
from estran.observations.store.columns import array
from estran.observations.store.verdicts import Verdict
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream

HOUR, DAY, START = 3_600_000_000, 86_400_000_000, 1_577_836_800_000_000
EVER, NEVER = -(2**62), 2**62


def seen(store: SeriesStore) -> Overview:
    return Overview(store, store.datasets)


def one(store: SeriesStore, count: int, *, without: range = range(0), files: bool = False) -> HeldDatastream:
    """A datastream of hourly values, some of which are missing."""
    number = store.enter("record", streams(1))[0]["s0"]
    kept = np.array([n for n in range(count) if n not in without])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "_INTO_FILES", 1 if files else 10**9)
        store.put(rows(number, (START + kept * HOUR).tolist(), np.sin(kept / 50).tolist()))
    return seen(store).datastream(number)


def test_few_values_are_drawn_as_they_are_and_gaps_stay_open(store: SeriesStore) -> None:
    stream = one(store, 100, without=range(40, 50))
    curve = seen(store).plotted(stream, EVER, NEVER)
    assert curve.is_exact
    assert (curve.count, curve.numbers, curve.doubtful_count) == (90, 90, 0)
    assert curve.gaps == ((START + 39 * HOUR, START + 50 * HOUR),)
    assert np.isnan(curve.value).nonzero()[0].tolist() == [40]
    assert START + 39 * HOUR < curve.time[40] < START + 50 * HOUR
    assert curve.low.tolist()[:40] == curve.value.tolist()[:40]
    part = seen(store).plotted(stream, START + 10 * HOUR, START + 20 * HOUR)
    assert (part.count, part.first, part.last) == (10, START + 10 * HOUR, START + 19 * HOUR)


def test_many_values_keep_their_extremes(store: SeriesStore) -> None:
    stream = one(store, 9000, without=range(4000, 4500))
    curve = seen(store).plotted(stream, EVER, NEVER, most=200)
    assert not curve.is_exact
    assert len(curve.time) <= 202
    assert (curve.count, len(curve.gaps)) == (8500, 1)
    value = np.sin(np.array([n for n in range(9000) if n not in range(4000, 4500)]) / 50)
    assert (curve.lowest, curve.highest) == (value.min(), value.max())
    assert curve.mean == pytest.approx(value.mean())
    drawn = ~np.isnan(curve.value)
    assert (curve.low[drawn] <= curve.value[drawn]).all()
    assert (curve.value[drawn] <= curve.high[drawn]).all()


def test_tiles_say_the_same_as_values_and_show_the_gap_inside_one(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.overview._LEAST_TILES", 40)
    stream = one(store, 200_000, without=range(100_000, 100_900), files=True)
    read = store.read
    reads: list[int] = []

    def reading(*given: object) -> pa.Table:
        found = read(*given)  # type: ignore[arg-type]
        reads.append(found.num_rows)
        return found

    monkeypatch.setattr(store, "read", reading)
    curve = seen(store).plotted(stream, EVER, NEVER, most=500)
    assert max(reads, default=0) <= 4096
    assert not curve.is_exact
    assert len(curve.time) <= 520
    assert (curve.count, curve.doubtful_count) == (199_100, None)
    assert (START + 99_999 * HOUR, START + 100_900 * HOUR) in curve.gaps
    assert curve.knows_gaps
    lost = curve.time[np.isnan(curve.value)]
    assert ((lost > START + 99_999 * HOUR) & (lost < START + 100_900 * HOUR)).any()
    # A part that begins and ends within tiles counts what lies in it alone.
    part = seen(store).plotted(stream, START + 1234 * HOUR, START + 190_001 * HOUR, most=500)
    assert part.count == 190_001 - 1234 - 900
    assert part.first == START + 1234 * HOUR


def test_where_a_short_gap_may_be_hidden_in_a_tile_it_is_said(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.overview._LEAST_TILES", 40)
    stream = one(store, 200_000, without=range(100_000, 100_100), files=True)
    curve = seen(store).plotted(stream, EVER, NEVER, most=500)
    # A hundred of two hundred thousand hours are not looked for.
    assert not curve.knows_gaps
    assert (START + 99_999 * HOUR, START + 100_100 * HOUR) not in curve.gaps
    near = seen(store).plotted(stream, START + 90_000 * HOUR, START + 110_000 * HOUR, most=500)
    assert near.knows_gaps
    assert near.gaps == ((START + 99_999 * HOUR, START + 100_100 * HOUR),)


def test_doubtful_values_stand_apart(store: SeriesStore) -> None:
    number = store.enter("record", [replace(streams(1)[0], flags="argo")])[0]["s0"]
    table = rows(number, [START + n * HOUR for n in range(20)], [float(n) for n in range(19)] + [999.0])
    field = table.schema.field("flag")
    table = table.set_column(
        table.schema.get_field_index("flag"), field, pa.array(["1"] * 19 + ["4"], field.type)
    )
    store.put(table)
    stream = seen(store).datastream(number)
    curve = seen(store).plotted(stream, EVER, NEVER)
    assert (curve.highest, curve.numbers, curve.count, curve.doubtful_count) == (18.0, 19, 20, 1)
    assert (curve.doubtful[0].tolist(), curve.doubtful[1].tolist()) == ([START + 19 * HOUR], [999.0])


def test_the_newest_are_found_without_reading_what_is_old(store: SeriesStore) -> None:
    stream = one(store, 3000, without=range(2000, 2900))
    newest = seen(store).newest(stream, EVER, NEVER, 150)
    assert newest["time"].to_pylist()[-1] == START + 2999 * HOUR
    assert newest.num_rows == 150
    assert newest["time"].to_pylist()[0] == START + 1950 * HOUR
    before = seen(store).newest(stream, EVER, START + 5 * HOUR, 150)
    assert before.num_rows == 5


def test_profiles_come_one_by_one(store: SeriesStore) -> None:
    number = store.enter("record", streams(1))[0]["s0"]
    times = np.repeat([START + n * 10 * DAY for n in range(6)], 4).tolist()
    store.put(rows(number, times, [float(n) for n in range(24)], [0.0, 10.0, 20.0, 30.0] * 6))
    found = seen(store).profiles(seen(store).datastream(number), EVER, NEVER, 3)
    assert [one.time for one in found] == [START + n * 10 * DAY for n in (3, 4, 5)]
    assert found[-1].vertical.tolist() == [0.0, 10.0, 20.0, 30.0]
    assert found[-1].value.tolist() == [20.0, 21.0, 22.0, 23.0]


@pytest.mark.parametrize("files", [False, True])
def test_how_complete_a_datastream_is(store: SeriesStore, files: bool) -> None:
    stream = one(store, 24 * 1000, without=range(24 * 100, 24 * 150), files=files)
    held = seen(store).stations()[0]
    share = complete(held.observations, (held.first, held.last), held.step)
    assert share == pytest.approx(95.0, abs=0.1)
    start, end = START, START + 366 * DAY
    there = seen(store).counted([stream.number], start, end)[stream.number]
    assert complete(there, (start, end), held.step) == pytest.approx(100 * 316 / 366, abs=0.1)
    # So it is of a part of a year: no day of the gap counts for the days beside it.
    for end, share in (
        (START + 100 * DAY, 100),
        (START + 125 * DAY, 80),
        (START + 183 * DAY, 100 * 133 / 183),
    ):
        there = seen(store).counted([stream.number], start, end)[stream.number]
        assert complete(there, (start, end - 1), held.step) == pytest.approx(share)
    assert not seen(store).counted([stream.number], START + 101 * DAY, START + 149 * DAY).get(stream.number)
    assert complete(5, (None, None), None) is None


@pytest.mark.parametrize("most", [256, 0])
def test_what_lies_in_a_period_is_counted(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """In files, behind them, corrected, marked, taken out; of several datastreams of several rhythms."""
    monkeypatch.setattr("estran.observations.store.counting._MOST_READ", most)
    some = np.random.default_rng(3)
    numbers = list(store.enter("record", streams(4))[0].values())
    held: dict[int, set[int]] = {}

    def put(number: int, time: list[int]) -> None:
        store.put(rows(number, time, some.normal(0, 1, len(time)).tolist()))
        held.setdefault(number, set()).update(time)

    for number, hours in zip(numbers, (1, 24, 7, 400), strict=True):
        count = 12_000 // hours
        put(number, sorted((START + some.choice(2 * count, count, replace=False) * hours * HOUR).tolist()))
    store.settle()
    for number in numbers[:3]:
        last = max(held[number])
        put(number, [last + n * HOUR for n in range(1, 9)])
        # Some come again with other values, some between, some go.
        again = sorted(some.choice(sorted(held[number]), 5, replace=False).tolist())
        put(number, again)
        put(number, [again[0] + 5, again[3] + 7])
        gone = again[1]
        store.remove(rows(number, [gone], [1.0]))
        held[number].remove(gone)
    for begin, end in (
        (EVER, NEVER),
        *((START + a * HOUR, START + b * HOUR) for a, b in ((0, 9000), (777, 20_001), (8000, 8100))),
    ):
        found = store.counted(numbers, begin, end)
        for number in numbers:
            true = sum(begin <= time < end for time in held[number])
            assert found.get(number, 0) == (true if most else pytest.approx(true, abs=256)), (
                number,
                begin,
                end,
            )


def test_datastreams_of_a_record_are_paged(store: SeriesStore) -> None:
    store.enter("record", streams(5))
    overview = seen(store)
    first, total = overview.of_record("record", 0, 3)
    rest, _ = overview.of_record("record", first[-1].number, 3)
    assert total == 5
    assert [s.described.key for s in (*first, *rest)] == [f"s{n}" for n in range(5)]
    assert overview.of_record("another", 0, 3) == ([], 0)
    with pytest.raises(NotFound):
        overview.datastream(12345)


def test_ten_thousand_datastreams_are_looked_over_at_once(store: SeriesStore) -> None:
    air, sea = (Variable(name=n, standard_name=n, unit="degC") for n in ("air", "sea"))
    made = [
        Datastream(
            key=f"{n}", thing=Thing(key=f"t{n // 2}", longitude=n % 360 - 180.0, latitude=0.0),
            variable=(air, sea)[n % 2],
        )
        for n in range(10_000)
    ]  # fmt: skip
    numbers, _ = store.enter("record", made)
    of = [numbers[f"{n}"] for n in range(10_000) for _ in range(2)]
    values = [v for n in range(10_000) for v in (1.0, float(n))]
    held = rows(0, [START, START + HOUR] * 10_000, values)
    store.put(held.set_column(0, held.schema.field("datastream"), pa.array(of, pa.int32())))
    overview = seen(store)
    found = overview.stations()
    took: list[float] = []
    for _ in range(5):
        begun = time.process_time()
        found = overview.stations()
        took.append(time.process_time() - begun)
    assert len(found) == 10_000
    assert found[7].value == 7.0
    assert [(p.variable.name, p.datastreams) for p in overview.properties()] == [("air", 5000), ("sea", 5000)]
    assert len(overview.stations([overview.properties()[0].number])) == 5000
    assert min(took) < 0.1, took


def agrees(store: SeriesStore, stream: HeldDatastream, start: int, end: int) -> None:
    """A curve made of tiles says what one made of rows says."""
    curve = seen(store).plotted(stream, start, end, most=100)
    plain = seen(store).rows(stream, max(start, stream.first or 0), min(end, (stream.last or 0) + 1))
    wanted = of_rows(plain, doubtful(plain), stream.step, 100)
    assert store.graded(stream.number, start, end, 20) is not None
    assert (curve.count, curve.numbers, curve.doubtful_count) == (
        wanted.count, wanted.numbers, wanted.doubtful_count,
    )  # fmt: skip
    for name in ("lowest", "highest", "mean", "first", "last"):
        assert getattr(curve, name) == pytest.approx(getattr(wanted, name), nan_ok=True), name
    true = set(
        zip(
            *(one[doubtful(plain)].tolist() for one in (array(plain, "time"), array(plain, "value"))),
            strict=True,
        )
    )
    told = set(zip(*(one.tolist() for one in curve.doubtful), strict=True))
    assert told <= true
    assert bool(told) == any(np.isfinite(v) for _, v in true)
    assert curve.time.tolist() == sorted(curve.time.tolist())


@pytest.mark.parametrize("seed", range(3))
def test_tiles_tell_of_doubtful_values_what_the_values_tell(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Flags of the producer, tests, verdicts before and after, corrections since: tiles and rows agree."""
    monkeypatch.setattr("estran.observations.overview._LEAST_TILES", 20)
    monkeypatch.setattr("estran.observations.store.tiles.SIZES", (0, 4, 16))
    store.grade = graded
    some = np.random.default_rng(seed)
    number = store.enter("record", [replace(streams(1)[0], flags="argo")])[0]["s0"]
    count = 1500
    time = START + np.sort(some.choice(4000, count, replace=False)) * HOUR
    value = np.where(some.random(count) < 0.05, np.nan, some.normal(10, 3, count))

    def put(which: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        held = [None if np.isnan(v) else float(v) for v in value[which]]
        table = rows(number, time[which].tolist(), held)
        poor = some.random() < 0.5
        flags = some.choice(
            ["1", "2", "3", "4", "9"], len(which), p=[0.9, 0.04, 0.03, 0.03, 0] if poor else [1, 0, 0, 0, 0]
        )
        for name, given in (
            ("flag", flags.tolist()),
            ("tested", np.where(some.random(len(which)) < 0.02, 4, 1).tolist()),
        ):
            field = table.schema.field(name)
            table = table.set_column(table.schema.get_field_index(name), field, pa.array(given, field.type))
        store.put(table)

    for part in np.array_split(np.arange(count), 3):
        put(part)
    store.settle()

    def judge(length: int) -> None:
        start = START + int(some.integers(4000)) * HOUR
        store.quality.judge(
            Verdict(
                number=0, datastream=number, start=start, end=start + length * HOUR, reason="x", by="e", at=0,
                code=int(some.choice([1, 2, 3, 4, 9])),
            )
        )  # fmt: skip

    for step in range(4):
        if step == 1:
            judge(900)
            judge(3)
            judge(300)
        if step == 2:
            value[700:704] = 1000.0
            put(np.arange(690, 720))
        if step == 3:
            judge(5000)
            judge(40)
        stream = seen(store).datastream(number)
        for span in ((EVER, NEVER), (START + 333 * HOUR, START + 3100 * HOUR)):
            agrees(store, stream, *span)


def test_of_tiles_made_before_it_was_looked_at_nothing_is_said(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.overview._LEAST_TILES", 20)
    stream = one(store, 20_000, files=True)
    assert seen(store).plotted(stream, EVER, NEVER).doubtful_count is None
    store.grade = graded
    store.put(rows(stream.number, [START], [5.0]))
    assert seen(store).plotted(stream, EVER, NEVER).doubtful_count is None
    store.settle()
    # Of the year that was written into it is known, of the others not.
    assert seen(store).plotted(stream, EVER, START + 300 * DAY).doubtful_count == 0
    assert seen(store).plotted(stream, EVER, NEVER).doubtful_count is None

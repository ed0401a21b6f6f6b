"""Small curves of many datastreams: they agree with the observations, and many cost as many questions as one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import Engine, event

from estran.observations import store as stored
from estran.observations.overview import Overview
from estran.observations.quality.column import graded
from estran.observations.store.outlines import PARTS
from estran.observations.store.verdicts import Verdict
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    from estran.observations.outline import Outline
    from estran.observations.store import SeriesStore

HOUR, START = 3_600_000_000, 1_577_836_800_000_000


def flagged(number: int, hours: list[int], values: list[float], poor: set[int]) -> pa.Table:
    """Hourly values, some of which their producer calls bad."""
    held = rows(number, [START + n * HOUR for n in hours], values)
    at = held.schema.get_field_index("flag")
    return held.set_column(
        at, held.schema.field(at), pa.array(["4" if n in poor else "1" for n in hours], pa.string())
    )


def put(store: SeriesStore, table: pa.Table, *, files: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored, "_INTO_FILES", 1 if files else 10**9)
        store.put(table)


def looked(store: SeriesStore) -> dict[int, Outline]:
    overview = Overview(store, store.datasets)
    found, _ = overview.of_record("record", 0, 1000)
    return dict(overview.outlined(found))


@pytest.mark.parametrize(("count", "files"), [(3, True), (700, False), (9000, True), (120_000, True)])
def test_an_outline_says_what_the_values_say_whatever_lies_where(
    store: SeriesStore, count: int, files: bool
) -> None:
    store.grade = graded
    number = store.enter("record", [replace(streams(1)[0], flags="argo")])[0]["s0"]
    gap, poor = range(count // 3, count // 2), {0, count - 2}
    hours = [n for n in range(count) if n not in gap]
    values = [9e9 if n in poor else float(np.sin(n / 200)) for n in hours]
    put(store, flagged(number, hours, values, poor), files=files)
    found = looked(store)[number]
    good = [v for v in values if v < 9e9]
    assert (found.lowest, found.highest) == (min(good), max(good))
    assert found.mean == pytest.approx(float(np.mean(good)))
    assert (found.first, found.last) == (START, START + (count - 1) * HOUR)
    # Where nothing is for long, the curve is open.
    assert len(found.pieces) == (1 if count == 3 else 2)
    assert sum(len(piece.time) for piece in found.pieces) <= PARTS
    for piece in found.pieces:
        assert (piece.low <= piece.mean).all()
        assert (piece.mean <= piece.high).all()
        assert (np.diff(piece.time) > 0).all()


def test_a_correction_takes_the_place_of_what_the_files_say(store: SeriesStore) -> None:
    number = store.enter("record", streams(1))[0]["s0"]
    put(
        store,
        rows(number, [START + n * HOUR for n in range(100)], [0.0] * 50 + [7e7] + [0.0] * 49),
        files=True,
    )
    put(store, rows(number, [START + 50 * HOUR, START + 100 * HOUR], [3.0, 1.0]), files=False)
    assert looked(store)[number].highest == 3.0
    assert looked(store)[number].last == START + 100 * HOUR


def test_what_experts_doubt_is_left_out_and_what_they_find_good_is_not(store: SeriesStore) -> None:
    number = store.enter("record", [replace(streams(1)[0], flags="argo")])[0]["s0"]
    values = [1.0] * 40 + [50.0] + [2.0] * 40 + [9.0]
    put(store, flagged(number, list(range(82)), values, {81}), files=True)
    for code, hour in ((4, 40), (1, 81)):
        store.quality.judge(
            Verdict(
                number=0, datastream=number, start=START + hour * HOUR, end=START + (hour + 1) * HOUR, code=code,
                reason="seen", by="me", at=0,
            )
        )  # fmt: skip
    assert looked(store)[number].highest == 9.0


def test_words_and_nothing_have_no_outline(store: SeriesStore) -> None:
    numbers = store.enter("record", streams(2))[0]
    put(store, rows(numbers["s0"], [START], [None]), files=False)
    assert looked(store) == {}


def test_many_ask_as_few_questions_as_one(store: SeriesStore) -> None:
    numbers = list(store.enter("record", streams(60))[0].values())
    for number in numbers:
        long = number == numbers[0]
        table = rows(
            number, [START + n * HOUR for n in range(3000 if long else 50)], [1.0] * (3000 if long else 50)
        )
        put(store, table, files=long)
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        counts = []
        for some in ([numbers[0], numbers[1]], numbers):
            overview, before = Overview(store, store.datasets), len(asked)
            held = store.datastreams(list(store.datasets().values()), numbers=some)
            assert len(overview.outlined(held)) == len(some)
            counts.append(len(asked) - before)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert counts[0] == counts[1]

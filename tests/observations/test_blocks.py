"""Blocks of the files: what comes is written beside what is there, and no more than it must be."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from estran.observations.store import blocks, columns
from estran.observations.store.blocks import Block, Bounds, Partition
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    from estran.observations.store import SeriesStore

HOUR, DAY = 3_600_000_000, 86_400_000_000
YEAR_2020 = 1_577_836_800_000_000
EVER, NEVER = -(2**62), 2**62
WHOLE = Block(0, 2020, 0, 0, blocks.GROUP, *columns.year_bounds(2020))


def table(keys: set[tuple[int, int]]) -> pa.Table:
    made = [rows(d, [YEAR_2020 + t * HOUR], [1.0]) for d, t in sorted(keys)]
    return pa.concat_tables(made) if made else columns.empty()


def area(block: Block) -> int:
    return (block.after - block.low) * (block.end - block.start)


def inside(block: Block, part: pa.Table) -> bool:
    told = [one for one, _ in blocks.routed([block, block], part)]
    taken = sum(some.num_rows for _, some in blocks.routed([block, block], part))
    return not part.num_rows or (len(told) == 2 and taken == 2 * part.num_rows)


KEYS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=60)


@settings(deadline=None)
@given(held=KEYS, came=KEYS)
def test_a_cut_keeps_all_rows_each_in_its_block(held: set[Any], came: set[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "MOST_ROWS", 10)
        patch.setattr(blocks, "_LEFT_ALONE", 5)
        merged = table(held | came)
        parts = blocks.cut(WHOLE, merged, blocks.bounds_of(table(came)), count(1))
    assert sum(area(block) for block, _ in parts) == area(WHOLE)
    assert len({block.number for block, _ in parts}) == len(parts)
    assert all(part.num_rows <= 10 and inside(block, part) for block, part in parts)
    assert columns.newest([part for _, part in parts]).equals(merged)


@settings(deadline=None)
@given(held=KEYS.filter(bool), came=KEYS.filter(bool))
def test_what_a_straight_line_parts_is_parted(held: set[Any], came: set[Any]) -> None:
    one, other = blocks.bounds_of(table(held)), blocks.bounds_of(table(came))
    assert one is not None
    assert other is not None
    parted = blocks.apart(WHOLE, one, other, count(1))
    is_apart = (
        one.high < other.low or other.high < one.low or one.last < other.first or other.last < one.first
    )
    assert (parted is not None) == is_apart
    if parted:
        assert area(parted[0]) + area(parted[1]) == area(WHOLE)
        assert inside(parted[0], table(held))
        assert inside(parted[1], table(came))


def test_rows_of_one_time_are_not_cut() -> None:
    profile = rows(1, [YEAR_2020] * 30, [1.0] * 30, [float(n) for n in range(30)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "MOST_ROWS", 10)
        assert blocks.cut(WHOLE, profile, Bounds(1, 1, YEAR_2020, YEAR_2020), count(1)) == [(WHOLE, profile)]


def put(store: SeriesStore, number: int, first: int, several: int) -> None:
    time = YEAR_2020 + (first + np.arange(several)) * 60_000_000
    store.put(rows(number, time, [float(n) for n in range(several)]))


def paths(store: SeriesStore) -> set[str]:
    version = DeltaTable(store._files.address).version()
    return set(store._files.at(version).paths)


def there(store: SeriesStore) -> list[Block]:
    with store.database.read() as connection:
        return blocks.of(connection, Partition(0, 2020))


def test_a_station_after_the_other_and_a_month_after_the_other_leave_the_others_alone(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.store._INTO_FILES", 1)
    monkeypatch.setattr(blocks, "MOST_ROWS", 1000)
    monkeypatch.setattr(blocks, "_LEFT_ALONE", 500)
    numbers, _ = store.enter("record", streams(4))
    known = list(numbers.values())
    for number in known[:3]:
        before = paths(store) if number != known[0] else set()
        put(store, number, 0, 600)
        assert before < paths(store)
    assert len(there(store)) == 3
    # All of them report: what they had is not written again.
    before, late = (
        paths(store),
        [rows(n, [YEAR_2020 + 20 * DAY + t for t in range(200)], [0.0] * 200) for n in known],
    )
    store.put(pa.concat_tables(late))
    assert len(before & paths(store)) == 3
    # What is corrected is written with its block only.
    store.put(rows(known[1], [YEAR_2020 + 5 * 60_000_000], [-1.0]))
    assert len(before & paths(store)) == 2
    found = store.read(known, EVER, NEVER)
    assert found.num_rows == 3 * 600 + 4 * 200
    assert store.read([known[1]], YEAR_2020 + 5 * 60_000_000, YEAR_2020 + 6 * 60_000_000)[
        "value"
    ].to_pylist() == [-1.0]
    assert [one.count for one in store.datastreams([1])] == [800, 800, 800, 200]


def test_what_waits_is_moved_in_portions(store: SeriesStore, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers, _ = store.enter("record", streams(2))
    one, other = numbers.values()
    for n in range(12):
        put(store, one, n * 100, 100)
        put(store, other, n * 100, 100)
    monkeypatch.setattr(blocks, "MOST_ROWS", 300)
    taken: list[int] = []
    whole = store._files.write

    def write(block: Block, parts: Any, version: int) -> int:
        taken.append(sum(part.num_rows for _, part in parts))
        return whole(block, parts, version)

    monkeypatch.setattr(store._files, "write", write)
    assert store.settle() == 2400
    assert max(taken) <= 600
    found = store.read([one, other], EVER, NEVER)
    assert found.num_rows == 2400
    assert not store.holds_more_than(0)
    # What one write brought moves at once.
    put(store, one, 5000, 400)
    assert store.settle() == 400
    assert not store.holds_more_than(0)


def test_files_of_before_there_were_blocks_are_read_and_go_on(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.observations.store._INTO_FILES", 1)
    numbers, _ = store.enter("record", streams(2))
    one, other = numbers.values()
    put(store, one, 0, 50)
    put(store, one, 366 * 24 * 60, 50)
    # As they were: partitioned by group and year, without the block.
    address = store._files.address
    held = DeltaTable(address).to_pyarrow_table().drop_columns(["block"])
    write_deltalake(address, held, mode="overwrite", schema_mode="overwrite", partition_by=["group", "year"])
    from estran.observations.store.reading import FILES_VERSION  # noqa: PLC0415
    from estran.storage import put_meta  # noqa: PLC0415

    with store.database.write() as connection:
        put_meta(connection, FILES_VERSION, str(DeltaTable(address).version()).encode())
    assert store.read([one], EVER, NEVER).num_rows == 100
    put(store, one, 20, 50)
    put(store, other, 0, 50)
    found = store.read([one, other], EVER, NEVER)
    assert [found["datastream"].to_pylist().count(n) for n in (one, other)] == [120, 50]
    assert [one.count for one in store.datastreams([1])] == [120, 50]
    assert DeltaTable(address).metadata().partition_columns == ["group", "year", "block"]

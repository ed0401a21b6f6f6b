"""Observations in portions: everything once, in order, never many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from estran.observations.store import Extent
from estran.observations.store.batches import in_portions
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.store import SeriesStore

YEAR_2020, HOUR = 1_577_836_800_000_000, 3_600_000_000


@given(
    st.lists(st.lists(st.integers(0, 10**12), min_size=1, max_size=60, unique=True).map(sorted), max_size=6),
    st.integers(1, 25),
)
def test_everything_comes_once_in_order(times: list[list[int]], most: int) -> None:
    table = pa.concat_tables(
        [rows(n, own, [0.0] * len(own)) for n, own in enumerate(times)] or [rows(0, [], [])]
    )
    datastream, time = table["datastream"].to_numpy(), table["time"].to_numpy()
    most_read = 0

    def read(numbers: Sequence[int], start: int, end: int) -> pa.Table:
        nonlocal most_read
        found = table.filter(pa.array(np.isin(datastream, numbers) & (time >= start) & (time < end)))
        most_read = max(most_read, found.num_rows)
        return found

    def about(number: int, start: int, end: int) -> int:
        return int(((datastream == number) & (time >= start) & (time < end)).sum())

    extents = [Extent(n, len(own), own[0], own[-1]) for n, own in enumerate(times)]
    found = list(in_portions(extents, read, about, most))
    assert all(0 < part.num_rows <= most for part in found)
    assert [row for part in found for row in part.to_pylist()] == table.to_pylist()


def test_a_burst_after_quiet_decades_is_not_read_at_once(store: SeriesStore) -> None:
    numbers, _ = store.enter("record", streams(2))
    quiet = YEAR_2020 - np.arange(3000, 0, -1) * 240 * HOUR
    burst = YEAR_2020 + np.arange(120_000) * 100_000
    store.put(rows(numbers["s0"], np.concatenate([quiet, burst]), [1.0] * 123_000))
    store.put(rows(numbers["s1"], [YEAR_2020], [2.0]))
    reads: list[int] = []
    read = store.read

    def watched(*given: object) -> pa.Table:
        found = read(*given)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        reads.append(found.num_rows)
        return found

    store.read = watched  # type: ignore[method-assign]
    held = {one.number: one for one in store.datastreams([1])}
    extents = [
        Extent(one.number, one.count, one.first, one.last)
        for one in held.values()
        if one.first is not None and one.last is not None
    ]
    parts = list(store.batches(extents, most=5000))
    assert max(part.num_rows for part in parts) == 5000
    assert sum(part.num_rows for part in parts) == 123_001
    assert max(reads) <= 4 * 5000 + 2 * 4096
    whole = pa.concat_tables(parts)
    assert whole["time"].to_pylist() == [*quiet.tolist(), *burst.tolist(), YEAR_2020]

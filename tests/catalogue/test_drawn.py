"""Bars of years and marks on a map: each tells what one would find by asking for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran.access import ANYONE
from estran.catalogue import Query
from estran.catalogue.grids import Grid, gathered
from estran.catalogue.store.extents import Hulls, Spans
from estran.catalogue.timelines import timeline
from estran.model import EVER_US, NEVER_US, Box, Extent, Identifier, Period, Record, Text, bounds, interval
from tests.catalogue.records import WORDS, put, some_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

COUNT = 500


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with records of all times and places, and one dataset that two sources describe."""
    with open_node(tmp_path_factory.mktemp("drawn")) as node:
        put(node, some_records(COUNT, seed=7))
        for source, year in (("one", "2001"), ("two", "2004")):
            twin = Record(
                identifier=source, identifiers=(Identifier("10.5072/same", "doi"),), source=source, centre="coriolis",
                title=Text.of("Twice told"), visibility="public", kind="dataset",
                extent=Extent(boxes=(Box(1, 1, 2, 2),), periods=(Period(year, year),)),
            )  # fmt: skip
            put(node, [twin])
        yield node


_asked = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(WORDS),
        "bbox": st.sampled_from([Box(-20, -50, 60, 50), Box(170, -90, -170, 90)]),
        "time": st.just(interval("1999/2003")),
        "where": st.just({"kind": ("dataset",)}),
    },
)


@given(_asked)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bar_counts_what_its_years_would_find(full: Node, asked: dict[str, object]) -> None:
    query = Query(**asked, limit=0, bars=12)  # type: ignore[arg-type]
    found = full.ask(query).timeline
    assert found is not None
    assert len(found.bars) <= 12
    for bar in found.bars:
        start = bounds(f"{bar.start:04d}")[0] if bar.start is not None else EVER_US
        end = bounds(f"{bar.end:04d}")[1] if bar.end is not None else NEVER_US
        assert bar.count == full.ask(replace(query, time=(start, end), bars=0)).matched, bar


def test_a_dataset_of_two_records_is_one_in_every_bar(full: Node) -> None:
    found = full.ask(Query(text='"Twice told"', bars=80))
    assert found.matched == 1
    assert found.timeline
    assert [(b.start, b.count) for b in found.timeline.bars] == [(2001, 1), (2002, 0), (2003, 0), (2004, 1)]


def test_bars_and_marks_show_nobody_more_than_the_list(full: Node) -> None:
    visitor = full.acting_as(ANYONE)
    everything, theirs = (n.ask(Query(limit=0, bars=9, grid=Grid())) for n in (full, visitor))
    assert everything.places
    assert theirs.places
    assert theirs.timeline
    assert max(b.count for b in theirs.timeline.bars) <= theirs.matched < everything.matched
    shown = sum(s.count for s in theirs.places.spots) + theirs.places.world + theirs.places.nowhere
    assert shown == theirs.matched


_years = st.integers(-3000, 2200)
_periods = st.lists(st.tuples(st.integers(0, 6), _years, st.integers(0, 900)), min_size=1, max_size=30)


@given(_periods, st.integers(2, 40))
@settings(deadline=None)
def test_bars_count_each_record_once_whatever_its_periods(
    periods: list[tuple[int, int, int]], most: int
) -> None:
    def at(year: int) -> int:
        return int(np.datetime64(year - 1970, "Y").astype("datetime64[us]").astype(np.int64))

    listed = [(pk, year, min(year + more, 2200)) for pk, year, more in periods]
    pks = np.array([pk for pk, _, _ in listed])
    spans = Spans(
        pks, np.array([at(start) for _, start, _ in listed]), np.array([at(end + 1) for _, _, end in listed])
    )
    found = timeline(spans, pks, most)
    assert 0 < len(found.bars) <= most
    for bar in found.bars:
        low, high = (
            bar.start if bar.start is not None else -9999,
            bar.end if bar.end is not None else 9999,
        )
        assert bar.count == len({pk for pk, start, end in listed if start <= high and end >= low})
    whole = range(min(s for _, s, _ in listed), max(e for _, _, e in listed) + 1)
    assert found.bars[0].start is None or found.bars[0].start <= whole[0]
    assert found.bars[-1].end is None or found.bars[-1].end >= whole[-1]


_corners = st.tuples(st.floats(-180, 179), st.floats(-89, 88), st.floats(0, 359), st.floats(0, 60))


@given(st.lists(_corners, max_size=25), st.integers(1, 200), st.booleans())
@settings(deadline=None)
def test_every_record_has_a_mark_or_is_counted_beside_the_map(
    corners: list[tuple[float, float, float, float]], cells: int, part: bool
) -> None:
    table = np.array([(w, s, w + a, min(s + b, 90)) for w, s, a, b in corners]).reshape(-1, 4)
    hulls = Hulls(np.arange(1, len(table) + 1), *table.T)
    box = Box(100, -30, -100, 60) if part else None
    found = gathered(hulls, np.full(len(table), -1), [], Grid(box=box, cells=cells), len(table) + 3)
    assert sum(s.count for s in found.spots) + found.world + found.outside == len(table)
    assert found.nowhere == 3
    assert part or not found.outside
    for spot in found.spots:
        assert -180 <= spot.lon <= 180
        assert (spot.count == 1) == bool(spot.pk)
        if spot.count > 1:
            assert spot.box[0] - 1e-9 <= spot.lon <= spot.box[2] + 1e-9
            assert spot.box[2] - spot.box[0] <= 360 / cells + 1e-6


def test_a_box_over_the_date_line_is_one_place(full: Node) -> None:
    crossing = full.ask(Query(bbox=Box(179, -90, 180, 90), limit=0, grid=Grid(cells=400)))
    assert crossing.places
    records = [(s, s.record.extent.boxes) for s in crossing.places.spots if s.record]
    alone = [s for s, boxes in records if len(boxes) == 1 and boxes[0].crosses]
    assert alone
    for spot in alone:
        assert spot.box[2] > 180
        assert abs(spot.lon) > 140

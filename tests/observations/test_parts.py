"""Files of one float are one dataset, whose record grows with them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from estran.catalogue.parts import together
from estran.model import Box, Extent, Period, Record, Text, Variable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node


def test_the_files_of_a_float_are_one_dataset(
    tmp_path: Path, shared_data: Path, open_node: Callable[[Path], Node]
) -> None:
    folder = shared_data / "observations/argo/dac/bodc/6901929/profiles"
    first, *rest = sorted(folder.glob("*.nc"))
    with open_node(tmp_path / "node") as node:
        report = node.load(first)
        assert (report.new, report.refused) == (1, [])
        (record,) = node.search("6901929").records
        alone = node.show(record.id)
        assert node.load(rest).refused == []
        (record,) = node.search("6901929").records
        whole = node.show(record.id)
        assert whole.id == alone.id
        sets = {one.record for one in node.observations.datastreams()}
        assert sets == {whole.id}
        # All of what was observed lies in what the record says, and nothing of the first file was lost.
        found = node.observations.read("sea_water_temperature")
        box, period = whole.extent.box, whole.extent.periods[0]
        assert box is not None
        assert box.west <= found["longitude"].min() <= found["longitude"].max() <= box.east
        start, end = period.bounds()
        times = found["time"].values.astype("M8[us]").astype("i8")
        assert start <= times.min() <= times.max() < end
        assert alone.extent.periods[0].start == period.start
        assert alone.extent.periods[0].end < period.end
        # In any order, and again, nothing changes.
        again = node.load(folder)
        assert (again.changed, again.unchanged, again.observations["changed"]) == (0, len(rest) + 1, 0)
        assert node.show(record.id).extent == whole.extent


def test_a_file_that_was_replaced_is_read_again(
    tmp_path: Path, shared_data: Path, open_node: Callable[[Path], Node]
) -> None:
    """A delayed version takes the place of its file; both versions of the series are there then."""
    folder = shared_data / "observations/argo/dac/bodc/6901929/profiles"
    path = tmp_path / "profile.nc"
    shutil.copy(folder / "R6901929_180.nc", path)
    with open_node(tmp_path / "node") as node:
        node.load(path)
        before = node.show(node.search("6901929").records[0].id)
        shutil.copy(folder / "D6901929_006.nc", path)
        node.load(path)
        after = node.show(before.id)
        assert after.extent.periods[0].start < before.extent.periods[0].start
        levels = {
            one.described.processing_level for one in node.observations.datastreams("sea_water_temperature")
        }
        assert levels == {"real time", "delayed mode"}


def test_two_parts_together() -> None:
    def part(revised: str, west: float, start: str, name: str) -> Record:
        extent = Extent(boxes=(Box(west, 0, west, 0),), periods=(Period(start, start),))
        return Record(
            identifier="x",
            title=Text.of(revised),
            revised=revised,
            extent=extent,
            variables=(Variable(name=name),),
        )

    a, b = part("2020-01-01", 179, "2019-01-01", "a"), part("2021-01-01", -179, "2018-01-01", "b")
    one, other = together(a, b), together(b, a)
    assert one == other
    assert str(one.title) == "2021-01-01"
    assert one.extent.boxes == (Box(179, 0, -179, 0),)
    assert one.extent.periods == (Period("2018-01-01", "2019-01-01"),)
    assert together(one, a) == one
    open_ended = Record(identifier="x", extent=Extent(periods=(Period("", ""),)))
    assert together(a, open_ended).extent.periods == (Period("", ""),)

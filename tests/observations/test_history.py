"""Observations as they were: of datasets that ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.errors import Conflict, Invalid
from estran.model import moment_us

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

HEAD = "station,time,water_level [m]\n"


def loaded(node: Node, folder: Path, rows: str) -> tuple[str, int]:
    path = folder / "levels.csv"
    path.write_text(HEAD + rows)
    report = node.load([path], kind="observations")
    assert report.observations, report
    (stream,) = node.observations.datastreams()
    return stream.record, stream.number


def test_a_corrected_series_is_read_as_it_was(node: Node, tmp_path: Path) -> None:
    first = "".join(f"brest,2024-03-01T{hour:02}:00:00Z,{hour / 10}\n" for hour in range(24))
    record, number = loaded(node, tmp_path, first)
    with pytest.raises(Conflict, match="does not keep"):
        node.observations.read(number, as_of=node.observations.moment())
    since = node.observations.keep_history(record)
    assert node.observations.keep_history(record) == since
    then = node.observations.moment()
    before = node.observations.read(number, as_of=then)

    loaded(node, tmp_path, first.replace(",0.5\n", ",9.5\n") + "brest,2024-03-02T00:00:00Z,2.4\n")
    node.observations.settle()
    loaded(node, tmp_path, first.replace(",0.5\n", ",8.5\n"))
    assert node.observations.read(number)["water_level"].values[5] == 8.5
    again = node.observations.read(number, as_of=then)
    assert again.identical(before)
    assert again.sizes["obs"] == 24
    streams = node.observations.datastreams()
    batches = node.observations.batches(streams, as_of=then, most=7)
    assert [v for part in batches for v in part["value"].to_pylist()] == before["water_level"].values.tolist()

    node.observations.quality.judge(number, "2024-03-01", "bad", "Ice on the sensor")
    assert set(node.observations.read(number)["water_level_qc"].values.tolist()[:24]) == {4}
    assert node.observations.read(number, as_of=then).identical(before)


def test_what_cannot_be_known_is_said(node: Node, tmp_path: Path) -> None:
    record, number = loaded(node, tmp_path, "brest,2024-03-01T00:00:00Z,1.0\n")
    node.observations.keep_history(record)
    with pytest.raises(Invalid, match="not known"):
        node.observations.read(number, as_of="2999-01-01")
    with pytest.raises(Conflict, match="since"):
        node.observations.read(number, as_of=moment_us(0))
    with pytest.raises(Invalid):
        node.observations.read(number, as_of="yesterday")

"""Versions of one series: which they are, and that the best is read at each instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

import estran
from estran.model import Datastream, Thing, Variable
from estran.observations import HeldDatastream
from estran.observations.quality.versions import best, rank, versions
from tests.observations.conftest import rows

if TYPE_CHECKING:
    from pathlib import Path


def held(number: int, level: str, **given: str) -> HeldDatastream:
    described = Datastream(
        key=f"s{number}",
        thing=Thing(key=given.get("thing", "t")),
        variable=Variable(name="T"),
        processing_level=level,
    )
    return HeldDatastream(number, given.get("record", "r"), described)


@pytest.mark.parametrize(
    ("level", "found"),
    [("Raw data", 0), ("real time", 1), ("real time, adjusted", 2), ("delayed mode", 3), ("temps réel", 1),
     ("données validées", 3), ("NRT", 1), ("near-real-time", 1), ("Level 2", None), ("", None), ("not validated", None)],
)  # fmt: skip
def test_how_far_values_were_worked_on(level: str, found: int | None) -> None:
    assert rank(level) == found


def test_versions_are_of_one_series_only() -> None:
    streams = [
        held(1, "real time"), held(2, "delayed mode"), held(3, "delayed mode", thing="u"), held(4, "real time", record="q"),
        held(5, "real time", thing="v"), held(6, "real time", thing="v"), held(7, ""),
    ]  # fmt: skip
    assert [[one.number for one in group] for group in versions(streams)] == [[2, 1]]


def test_at_each_instant_the_best_is_read() -> None:
    group = [held(3, "delayed mode"), held(2, "adjusted"), held(1, "real time")]
    table = pa.concat_tables(
        [
            rows(1, [0, 1, 2, 3, 3], [1.0] * 5, [0, 0, 0, 0, 5]),
            rows(2, [1, 2], [2.0] * 2),
            rows(3, [0, 1], [3.0] * 2),
        ]
    )
    kept = table.filter(pa.array(best(table, [group])))
    told = zip(*(kept[name].to_pylist() for name in ("datastream", "time", "vertical")), strict=True)
    assert list(told) == [(1, 3, 0.0), (1, 3, 5.0), (2, 2, 0.0), (3, 0, 0.0), (3, 1, 0.0)]
    assert best(table, []).all()


def test_a_float_is_read_in_delayed_mode_where_there_is_some(shared_data: Path, tmp_path: Path) -> None:
    profiles = shared_data / "observations/argo/dac/bodc/6901929/profiles"
    with estran.open(tmp_path / "node") as node:
        assert not node.load(profiles).refused
        temperature = [one for one in node.observations.datastreams("TEMP") if one.count]
        levels = {one.described.processing_level for one in temperature}
        assert {"real time", "delayed mode"} <= levels
        found = node.observations.read("TEMP")
        every = node.observations.read("TEMP", versions="all")
        assert "versions" in found.attrs["comment"]
        assert 0 < found.sizes["obs"] < every.sizes["obs"]
        level = found["processing_level"].values[found["datastream_index"].values]
        assert {"real time", "delayed mode"} <= set(level)
        number = found["datastream"].values[found["datastream_index"].values]
        for group in versions(temperature):
            times = [set(found["time"].values[number == one.number].tolist()) for one in group]
            assert not set.intersection(*times)
            assert set.union(*times) == set(
                every["time"]
                .values[
                    np.isin(
                        every["datastream"].values[every["datastream_index"].values],
                        [one.number for one in group],
                    )
                ]
                .tolist()
            )
        # What is named by its number is given as it is.
        real = next(one for one in temperature if one.described.processing_level == "real time")
        assert node.observations.read(real.number).sizes["obs"] == real.count
        # Argo's flags become QARTOD's, and are Argo's again where they are asked for.
        name = next(str(n) for n in found.data_vars if str(n).endswith("_qc"))
        assert set(np.unique(found[name].values)) <= {1, 2, 3, 4, 9}
        argo = node.observations.read("TEMP", flags="argo")
        flags = argo[name.removesuffix("_qc") + "_flag"].values
        same = np.isin(flags, list("1234")) & np.isfinite(argo[name.removesuffix("_qc")].values)
        assert same.any()
        assert argo[name].values[same].astype(str).tolist() == flags[same].tolist()

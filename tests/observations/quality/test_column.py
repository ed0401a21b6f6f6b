"""The quality of an observation: a verdict, else the worst of what tests and the producer say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from estran.errors import Invalid
from estran.model import Datastream, FlagMeaning, Thing, Variable
from estran.observations.quality import Judging, in_scheme
from estran.observations.quality.outcomes import TESTS, outcome, packed, unpacked, worst
from estran.observations.quality.schemes import ARGO, OCEANSITES, QARTOD, SEADATANET, of_producer
from estran.observations.store.verdicts import Verdict
from tests.observations.conftest import rows
from tests.observations.test_door import own, series

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

__all__ = ["own"]


def flagged(
    number: int, *told: tuple[float | None, str | None, dict[str, int]], first: int = 0
) -> pa.Table:  # fmt: skip
    """Rows at 0, 1, 2… of (value, producer's flag, outcomes of tests)."""
    table = rows(number, range(first, first + len(told)), [value for value, _, _ in told])
    tested = [int(packed({t: np.array([c]) for t, c in one.items()}, 1)[0]) or None for _, _, one in told]
    for name, values in (("flag", [flag for _, flag, _ in told]), ("tested", tested)):
        field = table.schema.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, field.type))
    return table


def verdict(number: int, start: int, end: int, code: int) -> Verdict:
    return Verdict(number=number, datastream=1, start=start, end=end, code=code, reason="", by="", at=0)


def test_outcomes_of_tests_are_kept_in_three_bits_each() -> None:
    codes = np.array([1, 2, 3, 4, 9])
    kept = packed(dict.fromkeys(TESTS, codes), 5)
    for test in TESTS:
        assert outcome(kept, test).tolist() == codes.tolist()
    assert unpacked(int(kept[4])) == dict.fromkeys(TESTS, 9)
    assert unpacked(int(packed({"spike_test": np.array([3])}, 1)[0])) == {"spike_test": 3}
    assert outcome(np.array([0]), "spike_test").tolist() == [0]
    assert (kept > 0).all()
    assert worst(kept).tolist() == [1, 0, 2, 3, 0]
    assert worst(np.array([], np.int64)).tolist() == []


def test_the_worst_of_tests_and_flag_counts_and_a_verdict_above_both() -> None:
    table = flagged(
        1,
        (1.0, None, {}),
        (1.0, "1", {}),
        (1.0, "2", {"spike_test": 2}),
        (1.0, None, {"spike_test": 2, "gross_range_test": 1}),
        (1.0, "4", {"spike_test": 1}),
        (1.0, "1", {"spike_test": 3}),
        (None, "1", {"spike_test": 1}),
        (1.0, "9", {"gross_range_test": 4}),
        (float("nan"), None, {}),
        (1.0, "1", {"location_test": 9}),
    )
    judging = Judging({1: ARGO})
    assert judging.column(table).tolist() == [2, 1, 1, 1, 4, 3, 9, 9, 9, 1]
    said = [verdict(1, 0, 9, 4), verdict(2, 4, 7, 1), verdict(3, 100, 200, 3)]
    assert Judging({1: ARGO}, said).column(table).tolist() == [4, 4, 4, 4, 1, 1, 9, 4, 9, 1]
    told = judging.told(table, (1, 2))
    assert told.num_rows == 5
    assert told.schema.field("quality").type == pa.int8()
    assert judging.told(table, (4,))["time"].to_pylist() == [4]
    words = table.set_column(4, table.schema.field("words"), pa.array(["calm"] * 10))
    assert 9 not in np.delete(judging.column(words), 7).tolist()


def test_each_datastream_has_its_own_scheme() -> None:
    table = pa.concat_tables(
        [flagged(n, (1.0, "4", {}), (1.0, "A", {}), (1.0, None, {}), (1.0, "6", {})) for n in (1, 2, 3)]
    )
    judging = Judging({1: ARGO, 2: SEADATANET, 3: OCEANSITES})
    assert judging.column(table).tolist() == [4, 2, 2, 2, 4, 3, 2, 3, 4, 2, 2, 2]
    with pytest.raises(Invalid, match="differ"):
        judging.scheme("producer")
    with pytest.raises(Invalid, match="no such scheme"):
        judging.scheme("mine")


def test_what_a_scheme_says_more_finely_is_kept() -> None:
    table = flagged(
        1, (1.0, "2", {}), (1.0, "8", {}), (1.0, "2", {"spike_test": 4}), (1.0, None, {}), (None, "1", {})
    )
    told = Judging({1: ARGO}).told(table)
    schemes = {1: ARGO}
    assert in_scheme(told, schemes, QARTOD).tolist() == [1, 1, 4, 2, 9]
    assert in_scheme(told, schemes, ARGO).tolist() == [2, 8, 4, 0, 9]
    assert "".join(chr(code) for code in in_scheme(told, schemes, SEADATANET)) == "28409"
    own = of_producer(
        Datastream(
            key="s", thing=Thing(key="t"), variable=Variable(name="T"),
            flag_meanings=(FlagMeaning("g", "good"), FlagMeaning("b", "bad"), FlagMeaning("r", "raw")),
        )
    )  # fmt: skip
    assert in_scheme(told, schemes, own).tolist() == [1, 1, 2, 3, 2]


def test_what_is_read_tells_the_quality_in_the_scheme_that_is_asked_for(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    name = "sea_water_temperature_qc"
    found = own.observations.read("sea_water_temperature")
    assert found[name].values.tolist() == [2] * 6
    assert found[name].dtype == np.int8
    told = found[name].attrs
    assert told["standard_name"] == "aggregate_quality_flag"
    assert told["flag_values"].tolist() == [1, 2, 3, 4, 9]
    assert told["flag_values"].dtype == np.int8
    assert told["flag_meanings"] == "good not_evaluated suspect bad missing"
    assert found["sea_water_temperature"].attrs["ancillary_variables"] == name
    argo = own.observations.read("sea_water_temperature", flags="argo")
    assert argo[name].values.tolist() == [0] * 6
    assert argo[name].attrs["conventions"] == "Argo reference table 2"
    with pytest.raises(Invalid, match="nothing tells"):
        own.observations.read("sea_water_temperature", flags="producer")
    assert own.observations.read("sea_water_temperature", keep=[1]).sizes["obs"] == 0
    assert own.observations.read("sea_water_temperature", keep=[1, 2]).sizes["obs"] == 6


def test_portions_have_a_quality_and_may_be_narrowed_by_it(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    streams = own.observations.datastreams()
    all_of_it = pa.concat_tables(own.observations.batches(streams, most=2))
    assert all_of_it["quality"].to_pylist() == [2] * 6
    some = pa.concat_tables(own.observations.batches(streams, names=("value", "quality")))
    assert some.column_names == ["datastream", "time", "vertical", "value", "quality"]
    assert next(own.observations.batches(streams, names=("value",))).column_names[-1] == "value"
    assert list(own.observations.batches(streams, keep=[1])) == []
    only = next(own.observations.batches(streams, names=("value",), keep=[2]))
    assert (only.num_rows, only.column_names[-1]) == (6, "value")

"""Quality through the node and the command line: who may judge, what is tested, and how it is read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

import estran
from estran.access import ANYONE, Actor
from estran.cli import app
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.model import Organisation, Text
from estran.observations.quality.outcomes import outcome
from estran.observations.quality.plans import parsed, read
from estran.observations.quality.schemes import of_producer
from estran.observations.store.columns import array
from tests.observations.test_door import own, series

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

__all__ = ["own"]
QC = "sea_water_temperature_qc"
PLAN = """
[[rules]]
property = "sea_water_temperature"
[rules.gross_range_test]
fail_span = [0, 14]
suspect_span = [5, 11.5]
"""


def qualities(node: Node) -> list[int]:
    return node.observations.read("sea_water_temperature")[QC].values.tolist()


def plan(tmp_path: Path, text: str = PLAN) -> Path:
    path = tmp_path / "warm.toml"
    path.write_text(text)
    return path


def test_a_verdict_holds_for_its_period_and_for_what_comes_late(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    one = own.observations.datastreams()[0].number
    made = own.observations.quality.judge(one, "2020-01-02/2020-01-04", "bad", "  shells on\n the sensor ")
    assert (made.code, made.reason, made.by, made.stands) == (4, "shells on the sensor", "operator", True)
    assert qualities(own) == [2, 4, 4, 2, 2, 2]
    # Values that are corrected, and one more day.
    own.load(series(tmp_path / "a.nc", first=20.0, days=4))
    assert qualities(own) == [2, 4, 4, 4, 2, 2, 2, 2]
    newer = own.observations.quality.judge(one, "2020-01-03", 1, "seen by hand")
    assert qualities(own)[:4] == [2, 4, 1, 4]
    back = own.observations.quality.undo(newer.number)
    assert (back.undone_by, back.stands) == ("operator", False)
    assert qualities(own)[:4] == [2, 4, 4, 4]
    with pytest.raises(Conflict, match="already"):
        own.observations.quality.undo(newer.number)
    assert [v.number for v in own.observations.quality.verdicts(one)] == [made.number, newer.number]
    assert [v.number for v in own.observations.quality.verdicts(one, undone=False)] == [made.number]


def test_editors_of_the_centre_judge_and_nobody_else(own: Node, tmp_path: Path) -> None:
    own.organisations.add(Organisation(id="sea", kind="centre", name=Text.of("Sea")))
    own.load(series(tmp_path / "a.nc"), centre="sea")
    own.load(series(tmp_path / "b.nc"), source="closed", visibility="restricted", centre="sea")
    shown, hidden = (own.observations.datastreams()[n].number for n in (0, 2))
    made = own.observations.quality.judge(shown, "2020", "suspect", "drift")
    editor = Actor(name="ana", role="editor", centres=("sea",))
    theirs = own.acting_as(editor).observations.quality
    assert theirs.judge(shown, "2020", "good", "checked").by == "ana"
    assert theirs.undo(made.number).undone_by == "ana"
    for actor in (
        ANYONE,
        Actor(name="b", role="editor", centres=("land",)),
        Actor(name="c", role="reader", centres=("sea",)),
    ):
        quality = own.acting_as(actor).observations.quality
        with pytest.raises(NotAllowed, match="editors"):
            quality.judge(shown, "2020", "bad", "no")
        with pytest.raises(NotAllowed, match="editors"):
            quality.undo(made.number)
        with pytest.raises(NotAllowed, match="operator"):
            quality.test()
        with pytest.raises(NotAllowed, match="operator"):
            quality.plan(read(plan(tmp_path)))
    secret = own.observations.quality.judge(hidden, "2020", "bad", "x")
    anyone = own.acting_as(ANYONE).observations.quality
    for call in (lambda: anyone.undo(secret.number), lambda: anyone.judge(hidden, "2020", "bad", "x"),
                 lambda: anyone.verdicts(hidden), lambda: anyone.verdict(99)):  # fmt: skip
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize(
    ("given", "why"),
    [(("", "bad", "x"), "a period has"), (("2020-01-03/2020-01-01", "bad", "x"), "ends before|period has"),
     (("2020", "blue", "x"), "choose among"), (("2020", "5", "x"), "choose among"),
     (("2020", "bad", "   "), "has a reason"), (("2020", "bad", "x" * 3000), "has a reason")],
)  # fmt: skip
def test_what_does_not_fit_is_said(own: Node, tmp_path: Path, given: tuple[str, str, str], why: str) -> None:
    own.load(series(tmp_path / "a.nc"))
    with pytest.raises(Invalid, match=why):
        own.observations.quality.judge(own.observations.datastreams()[0].number, *given)


def test_what_a_plan_names_is_tested_when_it_is_given_and_when_it_comes(own: Node, tmp_path: Path) -> None:
    own.load(series(tmp_path / "a.nc"))
    quality = own.observations.quality
    assert quality.plan(read(plan(tmp_path))) == 2
    assert qualities(own) == [2] * 6
    report = quality.test()
    assert (report.datastreams, report.observations, report.changed, report.refused) == (2, 6, 6, [])
    # 10, 11, 12 and 13, 14, 15.
    assert qualities(own) == [1, 1, 3, 3, 3, 4]
    assert quality.test().observations == 0
    assert quality.test(again=True).changed == 0
    before = [one.count for one in own.observations.datastreams()]
    assert own.load(series(tmp_path / "a.nc", days=4)).observations == {
        "datastreams": 0, "new": 2, "changed": 3, "unchanged": 3,
    }  # fmt: skip
    # 10 to 13 and 14 to 17, with no more to be asked for.
    assert qualities(own) == [1, 1, 3, 3, 3, 4, 4, 4]
    assert before == [3, 3]
    # Outcomes are no observation of the producer's: the same file changes nothing.
    assert own.load(tmp_path / "a.nc").observations["unchanged"] == 8
    # Another plan of the same name, and none.
    assert quality.plan(read(plan(tmp_path, PLAN.replace("14", "30").replace("11.5", "30")))) == 2
    assert quality.test().changed == 6
    assert qualities(own) == [1] * 8
    assert quality.plan(read(plan(tmp_path, PLAN.replace("14", "30").replace("11.5", "30")))) == 0
    assert quality.forget("warm") == 2
    quality.test()
    assert qualities(own) == [2] * 8
    with pytest.raises(NotFound, match="There are: none"):
        quality.forget("warm")


def test_thresholds_may_be_in_another_unit(own: Node, tmp_path: Path) -> None:
    own.load([series(tmp_path / "a.nc"), series(tmp_path / "b.nc", unit="K", first=283.15)])
    own.observations.quality.plan(read(plan(tmp_path, PLAN.replace("[rules.", 'unit = "degree_C"\n[rules.'))))
    own.observations.quality.test()
    assert qualities(own) == [1, 1, 3, 3, 3, 4] * 2
    own.load(series(tmp_path / "c.nc", unit="furlongs"))
    report = own.observations.quality.test()
    assert len(report.refused) == 2
    assert "cannot be brought" in report.refused[0][1]


def test_from_the_command_line(node: Node, tmp_path: Path) -> None:
    own = node
    own.load(series(tmp_path / "a.nc"))
    number = own.observations.datastreams()[0].number

    def estran(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["observations", *words, "--node", str(own.folder)])
        assert done.exit_code == code or code < 0, (done.output, done.exception)
        return done.stdout

    told = json.loads(estran("qc", str(plan(tmp_path)), "--json", "--quiet"))
    assert told == {"datastreams": 2, "tested": 6, "changed": 6, "refused": []}
    assert json.loads(estran("qc", "--datastream", str(number), "--again", "--json"))["tested"] == 3
    made = json.loads(estran("flag", str(number), "2020-01-02", "bad", "--reason", "ice", "--json"))
    assert (made["quality"], made["start"], made["end"]) == (
        4,
        "2020-01-02T00:00:00Z",
        "2020-01-03T00:00:00Z",
    )
    assert "ice" in estran("flags", str(number))
    lines = estran("read", "temp", "--flags", "argo", "--keep", "4,3").splitlines()
    assert lines[0].split(",")[-1] == QC
    assert [line.split(",")[-1] for line in lines[1:]] == ["4", "3", "3", "3", "4"]
    estran("unflag", str(made["number"]))
    assert "taken back by operator" in estran("flags", str(number))
    assert json.loads(estran("flags", str(number), "--json"))["undone_by"] == "operator"
    estran("read", "temp", "--keep", "5", code=2)
    assert json.loads(estran("qc", "--forget", "warm", "--json", "--quiet"))["changed"] == 6


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x", "warm.toml"), ("[rules]", "rules"), ("[[rules]]\n[rules.spike_test]\nsuspect_threshold=1\nfail_threshold=2", "rules[1]"),
        ("[[rules]]\nproperty='T'", "rules[1]"), ("[[rules]]\nproperty='T'\nblue={}", "rules[1].blue"),
        ("[[rules]]\nproperty='T'\n[rules.spike_test]\nsuspect_threshold=1", "rules[1].spike_test.fail_threshold"),
        ("[[rules]]\nproperty='T'\n[rules.gross_range_test]\nfail_span=[1]", "rules[1].gross_range_test.fail_span"),
        ("[[rules]]\nproperty='T'\n[rules.gross_range_test]\nfail_span=[0,1]\nsuspect_span=[0,2]", "rules[1].gross_range_test.suspect_span"),
        ("[[rules]]\nproperty='T'\nalong='left'\n[rules.location_test]", "rules[1].along"),
        ("[[rules]]\nproperty='T'\n[rules.location_test]\nrange_max=-1", "rules[1].location_test.range_max"),
        ("[[rules]]\nproperty='T'\n[rules.flat_line_test]\ntolerance=1\nsuspect_threshold=5\nfail_threshold=9", "rules[1].flat_line_test"),
        ("[[rules]]\nproperty='T'\n[rules.flat_line_test]\ntolerance=1\nfail_count=9", "rules[1].flat_line_test.suspect_count"),
        ("[[rules]]\nproperty='T'\n[rules.climatology_test]\nconfig=[{tspan=[1,2]}]", "rules[1].climatology_test.config"),
        ("[[rules]]\nproperty='T'\n[rules.climatology_test]\nconfig=[{tspan=['a','b'],vspan=[1,2]}]", "rules[1].climatology_test.config"),
        ("[[rules]]\nproperty='T'\n[rules.rate_of_change_test]\nthreshold=inf", "rules[1].rate_of_change_test.threshold"),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_fit_says_where(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(Invalid) as error:
        read(plan(tmp_path, text))
    assert str(error.value.where).endswith(where)


def test_a_plan_is_json_as_well_and_seconds_become_counts(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    told = {"suspect_threshold": 3600, "fail_threshold": 7200, "tolerance": 0.1, "time_interval": 360}
    path.write_text(
        json.dumps(
            {"rules": [{"property": "T*", "thing": "b?oy", "flat_line_test": told, "spike_test": False}]}
        )
    )
    (rule,) = read(path, "mine").rules
    assert rule.tests == {
        "flat_line_test": {"tolerance": 0.1, "suspect_count": 10, "fail_count": 20},
        "spike_test": None,
    }


def test_a_density_that_is_turned_over_is_mostly_called_bad_by_the_producer(
    shared_data: Path, tmp_path: Path
) -> None:
    files = sorted((shared_data / "observations/argo/dac/coriolis/1900857/profiles").glob("*.nc"))
    density = {"density_inversion_test": {"suspect_threshold": -0.03, "fail_threshold": -0.03}}
    water = ("sea_water_temperature", "sea_water_practical_salinity", "sea_water_salinity")
    tested = doubted = agreed = 0
    with estran.open(tmp_path / "node") as node:
        node.observations.quality.plan(
            parsed({"rules": [{"property": one, **density} for one in water]}, "argo")
        )
        node.load(files, kind="observations")
        for one in node.observations.datastreams():
            rows = node._house.series().read([one.number], -(2**62), 2**62)  # pyright: ignore[reportPrivateUsage]
            said = outcome(array(rows, "tested"), "density_inversion_test")
            poor = np.isin(
                [of_producer(one.described).quality(flag) for flag in rows["flag"].to_pylist()], (3, 4)
            )
            tested += int(np.isin(said, (1, 3, 4)).sum())
            doubted += int((said == 4).sum())
            agreed += int(((said == 4) & poor).sum())
    assert tested > 5000
    assert doubted
    assert agreed / doubted > 0.7

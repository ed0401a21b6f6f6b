"""Observations as of an instant: the word of tables and EDR, and their answers."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from estran.access import ANYONE
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.sensorthings.conftest import Sta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

HEAD = "station,time,longitude,latitude,level [m],temp [degC]\n"
ROOT = "http://node.example/sta/v1.1"


class Kept(NamedTuple):
    """A dataset that keeps its history, one that does not, and instants."""

    sta: Sta
    record: str
    other: str
    since: str
    then: str


def loaded(node: Node, path: Path, levels: list[float]) -> str:
    rows = [f"brest,2024-03-01T{h:02}:00:00Z,-4.5,48.4,{level},{h}\n" for h, level in enumerate(levels)]
    path.write_text(HEAD + "".join(rows))
    before = set(node.observations.datasets())
    assert node.load([path], kind="observations", visibility="public").observations
    return next(iter(set(node.observations.datasets()) - before), "")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, open_node: Callable[..., Node]) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("as-of")
    with open_node(folder / "node") as node:
        record = loaded(node, folder / "levels.csv", [1.0, 2.0, 3.0])
        other = loaded(node, folder / "others.csv", [1.0])
        since = node.observations.keep_history(record)
        level = next(
            one for one in node.observations.datastreams(record=record) if one.described.variable.unit == "m"
        )
        verdict = node.observations.quality.judge(level.number, "2024-03-01T00:00:00Z", "bad", "Ice")
        # What is written takes the versions, which are the instants.
        loaded(node, folder / "levels.csv", [1.0, 2.5, 3.0])
        then = node.observations.moment()
        node.observations.quality.undo(verdict.number)
        node.observations.settle()
        loaded(node, folder / "levels.csv", [1.0, 2.5, 9.0, 4.0])
        yield Kept(Sta(Client(create_app(node.acting_as(ANYONE)))), record, other, since, then)


def home(kept: Kept, record: str, name: str = "level") -> str:
    unit = {"level": "m", "temp": "degC"}[name]
    filter_ = f"properties/dataset eq '{record}' and unitOfMeasurement/symbol eq '{unit}'"
    [number] = kept.sta.ids("/Datastreams", filter=filter_)
    return f"/Datastreams({number})/Observations"


def told(found: list[Any]) -> list[Any]:
    return [(one["phenomenonTime"], one["result"], one["resultQuality"]["quality"]) for one in found]


def test_it_says_what_tables_say(kept: Kept) -> None:
    here = home(kept, kept.record)
    for instant, values in (
        (kept.since, [1, 2, 3]),
        (kept.then, [1, 2.5, 3]),
        ("", [1, 2.5, 9, 4]),
    ):
        asked = {"as_of": instant} if instant else {}
        found = kept.sta.json(here, count="true", **asked)
        assert [one["result"] for one in found["value"]] == values
        assert found["@iot.count"] == len(values)
        more = f"&as_of={instant}" if instant else ""
        table = kept.sta.client.get(
            f"/erddap/tabledap/{kept.record}.csv0?time,level,level_quality{more}"
        ).text
        rows = [(at, float(level), int(qc)) for at, level, qc in csv.reader(io.StringIO(table))]
        assert told(found["value"]) == rows
        # Other orders and forms say no other.
        falling = kept.sta.values(here, orderby="phenomenonTime desc", **asked)
        assert told(falling) == rows[::-1]
        by_result = kept.sta.values(here, orderby="result desc", **asked)
        assert [one["result"] for one in by_result] == sorted(values, reverse=True)
        arrays = kept.sta.json(here, resultFormat="dataArray", select="phenomenonTime,result", **asked)
        assert arrays["value"][0]["dataArray"] == [list(row[:2]) for row in rows]
        big = kept.sta.json(here, filter="result gt 2.2", count="true", **asked)
        assert big["@iot.count"] == sum(value > 2.2 for value in values)


def test_pages_and_single_observations(kept: Kept) -> None:
    here = home(kept, kept.record)
    first = kept.sta.json(here, top="2", as_of=kept.then)
    second = kept.sta.json(first["@iot.nextLink"].removeprefix(ROOT))
    assert [one["result"] for one in first["value"] + second["value"]] == [1, 2.5, 3]
    third = second["value"][0]["@iot.id"]
    assert kept.sta.json(f"/Observations({third})", as_of=kept.then)["result"] == 3
    assert kept.sta.json(f"/Observations({third})/result", as_of=kept.then) == {"result": 3}
    assert kept.sta.json(f"/Observations({third})")["result"] == 9
    fourth = kept.sta.ids(here)[-1]
    assert kept.sta.ask(f"/Observations({fourth})", params={"$as_of": kept.then}).status_code == 404
    all_of_it = f"Datastream/properties/dataset eq '{kept.record}'"
    assert len(kept.sta.values("/Observations", filter=all_of_it, as_of=kept.then)) == 6


def test_what_is_told_together(kept: Kept) -> None:
    where = f"Thing/properties/dataset eq '{kept.record}'"
    [number] = kept.sta.ids("/MultiDatastreams", filter=where)
    here = f"/MultiDatastreams({number})/Observations"
    found = kept.sta.json(here, as_of=kept.then, count="true")
    assert [one["result"] for one in found["value"]] == [[1, 0], [2.5, 1], [3, 2]]
    assert found["@iot.count"] == 3
    assert found["value"][0]["resultQuality"][0]["quality"] == 4
    assert kept.sta.json(here, count="true", top="1")["@iot.count"] == 4
    one = found["value"][2]["@iot.id"]
    assert kept.sta.json(f"/Observations({one})", as_of=kept.then)["result"] == [3, 2]


@pytest.mark.parametrize(
    ("dataset", "options", "status", "why"),
    [
        ("record", {"$as_of": "2020-01-01T00:00:00Z"}, 409, "keeps what it said before since"),
        ("record", {"$as_of": "2999-01-01T00:00:00Z"}, 400, "not known"),
        ("record", {"$as_of": "yesterday"}, 400, "yesterday"),
        ("other", {"$as_of": "2026-01-01T00:00:00Z"}, 409, "does not keep"),
        ("record", {"$as_of": "then", "$expand": "Datastream"}, 501, "as it is now"),
        ("record", {"$as_of": "then", "$decimate": "2"}, 400, "as it is now"),
    ],
)
def test_what_was_not_kept_is_refused(
    kept: Kept, dataset: str, options: dict[str, str], status: int, why: str
) -> None:
    here = home(kept, getattr(kept, dataset))
    given = {name: kept.then if value == "then" else value for name, value in options.items()}
    found = kept.sta.ask(here, params=given)
    assert (found.status_code, why in found.text) == (status, True), found.text
    found = kept.sta.ask("/Datastreams", params={"$as_of": kept.then})
    assert (found.status_code, "for observations" in found.text) == (501, True)

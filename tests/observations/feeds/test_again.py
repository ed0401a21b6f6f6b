"""What comes again and again of the same datastreams: quickly, and never by what was known and is not so any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from estran.observations.feeds import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node
    from estran.observations.store.registry import HeldDatastream

HEADER = "time,station,lat,lon,water_level [m]\n"
MOST = 45
"""Statements of a message."""


@pytest.fixture(scope="module")
def node(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with open_node(tmp_path_factory.mktemp("again") / "node") as opened:
        yield opened


def told(hour: int, stations: int, unit: str = "m", north: float = 48) -> Message:
    lines = [f"2026-01-01T{hour:02}:00:00Z,s{n},{north},{n / 100},{hour + n}\n" for n in range(stations)]
    return Message("again", (HEADER.replace("[m]", f"[{unit}]") + "".join(lines)).encode(), "text/csv")


def streams(node: Node, name: str) -> dict[str, HeldDatastream]:
    """The datastreams of a feed by their stations."""
    [record] = [one.id for one in node.search() if str(one.title) == name]
    return {one.described.thing.key: one for one in node.observations.datastreams(record=record)}


def test_a_message_takes_as_many_statements_for_many_datastreams_as_for_few(node: Node) -> None:
    node.observations.feeds.add("again", "push")
    node.observations.feeds.push("again", told(0, 200))
    found: list[str] = []
    database = node.observations._store.database  # pyright: ignore[reportPrivateUsage]
    pools: set[Any] = {database._pool, database._writers}  # pyright: ignore[reportPrivateUsage]

    def noted(_connection: Any, _cursor: Any, text: str, *_: object) -> None:
        found.append(text)

    for pool in pools:
        event.listen(pool, "before_cursor_execute", noted)
    report = node.observations.feeds.push("again", told(1, 200))
    for pool in pools:
        event.remove(pool, "before_cursor_execute", noted)
    assert (report.rows.new, report.datastreams) == (200, 0)
    assert len(found) <= MOST, found
    assert not [one for one in found if "INSERT INTO thing" in one or "thing_word" in one], (
        "nothing is noted anew"
    )


def test_what_others_said_meanwhile_stays_and_counts(node: Node) -> None:
    node.observations.feeds.add("again2", "push")
    receiving = node.observations.feeds.receiving("again2")
    for hour in (0, 1):
        assert node.observations.feeds.push("again2", told(hour, 3)).rows.new == 3
        assert receiving.take([told(hour, 3)]).rows.unchanged == 3
    one, sensing = streams(node, "again2")["s1"], node.observations.sensing
    with node.observations._store.sensing.changing() as changing:  # pyright: ignore[reportPrivateUsage]
        thing = (changing.row("Datastreams", one.number) or {})["thing"]
    said = {"name": "Station 1", "description": "at the weir", "properties": {"owner": "the port"}}
    sensing.change(lambda making: making.patch("Things", thing, said))
    for taken in (receiving.take([told(2, 3)]), node.observations.feeds.push("again2", told(3, 3))):
        assert taken.rows.new == 3
    found = sensing.one("Things", thing).told
    assert (found["name"], found["properties"]["owner"]) == ("Station 1", "the port")
    # Another place is noted, and what was said otherwise stays.
    node.observations.feeds.push("again2", told(4, 3, north=49))
    now = streams(node, "again2")["s1"]
    assert (now.number, now.described.thing.latitude, now.count) == (one.number, 49, 5)
    assert str(now.described.thing.name) == "Station 1"
    # Another unit than that which is there is brought to it.
    assert receiving.take([told(5, 3, unit="cm", north=49)]).rows.new == 3
    assert node.observations.read(one.number)["water_level"].values.tolist() == [1, 2, 3, 4, 5, 0.06]


def test_a_datastream_that_was_taken_out_comes_again(node: Node) -> None:
    node.observations.feeds.add("again3", "push")
    receiving = node.observations.feeds.receiving("again3")
    assert receiving.take([told(0, 2)]).datastreams == 2
    gone = streams(node, "again3")["s1"].number
    node.observations.sensing.change(lambda making: making.delete("Datastreams", gone))
    report = receiving.take([told(1, 2)])
    assert (report.rows.new, report.datastreams, report.refused) == (2, 1, [])
    assert {key: one.count for key, one in streams(node, "again3").items()} == {"s0": 2, "s1": 1}

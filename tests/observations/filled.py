"""A node of whose tables of observations none is empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from estran.formats import Refusal
from estran.model import Sensor
from estran.observations.feeds import Feed, FeedReport, Refused
from estran.observations.quality.plans import Plan, Rule
from estran.observations.store import blocks
from estran.observations.store.copied import Bookmark
from estran.observations.store.feeds import FeedStore, ReadFile
from tests.observations.test_door import series

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node


def observe(node: Node, folder: Path) -> None:
    """Observations in the files, and others in the database."""
    # Some of them are suspect when they come into the files.
    rule = Rule(property="*", tests={"gross_range_test": {"fail_span": [-50, 50], "suspect_span": [11, 50]}})
    node.observations.quality.plan(Plan(name="range", rules=(rule,)))
    node.load(series(folder / "s.nc"))
    with pytest.MonkeyPatch.context() as patch:
        # A block that is cut.
        patch.setattr(blocks, "MOST_ROWS", 4)
        node.observations.settle()
    (folder / "s.nc").unlink()
    node.load(series(folder / "s.nc", days=5))
    stream = node.observations.datastreams()[0]
    sensed = replace(stream.described, key="sensed", sensor=Sensor(key="s"))
    node._house.series().enter(stream.record, [sensed])
    # A place that is noted, and an observation of which more is said than its row holds.
    point = {"type": "Point", "coordinates": [1, 2]}
    place = {"name": "P", "description": "P", "encodingType": "application/geo+json", "location": point}
    thing = {"name": "T", "description": "T", "properties": {"dataset": stream.record}, "Locations": [place]}
    said = {
        "result": 1,
        "phenomenonTime": "2020-02-01",
        "resultTime": "2020-02-02T00:00:00Z",
        "parameters": {"a": 1},
        "Datastream": {"@iot.id": stream.number},
    }
    node.observations.sensing.change(
        lambda making: (making.make("Things", thing), making.make("Observations", said))
    )
    # How far another server was taken.
    node._house.series().copied.note("https://example.org/sta", [Bookmark("Datastreams(1)", stream.record)])
    # What was said before, by a producer, and what an expert says of it.
    node.observations.keep_history(stream.record)
    node._house.series().enter(stream.record, [replace(stream.described, cell_method="time: mean")])
    node.observations.sensing.change(lambda making: making.make("Observations", said | {"result": 2}))
    node.observations.quality.judge(stream.number, "2020-01-02", "suspect", "Ice")
    # A feed, of which a file was read and a row refused.
    feeds = FeedStore(node._house.database)
    feeds.add(Feed(name="buoys", kind="folder", address="/data"))
    feeds.read("buoys", "/data/a.csv", ReadFile(1, 1, b"1"))
    report = FeedReport(messages=1, refused=[Refusal("/data/a.csv", "the row has no time", 2)])
    feeds.note("buoys", report, [Refused(place="/data/a.csv", why="the row has no time", line=2)])

"""A dataset is found by the names and codes of its stations, by those who may see it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from estran.access import ANYONE
from estran.model import Datastream, Text, Thing, Variable
from estran.storage import schema
from tests.observations.conftest import rows
from tests.portal import observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

NAMES = (("FR-0042", "Mûr-de-Bretagne"), ("FR-0043", "Saint-Brieuc"), ("6900123", ""))


def stream(code: str, name: str, key: str = "") -> Datastream:
    return Datastream(
        key=f"{key or code}/level", variable=Variable(name="level", unit="m"),
        thing=Thing(key=code, name=Text.of(name, "fr") if name else Text(), longitude=-3.0, latitude=48.0),
    )  # fmt: skip


def filled(node: Node, folder: Path) -> str:
    record = observed.keep(node, folder, observed.described("levels", "Levels of reservoirs"))
    observed.put(node, record, [stream(*one) for one in NAMES], [rows(0, [1], [1.0])] * len(NAMES))
    return record


def test_by_name_code_accents_and_beginnings(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    with open_node(tmp_path / "node") as node:
        record = filled(node, tmp_path)

        def found(text: str, **more: object) -> list[str]:
            return [one.id for one in node.search(text, **more)]  # type: ignore[arg-type]

        for text in (
            "mur de bretagne",
            "Saint-Brieuc",
            "6900123",
            "FR-0043",
            '"Mûr de Bretagne"',
            "bretag*",
            "levels brieuc",
        ):
            assert found(text) == [record], text
        for text in ("brest", "0044", "levels brest"):
            assert found(text) == [], text
        # A title counts for more than a station.
        titled = observed.keep(node, tmp_path, observed.described("other", "Bretagne"))
        assert found("bretagne") == [titled, record]
        # A station that comes later is found at once, and one that is called otherwise by both names.
        observed.put(node, record, [stream("FR-0044", "Brest")], [rows(0, [2], [1.0])])
        observed.put(node, record, [stream("FR-0042", "Guerlédan")], [rows(0, [2], [1.0])])
        assert found("brest") == found("guerledan") == [record]
        assert record in found("bretagne")


def test_only_by_those_who_may_see_it(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text("station,time,water_level [m]\nhidden-bay,2024-01-01T00:00:00Z,1\n")
    node.load([path], kind="observations", visibility="restricted")
    assert len(list(node.search("hidden"))) == 1
    assert list(node.acting_as(ANYONE).search("hidden")) == []


def test_ten_thousand_stations_are_few_words(node: Node, tmp_path: Path) -> None:
    record = observed.keep(node, tmp_path, observed.described("levels", "Levels"))
    streams = [stream(f"FR-{n:05}", f"Station number {n}") for n in range(10_000)]
    series = node._house.series()  # pyright: ignore[reportPrivateUsage]
    series.enter(record, streams)
    with node._house.database.read() as connection:  # pyright: ignore[reportPrivateUsage]
        held = connection.execute(sa.select(sa.func.count()).select_from(schema.thing_word)).scalar_one()
    assert held <= 20_003
    begun = time.perf_counter()
    assert [one.id for one in node.search("FR-04321 number")] == [record]
    assert time.perf_counter() - begun < 1

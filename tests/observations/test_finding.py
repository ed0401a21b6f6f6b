"""A dataset is found by the names and codes of its stations, by those who may see it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from estran.access import ANYONE
from estran.catalogue import Query
from estran.catalogue.grids import Grid
from estran.model import Box, Datastream, Text, Thing, Variable
from estran.storage import schema
from tests.observations.conftest import rows
from tests.portal import observed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.catalogue.grids import Spot
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


def test_the_catalogue_knows_of_what_comes_and_not_of_each_observation(node: Node, tmp_path: Path) -> None:
    record = observed.keep(node, tmp_path, observed.described("levels", "Levels"))
    seen = [node.revision()]

    def moved() -> bool:
        seen.append(node.revision())
        return seen[-1] > seen[-2]

    streams = [stream("FR-1", "Brest"), stream("FR-2", "Roscoff")]
    series = node._house.series()  # pyright: ignore[reportPrivateUsage]
    numbers, _ = series.enter(record, streams)
    assert moved()
    assert not list(node.search(series="any"))
    observed.put(node, record, streams, [rows(0, [1], [1.0])] * 2)
    assert moved()
    assert [one.id for one in node.search(series="any")] == [record]
    # Neither more observations nor the same stations again.
    observed.put(node, record, streams, [rows(0, [2, 3], [1.0, 2.0])] * 2)
    assert not moved()
    observed.put(node, record, [stream("FR-1", "Brest harbour")], [rows(0, [1], [1.0])])
    assert moved()
    series.remove(rows(numbers["FR-1/level"], [1, 2, 3], [1.0, 1.0, 2.0]))
    assert moved()
    series.remove(rows(numbers["FR-2/level"], [1, 2, 3], [1.0, 1.0, 2.0]))
    assert moved()
    assert not list(node.search(series="any"))


def test_by_whether_there_are_series_and_of_what(node: Node, tmp_path: Path) -> None:
    levels, hulls, none = (
        observed.keep(node, tmp_path, observed.described(name, name)) for name in ("levels", "hulls", "none")
    )
    ship = Datastream(key="ship", variable=Variable(name="level", unit="m"), thing=Thing(key="ship"))
    moving = rows(0, [1], [1.0])
    moving = moving.set_column(
        moving.column_names.index("longitude"), "longitude", [[1.5]]
    ).set_column(moving.column_names.index("latitude"), "latitude", [[45.5]])  # fmt: skip
    observed.put(node, levels, [stream(*NAMES[0])], [rows(0, [1], [1.0])])
    observed.put(node, hulls, [ship], [moving])
    found = node.ask(Query(counts=("series",)))
    assert dict(found.facets["series"]) == {"any": 2, "station": 1, "moving": 1}
    assert [one.id for one in node.search(series="moving")] == [hulls]
    assert {one.id for one in node.search(filter="series IS NULL")} == {none}
    assert [one.id for one in node.search(filter="series = 'station'")] == [levels]


def test_only_by_those_who_may_see_it(node: Node, tmp_path: Path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text("station,time,water_level [m]\nhidden-bay,2024-01-01T00:00:00Z,1\n")
    node.load([path], kind="observations", visibility="restricted")
    assert len(list(node.search("hidden"))) == 1
    anyone = node.acting_as(ANYONE)
    assert list(anyone.search("hidden")) == []
    assert len(list(node.search(series="any"))) == 1
    assert not anyone.ask(Query(counts=("series",))).facets["series"]
    places = anyone.ask(Query(limit=0, grid=Grid())).places
    assert places
    assert not places.stations


def test_ten_thousand_stations_are_few_words(node: Node, tmp_path: Path) -> None:
    record = observed.keep(node, tmp_path, observed.described("levels", "Levels"))
    streams = [stream(f"FR-{n:05}", f"Station number {n}") for n in range(10_000)]
    series = node._house.series()  # pyright: ignore[reportPrivateUsage]
    series.enter(record, streams)
    with node._house.database.read() as connection:  # pyright: ignore[reportPrivateUsage]
        held = connection.execute(sa.select(sa.func.count()).select_from(schema.thing_word)).scalar_one()
    assert held <= 20_003
    took: list[float] = []
    for number in (4321, 5432, 6543):
        begun = time.perf_counter()
        assert [one.id for one in node.search(f"FR-0{number} number")] == [record]
        took.append(time.perf_counter() - begun)
    assert min(took) < 1, took


def test_ten_thousand_stations_are_few_marks(node: Node, tmp_path: Path) -> None:
    record = observed.keep(node, tmp_path, observed.described("levels", "Levels"))
    streams = [
        Datastream(
            key=f"{n}", variable=Variable(name="level", unit="m"),
            thing=Thing(key=f"{n}", longitude=-5 + n % 100 / 10, latitude=42 + n // 100 / 10),
        )
        for n in range(10_000)
    ]  # fmt: skip
    numbers, _ = node._house.series().enter(record, streams)  # pyright: ignore[reportPrivateUsage]
    with node._house.database.write() as connection:  # pyright: ignore[reportPrivateUsage]
        connection.execute(sa.update(schema.datastream).values(count=1, first=0, last=0))

    def marks(**grid: Any) -> tuple[Spot, ...]:
        found = node.ask(Query(limit=0, grid=Grid(**grid)))
        assert found.places
        return found.places.stations

    world = marks()
    assert sum(one.count for one in world) == 10_000
    assert len(world) < 40
    near = marks(box=Box(-5.05, 41.95, -4.85, 42.05), cells=4096)
    assert {one.pk for one in near} == {numbers["0"], numbers["1"]}
    took: list[float] = []
    for cells in (255, 256, 257):
        begun = time.process_time()
        marks(cells=cells)
        took.append(time.process_time() - begun)
    assert min(took) < 0.3, took

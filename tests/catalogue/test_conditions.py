"""CQL2 conditions give what a plain Python test of each record gives, unknown values included."""

from __future__ import annotations

import re
import time as clock
from typing import TYPE_CHECKING

import pytest
import shapely

from estran.catalogue.conditions import pattern_test
from estran.errors import Invalid
from estran.model import bounds
from tests.catalogue.records import held, put, some_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.model import Record
    from estran.node import Node


@pytest.fixture(scope="module")
def full(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with open_node(tmp_path_factory.mktemp("conditions")) as node:
        put(node, some_records(400, seed=5))
        yield node


def words(record: Record, role: str) -> set[str]:
    return {str(c.label) for c in record.words(role)}


def shape(record: Record) -> shapely.Geometry | None:
    def one(west: float, south: float, east: float, north: float) -> shapely.Geometry:
        if west == east and south == north:
            return shapely.Point(west, south)
        if west == east or south == north:
            return shapely.LineString([(west, south), (east, north)])
        return shapely.box(west, south, east, north)

    parts = [one(*part) for box in record.extent.boxes for part in box.parts()]
    return shapely.union_all(parts) if parts else None


TRIANGLE = shapely.Polygon([(-100, -50), (100, -50), (0, 70)])
SPOT = shapely.box(-20, -20, 60, 60)


def spatial(op: str, other: shapely.Geometry) -> Callable[[Record], bool | None]:
    def test(record: Record) -> bool | None:
        ours = shape(record)
        return None if ours is None else bool(getattr(shapely, op)(ours, other))

    return test


def during(first: str, last: str) -> Callable[[Record], bool | None]:
    start, end = bounds(first)[0], bounds(last)[1]

    def test(record: Record) -> bool | None:
        span = record.extent.bounds()
        return None if span is None else span[0] > start and span[1] < end

    return test


CASES: dict[str, Callable[[Record], bool | None]] = {
    "type = 'dataset'": lambda r: r.kind == "dataset",
    "type <> 'dataset'": lambda r: r.kind != "dataset",
    "centre = 'coriolis'": lambda r: r.centre == "coriolis" if r.centre else None,
    "NOT (centre = 'coriolis')": lambda r: r.centre != "coriolis" if r.centre else None,
    "centre IS NULL": lambda r: not r.centre,
    "centre IS NOT NULL": lambda r: bool(r.centre),
    "title LIKE '%neige%'": lambda r: "neige" in str(r.title) if r.title else None,
    "title NOT LIKE '%neige%'": lambda r: "neige" not in str(r.title) if r.title else None,
    "title LIKE 's_a %'": lambda r: bool(re.match("s.a ", str(r.title))) if r.title else None,
    "CASEI(title) LIKE CASEI('%BREST%')": lambda r: "brest" in str(r.title).casefold() if r.title else None,
    "ACCENTI(title) LIKE ACCENTI('%salinite%')": lambda r: "salinité" in str(r.title) if r.title else None,
    "title > 'océan'": lambda r: str(r.title) > "océan" if r.title else None,
    "title IN ('a','b') OR title IS NULL": lambda r: not r.title,
    "keywords = 'snow'": lambda r: "snow" in words(r, "keyword") if words(r, "keyword") else None,
    "A_CONTAINS(keywords, ('snow','sea'))": lambda r: (
        words(r, "keyword") >= {"snow", "sea"} if words(r, "keyword") else None
    ),
    "A_OVERLAPS(platforms, ('snow','sea'))": lambda r: (
        bool(words(r, "platform") & {"snow", "sea"}) if words(r, "platform") else None
    ),
    "A_CONTAINEDBY(keywords, ('snow','sea','ice'))": lambda r: (
        words(r, "keyword") <= {"snow", "sea", "ice"} if words(r, "keyword") else None
    ),
    "A_EQUALS(keywords, ('snow','sea'))": lambda r: (
        words(r, "keyword") == {"snow", "sea"} if words(r, "keyword") else None
    ),
    "license = 'CC-BY-4.0' AND formats = 'NetCDF'": lambda r: bool(r.licences) and bool(r.distributions),
    "published >= DATE('2010-01-01')": lambda r: r.published >= "2010" if r.published else None,
    "published BETWEEN DATE('2010-01-01') AND DATE('2012-01-31')": lambda r: (
        "2010" <= r.published <= "2012-01-31" if r.published else None
    ),
    "T_DURING(time, INTERVAL('1990-01-01','2000-12-31'))": during("1990", "2000"),
    "NOT T_DURING(time, INTERVAL('1990-01-01','2000-12-31'))": lambda r: (
        None if (x := during("1990", "2000")(r)) is None else not x
    ),
    "T_AFTER(time, DATE('2010-01-01'))": lambda r: (
        r.extent.bounds()[0] >= bounds("2010-01-01")[1] if r.extent.periods else None
    ),
    "time IS NULL": lambda r: not r.extent.periods,
    f"S_INTERSECTS(geometry, {TRIANGLE.wkt})": spatial("intersects", TRIANGLE),
    f"S_DISJOINT(geometry, {TRIANGLE.wkt})": spatial("disjoint", TRIANGLE),
    f"S_WITHIN(geometry, {TRIANGLE.wkt})": spatial("within", TRIANGLE),
    "S_WITHIN(geometry, BBOX(-20,-20,60,60))": spatial("within", SPOT),
    "S_CONTAINS(geometry, POINT(1 1))": spatial("contains", shapely.Point(1, 1)),
    f"NOT S_OVERLAPS(geometry, {TRIANGLE.wkt})": lambda r: (
        None if (x := spatial("overlaps", TRIANGLE)(r)) is None else not x
    ),
    "geometry IS NULL": lambda r: not r.extent.boxes,
    "externalId = 'urn:test:17'": lambda r: r.identifier == "urn:test:17",
    "TRUE": lambda _r: True,
    "NOT TRUE": lambda _r: False,
}


@pytest.mark.parametrize("text", CASES)
def test_a_condition_equals_its_python(full: Node, text: str) -> None:
    expected = {r.id for r in held(full) if CASES[text](r)}
    assert {r.id for r in full.search(filter=text, limit=500)} == expected


@pytest.mark.parametrize("one", list(CASES)[:8])
@pytest.mark.parametrize("other", list(CASES)[12:18])
def test_conditions_join_as_in_sql(full: Node, one: str, other: str) -> None:
    def truth(record: Record, joined: str) -> bool | None:
        a, b = CASES[one](record), CASES[other](record)
        if joined == "AND":
            return False if a is False or b is False else None if a is None or b is None else True
        return True if a or b else None if a is None or b is None else False

    for joined in ("AND", "OR"):
        for text, wanted in (
            (f"({one}) {joined} ({other})", True),
            (f"NOT (({one}) {joined} ({other}))", False),
        ):
            expected = {r.id for r in held(full) if truth(r, joined) is wanted}
            assert {r.id for r in full.search(filter=text, limit=500)} == expected, text


def test_hubs_may_be_named(full: Node) -> None:
    hub = full.organisations.hubs_of("coriolis")[0]
    assert full.search(filter=f"hub = '{hub}'").matched == full.search(hub=hub).matched > 0


def test_a_condition_that_does_not_fit_is_refused(full: Node) -> None:
    for wrong in ("nothing = 1", "title =", "pg_sleep(10) = 1", "time = '1990'", "title = 1"):
        with pytest.raises(Invalid):
            full.search(filter=wrong)


def test_patterns() -> None:
    cases = [("a%c", "abc", True), ("a%c", "ac", True), ("a%c", "ab", False), ("%", "", True), ("a_c", "abc", True), ("a_c", "ac", False),
             ("100\\%", "100%", True), ("100\\%", "100x", False), ("a%b%", "axxbxx", True), ("%ab%ab", "ab", False), ("%ab%ab", "abab", True),
             ("a.c", "abc", False), ("a%", "a\nb", True)]  # fmt: skip
    assert [(p, t, pattern_test(p)(t)) for p, t, _ in cases] == cases


def test_no_pattern_takes_long() -> None:
    start = clock.process_time()
    assert not pattern_test("%a" * 40 + "b")("a" * 20_000)
    assert clock.process_time() - start < 5

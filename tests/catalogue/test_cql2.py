"""CQL2 text as CQL2 JSON, beside an independent parser."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.catalogue import cql2
from estran.errors import Invalid

EXAMPLES = [
    "a = 1",
    "a = -1.5e3",
    "title = 'x'",
    "title = 'it''s'",
    "titre = 'salinité'",
    "ñandú = 1",
    "eo:cloud_cover < 10",
    "\"time\" = 'x'",
    "'x' = title",
    "a <> 1",
    "a = TRUE",
    "TRUE",
    "title LIKE 'x%'",
    "title NOT LIKE 'x\\%'",
    "a BETWEEN 1 AND 2",
    "a NOT BETWEEN -1 AND 2.5",
    "a IN ('x', 'y')",
    "a not in (1, 2)",
    "a IS NULL",
    "a IS NOT NULL",
    "NOT a = 1",
    "NOT (a = 1 AND b = 2 OR c = 3)",
    "a = 1 OR b = 2 AND c = 3",
    "(((a = 1)))",
    "CASEI(title) = CASEI('X')",
    "casei(accenti(title)) LIKE 'x%'",
    "CASEI(title) IN (CASEI('A'), CASEI('B'))",
    "S_INTERSECTS(geometry, POINT(3 42))",
    "S_INTERSECTS(geometry, POINT Z(3 42 10))",
    "S_INTERSECTS(geometry, LINESTRING(0 0, 1 1.5))",
    "S_INTERSECTS(geometry, POLYGON((0 0,1 0,1 1,0 0),(0.1 0.1,0.2 0.1,0.2 0.2,0.1 0.1)))",
    "S_INTERSECTS(geometry, MULTIPOINT((0 0), (1 1)))",
    "S_INTERSECTS(geometry, MULTILINESTRING((0 0,1 0),(1 1,0 0)))",
    "S_INTERSECTS(geometry, MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5))))",
    "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0), LINESTRING(0 0,1 1)))",
    "S_WITHIN(geometry, BBOX(170, -20, -170, 20))",
    "S_WITHIN(geometry, BBOX(0,0,0,1,1,1))",
    "T_AFTER(time, TIMESTAMP('2020-01-01T00:00:00Z'))",
    "T_INTERSECTS(time, INTERVAL('2020-01-01', '..'))",
    "updated >= DATE('2020-01-01')",
    "A_CONTAINS(keywords, ('a', 'b'))",
    "a_overlaps(keywords, (casei('a'), casei('b')))",
    "foo(a, 1) = 1",
    "date = 1 AND point = 2",
]


def _refusal(text: str) -> Invalid | None:
    try:
        cql2.parse(text)
    except Invalid as error:
        return error
    return None


@pytest.mark.parametrize("text", EXAMPLES)
def test_it_reads_as_the_reference_parser_does(text: str) -> None:
    oracle = pytest.importorskip("cql2", reason="the reference parser is not installed")
    assert cql2.parse(text) == oracle.parse_text(text).to_json()


@pytest.mark.parametrize(
    ("text", "why", "at"),
    [
        ("", "the end", 1),
        ("title =", "the end", 8),
        ("title = 'x", "never closed", 9),
        ("title = 'x' title", "AND, OR or the end", 13),
        ("title ; drop", "the sign ;", 7),
        ("(title = 'x'", "expected )", 13),
        ("a IN ()", "not )", 7),
        ("a IS 3", "expected NULL", 6),
        ("a NOT 3", "LIKE, BETWEEN or IN", 7),
        ("a + 1 = 2", "arithmetic", 3),
        ("a = 2 * b", "arithmetic", 7),
        ("and = 2", "not and", 1),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(BBOX(1,2,3,4)))", "geometry such as POINT", 47),
    ],
)
def test_it_says_what_is_wrong_and_where(text: str, why: str, at: int) -> None:
    with pytest.raises(Invalid) as caught:
        cql2.parse(text)
    assert why in caught.value.why
    assert f"at character {at} " in caught.value.why
    assert caught.value.where == "filter"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 60_000,
        "((" * 30 + "a=1 x" + "))" * 30,
        "NOT " * 15_000 + "a=1",
        "casei(" * 9_000,
        "a=" + "-" * 60_000,
        "'" + "\\" * 60_001,
        " AND ".join(["a=1"] * 9_000),
        "a in (" + "1," * 30_000 + "1)",
        "POLYGON(" * 7_000,
    ],
)
def test_no_text_takes_long_or_overflows(text: str) -> None:
    # These make backtracking parsers run for years, or recursive ones end the process.
    began = time.process_time()
    refusal = _refusal(text)
    assert refusal is None or len(refusal.why) < 300
    assert time.process_time() - began < 8


def test_fifty_levels_are_read() -> None:
    assert cql2.parse("(" * 45 + "a=1" + ")" * 45) == {"op": "=", "args": [{"property": "a"}, 1]}
    with pytest.raises(Invalid, match="50 levels"):
        cql2.parse("(" * 51 + "a=1" + ")" * 51)


@given(st.text(alphabet=st.sampled_from("aà1'\"()=<>, .\\%_-+\n;:ABNDORTLIKE[]{}\u2028😀"), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    refusal = _refusal(text)
    assert refusal is None or refusal.why


@given(st.text(max_size=60).filter(lambda s: "\\" not in s))
def test_a_quoted_text_is_that_text(text: str) -> None:
    quoted = text.replace("'", "''")
    assert cql2.parse(f"title = '{quoted}'") == {"op": "=", "args": [{"property": "title"}, text]}

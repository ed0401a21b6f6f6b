"""CQL2 filters become checked trees, or are refused with what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.catalogue import filters, queryables
from estran.catalogue.expressions import (
    ALLEN,
    And,
    Array,
    Compare,
    In,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Spatial,
    Temporal,
)
from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, bounds

DAY_2020 = bounds("2020-01-01")
TITLE = {"property": "title"}


@pytest.mark.parametrize(
    ("text", "document", "tree"),
    [
        ("title = 'x'", {"op": "=", "args": [TITLE, "x"]}, Compare("title", "=", "x")),
        ("title <> 'x'", {"op": "<>", "args": [TITLE, "x"]}, Not(Compare("title", "=", "x"))),
        ("'x' < title", {"op": "<", "args": ["x", TITLE]}, Compare("title", ">", "x")),
        ("TRUE", True, And(())),
        ("FALSE", False, Or(())),
        (
            "centre = 'a' AND NOT (hub = 'ocean' OR source = 'c')",
            {
                "op": "and",
                "args": [
                    {"op": "=", "args": [{"property": "centre"}, "a"]},
                    {
                        "op": "not",
                        "args": [
                            {
                                "op": "or",
                                "args": [
                                    {"op": "=", "args": [{"property": "hub"}, "ocean"]},
                                    {"op": "=", "args": [{"property": "source"}, "c"]},
                                ],
                            }
                        ],
                    },
                ],
            },
            And(
                (
                    Compare("centre", "=", "a"),
                    Not(Or((Array("hub", "overlaps", ("ocean",)), Compare("source", "=", "c")))),
                )
            ),
        ),
        (
            "CASEI(title) LIKE casei('Sal%')",
            {"op": "like", "args": [{"op": "casei", "args": [TITLE]}, {"op": "casei", "args": ["Sal%"]}]},
            Like("title", "Sal%", casei=True),
        ),
        (
            "title = accenti('é')",
            {"op": "=", "args": [TITLE, {"op": "accenti", "args": ["é"]}]},
            Compare("title", "=", "é", accenti=True),
        ),
        (
            "casei(accenti(type)) IN ('a', casei('B'))",
            {
                "op": "in",
                "args": [
                    {"op": "casei", "args": [{"op": "accenti", "args": [{"property": "type"}]}]},
                    ["a", {"op": "casei", "args": ["B"]}],
                ],
            },
            In("type", ("a", "B"), casei=True, accenti=True),
        ),
        (
            "description IS NOT NULL",
            {"op": "not", "args": [{"op": "isNull", "args": [{"property": "description"}]}]},
            Not(IsNull("description")),
        ),
        (
            "keywords LIKE 'sal%'",
            {"op": "like", "args": [{"property": "keywords"}, "sal%"]},
            Like("keywords", "sal%"),
        ),
        (
            "a_contains(keywords, ('a', 'b'))",
            {"op": "a_contains", "args": [{"property": "keywords"}, ["a", "b"]]},
            Array("keywords", "contains", ("a", "b")),
        ),
        (
            "a_containedBy(('a'), keywords)",
            {"op": "a_containedBy", "args": [["a"], {"property": "keywords"}]},
            Array("keywords", "contains", ("a",)),
        ),
        (
            "a_equals(keywords, ())",
            {"op": "a_equals", "args": [{"property": "keywords"}, []]},
            Array("keywords", "equals", ()),
        ),
        (
            "updated > DATE('2020-01-01')",
            {"op": ">", "args": [{"property": "updated"}, {"date": "2020-01-01"}]},
            Compare("updated", ">=", DAY_2020[1]),
        ),
        (
            "created = '2020-01-01'",
            {"op": "=", "args": [{"property": "created"}, "2020-01-01"]},
            And((Compare("created", ">=", DAY_2020[0]), Compare("created", "<", DAY_2020[1]))),
        ),
        (
            "updated BETWEEN DATE('2020-01-01') AND DATE('2020-01-01')",
            {
                "op": "between",
                "args": [{"property": "updated"}, [{"date": "2020-01-01"}, {"date": "2020-01-01"}]],
            },
            And((Compare("updated", ">=", DAY_2020[0]), Compare("updated", "<", DAY_2020[1]))),
        ),
        (
            "t_before(updated, DATE('2020-01-01'))",
            {"op": "t_before", "args": [{"property": "updated"}, {"date": "2020-01-01"}]},
            Compare("updated", "<", DAY_2020[0]),
        ),
        (
            "T_INTERSECTS(time, INTERVAL('2020-01-01', '..'))",
            {"op": "t_intersects", "args": [{"property": "time"}, {"interval": ["2020-01-01", ".."]}]},
            Temporal("time", "intersects", DAY_2020[0], NEVER_US),
        ),
        (
            "T_DISJOINT(time, INTERVAL('..', '2020-01-01'))",
            {"op": "t_disjoint", "args": [{"property": "time"}, {"interval": ["..", "2020-01-01"]}]},
            Not(Temporal("time", "intersects", EVER_US, DAY_2020[1])),
        ),
        (
            "T_AFTER(TIMESTAMP('2020-01-01T00:00:00Z'), time)",
            {"op": "t_after", "args": [{"timestamp": "2020-01-01T00:00:00Z"}, {"property": "time"}]},
            Temporal("time", "before", DAY_2020[0], DAY_2020[0] + 1_000_000),
        ),
        (
            "S_INTERSECTS(geometry, BBOX(170, -20, -170, 20))",
            {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [170, -20, -170, 20]}]},
            Spatial(
                "geometry",
                "intersects",
                Box(170, -20, -170, 20).wkt(),
                (Box(170, -20, 180, 20), Box(-180, -20, -170, 20)),
                exact=True,
            ),
        ),
        (
            "S_CONTAINS(POLYGON((0 0,2 0,1 2,0 0)), geometry)",
            {
                "op": "s_contains",
                "args": [
                    {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [1, 2], [0, 0]]]},
                    {"property": "geometry"},
                ],
            },
            Spatial("geometry", "within", "POLYGON((0 0,2 0,1 2,0 0))", (Box(0, 0, 2, 2),), exact=False),
        ),
        (
            "S_EQUALS(geometry, POLYGON((0 0,2 0,2 2,0 2,0 0)))",
            {
                "op": "s_equals",
                "args": [
                    {"property": "geometry"},
                    {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]},
                ],
            },
            Spatial("geometry", "equals", "POLYGON((0 0,2 0,2 2,0 2,0 0))", (Box(0, 0, 2, 2),), exact=True),
        ),
    ],
)
def test_text_and_json_say_the_same(text: str, document: Any, tree: Node) -> None:
    assert filters.parse(text) == tree
    assert filters.parse(filters.document(json.dumps(document), is_json=True)) == tree
    assert filters.parse(document) == tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tilte = 'x'", ["did you mean “title”", "externalId"]),
        ("salinity = 3", ["no property “salinity”", "keywords"]),
        ("title = 3", ["“title” holds text", "quotes"]),
        ("title = type", ["two properties"]),
        ("1 = 1", ["one side must be a property"]),
        ("title", ["neither true nor false"]),
        ("pg_sleep(10) = 1", ["no function or operator “pg_sleep”"]),
        ("load_extension('x')", ["no function or operator"]),
        ("s_dwithin(geometry, POINT(0 0))", ["s_dwithin", "s_intersects"]),
        ("s_intersects(title, POINT(0 0))", ["“title” is no geometry"]),
        ("s_intersects(geometry, 'POINT(0 0)')", ["give a geometry"]),
        ("s_intersects(geometry, POINT(200 0))", ["off the globe", "antimeridian"]),
        ("s_intersects(geometry, POINT(2 100))", ["off the globe"]),
        ("s_intersects(geometry, BBOX(0, 50, 10, 40))", ["south 50 lies above north 40"]),
        ("s_intersects(geometry, BBOX(0, 50))", ["2 numbers"]),
        ("s_intersects(geometry, POLYGON((0 0,1 1,1 0)))", ["3 positions", "4 or more"]),
        ("s_intersects(geometry, POLYGON((0 0,1 1,1 0,2 2)))", ["a ring ends where it starts"]),
        ("s_intersects(geometry, POLYGON((0 0,2 2,2 0,0 2,0 0)))", ["not valid", "Self-intersection"]),
        ("t_after(title, DATE('2020-01-01'))", ["“title” is no time"]),
        ("t_until(time, DATE('2020-01-01'))", ["t_until", "t_before"]),
        ("t_meets(updated, INTERVAL('2020-01-01','2021-01-01'))", ["an instant", "time"]),
        ("t_after(time, DATE('2024-02-30'))", ["day 30", "29"]),
        ("t_after(time, 3)", ["DATE('2020-01-31')"]),
        ("t_during(time, INTERVAL('2021-01-01','2020-01-01'))", ["ends before it starts"]),
        (
            "t_during(INTERVAL(created, updated), INTERVAL('2021-01-01','2020-01-01'))",
            ["name the property “time”"],
        ),
        ("time > DATE('2020-01-01')", ["a period", "t_after"]),
        ("geometry = 'x'", ["s_within"]),
        ("keywords > 'x'", ["several values", "a_contains"]),
        ("a_contains(title, ('x'))", ["holds one value"]),
        ("a_foo(keywords, ('x'))", ["a_overlaps"]),
        ("a_contains(keywords, (1, 2))", ["holds text"]),
        ("updated LIKE '2020%'", ["no text"]),
        ("updated = TRUE", ["a time"]),
    ],
)
def test_a_refusal_says_what_to_do(text: str, words: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        filters.parse(text)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.where.startswith("filter")


@pytest.mark.parametrize(
    ("document", "where", "words"),
    [
        ({"op": "and", "args": []}, "filter", "1 or more"),
        ({"op": "not", "args": [True, True]}, "filter", "1 arguments, not 2"),
        ({"op": "="}, "filter", "2 arguments"),
        ({"op": "=", "args": [TITLE, None]}, "filter.args[1]", "title IS NULL"),
        (
            {"op": "or", "args": [True, {"op": "=", "args": [{"property": "x"}, 1]}]},
            "filter.args[1]",
            "no property",
        ),
        ({"op": "=", "args": [TITLE, {"op": "+", "args": [1, 2]}]}, "filter.args[1]", "arithmetic"),
        ({"op": "in", "args": [TITLE, []]}, "filter", "empty"),
        ({"op": "exec", "args": [TITLE]}, "filter", "“exec”"),
        ({"filter": True}, "filter", "neither true nor false"),
        ([], "filter", "neither true nor false"),
        ("title = 'x'", "filter", "neither true nor false"),
        (
            {"op": "t_after", "args": [{"property": "time"}, {"interval": ["2020-01-01"]}]},
            "filter",
            "two ends",
        ),
        (
            {"op": "s_within", "args": [{"property": "geometry"}, {"type": "Circle", "coordinates": [1, 2]}]},
            "filter",
            "“Circle” is no geometry",
        ),
    ],
)
def test_json_that_is_no_filter_is_refused_with_its_place(document: Any, where: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        filters.parse(filters.document(json.dumps(document), is_json=True))
    assert caught.value.where == where
    assert words in caught.value.why


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b'{"op":"not","args":[' * 3_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        filters.document(body, is_json=True)


def test_bounds_hold() -> None:
    with pytest.raises(Invalid, match="65536"):
        filters.parse("title = '" + "x" * 65_536 + "'")
    with pytest.raises(Invalid, match="1000 parts"):
        filters.parse(" OR ".join(f"title = '{n}'" for n in range(400)))
    with pytest.raises(Invalid, match="1000 parts"):
        filters.parse({"op": "in", "args": [TITLE, ["x"] * 1_001]})
    nested: Any = True
    for _ in range(60):
        nested = {"op": "not", "args": [nested]}
    with pytest.raises(Invalid, match="50 levels"):
        filters.parse(nested)
    ring = [[x / 100, 0] for x in range(10_001)]
    with pytest.raises(Invalid, match="10000 positions"):
        filters.parse(
            {
                "op": "s_within",
                "args": [{"property": "geometry"}, {"type": "LineString", "coordinates": ring}],
            }
        )


@pytest.mark.parametrize(
    "value",
    [
        "'; DROP TABLE record; --",
        '" OR 1=1',
        "\\' OR 1=1 --",
        "x' UNION SELECT secret FROM token",
        "50%",
        "{{7*7}}",
    ],
)
def test_injections_are_just_values(value: str) -> None:
    tree = filters.parse({"op": "=", "args": [TITLE, value]})
    assert tree == Compare("title", "=", value)
    if "\\" not in value:
        quoted = value.replace("'", "''")
        assert filters.parse(f"title = '{quoted}'") == tree
    with pytest.raises(Invalid, match="no property"):
        filters.parse({"op": "=", "args": [{"property": value}, "x"]})
    with pytest.raises(Invalid, match="no function or operator"):
        filters.parse({"op": value, "args": [TITLE, "x"]})


def test_a_text_with_nul_which_not_every_engine_takes_is_refused() -> None:
    for document in ({"op": "=", "args": [TITLE, "a\0"]}, {"op": "in", "args": [TITLE, ["a", "\0"]]}):
        with pytest.raises(Invalid, match="NUL"):
            filters.parse(document)


NUMBERS = {"cloud": queryables.Queryable("number", "Cloud cover")}


def test_numbers() -> None:
    assert filters.parse("cloud BETWEEN -1 AND 10.5", NUMBERS) == And(
        (Compare("cloud", ">=", -1), Compare("cloud", "<=", 10.5))
    )
    assert filters.parse("10 >= cloud", NUMBERS) == Compare("cloud", "<=", 10)
    assert filters.parse("cloud IN (1, 2)", NUMBERS) == In("cloud", (1, 2))
    assert filters.parse({"op": "<", "args": [{"property": "cloud"}, 2**70]}, NUMBERS) == Compare(
        "cloud", "<", 2.0**70
    )
    for wrong in (
        {"op": "<", "args": [{"property": "cloud"}, 10**400]},
        "cloud = 'x'",
        "cloud = TRUE",
        "cloud = 1e999",
        "cloud LIKE '1%'",
    ):
        with pytest.raises(Invalid):
            filters.parse(wrong, NUMBERS)


_SPANS = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda s: (s[0], s[0] + s[1]))


@given(_SPANS, _SPANS)
def test_allen_relations_are_exclusive_and_complete(record: tuple[int, int], asked: tuple[int, int]) -> None:
    compare = {"=": int.__eq__, "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}

    def holds(op: str) -> bool:
        ends = {"start": 0, "end": 1}
        return all(compare[test](record[ends[of]], asked[ends[to]]) for of, test, to in ALLEN[op])

    true = {op for op in ALLEN if holds(op)}
    # after and before hold for meeting intervals too: half-open ones share no instant.
    relations = (
        true
        - {"intersects"}
        - ({"after"} if "metby" in true else set())
        - ({"before"} if "meets" in true else set())
    )
    assert len(relations) == 1
    assert ("intersects" in true) != bool(true & {"after", "before"})


_leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        [{"property": name} for name in ("title", "time", "geometry", "keywords", "updated", "nothing")]
    ),
    st.sampled_from(
        [
            {"date": "2020-01-01"},
            {"interval": ["2020-01-01", ".."]},
            {"bbox": [0, 0, 1, 1]},
            {"timestamp": "x"},
        ]
    ),
    st.sampled_from([{"type": "Point", "coordinates": [0, 0]}, {"type": "Polygon", "coordinates": [[1]]}]),
)
_operators = st.sampled_from(
    [
        "and",
        "or",
        "not",
        "=",
        "<>",
        "<",
        "like",
        "in",
        "between",
        "isNull",
        "casei",
        "accenti",
        "+",
        "s_within",
        "s_intersects",
        "t_after",
        "t_during",
        "t_intersects",
        "a_contains",
        "a_equals",
        "foo",
        "",
    ]
)
_documents = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries({"op": _operators, "args": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"op": _operators, "args": inner}),
        st.dictionaries(
            st.sampled_from(["type", "coordinates", "bbox", "interval", "date", "property"]),
            inner,
            max_size=2,
        ),
    ),
    max_leaves=12,
)


@given(_documents)
def test_any_json_is_read_or_refused(document: Any) -> None:
    refusal = None
    try:
        filters.parse(document)
    except Invalid as error:
        refusal = error
    assert refusal is None or (refusal.why and refusal.where.startswith("filter"))


def test_queryables_as_json_schema() -> None:
    schema = queryables.schema("https://node.example/ogc/collections/records/queryables")
    assert schema["$id"] == "https://node.example/ogc/collections/records/queryables"
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(queryables.RECORDS)
    for name, property_ in schema["properties"].items():
        # Part 3 of OGC API - Features: each has a type, except places, which have a format.
        assert ("type" in property_) != (name == "geometry")
    assert schema["properties"]["geometry"]["format"] == "geometry-any"
    assert "dataset" in schema["properties"]["type"]["enum"]

"""Facets that records do not state as such: levels under one name, access by licence, projects by grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.catalogue import Query
from estran.catalogue.levels import is_part, levels
from estran.catalogue.opening import access_of
from estran.model import Concept, Constraint, Funding, Licence, Record, Text
from tests.catalogue.records import put

if TYPE_CHECKING:
    from estran.node import Node


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("L2A", ("L2A", "L2")), ("Level 2A", ("L2A", "L2")), ("niveau-2a", ("L2A", "L2")), ("LEVEL1C", ("L1C", "L1")),
        ("level 4", ("L4",)), ("3", ("L3",)), ("N2", ("L2",)), ("L1TP", ("L1TP", "L1")), ("Raw data", ()), ("AUX", ()),
        ("L5", ()), ("", ()),
    ],
)  # fmt: skip
def test_levels_have_one_name(said: str, found: tuple[str, ...]):
    assert levels(said) == found


def test_among_keywords_only_words_tell_a_level():
    assert levels("Level-4", keyword=True) == ("L4",)
    assert levels("processing level 2", keyword=True) == ("L2",)
    assert [levels(said, keyword=True) for said in ("N2", "L1", "3", "sea level", "level")] == [()] * 5
    assert (is_part("L2A"), is_part("L2"), is_part("Raw data")) == (True, False, False)


def _record(name: str, **more: object) -> Record:
    return Record(identifier=name, title=Text.of(name), source="test", visibility="public", **more)  # type: ignore[arg-type]


def test_access_is_what_the_record_its_licence_or_its_limits_say():
    open_ = Licence(spdx="CC-BY-4.0")
    assert access_of(_record("a", access="restricted", licences=(open_,))) == "restricted"
    assert access_of(_record("a", licences=(open_,))) == "open"
    assert access_of(_record("a", licences=(Licence(spdx="Apache-2.0"),))) == ""
    told = "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations"
    assert access_of(_record("a", constraints=(Constraint(kind="access", uri=told),))) == "open"
    assert access_of(_record("a", constraints=(Constraint(kind="use", uri=told),))) == ""
    assert access_of(_record("a")) == ""


def test_derived_facets_are_counted_and_found_by(node: Node):
    put(node, [
        _record("a", concepts=(Concept(label=Text.of("Level 2A"), role="level"),), fundings=(Funding(award_title="JERICO"),)),
        _record("b", concepts=(Concept(label=Text.of("L2"), role="level"),), licences=(Licence(spdx="etalab-2.0"),)),
        _record("c", concepts=(Concept(label=Text.of("level 4"), role="keyword"),)),
    ])  # fmt: skip
    facets = node.ask(Query(counts=("level", "access", "project", "keyword"))).facets
    assert [tuple(b) for b in facets["level"]] == [("L2", 2), ("L2A", 1), ("L4", 1)]
    assert [tuple(b) for b in facets["access"]] == [("open", 1)]
    assert [tuple(b) for b in facets["project"]] == [("JERICO", 1)]
    assert [tuple(b) for b in facets["keyword"]] == [("level 4", 1)]
    assert node.ask(Query(where={"level": ("L2",)})).matched == 2

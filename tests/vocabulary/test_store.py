"""Vocabularies in a real database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import Text
from estran.storage import Database, changes, prepare
from estran.vocabulary import ConceptScheme, Entry, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEME = ConceptScheme(uri="http://example.org/v/", name="v", title=Text.of("Words", "en"), version="1")


def entry(name: str, **more: object) -> Entry:
    return Entry(uri=f"http://example.org/v/{name}/", scheme="v", name=name, local=name, **more)  # pyright: ignore[reportArgumentType]


SALINITY = entry(
    "sea_water_salinity", unit="1", label=Text.of("sea water salinity", "en"), aliases=("salinity",)
)
SURFACE = entry("sea_surface_salinity")
AIR = entry("air_temperature", unit="K")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'estran.db'}")
    prepare(database)
    yield database
    database.close()


@pytest.fixture
def vocabulary(database: Database) -> Vocabulary:
    vocabulary = Vocabulary(database)
    assert vocabulary.put(SCHEME, [SALINITY, SURFACE, AIR]) == 3
    return vocabulary


def test_an_empty_node_knows_nothing(database: Database) -> None:
    empty = Vocabulary(database)
    assert empty.schemes() == ()
    assert empty.search("salinity") == ()
    assert empty.lookup(["salinity"]) == {}
    with pytest.raises(NotFound, match="There is no concept “salinity” here"):
        empty.show("salinity")


def test_keeps_every_field(vocabulary: Vocabulary) -> None:
    assert vocabulary.schemes() == (SCHEME,)
    assert vocabulary.show("sea_water_salinity") == SALINITY


@pytest.mark.parametrize(
    "name",
    ["salinity", "http://example.org/v/sea_water_salinity/", "http://example.org/v/sea_water_salinity"],
)
def test_an_alias_and_an_address_lead_to_the_entry(vocabulary: Vocabulary, name: str) -> None:
    assert vocabulary.show(name) == SALINITY


@pytest.mark.parametrize("name", ["", "v", "http://example.org/v/", "sea%"])
def test_a_scheme_or_half_a_name_is_no_concept(vocabulary: Vocabulary, name: str) -> None:
    with pytest.raises(NotFound):
        vocabulary.show(name)


def test_looks_several_up_by_the_name_that_was_asked(vocabulary: Vocabulary) -> None:
    found = vocabulary.lookup(["salinity", "air_temperature", "nonsense", ""])
    assert found == {"salinity": SALINITY, "air_temperature": AIR}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("salinity", (SALINITY, SURFACE)),
        ("Sea salinity", (SALINITY, SURFACE)),
        ("surface_salinity", (SURFACE,)),
        ("salinity air", ()),
        ("%", ()),
        ("  ", ()),
    ],
)
def test_every_word_must_be_there(vocabulary: Vocabulary, text: str, found: tuple[Entry, ...]) -> None:
    assert tuple(match.entry for match in vocabulary.search(text)) == found


def test_limit(vocabulary: Vocabulary) -> None:
    assert [match.entry for match in vocabulary.search("sea", 1)] == [SALINITY]
    assert vocabulary.search("sea", 0) == ()


def test_a_new_version_takes_the_place_of_the_old_and_is_logged(
    database: Database, vocabulary: Vocabulary
) -> None:
    newer = replace(SCHEME, version="2")
    vocabulary.put(newer, [AIR])
    assert vocabulary.schemes() == (newer,)
    assert vocabulary.search("salinity") == ()
    with database.read() as connection:
        assert [(c.kind, c.id, c.op) for c in changes.after(connection, 0, 9)] == [
            ("vocabulary", "v", "add"),
            ("vocabulary", "v", "change"),
        ]


@pytest.mark.parametrize("wrong", [[AIR, AIR], [replace(AIR, scheme="w")], [replace(AIR, uri=SCHEME.uri)]])
def test_what_does_not_fit_leaves_all_as_it_was(vocabulary: Vocabulary, wrong: list[Entry]) -> None:
    with pytest.raises(Invalid):
        vocabulary.put(SCHEME, wrong)
    assert vocabulary.show("salinity") == SALINITY


def test_whoever_is_no_operator_only_reads(database: Database, vocabulary: Vocabulary) -> None:
    readable = Vocabulary(database, writable=False)
    assert readable.show("salinity") == SALINITY
    with pytest.raises(NotAllowed, match="only the node's operator"):
        readable.put(SCHEME, [AIR])

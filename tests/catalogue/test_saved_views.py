"""Searches that are kept under a name: what may be kept, by whom, and that they only narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import estran
from estran.access import ANYONE, Actor
from estran.catalogue.query import Query
from estran.catalogue.saved_views import PAPER, read
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.formats import Links, find
from estran.model import Box, Concept, Extent, Period, Record, Text
from estran.model.colour import AA, contrast, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

TITLE = {"fr": "Rade de Brest", "en": "Bay of Brest"}


def record(n: int) -> Record:
    theme = "salt" if n % 2 else "heat"
    return Record(
        identifier=f"r{n}", kind="dataset", title=Text.of(f"Probe {n} {theme}", "en"),
        concepts=(Concept(label=Text.of(theme), role="theme"),),
        extent=Extent(boxes=(Box(n, 45, n + 1, 46),), periods=(Period(f"{2000 + n}", f"{2001 + n}"),)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def held(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("views")
    write = find("estran-json").write
    assert write
    with open_node(folder / "node") as node:
        for visibility, numbers in (("public", range(6)), ("restricted", range(6, 8))):
            files = folder / visibility
            files.mkdir()
            for n in numbers:
                (files / f"{n}.json").write_bytes(write(record(n), Links()).body)
            node.load(files, source=visibility, centre="coriolis", visibility=visibility)
        yield node


def found(node: Node, query: Query) -> set[str]:
    return {r.identifier for r in node.ask(query)}


def test_a_view_is_kept_changed_and_forgotten(held: Node):
    made = held.views.add(
        "brest", title=TITLE, text={"fr": "La rade.", "en": "The bay."}, colour="#0B7886",
        search="https://node.example/en/search?theme=salt&page=3&cursor=x&sort=title&q=probe",
        sites=["https://Lab.example/", "https://*.lab.example:8443", "https://lab.example"], centre="coriolis",
    )  # fmt: skip
    assert made.search == (("q", "probe"), ("theme", "salt"))
    assert made.sites == ("https://lab.example", "https://*.lab.example:8443")
    assert held.views.show("brest") == made == held.acting_as(ANYONE).views.all()[0]
    revision = held.revision()
    changed = held.views.change("brest", title={**TITLE, "en": "Roadstead"})
    assert changed.title.within("en") == "Roadstead"
    assert (changed.text, changed.search, changed.created) == (made.text, made.search, made.created)
    assert held.revision() > revision
    with pytest.raises(Conflict, match="brest"):
        held.views.add("brest", title=TITLE, search="q=probe")
    held.views.remove("brest")
    with pytest.raises(NotFound):
        held.views.show("brest")
    with pytest.raises(NotFound):
        held.views.remove("brest")


def test_a_view_only_narrows(held: Node):
    view = held.views.add("salt", title=TITLE, search="theme=salt&from=2002&bbox=0,40,20,50")
    anyone = held.acting_as(ANYONE)
    assert found(held, Query(within=view.query())) == {"r1", "r3", "r5", "r7"}
    assert found(anyone, Query(within=view.query())) == {"r1", "r3", "r5"}
    assert found(anyone, Query(within=view.query(), where={"theme": ("heat", "salt")})) == {"r1", "r3", "r5"}
    assert found(anyone, Query(within=view.query(), text="5")) == {"r5"}
    assert found(anyone, Query(within=view.query(), where={"theme": ("heat",)})) == set()
    counted = anyone.ask(Query(within=view.query(), counts=("theme", "hub"), limit=0))
    assert (counted.matched, dict(counted.facets["theme"]), dict(counted.facets["hub"])) == (
        3, {"salt": 3}, {"ocean": 3},
    )  # fmt: skip
    twice = Query(
        within=Query(within=view.query(), time=view.query().time, where={"hub": ("ocean",)}), text="3"
    )
    assert found(anyone, twice) == {"r3"}
    held.views.remove("salt")


def test_pages_of_a_view_are_its_own(held: Node):
    salt, heat = (Query(where={"theme": (theme,)}) for theme in ("salt", "heat"))
    first = held.ask(Query(within=salt, limit=2))
    rest = held.ask(Query(within=salt, limit=9, cursor=first.next))
    assert {r.identifier for r in (*first, *rest)} == {"r1", "r3", "r5", "r7"}
    with pytest.raises(Invalid):
        held.ask(Query(within=heat, limit=2, cursor=first.next))


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("", "narrows nothing"), ("sort=title&page=2", "narrows nothing"), ("meaning=no", "narrows nothing"),
        ("hubb=ocean", "hubb"), ("bbox=1,2,3", "bbox"), ("from=2020-13", "2020-13"), ("from=2020&to=2019", "ends before"),
        ("q=a&q=b", "more than once"), ("salinity", "address"),
    ],
)  # fmt: skip
def test_what_is_no_search_is_told(search: str, why: str):
    with pytest.raises(Invalid, match=why):
        read(search)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("title", {"fr": "Rade"}, "French and in English"), ("colour", "teal", "hexadecimal"),
        ("colour", "#7fd3e0", "nearest shade"), ("sites", ["https://lab.example/page"], "origin"),
        ("sites", ["lab.example"], "origin"), ("sites", ["https://a.example; script-src *"], "origin"),
        ("sites", ["*"], "origin"), ("name", "Brest", "lower-case"), ("name", "new", "not “new”"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(held: Node, field: str, value: object, why: str):
    given: dict[str, Any] = {"name": "x", "title": TITLE, "search": "q=probe", field: value}
    with pytest.raises(Invalid, match=why):
        held.views.add(**given)
    assert held.views.all() == ()


def test_an_unknown_centre_is_told(held: Node):
    with pytest.raises(NotFound, match="atlantis"):
        held.views.add("x", title=TITLE, search="q=probe", centre="atlantis")


def test_editors_write_the_views_of_their_centre(held: Node):
    editor = held.acting_as(Actor(name="eve", role="editor", centres=("coriolis",))).views
    reader = held.acting_as(Actor(name="rob", role="reader", centres=("coriolis",))).views
    assert editor.may_write()
    assert not reader.may_write()
    made = editor.add("hers", title=TITLE, search="q=probe", centre="coriolis")
    assert (made.owner, editor.may_write(made), reader.may_write(made)) == ("eve", True, False)
    editor.change("hers", colour="#6b3069")
    for refused in (
        lambda: editor.add("other", title=TITLE, search="q=probe", centre="eost-a2s"),
        lambda: editor.add("other", title=TITLE, search="q=probe"),
        lambda: editor.change("hers", centre="eost-a2s"),
        lambda: reader.change("hers", search="q=x"),
        lambda: reader.remove("hers"),
        lambda: held.acting_as(ANYONE).views.add("other", title=TITLE, search="q=probe"),
    ):
        with pytest.raises(NotAllowed):
            refused()
    held.views.change("hers", centre="")
    with pytest.raises(NotAllowed):
        editor.remove("hers")
    held.views.remove("hers")


def test_a_migration_takes_views_along(tmp_path: Path):
    with estran.open(tmp_path / "node") as node:
        made = node.views.add("brest", title=TITLE, search="q=probe", colour="#6b3069")
        node.migrate("sqlite:///other.sqlite", switch=True)
    with estran.open(tmp_path / "node") as node:
        assert node.views.all() == (made,)
        assert node.settings.storage.database.endswith("other.sqlite")


COLOURS = st.tuples(*(st.integers(0, 255),) * 3).map(lambda c: "#" + "".join(f"{part:02x}" for part in c))


@given(COLOURS)
def test_there_is_always_a_readable_shade(colour: str):
    for paper in PAPER.values():
        shade = readable(colour, paper)
        assert contrast(shade, paper) >= AA
        assert shade == colour or contrast(colour, paper) < AA
    assert contrast("#ffffff", readable(colour, PAPER["light"])) >= AA


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#123456", "#123456") == 1

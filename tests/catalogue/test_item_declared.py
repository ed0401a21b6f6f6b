"""Properties that an operator declares: found for all items, whenever they came, while others read and write."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from estran.access import ANYONE, Actor
from estran.catalogue.items import ITEMS, ItemQuery
from estran.catalogue.items.prepare import extracted, extracted_from, plain_item, prepare_item
from estran.catalogue.items.queryables import Declared
from estran.catalogue.store import item_declaring
from estran.catalogue.store.item_declaring import Declaring
from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound
from estran.storage import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from estran.node import Node

SUN, TYPE, MADE = "view:sun_elevation", "s2:product_type", "created"
START = datetime(2024, 1, 1, tzinfo=UTC)


def item(n: int, version: int = 0) -> dict[str, Any]:
    """An item whose declared properties follow from its number and version; a third of each is missing."""
    properties: dict[str, Any] = {"datetime": f"2020-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z"}
    if sun(n, version) is not None:
        properties[SUN] = sun(n, version)
    if kind(n, version) is not None:
        properties[TYPE] = kind(n, version)
    properties[MADE] = (
        (START + timedelta(hours=n)).isoformat().replace("+00:00", "Z") if n % 5 else "some day"
    )
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": f"i-{n:05}", "collection": "c", "links": [], "assets": {},
        "geometry": {"type": "Point", "coordinates": [n % 90, n % 45]}, "bbox": [n % 90, n % 45, n % 90, n % 45],
        "properties": properties,
    }  # fmt: skip


def sun(n: int, version: int = 0) -> float | None:
    return None if (n + version) % 3 == 0 else (n * 7 + version) % 100 - 10.5


def kind(n: int, version: int = 0) -> str | None:
    return None if (n + version) % 4 == 0 else f"L{n % 3}-{version}"


def lines(path: Path, items: Iterable[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, items)), "utf-8")
    return path


def found(node: Node, text: str) -> list[str]:
    return sorted(i.id for i in node.items.search(ItemQuery(filter=text, limit=10_000)))


def ids(numbers: Iterable[int]) -> list[str]:
    return [f"i-{n:05}" for n in sorted(numbers)]


def values(node: Node) -> int:
    with node._house.database.read() as connection:
        return connection.execute(select(func.count()).select_from(schema.item_value)).scalar_one()


def check(node: Node, versions: dict[int, int]) -> None:
    """The index says of each item what the item says."""
    suns, kinds = ({n: of(n, v) for n, v in versions.items()} for of in (sun, kind))
    assert found(node, f'"{SUN}" < 20') == ids(n for n, s in suns.items() if s is not None and s < 20)
    assert found(node, f'NOT ("{SUN}" < 20)') == ids(n for n, s in suns.items() if s is not None and s >= 20)
    assert found(node, f'"{SUN}" IS NULL') == ids(n for n, s in suns.items() if s is None)
    assert found(node, f"\"{TYPE}\" = 'L1-0'") == ids(n for n, k in kinds.items() if k == "L1-0")
    assert found(node, f'"{TYPE}" LIKE \'L2%\' OR "{TYPE}" IS NULL') == ids(
        n for n, k in kinds.items() if k is None or k.startswith("L2")
    )
    assert values(node) == sum(v is not None for v in (*suns.values(), *kinds.values()))


def test_before_and_after_loading(node: Node, tmp_path: Path) -> None:
    node.items.declare(SUN, "number", "Elevation of the sun, in degrees")
    assert node.load(lines(tmp_path / "a", map(item, range(300)))).new == 300
    node.items.declare(TYPE, "text")
    check(node, dict.fromkeys(range(300), 0))
    assert node.load(lines(tmp_path / "b", map(item, range(300, 350)))).new == 50
    check(node, dict.fromkeys(range(350), 0))
    known = node.items.queryables()
    assert list(known) == [*ITEMS, TYPE, SUN]
    assert (known[SUN].kind, known[SUN].title, known[TYPE].title) == (
        "number",
        "Elevation of the sun, in degrees",
        TYPE,
    )
    assert [(d.name, d.kind, d.ready) for d in node.items.declared()] == [
        (TYPE, "text", True),
        (SUN, "number", True),
    ]


def test_many_processes_load_what_was_declared(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the processes found is taken as it is, not looked for again."""
    node.items.declare(SUN, "number")
    node.items.declare(TYPE, "text")
    again: list[bytes] = []

    def looked(body: bytes, declared: tuple[Declared, ...]) -> Any:
        again.append(body)
        return extracted_from(body, declared)

    monkeypatch.setattr("estran.catalogue.store.items.extracted_from", looked)
    assert node.load(lines(tmp_path / "a", map(item, range(15_000)))).new == 15_000
    check(node, dict.fromkeys(range(15_000), 0))
    # The first portion is prepared by the one that writes.
    assert 0 < len(again) < 13_000


def test_items_change_and_go(node: Node, tmp_path: Path) -> None:
    node.items.declare(SUN, "number")
    node.items.declare(TYPE, "text")
    node.load(lines(tmp_path / "a", map(item, range(200))))
    assert node.load(lines(tmp_path / "b", (item(n, n % 3) for n in range(0, 200, 2)))).changed > 50
    versions = {n: 0 if n % 2 else n % 3 for n in range(200)}
    check(node, versions)
    node.items.put("c", "i-00007", json.dumps(item(7, 2)).encode())
    node.items.patch(
        "c", "i-00010", json.dumps({"properties": {SUN: sun(10, 2), TYPE: kind(10, 2)}}).encode()
    )
    node.items.add("c", [json.dumps(item(n)).encode() for n in (500, 501)])
    for n in (1, 2, 3):
        node.items.remove("c", f"i-{n:05}")
        del versions[n]
    check(node, {**versions, 7: 2, 10: 2, 500: 0, 501: 0})


def test_taken_back(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_declaring, "_TAKEN_OUT", 30)
    node.load(lines(tmp_path / "a", map(item, range(200))))
    node.items.declare(SUN, "number")
    node.items.declare(TYPE, "text")
    before = node.revision()
    node.items.undeclare(SUN)
    assert node.revision() > before
    with pytest.raises(Invalid, match=SUN):
        found(node, f'"{SUN}" < 20')
    assert found(node, f"\"{TYPE}\" = 'L1-0'") == ids(n for n in range(200) if kind(n) == "L1-0")
    assert values(node) == sum(kind(n) is not None for n in range(200))
    # It may come back as something else.
    node.items.declare(SUN, "text")
    assert found(node, f'"{SUN}" IS NULL') == ids(range(200))
    log = [(c.id, c.op) for c in node.changes(0, 10_000) if c.kind == "queryable"]
    assert log == [(SUN, "add"), (TYPE, "add"), (SUN, "remove"), (SUN, "add")]


class Stop(Exception):
    """The program ends here."""


def test_cut_short_it_is_invisible_and_done_again(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_declaring, "_BATCH", 40)
    node.load(lines(tmp_path / "a", map(item, range(200))))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 120:
            raise Stop

    before = node.revision()
    with pytest.raises(Stop):
        node.items.declare(SUN, "number", progress=stop)
    assert told == [(40, 200), (80, 200), (120, 200)]
    assert SUN not in node.items.queryables()
    with pytest.raises(Invalid, match=SUN):
        found(node, f'"{SUN}" < 20')
    assert [(d.name, d.ready) for d in node.items.declared()] == [(SUN, False)]
    assert node.revision() == before, "nothing that anybody sees has changed"
    with pytest.raises(Conflict, match="not finished"):
        node.items.declare(SUN, "text")
    node.load(lines(tmp_path / "b", [item(3, 1), *(item(n) for n in range(200, 260))]))
    node.items.declare(SUN, "number", "Sun")
    node.items.declare(TYPE, "text")
    check(node, dict.fromkeys(range(260), 0) | {3: 1})
    assert node.items.queryables()[SUN].title == "Sun"


def test_taking_back_cut_short(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_declaring, "_TAKEN_OUT", 30)
    node.load(lines(tmp_path / "a", map(item, range(200))))
    node.items.declare(SUN, "number")
    whole, calls = Declaring._emptied, iter(range(3))

    def emptied(self: Declaring, number: int, name: str, kind: str) -> bool:
        if next(calls) == 2:
            raise Stop
        return whole(self, number, name, kind)

    with monkeypatch.context() as patch:
        patch.setattr(Declaring, "_emptied", emptied)
        with pytest.raises(Stop):
            node.items.undeclare(SUN)
    assert SUN not in node.items.queryables()
    assert 0 < values(node) < 130
    # Both ways lead on from there.
    node.items.declare(SUN, "number")
    node.items.declare(TYPE, "text")
    check(node, dict.fromkeys(range(200), 0))
    node.items.undeclare(SUN)
    node.items.undeclare(TYPE)
    assert (values(node), node.items.declared()) == (0, ())


def test_others_write_while_items_are_entered(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its passes, and between what a pass reads and what it enters."""
    monkeypatch.setattr(item_declaring, "_BATCH", 50)
    node.load(lines(tmp_path / "a", map(item, range(200))))
    node.items.declare(TYPE, "text")
    versions = dict.fromkeys(range(200), 0)
    enter, passes = Declaring._enter, iter(range(100))

    def change(numbers: Iterable[int], version: int) -> None:
        listed = list(numbers)
        node.load(lines(tmp_path / "b", (item(n, version) for n in listed)))
        versions.update(dict.fromkeys(listed, version))

    def entered(self: Declaring, one: Declared, batch: Any) -> None:
        turn = next(passes)
        change((5, 60, 61, 110, 170, 300 + turn), turn + 1)
        if (gone := 20 + 50 * turn) in versions:
            node.items.remove("c", f"i-{gone:05}")
            del versions[gone]
        enter(self, one, batch)

    monkeypatch.setattr(Declaring, "_enter", entered)
    node.items.declare(
        SUN, "number", progress=lambda done, _: change((6, 62, 171, 400 + done), 1) if done < 200 else None
    )
    check(node, versions)


def test_a_load_and_readers_at_the_same_time(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may name the property finds every item that was stored; nobody sees it half done."""
    monkeypatch.setattr(item_declaring, "_BATCH", 100)
    node.load(lines(tmp_path / "a", map(item, range(2000))))
    has = sum(sun(n) is not None for n in range(2000))
    wrong: list[Any] = []
    ended = threading.Event()

    def load() -> None:
        for turn in range(5):
            fresh = (item(n) for n in range(3000 + 100 * turn, 3100 + 100 * turn))
            old = (item(n, 3) for n in range(turn * 250, turn * 250 + 60))
            node.load(lines(tmp_path / f"b{turn}", (*fresh, *old)))

    def read() -> None:
        while not ended.is_set():
            try:
                count = node.items.counts(ItemQuery(filter=f'NOT ("{SUN}" IS NULL)')).total
            except Invalid:
                continue  # not yet
            if count < has:
                wrong.append(count)

    threads = [threading.Thread(target=act) for act in (load, read)]
    for thread in threads:
        thread.start()
    node.items.declare(SUN, "number")
    threads[0].join()
    ended.set()
    threads[1].join()
    assert wrong == []
    node.items.declare(TYPE, "text")
    changed = {n: 3 for turn in range(5) for n in range(turn * 250, turn * 250 + 60)}
    check(node, dict.fromkeys((*range(2000), *range(3000, 3500)), 0) | changed)


def test_two_who_declare_and_one_who_takes_back(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_declaring, "_BATCH", 50)
    node.load(lines(tmp_path / "a", map(item, range(200))))
    node.items.declare(TYPE, "text")

    def at_100(act: Callable[[], object]) -> Callable[[int, int], object]:
        return lambda done, _total: act() if done == 100 else None

    node.items.declare(SUN, "number", progress=at_100(lambda: node.items.declare(SUN, "number")))
    check(node, dict.fromkeys(range(200), 0))
    node.items.undeclare(SUN)
    with pytest.raises(Conflict, match="taken back"):
        node.items.declare(SUN, "number", progress=at_100(lambda: node.items.undeclare(SUN)))
    assert [d.name for d in node.items.declared()] == [TYPE]
    assert values(node) == sum(kind(n) is not None for n in range(200))


def test_instants(node: Node, tmp_path: Path) -> None:
    node.load(lines(tmp_path / "a", map(item, range(200))))
    node.items.declare(MADE, "time", "When it was made")
    has = [n for n in range(200) if n % 5]
    assert found(node, f"{MADE} >= TIMESTAMP('2024-01-02T01:00:00Z')") == ids(n for n in has if n >= 25)
    assert found(node, f"{MADE} = DATE('2024-01-02')") == ids(n for n in has if 24 <= n < 48)
    assert found(node, f"T_AFTER({MADE}, DATE('2024-01-02'))") == ids(n for n in has if n >= 48)
    assert found(node, f"{MADE} IS NULL") == ids(range(0, 200, 5))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", 3, 3.0), ("number", -0.0, 0.0), ("number", True, None), ("number", "3", None), ("number", [4, 5], 4.0),
        ("number", [], None), ("number", [None, 1], None), ("number", {"a": 1}, None), ("number", 10**400, None),
        ("number", 1e308, 1e308), ("number", None, None), ("text", "a", "a"), ("text", "", None), ("text", True, "true"),
        ("text", [False], "false"), ("text", 3, None), ("text", ["x", "y"], "x"), ("text", "a\0b", None),
        ("text", "é" * 300, "é" * 200), ("text", {}, None), ("time", "1970-01-01T00:00:01Z", 1e6),
        ("time", "1970-01-01T01:00:00+01:00", 0.0), ("time", "1970-01-02", 86_400e6), ("time", "soon", None),
        ("time", 5, None), ("time", "1969-12-31T23:59:59.999999Z", -1.0),
    ],
)  # fmt: skip
def test_what_is_found_in_an_item(kind: Any, value: Any, expected: Any) -> None:
    one = Declared(4, "x:y", kind)
    number, text = (None, expected) if isinstance(expected, str) else (expected, None)
    wanted = () if expected is None else ((4, 0, number, text),)
    assert extracted({"x:y": value, "datetime": "2020-01-01T00:00:00Z"}, (one,)) == wanted

    if not isinstance(value, int) or abs(value) < 10**300:
        document = json.dumps({**item(1), "properties": {"datetime": "2020-01-01T00:00:00Z", "x:y": value}})
        held = plain_item(document.encode(), (one,))
        assert held is not None
        assert held.found == wanted
        assert extracted_from(prepare_item(document.encode()).body, (one,)) == wanted


def test_of_a_list_every_text_is_kept_where_it_stands() -> None:
    properties = {"x:y": ["b", 3, "a"], "instruments": ["msi", "olci"], "datetime": "2020-01-01T00:00:00Z"}
    found = extracted(properties, (Declared(4, "x:y", "list"),))
    assert found == ((0, 0, None, "msi"), (0, 1, None, "olci"), (4, 0, None, "b"), (4, 2, None, "a"))
    assert extracted({"x:y": "alone", "instruments": ["msi"]}, (Declared(4, "x:y", "list"),)) == (
        (4, 0, None, "alone"),
    )


def test_values_of_any_kind_are_kept_by_every_engine(node: Node, tmp_path: Path) -> None:
    node.items.declare("a", "text")
    node.items.declare("b", "number")
    odd = [
        "\u2028",
        "a\0",
        "é" * 300,
        "𝄞",
        -0.0,
        1e308,
        5e-324,
        2**63,
        [1, "x"],
        {"a": 1},
        None,
        True,
        "'; --",
    ]
    made = [item(n) for n in range(len(odd))]
    for n, value in enumerate(odd):
        made[n]["properties"] |= {"a": value, "b": value}
    assert node.load(lines(tmp_path / "a", made)).new == len(odd)
    assert found(node, "a IS NULL") == ids(
        n for n, v in enumerate(odd) if v == "a\0" or not (v is True or isinstance(v, str))
    )
    assert found(node, "a = 'true'") == ids([11])
    assert found(node, "b = 9223372036854775807") == ids([7])
    assert found(node, "b > 0 AND b < 1") == ids([6])
    assert found(node, "b = 0") == ids([4])
    assert found(node, "b < 99999999999999999999999999") == ids([4, 6, 7, 8])


def test_the_operator_alone_declares(node: Node) -> None:
    for actor in (ANYONE, Actor(name="e", role="editor", centres=("coriolis",))):
        other = node.acting_as(actor).items
        for verb in (
            lambda o=other: o.declare("a", "text"),
            lambda o=other: o.undeclare("a"),
            other.declared,
        ):
            with pytest.raises(NotAllowed):
                verb()
        assert list(other.queryables()) == list(ITEMS)


@pytest.mark.parametrize(
    "name", ["", "a b", 'a"b', "x" * 101, "a\n", "datetime", "gsd", "collection", "properties.x"]
)
def test_what_is_no_name_is_refused(node: Node, name: str) -> None:
    with pytest.raises(Invalid):
        node.items.declare(name, "number")


def test_what_cannot_be_declared_is_said(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="number, text, time"):
        node.items.declare("a", "boolean")
    with pytest.raises(NotFound):
        node.items.undeclare("a")
    node.items.declare("a", "text")
    with pytest.raises(Conflict, match="already"):
        node.items.declare("a", "text")
    monkeypatch.setattr(item_declaring, "_MOST", 1)
    with pytest.raises(EstranError, match="slow every load"):
        node.items.declare("b", "text")


def test_an_index_answers_what_is_rare(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    """Few items are looked up by their value, wherever they stand in the order."""
    with open_node(tmp_path / "node") as node:
        node.load(lines(tmp_path / "a", map(item, range(3000))))
        node.items.declare(SUN, "number")
        store = node._house.catalogue
        with store._store.view() as view, store._items.view(view) as shown:
            from estran.catalogue import filters  # noqa: PLC0415

            known = shown.queryables()
            for text, most, expected in (
                (f'"{SUN}" BETWEEN 60 AND 62', 100, {n for n in range(3000) if 60 <= (sun(n) or 0) <= 62}),
                (f'"{SUN}" IN (61.5) AND "{SUN}" > 0', 100, {n for n in range(3000) if sun(n) == 61.5}),
                (f'"{SUN}" > 0', 100, None),
                (f"\"{SUN}\" = 61.5 OR id = 'x'", 100, None),
                (f'NOT ("{SUN}" = 61.5)', 100, None),
                ("gsd = 1", 100, None),
            ):
                got = shown.near((), None, filters.parse(text, known), most)
                assert (got is None) == (expected is None), text
                assert len(got or ()) == len(expected or ()), text

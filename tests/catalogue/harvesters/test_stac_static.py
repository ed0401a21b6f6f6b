"""A STAC catalogue of files, walked: real trees, circles, broken files and unchanged ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found, Mark
from estran.catalogue.harvesters.stac_static import HARVESTER
from estran.errors import Invalid
from estran.model import Item, Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, kept, missed, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def catalogue(name: str, *links: tuple[str, str], kind: str = "Catalog") -> dict[str, Any]:
    value = {
        "type": kind, "id": name, "stac_version": "1.0.0", "description": f"About {name}",
        "links": [{"rel": rel, "href": href} for rel, href in links],
    }  # fmt: skip
    if kind == "Collection":
        value |= {
            "license": "other",
            "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}},
        }
    return value


def item(name: str) -> dict[str, Any]:
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None, "links": [], "assets": {},
        "properties": {"datetime": "2020-01-01T00:00:00Z"}, "collection": "a",
    }  # fmt: skip


TREE = {
    "/catalog.json": catalogue(
        "root", ("child", "./a/collection.json"), ("child", "b/catalog.json#here"), ("root", "./catalog.json")
    ),
    "/a/collection.json": catalogue(
        "a", ("item", "1.json"), ("item", "./2.json"), ("child", "../c/catalog.json"), kind="Collection"
    ),
    "/b/catalog.json": catalogue(
        "b", ("child", "/c/catalog.json"), ("item", "../a/3.json"), ("child", "../catalog.json")
    ),
    "/c/catalog.json": catalogue("c", ("item", "4.json"), ("child", "../a/collection.json")),
} | {path: item(path) for path in ("/a/1.json", "/a/2.json", "/a/3.json", "/c/4.json")}
ALL = ["/a/collection.json", "/a/1.json", "/a/2.json", "/c/4.json", "/a/3.json"]


def files(tree: dict[str, Any]) -> Callable[[Asked], Answer | bytes]:
    def answer(asked: Asked) -> Answer | bytes:
        value = tree[asked.path]
        if isinstance(value, Answer | bytes):
            return value
        etag = f'"{asked.path}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(status=304, headers={"etag": etag})
        return Answer(as_json(value), headers={"etag": etag})

    return answer


def test_holds_its_contract_in_a_tree_with_circles() -> None:
    with serving(files(TREE)) as server, visiting(f"{server.url}/catalog.json", "stac") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == [server.url + path for path in ALL]
    assert not missed(events)
    assert server.paths().count("/c/catalog.json") <= server.paths().count("/catalog.json")


def test_what_is_held_is_asked_for_with_its_stamp_and_kept() -> None:
    with serving(files(TREE)) as server:
        stamps = {server.url + path: f'etag "{path}"' for path in ALL}
        with visiting(f"{server.url}/catalog.json", "stac", stamps=stamps) as visit:
            events = list(HARVESTER.changes(visit))
    assert found(events) == []
    assert kept(events) == [server.url + path for path in ALL]


def test_collections_alone_and_catalogues_too() -> None:
    with serving(files(TREE)) as server:
        with visiting(f"{server.url}/catalog.json", "stac", {"items": "no"}) as visit:
            assert found(HARVESTER.changes(visit)) == [server.url + ALL[0]]
        with visiting(f"{server.url}/catalog.json", "stac", {"items": "no", "catalogs": "yes"}) as visit:
            names = found(HARVESTER.changes(visit))
    assert sorted(names) == sorted(
        server.url + path for path in TREE if path.endswith(("catalog.json", "collection.json"))
    )


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Answer(b"", 404), "404"),
        (Answer(b"", 503), "503"),
        (b'{"type": "Feat', "not JSON"),
        (b"<html>Login</html>", "web page"),
        (b"[]", "no JSON object"),
    ],
)
@pytest.mark.parametrize("path", ["/a/1.json", "/c/catalog.json"])
def test_one_broken_file_is_missed_by_itself(path: str, fault: Answer | bytes, why: str) -> None:
    with (
        serving(files(TREE | {path: fault})) as server,
        visiting(f"{server.url}/catalog.json", "stac") as visit,
    ):
        events = list(HARVESTER.changes(visit))
    lost = {path, "/c/4.json"} if path.startswith("/c") else {path}
    assert found(events) == [server.url + one for one in ALL if one not in lost]
    (line,) = missed(events)
    assert line.startswith(server.url + path)
    assert why in line


def test_a_catalogue_without_end_is_read_to_its_bound() -> None:
    def answer(asked: Asked) -> bytes:
        depth = int(asked.path.strip("/") or 0)
        return as_json(catalogue(str(depth), ("child", f"/{depth + 1}"), kind="Collection"))

    with serving(answer) as server, visiting(f"{server.url}/0", "stac") as visit:
        events = list(HARVESTER.changes(visit))
    assert len(found(events)) == 32
    assert "catalogues deep" in missed(events)[0]


def test_a_mark_of_another_tree_passes_nothing_over() -> None:
    with serving(files(TREE)) as server:
        root = f"{server.url}/catalog.json"
        for position in (
            {"way": [root], "done": f"{server.url}/gone.json"},
            {"way": [root, f"{server.url}/gone.json"], "item": 1},
            {"way": ["https://elsewhere.example/catalog.json"], "item": 7},
        ):
            with visiting(root, "stac", position=position) as visit:
                assert found(HARVESTER.changes(visit)) == [server.url + path for path in ALL]


def test_many_items_have_marks_between_them() -> None:
    many = {f"/{number}.json": item(str(number)) for number in range(250)}
    tree = {"/catalog.json": catalogue("root", *(("item", f".{path}") for path in many))} | many
    with serving(files(tree)) as server, visiting(f"{server.url}/catalog.json", "stac") as visit:
        events = check_harvester(HARVESTER, visit, marks=3)
    assert len(found(events)) == 250
    assert sum(isinstance(event, Mark) for event in events) == 3


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', b"<html/>", b'{"id": "x", "stac_version": "1.0.0", "conformsTo": []}']
)
def test_what_is_no_catalogue_is_refused(body: bytes) -> None:
    with serving(lambda _: body) as server, visiting(server.url, "stac") as visit, pytest.raises(Invalid):
        list(HARVESTER.changes(visit))


def test_a_real_tree(shared_data: Path) -> None:
    folder = shared_data / "catalogue" / "stac" / "eodag" / "stac"

    def answer(asked: Asked) -> bytes:
        path = folder / asked.path.lstrip("/")
        if not path.is_file():
            raise KeyError(asked.path)
        return path.read_bytes()

    with serving(answer) as server, visiting(f"{server.url}/catalog.json", "stac") as visit:
        events = list(HARVESTER.changes(visit))
    values = [one for e in events if isinstance(e, Found) for one in formats.read(e.document)]
    here = list(folder.rglob("items/*/*.json"))
    assert sum(isinstance(value, Item) for value in values) == len(here) - len(
        [line for line in missed(events) if "/items/" in line and "404" not in line]
    )
    assert all(isinstance(value, Item | Record) for value in values)


def test_guesses_files_and_not_apis() -> None:
    assert HARVESTER.recognise("https://x/catalog.json", as_json(TREE["/catalog.json"])) >= 0.9
    api = b'{"type": "Catalog", "stac_version": "1.0.0", "id": "x", "conformsTo": []}'
    assert HARVESTER.recognise("https://x/", api) == 0.0

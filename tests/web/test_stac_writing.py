"""Writing by the STAC API: statuses, places, reasons; who may and who may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.test_stac import collection, item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from estran.node import Node

ITEMS = "/stac/collections/c/items"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with estran.open(tmp_path / "node") as opened:
        yield opened


def client_of(node: Node, role: str = "", centre: str = "") -> Client:
    """A client with a token of a role."""
    if not role:
        return Client(create_app(node))
    secret = node.tokens.create("someone", role, centre).secret
    return Client(create_app(node), Authorization=f"Bearer {secret}")


@pytest.fixture
def editor(node: Node) -> Client:
    """An editor who has made the collection “c”."""
    client = client_of(node, "editor", "coriolis")
    made = client.ask("POST", "/stac/collections", json=collection("c"))
    assert (made.status_code, made.headers["location"]) == (201, f"{BASE}/stac/collections/c")
    return client


def refused(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    for word in words:
        assert word in said["detail"] + said.get("where", "")


def test_an_item_comes_changes_and_goes(editor: Client) -> None:
    sent = item("c", 0)  # its id needs escapes
    made = editor.ask("POST", ITEMS, json=sent)
    assert made.status_code == 201, made.text
    assert made.headers["content-type"] == "application/geo+json"
    where = made.headers["location"]
    assert where == f"{BASE}{ITEMS}/a%2Fb%20%251"
    assert editor.json(where) == made.json()
    assert made.json()["properties"] == sent["properties"]
    refused(editor.ask("POST", ITEMS, json=sent), 409, "a/b %1", "PUT")
    sent["properties"]["platform"] = "other"
    put = editor.ask("PUT", where, json=sent)
    assert (put.status_code, put.content, put.headers.get("content-type")) == (204, b"", None)
    merge = {"Content-Type": "application/merge-patch+json"}
    patched = editor.ask("PATCH", where, content=b'{"properties": {"my:own": null}}', headers=merge)
    assert (patched.status_code, patched.content) == (204, b"")
    assert editor.json(where)["properties"]["platform"] == "other"
    assert "my:own" not in editor.json(where)["properties"]
    assert [editor.ask("DELETE", where).status_code for _ in range(2)] == [204, 204]
    refused(editor.get(where), 404)
    refused(editor.ask("PUT", where, json=sent), 404, "POST")
    refused(editor.ask("PATCH", where, json={}), 404)


def test_several_items_come_together_or_not_at_all(editor: Client) -> None:
    listed = [item("c", n) for n in range(1, 5)]
    bad = {"type": "FeatureCollection", "features": [*listed, {**item("c", 9), "properties": {}}]}
    refused(editor.ask("POST", ITEMS, json=bad), 400, "features[4]", "item-009", "datetime")
    assert editor.json(ITEMS)["features"] == []
    made = editor.ask("POST", ITEMS, json={"type": "FeatureCollection", "features": listed})
    assert (made.status_code, made.headers.get("location")) == (201, None)
    assert len(editor.json(ITEMS)["features"]) == 4
    again = {"type": "FeatureCollection", "features": [item("c", 7), item("c", 2)]}
    refused(editor.ask("POST", ITEMS, json=again), 409, "features[1]", "item-002")
    refused(editor.ask("POST", ITEMS, json={"type": "FeatureCollection"}), 400, "features")
    assert editor.ask("POST", ITEMS, json={"type": "FeatureCollection", "features": []}).status_code == 201
    assert len(editor.json(ITEMS)["features"]) == 4


def test_what_does_not_fit_is_refused_with_the_reason(editor: Client) -> None:
    refused(editor.ask("POST", ITEMS, content=b"{", headers=JSON), 400, "not JSON")
    refused(editor.ask("POST", ITEMS, content=b"[]", headers=JSON), 400, "neither")
    refused(editor.ask("POST", ITEMS, json={"type": "Feature"}), 400, "id")
    refused(editor.ask("POST", ITEMS, json={**item("c", 1), "collection": "d"}), 400, "collection", "“d”")
    assert editor.ask("POST", ITEMS, json=item("c", 1)).status_code == 201
    one = f"{ITEMS}/item-001"
    refused(editor.ask("PUT", one, json=item("c", 2)), 400, "item-002", "item-001")
    refused(editor.ask("PATCH", one, json={"id": "x"}), 400, "“x”")
    refused(editor.ask("POST", "/stac/collections/none/items", json=item("none", 1)), 404, "none")
    refused(editor.ask("POST", f"{ITEMS}?x=1", json=item("c", 5)), 400, "x")
    refused(editor.ask("PUT", one, json=item("c", 1), headers={"If-Match": '"x"'}), 400, "If-Match")


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("POST", ITEMS, "text/plain"),
        ("POST", ITEMS, "application/x-www-form-urlencoded"),
        ("PUT", f"{ITEMS}/i", "application/merge-patch+json"),
        ("PATCH", f"{ITEMS}/i", "application/geo+json"),
        ("POST", "/stac/collections", "application/geo+json"),
        ("PUT", "/stac/collections/c", "text/html"),
        ("PATCH", "/stac/collections/c", "application/json-patch+json"),
    ],
)
def test_media_types_that_are_not_read(editor: Client, method: str, path: str, given: str) -> None:
    answer = editor.ask(method, path, content=b"{}", headers={"Content-Type": given})
    refused(answer, 415, given, "application/")


WRITES: list[tuple[str, str, Any]] = [
    ("POST", ITEMS, item("c", 2)),
    ("PUT", f"{ITEMS}/item-001", item("c", 1)),
    ("PATCH", f"{ITEMS}/item-001", {}),
    ("DELETE", f"{ITEMS}/item-001", None),
    ("PUT", "/stac/collections/c", collection("c")),
    ("PATCH", "/stac/collections/c", {"title": "x"}),
    ("DELETE", "/stac/collections/c", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_who_may_write(node: Node, editor: Client, method: str, path: str, body: Any) -> None:
    assert editor.ask("POST", ITEMS, json=item("c", 1)).status_code == 201
    before = node.revision()
    nobody = client_of(node).ask(method, path, json=body)
    refused(nobody, 401, "token")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    refused(Client(create_app(node), Authorization="Bearer estran_no").ask(method, path, json=body), 401)
    refused(client_of(node, "reader", "coriolis").ask(method, path, json=body), 403, "editor")
    refused(client_of(node, "editor", "theia").ask(method, path, json=body), 403, "coriolis")
    assert node.revision() == before
    operator = client_of(node, "operator").ask(method, path, json=body)
    if path == "/stac/collections/c" and method == "DELETE":
        refused(operator, 409, "1 items")
    else:
        assert operator.status_code in (201, 204), operator.text


def test_who_may_add_collections(node: Node, editor: Client) -> None:
    refused(client_of(node).ask("POST", "/stac/collections", json=collection("d")), 401)
    reader = client_of(node, "reader", "coriolis")
    refused(reader.ask("POST", "/stac/collections", json=collection("d")), 403)
    refused(editor.ask("POST", "/stac/collections", json=collection("c")), 409, "“c”")
    assert node.items.collection("c").centre == "coriolis"


def test_a_collection_goes_round(editor: Client) -> None:
    """What is read can be sent back as it is, and says the same afterwards."""
    shown = editor.json("/stac/collections/c")
    assert editor.ask("PUT", "/stac/collections/c", json=shown).status_code == 204
    assert editor.json("/stac/collections/c") == shown
    assert editor.ask("PATCH", "/stac/collections/c", json={"title": "New"}).status_code == 204
    assert editor.json("/stac/collections/c") == {**shown, "title": "New"}
    assert editor.ask("DELETE", "/stac/collections/c").status_code == 204
    refused(editor.get("/stac/collections/c"), 404)
    refused(editor.ask("DELETE", "/stac/collections/c"), 404)


def test_an_item_goes_round(editor: Client) -> None:
    where = editor.ask("POST", ITEMS, json=item("c", 3)).headers["location"]
    shown = editor.json(where)
    assert editor.ask("PUT", where, json=shown).status_code == 204
    assert editor.json(where) == shown


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    with estran.open(tmp_path / "small", web={"request_bytes": 2048}) as node:
        client = client_of(node, "operator")
        assert client.ask("POST", "/stac/collections", json=collection("c")).status_code == 201
        refused(client.ask("POST", ITEMS, json=item("c", 1) | {"title": "x" * 3000}), 413)


def test_pages_of_other_sites_may_write(editor: Client) -> None:
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "PUT"}
    before = editor.ask("OPTIONS", f"{ITEMS}/i", headers=asked)
    assert {"POST", "PUT", "PATCH", "DELETE"} <= set(
        before.headers["access-control-allow-methods"].split(", ")
    )
    made = editor.ask("POST", ITEMS, json=item("c", 1))
    assert "Location" in made.headers["access-control-expose-headers"]


def test_the_change_log_names_who_wrote(node: Node, editor: Client) -> None:
    editor.ask("POST", ITEMS, json=item("c", 1))
    last = node.changes()[-1]
    assert (last.kind, last.id, last.op, last.actor) == ("item", "c/item-001", "add", "someone")


def test_it_says_that_it_writes(editor: Client) -> None:
    declared = editor.json("/stac")["conformsTo"]
    assert "https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction" in declared
    paths = editor.json("/stac/api")["paths"]
    assert {"post", "get"} <= paths["/collections/{collection}/items"].keys()
    assert {"get", "put", "patch", "delete"} <= paths["/collections/{collection}/items/{item}"].keys()
    assert {"get", "put", "patch", "delete"} <= paths["/collections/{collection}"].keys()
    assert json.dumps(paths).count('"415"') == 6

"""Limits, identity, caching and headers: what every request passes."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import TYPE_CHECKING

import pytest
from fastapi import Request  # noqa: TC002 - FastAPI reads the annotation

from estran.web import portal
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.conftest import ITEMS, id_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from estran.node import Node

ADDRESSES = ["/ogc", ITEMS, "/health", "/fr/", "/nothing/here", "/robots.txt", "/dcat"]


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_answer_is_safe(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    digest = base64.b64encode(hashlib.sha256(portal.import_map.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"]
    assert headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 16
    assert "server" not in headers
    assert "x-powered-by" not in headers


def test_open_data_is_open_to_scripts_of_other_sites(client: Client, salinity: str) -> None:
    for path in ("/ogc", ITEMS, f"/data/{salinity}.json", "/dcat.ttl", "/health", "/ogc/nothing"):
        found = client.get(path, Origin="https://other.example")
        assert found.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in found.headers
        assert "ETag" in found.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in client.get("/fr/", Origin="https://other.example").headers
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    before = client.ask("OPTIONS", ITEMS, headers=asked)
    assert before.status_code == 204
    assert "GET" in before.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "path", ["/ogc", f"{ITEMS}?limit=3", "/ogc/api", "/dcat?limit=2", "/fr/", "/sitemap.xml"]
)
def test_an_answer_that_is_held_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(path, If_None_Match=f'"other", {tag}')
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == tag
    assert client.get(path, accept="application/xml;q=0.1, */*;q=0.2").headers["etag"] != tag
    assert client.get(path, Accept_Language="en").headers["etag"] != tag


def test_a_change_makes_new_tags(node: Node) -> None:
    client = Client(create_app(node))
    before = client.get("/ogc").headers["etag"]
    node.organisations.edit("ocean", url="https://ocean.example")
    assert client.get("/ogc").headers["etag"] != before
    assert client.get("/ogc", If_None_Match=before).status_code == 200


def test_errors_are_not_held(client: Client) -> None:
    found = client.get("/ogc/nothing")
    assert "etag" not in found.headers
    assert found.headers["cache-control"] == "no-store"


def test_long_answers_are_packed(client: Client) -> None:
    packed = client.get("/ogc/api", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    plain = client.get("/ogc/api", Accept_Encoding="identity")
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert len(gzip.compress(plain.content)) * 1.3 > int(packed.headers["content-length"])
    assert "content-encoding" not in client.get("/health", Accept_Encoding="gzip").headers


@pytest.mark.parametrize(
    "path", ["/ogc", ITEMS, "/health", "/fr/", "/dcat.ttl?limit=all", "/ogc/nothing", "/robots.txt"]
)
def test_everything_can_be_asked_for_its_headers(client: Client, path: str) -> None:
    whole, head = client.get(path), client.ask("HEAD", path)
    assert head.status_code == whole.status_code
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]
    if "etag" in whole.headers:
        assert client.ask("HEAD", path, headers={"Accept": "*/*"}).headers["etag"] == whole.headers["etag"]


def test_too_much_is_refused(client: Client) -> None:
    long = client.get(f"{ITEMS}?q={'x' * 9000}")
    assert long.status_code == 414
    assert "8192" in long.json()["detail"]
    big = client.ask("POST", ITEMS, content=b"x" * 2_000_000)
    assert big.status_code == 413
    odd = client.ask("POST", ITEMS, headers={"Content-Length": "many"}, content=b"x")
    assert odd.status_code == 400


def test_a_body_of_unknown_length_is_counted(node: Node) -> None:
    app = create_app(node)

    @app.post("/taken")
    async def taken(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(await request.body())

    async def pieces():
        for _ in range(30):
            yield b"x" * 100_000

    assert Client(app).ask("POST", "/taken", content=b"x" * 1000).json() == 1000
    assert Client(app).ask("POST", "/taken", content=pieces()).status_code == 413


def test_tokens_show_more(app: FastAPI, node: Node) -> None:
    anyone = Client(app)
    secret = node.tokens.create("Anne", "reader", "coriolis").secret
    reader = Client(app, Authorization=f"Bearer {secret}")
    hidden = id_of(node, "secret")
    assert anyone.get(f"/data/{hidden}.json").status_code == 404
    found = reader.get(f"/data/{hidden}.json")
    assert found.status_code == 200
    assert found.headers["cache-control"] == "private, no-cache"
    assert reader.json(ITEMS)["numberMatched"] == anyone.json(ITEMS)["numberMatched"] + 1
    assert anyone.get(ITEMS).headers["etag"] != reader.get(ITEMS).headers["etag"]
    other = Client(app, Authorization=f"Bearer {node.tokens.create('Bo', 'reader', 'sedoo').secret}")
    assert other.get(f"/data/{hidden}.json").status_code == 404
    operator = Client(app, Authorization=f"bearer {node.tokens.create('Op', 'operator').secret}")
    assert operator.get(f"/data/{id_of(node, 'draft')}.json").status_code == 200


@pytest.mark.parametrize("given", ["Bearer wrong", "Basic YTpi", "Bearer ", "x"])
def test_a_token_that_is_not_good_is_refused(client: Client, given: str) -> None:
    found = client.get("/ogc", Authorization=given)
    assert found.status_code == 401
    assert found.headers["www-authenticate"].startswith("Bearer")
    assert found.headers["content-type"] == "application/problem+json"
    assert "oken" in found.json()["detail"]


def test_addresses_are_those_of_the_request_or_of_the_settings(client: Client, node: Node, tmp_path) -> None:
    assert client.json("/ogc")["links"][0]["href"] == "http://node.example/ogc"
    odd = client.get("/ogc", Host="evil.example/<script>")
    assert "evil" not in odd.text
    with type(node).open(tmp_path / "node", url="https://public.example/estran") as other:
        assert (
            Client(create_app(other)).json("/ogc")["links"][0]["href"] == "https://public.example/estran/ogc"
        )


def test_health(client: Client, node: Node) -> None:
    found = client.get("/health")
    assert found.json()["status"] == "ok"
    assert found.json()["records"] == 65
    assert found.headers["cache-control"] == "no-store"


def test_a_node_without_its_store_says_so(node: Node, tmp_path) -> None:
    with type(node).open(tmp_path / "node") as lost:
        client = Client(create_app(lost))
        assert client.get("/health").status_code == 200
        lost.close()
        database = lost.folder / "estran.db"
        database.unlink()
        database.mkdir()  # nothing can be opened there
        for path in ("/health", "/ogc", ITEMS):
            found = client.get(path)
            assert found.status_code == 503
            assert int(found.headers["retry-after"]) >= 1


def test_a_mistake_of_ours_tells_nothing_of_the_inside(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(node)

    @app.get("/broken")
    def broken() -> None:  # pyright: ignore[reportUnusedFunction]
        raise RuntimeError("the inner secret")

    found = Client(app).get("/broken")
    assert found.status_code == 500
    assert "secret" not in found.text
    assert found.json()["id"] in caplog.text
    assert "the inner secret" in caplog.text
    page = Client(app).get("/broken", accept="text/html")
    assert page.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    assert "secret" not in page.text

"""Signing in through a browser: who gets in, for how long, and who cannot make them do anything."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from starlette.requests import Request

import estran
from estran.access import sessions
from estran.errors import NotAllowed, NotFound
from estran.storage import schema
from estran.web import held, signing
from estran.web.app import create_app
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from estran.node import Node

OURS = {"Origin": "http://node.example"}
PAGE = "/en/sign-in"


@pytest.fixture(scope="module")
def node(open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with one public and one restricted record of a centre."""
    folder = tmp_path_factory.mktemp("signing")
    with open_node(folder / "node") as opened:
        for visibility in ("public", "restricted"):
            file = folder / f"{visibility}.json"
            document = {"@context": "https://schema.org/", "@type": "Dataset", "identifier": visibility}
            file.write_text(json.dumps({**document, "name": f"A {visibility} record"}))
            opened.load(file, centre="coriolis", visibility=visibility, source=visibility)
        yield opened


@pytest.fixture
def client(node: Node) -> Client:
    """A browser at an application that remembers no wrong try."""
    return Client(create_app(node), Accept="text/html")


def signed(client: Client, secret: str, asker: str = "", **more: str) -> httpx.Response:
    headers = {**OURS, "X-Forwarded-For": f"10.0.0.1, {asker}"} if asker else OURS
    return client.ask("POST", PAGE, data={"token": secret, **more}, headers=headers)


def cookie(client: Client, secret: str) -> str:
    found = signed(client, secret)
    assert found.status_code == 303, found.text
    return found.headers["set-cookie"].partition(";")[0]


def mark(client: Client, held: str) -> str:
    return Html(client.get(PAGE, Cookie=held).text).one("input", name="form")["value"]


def test_a_token_signs_in_and_the_header_says_who(client: Client, node: Node) -> None:
    token = node.tokens.create("Ada <b>", "reader", "coriolis")
    held = cookie(client, token.secret)
    page = client.get("/en/", Cookie=held)
    assert Html(page.text).one("a", class_="me").text == "Signed in: Ada <b>"
    assert page.headers["cache-control"] == "private, no-cache"
    assert Html(client.get("/en/").text).one("a", class_="me").text == "Sign in"
    mine = client.get("/en/sign-in.json", Cookie=held).json()
    assert mine["name"] == "Ada <b>"
    assert "secret" not in json.dumps(mine)


def test_the_cookie_is_for_this_node_alone(client: Client, node: Node) -> None:
    secret = node.tokens.create("Ada", "operator").secret
    given = signed(client, secret).headers["set-cookie"]
    assert given.startswith("estran=")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(given.split("; "))
    assert "Secure" not in given
    assert 0 < int(given.partition("Max-Age=")[2].partition(";")[0]) <= sessions.SESSION_S
    assert secret not in given
    safe = client.ask("POST", f"https://node.example{PAGE}", data={"token": secret})
    assert safe.headers["set-cookie"].startswith("__Host-estran=")
    assert "Secure" in safe.headers["set-cookie"].split("; ")


def test_a_cookie_shows_what_its_token_may_see_on_pages_alone(client: Client, node: Node) -> None:
    secret_id = node.search("restricted").records[0].id
    held = cookie(client, node.tokens.create("Ada", "reader", "coriolis").secret)
    for path in (f"/en/data/{secret_id}", f"/data/{secret_id}", f"/data/{secret_id}.json"):
        assert client.get(path).status_code == 404, path
        assert client.get(path, Cookie=held).status_code == 200, path
        assert client.get(path).status_code == 404, path
    api = f"/ogc/collections/records/items/{secret_id}"
    assert client.get(api, Cookie=held).status_code == 404
    assert client.ask("POST", "/stac/collections", headers={"Cookie": held}, json={}).status_code == 401
    other = cookie(client, node.tokens.create("Bob", "reader", "cnes-toulouse").secret)
    assert client.get(f"/en/data/{secret_id}", Cookie=other).status_code == 404


def test_what_is_not_good_does_not_sign_in(client: Client, node: Node) -> None:
    revoked, expired = node.tokens.create("R", "operator"), node.tokens.create("E", "operator")
    node.tokens.revoke(revoked.id)
    age(node, expired.id)
    for secret in ("", "estran_wrong", revoked.secret, expired.secret):
        found = signed(client, secret)
        assert (found.status_code, "set-cookie" in found.headers) == (401, False)
        field = Html(found.text).one("input", id="token")
        assert field["aria-invalid"] == "true"
        assert "token-wrong" in field["aria-describedby"]
        assert "value" not in field.attributes


def age(node: Node, token: str) -> None:
    """Let a token have expired."""
    with node._house.database.write() as connection:  # pyright: ignore[reportPrivateUsage]
        t = schema.token
        connection.execute(update(t).where(t.c.id == token).values(expires=1))


@pytest.mark.parametrize("ends", ["revoked", "expired"])
def test_a_token_takes_its_sessions_with_it(client: Client, node: Node, ends: str) -> None:
    token = node.tokens.create("Ada", "operator")
    held = cookie(client, token.secret)
    assert client.get("/en/harvest", Cookie=held).status_code == 200
    tag = client.get("/en/", Cookie=held).headers["etag"]
    node.tokens.revoke(token.id) if ends == "revoked" else age(node, token.id)
    gone = client.get("/en/harvest", accept="text/html", Cookie=held)
    assert gone.status_code == 401
    assert 'href="/en/sign-in?next=/en/harvest"' in gone.text
    assert client.get("/en/", Cookie=held, If_None_Match=tag).status_code == 200


def test_a_session_ends_by_itself_and_cannot_be_forged(
    client: Client, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = cookie(client, node.tokens.create("Ada", "operator").secret)
    name, _, proof = held.partition("=")
    id_, until, nonce, signature = proof.split(".")
    for forged in (
        f"{id_}.{int(until) + 1}.{nonce}.{signature}", f"{id_}.{until}.{nonce}.{signature[:-1]}0f", "x", ".", "é",
        f"{id_}.{until}.{nonce}.", "a" * 5000,
    ):  # fmt: skip
        found = client.ask("GET", "/en/harvest", headers={"Cookie": f"{name}={forged}".encode()})
        assert found.status_code == 401, forged
    with pytest.raises(NotAllowed):
        node.tokens.session(f"{id_}.{until}.{nonce}.{signature[::-1]}")
    monkeypatch.setattr(sessions.time, "time", lambda: int(until) + 1)
    assert client.get("/en/harvest", Cookie=held).status_code == 401


def test_signing_out_forgets_and_needs_the_form_of_the_page(client: Client, node: Node) -> None:
    held = cookie(client, node.tokens.create("Ada", "operator").secret)
    for form in ({"a": "b"}, {"form": "wrong"}, {"form": "é"}):
        refused = client.ask("POST", "/en/sign-out", data=form, headers={"Cookie": held, **OURS})
        assert refused.status_code == 403, form
    another = cookie(client, node.tokens.create("Eve", "operator").secret)
    stolen = {"form": mark(client, another)}
    assert (
        client.ask("POST", "/en/sign-out", data=stolen, headers={"Cookie": held, **OURS}).status_code == 403
    )
    out = client.ask(
        "POST", "/en/sign-out", data={"form": mark(client, held)}, headers={"Cookie": held, **OURS}
    )
    assert (out.status_code, out.headers["location"]) == (303, "/en/")
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert client.ask("POST", "/en/sign-out", data={"form": "x"}).status_code == 401


def test_a_copy_of_the_cookie_is_no_good_after_signing_out(client: Client, node: Node) -> None:
    token = node.tokens.create("Ada", "operator")
    copied, elsewhere = cookie(client, token.secret), cookie(client, token.secret)
    form = {"form": mark(client, copied)}
    page = client.get("/en/harvest", Cookie=copied)
    assert page.status_code == 200
    assert (
        client.ask("POST", "/en/sign-out", data=form, headers={"Cookie": copied, **OURS}).status_code == 303
    )
    assert client.get("/en/harvest", accept="text/html", Cookie=copied).status_code == 401
    assert Html(client.get("/en/", Cookie=copied).text).one("a", class_="me").text == "Sign in"
    assert (
        client.ask("POST", "/en/sign-out", data=form, headers={"Cookie": copied, **OURS}).status_code == 401
    )
    assert client.get("/en/harvest", Cookie=elsewhere).status_code == 200, "another browser's session goes on"
    with estran.open(node.folder, storage={"database": node.settings.storage.database}) as again:
        held = Client(create_app(again))
        assert held.get("/en/harvest", accept="text/html", Cookie=copied).status_code == 401, "a restart too"
        assert held.get("/en/harvest", accept="text/html", Cookie=elsewhere).status_code == 200


def test_the_operator_ends_all_sessions_of_a_token(client: Client, node: Node) -> None:
    token, other = node.tokens.create("Ada", "operator"), node.tokens.create("Bob", "operator")
    cookies = [cookie(client, token.secret) for _ in range(3)]
    spared = cookie(client, other.secret)
    assert node.tokens.end_sessions(token.id) == 3
    for one in cookies:
        assert client.get("/en/harvest", Cookie=one).status_code == 401
    assert client.get("/en/harvest", Cookie=spared).status_code == 200
    assert node.tokens.end_sessions(token.id) == 0
    assert client.get("/en/harvest", Cookie=cookie(client, token.secret)).status_code == 200, (
        "the token is good"
    )
    with pytest.raises(NotFound):
        node.tokens.end_sessions("nothing")


def test_what_is_over_is_not_kept(client: Client, node: Node) -> None:
    token = node.tokens.create("Ada", "operator")
    cookie(client, token.secret)
    s = schema.session
    with node._house.database.write() as connection:  # pyright: ignore[reportPrivateUsage]
        connection.execute(update(s).where(s.c.token == token.id).values(until=1))
    cookie(client, node.tokens.create("Eve", "operator").secret)
    with node._house.database.read() as connection:  # pyright: ignore[reportPrivateUsage]
        assert not connection.execute(select(s.c.id).where(s.c.token == token.id)).all()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://other.example"}, {"Origin": "null"}, {"Origin": "http://node.example.evil"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://node.example"},
    ],
)  # fmt: skip
def test_forms_of_other_sites_are_refused(client: Client, node: Node, headers: dict[str, str]) -> None:
    token = node.tokens.create("Ada", "operator")
    assert client.ask("POST", PAGE, data={"token": token.secret}, headers=headers).status_code == 403
    held = cookie(client, token.secret)
    form = {"form": mark(client, held)}
    found = client.ask("POST", "/en/sign-out", data=form, headers={"Cookie": held, **headers})
    assert found.status_code == 403
    plain = {"Content-Type": "text/plain", "Cookie": held}
    assert client.ask("POST", "/en/sign-out", content=b"form=x", headers=plain).status_code == 415


def test_wrong_tries_are_slowed_and_others_are_not(
    client: Client, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = node.tokens.create("Ada", "operator").secret
    guesser, other = "203.0.113.7", "203.0.113.8"
    later = time.monotonic()
    monkeypatch.setattr(signing.time, "monotonic", lambda: later)
    for _ in range(5):
        assert signed(client, "estran_guess", guesser).status_code == 401
    waiting = signed(client, good, guesser)
    assert waiting.status_code == 429
    assert 1 <= int(waiting.headers["retry-after"]) <= 2
    assert "set-cookie" not in waiting.headers
    assert signed(client, good, other).status_code == 303
    later += 3
    assert signed(client, "estran_guess", guesser).status_code == 401
    assert int(signed(client, good, guesser).headers["retry-after"]) == 4
    for _ in range(20):
        later += 1000
        signed(client, "estran_guess", guesser)
    assert signed(client, good, guesser).status_code == 429
    later += 901
    assert signed(client, good, guesser).status_code == 303


def asked(peer: str, forwarded: str = "") -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "client": (peer, 1), "headers": headers})


def test_tries_are_counted_by_who_asks_and_within_bounds() -> None:
    tries = signing.Tries()
    for n in range(20):
        tries.failed(asked(f"2a01:cb00::{n}"))
        tries.failed(asked("127.0.0.1"))
    assert tries.wait_s(asked("2a01:cb00::abcd")) > 100
    assert tries.wait_s(asked("2a01:cb01::1")) == 0
    # What a stranger says of others is not believed; what nobody tells apart is not kept out for long.
    assert tries.wait_s(asked("2a01:cb00::1", "198.51.100.1")) > 100
    assert 0 < tries.wait_s(asked("127.0.0.1")) <= 2
    assert 0 < tries.wait_s(asked("::1", "nonsense")) <= 2
    for n in range(5000):
        tries.failed(asked("127.0.0.1", f"198.18.{n // 256}.{n % 256}"))
    assert len(tries._wrong) <= 4096  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("to", "where"),
    [
        ("/fr/data/x?a=1", "/fr/data/x?a=1"), ("/data/x", "/data/x"), ("https://other.example/", "/en/harvest"),
        ("//other.example/", "/en/harvest"), ("/en//other.example", "/en/harvest"), ("/\\other.example", "/en/harvest"),
        ("/en/\\other", "/en/harvest"), ("/en/a\r\nSet-Cookie: x", "/en/harvest"), ("", "/en/harvest"),
    ],
)  # fmt: skip
def test_the_way_back_stays_here(client: Client, node: Node, to: str, where: str) -> None:
    found = signed(client, node.tokens.create("Ada", "operator").secret, next=to)
    assert found.headers["location"] == where
    if where == to:
        assert Html(client.get(f"{PAGE}?next={to.replace('?', '%3F')}").text).one("input", name="next")["value"] == to  # fmt: skip


def test_nothing_of_it_is_held_or_logged(
    client: Client, node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    secret = node.tokens.create("Ada", "operator").secret
    with caplog.at_level(logging.DEBUG):
        held = cookie(client, secret)
        signed(client, "estran_misspelt")
        page = client.get(PAGE, Cookie=held)
        client.get("/en/harvest", Cookie=held)
    assert page.headers["cache-control"] == "private, no-store"
    assert "etag" not in page.headers
    assert not [said for said in (secret, "misspelt", held) if said in caplog.text]
    assert client.get(PAGE, Cookie=held).text != client.get(PAGE).text


def test_what_someone_sees_is_neither_held_for_others_nor_taken_from_them(
    client: Client, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, taken = list[object](), list[object]()
    get, hold = held.Held.get, held.Held.put
    monkeypatch.setattr(held.Held, "get", lambda self, key: taken.append(found := get(self, key)) or found)
    monkeypatch.setattr(held.Held, "put", lambda self, *given: put.append(given) or hold(self, *given))
    mine = cookie(client, node.tokens.create("Ada", "reader", "coriolis").secret)
    for path in ("/en/centres", "/en/sign-in", "/en/centres.json"):
        node.revision()
        assert client.get(path, accept="text/html", Cookie=mine).status_code == 200
        assert (put, taken) == ([], [])
    assert client.get("/en/sign-in", accept="text/html").status_code == 200
    assert put == []
    node.revision()
    assert client.get("/en/centres", accept="text/html").status_code == 200
    assert len(put) == 1
    assert taken == [None, None]


def test_a_token_that_ends_soon_ends_its_session(node: Node) -> None:
    token = node.tokens.create("Ada", "operator", days=1)
    with node._house.database.write() as connection:  # pyright: ignore[reportPrivateUsage]
        soon = int(time.time()) + 60
        connection.execute(
            update(schema.token).where(schema.token.c.id == token.id).values(expires=soon * 1_000_000)
        )
    assert node.tokens.sign_in(token.secret).until == soon


def test_two_nodes_do_not_know_each_others_sessions(node: Node, tmp_path: Path) -> None:
    proof = node.tokens.sign_in(node.tokens.create("Ada", "operator").secret).proof
    with estran.open(tmp_path / "node") as other, pytest.raises(NotAllowed):
        other.tokens.session(proof)

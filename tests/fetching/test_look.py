"""The beginning of an answer, and nothing more of it."""

from __future__ import annotations

import gzip
import time

import pytest

from estran.errors import Invalid, NotAllowed, Unavailable
from estran.fetching import Fetcher, Policy, addresses
from tests.fetching.serving import Answer, serving

QUICK = {"private": True, "per_second": 0.0, "attempts": 1, "timeout_s": 30.0, "robots": False}


def look(answer, path="/", *, policy=None, first=10, **how):
    with serving(answer) as server, Fetcher(Policy(**QUICK | (policy or {}))) as f:
        return f.look(server.url + path, first=first, **how), server


def test_only_so_many_bytes_are_asked_for_and_read():
    sent = 0

    def endless():
        nonlocal sent
        while sent < 1 << 30:
            sent += 1 << 16
            yield b"x" * (1 << 16)

    reply, server = look(lambda _: Answer(endless()))
    assert (reply.body, reply.whole, reply.status) == (b"x" * 10, False, 200)
    assert server.asked[0].headers["range"] == "bytes=0-9"
    assert server.asked[0].headers["accept-encoding"] == "identity"
    time.sleep(0.1)
    assert sent < 1 << 25


def test_a_short_answer_is_whole_and_a_server_may_be_left_untold():
    reply, server = look(lambda _: b"short", ranged=False)
    assert (reply.body, reply.whole) == (b"short", True)
    assert "range" not in server.asked[0].headers


def test_what_is_compressed_although_nobody_asked_is_read():
    body = gzip.compress(b"y" * 100_000)
    reply, _ = look(lambda _: Answer(body, headers={"content-encoding": "gzip"}))
    assert (reply.body, reply.whole) == (b"y" * 10, False)


@pytest.mark.parametrize("status", [206, 400, 401, 403, 404, 410, 416, 429, 500, 503])
def test_every_status_is_an_answer(status):
    reply, server = look(lambda _: Answer(b"said", status))
    assert (reply.status, reply.body) == (status, b"said")
    assert len(server.asked) == 1


def test_where_permanent_redirects_lead_is_told_until_one_is_not():
    steps = {
        "/a": Answer(status=301, headers={"location": "/b"}),
        "/b": Answer(status=308, headers={"location": "/c"}),
        "/c": Answer(status=302, headers={"location": "/d"}),
        "/d": Answer(status=301, headers={"location": "/e"}),
        "/e": Answer(b"here"),
    }
    reply, server = look(lambda a: steps[a.path], "/a")
    assert (reply.url, reply.moved) == (f"{server.url}/e", f"{server.url}/c")
    assert [a.headers["range"] for a in server.asked] == ["bytes=0-9"] * 5
    assert look(lambda a: steps[a.path], "/c")[0].moved == ""
    assert look(lambda a: steps[a.path], "/e")[0].moved == ""


def test_the_rules_of_all_fetching_hold():
    with pytest.raises(NotAllowed, match="no address of the public internet"):
        look(lambda _: b"", policy={"private": False})
    with pytest.raises(NotAllowed, match=r"robots\.txt"):
        look(lambda _: b"User-agent: *\nDisallow: /", policy={"robots": True})
    with pytest.raises(Unavailable):
        look(lambda _: Answer([b"ab", None], headers={"content-length": "50"}))
    with pytest.raises(Invalid, match="redirects more than"):
        look(lambda _: Answer(status=301, headers={"location": "/"}))


def test_a_redirect_into_a_closed_network_is_not_followed(monkeypatch):
    monkeypatch.setattr(addresses, "within_reach", lambda ip: ip == "127.0.0.1")
    with (
        serving(
            lambda _: Answer(status=302, headers={"location": "http://169.254.169.254/latest"})
        ) as server,
        Fetcher(Policy(**QUICK | {"private": False})) as f,
        pytest.raises(NotAllowed, match=r"169\.254"),
    ):
        f.look(server.url, first=10)

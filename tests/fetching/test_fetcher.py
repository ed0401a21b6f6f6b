from __future__ import annotations

import gzip
import threading
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from estran.errors import Invalid, NotAllowed, Unavailable
from estran.fetching import Fetcher, Policy, TooSlow
from tests.fetching.serving import Answer, serving

QUICK = {"private": True, "per_second": 0.0, "first_wait_s": 0.001, "robots": False}


def fetcher(**more):
    return Fetcher(Policy(**{**QUICK, **more}))


def ask(answer, path="/", *, policy=None, **how):
    with serving(answer) as server, fetcher(**policy or {}) as f:
        return f.get(server.url + path, **how), server


def test_an_answer_has_its_address_its_headers_and_its_body():
    reply, server = ask(
        lambda a: Answer(a.query["q"].encode(), headers={"Content-Type": "Text/XML; charset=x"}),
        "/x?a=1",
        params={"q": "é & ü"},
        accept="text/xml",
    )
    assert (reply.status, reply.media_type, reply.body.decode()) == (200, "text/xml", "é & ü")
    assert reply.url.startswith(server.url + "/x?a=1&q=")
    assert server.asked[0].headers["accept"] == "text/xml"
    assert server.asked[0].headers["user-agent"] == "Estran"


def test_what_did_not_change_is_said_so():
    def answer(a):
        if a.headers.get("if-none-match") == '"1"' and a.headers.get("if-modified-since") == "yesterday":
            return Answer(status=304)
        return b"new"

    assert ask(answer, etag='"1"', modified="yesterday")[0].status == 304
    assert ask(answer, etag='"2"', modified="yesterday")[0].body == b"new"


def test_a_question_may_be_posted():
    with serving(lambda a: a.method.encode() + a.body) as server, fetcher() as f:
        assert f.post(server.url, b"<q/>", "application/xml").body == b"POST<q/>"
        assert server.asked[0].headers["content-type"] == "application/xml"


@pytest.mark.parametrize(
    ("status", "method"), [(301, "POST"), (302, "POST"), (307, "POST"), (308, "POST"), (303, "GET")]
)
def test_a_posted_question_is_asked_again_where_it_is_sent(status, method):
    def answer(a):
        return (
            Answer(status=status, headers={"location": "there"})
            if a.path == "/"
            else a.method.encode() + a.body
        )

    with serving(answer) as server, fetcher() as f:
        reply = f.post(server.url, b"q" if method == "POST" else b"", "text/plain")
        assert reply.body.startswith(method.encode())
        assert reply.url == server.url + "/there"


def test_five_redirects_are_followed_and_no_more():
    def answer(a):
        n = int(a.path.strip("/"))
        return Answer(status=302, headers={"location": f"/{n - 1}"}) if n else b"end"

    assert ask(answer, "/5")[0].body == b"end"
    with pytest.raises(Invalid, match="redirects more than 5"):
        ask(answer, "/6")


def test_a_name_and_password_go_to_their_own_server_only_and_into_no_message():
    with serving(lambda a: a.headers.get("authorization", "none").encode()) as other:

        def answer(a):
            if a.path == "/away":
                return Answer(status=302, headers={"location": other.url + "/"})
            if a.path == "/near":
                return Answer(status=302, headers={"location": "/here"})
            if a.path == "/bad":
                raise KeyError
            return a.headers.get("authorization", "none").encode()

        with serving(answer) as server, fetcher() as f:
            known = server.url.replace("http://", "http://me:s3cr%40t@")
            assert f.get(known + "/").body == b"Basic bWU6czNjckB0"
            assert f.get(known + "/near").body == b"Basic bWU6czNjckB0"
            assert f.get(known + "/away").body == b"none"
            assert "s3cr" not in f.get(known + "/").url
            with pytest.raises(Invalid) as raised:
                f.get(known + "/bad")
            assert "s3cr" not in str(raised.value)
            assert "404 Not Found" in str(raised.value)


def test_no_cookies_are_kept():
    def answer(a):
        return Answer(a.headers.get("cookie", "none").encode(), headers={"set-cookie": "a=1"})

    with serving(answer) as server, fetcher() as f:
        f.get(server.url)
        assert f.get(server.url).body == b"none"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(status):
    times = iter([0, 1])
    reply, server = ask(lambda _: Answer(status=status) if next(times, None) is not None else b"now")
    assert reply.body == b"now"
    assert len(server.asked) == 3


def test_a_server_that_stays_busy_is_given_up():
    with serving(lambda _: Answer(status=503)) as server, fetcher(attempts=3) as f:
        with pytest.raises(Unavailable, match="503 Service Unavailable"):
            f.get(server.url)
        assert len(server.asked) == 3


@pytest.mark.parametrize("dated", [False, True])
def test_a_server_says_when_to_come_back(dated):
    times = iter([0])
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1.6), usegmt=True) if dated else "1"
    begun = time.monotonic()
    ask(
        lambda _: (
            Answer(status=503, headers={"retry-after": soon}) if next(times, None) is not None else b"now"
        )
    )
    assert 0.5 < time.monotonic() - begun < 30


def test_who_is_to_wait_too_long_goes():
    with serving(lambda _: Answer(status=429, headers={"retry-after": "3600"})) as server, fetcher() as f:
        with pytest.raises(Unavailable) as raised:
            f.get(server.url)
        assert raised.value.retry_after_s == 3600
        assert len(server.asked) == 1


def test_refusals_are_not_asked_again_unless_wanted():
    with serving(lambda _: Answer(b"why", 410)) as server, fetcher() as f:
        with pytest.raises(Invalid, match="410 Gone"):
            f.get(server.url)
        reply = f.get(server.url, through=frozenset({410}))
        assert (reply.status, reply.body) == (410, b"why")
        assert len(server.asked) == 2


def test_a_failing_server_is_not_available():
    with serving(lambda _: Answer(status=500)) as server, fetcher() as f:
        with pytest.raises(Unavailable, match="500"):
            f.get(server.url)
        assert len(server.asked) == 1


def test_nobody_there_is_not_available():
    with serving(lambda _: b"") as server:
        gone = server.url
    with fetcher(attempts=2) as f, pytest.raises(Unavailable, match="out of reach"):
        f.get(gone)


def test_an_answer_that_breaks_off_is_asked_for_again():
    times = iter([0, 1])

    def answer(_):
        if next(times, None) is not None:
            return Answer([b"half", None], headers={"content-length": "8"})
        return b"complete"

    assert ask(answer)[0].body == b"complete"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "raw", "members", "identity"])
def test_compressed_answers_are_read(encoding):
    plain = b"turbidity " * 300_000
    raw = zlib.compressobj(wbits=-15)
    body, name = {
        "gzip": (gzip.compress(plain), "gzip"),
        "x-gzip": (gzip.compress(plain) + b"\0\0rubbish", "X-GZIP"),
        "deflate": (zlib.compress(plain), "deflate"),
        "raw": (raw.compress(plain) + raw.flush(), "deflate"),
        "members": (gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]), "gzip"),
        "identity": (plain, "identity"),
    }[encoding]
    assert ask(lambda _: Answer(body, headers={"content-encoding": name}))[0].body == plain


def test_a_compressed_answer_that_breaks_off_is_asked_for_again_and_given_up():
    body = gzip.compress(bytes(range(256)) * 4000)
    for bad in (body[:-20], b"no gzip"):
        with serving(lambda _, b=bad: Answer(b, headers={"content-encoding": "gzip"})) as server:
            with fetcher(attempts=2) as f, pytest.raises(Unavailable):
                f.get(server.url)
            assert len(server.asked) == 2


def test_an_unknown_compression_is_refused():
    with pytest.raises(Invalid, match="compressed with “br”"):
        ask(lambda _: Answer(b"x", headers={"content-encoding": "br"}))


def test_a_bomb_of_compressed_zeros_stops_at_the_bound():
    bomb = gzip.compress(bytes(200 << 20), 9)
    begun = time.process_time()
    with pytest.raises(Invalid, match=r"longer than 1,048,576 bytes"):
        ask(lambda _: Answer(bomb, headers={"content-encoding": "gzip"}), policy={"answer_bytes": 1 << 20})
    assert time.process_time() - begun < 2


def test_an_endless_answer_stops_at_the_bound():
    def endless():
        while True:
            yield bytes(100_000)

    with pytest.raises(Invalid, match="longer than"):
        ask(lambda _: Answer(endless()), policy={"answer_bytes": 1 << 20})


def test_a_server_that_is_too_slow_is_not_asked_again_where_less_may_be():
    ended = threading.Event()

    def answer(_):
        ended.wait(60)
        return b""

    with serving(answer) as server, fetcher(timeout_s=0.1, attempts=3) as f:
        try:
            with pytest.raises(TooSlow, match="silent or slow"):
                f.get(server.url, less=True)
            assert server.paths().count("/") == 1
        finally:
            ended.set()
    with serving(lambda _: Answer(b"", 504)) as server, fetcher(attempts=3) as f:
        with pytest.raises(TooSlow, match="504"):
            f.get(server.url, less=True)
        with pytest.raises(Unavailable, match="504"):
            f.get(server.url)
        assert server.paths().count("/") == 4


def test_a_silent_server_is_given_up():
    def answer(_):
        time.sleep(0.5)
        return b"late"

    with pytest.raises(Unavailable, match="silent or slow"):
        ask(answer, policy={"timeout_s": 0.1, "attempts": 1})


@pytest.mark.parametrize("where", ["body", "head"])
def test_a_server_that_drips_is_given_up(where, monkeypatch):
    """Each byte comes in time, and the whole never does; it is not begun anew."""

    def drip():
        for _ in range(1000):
            time.sleep(0.05)
            yield b"x"

    def slowly(self):
        for byte in b"".join(self._headers_buffer):
            time.sleep(0.3)
            self.wfile.write(bytes([byte]))
        self._headers_buffer = []

    if where == "head":
        monkeypatch.setattr(BaseHTTPRequestHandler, "flush_headers", slowly)
    begun = time.monotonic()
    with serving(lambda _: Answer(drip())) as server, fetcher(timeout_s=20.0, whole_s=0.6) as f:
        with pytest.raises(Unavailable):
            f.get(server.url)
        assert len(server.asked) == 1
    assert time.monotonic() - begun < 20


def test_a_host_is_asked_at_its_pace_by_all_threads_together():
    with serving(lambda _: b"") as server, fetcher(per_second=20.0) as f:
        begun = time.monotonic()
        threads = [threading.Thread(target=f.get, args=(server.url,)) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begun >= 0.39
        assert len(server.asked) == 9


RULES = b"""User-agent: *
Disallow: /all
Crawl-delay: 0.2

User-agent: Estran
Disallow: /private/
"""


def test_robots_are_obeyed_and_asked_once():
    with serving(lambda a: RULES if a.path == "/robots.txt" else b"x") as server:
        with fetcher(robots=True) as f:
            assert f.get(server.url + "/all").body == b"x"
            with pytest.raises(NotAllowed, match=r"robots\.txt asks Estran to stay away"):
                f.get(server.url + "/private/x")
            f.get(server.url + "/other")
        assert server.paths().count("/robots.txt") == 1
        assert "/private/x" not in server.paths()
        with fetcher(robots=True, agent="Somebody") as f, pytest.raises(NotAllowed):
            f.get(server.url + "/all")
        with fetcher(robots=False) as f:
            assert f.get(server.url + "/private/x").body == b"x"


def test_a_redirect_to_what_robots_forbid_is_not_followed():
    def answer(a):
        if a.path == "/robots.txt":
            return RULES
        return Answer(status=302, headers={"location": "/private/x"}) if a.path == "/" else b"x"

    with serving(answer) as server, fetcher(robots=True) as f, pytest.raises(NotAllowed):
        f.get(server.url + "/")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_no_robots_forbid_nothing(status):
    def answer(a):
        return Answer(status=status) if a.path == "/robots.txt" else b"x"

    with serving(answer) as server, fetcher(robots=True) as f:
        assert f.get(server.url + "/").body == b"x"


def test_robots_that_cannot_be_read_forbid_all_for_now():
    def answer(a):
        return Answer(status=500) if a.path == "/robots.txt" else b"x"

    with (
        serving(answer) as server,
        fetcher(robots=True) as f,
        pytest.raises(Unavailable, match=r"robots\.txt"),
    ):
        f.get(server.url + "/")

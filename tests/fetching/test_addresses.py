from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from estran.errors import Invalid, NotAllowed
from estran.fetching import Fetcher, Policy
from estran.fetching.addresses import within_reach
from tests.fetching.serving import Answer, serving

CLOSED = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "192.88.99.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "3fff::1",
    "100::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "4000::1",
]
OPEN = [
    "1.1.1.1",
    "93.184.215.14",
    "193.52.1.1",
    "2606:4700::1",
    "2a01:e0a::1",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("address", CLOSED)
def test_addresses_that_are_not_of_the_public_internet_are_out_of_reach(address):
    assert not within_reach(address)


@pytest.mark.parametrize("address", OPEN)
def test_addresses_of_the_public_internet_are_within_reach(address):
    assert within_reach(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0"]
)
def test_loopback_is_refused_however_it_is_written(host):
    with serving(lambda _: b"secret") as server, Fetcher(Policy(robots=False)) as fetcher:
        with pytest.raises(NotAllowed, match="allow_private"):
            fetcher.get(server.url.replace("127.0.0.1", host))
        assert not server.asked


def test_a_redirect_into_a_private_network_is_refused(monkeypatch):
    """The first host is let through as if it were public; where it sends us is checked all the same."""
    monkeypatch.setattr("estran.fetching.addresses.within_reach", lambda a: a == "127.0.0.1")
    here = {"location": "http://169.254.169.254/latest/meta-data"}
    with (
        serving(lambda _: Answer(status=302, headers=here)) as server,
        Fetcher(Policy(robots=False)) as fetcher,
        pytest.raises(NotAllowed, match=r"169\.254\.169\.254"),
    ):
        fetcher.get(server.url)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/x", "gopher://x/", "data:,x"])
def test_only_http_is_followed(target):
    with (
        serving(lambda _: Answer(status=302, headers={"location": target})) as server,
        Fetcher(Policy(robots=False, private=True)) as fetcher,
        pytest.raises(Invalid),
    ):
        fetcher.get(server.url)


@pytest.mark.parametrize(
    "url", ["", "example.org", "file:///etc/passwd", "http://", "http://[::1", "http://a:b:c/"]
)
def test_what_is_no_address_is_invalid(url):
    with Fetcher() as fetcher, pytest.raises(Invalid):
        fetcher.get(url)


def test_a_name_that_answers_differently_a_second_time_gains_nothing(monkeypatch):
    """The connection goes to the address that was checked, not to what the name says meanwhile."""
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    plain = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        return plain(next(answers) if host == "rebinding.test" else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Fetcher(Policy(robots=False)) as fetcher:
        with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"93\.184\.215\.14"):
            fetcher.get("http://rebinding.test:9/")
        with pytest.raises(NotAllowed, match=r"rebinding\.test \(127\.0\.0\.1\)"):
            fetcher.get("http://rebinding.test:9/")


def test_the_environment_names_no_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(lambda _: b"here") as server, Fetcher(Policy(private=True)) as fetcher:
        assert fetcher.get(server.url).body == b"here"

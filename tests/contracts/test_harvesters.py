"""Every harvest protocol that is installed describes itself, and guesses without falling over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from estran.catalogue import harvesters

if TYPE_CHECKING:
    from estran.catalogue.harvesters import Harvester

BODIES = (
    b"", b"\0" * 5000, b"\xff\xfe", b"<", b"<a/>", b"{", b"{}", b"[]", b"null", b'{"links": 3}', b"[" * 20_000,
    b"<a>" * 20_000, "é".encode("latin-1") * 100, bytes(range(256)) * 40, b"<html><pre>", b"PK\x03\x04",
)  # fmt: skip
URLS = ("", "https://example.org/", "no address", "/a/folder", "https://example.org/é?x=1#y")


@pytest.mark.parametrize("harvester", harvesters.every(), ids=lambda one: one.name)
def test_a_protocol_describes_itself(harvester: Harvester) -> None:
    assert harvesters.find(harvester.name) is harvester
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", harvester.name)
    assert harvester.title.strip()
    assert harvester.tells_gone in {"listed", "said", "never"}
    for option, meaning in harvester.options.items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", option)
        assert meaning.strip()


@pytest.mark.parametrize("harvester", harvesters.every(), ids=lambda one: one.name)
def test_a_protocol_guesses_whatever_it_is_shown(harvester: Harvester) -> None:
    for url in URLS:
        for body in BODIES:
            assert 0.0 <= harvester.recognise(url, body) <= 1.0

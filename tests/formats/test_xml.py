"""XML of strangers: what is read, what is refused, and with which words."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.formats import Document, _xml


def parse(body: bytes) -> tuple[str, list[str]]:
    warnings: list[str] = []
    return _xml.text_of(_xml.parse(Document("x.xml", body), warnings)), warnings


def refusal(body: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        _xml.parse(Document("x.xml", body))
    assert caught.value.where == "x.xml"
    return caught.value.why


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_reads_every_encoding_that_xml_has(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "latin-1": "iso-8859-1"}.get(encoding, encoding)
    assert parse(f'<?xml version="1.0" encoding="{declared}"?><a>é</a>'.encode(encoding)) == ("é", [])
    if encoding.startswith("utf"):
        assert parse("<a>é</a>".encode(encoding)) == ("é", []), "no declaration is needed"


@pytest.mark.parametrize(
    ("declared", "bytes_", "words"),
    [
        ("UTF-8", b"\xe9t\xe9 \x92", "été ’"),
        ("UTF-16", "été".encode(), "été"),
        ("US-ASCII", "été".encode(), "été"),
        ("ISO-8859-1", "été".encode(), "été"),
        ("klingon", "été".encode(), "été"),
    ],
)
def test_reads_a_wrongly_declared_encoding_with_a_warning(declared: str, bytes_: bytes, words: str) -> None:
    found, warnings = parse(f'<?xml version="1.0" encoding="{declared}"?><a>'.encode() + bytes_ + b"</a>")
    assert found == words
    assert len(warnings) == 1
    assert declared in warnings[0]


def test_typographic_quotes_of_windows_are_no_control_characters() -> None:
    assert parse(b'<?xml version="1.0" encoding="ISO-8859-1"?><a>l\x92\xe9t\xe9</a>') == ("l’été", [])


def test_leaves_out_characters_that_xml_forbids() -> None:
    found, warnings = parse(b"<a>x\x0by</a>")
    assert found == "xy"
    assert any("control characters" in warning for warning in warnings)


def test_blanks_before_the_declaration_are_forgiven() -> None:
    found, warnings = parse(b'\n <?xml version="1.0"?><a>x</a>')
    assert found == "x"
    assert warnings


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE a><a/>",
        b'<?xml version="1.0"?>\n<!-- c --><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>'.encode("utf-16"),
    ],
)
def test_refuses_dtds_and_entities(body: bytes) -> None:
    assert "DTD" in refusal(body)


def test_a_doctype_in_a_comment_or_a_text_is_none() -> None:
    assert parse(b"<a><!-- <!DOCTYPE --><![CDATA[<!DOCTYPE a [<!ENTITY]]></a>")[0] == "<!DOCTYPE a [<!ENTITY"


def test_says_where_a_document_is_broken() -> None:
    assert "line 3, column" in refusal(b"<a>\n<b>\n</a>")
    assert "line 2, column" in refusal("<a>\n&eacute;</a>".encode("utf-16"))


@pytest.mark.parametrize(
    "body", [b"", b"   \n", b"hello", b"\x00" * 200, b"\xff\xfe\x00", b"{}", b"<a", b"<a>&#11;</a>"]
)
def test_refuses_what_is_no_xml(body: bytes) -> None:
    assert refusal(body)


def test_refuses_deep_nesting() -> None:
    assert "deep" in refusal(b"<a>" * 5000 + b"</a>" * 5000)


def test_nonsense_of_20_mb_is_refused_at_once() -> None:
    for body in (b"x" * 20_000_000, b"<a>" + b"y" * 20_000_000, b"<!--" * 5_000_000):
        start = time.process_time()
        assert refusal(body)
        assert time.process_time() - start < 15


def test_hostile_prologs_cost_no_more_than_their_length() -> None:
    start = time.process_time()
    refusal(b"<!---->" * 20_000 + b"<a/>x<!DOCTYPE")
    assert _xml.root_name(b"<!---->" * 600) == ("", "")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'<a xmlns="urn:x"/>', ("urn:x", "a")),
        (b"<?xml version='1.0'?><!-- <b/> -->\n<p:a q='1'\n xmlns:p = 'urn:x' >", ("urn:x", "a")),
        (b"\xef\xbb\xbf<a>", ("", "a")),
        ('<?xml version="1.0" encoding="UTF-16"?><a xmlns="urn:é">'.encode("utf-16"), ("urn:é", "a")),
        ("<a xmlns='urn:x'>".encode("utf-16-be"), ("urn:x", "a")),
        (b'<a xmlns:p="urn:x" p:b="urn:y"', ("", "a")),
        (b'{"a": 1}', ("", "")),
        (b"<!DOCTYPE html><html>", ("", "")),
    ],
)
def test_finds_the_root_in_the_first_bytes(head: bytes, name: tuple[str, str]) -> None:
    assert _xml.root_name(head) == name


@given(st.binary(max_size=300))
def test_never_crashes(body: bytes) -> None:
    _xml.root_name(body)
    with contextlib.suppress(Invalid):
        _xml.parse(Document("x.xml", body))


@given(st.text())
def test_what_is_legal_can_be_written(words: str) -> None:
    root = _xml.parse(Document("x", b"<a/>"))
    root.text = _xml.legal(words)
    again = _xml.parse(Document("x", _xml.serialise(root)))
    assert (again.text or "").replace("\r", "\n") == root.text.replace("\r\n", "\n").replace("\r", "\n")

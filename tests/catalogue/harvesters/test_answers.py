"""Answers in XML taken apart, those of bad intent included."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.etree import fromstring, tostring

from estran.catalogue import harvesters
from estran.catalogue.harvesters._answers import cut, read, without
from estran.errors import Invalid
from estran.formats import Document
from tests.catalogue.harvesters.visiting import visiting

ANSWER = '<c:R xmlns:c="urn:c" xmlns="urn:d" xmlns:u="urn:u"><c:S n="2">{}</c:S></c:R>'


def records(inner: str, body: bytes | None = None) -> list[bytes]:
    answer = cut(Document("x", ANSWER.format(inner).encode() if body is None else body), "S")
    return [one.body.partition(b"?>\n")[2] for one in answer.records]


def test_a_record_keeps_its_bytes_and_gets_the_namespaces_that_it_uses():
    verbatim = "<c:a  x='1'><!-- kept --><b><![CDATA[</c:a> kept]]></b><?kept?></c:a>"
    (one,) = records(verbatim)
    assert one.decode() == verbatim.replace("<c:a ", '<c:a xmlns:c="urn:c" xmlns="urn:d" ', 1)
    assert records("<b/>") == [b'<b xmlns="urn:d"/>']
    assert records('<u:a xmlns:u="urn:own"/>') == [b'<u:a xmlns:u="urn:own"/>']


def test_what_hides_tags_is_not_taken_for_tags():
    assert len(records("<!-- <a> --><a><!-- </a> --></a><?a <a> ?><a><a/><![CDATA[<a>]]></a>")) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_any_encoding_is_read(encoding):
    name = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
    body = f'<?xml version="1.0" encoding="{name}"?>{ANSWER.format("<a>é</a>")}'.encode(encoding)
    (one,) = records("", body)
    assert "é".encode() in one


elements = st.recursive(
    st.sampled_from(
        ["<a/>", "<c:b>x</c:b>", "<!-- <a> -->", "&amp;", "<![CDATA[</a>]]>", '<u:e x="&lt;">é</u:e>']
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"<a q='>'>{''.join(parts)}</a>"),
    max_leaves=12,
)


@given(st.lists(elements.filter(lambda one: one.startswith(("<a", "<c", "<u"))), max_size=6))
def test_records_are_the_children_as_a_parser_sees_them(inner):
    found = records("\n".join(inner))
    wanted = fromstring(ANSWER.format("".join(inner)).encode())[0]
    assert [tostring(fromstring(one), method="c14n", exclusive=True) for one in found] == [
        tostring(child, method="c14n", exclusive=True, with_tail=False) for child in wanted
    ]


@given(
    st.lists(elements.filter(lambda one: one.startswith(("<a", "<c", "<u"))), min_size=1, max_size=6),
    st.data(),
)
def test_an_answer_that_breaks_off_gives_what_is_whole(inner, data):
    body = ANSWER.format("".join(inner)).encode()
    at = data.draw(st.integers(0, len(body) - 1))
    try:
        answer = cut(Document("x", body[:at]), "S")
    except Invalid:
        return
    assert not answer.whole
    whole = records("".join(inner))
    assert [one.body.partition(b"?>\n")[2] for one in answer.records] == whole[: len(answer.records)]


def test_a_record_is_mended_where_xml_forbids_its_characters():
    answer = cut(Document("x", ANSWER.format("<a>R&D &eacute; &lt; &unknown; \x01 &#2;</a>").encode()), "S")
    root, body = read(answer.records[0], "x")
    assert root.text == "R&D é < &unknown;  "
    assert fromstring(body).text == root.text


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 300_000 + b"</b>" * 300_000,
        b"<!--" * 500_000,
        b'<a "' * 500_000,
        b"<R><S>" + b"<r>" * 500_000,
        b"<R><S>" + b"<r></q>" * 300_000,
        b"<R><S>" + b'<r x="' * 300_000,
        b"<R " + b" ".join(b'xmlns:p%d="u"' % k for k in range(3000)) + b"><S>" + b"<r>p1:</r>" * 3000,
    ],
    ids=["deep", "comments", "quotes", "open", "crossed", "values", "spaces"],
)
def test_answers_of_bad_intent_cost_little(body):
    begun = time.process_time()
    with suppress(Invalid):
        cut(Document("x", body), "S")
    assert time.process_time() - begun < 5


def test_parameters_are_taken_out_of_addresses():
    assert without("http://h/p?Request=a&map=%2Fx&b#f", frozenset({"request"})) == "http://h/p?map=%2Fx&b"


@pytest.mark.parametrize("protocol", ["csw", "oai-pmh", "waf", "git"])
def test_what_is_no_address_is_said(protocol):
    with visiting("http://[bad/", protocol) as visit, pytest.raises(Invalid, match="no address"):
        list(harvesters.find(protocol).changes(visit))

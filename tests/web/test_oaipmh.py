"""OAI-PMH as its specification says, on a small node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml.etree import fromstring, tostring

import estran
from estran.formats import Document, find, read
from estran.model import Record
from estran.web.app import create_app
from tests.web.client import Client
from tests.web.conftest import id_of
from tests.web.test_changes import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from lxml.etree import _Element

    from estran.node import Node

OAI = "{http://www.openarchives.org/OAI/2.0/}"
HOST = "oai:node.example:"
# The order that the protocol's schema gives.
ORDER = {
    "OAI-PMH": ["responseDate", "request", "error", "Identify", "ListMetadataFormats", "ListSets", "GetRecord",
                "ListIdentifiers", "ListRecords"],
    "Identify": ["repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp", "deletedRecord",
                 "granularity", "compression", "description"],
    "header": ["identifier", "datestamp", "setSpec"],
    "record": ["header", "metadata", "about"],
    "set": ["setSpec", "setName", "setDescription"],
    "metadataFormat": ["metadataPrefix", "schema", "metadataNamespace"],
}  # fmt: skip


def name_of(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]


def sent(client: Client, query: str, method: str = "GET") -> httpx.Response:
    """The answer to arguments that are ready, by GET or POST."""
    if method == "GET":
        return client.get(f"/oai?{query}")
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.ask("POST", "/oai", content=query, headers=kind)


def ask(client: Client, method: str = "GET", **arguments: str) -> _Element:
    """The answer to a request, its elements in the order of the schema."""
    given = urlencode([(name.rstrip("_"), value) for name, value in arguments.items()])
    answer = sent(client, given, method)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = fromstring(answer.content)
    for element in root.iter(f"{OAI}*"):
        if order := ORDER.get(name_of(element)):
            names = [order.index(name_of(child)) for child in element if str(child.tag).startswith(OAI)]
            assert names == sorted(names), element
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root.findtext(f"{OAI}responseDate") or "")
    return root


def error(root: _Element) -> str:
    found = root.findall(f"{OAI}error")
    assert len(found) == 1
    assert found[0].text, "it says why"
    assert root.findtext(f"{OAI}request") == "http://node.example/oai"
    return found[0].get("code") or ""


def headers(root: _Element) -> dict[str, tuple[str, str, list[str]]]:
    """Id -> (datestamp, status, sets)."""
    return {
        (head.findtext(f"{OAI}identifier") or "").removeprefix(HOST): (
            head.findtext(f"{OAI}datestamp") or "",
            head.get("status") or "",
            [spec.text or "" for spec in head.iter(f"{OAI}setSpec")],
        )
        for head in root.iter(f"{OAI}header")
    }


def walked(client: Client, verb: str = "ListIdentifiers", **arguments: str) -> dict[str, Any]:
    """All headers of a list, and what its tokens say."""
    found: dict[str, Any] = {}
    root = ask(client, verb=verb, metadataPrefix="oai_dc", **arguments)
    while True:
        assert root.find(f"{OAI}error") is None, root.findtext(f"{OAI}error")
        here = headers(root)
        token = root.find(f"*/{OAI}resumptionToken")
        if token is not None:
            assert int(token.get("cursor") or "") == len(found)
        assert not here.keys() & found.keys()
        found |= here
        if token is None or not token.text:
            return found
        root = ask(client, verb=verb, resumptionToken=token.text)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Node]:
    with estran.open(tmp_path / "node", name="Nœud", web={"page_limit": 3}) as opened:
        yield opened


def test_identify(client: Client) -> None:
    root = ask(client, verb="Identify")
    said = {name_of(child): child.text for child in root[2]}
    assert said["repositoryName"] == "Nœud d'essai"
    assert said["protocolVersion"] == "2.0"
    assert said["deletedRecord"] == "persistent"
    assert said["granularity"] == "YYYY-MM-DDThh:mm:ssZ"
    assert re.fullmatch(r"\S+@(\S+\.)+\S+", said["adminEmail"] or "")
    earliest = min(stamp for stamp, *_ in walked(client).values())
    assert (said["earliestDatestamp"] or "") <= earliest
    assert "node.example" in "".join(root[2][-1].itertext())


def test_what_the_operator_says_of_themselves(tmp_path: Path) -> None:
    with estran.open(tmp_path, email="data@example.org", url="https://data.example.org/node") as node:
        root = ask(Client(create_app(node)), verb="Identify")
        assert root.findtext(f"*/{OAI}adminEmail") == "data@example.org"
        assert root.findtext(f"*/{OAI}baseURL") == "https://data.example.org/node/oai"
        assert error_of_empty(node) == ("noRecordsMatch", "noSetHierarchy")


def error_of_empty(node: Node) -> tuple[str, str]:
    client = Client(create_app(node))
    lists = client.get("/oai?verb=ListRecords&metadataPrefix=oai_dc"), client.get("/oai?verb=ListSets")
    first, second = (fromstring(a.content).find(f"{OAI}error") for a in lists)
    assert first is not None
    assert second is not None
    return first.get("code") or "", second.get("code") or ""


def test_every_record_once_in_pages(client: Client) -> None:
    for verb in ("ListIdentifiers", "ListRecords"):
        found = walked(client, verb)
        assert len(found) == 66
        (gone,) = [id_ for id_, (_, status, _) in found.items() if status == "deleted"]
        assert gone.startswith("gone-with-the-tide")
        assert not any("oundings" in id_ for id_ in found)


def test_the_last_page_has_an_empty_token_and_an_only_one_has_none(client: Client) -> None:
    root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc")
    token = root.find(f"*/{OAI}resumptionToken")
    assert token is not None
    assert (token.get("completeListSize"), token.get("cursor")) == ("66", "0")
    last = ask(client, verb="ListIdentifiers", resumptionToken=token.text or "")
    end = last.find(f"*/{OAI}resumptionToken")
    assert end is not None
    assert (end.text, end.get("completeListSize"), end.get("cursor")) == (None, "66", "40")
    short = ask(
        client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="centre:nobody", from_="2000-01-01"
    )
    assert error(short) == "noRecordsMatch"


@pytest.mark.parametrize(
    ("prefix", "form", "root"),
    [
        ("oai_dc", "dublin-core", "dc"), ("iso19139", "iso19139", "MD_Metadata"), ("gmd", "iso19139", "MD_Metadata"),
        ("iso19115-3.2018", "iso19115-3", "MD_Metadata"), ("iso19115-3", "iso19115-3", "MD_Metadata"),
        ("datacite", "datacite-xml", "resource"), ("oai_datacite", "datacite-xml", "oai_datacite"),
    ],
)  # fmt: skip
def test_a_record_in_every_format(client: Client, salinity: str, prefix: str, form: str, root: str) -> None:
    found = ask(client, verb="GetRecord", identifier=HOST + salinity, metadataPrefix=prefix)
    metadata = found.find(f"*/*/{OAI}metadata")
    assert metadata is not None
    assert [name_of(child) for child in metadata] == [root]
    inner = metadata[0][1][0] if prefix == "oai_datacite" else metadata[0]
    (record,) = read(Document("x.xml", tostring(inner)), find(form))
    assert isinstance(record, Record)
    assert str(record.title) == "Salinité de surface en mer Méditerranée"
    assert record.doi == "10.1234/salt"


def test_the_formats_are_listed_and_each_is_given(client: Client, salinity: str) -> None:
    every: list[dict[str, str]] = [{}, {"identifier": HOST + salinity}]
    for arguments in every:
        root = ask(client, verb="ListMetadataFormats", **arguments)
        prefixes = [one.text or "" for one in root.iter(f"{OAI}metadataPrefix")]
        assert prefixes[0] == "oai_dc"
        for prefix in prefixes:
            given_ = ask(client, verb="ListRecords", metadataPrefix=prefix)
            assert len(given_.findall(f"*/{OAI}record/{OAI}metadata")) == 40


def test_sets_hold_what_they_say(client: Client) -> None:
    root = ask(client, verb="ListSets")
    names = {
        one.findtext(f"{OAI}setSpec") or "": one.findtext(f"{OAI}setName") for one in root.iter(f"{OAI}set")
    }
    assert {"hub", "hub:ocean", "centre", "centre:coriolis"} <= names.keys()
    assert names["centre:coriolis"] == "Coriolis"
    for spec in names:
        found = walked(client, set=spec)
        assert len(found) == 66  # the removed one is told in the sets that it was in
        assert all(spec in sets for _, _, sets in found.values())


def test_sets_of_topics_and_vocabularies(own: Node, tmp_path: Path, shared_data: Path) -> None:
    del tmp_path
    folder = shared_data / "catalogue/iso19139"
    own.load([file for file in sorted(folder.rglob("*.xml")) if file.stat().st_size < 100_000][:25])
    client = Client(create_app(own))
    specs = [one.text or "" for one in ask(client, verb="ListSets").iter(f"{OAI}setSpec")]
    assert any(spec.startswith("topic:") for spec in specs)
    assert any(spec.startswith("scheme:") for spec in specs)
    every = walked(client)
    for spec in specs[:40]:
        assert walked(client, set=spec).keys() == {id_ for id_, (_, _, sets) in every.items() if spec in sets}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Nonsense", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&foo=bar", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=yesterday", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-30", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-03T10:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-01-01&until=2024-01-01T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-01-02&until=2024-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=a%20b", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=", "badArgument"),
        ("verb=GetRecord&identifier=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_marc", "cannotDisseminateFormat"),
        ("verb=GetRecord&metadataPrefix=oai_marc&identifier=oai:node.example:x", "cannotDisseminateFormat"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:node.example:x", "idDoesNotExist"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%00", "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=oai:elsewhere:x", "idDoesNotExist"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=1990-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2990-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=hub:none", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=visibility:public", "noRecordsMatch"),
        ("verb=ListRecords&resumptionToken=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=AAAA", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%C3%A9", "badResumptionToken"),
        ("verb=ListSets&resumptionToken=AAAA", "badResumptionToken"),
    ],
)
def test_every_error_has_its_code(client: Client, query: str, code: str, method: str) -> None:
    answer = sent(client, query, method)
    assert answer.status_code == 200
    root = fromstring(answer.content)
    assert error(root) == code
    request = root.find(f"{OAI}request")
    assert request is not None
    assert bool(request.attrib) == (code not in ("badVerb", "badArgument"))


def test_a_token_is_of_its_verb_and_of_this_node(client: Client, own: Node, tmp_path: Path) -> None:
    token = (
        ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc").findtext(f"*/{OAI}resumptionToken") or ""
    )
    assert error(ask(client, verb="ListRecords", resumptionToken=token)) == "badResumptionToken"
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        assert error(ask(client, verb="ListIdentifiers", resumptionToken=changed)) == "badResumptionToken"
    load(own, tmp_path, *"abcd")
    elsewhere = Client(create_app(own))
    assert error(ask(elsewhere, verb="ListIdentifiers", resumptionToken=token)) == "badResumptionToken"


def test_post_is_as_get(client: Client, salinity: str) -> None:
    arguments = {"verb": "GetRecord", "identifier": HOST + salinity, "metadataPrefix": "oai_dc"}
    assert headers(ask(client, "POST", **arguments)) == headers(ask(client, **arguments))
    wrong = client.ask("POST", "/oai", content="{}", headers={"content-type": "application/json"})
    assert error(fromstring(wrong.content)) == "badArgument"


def test_from_and_until_are_inclusive_to_the_second(client: Client) -> None:
    every = walked(client)
    stamps = sorted({stamp for stamp, *_ in every.values()})
    for stamp in stamps:
        there = {id_ for id_, (at, *_) in every.items() if at == stamp}
        assert walked(client, from_=stamp, until=stamp).keys() == there
    assert walked(client, from_=stamps[0], until=stamps[-1]).keys() == every.keys()
    assert walked(client, from_=stamps[0][:10], until=stamps[-1][:10]).keys() == every.keys()


def test_removals_are_told_for_good(own: Node, tmp_path: Path) -> None:
    client = Client(create_app(own))
    load(own, tmp_path, *"abcdefgh")
    a, b, c = (id_of(own, name) for name in "abc")
    own.remove(a)
    load(own, tmp_path, "b", visibility="restricted")
    load(own, tmp_path, "a", visibility="public")  # it comes back
    own.remove(c)
    found = walked(client)
    assert {id_ for id_, (_, status, _) in found.items() if status} == {b, c}
    assert len(found) == 8
    for id_ in (b, c):
        root = ask(client, verb="GetRecord", identifier=HOST + id_, metadataPrefix="oai_dc")
        assert headers(root) == {id_: found[id_]}
        assert root.find(f"*/*/{OAI}metadata") is None
        assert walked(client, set="hub:ocean")[id_] == found[id_]
    token = own.tokens.create("reader", "reader", "coriolis").secret
    reader = Client(create_app(own), Authorization=f"Bearer {token}")
    assert {id_ for id_, (_, status, _) in walked(reader).items() if status} == {c}


def test_what_is_updated_after_the_date_of_an_answer_is_found_from_it_on(own: Node, tmp_path: Path) -> None:
    client = Client(create_app(own))
    load(own, tmp_path, *"abcde")
    root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc")
    date = root.findtext(f"{OAI}responseDate") or ""
    load(own, tmp_path, "a", title="New")
    own.remove(id_of(own, "b"))
    found = walked(client, from_=date)
    assert {id_ for id_, (_, status, _) in found.items() if status}
    assert len(found) >= 2


def test_characters_that_xml_forbids_do_no_harm(own: Node, tmp_path: Path) -> None:
    load(own, tmp_path, "a", "\u0001b <&>\ufffe", title="Sal\u0000t ]]> \ud83c\udf0a\u000b")
    client = Client(create_app(own))
    for prefix in ("oai_dc", "datacite", "iso19139", "iso19115-3"):
        assert len(ask(client, verb="ListRecords", metadataPrefix=prefix).findall(f"*/{OAI}record")) == 2


WORDS = st.one_of(
    st.sampled_from(
        ["Identify", "ListRecords", "ListSets", "oai_dc", "2020-01-01", "hub:ocean", HOST, "0" * 50]
    ),
    st.text(max_size=30),
)
NAMES = st.one_of(
    st.sampled_from(["verb", "metadataPrefix", "identifier", "from", "until", "set", "resumptionToken"]),
    st.text(max_size=8),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pairs=st.lists(st.tuples(NAMES, WORDS), max_size=6), method=st.sampled_from(["GET", "POST"]))
def test_whatever_is_asked_is_answered_by_the_protocol(
    client: Client,
    pairs: list[tuple[str, str]],
    method: str,
) -> None:
    query = "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in pairs
    )
    answer = sent(client, query, method)
    assert answer.status_code == 200, answer.text
    assert name_of(fromstring(answer.content)) == "OAI-PMH"


def test_bytes_that_are_no_text_are_answered_too(client: Client) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"\xff\xfe=\x00&verb=%ff", b"a&" * 100, b"verb"):
        assert client.ask("POST", "/oai", content=body, headers=kind).status_code == 200


def test_answers_are_shaped_as_those_of_others(client: Client, salinity: str, shared_data: Path) -> None:
    recorded = shared_data / "catalogue/csw/pycsw-responses/oaipmh/expected"
    ours = {
        "get_Identify": {"verb": "Identify"},
        "get_ListSets": {"verb": "ListSets"},
        "get_ListIdentifiers_dc": {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc"},
        "get_GetRecord_oai_dc": {
            "verb": "GetRecord",
            "identifier": HOST + salinity,
            "metadataPrefix": "oai_dc",
        },
    }
    for name, arguments in ours.items():
        theirs = fromstring((recorded / f"{name}.xml").read_bytes())
        assert shape(theirs) <= shape(ask(client, **arguments)), name


def shape(element: _Element) -> set[str]:
    """The paths of the protocol's own elements."""
    found = {name_of(element)}
    for child in element:
        if str(child.tag).startswith(OAI):
            found |= {f"{name_of(element)}/{path}" for path in shape(child)}
    return found

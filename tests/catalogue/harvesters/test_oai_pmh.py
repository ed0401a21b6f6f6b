"""OAI-PMH: generated repositories of every kind of misbehaviour, and recorded answers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran import formats
from estran.catalogue.harvesters import Found, Gone, Mark, Missed
from estran.catalogue.harvesters.oai_pmh import HARVESTER, recognise
from estran.errors import EstranError, Invalid, Unavailable
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.oai_server import ENVELOPE, Repository, Row
from tests.catalogue.harvesters.visiting import found, gone, missed, total, visiting
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from estran.catalogue.harvesters import Event


def rows(number: int) -> list[Row]:
    return [
        Row(f"oai:x:{i}", f"20{10 + i // 100:02}-01-{1 + i % 100 // 4:02}T00:00:{i % 4:02}Z", i % 7 == 3)
        for i in range(number)
    ]


def harvest(repository: Repository, path: str = "/oai", **how) -> list[Event]:
    with serving(repository) as served, visiting(served.url + path, "oai-pmh", **how) as visit:
        return list(HARVESTER.changes(visit))


def until_it_fails(url: str, position=None) -> tuple[list[Event], EstranError | None]:
    """What a visit gave, and the error that ended it, if one did."""
    got: list[Event] = []
    with visiting(url, "oai-pmh", position=position) as visit:
        try:
            for event in HARVESTER.changes(visit):
                got.append(event)  # noqa: PERF402 - what came before the error counts
        except EstranError as error:
            return got, error
    return got, None


def read(document) -> list[Record]:
    return [one for one in formats.read(document, formats.recognise(document)) if isinstance(one, Record)]


def outcome(events: list[Event]) -> dict[str, str]:
    known: dict[str, str] = {}
    for event in events:
        if isinstance(event, Found):
            known[event.key] = "found"
        elif isinstance(event, Gone):
            known[event.key] = "gone"
    return known


def test_it_keeps_its_contract():
    repository = Repository(rows(37), page=5)
    with serving(repository) as served, visiting(f"{served.url}/oai", "oai-pmh") as visit:
        events = check_harvester(HARVESTER, visit)
    assert outcome(events) == repository.truth()
    assert total(events) == 37
    assert len([event for event in events if isinstance(event, Mark)]) == 7


def test_a_record_is_what_stood_in_its_envelope_and_can_be_read():
    (event,) = [e for e in harvest(Repository(rows(1))) if isinstance(e, Found)]
    assert event.stamp == "2010-01-01T00:00:00Z"
    assert event.document.name.endswith("/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier=oai%3Ax%3A0")
    assert event.document.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<oai_dc:dc xmlns:oai_dc=')
    (record,) = read(event.document)
    assert str(record.title) == "Title of oai:x:0"


def test_arguments_in_the_address_of_a_source_are_replaced_and_others_kept():
    repository = Repository(rows(2))
    harvest(repository, "/oai?verb=Identify&map=1")
    assert [(q["verb"], q["map"]) for q in repository.verbs] == [
        ("ListMetadataFormats", "1"),
        ("ListRecords", "1"),
    ]


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        (["oai_dc", "iso19139", "iso19115-3.2018"], "iso19115-3.2018"),
        (["oai_dc", "oai_datacite", "iso19139"], "iso19139"),
        (["oai_dc", "datacite", "oai_datacite"], "oai_datacite"),
        (["mods", "oai_dc", "dif"], "dif"),
        (["eml-2.2.0", "oai_dc"], "eml-2.2.0"),
        (["mods", "oai_dc", "marcxml"], "oai_dc"),
    ],
)
def test_the_richest_format_is_asked_for(offered, wanted):
    repository = Repository(rows(1), formats=tuple((name, "") for name in offered))
    harvest(repository)
    assert repository.verbs[-1]["metadataPrefix"] == wanted


def test_a_format_that_is_announced_and_not_given_is_replaced_by_the_next():
    def fault(asked):
        if asked.query.get("metadataPrefix") == "iso19139":
            return ENVELOPE.format('<error code="cannotDisseminateFormat">no</error>').encode()
        return None

    repository = Repository(rows(3), formats=(("iso19139", ""), ("oai_dc", "")), fault=fault)
    assert outcome(harvest(repository)) == repository.truth()


def test_options_force_format_set_and_dates():
    repository = Repository(rows(3), formats=(("iso19139", ""), ("oai_dc", "")))
    harvest(
        repository, options={"prefix": "oai_dc", "set": "hydro", "from": "2010-01-01", "until": "2030-01-01"}
    )
    (asked,) = repository.verbs
    assert asked == {
        "verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "hydro", "from": "2010-01-01", "until": "2030-01-01",
    }  # fmt: skip


def test_only_what_changed_is_asked_for_with_room_for_clocks():
    repository = Repository(rows(30), page=4)
    events = harvest(repository, since="2010-01-04T01:00:00Z")
    assert {q["from"] for q in repository.verbs if "from" in q} == {"2010-01-03T23:00:00Z"}
    assert set(found(events)) | set(gone(events)) == {row.key for row in repository.rows[12:]}


def test_a_repository_of_days_is_asked_for_days():
    repository = Repository(rows(30), page=50, granularity="YYYY-MM-DD")
    harvest(repository, since="2010-01-04T01:00:00Z")
    assert repository.verbs[-1]["from"] == "2010-01-03"


def test_a_repository_that_announces_seconds_and_takes_days_is_asked_for_days():
    def fault(asked):
        if len(asked.query.get("from", "")) > 10:
            return ENVELOPE.format('<error code="badArgument">from</error>').encode()
        return None

    repository = Repository(rows(30), page=50, fault=fault)
    assert found(harvest(repository, since="2010-01-08T05:00:00Z")) == ["oai:x:28", "oai:x:29"]


def test_nothing_that_matches_is_no_error():
    assert harvest(Repository(rows(3)), since="2030-01-01T00:00:00Z") == []


def test_errors_are_told_in_words():
    def fault(asked):
        if asked.query["verb"] == "ListRecords":
            return ENVELOPE.format('<error code="noSetHierarchy">We have no sets</error>').encode()
        return None

    with pytest.raises(Invalid, match="noSetHierarchy We have no sets"):
        harvest(Repository(rows(3), fault=fault), options={"set": "x"})


def test_a_web_page_instead_of_records_is_named():
    page = b"<!DOCTYPE html><html><head><title>Please log in</title></head><body>&nbsp;<p></body></html>"
    with pytest.raises(Invalid, match=r"web page “Please log in”.*check the address"):
        harvest(Repository([], fault=lambda _: page))


def test_an_entity_bomb_is_refused():
    bomb = (
        b'<!DOCTYPE a [<!ENTITY b "cccc">]><OAI-PMH><ListRecords><record>&b;</record></ListRecords></OAI-PMH>'
    )
    with pytest.raises(Invalid, match="DTD"):
        harvest(Repository([], fault=lambda a: bomb if a.query["verb"] == "ListRecords" else None))


def test_one_bad_record_never_loses_the_page():
    listed = [
        Row("good-1"),
        Row("control", metadata='<dc:dc xmlns:dc="u"><dc:title>A\x0bB &nbsp; C &#0;</dc:title></dc:dc>'),
        Row(
            "ampersand",
            metadata='<dc:dc xmlns:dc="u"><dc:title>Sea & salt &amp; sun &#x1F;</dc:title></dc:dc>',
        ),
        Row("unclosed", metadata='<dc:dc xmlns:dc="u"><dc:title>Never closed</dc:dc>'),
        Row("empty", metadata="  "),
        Row("good-2"),
        Row("", metadata="<a/>"),
        Row("good-3"),
    ]
    events = harvest(Repository(listed, page=20))
    assert found(events) == ["good-1", "control", "ampersand", "good-2", "good-3"]
    bodies = {e.key: e.document.body for e in events if isinstance(e, Found)}
    assert "AB \xa0 C ".encode() in bodies["control"]
    assert b"Sea &amp; salt &amp; sun " in bodies["ampersand"]
    assert [m.partition(": ")[0] for m in missed(events)][:2] == ["unclosed", "empty"]
    assert "no identifier" in missed(events)[2]


def test_a_record_that_is_not_closed_costs_no_other():
    listed = ENVELOPE.format(
        f"<ListRecords>{Row('a').xml()}{Row('b').xml().removesuffix('</record>')}{Row('c').xml()}</ListRecords>"
    )
    events = harvest(
        Repository([], fault=lambda a: listed.encode() if a.query["verb"] == "ListRecords" else None)
    )
    assert found(events) == ["a", "b", "c"]


def test_bytes_of_another_encoding_cost_no_other_record():
    page = ENVELOPE.format(f"<ListRecords>{Row('é1').xml()}{Row('@2').xml()}</ListRecords>").encode()
    page = page.replace(b"Title of @2", b"Title of \xe92")
    events = harvest(Repository([], fault=lambda a: page if a.query["verb"] == "ListRecords" else None))
    titles = [str(record.title) for e in events if isinstance(e, Found) for record in read(e.document)]
    assert titles == ["Title of é1", "Title of é2"]


def test_a_list_goes_on_where_tokens_expire():
    forgotten = iter([True, False, True, False, False, True])

    def fault(asked):
        if "resumptionToken" in asked.query and next(forgotten, False):
            return ENVELOPE.format('<error code="badResumptionToken">expired</error>').encode()
        return None

    repository = Repository(rows(160), page=12, fault=fault)
    assert outcome(harvest(repository)) == repository.truth()
    assert "2010-01-03T00:00:03Z" in {query.get("from") for query in repository.verbs}


def test_a_server_that_wants_the_format_beside_the_token_is_told_it():
    def fault(asked):
        if "resumptionToken" in asked.query and "metadataPrefix" not in asked.query:
            return ENVELOPE.format(
                '<error code="badArgument">Missing metadataPrefix parameter</error>'
            ).encode()
        return None

    repository = Repository(rows(25), page=10, fault=fault)
    assert outcome(harvest(repository)) == repository.truth()
    assert len(repository.verbs) == 5


def test_a_token_of_zero_is_the_end():
    repository = Repository(rows(25), page=10, token_of=lambda token: token if token != "|20" else "0")
    assert len(outcome(harvest(repository))) == 20


def test_a_list_that_is_not_by_date_is_begun_again_from_its_start():
    listed = rows(40)
    random.Random(4).shuffle(listed)
    forgotten = iter([False, False, True])

    def fault(asked):
        if "resumptionToken" in asked.query and next(forgotten, False):
            return Answer(b"gone", 404)
        return None

    repository = Repository(listed, page=5, fault=fault)
    assert outcome(harvest(repository)) == repository.truth()
    assert len([q for q in repository.verbs if q.get("metadataPrefix")]) == 2


def test_tokens_that_are_never_accepted_end_the_visit_with_the_reason():
    def fault(asked):
        if "resumptionToken" in asked.query:
            return ENVELOPE.format('<error code="badResumptionToken">never heard of it</error>').encode()
        return None

    same_day = [Row(f"x:{i}") for i in range(30)]
    with pytest.raises(Invalid, match="never heard of it"):
        harvest(Repository(same_day, page=5, fault=fault))


@pytest.mark.parametrize("circle", [1, 2, 3, 7])
def test_tokens_that_go_in_circles_are_refused(circle):
    same_day = [Row(f"x:{i}") for i in range(100)]

    def turned(token):
        since, _, at = token.partition("|")
        return f"{since}|{(int(at) // 5 - 1) % circle * 5 + 5}"

    repository = Repository(same_day, page=5, token_of=turned)
    with pytest.raises(Invalid, match="a second time"):
        harvest(repository)
    assert len(repository.verbs) < 150


def test_an_answer_that_breaks_off_gives_what_is_whole_and_is_asked_again():
    cut_short = iter([True, False, True, True])

    def fault(asked):
        if asked.query["verb"] == "ListRecords" and next(cut_short, False):
            whole = repository.answer(asked)
            return whole[: len(whole) * 2 // 3]
        return None

    repository = Repository(rows(50), page=10, fault=fault)
    assert outcome(harvest(repository)) == repository.truth()


def test_an_answer_that_always_breaks_off_is_missed_and_the_visit_is_not_complete():
    def fault(asked):
        whole = repository.answer(asked)
        return whole[:-400] if asked.query["verb"] == "ListRecords" else None

    repository = Repository([Row(f"x:{i}") for i in range(10)], fault=fault)
    with serving(repository) as served:
        got, failed = until_it_fails(f"{served.url}/oai")
    assert isinstance(failed, Unavailable)
    assert "breaks off" in str(failed)
    assert set(found(got)) == {f"x:{i}" for i in range(8)}
    assert isinstance(got[-1], Missed)


@pytest.mark.parametrize("size", ["", "-3", "many", "99999999999999999999", "3"])
def test_a_wrong_size_of_the_list_costs_nothing(size):
    repository = Repository(rows(12), page=5, size=size)
    events = harvest(repository)
    assert outcome(events) == repository.truth()
    assert total(events) == (3 if size == "3" else None)


def test_a_server_that_is_busy_is_asked_again():
    busy = iter([True, False, True])

    def fault(_asked):
        return Answer(b"", 503, {"retry-after": "0"}) if next(busy, False) else None

    repository = Repository(rows(30), fault=fault)
    assert outcome(harvest(repository)) == repository.truth()


def test_dates_in_the_future_are_no_obstacle():
    listed = [*rows(12), Row("future", "2999-01-01T00:00:00Z"), Row("future-2", "2999-01-01T00:00:00Z")]
    assert found(harvest(Repository(listed, page=5)))[-2:] == ["future", "future-2"]


def unreliable(repository: Repository, chance: random.Random):
    """Six faults of any kind, now and then."""
    faults = iter(range(6))

    def fault(asked):
        if asked.query["verb"] != "ListRecords" or chance.random() < 0.7 or next(faults, None) is None:
            return None
        kind = chance.choice(["503", "token", "cut", "html", "404"])
        if kind == "503":
            return Answer(b"", 503, {"retry-after": "0"})
        if kind == "cut":
            whole = repository.answer(asked)
            return whole[: chance.randrange(len(whole) // 2, len(whole))]
        if "resumptionToken" not in asked.query:
            return None
        if kind == "token":
            return ENVELOPE.format('<error code="badResumptionToken"/>').encode()
        return Answer(b"<html><title>Oh no</title></html>", 404 if kind == "404" else 200)

    return fault


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 120), st.integers(1, 40), st.integers(0, 2**32), st.booleans())
def test_whatever_fails_now_and_then_a_visit_ends_with_what_the_source_holds(number, page, seed, by_date):
    chance = random.Random(seed)
    listed = rows(number)
    if not by_date:
        chance.shuffle(listed)
    repository = Repository(listed, page=page)
    repository.fault = unreliable(repository, chance)
    events: list[Event] = []
    position, failed = None, None
    with serving(repository) as served:
        for _ in range(20):
            got, failed = until_it_fails(f"{served.url}/oai", position)
            events += got
            position = next((e.position for e in reversed(got) if isinstance(e, Mark)), position)
            if failed is None:
                break
    assert failed is None
    assert outcome(events) == repository.truth()


def test_recorded_answers_of_a_repository(shared_data: Path):
    folder = shared_data / "catalogue" / "oai-pmh"

    def answer(asked):
        if asked.path != "/oai":
            raise KeyError(asked.path)
        if asked.query["verb"] == "ListMetadataFormats":
            return (folder / "ListMetadataFormats.xml").read_bytes()
        name = asked.query.get("resumptionToken", "ListRecords2.xml")
        return (folder / name).read_bytes()

    with serving(answer) as served, visiting(f"{served.url}/oai", "oai-pmh") as visit:
        events = list(HARVESTER.changes(visit))
    assert total(events) == 8
    assert gone(events) == ["oai:test.example.com:1585310"] * 2
    assert len(missed(events)) == 1
    assert all(formats.recognise(e.document).name == "dublin-core" for e in events if isinstance(e, Found))
    assert len(set(found(events))) >= 1


@pytest.mark.parametrize(
    "name", ["badArgument", "cannotDisseminateFormat", "noSetHierarchy", "undefinedError"]
)
def test_recorded_errors_are_told_in_words(shared_data: Path, name):
    body = (shared_data / "catalogue" / "oai-pmh" / f"{name}.xml").read_bytes()
    with pytest.raises(Invalid, match=f"refuses: {name}"):
        harvest(Repository([], fault=lambda a: body if a.query["verb"] == "ListRecords" else None))


def test_recorded_datacite_of_another_server(shared_data: Path):
    folder = shared_data / "catalogue" / "csw" / "pycsw-responses" / "oaipmh" / "expected"
    body = (folder / "get_ListRecords_datacite.xml").read_bytes()

    def fault(asked):
        return body if asked.query.get("metadataPrefix") else ENVELOPE.format("<ListRecords/>").encode()

    events = harvest(Repository([], fault=fault), options={"prefix": "datacite"})
    documents = [e.document for e in events if isinstance(e, Found)]
    assert len(documents) == 10
    assert {formats.recognise(d).name for d in documents} == {"datacite-xml"}


def test_datacites_own_envelope_is_taken_off(shared_data: Path):
    inner = (shared_data / "catalogue" / "oai-pmh" / "oai-sample-1.0.xml").read_text().partition("?>")[2]
    (event,) = [e for e in harvest(Repository([Row("x", metadata=inner)])) if isinstance(e, Found)]
    assert formats.recognise(event.document).name == "datacite-xml"
    assert b"<payload>" not in event.document.body


def test_it_is_recognised(shared_data: Path):
    assert (
        recognise("https://x/", (shared_data / "catalogue" / "oai-pmh" / "ListSets.xml").read_bytes()) == 1.0
    )
    assert recognise("https://x/oai?verb=Identify", b"") > recognise("https://x/oai", b"") > 0.0
    assert recognise("https://x/csw", b"<html/>") == 0.0

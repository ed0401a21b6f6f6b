"""CSW: generated services with caps, faults and bad manners, and recorded answers."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from estran import formats
from estran.catalogue.harvesters import Found, Mark, Missed
from estran.catalogue.harvesters._csw.requests import DATED
from estran.catalogue.harvesters.csw import HARVESTER, _halves, recognise
from estran.errors import EstranError, Invalid, Unavailable
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.csw_server import CSW, GMD, Row, Service, exception
from tests.catalogue.harvesters.visiting import found, missed, total, visiting
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from estran.catalogue.harvesters import Event


def rows(number: int, undated: int = 0) -> list[Row]:
    """Records over ten years, some with a time of day and some without, and those without a date."""
    dated = [
        Row(
            f"id-{i:05}", f"{2015 + i % 10}-{1 + i % 12:02}-{1 + i % 28:02}" + ("T10:00:00Z" if i % 3 else "")
        )
        for i in range(number)
    ]
    return dated + [Row(f"undated-{i:05}") for i in range(undated)]


def harvest(service: Service, path: str = "/csw", **how) -> list[Event]:
    with serving(service) as served, visiting(served.url + path, "csw", **how) as visit:
        return list(HARVESTER.changes(visit))


def keys(service: Service) -> set[str]:
    return {row.key for row in service.rows}


def titles(events: list[Event]) -> list[str]:
    documents = [event.document for event in events if isinstance(event, Found)]
    return [
        str(one.title)
        for document in documents
        for one in formats.read(document, formats.recognise(document))
        if isinstance(one, Record)
    ]


def test_it_keeps_its_contract():
    service = Service(rows(60, undated=5))
    with serving(service) as served, visiting(f"{served.url}/csw", "csw", {"page": "7"}) as visit:
        events = check_harvester(HARVESTER, visit)
    assert set(found(events)) == keys(service)
    assert total(events) == 65
    assert missed(events) == []


def test_it_keeps_its_contract_where_windows_are_needed():
    service = Service(rows(90, undated=5), cap=20)
    with (
        serving(service) as served,
        visiting(f"{served.url}/csw", "csw", {"page": "7", "cap": "20"}) as visit,
    ):
        events = check_harvester(HARVESTER, visit, marks=6)
    assert set(found(events)) == keys(service)
    assert missed(events) == []


def test_a_record_is_what_stood_in_its_envelope_and_can_be_read():
    events = harvest(Service(rows(1)))
    (event,) = [event for event in events if isinstance(event, Found)]
    assert event.stamp == "2015-01-01"
    assert event.document.body.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<gmd:MD_Metadata xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gmd="'
    )
    assert b"unused" not in event.document.body
    assert "request=GetRecordById" in event.document.name
    assert titles(events) == ["Title of id-00000"]


@pytest.mark.parametrize("version", ["2.0.2", "3.0.0"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_both_versions_and_both_methods_are_spoken(version, method):
    service = Service(rows(40), versions=(version,), schemas=(CSW[version],), takes=(method,), cap=15)
    events = harvest(service, options={"page": "5", "cap": "15"})
    assert set(found(events)) == keys(service)
    assert {formats.recognise(e.document).name for e in events if isinstance(e, Found)} == {"dublin-core"}


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ((CSW["2.0.2"], GMD, "http://standards.iso.org/iso/19115/-3/mdb/2.0"), "http://standards.iso.org/iso/19115/-3/mdb/2.0"),
        ((CSW["2.0.2"], "http://www.w3.org/ns/dcat#", GMD), GMD),
        ((CSW["2.0.2"], "http://www.w3.org/ns/dcat#"), "http://www.w3.org/ns/dcat#"),
        (("http://www.opengis.net/cat/csw/csdgm", CSW["2.0.2"]), CSW["2.0.2"]),
    ],
)  # fmt: skip
def test_the_richest_schema_is_asked_for(offered, wanted):
    service = Service(rows(1), schemas=offered)
    harvest(service)
    assert service.questions[-1].schema == wanted


def test_a_schema_may_be_forced_by_name_or_address():
    for wanted in ("dublin-core", CSW["2.0.2"]):
        service = Service(rows(1))
        harvest(service, options={"schema": wanted})
        assert {question.schema for question in service.questions} == {CSW["2.0.2"]}


def test_a_schema_that_is_announced_and_refused_is_replaced():
    def fault(question):
        return exception("InvalidParameterValue outputSchema") if question.schema == GMD else None

    service = Service(rows(12), fault=fault)
    assert set(found(harvest(service))) == keys(service)


@pytest.mark.parametrize(
    "capabilities", ["", "<html><title>Welcome</title></html>", "<csw:Capabilities", "<a/>"]
)
def test_capabilities_may_be_missing_or_wrong(capabilities):
    service = Service(rows(12), capabilities=capabilities)
    assert set(found(harvest(service))) == keys(service)


def test_words_of_getcapabilities_in_the_address_are_taken_off():
    service = Service(rows(3))
    events = harvest(service, "/csw?SERVICE=CSW&Request=GetCapabilities&version=2.0.2&map=1")
    assert set(found(events)) == keys(service)


def test_a_service_that_cannot_sort_is_asked_without():
    service = Service(rows(30), sorts=False)
    assert set(found(harvest(service, options={"page": "10"}))) == keys(service)
    assert not service.questions[-1].sort


def test_a_service_that_wants_its_own_type_gets_it():
    service = Service(rows(3), types=("gmd:MD_Metadata",))
    assert set(found(harvest(service))) == keys(service)


@pytest.mark.parametrize("stops", ["exception", "empty", "again", "failure"])
@pytest.mark.parametrize("known", [True, False])
def test_a_cap_is_passed_by_windows_of_dates(stops, known):
    service = Service(rows(300, undated=15), cap=40, stops=stops)
    events = harvest(service, options={"page": "10", "cap": "40"} if known else {"page": "10"})
    assert set(found(events)) == keys(service)
    assert missed(events) == []


def test_a_count_that_is_itself_capped_is_passed():
    service = Service(rows(300, undated=15), cap=40, counted=40)
    events = harvest(service, options={"page": "10", "cap": "40"})
    assert set(found(events)) == keys(service)


@pytest.mark.parametrize("name", ["apiso:Modified", "Modified", "modified", "gn:modified"])
def test_the_property_of_dates_is_the_one_that_the_service_knows(name):
    service = Service(rows(100), cap=30, modified=(name,))
    assert set(found(harvest(service, options={"page": "10", "cap": "30"}))) == keys(service)


def test_records_without_a_date_are_not_lost_where_they_cannot_be_asked_for():
    service = Service(rows(100, undated=9)[::-1], cap=30, null=False)
    events = harvest(service, options={"page": "10", "cap": "30"})
    assert set(found(events)) == keys(service)


def test_what_cannot_be_reached_is_said():
    same_instant = [Row(f"id-{i}", "2020-05-05") for i in range(100)]
    events = harvest(Service(same_instant, cap=30), options={"page": "10", "cap": "30"})
    assert len(set(found(events))) == 30
    assert "70 of 100 were not given" in missed(events)[-1]


def test_a_service_that_pays_no_heed_to_conditions_is_read_as_far_as_it_goes():
    service = Service(rows(100), cap=30)
    service.selected = lambda _question: service.rows
    events = harvest(service, options={"page": "10", "cap": "30"})
    assert len(set(found(events))) == 30
    assert "70 of 100 were not given" in missed(events)[-1]
    assert len(service.questions) < 60


def test_only_what_changed_is_asked_for_with_a_day_of_room():
    service = Service(rows(200), cap=0)
    events = harvest(service, since="2022-03-10T12:00:00Z")
    assert set(found(events)) == {row.key for row in service.rows if row.stamp >= "2022-03-09"}
    assert total(events) == len(set(found(events)))


def test_where_changes_cannot_be_asked_for_all_is_read():
    service = Service(rows(30), modified=())
    assert set(found(harvest(service, since="2022-03-10T12:00:00Z"))) == keys(service)


def test_dates_in_the_future_are_no_obstacle():
    service = Service([*rows(100), Row("f1", "2198-01-01"), Row("f2", "9998-12-31T00:00:00Z")], cap=20)
    assert set(found(harvest(service, options={"page": "10", "cap": "20"}))) == keys(service)


@pytest.mark.parametrize(
    "following",
    [
        lambda start, count, matched: None,
        lambda start, count, matched: "0",
        lambda start, count, matched: str(start),
        lambda start, count, matched: str(start + count),
        lambda start, count, matched: str(matched + 1),
        lambda start, count, matched: "1",
        lambda start, count, matched: "next",
    ],
    ids=["missing", "zero", "same", "beyond", "end", "first", "word"],
)
def test_a_wrong_next_record_is_no_obstacle(following):
    service = Service(rows(25), following=following)
    events = harvest(service, options={"page": "10"})
    if following(1, 10, 25) == "26":
        assert "counts 15 records there" in missed(events)[0]
    else:
        assert set(found(events)) == keys(service)
        assert missed(events) == []


@pytest.mark.parametrize(
    "matched",
    [lambda n: None, lambda n: "0", lambda n: "12", lambda n: "many", str],
    ids=["missing", "zero", "low", "word", "right"],
)
def test_a_wrong_count_is_no_obstacle(matched):
    service = Service(
        rows(25), matched=matched, following=lambda start, count, _: str(start + count if count else 0)
    )
    assert set(found(harvest(service, options={"page": "10"}))) == keys(service)


def test_a_count_that_is_too_high_is_said():
    service = Service(rows(25), matched=lambda n: str(n + 3 if n else 0))
    events = harvest(service, options={"page": "10"})
    assert set(found(events)) == keys(service)
    assert total(events) == 28
    assert missed(events)


def test_records_that_the_service_counts_and_leaves_out_are_missed():
    def fault(question):
        if question.start == 11:
            page = service.answer(question).decode()
            return re.sub(r"<gmd:MD_Metadata.*?</gmd:MD_Metadata>", "", page, count=2).encode()
        return None

    service = Service(rows(35), fault=fault)
    events = harvest(service, options={"page": "10"})
    assert len(found(events)) == 33
    assert "counts 2 records there and does not give them" in missed(events)[0]


@pytest.mark.parametrize("how", ["exception", "failure", "html", "cut"])
def test_a_record_that_makes_its_page_fail_is_all_that_is_missed(how):
    def fault(question):
        if not question.start <= 17 < question.start + question.size:
            return None
        if how == "cut":
            whole = service.answer(question)
            return whole[: whole.index(b"id-00016") + 30]
        if how == "exception":
            return exception("NoApplicableCode java.lang.NullPointerException")
        return Answer(b"<html><title>Oh no</title></html>", 500 if how == "failure" else 200)

    service = Service(rows(60), fault=fault)
    events = harvest(service, options={"page": "20"})
    assert keys(service) - set(found(events)) == {"id-00016"}
    assert len(missed(events)) == 1
    assert "record 17" in missed(events)[0]


def test_the_last_record_may_be_the_one_that_fails():
    def fault(question):
        return (
            exception("NoApplicableCode x") if question.start <= 60 < question.start + question.size else None
        )

    service = Service(rows(60), fault=fault)
    events = harvest(service, options={"page": "20"})
    assert keys(service) - set(found(events)) == {"id-00059"}
    assert len(service.questions) < 30


def test_one_bad_record_never_loses_the_page():
    listed = rows(5)
    listed[2].broken = "<gmd:MD_Metadata><gmd:fileIdentifier>&nope;</gmd:x></gmd:MD_Metadata>"
    events = harvest(Service(listed))
    assert len(found(events)) == 4
    assert "record 3: it cannot be read: not well-formed" in missed(events)[0]


def test_a_record_without_an_identifier_has_the_hash_of_its_bytes():
    listed = rows(2)
    listed[1].broken = f'<gmd:MD_Metadata xmlns:gmd="{GMD}"><gmd:hierarchyLevelName/></gmd:MD_Metadata>'
    first, second = found(harvest(Service(listed))), found(harvest(Service(listed)))
    assert first == second
    assert first[1].startswith("sha256:")


def test_a_server_that_is_busy_is_asked_again():
    busy = iter([True, False, True])
    service = Service(
        rows(30), fault=lambda _: Answer(b"", 503, {"retry-after": "0"}) if next(busy, False) else None
    )
    assert set(found(harvest(service, options={"page": "10"}))) == keys(service)


def test_a_server_that_fails_at_everything_is_unavailable_now():
    service = Service(rows(30), fault=lambda _: Answer(b"", 503, {"retry-after": "0"}))
    with pytest.raises(Unavailable, match="503"):
        harvest(service)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"<!DOCTYPE html><html><head><title>Log in</title>", "web page “Log in”"),
        (
            exception("NoApplicableCode we are closed"),
            "the service refuses: NoApplicableCode .here. we are closed",
        ),
        (b"", "answers with nothing"),
        (b'{"type": "FeatureCollection"}', "FeatureCollection"),
    ],
)
def test_what_is_no_csw_is_refused_with_the_reason(given, words):
    with pytest.raises(Invalid, match=words):
        harvest(Service([], capabilities="", fault=lambda _: given))


def test_an_entity_bomb_is_refused():
    bomb = (
        b'<!DOCTYPE a [<!ENTITY b "cccc">]><GetRecordsResponse><SearchResults numberOfRecordsMatched="1">'
        b"<a>&b;</a></SearchResults></GetRecordsResponse>"
    )
    with pytest.raises(Invalid, match="DTD"):
        harvest(Service([], fault=lambda _: bomb))


def test_the_same_page_again_and_again_ends():
    service = Service(rows(500), cap=0)
    service.fault = lambda q: (
        Service(service.rows).answer(q)
        if q.start == 1
        else service.answer(type(q)(**{**vars(q), "start": 1}))
    )
    assert set(found(harvest(service, options={"page": "10"}))) == keys(service)
    assert len(service.questions) < 800


def unreliable(service: Service, chance: random.Random):
    """Eight faults of any kind, now and then."""
    faults = iter(range(8))

    def fault(question):
        if chance.random() < 0.7 or next(faults, None) is None:
            return None
        match chance.choice(["503", "cut", "html", "exception", "500"]):
            case "503":
                return Answer(b"", 503, {"retry-after": "0"})
            case "cut" if isinstance(whole := service.answer(question), bytes):
                return whole[: chance.randrange(len(whole) // 2, len(whole))]
            case "html":
                return b"<html><title>Oh no</title></html>"
            case "500":
                return Answer(b"", 500)
            case _:
                return exception("NoApplicableCode now and then")

    return fault


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.tuples(st.integers(0, 150), st.integers(0, 20)), st.integers(1, 40), st.integers(21, 60), st.integers(0, 2**32),
    st.sampled_from(["exception", "empty", "again", "failure"]),
)  # fmt: skip
def test_whatever_fails_now_and_then_what_is_held_is_found_or_missed(numbers, page, cap, seed, stops):
    chance = random.Random(seed)
    service = Service(rows(*numbers), cap=cap, stops=stops)
    service.fault = unreliable(service, chance)
    events: list[Event] = []
    position, failed = None, None
    with serving(service) as served:
        for _ in range(20):
            with visiting(f"{served.url}/csw", "csw", {"page": str(page)}, position=position) as visit:
                failed = None
                try:
                    for event in HARVESTER.changes(visit):
                        events.append(event)
                        position = event.position if isinstance(event, Mark) else position
                except EstranError as error:
                    failed = error
            if failed is None:
                break
    assert failed is None
    lost = keys(service) - set(found(events))
    assert not lost or any(isinstance(event, Missed) for event in events)
    assert len(lost) <= 8 * cap


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.dates().map(lambda d: d.isoformat()) | st.datetimes().map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ")) | st.just(""), max_size=150),
    st.integers(1, 40),
    st.integers(25, 60),
    st.sampled_from(["exception", "empty", "again", "failure"]),
)  # fmt: skip
def test_whatever_the_dates_all_is_found(stamps, page, cap, stops):
    stamps = [stamp for stamp in stamps if not stamp or stamp > "1900"]
    service = Service([Row(f"id-{i}", stamp) for i, stamp in enumerate(stamps)], cap=cap, stops=stops)
    events = harvest(service, options={"page": str(page)})
    if max(stamps.count(stamp) for stamp in ["", *stamps]) <= cap:
        assert set(found(events)) == keys(service)
        assert missed(events) == []


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_windows_are_halved_wherever_the_node_stands(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        spans, seen = [DATED], set()
        while spans:
            span = spans.pop()
            # Only the window of one instant is followed to the end.
            if not span.after <= "2020-03-01T10:00:00Z" < (span.before or "9"):
                continue
            assert span not in seen
            seen.add(span)
            for half in (halves := _halves(span)):
                assert not half.before or half.after < half.before
            if halves:
                assert halves[0].before == halves[1].after
                assert (halves[0].after, halves[1].before) == (span.after, span.before)
            spans += halves
        assert 30 < len(seen) < 45
    finally:
        monkeypatch.undo()
        time.tzset()


def test_recorded_pages_of_a_geonetwork(shared_data: Path):
    folder = shared_data / "catalogue" / "csw" / "udata"
    for name, form in (("iso19139", "iso19139"), ("dcat", "dcat-rdfxml")):

        def fault(question, name=name):
            path = folder / f"geonetwork-{name}-page-{question.start}.xml"
            return path.read_bytes() if path.exists() else exception("InvalidParameterValue startPosition")

        service = Service([], fault=fault)
        events = harvest(service, options={"page": "2"})
        documents = [event.document for event in events if isinstance(event, Found)]
        assert {formats.recognise(document).name for document in documents} == {form}
        assert len(set(found(events))) == (6 if name == "iso19139" else 4)
        assert total(events) == 6
        assert all(event.stamp for event in events if isinstance(event, Found))
        if name == "iso19139":
            assert missed(events) == []


def test_recorded_capabilities_lead_to_records(shared_data: Path):
    capabilities = shared_data / "catalogue" / "csw" / "geonetwork-harvest" / "csw" / "capabilities.xml"
    answer = (capabilities.parent / "getRecords.xml").read_bytes()
    service = Service([], capabilities=capabilities.read_text(), fault=lambda _: answer)
    assert set(found(harvest(service))) == {
        "7e926fbf-00fb-4ff5-a99e-c8576027c4e7", "da165110-88fd-11da-a88f-000d939bc5d8",
    }  # fmt: skip


def test_recorded_capabilities_of_version_3_are_understood(shared_data: Path):
    folder = shared_data / "catalogue" / "csw" / "pycsw-responses" / "csw30" / "expected"
    capabilities = (folder / "get_0bdf8457-971e-4ed1-be4a-5feca4dcd8fa.xml").read_text()
    answer = (folder / "get_397fe17a-d5b4-4f96-8cc4-4ce467ed4d0a.xml").read_bytes()
    service = Service([], capabilities=capabilities, fault=lambda _: answer)
    events = harvest(service, options={"version": "3.0.0"})
    assert len(found(events)) == 3
    assert service.questions[0].version == "3.0.0"


def test_every_recorded_page_is_cut_into_its_records(shared_data: Path):
    pages = [
        path
        for path in (shared_data / "catalogue" / "csw").rglob("*.xml")
        if b"SearchResults" in (body := path.read_bytes()) and b"numberOfRecordsReturned" in body[:4000]
    ]
    assert len(pages) > 20
    for path in pages:
        body = path.read_bytes()
        if not body.lstrip().startswith(b"<"):
            continue
        returned = int(re.search(rb'numberOfRecordsReturned="(\d+)"', body)[1])
        pages_of = {1: body}
        service = Service(
            [], fault=lambda question, held=pages_of: held.get(question.start, exception("X no more"))
        )
        events = harvest(service)
        read = [event for event in events if isinstance(event, Found)]
        assert len({event.key for event in read}) in {returned, 2}, path
        for event in read:
            assert formats.recognise(event.document).name, path


def test_it_is_recognised(shared_data: Path):
    capabilities = shared_data / "catalogue" / "csw" / "geonetwork-harvest" / "csw" / "capabilities.xml"
    assert recognise("https://x/", capabilities.read_bytes()) == 1.0
    assert recognise("https://x/a?service=CSW", b"") > recognise("https://x/csw", b"") > 0.0
    assert recognise("https://x/oai", b"<html/>") == 0.0

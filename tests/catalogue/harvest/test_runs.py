"""What a run makes of what a source says."""

from __future__ import annotations

import json

import pytest

from estran import formats
from estran.access import Actor
from estran.errors import Invalid, NotAllowed, NotFound
from estran.model import Organisation, Text
from tests.catalogue.harvest.scripted import MARK, dataset, found, visits
from tests.fetching.serving import Answer, serving


def titles(node):
    return {r.identifier: str(r.title) for r in node.scan()[0]}


def counts(report):
    names = ("seen", "new", "changed", "unchanged", "refused", "removed", "missed")
    return {name: number for name in names if (number := getattr(report, name))}


def test_a_first_harvest_brings_all_and_a_second_nothing(node, added):
    h = added(*(found(n) for n in range(5)), MARK)
    report = h.run("theirs")
    assert (report.state, report.full, report.note) == ("done", True, "")
    assert counts(report) == {"seen": 5, "new": 5}
    assert node.search("turbidity", source="theirs").matched == 5
    before = node.revision()
    assert counts(h.run("theirs")) == {"seen": 5, "unchanged": 5}
    assert node.revision() == before


def test_what_did_not_change_is_neither_read_nor_stored(node, added, says, monkeypatch):
    h = added(*(found(n) for n in range(5)))
    h.run("theirs")
    monkeypatch.setattr(formats, "recognise", lambda _: pytest.fail("it was read"))
    assert counts(h.run("theirs")) == {"seen": 5, "unchanged": 5}
    says(*(["kept", f"key-{n}"] for n in range(5)))
    assert counts(h.run("theirs")) == {"seen": 5, "unchanged": 5}


def test_stamps_are_those_of_what_is_held(node, added, says):
    h = added(
        found(1, stamp="a"), found(2), ["found", "bad", "no metadata", "c"], found(4, stamp="d"), found(5)
    )
    h.run("theirs")
    says(found(1, stamp="b"), found(2), ["found", "bad", "no metadata", "c"], ["gone", "key-4"], found(5))
    h.run("theirs")
    keys = ["key-1", "key-2", "bad", "key-4", "nothing"]
    assert visits[-1].stamps(keys) == {"key-1": "b", "bad": "c"}


def test_what_changed_changes_under_its_id(node, added, says):
    h = added(found(1), found(2))
    h.run("theirs")
    ids = {r.identifier: r.id for r in node.scan()[0]}
    says(found(1, "Salinity"), found(2))
    assert counts(h.run("theirs")) == {"seen": 2, "changed": 1, "unchanged": 1}
    assert titles(node)["id-1"] == "Salinity"
    assert {r.identifier: r.id for r in node.scan()[0]} == ids


def test_bytes_that_mean_the_same_are_unchanged_and_not_read_again(node, added, says, monkeypatch):
    h = added(found(1))
    h.run("theirs")
    says(["found", "key-1", dataset(1) + "\n"])
    assert counts(h.run("theirs")) == {"seen": 1, "unchanged": 1}
    monkeypatch.setattr(formats, "recognise", lambda _: pytest.fail("it was read"))
    assert counts(h.run("theirs")) == {"seen": 1, "unchanged": 1}


def test_an_older_version_that_the_source_went_back_to_is_taken(node, added, says):
    new, old = found(1, "New", dateModified="2024-01-01"), found(1, "Old", dateModified="2020-01-01")
    h = added(old)
    h.run("theirs")
    for said in (new, old, new):
        says(said)
        assert counts(h.run("theirs")) == {"seen": 1, "changed": 1}
        assert titles(node)["id-1"] == json.loads(said[2])["name"]


def test_what_a_whole_visit_does_not_name_goes_and_comes_back_under_its_old_id(node, added, says):
    everything = [found(n) for n in range(10)]
    h = added(*everything)
    h.run("theirs")
    (old,) = [r.id for r in node.scan()[0] if r.identifier == "id-3"]
    says(*(e for e in everything if e[1] != "key-3"))
    assert counts(h.run("theirs")) == {"seen": 9, "unchanged": 9, "removed": 1}
    with pytest.raises(NotFound):
        node.show(old)
    assert node.removed(old) is not None
    says(*everything[:3], found(3, "An entirely different title"), *everything[4:])
    assert counts(h.run("theirs")) == {"seen": 10, "new": 1, "unchanged": 9}
    assert str(node.show(old).title) == "An entirely different title"


def test_what_the_source_says_is_gone_goes_and_comes_back(node, added, says):
    h = added(*(found(n) for n in range(3)))
    h.run("theirs")
    ids = {r.identifier: r.id for r in node.scan()[0]}
    says(found(0), ["gone", "key-1"], ["gone", "key-2"], ["gone", "never held"])
    report = h.run("theirs")
    assert (report.removed, report.withdrawn, report.state) == (2, 3, "done")
    assert set(titles(node)) == {"id-0"}
    says(found(0), found(1), ["gone", "key-2"])
    assert counts(h.run("theirs")) == {"seen": 2, "new": 1, "unchanged": 1}
    assert {r.identifier: r.id for r in node.scan()[0]} == {key: ids[key] for key in ("id-0", "id-1")}


def test_refusals_have_their_reason_and_their_bytes(node, added, says):
    h = added(
        found(1),
        ["found", "bad", "{“no JSON”"],
        ["found", "empty", '{"type": "FeatureCollection", "features": []}'],
    )
    report = h.run("theirs")
    assert counts(report) == {"seen": 3, "new": 1, "refused": 2}
    page = h.entries(report.id, "refused")
    assert [e.key for e in page.entries] == ["bad", "empty"]
    assert all(e.why and not e.records for e in page.entries)
    assert h.document("theirs", "bad").decode() == "{“no JSON”"
    assert h.document("theirs", "key-1").decode() == dataset(1)
    assert counts(h.run("theirs")) == {"seen": 3, "unchanged": 1, "refused": 2}
    says(found(1), ["found", "bad", dataset("bad")], ["found", "empty", "still nothing"])
    assert counts(h.run("theirs")) == {"seen": 3, "new": 1, "unchanged": 1, "refused": 1}
    assert h.document("theirs", "empty") == b"still nothing"
    assert set(titles(node)) == {"id-1", "id-bad"}


def test_a_version_that_cannot_be_read_leaves_the_one_before(node, added, says):
    h = added(found(1), found(2))
    h.run("theirs")
    says(found(1), ["found", "key-2", "<broken"])
    assert counts(h.run("theirs")) == {"seen": 2, "unchanged": 1, "refused": 1}
    assert set(titles(node)) == {"id-1", "id-2"}
    assert h.document("theirs", "key-2") == b"<broken"
    says(found(1), found(2, "Readable again"))
    assert counts(h.run("theirs")) == {"seen": 2, "unchanged": 1, "changed": 1}
    assert titles(node)["id-2"] == "Readable again"


def test_a_key_that_comes_twice_counts_once_and_stays_the_same(node, added):
    h = added(found(1, "First"), found(2), MARK, found(1, "Second"))
    assert counts(h.run("theirs")) == {"seen": 2, "new": 2}
    assert counts(h.run("theirs")) == {"seen": 2, "unchanged": 2}
    assert titles(node)["id-1"] == "First"


def test_a_document_of_several_records_is_followed_as_one(node, added, says):
    def graph(*names):
        made = [json.loads(dataset(n, f"Part {n}")) for n in names]
        return ["found", "many", json.dumps({"@context": "https://schema.org/", "@graph": made})]

    h = added(graph(1, 2, 3), *(found(n) for n in range(10, 20)))
    h.run("theirs")
    ids = {r.identifier: r.id for r in node.scan()[0]}
    assert {"id-1", "id-2", "id-3"} <= set(ids)
    says(graph(1, 3), *(found(n) for n in range(10, 20)))
    assert counts(h.run("theirs")) == {"seen": 11, "changed": 1, "unchanged": 10}
    after = {r.identifier: r.id for r in node.scan()[0]}
    assert after == {key: value for key, value in ids.items() if key != "id-2"}


def item(n, **properties):
    return json.dumps(
        {
            "type": "Feature", "stac_version": "1.0.0", "id": f"item-{n}", "collection": "scenes",
            "geometry": {"type": "Point", "coordinates": [1, 45]}, "bbox": [1, 45, 1, 45], "links": [], "assets": {},
            "properties": {"datetime": f"2024-01-{n + 1:02}T00:00:00Z", **properties},
        }
    )  # fmt: skip


def test_items_are_kept_as_items(node, added, says):
    h = added(*(["found", f"i{n}", item(n)] for n in range(10)))
    assert counts(h.run("theirs")) == {"seen": 10, "new": 10}
    assert node.items.count("scenes") == 10
    assert counts(h.run("theirs")) == {"seen": 10, "unchanged": 10}
    says(["found", "i0", item(0, gsd=10)], *(["found", f"i{n}", item(n)] for n in range(1, 9)))
    assert counts(h.run("theirs")) == {"seen": 9, "changed": 1, "unchanged": 8, "removed": 1}
    assert h.entries("theirs", "changed").entries[0].items == ("scenes/item-0",)
    with pytest.raises(NotFound):
        node.items.show("scenes", "item-9")
    assert json.loads(node.items.show("scenes", "item-0").body + b"}")["properties"]["gsd"] == 10


@pytest.mark.parametrize("how", ["listed", "said", "before"])
def test_an_item_that_moved_to_another_key_stays(node, added, says, how):
    rest = [["found", f"i{n}", item(n)] for n in range(1, 10)]
    h = added(["found", "old", item(0)], *rest)
    h.run("theirs")
    moved = [["found", "new", item(0)], *rest]
    said = {"listed": moved, "said": [*moved, ["gone", "old"]], "before": [["gone", "old"], MARK, *moved]}[
        how
    ]
    says(*said)
    report = h.run("theirs")
    assert (report.state, report.removed) == ("done", 1)
    assert node.items.show("scenes", "item-0")
    says(*rest)
    assert h.run("theirs").removed == 1
    with pytest.raises(NotFound):
        node.items.show("scenes", "item-0")


def test_items_that_change_places_stay(node, added, says):
    rest = [["found", f"i{n}", item(n)] for n in range(2, 10)]
    h = added(["found", "a", item(0)], ["found", "b", item(1)], *rest)
    h.run("theirs")
    says(["found", "a", item(1)], ["found", "b", item(0)], *rest)
    assert counts(h.run("theirs")) == {"seen": 10, "changed": 2, "unchanged": 8}
    assert node.items.count("scenes") == 10
    says(["found", "a", item(1)], ["found", "b", item(11)], *rest)
    h.run("theirs")
    assert node.items.count("scenes") == 10
    with pytest.raises(NotFound):
        node.items.show("scenes", "item-0")


def test_odd_keys_are_kept_apart(node, added):
    long = "x" * 5000
    h = added(
        ["found", long + "1", dataset(1)], ["found", long + "2", dataset(2)], ["found", "a\0b", dataset(3)],
        ["found", "\ud800", dataset(4)], ["found", "", dataset(5)],
    )  # fmt: skip
    assert counts(h.run("theirs")) == {"seen": 5, "new": 5}
    assert counts(h.run("theirs")) == {"seen": 5, "unchanged": 5}
    assert h.document("theirs", long + "2").decode() == dataset(2)


def test_many_documents_are_read_by_all_cores_and_paged(node, added):
    h = added(*(found(n, f"Title {n}") for n in range(1300)), MARK, ["found", "bad", "nothing"])
    assert counts(h.run("theirs")) == {"seen": 1301, "new": 1300, "refused": 1}
    keys, cursor = [], ""
    while True:
        page = h.entries("theirs", cursor=cursor, limit=400)
        keys += [e.key for e in page.entries]
        cursor = page.next
        if not cursor:
            break
    assert keys == sorted(["bad", *(f"key-{n}" for n in range(1300))])
    assert counts(h.run("theirs")) == {"seen": 1301, "unchanged": 1300, "refused": 1}


def test_reading_all_again_is_asked_for(node, added, monkeypatch):
    h = added(found(1), found(2))
    h.run("theirs")
    told = []
    recognise = formats.recognise
    monkeypatch.setattr(formats, "recognise", lambda d: told.append(d.name) or recognise(d))
    assert counts(h.run("theirs", full=True)) == {"seen": 2, "unchanged": 2}
    assert not told
    assert counts(h.run("theirs", reread=True)) == {"seen": 2, "unchanged": 2}
    assert told == ["key-1", "key-2"]


def test_a_new_centre_or_visibility_reaches_all_records(node, added):

    node.organisations.add(Organisation(id="ifremer", kind="centre", name=Text.of("Ifremer")))
    h = added(found(1), found(2))
    h.run("theirs")
    h.change("theirs", centre="ifremer", visibility="restricted")
    assert counts(h.run("theirs")) == {"seen": 2, "changed": 2}
    assert {(r.centre, r.visibility) for r in node.scan()[0]} == {("ifremer", "restricted")}


def test_only_the_operator_harvests(node):
    with pytest.raises(NotAllowed):
        _ = node.acting_as(Actor(name="editor", role="editor", centres=())).harvest


def test_what_does_not_fit_is_said(node, added, says):
    h = added(found(1))
    url = says(found(1), name="other")
    with pytest.raises(Invalid, match="name"):
        h.add("Not a name", url, "scripted")
    with pytest.raises(NotFound):
        h.add("other", url, "telepathy")
    with pytest.raises(NotFound):
        h.add("other", url, "scripted", centre="nowhere")
    with pytest.raises(Invalid, match="visibility"):
        h.add("other", url, "scripted", visibility="secret")
    with pytest.raises(Invalid, match="five fields"):
        h.add("other", url, "scripted", schedule="each morning")
    with pytest.raises(Invalid, match="it has set"):
        h.add("other", url, "scripted", options={"sett": "x"})
    with pytest.raises(Invalid, match="name the protocol"):
        h.add("other", "neither a folder nor an address")
    with pytest.raises(NotFound):
        h.run("other")
    with pytest.raises(NotFound):
        h.show_run(99)
    with pytest.raises(Invalid, match="choose one of"):
        h.entries("theirs", "lost")
    assert [s.name for s in h.sources()] == ["theirs"]


def test_a_source_is_shown_as_it_was_set_up_and_changed(node, says):
    h = node.harvest
    given = {"options": {"set": "sea"}, "schedule": "0 3 * * *", "precedence": 5, "visibility": "restricted"}
    made = h.add("theirs", says(), "scripted", **given)
    assert {key: getattr(made, key) for key in given} == given
    assert made.active
    changed = h.change("theirs", active=False, precedence=7, schedule="")
    assert (changed.active, changed.precedence, changed.schedule, changed.options) == (
        False,
        7,
        "",
        {"set": "sea"},
    )


@pytest.mark.parametrize("keep", [True, False])
def test_a_source_goes_with_or_without_its_records(node, added, keep):
    h = added(*(found(n) for n in range(3)), ["found", "bad", "nothing"])
    h.run("theirs")
    h.remove("theirs", keep_records=keep)
    assert h.sources() == ()
    assert len(titles(node)) == (3 if keep else 0)
    with pytest.raises(NotFound):
        h.runs("theirs")


@pytest.mark.parametrize("status", [200, 400, 500])
def test_what_is_spoken_at_an_address_is_guessed(open_node, tmp_path, status):
    said = b'<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badVerb"/></OAI-PMH>'
    with serving(lambda a: Answer(b"", 404) if a.path == "/robots.txt" else Answer(said, status)) as server:
        node = open_node(tmp_path / "open")
        with node, pytest.raises(NotAllowed):
            node.harvest.add("theirs", f"{server.url}/oai")
        (tmp_path / "open" / "estran.toml").write_text(
            "[harvest]\nallow_private = true\nper_second = 100.0\n"
        )
        with open_node(tmp_path / "open") as node:
            assert node.harvest.add("theirs", f"{server.url}/oai").protocol == "oai-pmh"


def test_runs_and_what_was_missed_are_given_a_page_at_a_time_and_counted(added, says):
    h = added(found(1), found(2), ["missed", "a"], ["missed", "b"], ["missed", "c"], MARK)
    runs = [h.run("theirs", full=True).id for _ in range(3)]
    assert [r.id for r in h.runs("theirs", 2)] == [runs[2], runs[1]]
    assert [r.id for r in h.runs("theirs", 2, runs[1])] == [runs[0]]
    assert [m.place for m in h.missed(runs[0], 2)] == ["a", "b"]
    assert [m.place for m in h.missed(runs[0], 2, "b")] == ["c"]
    assert h.tally("theirs") == {"held": 2}
    assert h.tally(runs[2]) == {"held": 2}
    assert h.tally(runs[0]) == {}
    with pytest.raises(NotFound):
        h.tally("none")
    with pytest.raises(NotFound):
        h.tally(10**9)

"""What is concluded at the end of a run, and what happens where it does not get there."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from estran.catalogue.store import harvest, harvest_leases
from estran.catalogue.store.inbound import Batch
from estran.errors import Conflict
from estran.model import now, now_us
from estran.storage import schema
from tests.catalogue.harvest.scripted import MARK, found, visits
from tests.catalogue.harvest.test_runs import counts, titles

TEN = [found(n) for n in range(10)]


def test_a_loss_above_a_fifth_waits_for_a_word(node, added, says):
    h = added(*TEN)
    h.run("theirs")
    says(*TEN[:7])
    report = h.run("theirs")
    assert report.state == "refused"
    assert "3 of 10 are gone" in report.note
    assert len(titles(node)) == 10
    assert h.run("theirs").state == "refused"
    assert counts(h.run("theirs", confirm_loss=True)) == {"seen": 7, "unchanged": 7, "removed": 3}
    assert len(titles(node)) == 7
    assert h.run("theirs").state == "done"


def test_a_source_that_gives_nothing_at_all_loses_nothing_here(node, added, says):
    h = added(*TEN)
    h.run("theirs")
    says()
    assert h.run("theirs").state == "refused"
    assert len(titles(node)) == 10


def test_a_fifth_may_go(node, added, says):
    h = added(*TEN)
    h.run("theirs")
    says(*TEN[:8])
    assert counts(h.run("theirs")) == {"seen": 8, "unchanged": 8, "removed": 2}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ([["missed", "https://a/b"]], "1 could not be had"),
        ([["total", 10]], "announced 10 and gave 9"),
        ([["kept", "never held"]], "1 could not be had"),
    ],
)
def test_nothing_goes_where_the_source_was_not_read_whole(node, added, says, more, why):
    h = added(*TEN)
    h.run("theirs")
    says(*more, *TEN[:9])
    report = h.run("theirs")
    assert (report.state, report.removed) == ("done", 0)
    assert why in report.note
    assert "1 that it did not name stay" in report.note
    assert len(titles(node)) == 10
    if report.missed:
        (missed,) = h.missed(report.id)
        assert missed.why
    says(["total", 9], *TEN[:9])
    assert h.run("theirs").removed == 1


def test_withdrawn_ones_count_to_what_was_announced(added, says):
    h = added(["total", 10], *TEN)
    h.run("theirs")
    says(["total", 10], *TEN[:8], ["gone", "key-9"], ["gone", "unknown"])
    assert counts(h.run("theirs")) == {"seen": 8, "unchanged": 8, "removed": 2}


def test_a_protocol_that_cannot_tell_concludes_nothing(node, added, says):
    h = added(*TEN, protocol="scripted-never")
    h.run("theirs")
    says(*TEN[:9])
    assert counts(h.run("theirs")) == {"seen": 9, "unchanged": 9}
    assert len(titles(node)) == 10


def test_only_changes_are_asked_for_after_a_complete_run(node, added, says):
    h = added(*TEN, protocol="scripted-changes")
    first = h.run("theirs")
    says(found(3, "Changed"), ["gone", "key-4"])
    report = h.run("theirs")
    assert not report.full
    assert datetime.fromisoformat(report.since) == (
        datetime.fromisoformat(first.started) - timedelta(hours=1)
    ).replace(microsecond=0)
    assert visits[-1].since == report.since
    assert counts(report) == {"seen": 1, "changed": 1, "removed": 1}
    assert len(titles(node)) == 9
    assert h.run("theirs", full=True).full
    assert visits[-1].since == ""


def test_what_was_missed_is_asked_for_again(added, says):
    h = added(*TEN, protocol="scripted-changes")
    h.run("theirs")
    complete = h.source("theirs").complete
    says(["missed", "key-5"])
    before = h.run("theirs").since
    assert h.source("theirs").complete == complete
    says()
    assert h.run("theirs").since == before
    assert h.source("theirs").complete > complete


def test_now_and_then_a_source_is_read_whole(added, monkeypatch):
    h = added(*TEN, protocol="scripted-changes")
    h.run("theirs")
    assert not h.run("theirs").full
    later = now() + timedelta(days=31)
    monkeypatch.setattr("estran.catalogue.harvest.door.now", lambda: later)
    assert h.run("theirs").full


def test_a_server_that_goes_away_is_gone_on_with(node, added):
    h = added(*TEN[:4], MARK, *TEN[4:6], ["once", "unavailable"], *TEN[6:])
    report = h.run("theirs")
    assert (report.state, report.note) == ("cut", "it fails")
    assert counts(report) == {"seen": 6, "new": 6}
    again = h.run("theirs")
    assert (again.id, again.state) == (report.id, "done")
    assert visits[-1].position == {"at": 5}
    assert counts(again) == {"seen": 10, "new": 10}
    assert len(titles(node)) == 10


@pytest.mark.parametrize("how", ["invalid", "bug"])
def test_what_will_never_go_on_fails_and_begins_anew(node, added, how):
    h = added(*TEN[:4], MARK, ["once", how], *TEN[4:])
    report = h.run("theirs")
    assert report.state == "failed"
    assert "it fails" in report.note
    again = h.run("theirs")
    assert again.id != report.id
    assert visits[-1].position is None
    assert counts(again) == {"seen": 10, "new": 6, "unchanged": 4}


def test_a_server_that_is_not_there_fails(added):
    h = added(["once", "unavailable"], *TEN)
    assert h.run("theirs").state == "failed"
    assert h.run("theirs").state == "done"


def test_a_run_goes_step_by_step(node, added):
    h = added(*(e for one in TEN for e in (one, MARK)))
    run = h.begin("theirs")
    steps = 0
    while not h.step(run, seconds=0):
        steps += 1
        assert h.show_run(run).seen == steps
    assert steps == 10
    assert counts(h.show_run(run)) == {"seen": 10, "new": 10}
    assert h.step(run, seconds=0)
    assert h.begin("theirs") != run


def test_a_whole_run_that_is_asked_for_gives_up_a_cut_one(added):
    h = added(*TEN[:4], MARK, ["once", "unavailable"], *TEN[4:], protocol="scripted-changes")
    first = h.run("theirs", full=True)
    assert h.begin("theirs", reread=True) != first.id
    assert "given up" in h.show_run(first.id).note


def test_an_interruption_is_a_cut(added, monkeypatch):
    h = added(*TEN[:4], MARK, *TEN[4:])

    def interrupt(report):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        h.run("theirs", progress=interrupt)
    assert h.runs("theirs")[0].state == "cut"
    assert counts(h.run("theirs")) == {"seen": 10, "new": 10}


def test_a_source_is_harvested_once_at_a_time(node, added, monkeypatch):
    h = added(*TEN[:4], MARK, *TEN[4:])
    run, number = h.begin("theirs"), node._house.catalogue._stores.harvests.number("theirs")
    harvests = node._house.catalogue._stores.harvests
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = f"{harvests.leases.me.rpartition(':')[0]}:{alive.pid}:x"
    try:
        harvests.leases.hold(number, other)
        assert h.source("theirs").holder == other
        for attempt in (
            lambda: h.run("theirs"), lambda: h.step(run), lambda: h.remove("theirs", keep_records=False),
            lambda: h.change("theirs", url="elsewhere"),
        ):  # fmt: skip
            with pytest.raises(Conflict, match="is being harvested"):
                attempt()
        assert h.show_run(run).state == "running"
        later = now_us() + (harvest_leases.LEASE_S + 1) * 1_000_000
        with monkeypatch.context() as patched:
            for module in (harvest, harvest_leases):
                patched.setattr(module, "now_us", lambda: later)
            assert h.show_run(run).state == "cut"
            harvests.leases.hold(number, "elsewhere:1:y")
        harvests.leases.release(number, "elsewhere:1:y")
        harvests.leases.hold(number, other)
    finally:
        alive.communicate(b"\n")
    # Its process is no more: nobody waits for the lease.
    assert h.show_run(run).state == "cut"
    assert h.run("theirs").id == run


def test_who_was_taken_over_stops(node, added):
    h = added(*TEN[:4], MARK, *TEN[4:])
    harvests = node._house.catalogue._stores.harvests
    number = harvests.number("theirs")
    taken = update(schema.harvest_source).values(holder="elsewhere:1:y", lease=0)

    def take_over(report):
        with node._house.database.write() as connection:
            connection.execute(taken)

    h.change("theirs", url=h.source("theirs").url)
    run = h.begin("theirs")
    with pytest.raises(Conflict, match="took over"):
        h.step(run, progress=take_over)
    assert h.show_run(run).state == "cut"
    assert h.step(run)
    assert counts(h.show_run(run)) == {"seen": 10, "new": 10}
    assert number == 1


def test_the_lease_lives_while_the_source_is_silent(node, added, monkeypatch):
    monkeypatch.setattr("estran.catalogue.harvest.runner.LEASE_S", 0.04)
    h = added(*TEN)
    harvests = node._house.catalogue._stores.harvests
    seen = []
    renew = harvests.leases.renew
    monkeypatch.setattr(harvests.leases, "renew", lambda *a: (seen.append(a), renew(*a)))

    def wait(report):
        while len(seen) < 3:
            time.sleep(0.01)

    assert h.run("theirs", progress=wait).state == "done"
    assert h.source("theirs").holder == ""


def test_one_that_the_database_cannot_keep_is_refused_alone(node, added, monkeypatch):
    write = Batch.write

    def fail(self, batch):
        if any(one.key == "key-3" for one in batch):
            raise ValueError("it is too strange")
        return write(self, batch)

    monkeypatch.setattr(Batch, "write", fail)
    h = added(*TEN, ["missed", "x"], MARK)
    report = h.run("theirs")
    assert counts(report) == {"seen": 10, "new": 9, "refused": 1, "missed": 1}
    (refused,) = h.entries("theirs", "refused").entries
    assert (refused.key, "too strange" in refused.why) == ("key-3", True)
    assert h.document("theirs", "key-3").decode() == TEN[3][2]


def test_odd_letters_do_not_stop_a_run(added):
    h = added(found(1, "nothing \0 here"), found(2, "half \ud800 a letter"), found(3))
    report = h.run("theirs")
    assert (report.state, report.seen) == ("done", 3)
    assert report.new + report.refused == 3

"""Work that is due again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from estran.errors import Invalid, NotFound
from estran.jobs import Jobs, Work
from estran.jobs.times import check_cron, times

if TYPE_CHECKING:
    from pathlib import Path

MARCH = {"log": "", "steps": 0}


def late(jobs: Jobs, name: str, seconds: float) -> None:
    """Put the clock of a schedule back, as if nobody had worked meanwhile."""
    with jobs._store.write() as connection:
        [row] = [one for one in jobs._store.schedules(connection) if one.name == name]
        jobs._store.put_schedule(connection, row._replace(next=row.next - seconds))


def test_the_times_to_come_are_shown(jobs: Jobs) -> None:
    made = jobs.schedule("odatis", " 30 3  * * 1 ", "march", MARCH)
    assert (made.cron, made.alone) == ("30 3 * * 1", "odatis")
    assert made.next > datetime.now(UTC)
    assert (made.next.weekday(), made.next.hour, made.next.minute) == (0, 3, 30)
    assert [b - a for a, b in zip((made.next, *made.then), made.then, strict=False)] == [
        timedelta(days=7)
    ] * 3
    assert jobs.schedules() == (made,)


def test_a_schedule_is_replaced_and_ended(jobs: Jobs) -> None:
    first = jobs.schedule("a", "0 3 * * *", "march", MARCH)
    late(jobs, "a", 10 * 86_400)
    due = jobs.schedules()[0].next
    assert jobs.schedule("a", "0 3 * * *", "march", MARCH).next == due < first.next
    assert jobs.schedule("a", "0 4 * * *", "march", MARCH).next > datetime.now(UTC)
    jobs.unschedule("a")
    assert jobs.schedules() == ()
    with pytest.raises(NotFound):
        jobs.unschedule("a")


@pytest.mark.parametrize("cron", ["", "3 * * *", "61 * * * *", "0 0 30 2 *", "each day", "* * * * * *"])
def test_what_is_no_time_is_refused(jobs: Jobs, cron: str) -> None:
    with pytest.raises(Invalid, match="minute, hour"):
        jobs.schedule("a", cron, "march", MARCH)
    assert jobs.schedules() == ()


def test_what_was_missed_is_done_once(jobs: Jobs, tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs.schedule("hourly", "@hourly", "march", {"log": str(log), "steps": 1})
    jobs.execute(once=True)
    assert not log.exists()
    late(jobs, "hourly", 30 * 86_400)
    jobs.execute(once=True)
    assert log.read_text().count("begin") == 1
    assert jobs.schedules()[0].next > datetime.now(UTC)
    jobs.execute(once=True)
    assert log.read_text().count("begin") == 1


def test_what_is_due_is_asked_for_once_however_many_ask(jobs: Jobs) -> None:
    jobs.schedule("a", "@daily", "march", MARCH)
    late(jobs, "a", 2 * 86_400)
    with jobs._store.read() as connection:
        [row] = jobs._store.schedules(connection)
    assert jobs.ask_what_is_due() == 1
    # Another that looked before the first had moved the clock on.
    with jobs._store.write() as connection:
        jobs._store.put_schedule(connection, row)
    assert jobs.ask_what_is_due() == 1
    assert len(jobs.list().jobs) == 1


def test_summer_time_moves_nothing() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert [at.hour for at in islice(times(check_cron("30 2 * * *"), spring), 3)] == [2, 2, 2]


def test_works_say_themselves_when_they_are_due(url: str) -> None:
    told = {"odatis": ("0 3 * * *", {"source": "odatis"}), "theia": ("@weekly", {"source": "theia"})}
    jobs = Jobs(url, lambda: (Work("harvest", lambda step, source: source, lambda: told),))
    try:
        jobs.schedule("by hand", "@daily", "harvest", {"source": "x"})
        assert jobs.follow() == ()
        assert [one.name for one in jobs.schedules()] == ["by hand", "harvest odatis", "harvest theia"]
        assert jobs.schedules()[1].alone == "odatis"
        del told["theia"]
        told["odatis"] = ("0 4 * * *", {"source": "odatis"})
        told["wrong"] = ("0 0 30 2 *", {})
        assert [one.partition(":")[0] for one in jobs.follow()] == ["harvest wrong"]
        assert [(one.name, one.cron) for one in jobs.schedules()] == [
            ("by hand", "@daily"),
            ("harvest odatis", "0 4 * * *"),
        ]
    finally:
        jobs.close()

"""When an address is dead, and when it is asked again."""

from __future__ import annotations

from estran.catalogue.probing.standing import FRESH, HOUR_US, stand
from estran.catalogue.probing.values import Outcome

DAY = 24 * HOUR_US
MONTH = 30 * DAY
KEY = bytes.fromhex("8000")  # half-way: asked exactly when it is due, or nearly
FAILING = Outcome("failing", "unreachable")


def course(*outcomes: Outcome, apart: int = DAY, start: int = 0):
    standing, now = FRESH, start
    for outcome in outcomes:
        now += apart
        standing = stand(standing, outcome, now, MONTH, KEY)
    return standing


def test_what_fails_is_dead_after_several_times_and_days():
    assert course(FAILING, FAILING, FAILING).state == "failing"
    assert course(*[FAILING] * 4).state == "dead"
    assert course(*[FAILING] * 50, apart=HOUR_US).state == "failing"
    assert course(FAILING, FAILING, apart=30 * DAY).state == "failing"


def test_since_when_it_fails_is_kept_when_it_is_dead():
    dead = course(*[FAILING] * 6)
    assert (dead.since, dead.failures, dead.last_ok) == (DAY, 6, None)
    assert [state for _, state, _ in dead.history] == ["dead", "failing"]


def test_once_it_works_all_is_forgotten_but_its_history():
    back = stand(course(*[FAILING] * 6), Outcome("ok"), 10 * DAY, MONTH, KEY)
    assert (back.state, back.failures, back.since, back.last_ok) == ("ok", 0, 10 * DAY, 10 * DAY)
    assert [state for _, state, _ in back.history] == ["ok", "dead", "failing"]


def test_a_single_failure_between_forgets_nothing():
    good = stand(FRESH, Outcome("ok"), DAY, MONTH, KEY)
    bad = stand(good, FAILING, 2 * DAY, MONTH, KEY)
    assert (bad.state, bad.last_ok, bad.since) == ("failing", DAY, 2 * DAY)


def test_what_works_is_asked_seldom_and_what_does_not_ever_less_often():
    waits = [course(*[FAILING] * n).due - n * DAY for n in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] < 7 * HOUR_US
    assert abs(waits[-1] - MONTH) < DAY
    assert abs(course(Outcome("ok")).due - DAY - MONTH) < DAY
    assert course(Outcome("gone", "status")).due < 4 * DAY


def test_addresses_are_spread_over_time():
    dues = {stand(FRESH, Outcome("ok"), 0, MONTH, bytes([n, 0])).due for n in range(0, 256, 16)}
    assert len(dues) == 16
    assert max(dues) - min(dues) > 5 * DAY


def test_history_is_bounded():
    turns = [Outcome("ok"), FAILING] * 40
    assert len(course(*turns).history) == 10

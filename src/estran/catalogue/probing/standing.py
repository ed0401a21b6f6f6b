"""From what was known of an address and what a check found, to what is known now and when to ask again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from estran.catalogue.probing.values import Outcome

__all__ = ["FRESH", "Standing", "stand"]

HOUR_US = 3_600_000_000
_DAY_US = 24 * HOUR_US
# What could not be asked so often, and for so long, is dead.
_DEAD_AFTER, _DEAD_AFTER_US = 4, 3 * _DAY_US
_FIRST_WAIT_US = 6 * HOUR_US
_WRONG_WAIT_US = 2 * _DAY_US
_MOST_HISTORY = 10
_WORKS = ("ok", "moved", "login")


class Standing(NamedTuple):
    """What the table keeps of an address besides its outcome; instants in microseconds."""

    state: str = "new"
    reason: str = ""
    failures: int = 0
    checked: int | None = None
    last_ok: int | None = None
    since: int | None = None
    due: int = 0
    history: tuple[tuple[int, str, str], ...] = ()


FRESH = Standing()


def stand(before: Standing, outcome: Outcome, now: int, every_us: int, key: bytes) -> Standing:
    """What is known now.

    Args:
        before: what was known.
        outcome: of the check.
        now: when it was, in microseconds.
        every_us: after how long what works is asked again.
        key: of the address, which spreads addresses over time.
    """
    works = outcome.state in _WORKS
    failures = 0 if works or outcome.state == "refused" else before.failures + 1
    same = _group(before.state) == _group(outcome.state)
    since = before.since if same and before.since is not None else now
    state: str = outcome.state
    if state == "failing" and failures >= _DEAD_AFTER and now - since >= _DEAD_AFTER_US:
        state = "dead"
    history = before.history
    if (state, outcome.reason) != (before.state, before.reason):
        history = ((now, state, outcome.reason), *history)[:_MOST_HISTORY]
    return Standing(
        state, outcome.reason, failures, now, now if outcome.state in ("ok", "moved") else before.last_ok,
        since, now + _wait(state, failures, every_us, key), history,
    )  # fmt: skip


def _group(state: str) -> str:
    return {"dead": "failing", "moved": "ok"}.get(state, state)


def _wait(state: str, failures: int, every_us: int, key: bytes) -> int:
    """What works is asked seldom; what does not, soon, and then ever less often."""
    if state in _WORKS or state == "refused":
        wait = every_us
    else:
        first = _FIRST_WAIT_US if state in ("failing", "dead") else _WRONG_WAIT_US
        wait = min(every_us, first * 2 ** min(failures - 1, 20))
    # A tenth more or less, always the same for one address: what was asked together parts.
    return wait * (900 + int.from_bytes(key[:2]) * 200 // 65_535) // 1000

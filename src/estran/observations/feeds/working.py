"""Feeds that are looked at, and observations that move into files, as work that is done by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.jobs import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.jobs import Step
    from estran.observations import Observations

__all__ = ["feeding", "settling"]

FEED, SETTLE = "feed", "settle"
# Short enough to stop within.
_PART_S = 30.0
_EVERY_MINUTE = "* * * * *"


def feeding(observations: Callable[[], Observations], part_s: float = _PART_S) -> Work:
    """The work that looks at one folder or asks one address, and is due when the feeds say.

    Args:
        observations: gives the node's observations, as its operator.
        part_s: seconds of one part.
    """

    def do(step: Step, *, feed: str) -> Mapping[str, Any]:
        told: dict[str, int] = dict.fromkeys(("messages", "new", "changed", "unchanged", "refused"), 0)
        while True:
            part: dict[str, Any] = step(look, feed)
            for name in told:
                told[name] += part[name]
            step.tell(**told)
            if part["ended"]:
                return told

    def look(feed: str) -> dict[str, Any]:
        report, ended = observations().feeds.run(feed, part_s)
        rows = report.rows
        return {
            "messages": report.messages, "new": rows.new, "changed": rows.changed, "unchanged": rows.unchanged,
            "refused": len(report.refused), "ended": ended,
        }  # fmt: skip

    def due() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {
            one.name: (one.schedule, {"feed": one.name})
            for one in observations().feeds.list()
            if one.schedule
        }

    return Work(FEED, do, due)


def settling(observations: Callable[[], Observations], most: int) -> Work:
    """The work that moves observations into files, and is due while the database holds more than so many rows.

    Args:
        observations: gives the node's observations, as its operator.
        most: rows; 0 for never by itself.
    """

    def do(step: Step) -> Mapping[str, Any]:
        return {"moved": step(lambda: observations().settle())}

    def due() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {"all": (_EVERY_MINUTE, {})} if most and observations().waits(most) else {}

    return Work(SETTLE, do, due)

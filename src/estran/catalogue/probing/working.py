"""Checking links as a job: short parts, each of which leaves less that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.jobs import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.catalogue.probing.door import LinkChecks
    from estran.jobs import Step

__all__ = ["probing"]

NAME = "probe"
_PART_S = 30.0


def probing(checks: Callable[[], LinkChecks], schedule: str, part_s: float = _PART_S) -> Work:
    """The work that checks all links that are due.

    Args:
        checks: gives the node's links, as its operator.
        schedule: when workers do it by themselves, as cron has it; "" for never.
        part_s: seconds of one part.
    """

    def do(step: Step, *, host: str = "") -> Mapping[str, Any]:
        done: dict[str, int] = {"checked": 0}
        while True:
            at: dict[str, Any] = step(part, host)
            done["checked"] += at["checked"]
            for state, count in at["states"].items():
                done[state] = done.get(state, 0) + count
            step.tell(**done, waiting=at["waiting"])
            if not at["waiting"]:
                return done

    def part(host: str) -> dict[str, Any]:
        report = checks().check(host=host, seconds=part_s)
        return {"checked": report.checked, "states": dict(report.states), "waiting": report.waiting}

    def due() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {"links": (schedule, {})} if schedule else {}

    return Work(NAME, do, due)

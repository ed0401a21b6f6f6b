"""The harvest of one source as a job: short parts of a run, each of which moves its stored position on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from estran.errors import Conflict, EstranError, Unavailable
from estran.jobs import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.catalogue.harvest.door import Harvest
    from estran.jobs import Step

__all__ = ["harvesting"]

NAME = "harvest"
# Long enough to make little of opening the source again, short enough to stop within.
_PART_S = 30.0
# Whoever died while harvesting holds its source for a while.
_HELD_S = 30.0
_TRIES = 3
_TOLD = ("run", "full", "seen", "new", "changed", "unchanged", "refused", "withdrawn", "removed", "missed")


def harvesting(harvest: Callable[[], Harvest], part_s: float = _PART_S) -> Work:
    """The work that harvests one source, and is due when the sources say.

    Args:
        harvest: gives the node's harvest, as its operator.
        part_s: seconds of one part.
    """

    def do(
        step: Step, source: str, *, full: bool = False, confirm_loss: bool = False, reread: bool = False
    ) -> Mapping[str, Any]:
        tries = 0
        while True:
            run: int = step(_begin, harvest(), source, full, confirm_loss, reread)
            at, tries = through(step, run), tries + 1
            # What was cut goes on where it ended; what failed would fail again.
            if at["state"] != "cut" or tries == _TRIES:
                break
        if at["state"] != "done":
            raise EstranError(at["note"] or f"run {run} of “{source}” ended as {at['state']}")
        return _told(at)

    def through(step: Step, run: int) -> dict[str, Any]:
        while True:
            at: dict[str, Any] = step(_go_on, harvest(), run, part_s)
            step.tell(**_told(at))
            if at["ended"]:
                return at

    def due() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
        return {
            one.name: (one.schedule, {"source": one.name})
            for one in harvest().sources()
            if one.active and one.schedule
        }

    return Work(NAME, do, due)


def _told(at: Mapping[str, Any]) -> dict[str, Any]:
    return {name: at[name] for name in _TOLD}


def _begin(harvest: Harvest, source: str, full: bool, confirm_loss: bool, reread: bool) -> int:
    try:
        return harvest.begin(source, full=full, confirm_loss=confirm_loss, reread=reread)
    except Conflict as error:
        raise Unavailable(str(error), _HELD_S) from None


def _go_on(harvest: Harvest, run: int, seconds: float) -> dict[str, Any]:
    try:
        ended = harvest.step(run, seconds)
    except Conflict as error:
        raise Unavailable(str(error), _HELD_S) from None
    return {**asdict(harvest.show_run(run)), "run": run, "ended": ended}

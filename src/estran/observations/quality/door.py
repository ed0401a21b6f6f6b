"""What experts say of observations, and what the machine tests, behind one door."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.model import EVER_US, NEVER_US, interval, now_us
from estran.observations.quality.machine import Machine
from estran.observations.quality.meanings import QUALITIES
from estran.observations.quality.schemes import QARTOD
from estran.observations.store.testing import StoredPlan
from estran.observations.store.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.observations.quality.machine import TestReport
    from estran.observations.quality.plans import Plan
    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream

__all__ = ["Quality"]

_LONGEST_REASON = 2000


class Quality:
    """Verdicts on observations and tests of them, as one actor may see and give them."""

    def __init__(
        self,
        store: SeriesStore,
        catalogue: Catalogue,
        actor: Actor,
        datastreams: Callable[[Sequence[int]], list[HeldDatastream]],
    ) -> None:
        self._store, self._catalogue, self._actor = store, catalogue, actor
        # Those of some numbers that the actor sees.
        self._datastreams = datastreams

    # What experts say

    def judge(self, datastream: int, time: str, quality: int | str, reason: str) -> Verdict:
        """Say how good the observations of a period are, whatever tests and producer say; also of those that come late.

        Args:
            datastream: its number.
            time: a date or an instant, or two around a slash, both with all of their day or second; ``..`` leaves an
                end open.
            quality: QARTOD's code, or its word: good, not_evaluated, suspect, bad, missing.
            reason: why, for those who come after.

        Raises:
            NotFound: there is no such datastream, or none that the actor may know of.
            NotAllowed: the actor may not change its record.
            Invalid: the period or the quality does not fit, or there is no reason.
        """
        one = self._one(datastream)
        if not self.may_judge(one):
            raise NotAllowed(
                "observations are judged by editors of the centre of their record and by the operator"
            )
        code, why = _code(quality), " ".join(reason.split())
        if not why or len(why) > _LONGEST_REASON:
            raise Invalid(f"a verdict has a reason of up to {_LONGEST_REASON:,} letters", "reason")
        start, end = interval(time) if time.strip() else (EVER_US, NEVER_US)
        if not time.strip() or start >= end:
            raise Invalid("a period has a start and a later end, such as 2020-01-01/2020-01-03", "time")
        given = Verdict(
            number=0, datastream=datastream, start=start, end=end, code=code, reason=why, by=self._actor.name,
            at=now_us(),
        )  # fmt: skip
        return self._store.quality.judge(given)

    def undo(self, verdict: int) -> Verdict:
        """Take a verdict back: what it covered is again as it was without it.

        Args:
            verdict: its number.

        Raises:
            NotFound: there is none of that number, or none that the actor may know of.
            NotAllowed: the actor may not change the record.
            Conflict: it was taken back already.
        """
        held = self.verdict(verdict)
        if not self.may_judge(self._one(held.datastream)):
            raise NotAllowed(
                "verdicts are taken back by editors of the centre of their record and by the operator"
            )
        if not self._store.quality.undo(verdict, self._actor.name, now_us()):
            raise Conflict(f"verdict {verdict} was taken back already, by {held.undone_by or 'somebody'}")
        return self.verdict(verdict)

    def verdict(self, number: int) -> Verdict:
        """One verdict.

        Raises:
            NotFound: there is none of that number, or none that the actor may know of.
        """
        held = self._store.quality.verdict(number)
        if held is None or not self._datastreams([held.datastream]):
            raise NotFound(
                "verdict", str(number), "“estran observations flags NUMBER” lists those of a datastream."
            )
        return held

    def verdicts(self, datastream: int, *, undone: bool = True) -> list[Verdict]:
        """What experts said of a datastream, the oldest first; with what was taken back, unless told otherwise.

        Raises:
            NotFound: there is no such datastream, or none that the actor may know of.
        """
        self._one(datastream)
        return self._store.quality.verdicts([datastream], undone=undone)

    def may_judge(self, one: HeldDatastream) -> bool:
        """Whether the actor may judge observations of a datastream: those who may change its record."""
        if self._actor.is_operator:
            return True
        return self._actor.may_write(self._catalogue.show(one.record, self._actor).centre)

    def _one(self, number: int) -> HeldDatastream:
        found = self._datastreams([number])
        if not found:
            raise NotFound(
                "datastream", str(number), "“estran observations list” names those that there are."
            )
        return found[0]

    # What the machine tests

    def plans(self) -> tuple[Plan, ...]:
        """The plans of tests, in the order in which they count."""
        return Machine(self._store).plans()

    def plan(self, plan: Plan) -> int:
        """Take a plan of tests, in the place of one of the same name; gives how many datastreams now wait for tests.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        self._operator()
        document = plan.document()
        hash_ = hashlib.sha256(document).hexdigest()[:16]
        self._store.quality.put_plan(StoredPlan(plan.name, document, hash_, self._actor.name, now_us()))
        return Machine(self._store).expect(self._datastreams(()))

    def forget(self, plan: str) -> int:
        """Forget a plan; gives how many datastreams now wait for tests.

        Raises:
            NotFound: there is none of that name.
            NotAllowed: the actor is not the operator.
        """
        self._operator()
        if not self._store.quality.remove_plan(plan):
            known = ", ".join(one.name for one in self.plans()) or "none"
            raise NotFound("plan of tests", plan, f"There are: {known}.")
        return Machine(self._store).expect(self._datastreams(()))

    def test(
        self,
        streams: Sequence[HeldDatastream] | None = None,
        *,
        again: bool = False,
        progress: Callable[[TestReport], None] | None = None,
    ) -> TestReport:
        """Run the tests for which observations wait.

        Args:
            streams: only of these; none means all.
            again: test them again from their first observation.
            progress: told after each datastream.

        Raises:
            NotAllowed: the actor is not the operator.
            Unavailable: another process writes files for longer than one may wait.
        """
        self._operator()
        machine = Machine(self._store)
        chosen = self._datastreams(()) if streams is None else streams
        machine.expect(chosen, again=again)
        return machine.run([one.number for one in chosen], progress)

    def _operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may say what is tested, and have it tested")


def _code(given: int | str) -> int:
    words = {flag.words: flag.code for flag in QARTOD.flags} | {flag.word: flag.code for flag in QARTOD.flags}
    code = words.get(str(given).strip().lower().replace(" ", "_"))
    if code not in QUALITIES:
        raise Invalid(f"choose among {', '.join(flag.words for flag in QARTOD.flags)}", "quality")
    return code

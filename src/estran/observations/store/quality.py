"""What is known of the quality of observations beside their rows: verdicts, and what is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.observations.store import registry, testing, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from estran.model import Datastream
    from estran.observations.store.testing import StoredPlan, Waiting
    from estran.observations.store.verdicts import Verdict
    from estran.storage import Database

__all__ = ["QualityStore"]


class QualityStore:
    """Reads and writes of verdicts and of plans of tests.

    Args:
        database: of the node.

    Attributes:
        untested: what is remembered of datastreams that no plan names, so that it is found out once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.untested: set[tuple[str, int]] = set()

    def verdicts(self, datastreams: Sequence[int], *, undone: bool = False) -> list[Verdict]:
        """The verdicts on some datastreams, the oldest first; with those that were undone if wanted."""
        if not datastreams:
            return []
        with self._database.read() as connection:
            return verdicts.read(connection, self._database.engine, datastreams, undone=undone)

    def described(self, datastreams: Sequence[int]) -> dict[int, Datastream]:
        """What some datastreams are, by their number."""
        if not datastreams:
            return {}
        with self._database.read() as connection:
            return registry.described(connection, self._database.engine, datastreams)

    def verdict(self, number: int) -> Verdict | None:
        """One verdict, None where there is none of that number."""
        with self._database.read() as connection:
            return verdicts.one(connection, number)

    def judge(self, given: Verdict) -> Verdict:
        """Note a verdict, whose number is given here."""
        with self._database.write() as connection:
            return verdicts.add(connection, given)

    def undo(self, number: int, by: str, at: int) -> bool:
        """Take a verdict back; says whether it stood."""
        with self._database.write() as connection:
            return verdicts.undo(connection, number, by, at)

    def plans(self) -> list[StoredPlan]:
        """All plans of tests, by name."""
        with self._database.read() as connection:
            return testing.plans(connection)

    def put_plan(self, plan: StoredPlan) -> None:
        """Note a plan in the place of one of the same name."""
        with self._database.write() as connection:
            testing.put_plan(connection, plan)

    def remove_plan(self, name: str) -> bool:
        """Forget a plan; says whether there was one."""
        with self._database.write() as connection:
            return testing.remove_plan(connection, name)

    def states(self, datastreams: Sequence[int] | None = None) -> dict[int, Waiting]:
        """Of each datastream that is tested what waits for its tests; of some, or of all."""
        with self._database.read() as connection:
            return testing.states(connection, self._database.engine, datastreams)

    def planned(self, datastreams: Sequence[int]) -> tuple[tuple[StoredPlan, ...], dict[int, Waiting]]:
        """All plans, and what of some datastreams waits."""
        with self._database.read() as connection:
            states = testing.states(connection, self._database.engine, datastreams)
            return tuple(testing.plans(connection)), states

    def expect(self, waiting: Iterable[Waiting]) -> None:
        """Have something of datastreams wait for its tests."""
        with self._database.write() as connection:
            testing.expect(connection, waiting)

    def done(self, tested: Iterable[tuple[Waiting, str]]) -> None:
        """Note that what waited was tested, unless something came since.

        Args:
            tested: what waited when its rows were read, and the hash of its tests; "" where nothing is tested of
                it any more.
        """
        with self._database.write() as connection:
            for waiting, hash_ in tested:
                testing.done(connection, waiting, hash_)

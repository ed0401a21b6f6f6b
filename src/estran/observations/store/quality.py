"""What is known of the quality of observations beside their rows: verdicts, and what is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.observations.store import verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.store.verdicts import Verdict
    from estran.storage import Database

__all__ = ["QualityStore"]


class QualityStore:
    """Reads and writes of verdicts and of plans of tests.

    Args:
        database: of the node.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def verdicts(self, datastreams: Sequence[int], *, undone: bool = False) -> list[Verdict]:
        """The verdicts on some datastreams, the oldest first; with those that were undone if wanted."""
        if not datastreams:
            return []
        with self._database.read() as connection:
            return verdicts.read(connection, self._database.engine, datastreams, undone=undone)

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

"""Entities that are entered or changed, noted in the log of changes for one who tells them on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from estran.storage import changes, get_meta, put_meta, schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from estran.storage import Database

__all__ = ["EnteredMark", "Entering", "entered"]

_KEY = "following-entities"
_LOGGED = "entity"
_MOST = 1_000
_KINDS = {
    schema.thing.name: "Things",
    schema.sensor.name: "Sensors",
    schema.observed_property.name: "ObservedProperties",
    schema.datastream.name: "Datastreams",
    schema.location.name: "Locations",
    schema.historical_location.name: "HistoricalLocations",
    schema.feature.name: "FeaturesOfInterest",
}


def entered(connection: sa.Connection, table: sa.Table, numbers: Iterable[int]) -> None:
    """Note entities that were entered or changed, where anybody follows them: most nodes tell nobody."""
    told = sorted(set(numbers))
    if told and get_meta(connection, _KEY):
        kind = _KINDS[table.name]
        changes.log(connection, [(_LOGGED, f"{kind}({number})", "change") for number in told], "")


class EnteredMark(NamedTuple):
    """How far somebody followed: the number of the newest change that was looked at."""

    seq: int


class Entering:
    """Follows the entities of a node; each change is told at least once, several of one entity perhaps together.

    Args:
        database: of the node.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self) -> EnteredMark:
        """Where the follower stands; who comes for the first time stands at the newest change."""
        with self._database.write() as connection:
            held = get_meta(connection, _KEY)
            if not held:
                held = str(changes.revision(connection)).encode()
                put_meta(connection, _KEY, held)
        return EnteredMark(int(held))

    def note(self, mark: EnteredMark) -> None:
        """Stand there from now on."""
        with self._database.write() as connection:
            put_meta(connection, _KEY, str(mark.seq).encode())

    def written(self, mark: EnteredMark) -> tuple[dict[str, list[int]], EnteredMark]:
        """Numbers by the name of their set, of some of what changed since, and where one stands then."""
        with self._database.read() as connection:
            newest = changes.revision(connection)
            if newest == mark.seq:
                return {}, mark
            found = changes.after(connection, mark.seq, _MOST, (_LOGGED,))
        told: dict[str, set[int]] = {}
        for one in found:
            kind, _, number = one.id.removesuffix(")").partition("(")
            told.setdefault(kind, set()).add(int(number))
        # Fewer than were asked for are all that there are.
        seq = found[-1].seq if len(found) == _MOST else newest
        return {kind: sorted(numbers) for kind, numbers in told.items()}, EnteredMark(seq)

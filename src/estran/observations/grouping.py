"""MultiDatastreams: the datastreams of one thing and one sensor, told together; nothing of them is stored.

Those belong together that have the same third coordinate and processing level. The first of them, in the order of
their numbers, gives the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.model import moment_us
from estran.observations.entities import Entity, Order, Page, Query, prefix, resolve
from estran.observations.evaluating import Columns, evaluate, holds
from estran.observations.expressions import Path, further, leaves
from estran.observations.rows import ranks
from estran.observations.store.batches import Extent
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from estran.observations.expressions import Expression
    from estran.observations.store.entities import Asker
    from estran.observations.store.grouping import Member

__all__ = ["Group", "grouped", "page"]

_KIND = "MultiDatastreams"
_COMPLEX = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"


@dataclass(frozen=True, slots=True)
class Group:
    """Datastreams that are told together, at least two, in the order of their numbers."""

    members: tuple[Member, ...]

    @property
    def number(self) -> int:
        """By which it is known."""
        return self.members[0].number

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last time of any of its observations, None where it has none."""
        firsts = [one.first for one in self.members if one.first is not None]
        lasts = [one.last for one in self.members if one.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    @property
    def extents(self) -> list[Extent]:
        """Where their observations lie, of those that have any."""
        return [
            Extent(one.number, one.held, one.first, one.last)
            for one in self.members
            if one.first is not None and one.last is not None
        ]

    def entity(self) -> Entity:
        """As SensorThings tells it."""
        names = [one.told.get("name") or "" for one in self.members]
        name = _together(names)
        told: dict[str, Any] = {
            "name": name,
            "description": f"What is observed together: {name}",
            "observationType": _COMPLEX,
            "multiObservationDataTypes": [one.told.get("observationType") for one in self.members],
            "unitOfMeasurements": [one.told.get("unitOfMeasurement") for one in self.members],
            "properties": {"datastreams": [one.number for one in self.members], "names": names},
        }
        if (span := self.span) is not None:
            told["phenomenonTime"] = "/".join(moment_us(at) for at in span)
        first = self.members[0]
        return Entity(self.number, told, {"Thing": first.thing, "Sensor": first.sensor})


def _together(names: Sequence[str]) -> str:
    """Temperature at Brest, Salinity at Brest: Temperature, Salinity at Brest."""
    ends = {name.rpartition(" at ")[2] for name in names}
    if len(ends) == 1 and all(" at " in name for name in names):
        return f"{', '.join(name.rpartition(' at ')[0] for name in names)} at {ends.pop()}"
    return ", ".join(names)


def grouped(members: Sequence[Member]) -> dict[int, Group]:
    """The groups of datastreams, by their number and in its order; one alone is none."""
    held: dict[tuple[Any, ...], list[Member]] = {}
    for one in sorted(members, key=lambda one: one.number):
        of = one.told.get("properties") or {}
        vertical = of.get("vertical")
        axis = vertical.get("name") if isinstance(vertical, dict) else None
        held.setdefault((one.thing, one.sensor, axis, of.get("processingLevel")), []).append(one)
    found = [Group(tuple(those)) for those in held.values() if len(those) > 1]
    return {one.number: one for one in sorted(found, key=lambda one: one.number)}


def page(groups: Mapping[int, Group], query: Query, ask: Asker) -> tuple[list[Entity], int, Page]:
    """All that a question means, how many, and a page of them.

    Raises:
        Invalid: it asks for what cannot be compared or sorted.
    """
    chosen = [one for one in groups.values() if _is_wanted(one, query)]
    columns = _Groups(chosen, ask, query.where)
    if query.where is not None:
        which = holds(query.where, columns)
        chosen = [one for one, is_ in zip(chosen, which.tolist(), strict=True) if is_]
    chosen = _sorted(chosen, query.order, ask)
    entities = [one.entity() for one in chosen]
    end = query.skip + query.most
    after = ("skip", end) if len(entities) > end else None
    return entities, len(entities), Page(entities[query.skip : end], after)


def _is_wanted(one: Group, query: Query) -> bool:
    if query.numbers is not None and one.number not in query.numbers:
        return False
    if query.parent is None:
        return True
    numbers = query.parent.numbers
    match query.parent.kind:
        case "Things":
            return one.members[0].thing in numbers
        case "Sensors":
            return one.members[0].sensor in numbers
        case _:
            return any(member.property in numbers for member in one.members)


def _sorted(groups: list[Group], order: Sequence[Order], ask: Asker) -> list[Group]:
    columns = _Groups(groups, ask, None)
    keys: list[NDArray[Any]] = []
    for one in order:
        if isinstance(one.by, Path) and resolve(_KIND, one.by, "$orderby").links:
            raise Invalid("MultiDatastreams are sorted by what stands in them", "$orderby")
        keys += [-key if one.descending else key for key in ranks(evaluate(one.by, columns))]
    keys.append(np.array([one.number for one in groups], np.int64))
    return [groups[n] for n in np.lexsort(keys[::-1]).tolist()] if groups else []


class _Groups(Columns):
    """Groups as columns of their properties."""

    def __init__(self, groups: Sequence[Group], ask: Asker, where: Expression | None) -> None:
        self._groups, self._entities = groups, [one.entity() for one in groups]
        self._sets = {leaf: self._numbers(leaf, ask) for leaf in (leaves(where) if where is not None else ())}

    @staticmethod
    def _numbers(leaf: Expression, ask: Asker) -> tuple[str, set[int]] | None:
        """For a condition on what a link leads to: the link, and the numbers for which it holds."""
        links = prefix(_KIND, leaf)
        if not links:
            return None
        if links[0] == "Observations":
            raise Invalid(
                "MultiDatastreams are not found by their Observations; find the Datastreams", "$filter"
            )
        kind = {"Thing": "Things", "Sensor": "Sensors"}.get(links[0], "ObservedProperties")
        return links[0], set(ask.numbers(kind, further(leaf)))

    def __len__(self) -> int:
        return len(self._groups)

    def met(self, condition: Expression) -> NDArray[np.bool_] | None:
        """Conditions on the thing, the sensor or the properties are met by numbers."""
        held = self._sets.get(condition)
        if held is None:
            return None
        link, numbers = held
        ties = {"Thing": "thing", "Sensor": "sensor"}.get(link, "property")
        return np.array(
            [any(getattr(member, ties) in numbers for member in one.members) for one in self._groups], bool
        )

    def column(self, path: Path) -> Vector:
        """A property of each group."""
        found = resolve(_KIND, path)
        if found.name == "id":
            numbers = np.array([one.number for one in self._groups], np.float64)
            return Vector("number", numbers, np.zeros(len(self), bool))
        if found.type == "time":
            return self._times() if found.name == "phenomenonTime" else _nothing(len(self))
        values = [one.told.get(found.name) for one in self._entities]
        for name in found.inside:
            values = [value.get(name) if isinstance(value, dict) else None for value in values]
        return listed(
            "text" if found.type == "text" else "place" if found.type == "place" else "json", values
        )

    def _times(self) -> Vector:
        spans = [one.span for one in self._groups]
        start, end = (np.array([span[n] if span else 0 for span in spans], np.int64) for n in (0, 1))
        return times(start, end, np.array([span is None for span in spans], bool))


def _nothing(count: int) -> Vector:
    none = np.zeros(count, np.int64)
    return times(none, none, np.ones(count, bool))

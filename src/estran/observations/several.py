"""Questions for MultiDatastreams, for what hangs on them, and for their observations."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from estran.errors import Invalid, NotFound
from estran.observations.entities import Entity, Page
from estran.observations.grouping import Group, grouped, page
from estran.observations.observing import then_of
from estran.observations.rows import ID_STEP
from estran.observations.store.grouping import members, thing_of
from estran.observations.together import FIRST_ID, Together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.entities import Query
    from estran.observations.store import SeriesStore
    from estran.observations.store.entities import Asker

__all__ = ["Several"]

_KIND = "MultiDatastreams"
_MOST_PARENTS = 200


class Several:
    """Datastreams that are told together, within a question."""

    def __init__(self, store: SeriesStore, ask: Asker) -> None:
        self._store, self._ask = store, ask

    @staticmethod
    def concerns(query: Query) -> bool:
        """Whether a question is about them."""
        if query.kind == _KIND or (query.parent is not None and query.parent.kind == _KIND):
            return True
        return query.kind == "Observations" and any(number >= FIRST_ID for number in query.numbers or ())

    def page(self, query: Query) -> Page:
        """A page of entities."""
        if query.kind == _KIND:
            return page(self._groups(query), query, self._ask)[2]
        if query.kind == "Observations" and query.numbers is not None:
            return Page([one for number in query.numbers for one in self._observation(number, query.as_of)])
        if query.parent is None:
            return Page([])
        [number] = query.parent.numbers
        group = self._group(number)
        if query.kind == "Observations":
            return self._together(group, query.as_of).page(query)
        return self._ask.page(self._properties(query, group))

    def children(self, query: Query) -> dict[int, list[Entity]]:
        """Of each parent its first entities: one more than the query wants, where there are more."""
        if query.parent is None:
            return {}
        if query.kind == "Observations" and len(query.parent.numbers) > _MOST_PARENTS:
            raise Invalid(
                f"observations are expanded for at most {_MOST_PARENTS} MultiDatastreams at once", "$expand"
            )
        wanted = replace(query, most=query.most + 1)
        return {number: list(self.page(one).entities) for number, one in self._each(wanted)}

    def count(self, query: Query) -> int:
        """How many entities there are."""
        if query.kind == _KIND:
            return page(self._groups(query), query, self._ask)[1]
        if query.parent is None:
            return 0
        [number] = query.parent.numbers
        group = self._group(number)
        if query.kind == "Observations":
            return self._together(group, query.as_of).count(query)
        return self._ask.count(self._properties(query, group))

    def counts(self, query: Query) -> dict[int, int]:
        """How many entities each parent has."""
        return {number: self.count(one) for number, one in self._each(query)}

    def _each(self, query: Query) -> list[tuple[int, Query]]:
        parent = query.parent
        numbers: Sequence[int] = () if parent is None else parent.numbers
        return [
            (number, replace(query, parent=parent and parent._replace(numbers=(number,))))
            for number in numbers
        ]

    @cached_property
    def _all(self) -> dict[int, Group]:
        return grouped(members(self._ask))

    def _groups(self, query: Query) -> dict[int, Group]:
        """Those that may be meant; of one thing no other is looked at."""
        if query.numbers is not None and len(query.numbers) == 1:
            thing = thing_of(self._ask, query.numbers[0])
            return {} if thing is None else grouped(members(self._ask, [thing]))
        if query.parent is not None and query.parent.kind == "Things":
            return grouped(members(self._ask, query.parent.numbers))
        return self._all

    def _group(self, number: int) -> Group:
        thing = thing_of(self._ask, number)
        found = None if thing is None else grouped(members(self._ask, [thing])).get(number)
        if found is None:
            raise NotFound("MultiDatastream", str(number))
        return found

    @staticmethod
    def _properties(query: Query, group: Group) -> Query:
        return replace(query, parent=None, numbers=[one.property for one in group.members])

    def _together(self, group: Group, as_of: str) -> Together:
        numbers = [one.number for one in group.members]
        known, extents = self._store.sensing.observed(self._ask, numbers), group.extents
        then = then_of(self._store, self._ask, numbers, as_of)
        if then is not None:
            known = then.known(known)
            extents = self._store.sensing.extents(self._ask, numbers, is_former=True)
        return Together(self._store, group, known, extents, then)

    def _observation(self, number: int, as_of: str) -> list[Entity]:
        """The one of a number, if there is one."""
        stream, own = divmod(number - FIRST_ID, ID_STEP)
        thing = thing_of(self._ask, stream) if 0 <= stream < ID_STEP // 2 else None
        if thing is None:
            return []
        for group in grouped(members(self._ask, [thing])).values():
            if any(one.number == stream for one in group.members):
                together = self._together(group, as_of)
                times = self._store.times_of(stream, own, is_former=bool(as_of))
                return [one for time in times for one in together.at(time) if one.number == number]
        return []

"""Which concepts records use, and all that leads down to them: the small part of the vocabularies that counts.

It is read once for each state of the vocabularies and of the words of records, and walked in memory.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select

from estran.storage import schema
from estran.vocabulary.store.reading import steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import sqlalchemy as sa

    from estran.storage import Engine

__all__ = ["Reach", "Uses", "carrying", "read", "state"]

type Reach = Literal["itself", "same", "narrower"]
"""How a concept that records use hangs under one that was asked for."""

_UP = 40
_fc, _s = schema.facet_concept.c, schema.concept_scheme.c


class Uses:
    """The concepts that records use, with what is broader or the same; never changed once made.

    Attributes:
        values: concept -> numbers of the facet values that mean it.
        deprecated: those of the concepts that are no more to be used.
    """

    def __init__(
        self,
        values: Mapping[str, tuple[int, ...]],
        deprecated: Iterable[str],
        same: Mapping[str, set[str]],
        narrower: Mapping[str, set[str]],
    ) -> None:
        self.values, self.deprecated = values, frozenset(deprecated)
        self._same, self._narrower = same, narrower
        self._reached: dict[str, dict[str, Reach]] = {}

    def __bool__(self) -> bool:
        return bool(self.values)

    def reach(self, uri: str) -> Mapping[str, Reach]:
        """The used concepts that mean the same as one or something narrower, and which of the two."""
        found = self._reached.get(uri)
        if found is None:
            found = self._reached[uri] = {c: how for c, how in self._walk(uri).items() if c in self.values}
        return found

    def _walk(self, uri: str) -> dict[str, Reach]:
        found: dict[str, Reach] = {uri: "itself"}
        equal = [uri]
        for one in equal:
            for other in self._same.get(one, ()):
                if other not in found:
                    found[other] = "same"
                    equal.append(other)
        waiting = [below for one in equal for below in self._narrower.get(one, ())]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found[one] = "narrower"
                waiting += [*self._same.get(one, ()), *self._narrower.get(one, ())]
        return found

    def narrower(self, uri: str) -> frozenset[str]:
        """What is narrower by one step, and leads to something used."""
        return frozenset(self._narrower.get(uri, ())) - {uri}

    @cached_property
    def tops(self) -> frozenset[str]:
        """Where the trees begin that lead to something used: only what has something under it."""
        below = {other for one, listed in self._narrower.items() for other in listed if other != one}
        return frozenset(self._narrower) - below

    def above(self, uris: Iterable[str]) -> frozenset[str]:
        """These concepts and all that leads down to them."""
        found, waiting = set[str](), list(uris)
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._broader.get(one, ())
        return frozenset(found)

    @cached_property
    def _broader(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for one, listed in self._narrower.items():
            for other in listed:
                found.setdefault(other, []).append(one)
        return found

    @cached_property
    def concepts(self) -> Mapping[int, tuple[str, ...]]:
        """Number of a facet value -> the concepts that it means."""
        found: dict[int, tuple[str, ...]] = {}
        for uri, values in self.values.items():
            for value in values:
                found[value] = (*found.get(value, ()), uri)
        return found

    def known(self, uri: str) -> bool:
        """Whether it is used, or leads to something that is."""
        return uri in self.values or uri in self._narrower or uri in self._same


def state(connection: sa.Connection) -> tuple[int, int, int]:
    """Equal states have equal uses: what vocabularies there are, and the newest word of a record."""
    newest = select(func.max(_fc.value)).scalar_subquery()
    held = connection.execute(select(func.max(_s.number), func.count(_s.number), newest)).one()
    return held[0] or 0, held[1], held[2] or 0


def read(connection: sa.Connection, engine: Engine) -> Uses:
    """The uses as of now."""
    values: dict[str, list[int]] = {}
    deprecated: set[str] = set()
    for value, concept, old in connection.execute(select(_fc.value, _fc.concept, _fc.deprecated)):
        values.setdefault(concept, []).append(value)
        if old:
            deprecated.add(concept)
    same: dict[str, set[str]] = {}
    narrower: dict[str, set[str]] = {}
    front, seen = set(values), set(values)
    for _ in range(_UP):
        equal = steps(connection, engine, front, ("exactMatch",), ("exactMatch",))
        above = steps(connection, engine, front, ("broader", "broadMatch"), ("narrowMatch",))
        for one, other in equal:
            same.setdefault(one, set()).add(other)
            same.setdefault(other, set()).add(one)
        for one, other in above:
            narrower.setdefault(other, set()).add(one)
        front = {other for _, other in (*equal, *above)} - seen
        seen |= front
        if not front:
            break
    return Uses({uri: tuple(ids) for uri, ids in values.items()}, deprecated, same, narrower)


def carrying(connection: sa.Connection, engine: Engine, tokens: Iterable[str]) -> dict[str, set[int]]:
    """The facet values whose concepts are called by some words: token -> numbers of the values."""
    fw, wanted = schema.facet_word.c, sorted(set(tokens))
    found: dict[str, set[int]] = {}
    if wanted:
        chosen = select(fw.token, fw.value).where(engine.within(fw.token, wanted))
        for token, value in connection.execute(chosen):
            found.setdefault(token, set()).add(value)
    return found

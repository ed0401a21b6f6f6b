"""The catalogue at one moment as an actor sees it: what is there, what went from their sight, and the sets.

A set is named by a spec: ``hub:ocean``, ``centre:coriolis``, ``topic:oceans``, ``scheme:gemet``; the field alone
is the set of all that carry any value of it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from estran.catalogue.store import tombstones
from estran.catalogue.words import folded
from estran.model import Record, moment_us
from estran.storage import changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyroaring import BitMap

    from estran.access import Actor
    from estran.catalogue.store import View

__all__ = ["LAST", "SET_FIELDS", "Look", "Update", "branches", "spec_of"]

SET_FIELDS = ("hub", *tombstones.SET_FIELDS)
"""Fields whose values are sets."""
LAST = "~"
"""Sorts behind every id of a record."""
_PORTION = 400
_NOT_SPEC = re.compile(r"[^a-z0-9]+")
_LONGEST_SPEC = 60


class Update(NamedTuple):
    """A record as of its last change, or its removal.

    Attributes:
        at: canonical instant of it; sets: specs of the sets that it is in, or was.
        record: None where it was removed.
    """

    id: str
    at: str
    sets: tuple[str, ...]
    record: Record | None


class Look(NamedTuple):
    """The catalogue at one moment, as an actor sees it."""

    view: View
    hubs: Mapping[str, tuple[str, ...]]
    actor: Actor

    def seen(self, ids: Sequence[str]) -> dict[str, int]:
        """The pks of those records that are here and that the actor may see."""
        visible = self.view.facets.visible(self.actor)
        return {id_: pk for id_, pk in self.view.pks_of(ids).items() if pk in visible}

    def pool(self, spec: str) -> BitMap:
        """The records of a set that the actor may see."""
        visible = self.view.facets.visible(self.actor)
        return visible & self._members(spec) if spec else visible

    def _members(self, spec: str) -> BitMap:
        field, _, wanted = spec.partition(":")
        if field == "hub":
            of = [c for c, hubs in self.hubs.items() if (wanted in hubs if wanted else hubs)]
            return self.view.facets.of("centre", of)
        values = self.view.facets.values(field) if field in tombstones.SET_FIELDS else ()
        return self.view.facets.of(field, [v for v in values if not wanted or spec_of(v) == wanted])

    def buried(
        self, spec: str, after: tuple[int, str], until: tuple[int, str]
    ) -> Iterator[tombstones.Tombstone]:
        """The tombstones in a stretch of time of the records of a set that the actor sees no more."""
        connection = self.view.connection
        numbers = (changes.number_at(connection, after[0]), changes.number_at(connection, until[0] + 1))
        while True:
            stones = tombstones.between(connection, after, until, numbers, _PORTION)
            ids = sorted({stone.id for stone in stones})
            seen, newest = self.seen(ids), tombstones.of(connection, ids, self.actor)
            for stone in stones:
                last = newest.get(stone.id)
                is_last = last is not None and last.number == stone.number and stone.id not in seen
                if is_last and (not spec or spec in _sets(stone.marks, self.hubs)):
                    yield stone
            if len(stones) < _PORTION:
                return
            after = (stones[-1].at, stones[-1].id)

    def update(self, record: Record) -> Update:
        """A record that is here."""
        marks = {
            "centre": (record.centre,),
            "topic": tuple(str(concept.label) for concept in record.words("topic")),
            "scheme": tuple(concept.scheme for concept in record.concepts),
        }
        return Update(record.id, record.updated, _sets(marks, self.hubs), record)

    def removal(self, stone: tombstones.Tombstone) -> Update:
        """A record that went."""
        return Update(stone.id, moment_us(stone.at), _sets(stone.marks, self.hubs), None)


def branches(field: str, value: str, hubs: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """The sets that a facet value means, as (field, value): a centre's hubs too."""
    if field == "centre":
        yield from (("hub", hub) for hub in hubs.get(value, ()))
    yield field, value


def _sets(marks: Mapping[str, tuple[str, ...]], hubs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The specs of the sets that these facet values mean, those above them included."""
    found: dict[str, None] = {}
    for field in tombstones.SET_FIELDS:
        for value in filter(None, (value.strip() for value in marks.get(field, ()))):
            for name, one in branches(field, value, hubs):
                found[name] = found[f"{name}:{spec_of(one)}"] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def spec_of(value: str) -> str:
    """A facet value as a part of a set's spec."""
    words = _NOT_SPEC.sub("-", folded(value)).strip("-")[:_LONGEST_SPEC].strip("-")
    return words or hashlib.sha256(value.encode()).hexdigest()[:10]

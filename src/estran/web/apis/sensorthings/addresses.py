"""Addresses of SensorThings: Things(1)/Datastreams(2)/Observations, a property, its value, links alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid, NotFound
from estran.observations.entities import KINDS, Entity, Parent, Query, link_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.sensing import Sensing

__all__ = ["Target", "found"]

_MOST_STEPS = 24
_BACK = {
    "Datastreams": "Datastream", "MultiDatastreams": "MultiDatastream", "FeaturesOfInterest": "FeatureOfInterest",
}  # fmt: skip
_STEP = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an address leads to.

    Attributes:
        kind: name of the set.
        entity: the one entity, None for a set.
        parent: for a set, from what it hangs.
        property: for a property of the entity, the names that lead to it.
        is_value: whether its bare value is wanted; is_links: whether only the addresses of entities are.
    """

    kind: str
    entity: Entity | None = None
    parent: Parent | None = None
    property: tuple[str, ...] = ()
    is_value: bool = False
    is_links: bool = False

    def value(self) -> Any:
        """Of the property.

        Raises:
            NotFound: there is no such property.
        """
        told = self.entity.told if self.entity else {}
        held: Any = told | {"@iot.id": self.entity.number, "id": self.entity.number} if self.entity else told
        for name in self.property:
            if held is None:
                return None
            if not isinstance(held, dict):
                raise NotFound("property", "/".join(self.property))
            if name not in held and held is not told and name not in KINDS[self.kind].properties:
                raise NotFound("property", "/".join(self.property))
            held = held.get(name)
        return held


def found(sensing: Sensing, path: str, as_of: str = "") -> Target:
    """What an address leads to; each entity on the way is there, and hangs from the one before.

    Args:
        sensing: what may be seen.
        path: below the root.
        as_of: an instant, for an observation as it was then; "" for now.

    Raises:
        NotFound: there is nothing.
        Invalid: the address cannot be read.
    """
    steps = [step for step in path.split("/") if step]
    if len(steps) > _MOST_STEPS:
        raise Invalid(f"an address of at most {_MOST_STEPS} steps is followed", "address")
    name, id_ = _step(steps[0])
    if name not in KINDS:
        raise NotFound("set", name, f"There are {', '.join(KINDS)}.")
    target = Target(kind=name) if id_ is None else Target(kind=name, entity=_one(sensing, name, id_, as_of))
    for n, step in enumerate(steps[1:], 1):
        target = _further(sensing, target, step, steps[n:], as_of)
    return target


def _step(text: str) -> tuple[str, int | None]:
    read = _STEP.fullmatch(text)
    if read is None:
        raise NotFound("address", text[:80])
    name, id_ = read.groups()
    if id_ is None:
        return name, None
    if not (id_.isascii() and id_.isdecimal()):
        raise NotFound(name, id_[:80], "Ids are whole numbers.")
    return name, int(id_[:40])


def _further(  # noqa: PLR0911 - a kind of step each
    sensing: Sensing, target: Target, step: str, rest: Sequence[str], as_of: str
) -> Target:
    """One step on."""
    is_last = len(rest) == 1
    if step == "$ref" and is_last and not target.property:
        return Target(kind=target.kind, entity=target.entity, parent=target.parent, is_links=True)
    if step == "$value" and is_last and target.property:
        return Target(kind=target.kind, entity=target.entity, property=target.property, is_value=True)
    if target.entity is None or target.is_links:
        raise NotFound(
            "address", step[:80], "From a set, go on with the id of one of its entities: Things(1)."
        )
    if target.property:
        return Target(kind=target.kind, entity=target.entity, property=(*target.property, step))
    name, id_ = _step(step)
    if id_ is None and name in KINDS[target.kind].properties:
        return Target(kind=target.kind, entity=target.entity, property=(name,))
    link = link_of(target.kind, name)
    if not link.many:
        number = target.entity.ties.get(name)
        if number is None or id_ is not None:
            raise NotFound(KINDS[link.kind].singular, str(id_ or ""))
        return Target(kind=link.kind, entity=sensing.one(link.kind, number))
    parent = Parent(target.kind, name, (target.entity.number,))
    if id_ is None:
        return Target(kind=link.kind, parent=parent)
    return Target(kind=link.kind, entity=_hanging(sensing, link.kind, id_, parent, as_of))


def _one(sensing: Sensing, kind: str, number: int, as_of: str) -> Entity:
    return sensing.one(kind, number, as_of if kind == "Observations" else "")


def _hanging(sensing: Sensing, kind: str, number: int, parent: Parent, as_of: str) -> Entity:
    """An entity that hangs from another."""
    if kind == "Observations":
        one = sensing.one(kind, number, as_of)
        back = _BACK[parent.kind]
        if one.ties.get(back) == parent.numbers[0]:
            return one
    elif number < 2**31:
        held = sensing.page(Query(kind=kind, numbers=(number,), parent=parent, most=1)).entities
        if held:
            return held[0]
    raise NotFound(KINDS[kind].singular, str(number))

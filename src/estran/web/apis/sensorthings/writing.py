"""Writing by SensorThings: entities with what is given inside them, changes, removals, many observations at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.observations.entities import KINDS
from estran.observations.given import parted, reference
from estran.web.apis.sensorthings import addresses
from estran.web.apis.sensorthings.answers import self_link
from estran.web.problems import NotOffered

if TYPE_CHECKING:
    from estran.observations.making import Making
    from estran.observations.sensing import Sensing

__all__ = ["MANY", "Change", "decoded", "many_made"]

MANY = "CreateObservations"
_MOST_AT_ONCE = 50_000

type _Parted = tuple[dict[str, Any], dict[str, Any]]


def decoded(body: bytes) -> Any:
    """JSON that was sent.

    Raises:
        Invalid: it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"it is not JSON ({error})", "body") from None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do: its address is followed before the transaction, what it means is done within.

    Attributes:
        kind: name of the set; number: of the entity that is changed or taken out.
        parent: (set, id) of the entity in whose collection something is put.
    """

    method: str
    kind: str
    number: int | None
    parent: tuple[str, int] | None
    document: Any

    @classmethod
    def of(cls, sensing: Sensing, method: str, path: str, document: Any) -> Change:
        """What a request asks for.

        Raises:
            NotFound: its address leads nowhere.
            Invalid: that cannot be done there.
        """
        target = addresses.found(sensing, path)
        if "MultiDatastreams" in {target.kind, target.parent and target.parent.kind}:
            raise NotOffered("MultiDatastreams are made of Datastreams by the node; write to those.")
        if target.property or target.is_links:
            raise Invalid("a property is changed with its entity: PATCH the entity", "address")
        if method == "POST":
            if target.entity is not None:
                raise Invalid(
                    "something is put into a set: POST to Things, or to Things(1)/Datastreams", "address"
                )
            parent = target.parent and (target.parent.kind, target.parent.numbers[0])
            return cls(method, target.kind, None, parent, document)
        if target.entity is None:
            raise Invalid(f"{method} is for one entity; name it: Things(1)", "address")
        return cls(method, target.kind, target.entity.number, None, document)

    @classmethod
    def within(cls, method: str, kind: str, number: int, rest: str, document: Any) -> Change:
        """The same for an entity that was made in the same transaction, with at most one link behind it."""
        if not rest:
            if method == "POST":
                raise Invalid("something is put into a set", "address")
            return cls(method, kind, number, None, document)
        link = KINDS[kind].links.get(rest)
        if link is None or not link.many or method != "POST":
            raise Invalid(f"“{rest[:40]}” is no set behind a new {KINDS[kind].singular}", "address")
        return cls(method, link.kind, None, (kind, number), document)

    def do(self, making: Making) -> int:
        """Do it; gives the id of the entity."""
        if self.number is None:
            return making.make(self.kind, self.document, self.parent)
        if self.method in {"PATCH", "PUT"}:
            making.patch(self.kind, self.number, self.document, is_whole=self.method == "PUT")
        else:
            making.delete(self.kind, self.number)
        return self.number


def many_made(making: Making, document: Any, root: str) -> list[str]:
    """Observations of data arrays; the address of each, or "error" where it could not be written."""
    if not isinstance(document, list):
        raise Invalid(
            'it is a list of {"Datastream": {"@iot.id": 1}, "components": […], "dataArray": [[…]]}', "body"
        )
    groups = [_group(group) for group in document]
    if sum(len(parts) for _, parts in groups) > _MOST_AT_ONCE:
        raise Invalid(f"at most {_MOST_AT_ONCE:,} observations are written at once", "body")
    good = [(stream, [part for part in parts if not isinstance(part, Invalid)]) for stream, parts in groups]
    made = making.many([(stream, [o for o, _ in parts], [i for _, i in parts]) for stream, parts in good])
    each = iter(chain.from_iterable(made))
    answers = [part if isinstance(part, Invalid) else next(each) for _, parts in groups for part in parts]
    return ["error" if isinstance(one, Invalid) else self_link(root, "Observations", one) for one in answers]


def _group(group: Any) -> tuple[int, list[_Parted | Invalid]]:
    """The datastream of a group, and its observations."""
    if not isinstance(group, dict) or not isinstance(group.get("dataArray"), list):
        raise Invalid("each group has a Datastream, components and a dataArray", "body")
    stream, components = reference(group.get("Datastream")), group.get("components")
    if stream is None or not isinstance(components, list):
        raise Invalid("each group has a Datastream with its @iot.id, and components", "body")
    names = [str(name) for name in components]
    parts: list[_Parted | Invalid] = []
    for row in group["dataArray"]:
        try:
            parts.append(_observation(names, row))
        except Invalid as error:
            parts.append(error)
    return stream, parts


def _observation(names: list[str], row: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if not isinstance(row, list) or len(row) != len(names):
        raise Invalid("a row has as many values as there are components", "dataArray")
    document: dict[str, Any] = {}
    for name, value in zip(names, row, strict=True):
        if name == "FeatureOfInterest/id":
            document["FeatureOfInterest"] = {"@iot.id": value}
        elif name != "id":
            document[name] = value
    return parted("Observations", document)

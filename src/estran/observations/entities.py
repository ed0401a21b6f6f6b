"""The nine kinds of entities of SensorThings, how they hang together, and questions for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from estran.errors import Invalid, NotFound
from estran.observations.expressions import Expression, Path, paths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "KINDS",
    "Entity",
    "Kind",
    "Link",
    "Order",
    "Page",
    "Parent",
    "Query",
    "Resolved",
    "link_of",
    "prefix",
    "resolve",
]

type PropertyType = Literal["id", "text", "json", "time", "place", "result"]


class Link(NamedTuple):
    """A way from an entity to others.

    Attributes:
        kind: name of the set that it leads to.
        many: whether there may be several.
    """

    kind: str
    many: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of entities.

    Attributes:
        name: of the set; singular: of one.
    """

    name: str
    singular: str
    properties: Mapping[str, PropertyType]
    links: Mapping[str, Link]


_NAMED: dict[str, PropertyType] = {"id": "id", "name": "text", "description": "text", "properties": "json"}

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("Things", "Thing", _NAMED, {
            "Datastreams": Link("Datastreams", many=True),
            "MultiDatastreams": Link("MultiDatastreams", many=True),
            "Locations": Link("Locations", many=True),
            "HistoricalLocations": Link("HistoricalLocations", many=True),
        }),
        Kind("Locations", "Location", {**_NAMED, "encodingType": "text", "location": "place"}, {
            "Things": Link("Things", many=True),
            "HistoricalLocations": Link("HistoricalLocations", many=True),
        }),
        Kind("HistoricalLocations", "HistoricalLocation", {"id": "id", "time": "time"}, {
            "Thing": Link("Things", many=False),
            "Locations": Link("Locations", many=True),
        }),
        Kind("Datastreams", "Datastream", {
            **_NAMED, "observationType": "text", "unitOfMeasurement": "json", "observedArea": "place",
            "phenomenonTime": "time", "resultTime": "time",
        }, {
            "Thing": Link("Things", many=False),
            "Sensor": Link("Sensors", many=False),
            "ObservedProperty": Link("ObservedProperties", many=False),
            "Observations": Link("Observations", many=True),
        }),
        Kind("MultiDatastreams", "MultiDatastream", {
            **_NAMED, "observationType": "text", "multiObservationDataTypes": "json", "unitOfMeasurements": "json",
            "observedArea": "place", "phenomenonTime": "time", "resultTime": "time",
        }, {
            "Thing": Link("Things", many=False),
            "Sensor": Link("Sensors", many=False),
            "ObservedProperties": Link("ObservedProperties", many=True),
            "Observations": Link("Observations", many=True),
        }),
        Kind("Sensors", "Sensor", {**_NAMED, "encodingType": "text", "metadata": "json"}, {
            "Datastreams": Link("Datastreams", many=True),
            "MultiDatastreams": Link("MultiDatastreams", many=True),
        }),
        Kind("ObservedProperties", "ObservedProperty", {**_NAMED, "definition": "text"}, {
            "Datastreams": Link("Datastreams", many=True),
            "MultiDatastreams": Link("MultiDatastreams", many=True),
        }),
        Kind("Observations", "Observation", {
            "id": "id", "phenomenonTime": "time", "result": "result", "resultTime": "time",
            "resultQuality": "json", "validTime": "time", "parameters": "json",
        }, {
            "Datastream": Link("Datastreams", many=False),
            "MultiDatastream": Link("MultiDatastreams", many=False),
            "FeatureOfInterest": Link("FeaturesOfInterest", many=False),
        }),
        Kind("FeaturesOfInterest", "FeatureOfInterest", {
            **_NAMED, "encodingType": "text", "feature": "place",
        }, {"Observations": Link("Observations", many=True)}),
    )
}  # fmt: skip


class Resolved(NamedTuple):
    """What a path means.

    Attributes:
        links: names of the links that lead there.
        kind: name of the set in which they end.
        name: of the property; inside: members within it.
    """

    links: tuple[str, ...]
    kind: str
    name: str
    inside: tuple[str, ...]

    @property
    def type(self) -> PropertyType:
        """Of the property."""
        return KINDS[self.kind].properties[self.name]


def resolve(kind: str, path: Path, where: str = "$filter") -> Resolved:
    """What a path means from a kind of entities.

    Raises:
        Invalid: there is no such property.
    """
    at, links = KINDS[kind], list[str]()
    for n, step in enumerate(path.steps):
        if step in at.links:
            links.append(step)
            at = KINDS[at.links[step].kind]
            continue
        name = "id" if step == "@iot.id" else step
        inside = path.steps[n + 1 :]
        if at.name == "Observations" and step.startswith("result["):
            return Resolved(tuple(links), at.name, "result", (step, *inside))
        if name not in at.properties or (inside and at.properties[name] not in {"json", "place"}):
            break
        return Resolved(tuple(links), at.name, name, inside)
    known = ", ".join([*at.properties, *at.links])
    raise Invalid(f"“{str(path)[:80]}” names no property of {at.name}; there are {known}", where)


def link_of(kind: str, name: str) -> Link:
    """A link of a kind of entities.

    Raises:
        NotFound: there is none of that name.
    """
    found = KINDS[kind].links.get(name)
    if found is None:
        raise NotFound("link", name, f"From {kind} links lead to {', '.join(KINDS[kind].links)}.")
    return found


def prefix(kind: str, condition: Expression) -> tuple[str, ...]:
    """The links that all properties of a condition share.

    Raises:
        Invalid: they lie behind different links, which one condition cannot compare.
    """
    found = {resolve(kind, path).links for path in paths(condition)}
    if len(found) > 1:
        raise Invalid(
            "a condition compares properties of two different entities, which is not offered; put each against a value",
            "$filter",
        )
    return next(iter(found), ())


class Order(NamedTuple):
    """What entities are sorted by."""

    by: Expression
    descending: bool = False


class Parent(NamedTuple):
    """The entity, or those, from which a link leads to what is asked for.

    Attributes:
        kind: name of their set; link: the link from them; numbers: theirs.
    """

    kind: str
    link: str
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which entities are wanted.

    Attributes:
        parent: only those to which a link of it leads.
        numbers: only these; None means all.
        order: what comes first; of what is equal the lower number.
        after: values of `order` and the number of the last that was given before.
        most: at most so many.
        as_of: an instant, for observations as they were then; "" for now.
    """

    kind: str
    where: Expression | None = None
    order: tuple[Order, ...] = ()
    parent: Parent | None = None
    numbers: Sequence[int] | None = None
    skip: int = 0
    most: int = 100
    after: tuple[Any, ...] | None = None
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as it is told.

    Attributes:
        number: its id.
        told: its properties; geometry and JSON as they came.
        ties: number of the entity that each link to one leads to, None where it leads nowhere.
        parent: number of the entity from which a link led here, where several were asked at once.
    """

    number: int
    told: dict[str, Any]
    ties: dict[str, int | None] = field(default_factory=dict[str, "int | None"])
    parent: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the entities that are wanted.

    Attributes:
        after: for `Query.after` of what follows, None where nothing does.
    """

    entities: Sequence[Entity]
    after: tuple[Any, ...] | None = None

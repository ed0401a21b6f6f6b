"""Entities as SensorThings writes them, with what is expanded in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from estran.errors import Invalid
from estran.observations.entities import KINDS, Parent, Query
from estran.web.apis.sensorthings.asking import token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.observations.entities import Entity
    from estran.observations.sensing import Sensing
    from estran.web.apis.sensorthings.asking import Expansion, Options

__all__ = ["PATH", "Writer", "following", "self_link"]

PATH = "/sta/v1.1"
_ONE_OF = frozenset({"Datastream", "MultiDatastream"})
"""Links of which an observation has one or the other."""
_MOST_ENTITIES = 50_000
"""So many entities stand in one answer, those expanded counted."""


def self_link(root: str, kind: str, number: int) -> str:
    """Address of an entity."""
    return f"{root}/{kind}({number})"


class Writer:
    """Writes entities of one answer.

    Args:
        sensing: where what is expanded comes from.
        root: address of the service.
        limit: most entities on a page.
    """

    def __init__(self, sensing: Sensing, root: str, limit: int) -> None:
        self._sensing, self._root, self._limit, self._written = sensing, root, limit, 0

    def page(self, here: str, query: Query, options: Options) -> dict[str, Any]:
        """A page of a set, with its count and the address of the next."""
        answer: dict[str, Any] = {}
        if options.count:
            answer["@iot.count"] = self._sensing.count(query)
        after, entities = None, list[Any]()
        if options.top != 0:
            page = self._sensing.page(query)
            entities, after = self.entities(query.kind, page.entities, options), page.after
        answer["value"] = entities
        if after is not None:
            answer["@iot.nextLink"] = following(here, options, after)
        return answer

    def links(self, here: str, query: Query, options: Options) -> dict[str, Any]:
        """The addresses of a set's entities alone."""
        page = self._sensing.page(query)
        value = [{"@iot.selfLink": self_link(self._root, query.kind, one.number)} for one in page.entities]
        answer: dict[str, Any] = {"@iot.count": self._sensing.count(query)} if options.count else {}
        answer["value"] = value
        if page.after is not None:
            answer["@iot.nextLink"] = following(here, options, page.after)
        return answer

    def entities(self, kind: str, entities: Sequence[Entity], options: Options) -> list[dict[str, Any]]:
        """Entities as JSON.

        Raises:
            Invalid: with what is expanded they are more than an answer holds.
        """
        self._written += len(entities)
        if self._written > _MOST_ENTITIES:
            raise Invalid(
                f"the answer would hold more than {_MOST_ENTITIES:,} entities; expand less, or give $top to what is "
                "expanded", "$expand",
            )  # fmt: skip
        inside = {one.link: self._expanded(kind, entities, one) for one in options.expand}
        properties, links = _chosen(kind, options.select)
        return [self._one(kind, entity, options, properties, links, inside) for entity in entities]

    def _one(  # noqa: PLR0917 - what is the same for all entities is found once
        self,
        kind: str,
        entity: Entity,
        options: Options,
        properties: frozenset[str] | None,
        links: Sequence[str],
        inside: dict[str, dict[int, dict[str, Any]]],
    ) -> dict[str, Any]:
        home = self_link(self._root, kind, entity.number)
        if properties is None:
            written = {"@iot.selfLink": home, "@iot.id": entity.number, **entity.told}
        else:
            written = {name: value for name, value in entity.told.items() if name in properties}
            if "id" in properties:
                written = {"@iot.id": entity.number, **written}
        for link in links:
            if link not in inside and (link not in _ONE_OF or entity.ties.get(link) is not None):
                written[f"{link}@iot.navigationLink"] = f"{home}/{link}"
        for one in options.expand:
            if KINDS[kind].links[one.link].many:
                held = inside[one.link].get(entity.number)
                written |= held if held is not None else _none(one)
            else:
                number = entity.ties.get(one.link)
                written[one.link] = None if number is None else inside[one.link].get(number)
        return written

    def _expanded(self, kind: str, entities: Sequence[Entity], one: Expansion) -> dict[int, dict[str, Any]]:
        """What a link leads to: by the number of the entity that it leads to, or of those that it starts from."""
        link, options = KINDS[kind].links[one.link], one.options
        if not link.many:
            numbers = sorted({n for entity in entities if (n := entity.ties.get(one.link)) is not None})
            query = Query(kind=link.kind, numbers=numbers, where=options.where, most=max(len(numbers), 1))
            found = self._sensing.page(query).entities if numbers else ()
            return {
                e.number: json
                for e, json in zip(found, self.entities(link.kind, found, options), strict=True)
            }
        if not entities:
            return {}
        most = options.most(self._limit)
        query = Query(
            kind=link.kind, where=options.where, order=options.order, skip=options.skip, most=most,
            parent=Parent(kind, one.link, [entity.number for entity in entities]),
        )  # fmt: skip
        counts = self._sensing.counts(query) if options.count else {}
        children = self._sensing.children(query) if options.top != 0 else {}
        flat = [child for held in children.values() for child in held[:most]]
        written = iter(self.entities(link.kind, flat, options))
        made: dict[int, dict[str, Any]] = {}
        for entity in entities:
            held = children.get(entity.number, [])
            answer: dict[str, Any] = {one.link: [None] * len(held[:most])}
            if options.count:
                answer[f"{one.link}@iot.count"] = counts.get(entity.number, 0)
            if len(held) > most:
                home = f"{self_link(self._root, kind, entity.number)}/{one.link}"
                answer[f"{one.link}@iot.nextLink"] = _skipping(home, options, options.skip + most)
            made[entity.number] = answer
        for parent, held in children.items():
            made[parent][one.link] = [next(written) for _ in held[:most]]
        return made


def _none(one: Expansion) -> dict[str, Any]:
    return {one.link: []}


def _chosen(kind: str, select: Sequence[str]) -> tuple[frozenset[str] | None, Sequence[str]]:
    """The properties and the links that are shown; None for all properties."""
    links = KINDS[kind].links
    if not select:
        return None, tuple(links)
    return frozenset(select), tuple(link for link in links if link in select)


def following(here: str, options: Options, after: tuple[Any, ...]) -> str:
    """Address of the page that comes after the one which ends there."""
    if after[0] == "skip":
        return _skipping(here, options, after[1])
    given = [(name, value) for name, value in options.given if name not in {"$skip", "$skiptoken"}]
    return _address(here, [*given, ("$skiptoken", token(after))])


def _skipping(here: str, options: Options, skip: int) -> str:
    given = [(name, value) for name, value in options.given if name not in {"$skip", "$skiptoken"}]
    return _address(here, [*given, ("$skip", str(skip))])


def _address(here: str, given: Sequence[tuple[str, str]]) -> str:
    return f"{here}?{urlencode(given, safe='$(),;/:=', quote_via=quote)}"

"""Vocabularies to walk through: their trees, the concepts and what is around each, the variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.errors import NotFound
from estran.vocabulary.concepts import IADOPT, MAPPINGS, OPPOSITE, Concept, Link
from estran.vocabulary.store import reading
from estran.vocabulary.store.meaning import expand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import sqlalchemy as sa

    from estran.storage import Database
    from estran.vocabulary.concepts import Branch, ConceptScheme, Entry, Holding, Original, Relation

__all__ = ["Browsing"]

_AROUND = 2000
_MOST_PATHS, _DEEPEST = 10, 40
_NARROWER = 5000
_PORTION = 2000

type Position = tuple[str, int] | None


class Browsing:
    """What everyone may do with a node's vocabularies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def schemes(self) -> tuple[ConceptScheme, ...]:
        """The vocabularies that the node holds, by name."""
        return tuple(held.scheme for held in self.holdings())

    def holdings(self) -> tuple[Holding, ...]:
        """The vocabularies that the node holds, by name: when they came, what they hold, what is wrong."""
        with self._database.read() as connection:
            return reading.holdings(connection)

    def holding(self, name: str) -> Holding:
        """One vocabulary: when it came, what it holds, what is wrong with it.

        Raises:
            NotFound: there is none of that name.
        """
        with self._database.read() as connection:
            found = reading.holdings(connection, name) if name else ()
        if not found:
            raise NotFound("vocabulary", name, "“estran vocabulary list” shows those of the node.")
        return found[0]

    def originals(self, name: str = "") -> tuple[Original, ...]:
        """The files that a vocabulary came as, byte for byte; those of all where no name is given."""
        with self._database.read() as connection:
            return reading.originals(connection, name)

    def relations(self, name: str) -> list[Relation]:
        """All that a vocabulary says of how addresses hang together."""
        with self._database.read() as connection:
            return reading.relations_of(connection, name)

    def at(self, scheme: str, local: str) -> Entry:
        """The entry of a vocabulary's name and of what names it within.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as connection:
            found = reading.at(connection, scheme, local)
        if found is None:
            raise NotFound(
                "concept", f"{scheme}/{local}", "Its vocabulary may have been loaded anew without it."
            )
        return found

    def tops(self, scheme: str, after: Position = None, limit: int = 100) -> tuple[list[Branch], Position]:
        """Where the trees of a vocabulary begin, by title, and from where to go on."""
        with self._database.read() as connection:
            return reading.tops(connection, scheme, after, limit)

    def children(self, uri: str, after: Position = None, limit: int = 100) -> tuple[list[Branch], Position]:
        """What is narrower than a concept, by title, and from where to go on."""
        with self._database.read() as connection:
            return reading.children(connection, uri, after, limit)

    def count(self, scheme: str, under: str = "") -> int:
        """How many concepts are narrower than the one of an address, or how many trees a vocabulary has."""
        with self._database.read() as connection:
            return (
                reading.count_children(connection, under) if under else reading.count_tops(connection, scheme)
            )

    def listing(self, scheme: str, after: Position = None, limit: int = 100) -> tuple[list[Branch], Position]:
        """All concepts of a vocabulary, by title, and from where to go on."""
        with self._database.read() as connection:
            return reading.listing(connection, scheme, after, limit)

    def every(self, scheme: str) -> Iterator[Entry]:
        """All concepts of a vocabulary, a portion at a time."""
        after: Position = None
        while True:
            page, after = self.listing(scheme, after, _PORTION)
            yield from (branch.entry for branch in page)
            if after is None:
                return

    def parents(self, uri: str) -> tuple[Link, ...]:
        """What is broader than a concept."""
        with self._database.read() as connection:
            return self._links(connection, [("broader", other) for other in self._above(connection, [uri])])

    def tree(self, uri: str) -> tuple[tuple[Entry, ...], ...]:
        """Ways down to a concept from where trees begin, itself left out; the first ten."""
        with self._database.read() as connection:
            return self._paths(connection, uri)

    def mappings(self, uri: str) -> tuple[Link, ...]:
        """What a concept is matched with in other vocabularies, whichever of them says so."""
        with self._database.read() as connection:
            said, others = reading.facing(connection, uri, _AROUND)
            return self._links(connection, _mapped(said, others))

    def concept(self, uri: str) -> Concept:
        """A concept with all that is around it.

        Raises:
            NotFound: no vocabulary here has it.
        """
        with self._database.read() as connection:
            found = reading.entries_of(connection, self._database.engine, [uri])
            if not found:
                raise NotFound("concept", uri, "Load the vocabulary that defines it.")
            return self._concept(connection, found[uri])

    def around(self, entry: Entry) -> Concept:
        """All that is around an entry."""
        with self._database.read() as connection:
            return self._concept(connection, entry)

    def _concept(self, connection: sa.Connection, entry: Entry) -> Concept:
        said, others = reading.facing(connection, entry.uri, _AROUND)

        def of(*pairs: tuple[str, str]) -> tuple[Link, ...]:
            return self._links(connection, list(dict.fromkeys(pairs)))

        def out(*predicates: str) -> list[tuple[str, str]]:
            return [(p, o) for _, p, o in said if p in predicates and o != entry.uri]

        def back(*predicates: str) -> list[tuple[str, str]]:
            return [(p, s) for s, p, _ in others if p in predicates and s != entry.uri]

        return Concept(
            entry=entry,
            broader=of(*out("broader")),
            narrower=of(*back("broader")),
            related=of(*out("related"), *back("related")),
            members=of(*out("member")),
            groups=of(*back("member")),
            mappings=self._links(connection, _mapped(said, others)),
            parts=of(*out(*IADOPT)),
            part_of=of(*back(*IADOPT)),
            replaced_by=of(*(("replacedBy", other) for other in entry.replaced_by)),
            paths=self._paths(connection, entry.uri),
        )

    def variables(
        self,
        *,
        object: str = "",  # noqa: A002 - the words of I-ADOPT
        property: str = "",  # noqa: A002
        matrix: str = "",
        limit: int = 200,
    ) -> tuple[Entry, ...]:
        """The variables (I-ADOPT) whose parts mean these, or something narrower.

        Args:
            object: address of the object of interest; "" leaves a part open.
            property: address of the property.
            matrix: address of the matrix.
            limit: at most so many.
        """
        asked = {"object": object, "property": property, "matrix": matrix}
        with self._database.read() as connection:
            engine, found = self._database.engine, None
            for part, uri in asked.items():
                if uri:
                    meant = expand(connection, engine, [uri], _NARROWER)
                    having = {one for _, one in reading.steps(connection, engine, meant, (), (part,))}
                    found = having if found is None else found & having
            entries = reading.entries_of(connection, engine, sorted(found or ())[:limit])
        return tuple(sorted(entries.values(), key=lambda entry: (entry.title, entry.uri)))

    def _above(self, connection: sa.Connection, uris: Iterable[str]) -> list[str]:
        pairs = reading.steps(connection, self._database.engine, uris, ("broader",))
        return sorted({other for one, other in pairs if other != one})

    def _paths(self, connection: sa.Connection, uri: str) -> tuple[tuple[Entry, ...], ...]:
        engine, above = self._database.engine, dict[str, list[str]]()
        front, seen = [uri], {uri}
        for _ in range(_DEEPEST):
            pairs = reading.steps(connection, engine, front, ("broader",)) if front else []
            front = sorted({other for _, other in pairs} - seen)
            seen.update(front)
            for one, other in sorted(pairs):
                above.setdefault(one, []).append(other)
        ways: list[tuple[str, ...]] = []
        waiting: list[tuple[str, ...]] = [(uri,)]
        while waiting and len(ways) < _MOST_PATHS:
            way = waiting.pop()
            higher = [other for other in above.get(way[0], ()) if other not in way]
            waiting += [(other, *way) for other in reversed(higher)]
            if not higher and len(way) > 1:
                ways.append(way)
        entries = reading.entries_of(connection, engine, {step for way in ways for step in way})
        return tuple(tuple(entries[step] for step in way[:-1] if step in entries) for way in ways)

    def _links(self, connection: sa.Connection, pairs: list[tuple[str, str]]) -> tuple[Link, ...]:
        entries = reading.entries_of(connection, self._database.engine, (uri for _, uri in pairs))
        links = [Link(predicate=p, uri=uri, entry=entries.get(uri)) for p, uri in dict.fromkeys(pairs)]
        order = [*IADOPT, *MAPPINGS]
        return tuple(
            sorted(
                links,
                key=lambda link: (
                    order.index(link.predicate) if link.predicate in order else 0,
                    link.entry is None,
                    link.entry.title.casefold() if link.entry else link.uri,
                ),
            )
        )


def _mapped(said: Iterable[Relation], others: Iterable[Relation]) -> list[tuple[str, str]]:
    return [
        *((p, o) for _, p, o in said if p in MAPPINGS),
        *((OPPOSITE.get(p, p), s) for s, p, _ in others if p in MAPPINGS),
    ]

"""A granule: one scene, file or moment of a collection (STAC Item)."""

from __future__ import annotations

from dataclasses import dataclass

from estran.model.record import Concept, Distribution, Extent, Identifier, Record, Relation
from estran.model.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The parsed view of a STAC Item; `body` is the item.

    Attributes:
        id: verbatim, unique in its collection.
        collection: id of its collection, "" if it names none.
        body: the STAC JSON as it came, UTF-8, unknown members included.
    """

    id: str
    collection: str = ""
    title: str = ""
    description: str = ""
    created: str = ""
    updated: str = ""
    extent: Extent = Extent()
    platform: str = ""
    instruments: tuple[str, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    warnings: tuple[str, ...] = ()
    body: bytes = b""

    def record(self) -> Record:
        """The item described as a record of kind "item", which belongs to its collection."""
        words = [("platform", self.platform), *(("instrument", name) for name in self.instruments)]
        return Record(
            identifier=f"{self.collection}/{self.id}" if self.collection else self.id,
            identifiers=(Identifier(self.id, "stac"),),
            kind="item",
            title=Text.of(self.title or self.id),
            abstract=Text.of(self.description),
            created=self.created,
            metadata_date=self.updated,
            extent=self.extent,
            concepts=tuple(Concept(label=Text.of(word), role=role) for role, word in words if word),
            distributions=self.distributions,
            relations=(Relation(kind="IsPartOf", target=self.collection, scheme="stac"),)
            if self.collection
            else (),
            warnings=self.warnings,
        )

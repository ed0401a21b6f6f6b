"""What the records of one dataset say together: the best of them, and what the others add to it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from estran.model import NODE_FIELDS, Extent, Quality, Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Member", "Merged", "merged"]

# What a record says of itself and not of the dataset, or says in any case.
_OWN = NODE_FIELDS | {
    "identifier", "kind", "kind_label", "metadata_language", "metadata_date", "metadata_standard", "metadata_parties",
}  # fmt: skip
_PARTED = {"extent": Extent, "quality": Quality}
"""Fields whose parts are filled one by one."""
_FIELDS = tuple(f.name for f in fields(Record) if f.name not in _OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the records that describe a dataset.

    Attributes:
        date: of the description, as its source gives it, "" where it does not.
        updated: when the node last changed it (canonical instant).
        standard: name of the metadata standard that it came in, "" where it is not known.
    """

    id: str
    title: Text
    source: str
    centre: str
    date: str
    updated: str
    standard: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A dataset as all its records describe it.

    Attributes:
        record: the one that stands for all, with what it lacks taken from the others.
        members: all of them, the one that stands for all first.
        given: field of the record that it lacked, such as ``lineage`` or ``extent.periods`` -> id of the member
            that gave it.
    """

    record: Record
    members: tuple[Member, ...]
    given: Mapping[str, str] = field(default_factory=dict)


def merged(records: Sequence[Record]) -> Merged:
    """What records of one dataset say together; the first is believed before the others."""
    first, *others = records
    filled: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    given: dict[str, str] = {}
    for other in others:
        for name, value in _said(other):
            whole, _, part = name.partition(".")
            if name in given or _at(first, name):
                continue
            given[name] = other.id
            if part:
                parts.setdefault(whole, {})[part] = value
            else:
                filled[whole] = value
    filled.update((whole, replace(getattr(first, whole), **parts[whole])) for whole in parts)
    return Merged(record=replace(first, **filled), members=tuple(map(_member, records)), given=given)


def _said(record: Record) -> Iterator[tuple[str, Any]]:
    """The fields of a record that hold something, those with parts as ``field.part``."""
    for name in _FIELDS:
        names = [f"{name}.{f.name}" for f in fields(_PARTED[name])] if name in _PARTED else [name]
        for one in names:
            if value := _at(record, one):
                yield one, value


def _at(record: Record, name: str) -> Any:
    whole, _, part = name.partition(".")
    value = getattr(record, whole)
    return getattr(value, part) if part else value


def _member(record: Record) -> Member:
    return Member(
        id=record.id, title=record.title, source=record.source, centre=record.centre,
        date=record.metadata_date, updated=record.updated, standard=record.metadata_standard,
    )  # fmt: skip

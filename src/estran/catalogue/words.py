"""The words of a record, as the text indexes know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.words import Column, folded, split, stems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.model import Record

__all__ = ["Column", "columns", "folded", "split", "stems"]


def columns(record: Record) -> tuple[str, str, str, str, str, str]:
    """The tokens of a record: title, subject and body, each in French and in English, blank-separated.

    Keywords are indexed in both languages whatever the record says: they are borrowed more than they
    are written.
    """
    language = record.metadata_language or (record.language[0] if len(record.language) == 1 else "")
    title, subject, body = Column(), Column(), Column()
    for text in (record.title, *record.alternate_titles):
        title.add_text(text, language)
    for concept in record.concepts:
        subject.add_text(concept.label)
    for variable in record.variables:
        subject.add(f"{variable.name} {variable.standard_name}")
        subject.add_text(variable.label)
    for place in record.extent.places:
        subject.add_text(place)
    for text in (record.abstract, record.purpose, record.supplement, record.lineage, record.credit):
        body.add_text(text, language)
    for words in _names(record):
        body.add(words)
    return (
        " ".join(title.french), " ".join(title.english), " ".join(subject.french), " ".join(subject.english),
        " ".join(body.french), " ".join(body.english),
    )  # fmt: skip


def _names(record: Record) -> Iterable[str]:
    seen: dict[str, None] = {}
    for party in (*record.parties, *record.metadata_parties):
        seen[party.name] = None
        seen.update((words, None) for _, words in party.organisation.variants)
    for distribution in record.distributions:
        seen[distribution.name] = None
        seen[str(distribution.title)] = None
    seen[record.identifier] = None
    seen.update((identifier.value, None) for identifier in record.identifiers)
    return seen

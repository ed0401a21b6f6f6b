"""One vocabulary that came in several files: a file a language, or its concepts here and its mappings there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.model import Text
from estran.vocabulary.concepts import Entry, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.vocabulary.concepts import Original

__all__ = ["merged"]


def merged(parts: Sequence[tuple[Reading, Original]]) -> tuple[Reading, tuple[Original, ...]]:
    """The vocabulary of several files of one scheme; of several versions only the newest counts."""
    newest = max(_order(reading.scheme.version) for reading, _ in parts)
    kept = [part for part in parts if _order(part[0].scheme.version) == newest]
    older = tuple(original.name for reading, original in parts if _order(reading.scheme.version) != newest)
    readings = [reading for reading, _ in kept]
    entries: dict[str, Entry] = {}
    for reading in readings:
        for entry in reading.entries:
            held = entries.get(entry.uri)
            entries[entry.uri] = _joined(held, entry) if held else entry
    first = readings[0]
    scheme = replace(
        first.scheme,
        title=Text.many(pair for reading in readings for pair in reading.scheme.title.variants),
        description=Text.many(pair for reading in readings for pair in reading.scheme.description.variants),
    )
    notes = tuple(f"{name} is an older version and was left out" for name in older)
    return (
        Reading(
            scheme=scheme,
            entries=tuple(entries.values()),
            relations=tuple(sorted({r for reading in readings for r in reading.relations})),
            labels=tuple(dict.fromkeys(label for reading in readings for label in reading.labels)),
            warnings=(*dict.fromkeys(w for reading in readings for w in reading.warnings), *notes),
        ),
        tuple({original.body: original for _, original in kept}.values()),
    )


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Versions in the order that people mean: 1.10 after 1.9."""
    return tuple(
        (int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|[^\d.]+", version)
    )


def _joined(one: Entry, other: Entry) -> Entry:
    label = Text.many((*one.label.variants, *other.label.variants))
    spare = [pair for pair in other.label.variants if pair not in label.variants]
    return replace(
        one,
        name=one.name or other.name,
        label=label,
        definition=Text.many((*one.definition.variants, *other.definition.variants)),
        unit=one.unit or other.unit,
        aliases=tuple(dict.fromkeys((*one.aliases, *other.aliases))),
        alternates=tuple(dict.fromkeys((*one.alternates, *other.alternates, *spare))),
        hidden=tuple(dict.fromkeys((*one.hidden, *other.hidden))),
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
        kind=one.kind if one.kind != "concept" else other.kind,
        deprecated=one.deprecated or other.deprecated,
        replaced_by=tuple(dict.fromkeys((*one.replaced_by, *other.replaced_by))),
    )

"""What of a record must come back from a format that says what it loses."""

from __future__ import annotations

import itertools
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from estran.model import NODE_FIELDS, Party, Record, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.formats import Loss

PAGE = "https://node.example.org/data/x"


def distinct(record: Record) -> Record:
    """The record with every address and party its own: in RDF one address is one thing, told once."""
    return _distinct(record, itertools.count())


def _distinct(value: Any, numbers: Iterator[int]) -> Any:
    if isinstance(value, str):
        own = value.startswith("https://") and "example" in value
        return value.replace("https://", f"https://n{next(numbers)}.", 1) if own else value
    if isinstance(value, Text):
        return value
    if isinstance(value, Relation) and value.scheme == "doi":
        value = replace(value, target=f"{value.target}{next(numbers)}")
    if isinstance(value, Party):
        value = replace(value, email=f"p{next(numbers)}@example.org")
    if is_dataclass(value):
        return replace(value, **{f.name: _distinct(getattr(value, f.name), numbers) for f in fields(value)})  # type: ignore[type-var]
    if isinstance(value, tuple):
        parts = [_distinct(part, numbers) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def kept(record: Record, losses: Iterable[Loss]) -> dict[str, Any]:
    """A record's fields without what was said to be lost, for comparison; lists without their order."""
    gone = frozenset(loss.field for loss in losses)
    record = _places_by_name(record)
    record = _without(record, "", gone)
    if "alternate_titles@*" in gone:
        record = replace(
            record, alternate_titles=tuple(Text((v,)) for t in record.alternate_titles for v in t.variants)
        )
    record = replace(
        record,
        # Each of these is obligatory in the target and stands in for itself.
        abstract=Text() if record.abstract == record.title else record.abstract,
        landing_page="" if record.landing_page == PAGE else record.landing_page,
        identifiers=tuple(one for one in record.identifiers if one.value != PAGE),
        concepts=_said_once(record),
    )
    return {
        field.name: _comparable(getattr(record, field.name))
        for field in fields(record)
        if field.name not in NODE_FIELDS
    }


def _without(value: Any, path: str, gone: frozenset[str]) -> Any:
    if isinstance(value, Text):
        return value
    if is_dataclass(value):
        changes = {}
        for field in fields(value):
            inner = f"{path}.{field.name}".lstrip(".")
            changes[field.name] = (
                field.default if inner in gone else _without(getattr(value, field.name), inner, gone)
            )
        return replace(value, **changes)  # type: ignore[type-var]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        parts = (_without(part, path, gone) for part in value)
        return tuple(part for part in parts if not (is_dataclass(part) and part == type(part)()))  # type: ignore[operator]
    return value


def _places_by_name(record: Record) -> Record:
    """A place without an address is only a name."""
    named = tuple(c for c in record.words("place") if not c.uri)
    others = tuple(c for c in record.concepts if c not in named)
    extent = replace(record.extent, places=(*record.extent.places, *(c.label for c in named)))
    return replace(record, concepts=others, extent=extent)


def _said_once(record: Record) -> tuple[Any, ...]:
    """The concepts without the bare keywords that another one says too."""
    full = [c for c in record.concepts if c.uri or c.scheme or len(c.label.variants) > 1]
    said = {pair for c in full if c.role == "keyword" for pair in c.label.variants}
    return tuple(
        c for c in record.concepts if c in full or c.role != "keyword" or not set(c.label.variants) <= said
    )


def _comparable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, Text):
        return {field.name: _comparable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return sorted({repr(part) for part in value})
    return value

"""Frozen values as plain data and back: what is stored, sent and hashed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any


@cache
def _layout(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in fields(kind))


def plain(value: Any) -> Any:
    """A model value as dicts, lists and scalars; fields that hold their default are left out."""
    if is_dataclass(value):
        kept: dict[str, Any] = {}
        for name, default in _layout(type(value)):
            held = getattr(value, name)
            if held is not default and held != default:
                kept[name] = plain(held)
        return kept
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value

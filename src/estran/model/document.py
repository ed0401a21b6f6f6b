"""Frozen values as plain data: what is stored, sent and hashed."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

# Fields and defaults of each dataclass; None for every other type.
_layouts: dict[type, tuple[tuple[str, Any], ...] | None] = {}


def _layout(kind: type) -> tuple[tuple[str, Any], ...] | None:
    found = tuple((field.name, field.default) for field in fields(kind)) if is_dataclass(kind) else None
    _layouts[kind] = found
    return found


def plain(value: Any) -> Any:
    """A model value as dicts, lists and scalars; fields that hold their default are left out."""
    kind = type(value)
    if kind is str or kind is float or kind is int:
        return value
    if kind is tuple:
        return [plain(part) for part in value]
    layout = _layouts[kind] if kind in _layouts else _layout(kind)
    if layout is None:
        return [plain(part) for part in value] if isinstance(value, tuple) else value
    kept: dict[str, Any] = {}
    for name, default in layout:
        held = getattr(value, name)
        if held is not default and held != default:
            kept[name] = plain(held)
    return kept

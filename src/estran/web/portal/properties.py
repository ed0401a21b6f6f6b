"""Properties of items in words: grouped by their extension, with labels and units; unknown ones as they are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.model import date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.web.portal.i18n import Words

GROUPS = (
    "", "eo", "sar", "sat", "view", "proj", "processing", "product", "raster", "grid", "mgrs", "s1", "s2", "landsat",
    "sci", "file", "storage",
)  # fmt: skip
"""Prefixes of extensions in the order of the page; others follow by name."""
# The page says these elsewhere.
_SAID = frozenset({"datetime", "start_datetime", "end_datetime", "title", "description"})
_UNITS = {
    "gsd": "m", "eo:cloud_cover": "%", "eo:snow_cover": "%", "sar:center_frequency": "GHz", "sar:resolution_range": "m",
    "sar:resolution_azimuth": "m", "sar:pixel_spacing_range": "m", "sar:pixel_spacing_azimuth": "m",
    "view:off_nadir": "°", "view:incidence_angle": "°", "view:azimuth": "°", "view:sun_azimuth": "°",
    "view:sun_elevation": "°", "view:moon_azimuth": "°", "view:moon_elevation": "°",
    "landsat:cloud_cover_land": "%",
}  # fmt: skip
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*", re.ASCII)
_LONGEST = 2000
_SMALL = 0.001
_LISTED = 12


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property.

    Attributes:
        name: as the item has it.
        label: what people call it, the name where that is unknown.
        value: in words, with its unit; structures as JSON, which `is_code` says.
    """

    name: str
    label: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """The properties of one extension."""

    title: str
    properties: tuple[Property, ...]


def groups(properties: Mapping[str, Any], words: Words) -> tuple[Group, ...]:
    """All properties that are not said elsewhere on the page, in groups."""
    found: dict[str, list[Property]] = {}
    for name, value in properties.items():
        if name not in _SAID and value is not None:
            prefix = name.partition(":")[0] if ":" in name else ""
            found.setdefault(prefix, []).append(_property(name, value, words))
    order = [*(g for g in GROUPS if g in found), *sorted(set(found) - set(GROUPS))]
    return tuple(
        Group(title=words.label("property_group", prefix), properties=tuple(found[prefix]))
        for prefix in order
    )


def _property(name: str, value: Any, words: Words) -> Property:
    label = words.label("property", name)
    if isinstance(value, dict) or (isinstance(value, list) and not _is_plain(value)):
        return Property(name=name, label=label, value=_cut(_json(value)), is_code=True)
    listed = value if isinstance(value, list) else [value]
    said = ", ".join(_said(name, each, words) for each in listed)
    return Property(name=name, label=label, value=_cut(said))


def _is_plain(values: list[Any]) -> bool:
    return len(values) <= _LISTED and not any(isinstance(v, dict | list) for v in values)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _said(name: str, value: Any, words: Words) -> str:
    """A plain value with its unit."""
    unit = "%" if name.endswith("_percentage") else _UNITS.get(name, "")
    match value:
        case bool():
            return words.text("item.yes" if value else "item.no")
        case int() if name == "file:size":
            return words.size(value)
        case int() | float():
            number = _number(value, words)
            return words.text("items.percent", n=number) if unit == "%" else _with(number, unit)
        case str() if _INSTANT.fullmatch(value):
            return _instant(value, words)
        case _:
            return "–" if value is None else str(value)


def _with(number: str, unit: str) -> str:
    if not unit or unit == "°":
        return f"{number}{unit}"
    return f"{number}\u00a0{unit}"


def _number(value: float, words: Words) -> str:
    """Whole numbers may be codes: their digits stay together."""
    if float(value).is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value)).replace("-", "−")
    return words.number(value) if abs(value) >= _SMALL else f"{value:g}"


def _instant(text: str, words: Words) -> str:
    try:
        return words.date(date(text))
    except Invalid:
        return text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

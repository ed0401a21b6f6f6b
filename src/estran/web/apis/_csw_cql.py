"""The CQL of catalogue services, which is older than CQL2, as CQL2 JSON.

What differs is brought over as text, outside of quotes: ``BBOX(property, …)``, spatial functions without
their ``S_``, ``ENVELOPE``, times that stand bare, ``ILIKE`` and ``EXISTS``. The rest is CQL2 already.
"""

from __future__ import annotations

import re
from itertools import batched
from typing import TYPE_CHECKING, Any

from estran.catalogue import filters
from estran.errors import Invalid
from estran.web.apis._csw_systems import system

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["document", "geometry"]

# Possessive and from the start of a word only: time grows with the length of a text, not with its square.
_QUOTED = re.compile(r"('(?:[^']++|'')*+')")
_NAME = r"(?<![\w.:/-])[^\W\d][\w.:/-]*+"
_NUMBER = r"[-+]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?\d{1,3})?"
_NUMBERS = rf"{_NUMBER}\s*+,\s*+{_NUMBER}\s*+,\s*+{_NUMBER}\s*+,\s*+{_NUMBER}"
_AT = r"\d{4}(?:-\d\d(?:-\d\d(?:T[\d:.]+(?:Z|[-+]\d\d:?\d\d)?)?)?)?"
_BBOX = re.compile(
    rf"\bBBOX\s*+\(\s*+(?:({_NAME}|\"[^\"]++\")\s*+,\s*+)({_NUMBERS})\s*+(?:,\s*+(\x00\d++\x00|{_NAME})\s*+)?\)",
    re.IGNORECASE,
)
_ENVELOPE = re.compile(
    rf"\bENVELOPE\s*+\(\s*+({_NUMBER})\s*+,\s*+({_NUMBER})\s*+,\s*+({_NUMBER})\s*+,\s*+({_NUMBER})\s*+\)",
    re.IGNORECASE,
)
_SPATIAL = re.compile(
    r"\b(INTERSECTS|WITHIN|CONTAINS|DISJOINT|EQUALS|TOUCHES|OVERLAPS|CROSSES)\s*+\(", re.IGNORECASE
)
_ILIKE = re.compile(r"\bILIKE\b", re.IGNORECASE)
_EXISTS = re.compile(r"\b(DOES-NOT-EXIST|DOES\s++NOT\s++EXIST|EXISTS)\b", re.IGNORECASE)
_DURING = re.compile(rf"({_NAME})\s++DURING\s++({_AT})\s*/\s*({_AT})", re.IGNORECASE)
_SIDE = re.compile(rf"({_NAME})\s++(BEFORE|AFTER|TEQUALS)\s++({_AT})", re.IGNORECASE)
_HELD = re.compile(r"\x00(\d+)\x00")


def document(text: str) -> dict[str, Any]:
    """A CQL text as CQL2 JSON, the properties still by their client's names.

    Raises:
        Invalid: it is too long, or not CQL; says at which character of what was made of it.
    """
    if len(text) > filters.LONGEST:
        raise Invalid(
            f"the constraint has {len(text)} characters; at most {filters.LONGEST} are read", "Constraint"
        )
    if "\x00" in text:
        raise Invalid("it holds the character NUL; take it out", "Constraint")
    return filters.document(_renewed(text), is_json=False, where="Constraint")


def geometry(text: str, where: str) -> dict[str, Any]:
    """A geometry in WKT as GeoJSON.

    Raises:
        Invalid: it is none.
    """
    found = filters.document(f"S_INTERSECTS(x, {text})", is_json=False, where=where)
    shape = found["args"][1] if found.get("op") == "s_intersects" and len(found["args"]) == 2 else None  # noqa: PLR2004
    if not isinstance(shape, dict) or "type" not in shape:
        raise Invalid("give one geometry in WKT, such as POINT(3 42) or POLYGON((…))", where)
    return shape


def _renewed(text: str) -> str:
    # Texts in quotes are put aside, so that no word in them is taken for CQL.
    parts = _QUOTED.split(text)
    quoted = parts[1::2]
    bare = "".join(part if n % 2 == 0 else f"\x00{n // 2}\x00" for n, part in enumerate(parts))

    def inside(found: re.Match[str]) -> str:
        return quoted[int(found[1])]

    for pattern, make in _CHANGES:
        bare = pattern.sub(lambda found, make=make: make(found, quoted), bare)
    return _HELD.sub(inside, bare)


def _bbox(found: re.Match[str], quoted: list[str]) -> str:
    numbers, crs = [part.strip() for part in found[2].split(",")], found[3] or ""
    if held := _HELD.fullmatch(crs):
        crs = quoted[int(held[1])][1:-1]
    of = system(crs, "Constraint")
    corners = (of.position(float(x), float(y), "Constraint") for x, y in batched(numbers, 2))
    return f"S_INTERSECTS({found[1]}, BBOX({', '.join(f'{number:.12g}' for at in corners for number in at)}))"


def _envelope(found: re.Match[str], _quoted: list[str]) -> str:
    west, east, north, south = found.groups()
    return f"BBOX({west}, {south}, {east}, {north})"


def _side(found: re.Match[str], _quoted: list[str]) -> str:
    function = {"before": "T_BEFORE", "after": "T_AFTER", "tequals": "T_EQUALS"}[found[2].lower()]
    return f"{function}({found[1]}, DATE('{found[3]}'))"


_CHANGES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[str]], str]], ...] = (
    (_BBOX, _bbox),
    (_ENVELOPE, _envelope),
    (_SPATIAL, lambda found, _: f"S_{found[1]}("),
    (_ILIKE, lambda _found, _: "LIKE"),
    (_EXISTS, lambda found, _: "IS NOT NULL" if found[1].upper() == "EXISTS" else "IS NULL"),
    (_DURING, lambda found, _: f"T_DURING({found[1]}, INTERVAL('{found[2]}', '{found[3]}'))"),
    (_SIDE, _side),
)

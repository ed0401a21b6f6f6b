"""Filters of OGC Filter Encoding 1.1 and 2.0 as CQL2 JSON, the properties still by their client's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._xml import local, namespace, text_of
from estran.web.apis import _csw_gml as gml
from estran.web.apis._csw_terms import FES, OGC, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml.etree import _Element

__all__ = ["MOST", "document"]

MOST = 250
"""Operators that a filter may have."""
_DEEPEST = 50
_LONGEST = 4096
_COMPARISONS: Mapping[str, str] = {
    "PropertyIsEqualTo": "=", "PropertyIsNotEqualTo": "<>", "PropertyIsLessThan": "<",
    "PropertyIsGreaterThan": ">", "PropertyIsLessThanOrEqualTo": "<=", "PropertyIsGreaterThanOrEqualTo": ">=",
}  # fmt: skip
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
SPATIAL: Mapping[str, str] = {
    "BBOX": "s_intersects", "Intersects": "s_intersects", "Within": "s_within", "Contains": "s_contains",
    "Disjoint": "s_disjoint", "Equals": "s_equals", "Touches": "s_touches", "Overlaps": "s_overlaps",
    "Crosses": "s_crosses",
}  # fmt: skip
TEMPORAL: Mapping[str, str] = {
    "After": "t_after", "Before": "t_before", "Begins": "t_starts", "BegunBy": "t_startedby",
    "TContains": "t_contains", "During": "t_during", "TEquals": "t_equals", "TOverlaps": "t_overlaps",
    "Meets": "t_meets", "OverlappedBy": "t_overlappedby", "MetBy": "t_metby", "Ends": "t_finishes",
    "EndedBy": "t_finishedby", "AnyInteracts": "t_intersects",
}  # fmt: skip
_NAMES = ("PropertyName", "ValueReference")
_IDS = ("ResourceId", "FeatureId", "GmlObjectId")
_TWO = 2


def document(element: _Element) -> dict[str, Any]:
    """A ``Filter`` as CQL2 JSON; one without a condition asks for everything.

    Raises:
        Invalid: it is no filter, too long, too deep, or asks for what is not offered.
    """
    if local(element) != "Filter" or namespace(element) not in (OGC, FES):
        raise Invalid(f"“{shown(local(element))}” is no ogc:Filter or fes:Filter", "Filter")
    children = list(element)
    if not children:
        return {"op": "and", "args": []}
    if all(local(one) in _IDS for one in children):
        return _named(children)
    if len(children) != 1:
        raise Invalid(f"a filter holds one condition, not {len(children)}; join several with And", "Filter")
    return _Reader().read(children[0], 0)


class _Reader:
    """Reads conditions, counting them."""

    def __init__(self) -> None:
        self._seen = 0

    def read(self, element: _Element, depth: int) -> dict[str, Any]:
        name = local(element)
        self._seen += 1
        if self._seen > MOST:
            raise Invalid(f"the filter has more than {MOST} conditions; simplify it", "Filter")
        if depth > _DEEPEST:
            raise Invalid(f"the filter is nested more than {_DEEPEST} levels deep; simplify it", "Filter")
        if namespace(element) not in (OGC, FES):
            raise Invalid(f"“{shown(name)}” is no condition of Filter Encoding", shown(name))
        match name:
            case "And" | "Or":
                if not len(element):
                    raise Invalid(f"{name} joins nothing; put conditions into it", name)
                return {"op": name.lower(), "args": [self.read(one, depth + 1) for one in element]}
            case "Not":
                if len(element) != 1:
                    raise Invalid(f"Not takes one condition, not {len(element)}", name)
                return {"op": "not", "args": [self.read(element[0], depth + 1)]}
            case _:
                return _condition(name, element)


def _condition(name: str, element: _Element) -> dict[str, Any]:
    if name in _COMPARISONS:
        return _comparison(_COMPARISONS[name], element)
    if name in SPATIAL:
        return _spatial(SPATIAL[name], element)
    if name in TEMPORAL:
        return _temporal(TEMPORAL[name], element)
    if name in _OTHERS:
        return _OTHERS[name](element)
    offered = ", ".join(("And", "Or", "Not", *_COMPARISONS, *_OTHERS, *SPATIAL, *TEMPORAL))
    raise Invalid(f"there is no operator “{shown(name)}” here; offered: {offered}", shown(name))


def _comparison(op: str, element: _Element) -> dict[str, Any]:
    sides = [local(one) for one in element]
    if len(sides) != _TWO or sorted(side in _NAMES for side in sides) != [False, True]:
        raise Invalid("compare one property with one literal", local(element))
    op = op if sides[0] in _NAMES else _FLIPPED.get(op, op)
    value: Any = _literal(element)
    if element.get("matchCase", "true").strip().lower() in ("false", "0"):
        value = {"op": "casei", "args": [value]}
    return {"op": op, "args": [_property(element), value]}


def _like(element: _Element) -> dict[str, Any]:
    wild, single = element.get("wildCard") or "%", element.get("singleChar") or "_"
    escape = element.get("escapeChar") or element.get("escape") or "\\"
    exact = element.get("matchCase", "").strip().lower() in ("true", "1")
    pattern = _pattern(_literal(element), wild, single, escape)
    return {"op": "like", "args": [_property(element), pattern], "exact": exact}


def _pattern(text: str, wild: str, single: str, escape: str) -> str:
    r"""A pattern in the signs of CQL2: ``%``, ``_``, ``\``."""
    made: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith(escape, at) and at + len(escape) < len(text):
            at += len(escape)
            made.append(_plain(text[at]))
            at += 1
        elif text.startswith(wild, at):
            made.append("%")
            at += len(wild)
        elif text.startswith(single, at):
            made.append("_")
            at += len(single)
        else:
            made.append(_plain(text[at]))
            at += 1
    return "".join(made)


def _plain(sign: str) -> str:
    return f"\\{sign}" if sign in "%_\\" else sign


def _null(element: _Element) -> dict[str, Any]:
    return {"op": "isNull", "args": [_property(element)]}


def _between(element: _Element) -> dict[str, Any]:
    ends = [_within(element, end) for end in ("LowerBoundary", "UpperBoundary")]
    return {"op": "between", "args": [_property(element), *ends]}


def _spatial(op: str, element: _Element) -> dict[str, Any]:
    shapes = [one for one in element if gml.is_geometry(one)]
    others = [local(one) for one in element if not gml.is_geometry(one)]
    if len(shapes) != 1 or any(name not in _NAMES for name in others) or len(others) > 1:
        raise Invalid(
            "it takes a property and one geometry of GML: Envelope, Point, Polygon…", local(element)
        )
    held = _property(element) if others else {"property": "BoundingBox"}
    return {"op": op, "args": [held, gml.geometry(shapes[0])]}


def _temporal(op: str, element: _Element) -> dict[str, Any]:
    values = [one for one in element if local(one) not in _NAMES]
    if len(values) != 1 or len(element) != _TWO:
        raise Invalid("it takes a property and one gml:TimePeriod or gml:TimeInstant", local(element))
    inner = values[0][0] if local(values[0]) == "Literal" and len(values[0]) else values[0]
    return {"op": op, "args": [_property(element), _time(inner)]}


def _time(element: _Element) -> dict[str, Any]:
    match local(element):
        case "TimePeriod":
            return {"interval": [_end(element, "begin"), _end(element, "end")]}
        case "TimeInstant" | "timePosition" | "Literal":
            text = text_of(element)
            start, slash, end = text.partition("/")
            return {"interval": [start or "..", end or ".."]} if slash else {"date": text}
        case name:
            raise Invalid(
                f"“{shown(name)}” is no time that is read; use gml:TimePeriod or gml:TimeInstant", name
            )


def _end(period: _Element, name: str) -> str:
    found = next((one for one in period if local(one) in (name, f"{name}Position")), None)
    return text_of(found) or ".."


def _property(element: _Element) -> dict[str, Any]:
    names = [text_of(one) for one in element if local(one) in _NAMES]
    if len(names) != 1 or not names[0]:
        raise Invalid("it names one property, in ogc:PropertyName or fes:ValueReference", local(element))
    return {"property": names[0]}


def _literal(element: _Element) -> str:
    found = [one for one in element if local(one) == "Literal"]
    if len(found) != 1:
        raise Invalid("it holds one Literal; functions and arithmetic are not offered", local(element))
    return _short(text_of(found[0]), local(element))


def _short(text: str, where: str) -> str:
    if len(text) > _LONGEST:
        raise Invalid(f"a value has {len(text)} characters; at most {_LONGEST} are read", where)
    return text


def _within(element: _Element, name: str) -> str:
    found = next((one for one in element if local(one) == name), None)
    if found is None:
        raise Invalid(f"a range has both ends; {name} is missing", local(element))
    return _literal(found) if len(found) else _short(text_of(found), name)


def _named(elements: list[_Element]) -> dict[str, Any]:
    ids = [
        value
        for one in elements
        for name, value in one.attrib.items()
        if str(name).rpartition("}")[2] in ("rid", "fid", "id")
    ]
    if not ids:
        raise Invalid("it names no record; give one in rid, fid or gml:id", local(elements[0]))
    return {"op": "in", "args": [{"property": "identifier"}, [str(one) for one in ids]]}


_OTHERS: Mapping[str, Callable[[_Element], dict[str, Any]]] = {
    "PropertyIsLike": _like, "PropertyIsNull": _null, "PropertyIsBetween": _between,
    **dict.fromkeys(_IDS, lambda element: _named([element])),
}  # fmt: skip

"""What STAC asks beside CQL2, as CQL2 JSON: the query extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.catalogue import filters
from estran.catalogue.items.queryables import ITEMS
from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.catalogue.queryables import Queryable

__all__ = ["Known", "both", "of_every_node", "of_query", "plain_name", "renamed"]

type Known = Callable[[], Mapping[str, Queryable]]
"""Gives what filters may name; to be asked only where it matters, since it may take a look at the node."""

_COMPARISONS = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_MOST_TESTS = 100


def of_every_node() -> Mapping[str, Queryable]:
    """The queryables of items that need no declaration."""
    return ITEMS


def plain_name(name: str) -> str:
    """A property without the member of the item that holds it."""
    return name.removeprefix("properties.")


def of_query(query: Any, known: Known = of_every_node) -> dict[str, Any] | None:
    """The query extension, ``{property: {operator: value}}``, as a CQL2 filter; None if it asks nothing.

    Args:
        query: as it came.
        known: gives what filters may name; asked only where a property is none of every node.
    """
    where = "query"
    if not isinstance(query, dict):
        raise Invalid('it is no object; write {"eo:cloud_cover": {"lt": 10}}', where)
    tests: list[dict[str, Any]] = []
    for name, wanted in query.items():
        if not isinstance(wanted, dict):
            raise Invalid('a property needs its operators: {"lt": 10}', f"{where}.{name[:80]}")
        for operator, value in wanted.items():
            at = f"{where}.{name[:80]}.{operator[:20]}"
            tests.append(_test(plain_name(name), operator, value, at, known))
    if len(tests) > _MOST_TESTS:
        raise Invalid(f"{len(tests)} tests are given; at most {_MOST_TESTS} are read", where)
    return tests[0] if len(tests) == 1 else {"op": "and", "args": tests} if tests else None


def _test(name: str, operator: str, value: Any, where: str, known: Known) -> dict[str, Any]:
    held = {"property": name}
    if operator in _COMPARISONS:
        return {"op": _COMPARISONS[operator], "args": [held, _literal(name, value, where, known)]}
    if operator in _PATTERNS:
        if not isinstance(value, str):
            raise Invalid("the value is no text", where)
        return {"op": "like", "args": [held, _PATTERNS[operator](_escaped(value))]}
    if operator == "in":
        if not isinstance(value, list) or not value:
            raise Invalid("the value is no list of at least one value", where)
        return {"op": "in", "args": [held, [_literal(name, one, where, known) for one in value]]}
    raise Invalid(
        f"there is no operator “{operator[:20]}”; choose among {', '.join((*_COMPARISONS, *_PATTERNS, 'in'))}",
        where,
    )


_PATTERNS: dict[str, Callable[[str], str]] = {
    "startsWith": lambda text: f"{text}%",
    "endsWith": lambda text: f"%{text}",
    "contains": lambda text: f"%{text}%",
}


def _escaped(text: str) -> str:
    for letter in "\\%_":
        text = text.replace(letter, f"\\{letter}")
    return text


def _literal(name: str, value: Any, where: str, known: Known) -> Any:
    if value is None or isinstance(value, list | dict):
        raise Invalid("the value is neither text nor a number nor a truth value", where)
    if not isinstance(value, str):
        return value
    queryable = ITEMS.get(name) or known().get(name)
    kind = queryable.kind if queryable else "text"
    if kind == "time":
        return {"timestamp": value}
    if kind == "number":
        # Clients that build the query from a form write numbers as texts.
        try:
            return float(value)
        except ValueError:
            raise Invalid(f"“{value[:40]}” is no number", where) from None
    return value


def renamed(part: Any, name: str, other: str) -> Any:
    """A filter in CQL2 JSON in which a property has another name."""
    if isinstance(part, list):
        return [renamed(one, name, other) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("property") == name:
        return {"property": other}
    return {key: renamed(value, name, other) for key, value in part.items()}


def both(one: str | dict[str, Any] | None, other: dict[str, Any] | None) -> str | dict[str, Any]:
    """The filter that asks for both; "" where there is neither."""
    if not one or not other:
        return one or other or ""
    if isinstance(one, str):
        one = filters.document(one, is_json=False)
    return {"op": "and", "args": [one, other]}

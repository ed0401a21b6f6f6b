"""What a client asks for as a tree of the catalogue: its names resolved, its words looked up as words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.catalogue import filters
from estran.catalogue.expressions import And, Node, Not, Or, Temporal, Words
from estran.errors import Invalid
from estran.model import EVER_US, KINDS, NEVER_US, bounds, date
from estran.web.apis import _csw_cql as cql
from estran.web.apis import _csw_fes as fes
from estran.web.apis._csw_queryables import PROPERTIES, known, resolve
from estran.web.apis._csw_terms import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

__all__ = ["bare", "of_cql", "of_element", "tree"]

_DEEPEST = 60
_LONGEST = 4096
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)(?=10\.)", re.IGNORECASE)
# A word that only a wildcard stands before: with one behind as well, clients mean the word wherever it stands.
_ENDS_ONLY = re.compile(r"%+[^%_\s][^%_]*")
# What others call a kind of resource: ISO scope codes and types of DCMI.
_KINDS: Mapping[str, str] = {
    **{kind: kind for kind in KINDS},
    "series": "collection", "nongeographicdataset": "dataset", "application": "software", "text": "publication",
    "document": "publication", "stillimage": "image", "physicalobject": "sample",
}  # fmt: skip


def of_element(element: _Element) -> Node:
    """The tree of an ``ogc:Filter`` or ``fes:Filter``.

    Raises:
        Invalid: a part of it cannot be answered; says which.
    """
    return tree(fes.document(element))


def of_cql(text: str) -> Node:
    """The tree of a CQL text.

    Raises:
        Invalid: as for `of_element`.
    """
    document = cql.document(text)
    if (count := _operators(document)) > fes.MOST:
        raise Invalid(f"the filter has {count} conditions; at most {fes.MOST} are read", "Constraint")
    return tree(document)


def _operators(document: Any) -> int:
    """How many conditions there are, those that join others included."""
    if not isinstance(document, dict):
        return 0
    args = document.get("args")
    return 1 + sum(map(_operators, args)) if isinstance(args, list) else 0


def tree(document: Any, depth: int = 0) -> Node:
    """The tree of CQL2 JSON whose properties have the names of catalogue services.

    Raises:
        Invalid: there is no such property, or it cannot be asked that.
    """
    if depth > _DEEPEST:
        raise Invalid(f"the filter is nested more than {_DEEPEST} levels deep; simplify it", "Filter")
    if isinstance(document, bool):
        return And(()) if document else Or(())
    args = document.get("args") if isinstance(document, dict) else None
    if isinstance(document, dict) and isinstance(args, list):
        match str(document.get("op")).lower():
            case "and":
                return And(tuple(tree(arg, depth + 1) for arg in args))
            case "or":
                return Or(tuple(tree(arg, depth + 1) for arg in args))
            case "not" if len(args) == 1:
                return Not(tree(args[0], depth + 1))
            case _:
                return _test(document, args)
    raise Invalid("it is neither true nor false; write a test such as dc:title LIKE '%sea%'", "Filter")


def _test(document: dict[str, Any], args: list[Any]) -> Node:
    """One test of one property."""
    at = next((n for n, arg in enumerate(args) if _name(arg)), None)
    if at is None:
        raise Invalid("a test names a property; write for instance dc:title LIKE '%sea%'", "Filter")
    name = _name(args[at])
    meaning = resolve(name)
    if not meaning:
        raise Invalid(f"there is no property “{shown(name)}” to ask for; queryables: {known()}", shown(name))
    op = str(document.get("op")).lower()
    values = [arg for n, arg in enumerate(args) if n != at]
    match meaning:
        case "anytext":
            return _words(op, values, name)
        case "begin" | "end":
            return _limit(op, meaning, values, name)
        case "identifier":
            return _identified(op, args, name)
        case "type":
            args = [args[at], *(_kind(value) for value in values)] if at == 0 else args
        case _:
            pass
    folded = op == "like" and not document.get("exact")
    return _parsed(document["op"], args, meaning, name, folded=folded)


def _name(arg: Any) -> str:
    """The property that a side of a test names, also where it is folded."""
    while isinstance(arg, dict) and str(arg.get("op")).lower() in ("casei", "accenti"):
        inner = arg.get("args")
        arg = inner[0] if isinstance(inner, list) and inner else None
    found = arg.get("property") if isinstance(arg, dict) else None
    return found if isinstance(found, str) else ""


def _parsed(op: str, args: list[Any], meaning: str, name: str, *, folded: bool = False) -> Node:
    renamed = [_renamed(arg, meaning) for arg in args]
    if folded and renamed:
        renamed = [{"op": "casei", "args": [renamed[0]]}, *renamed[1:]]
    return filters.parse({"op": op, "args": renamed}, PROPERTIES, shown(name))


def _renamed(arg: Any, meaning: str) -> Any:
    if not _name(arg):
        return arg
    if "property" in arg:
        return {"property": meaning}
    return {"op": arg["op"], "args": [_renamed(arg["args"][0], meaning)]}


def _identified(op: str, args: list[Any], name: str) -> Node:
    """A test of any of a record's names: its own here, and those given elsewhere."""
    if op == "isnull":
        return Or(())
    if op == "<>":
        return Not(_identified("=", args, name))
    if op in ("=", "in"):
        args = [bare(arg) for arg in args]
    return Or(tuple(_parsed(op, args, meaning, name) for meaning in ("id", "externalId")))


def bare(value: Any) -> Any:
    """An identifier as the catalogue holds it: of a DOI's address the DOI."""
    if isinstance(value, list):
        return [bare(one) for one in value]
    return _DOI.sub("", value).lower() if isinstance(value, str) and _DOI.match(value) else value


def _kind(value: Any) -> Any:
    if isinstance(value, list):
        return [_kind(one) for one in value]
    if not isinstance(value, str):
        return value
    return _KINDS.get(value.rpartition("/")[2].lower(), value)


def _plain(value: Any, name: str) -> str:
    """A literal text without the folding around it."""
    while isinstance(value, dict) and str(value.get("op")).lower() in ("casei", "accenti"):
        inner = value.get("args")
        value = inner[0] if isinstance(inner, list) and inner else None
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if not isinstance(value, str):
        raise Invalid(f"“{shown(name)}” is compared with a text", shown(name))
    if len(value) > _LONGEST:
        raise Invalid(f"a value has {len(value)} characters; at most {_LONGEST} are read", shown(name))
    return value


def _words(op: str, values: list[Any], name: str) -> Node:
    if op in ("=", "<>") and len(values) == 1:
        found = Words(_plain(values[0], name))
        return found if op == "=" else Not(found)
    if op != "like" or len(values) != 1:
        raise Invalid(f"“{shown(name)}” is asked with PropertyIsLike or PropertyIsEqualTo", shown(name))
    pattern = _plain(values[0], name)
    if _ENDS_ONLY.fullmatch(pattern):
        raise Invalid(
            f"“{shown(name)}” is searched by words and how they begin, not by how they end; write "
            f"“{shown(pattern.lstrip('%'))}” without the wildcard before it, or ask dc:title or dct:abstract, which are "
            "compared letter by letter",
            shown(name),
        )
    pieces = _pieces(pattern)
    return And(tuple(Words(words, prefix) for words, prefix in pieces if words.strip()))


def _pieces(pattern: str) -> list[tuple[str, bool]]:
    """The words between the wildcards of a pattern, and whether a wildcard follows them."""
    pieces: list[tuple[str, bool]] = []
    held: list[str] = []
    escaped = False
    for sign in pattern:
        if escaped or sign not in "\\%_":
            held.append(sign)
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == "%":
            # What stands against the wildcard goes on into it; a blank before it ends the word.
            pieces.append(("".join(held), held[-1:] != [" "]))
            held = []
        else:
            held.append(" ")
    return [*pieces, ("".join(held), False)]


def _limit(op: str, end: str, values: list[Any], name: str) -> Node:
    """A test of the first or the last moment of a record's period."""
    if op in ("between", "in", "like") or op not in _LIMITS:
        if op == "between" and len(values) == 2:  # noqa: PLR2004
            return And((_limit(">=", end, values[:1], name), _limit("<=", end, values[1:], name)))
        if op == "isnull":
            return filters.parse({"op": "isNull", "args": [{"property": "time"}]}, PROPERTIES, shown(name))
        raise Invalid(f"“{shown(name)}” is compared with =, <, <=, > or >=, or with Between", shown(name))
    if len(values) != 1:
        raise Invalid("compare it with one date", shown(name))
    first, after = bounds(date(_plain(values[0], name), shown(name)))
    since, beyond = _not_before(end, first), _not_before(end, after)
    made: dict[str, Node] = {
        "=": And((since, Not(beyond))), "<>": Or((Not(since), beyond)), "<": Not(since), "<=": Not(beyond),
        ">": beyond, ">=": since,
    }  # fmt: skip
    return made[_LIMITS[op]]


_LIMITS: Mapping[str, str] = {op: op for op in ("=", "<>", "<", "<=", ">", ">=")} | {
    "t_after": ">", "t_before": "<", "t_equals": "=",
}  # fmt: skip


def _not_before(end: str, at: int) -> Node:
    """The records whose first or last moment is `at` or later; periods end one microsecond after their last."""
    if end == "begin":
        return Temporal("time", "after", EVER_US, at)
    return Not(Temporal("time", "before", at, NEVER_US))

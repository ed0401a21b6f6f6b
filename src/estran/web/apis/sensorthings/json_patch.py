"""JSON Patch (RFC 6902): a document with single operations done on it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from estran.errors import Conflict, Invalid

__all__ = ["patched"]

_MOST = 1000
_WHERE = "JSON Patch"


def patched(document: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The document when all operations are done.

    Raises:
        Invalid: one cannot be read, or its place is not there.
        Conflict: a test fails.
    """
    if not isinstance(operations, list) or len(operations) > _MOST:
        raise Invalid(f"it is a list of at most {_MOST:,} operations", _WHERE)
    held: Any = deepcopy(document)
    for one in operations:
        if not isinstance(one, dict) or not isinstance(one.get("path"), str):
            raise Invalid("each operation has an op and a path", _WHERE)
        held = _done(held, one)
    if not isinstance(held, dict):
        raise Invalid("an entity stays a JSON object", _WHERE)
    return held


def _done(held: Any, one: dict[str, Any]) -> Any:
    steps = _steps(one["path"])
    match one.get("op"):
        case "add":
            return _put(held, steps, _value(one), is_new=True)
        case "replace":
            _at(held, steps)
            return _put(held, steps, _value(one), is_new=False)
        case "remove":
            _out(held, steps)
        case "move":
            source = _steps(str(one.get("from", "")))
            value = _at(held, source)
            _out(held, source)
            return _put(held, steps, value, is_new=True)
        case "copy":
            return _put(held, steps, deepcopy(_at(held, _steps(str(one.get("from", ""))))), is_new=True)
        case "test":
            if _at(held, steps) != _value(one):
                raise Conflict(f"what stands at {one['path'][:80]} is not what was expected; read it again")
        case other:
            raise Invalid(f"there is no operation “{str(other)[:40]}”", _WHERE)
    return held


def _value(one: dict[str, Any]) -> Any:
    if "value" not in one:
        raise Invalid("a value is missing", _WHERE)
    return one["value"]


def _steps(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise Invalid(f"“{pointer[:80]}” is no path within the entity; it begins with /", _WHERE)
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _at(held: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(held, dict) and step in held:
            held = held[step]
        elif isinstance(held, list) and step.isdecimal() and int(step) < len(held):
            held = held[int(step)]
        else:
            raise Invalid(f"there is nothing at /{'/'.join(steps)[:80]}", _WHERE)
    return held


def _put(held: Any, steps: list[str], value: Any, *, is_new: bool) -> Any:
    parent, last = _at(held, steps[:-1]), steps[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and (last == "-" or (last.isdecimal() and int(last) <= len(parent))):
        at = len(parent) if last == "-" else int(last)
        parent[at : at + (not is_new)] = [value]
    else:
        raise Invalid(f"nothing can stand at /{'/'.join(steps)[:80]}", _WHERE)
    return held


def _out(held: Any, steps: list[str]) -> None:
    _at(held, steps)
    parent, last = _at(held, steps[:-1]), steps[-1]
    del parent[int(last) if isinstance(parent, list) else last]

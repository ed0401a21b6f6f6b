"""JSON as it comes from strangers: decoded with a reason where it cannot be, and read without trust.

`decode` gives plain values; the accessors take whatever stands in a member and give one type, so that a
number where a list should be costs that member and not the document. `outline` tells the formats in
JSON apart by the first bytes alone.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.model import date

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.formats import Document

__all__ = ["day", "decode", "number", "obj", "objs", "outline", "seq", "text", "texts", "whole"]

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_AT_BYTE = re.compile(r"\s*\(byte (\d+)\)$")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DEEPEST_OUTLINE = 5
_LARGEST_INTEGER = 2**63 - 1


def decode(document: Document, warnings: list[str] | None = None) -> tuple[Any, bytes]:
    """The value that a document holds, and its bytes in UTF-8 without byte order mark.

    NaN and Infinity, which JSON has not, become null: the bytes are then written anew.

    Args:
        document: the document; its body is read, or its path where it has no body.
        warnings: where to say what had to be put right to read it.

    Raises:
        Invalid: it is no JSON, with the line and column of the first fault.
    """
    raw = document.body or (document.path.read_bytes() if document.path else b"")
    body = _in_utf8(raw, document.name)
    if not body:
        raise Invalid("it holds nothing; give a metadata document", document.name)
    try:
        return msgspec.json.decode(body), body
    except RecursionError:
        raise Invalid("it is nested too deeply to be metadata", document.name) from None
    except UnicodeDecodeError as error:
        raise Invalid(
            f"it is not in UTF-8: {error.reason} {_place(raw, _offset(raw, error))}", document.name
        ) from None
    except (msgspec.MsgspecError, ValueError) as error:
        return _decoded_anew(document, body, error, warnings)


def _in_utf8(raw: bytes, name: str) -> bytes:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            if encoding == "utf-8":
                return raw[len(mark) :].strip()
            try:
                return raw[len(mark) :].decode(encoding).encode().strip()
            except UnicodeDecodeError as error:
                raise Invalid(f"it is not in {encoding} as it starts: {error.reason}", name) from None
    return raw.strip()


def _offset(raw: bytes, error: UnicodeDecodeError) -> int:
    # The decoder counts within one string; the first fault of the whole is what people look for.
    try:
        raw.decode()
    except UnicodeDecodeError as whole_error:
        return whole_error.start
    return error.start


def _place(raw: bytes, offset: int) -> str:
    before = raw[:offset]
    return f"at line {before.count(b'\n') + 1}, column {offset - (before.rfind(b'\n') + 1) + 1}"


def _decoded_anew(
    document: Document, body: bytes, error: Exception, warnings: list[str] | None
) -> tuple[Any, bytes]:
    """Python's own reader, which takes NaN; what it refuses too is refused with the place."""
    try:
        value = json.loads(body, parse_constant=lambda _: None)
        again = msgspec.json.encode(value)
        value = msgspec.json.decode(again)
    except json.JSONDecodeError as fault:
        raise Invalid(
            f"not JSON at line {fault.lineno}, column {fault.colno}: {_what(error, fault)}; "
            "correct it there and load it again",
            document.name,
        ) from None
    except (ValueError, OverflowError) as fault:
        raise Invalid(
            f"it holds a number or character that no text or machine can hold: {fault}"[:300], document.name
        ) from None
    if warnings is not None:
        warnings.append(
            "it holds NaN, Infinity or a number out of range, which JSON has not; they were left out"
        )
    return value, again


def _what(error: Exception, fault: json.JSONDecodeError) -> str:
    said = _AT_BYTE.sub("", str(error)).removeprefix("JSON is malformed: ")
    return said if isinstance(error, msgspec.DecodeError) and said else fault.msg


def obj(value: Any) -> dict[str, Any]:
    """The object that stands there, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def seq(value: Any) -> list[Any]:
    """The list that stands there; a single value is a list of one, null none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def objs(value: Any) -> list[dict[str, Any]]:
    """The objects of the list that stands there; other values in it are passed over."""
    return [part for part in seq(value) if isinstance(part, dict)]


def text(value: Any) -> str:
    """The words that stand there, without blanks at the ends or control characters; numbers as written."""
    if isinstance(value, str):
        return _CONTROL.sub("", value).strip() if value else ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return (
        f"{value:.15g}" if isinstance(value, float) else str(value) if abs(value) <= _LARGEST_INTEGER else ""
    )


def texts(value: Any) -> list[str]:
    """The words of the list that stands there, without empty ones."""
    return [words for part in seq(value) if (words := text(part))]


def number(value: Any) -> float | None:
    """The finite number that stands there, or is written there; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def day(value: Any, notes: list[str], where: str) -> str:
    """The canonical date that stands there, "" with a note where it is none."""
    words = text(value)
    if not words:
        return ""
    try:
        return date(words, where)
    except Invalid as error:
        notes.append(str(error))
        return ""


def whole(value: Any, otherwise: int = -1) -> int:
    """The count that stands there, from 0 to what a database holds."""
    found = number(value)
    return int(found) if found is not None and 0 <= found < _LARGEST_INTEGER else otherwise


_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"|([{}\[\],:])|([-+.\w]+)|(")', re.DOTALL)


@lru_cache(maxsize=8)
def outline(head: bytes) -> Mapping[str, str]:
    """What the first bytes of a document show: dotted path of each member -> its first scalar, or "{", "[".

    Arrays are passed through: ``features.type`` is the first feature's type. Nothing is in it where the
    bytes are no JSON object or array.
    """
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            head = head[len(mark) :].decode(encoding, "ignore").encode()
            break
    head = head.lstrip()
    found: dict[str, str] = {}
    if head[:1] in (b"{", b"["):
        for path, value in _members(head):
            found.setdefault(path, value)
    return found


def _members(head: bytes) -> Iterator[tuple[str, str]]:
    # One entry a level: whether it is an object, and the key being filled.
    levels: list[list[Any]] = []
    expecting_key = False
    for token in _TOKEN.finditer(head):
        mark, cut = token[2], token[4]
        if cut:
            return
        if mark is None:
            words = (token[3] if token[1] is None else token[1]).decode("utf-8", "replace")
            if expecting_key:
                levels[-1][1] = words
            else:
                yield _path(levels), words
        elif mark in b"{[":
            yield _path(levels), mark.decode()
            levels.append([mark == b"{", ""])
        elif mark in b"}]" and levels:
            levels.pop()
        expecting_key = mark == b"{" or (mark == b"," and bool(levels) and levels[-1][0])


def _path(levels: list[list[Any]]) -> str:
    """Dotted path to where the scan stands; "" at the root and where it is too deep to tell anything."""
    return ".".join(key for is_object, key in levels if is_object) if len(levels) <= _DEEPEST_OUTLINE else ""

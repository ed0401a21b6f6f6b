"""A document of somebody else as lines to read: indented, bounded, and never trusted.

XML is indented by its tags as they stand, not by a parser: what is refused as XML is looked at just here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 400_000
_MOST_LINES, _MOST_CHARACTERS, _LONGEST_LINE = 3000, 240_000, 2000
_DEEPEST = 24
_DECLARED = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']"""
    rb"""(iso-?8859-\d{1,2}|windows-125\d|utf-16(?:le|be)?|us-ascii)["']""",
    re.IGNORECASE,
)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# What begins so ends so, whatever stands between.
_CLOSED = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<", ">"))
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A document to read.

    Attributes:
        lines: without ends of lines; cut says that there is more than is shown.
        kind: "xml", "json", "text" or "binary", which has no lines.
        size_bytes: of the whole.
    """

    lines: tuple[str, ...]
    kind: str
    cut: bool
    size_bytes: int


def shown(body: bytes) -> Shown:
    """A document as lines."""
    text = _decoded(body[:_MOST_BYTES])
    if text is None:
        return Shown(lines=(), kind="binary", cut=True, size_bytes=len(body))
    start = text.lstrip()[:1]
    kind = "xml" if start == "<" else "json" if start in ("{", "[") and start else "text"
    if kind == "json":
        text = _json(text)
    lines: list[str] = []
    room, cut = _MOST_CHARACTERS, len(body) > _MOST_BYTES
    for line in _xml(text) if kind == "xml" else text.splitlines():
        if len(lines) == _MOST_LINES or room <= 0:
            cut = True
            break
        clean = _UNSEEN.sub("\ufffd", line)
        cut |= len(clean) > _LONGEST_LINE
        lines.append(clean[:_LONGEST_LINE] + ("…" if len(clean) > _LONGEST_LINE else ""))
        room -= len(lines[-1])
    return Shown(lines=tuple(lines), kind=kind, cut=cut, size_bytes=len(body))


def _decoded(body: bytes) -> str | None:
    """The text of some bytes; None where they are none."""
    encoding = next((name for mark, name in _BOMS if body.startswith(mark)), "")
    if not encoding and (found := _DECLARED.match(body[:400])):
        encoding = found[1].decode().lower()
    if not encoding.startswith("utf-16") and b"\0" in body[:4096]:
        return None
    return body.decode(encoding or "utf-8", "replace").removeprefix("\ufeff")


def _json(text: str) -> str:
    try:
        return msgspec.json.format(text, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return text


def _xml(text: str) -> Iterator[str]:
    """The lines of XML, one a tag; an element that holds a text alone stands on one."""
    depth, held, is_open = 0, "", False
    for token in _tokens(text):
        is_tag = token.startswith("<") and not token.startswith(("<?", "<!"))
        closes, opens = (
            token.startswith("</"),
            is_tag and not token.startswith("</") and not token.endswith("/>"),
        )
        words = token if token.startswith("<!") else " ".join(token.split())
        if not is_tag and is_open and words and "<" not in words[:1]:
            held += words
            continue
        if closes and is_open:
            yield held + words
            held, is_open, depth = "", False, max(0, depth - 1)
            continue
        if held:
            yield from held.splitlines()
            held, is_open = "", False
        depth = max(0, depth - 1) if closes else depth
        if not words:
            continue
        line = "  " * min(depth, _DEEPEST) + words
        if opens:
            held, is_open, depth = line, True, depth + 1
        else:
            yield from line.splitlines()
    if held:
        yield held


def _tokens(text: str) -> Iterator[str]:
    """Tags, comments and what stands between, in their order; what never ends is one piece to the end."""
    at = 0
    while at < len(text):
        if text[at] != "<":
            end = text.find("<", at)
            end = len(text) if end < 0 else end
        else:
            mark, close = next(pair for pair in _CLOSED if text.startswith(pair[0], at))
            found = text.find(close, at + len(mark))
            end = len(text) if found < 0 else found + len(close)
        yield text[at:end]
        at = end

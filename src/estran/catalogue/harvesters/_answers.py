"""Answers in XML that carry many records, cut into records that each stand for themselves.

A record is cut out as the bytes that came, and gets the namespace declarations of its envelope that it
uses. What is wrong in one record, or an answer that breaks off, costs that record alone: the page is not
parsed as a whole, only what is left of it when the records are out.
"""

from __future__ import annotations

import html
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from estran.errors import Invalid
from estran.formats import Document
from estran.formats._xml import legal, parse, root_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.fetching import Reply

__all__ = ["Answer", "Cut", "asked", "cut", "is_web_page", "read", "said", "without"]

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_NAME = rb"[\w.\-\x80-\xff]+"
_QNAME = rb"(?:" + _NAME + rb":)?" + _NAME
# No value of an attribute holds "<", so that nothing is searched further than the next tag.
_ATTRIBUTES = rb"""((?:[^<>"']|"[^"<]*"|'[^'<]*')*+)"""
_NO_TAG = rb"!--.*?(?:-->|\Z)|!\[CDATA\[.*?(?:\]\]>|\Z)|\?.*?(?:\?>|\Z)"


def _tag(name: bytes) -> re.Pattern[bytes]:
    """Tags of a name: end sign, name, attributes; what hides tags is found as well, without groups."""
    return re.compile(
        rb"<(?:" + _NO_TAG + rb"|(/?)(" + name + rb")(?=[\s/>])" + _ATTRIBUTES + rb">)", re.DOTALL
    )


_TAG = _tag(_QNAME)
_DECLARES = re.compile(rb"""\sxmlns(?::(""" + _NAME + rb"""))?\s*=\s*("[^"<]*"|'[^'<]*')""")
_UNPREFIXED = re.compile(rb"<" + _NAME + rb"[\s/>]")
_XML_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]{0,300}\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_WIDE = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))
_REFERENCE = re.compile(r"&(#[0-9]{1,7};|#x[0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?")
_OF_XML = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
# Each that is never closed is searched for to the end of the answer.
_MOST_BROKEN = 20
# Records within records of the same name.
_DEEPEST = 50
_DEEPEST_AROUND, _MOST_SPACES = 200, 200
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Cut:
    """A record as it stood in an answer, with the namespaces that it needs declared in its first tag."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without its records.

    Attributes:
        root: its first element.
        records: what was cut out, in order.
        whole: False where it broke off.
    """

    root: _Element
    records: tuple[Cut, ...]
    whole: bool


def cut(document: Document, holder: str, record: str = "") -> Answer:
    """Take an answer apart.

    Args:
        document: the answer.
        holder: local name of the element below the root whose children are the records.
        record: local name of the records, "" where every child is one.

    Raises:
        Invalid: what is around the records is no XML, or carries a DTD.
    """
    scan = _Scan(_ascii_compatible(document.body), holder, record)
    records = tuple(scan.records())
    if not scan.whole:
        # Behind an element that is never closed, what begins again may as well be a part of it.
        records = records[: scan.sure]
    envelope = b"".join((*scan.around, *(b"</" + name + b">" for name in reversed(scan.open))))
    return Answer(parse(Document(document.name, envelope)), records, scan.whole)


def _ascii_compatible(body: bytes) -> bytes:
    """The answer in UTF-8, or as it is where only single records may be in something else."""
    for start, encoding in _WIDE:
        if body.startswith(start):
            body = body.decode(encoding, "replace").encode()
            break
    else:
        found = _XML_DECLARATION.match(body.removeprefix(b"\xef\xbb\xbf")[:400])
        encoding = _ENCODING.search(found[0]) if found else None
        if encoding and encoding[1].lower().replace(b"-", b"") != b"utf8" and not _is_utf8(body):
            with suppress(LookupError):
                body = body.decode(encoding[1].decode(), "replace").encode()
    return _XML_DECLARATION.sub(b"", body.removeprefix(b"\xef\xbb\xbf"), count=1)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Scan:
    """One walk over the tags of an answer.

    Attributes:
        around: what is not in a record, in order; open: names of the elements that were never closed.
        whole: whether the end of the answer was seen.
        sure: how many records came before one that is never closed, None where all are closed.
    """

    def __init__(self, body: bytes, holder: str, record: str) -> None:
        self._body, self._holder, self._record = body, holder.encode(), record.encode()
        self._spaces: list[dict[bytes, bytes]] = [{}]
        self._broken, self._given = 0, 0
        self.around: list[bytes] = []
        self.open: list[bytes] = []
        self.whole = False
        self.sure: int | None = None

    def records(self) -> Iterator[Cut]:
        body, at, kept = self._body, 0, 0
        while (tag := _TAG.search(body, at)) is not None:
            at = tag.end()
            name: bytes | None = tag[2]
            if name is None:
                continue
            if tag[1]:
                if self._closes(name):
                    break
            elif self._is_record(name):
                self.around.append(body[kept : tag.start()])
                kept = at = self._end_of(tag)
                if at < 0:
                    return
                self._given += 1
                yield Cut(self._standing(body[tag.start() : at], tag))
            elif not tag[3].endswith(b"/"):
                self.open.append(name)
                self._spaces.append(self._spaces[-1] | _declared(tag[3]))
                if len(self.open) > _DEEPEST_AROUND or len(self._spaces[-1]) > _MOST_SPACES:
                    raise Invalid("it is nested too deeply, or in too many namespaces, to be an answer")
        # What stands behind the last tag of an answer that broke off is half a tag or half a word.
        self.around.append(body[kept:] if self.whole else body[kept:at])

    def _closes(self, name: bytes) -> bool:
        """Take note of an end tag; True where it ends the answer."""
        if name in self.open:
            while self.open.pop() != name:
                self._spaces.pop()
            self._spaces.pop()
        self.whole = not self.open
        return self.whole

    def _is_record(self, name: bytes) -> bool:
        below_root = len(self.open) == 2 and _local(self.open[-1]) == self._holder  # noqa: PLR2004 - root and holder
        return below_root and (not self._record or _local(name) == self._record)

    def _end_of(self, start: re.Match[bytes]) -> int:
        """Where an element ends; -1 where the answer breaks off before."""
        if start[3].endswith(b"/"):
            return start.end()
        same = _tag(re.escape(start[2]))
        depth, at, sibling = 1, start.end(), -1
        while depth < _DEEPEST and (tag := same.search(self._body, at)) is not None:
            at = tag.end()
            if tag[1] is None:
                continue
            if tag[1]:
                depth -= 1
                if not depth:
                    return at
            elif not tag[3].endswith(b"/"):
                depth += 1
                sibling = tag.start() if sibling < 0 else sibling
        # It is never closed: it is broken itself if another begins behind it.
        self._broken += 1
        self.sure = self._given if self.sure is None else self.sure
        return sibling if self._broken <= _MOST_BROKEN else -1

    def _standing(self, body: bytes, tag: re.Match[bytes]) -> bytes:
        """A record with the declarations of its envelope that it uses and does not make itself."""
        own, needed = _declared(tag[3]), bytearray()
        for prefix, space in self._spaces[-1].items():
            if prefix in own:
                continue
            if prefix and prefix + b":" in body:
                needed += b" xmlns:" + prefix + b"=" + space
            elif not prefix and _UNPREFIXED.search(body):
                needed += b" xmlns=" + space
        after_name = 1 + len(tag[2])
        return DECLARATION + body[:after_name] + bytes(needed) + body[after_name:]


def _declared(attributes: bytes) -> dict[bytes, bytes]:
    return {found[1] or b"": found[2] for found in _DECLARES.finditer(attributes)}


def _local(name: bytes) -> bytes:
    return name.rpartition(b":")[2]


def read(found: Cut, name: str) -> tuple[_Element, bytes]:
    """A record's first element, and its bytes: mended where XML forbids some of their characters.

    Raises:
        Invalid: it is not well-formed beyond that.
    """
    try:
        return parse(Document(name, found.body)), found.body
    except Invalid as error:
        mended = _mended(found.body)
        try:
            return parse(Document(name, mended)), mended
        except Invalid:
            raise error from None


def _mended(body: bytes) -> bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    return legal(_REFERENCE.sub(_reference, text)).encode()


def _reference(found: re.Match[str]) -> str:
    """A reference that XML knows; others as what HTML means by them, or as the words that they are."""
    name = found[1]
    if name is None:
        return "&amp;"
    if name in _OF_XML:
        return found[0]
    if name.startswith("#"):
        number = int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1])
        return found[0] if number <= sys.maxunicode and legal(chr(number)) else ""
    meant = html.unescape(found[0])
    return meant if meant != found[0] else f"&amp;{name}"


def said(root: _Element) -> str:
    """What an answer says went wrong, in the words of OWS exceptions and OAI-PMH errors; "" for nothing."""
    found: list[str] = []
    for element in root.iter("{*}Exception", "{*}ServiceException", "{*}error", "{*}Fault"):
        code = element.get("exceptionCode") or element.get("code") or ""
        place = element.get("locator") or ""
        words = " ".join(text_of(element).split())
        found.append(" ".join(part for part in (code, f"({place})" if place else "", words) if part))
    return "; ".join(part[:_SHOWN] for part in found if part)[: 2 * _SHOWN]


def is_web_page(reply: Reply) -> bool:
    """Whether an answer is a page for people."""
    _, name = root_name(reply.body[:4096])
    head = reply.body[:4096].lstrip().lower()
    return name.lower() == "html" or head.startswith((b"<!doctype html", b"<html"))


def asked(reply: Reply, wanted: str) -> Invalid:
    """The error for an answer that is something else than was asked for, with what it seems to be."""
    status = f" (status {reply.status})" if reply.status >= 400 else ""  # noqa: PLR2004 - where errors begin
    if is_web_page(reply):
        title = re.search(rb"<title[^>]*>([^<]{1,200})", reply.body[:20_000], re.IGNORECASE)
        words = " ".join(html.unescape(title[1].decode("utf-8", "replace")).split()) if title else ""
        named = f" “{words}”" if words else ""
        return Invalid(
            f"it answers with a web page{named}{status} where {wanted} is expected; check the address",
            reply.url,
        )
    if not reply.body.strip():
        return Invalid(
            f"it answers with nothing{status} where {wanted} is expected; check the address", reply.url
        )
    shown = " ".join(reply.body[:120].decode("utf-8", "replace").split())
    return Invalid(f"it answers “{shown}”{status} where {wanted} is expected; check the address", reply.url)


def without(url: str, names: frozenset[str]) -> str:
    """An address without those parameters, whatever their case; the others stay as they are written.

    Raises:
        Invalid: it is no address.
    """
    try:
        address = urlsplit(url)
    except ValueError:
        raise Invalid("it is no address; write it as https://…", url[:200]) from None
    kept = [part for part in address.query.split("&") if part.partition("=")[0].lower() not in names]
    return urlunsplit(address._replace(query="&".join(part for part in kept if part), fragment=""))

"""XML as it comes from strangers: read safely, whatever its encoding, with a reason where it cannot be.

Every format in XML parses through `parse`. No entity is resolved, no DTD is accepted, nothing is fetched,
and depth and text sizes stay within libxml2's own limits. Comments and processing instructions are gone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lxml.etree import XMLParser, XMLSyntaxError, fromstring, indent, tostring

from estran.errors import Invalid

if TYPE_CHECKING:
    from lxml.etree import _Element

    from estran.formats import Document

__all__ = ["legal", "local", "namespace", "parse", "root_name", "serialise", "text_of"]

_SAFE = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
}
_AS_DECLARED = XMLParser(**_SAFE)
_AS_UTF8 = XMLParser(encoding="utf-8", **_SAFE)

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BARE_STARTS = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,300}\?>")
_SINGLE_BYTE = re.compile(rb"^(iso-?8859|latin|windows-|cp-?125|us-ascii|ascii)", re.IGNORECASE)
_C1 = re.compile(rb"[\x80-\x9f]")
_LATIN_1 = frozenset({b"iso-8859-1", b"iso8859-1", b"latin1", b"latin-1"})
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Possessive: no way back into a comment, so that hostile prologs cost no more than their length.
_BEFORE_ROOT = r"\s*+(?>(?:<\?(?>.*?\?>)|<!--(?>.*?-->))\s*+)*+"
_PROLOG = re.compile(_BEFORE_ROOT, re.DOTALL)
_DOCTYPE = re.compile(_BEFORE_ROOT + r"<!(?:DOCTYPE|ENTITY)", re.DOTALL)
_START = re.compile(r"<(?:([\w.-]+):)?([\w.-]+)")

# libxml2 error codes that speak of the encoding: illegal bytes, unknown or contradicting names.
_ENCODING_ERRORS = frozenset({9, 31, 32, 64, 65, 79, 80, 81, 1544, 1545, 6000, 6001, 6002, 6003})
_RESOURCE_LIMIT = 114
_NO_METADATA = "it holds nothing; give a metadata document"


def parse(document: Document, warnings: list[str] | None = None) -> _Element:
    """The root element of an XML document.

    A document whose bytes are not in the encoding that it declares is read as UTF-8, else as Windows-1252.

    Args:
        document: the document; its body is read.
        warnings: where to say what had to be put right to read it.

    Raises:
        Invalid: it is not well-formed (with line and column), or carries a DTD, or is too deep.
    """
    body = document.body
    if not body.strip():
        raise Invalid(_NO_METADATA, document.name)
    wide = _wide_encoding(body)
    if wide:
        return _parse_decoded(document, wide, warnings)
    # Nearly every document is free of the word; the one that has it is looked at closely.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        _refuse_dtd(body.decode("utf-8", "replace"), document.name)
    declared = _declared_encoding(body)
    if declared and not body.isascii() and _SINGLE_BYTE.match(declared):
        if _decodes(body, "utf-8"):
            _warn(warnings, f"it declares the encoding {declared.decode()} but is in UTF-8, and was read so")
            return _parse_utf8(document, body)
        if declared.lower() in _LATIN_1 and _C1.search(body):
            # Typographic quotes and dashes of Windows, which no one means as control characters.
            return _parse_decoded(document, "cp1252", None)
    try:
        return fromstring(body, _AS_DECLARED)
    except XMLSyntaxError as error:
        if error.code not in _ENCODING_ERRORS:
            raise _not_well_formed(error, document.name) from None
        encoding = "utf-8" if _decodes(body, "utf-8") else "cp1252"
        return _parse_decoded(document, encoding, warnings, instead_of=error)


def _parse_decoded(
    document: Document,
    encoding: str,
    warnings: list[str] | None,
    instead_of: XMLSyntaxError | None = None,
) -> _Element:
    """Decode first, then parse; with `instead_of`, the declared encoding has failed already."""
    try:
        text = document.body.decode(encoding)
    except UnicodeDecodeError as error:
        if instead_of is not None:
            raise _not_well_formed(instead_of, document.name) from None
        raise Invalid(
            f"it is not in {encoding} as it starts: {error.reason} at byte {error.start}", document.name
        ) from None
    text = text.lstrip("\ufeff \t\r\n")
    _refuse_dtd(text, document.name)
    # A declaration would now contradict the encoding; blanks of its length keep the column numbers true.
    text = _DECLARATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text, count=1)
    kept = _ILLEGAL.sub("", text)
    root = _parse_utf8(document, kept.encode("utf-8", "replace"))
    if instead_of is not None:
        _warn(warnings, _what_was_wrong(document.body, encoding))
    if len(kept) < len(text):
        _warn(
            warnings,
            f"it holds {len(text) - len(kept)} control characters that XML forbids; they were left out",
        )
    return root


def _what_was_wrong(body: bytes, encoding: str) -> str:
    declared = (_declared_encoding(body) or b"UTF-8").decode()
    if declared.lower().replace("-", "") == encoding.replace("-", ""):
        return "its XML declaration or its characters are not as XML demands; it was read nevertheless"
    shown = {"cp1252": "Windows-1252", "utf-8": "UTF-8"}.get(encoding, encoding)
    return f"it is not in the encoding {declared} that it claims, and was read as {shown}"


def _parse_utf8(document: Document, body: bytes) -> _Element:
    try:
        return fromstring(body, _AS_UTF8)
    except XMLSyntaxError as error:
        raise _not_well_formed(error, document.name) from None


def _not_well_formed(error: XMLSyntaxError, name: str) -> Invalid:
    line, column = error.position
    if error.code == _RESOURCE_LIMIT:
        which = "nested too deeply" if "depth" in str(error.msg) else "too large in one text"
        return Invalid(f"it is {which} to be metadata (line {line}, column {column})", name)
    what = re.sub(r",? line \d+, column \d+.*$", "", str(error.msg or error).replace("\n", " ")).strip(" ,")
    return Invalid(
        f"not well-formed XML at line {line}, column {column}: {what}; correct it there and load it again",
        name,
    )


def _refuse_dtd(text: str, name: str) -> None:
    if _DOCTYPE.match(text.lstrip("\ufeff")):
        raise Invalid(
            "it carries a DTD or entity declarations, which are not accepted; remove <!DOCTYPE …>", name
        )


def _declared_encoding(body: bytes) -> bytes:
    found = _DECLARED.match(body.removeprefix(b"\xef\xbb\xbf")[:300])
    return found[1] if found else b""


def _wide_encoding(head: bytes) -> str:
    """The UTF-16 or UTF-32 that the first bytes show, "" for anything else."""
    if head[:1] not in b"\xff\xfe\x00<":
        return ""
    for start, encoding in _BOMS[1:] + _BARE_STARTS:
        if head.startswith(start):
            return encoding
    return ""


def _decodes(body: bytes, encoding: str) -> bool:
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _warn(warnings: list[str] | None, message: str) -> None:
    if warnings is not None:
        warnings.append(message)


# Every XML format asks it of the same document.
@lru_cache(maxsize=64)
def root_name(head: bytes) -> tuple[str, str]:
    """Namespace and local name of the root element, from the first bytes of a document.

    Whatever stands before it is passed over: byte order mark, blanks, declaration, comments. Both are ""
    where no element starts in these bytes; the namespace is "" where its declaration is not among them.
    """
    text = head.decode(_wide_encoding(head) or "utf-8", "ignore").lstrip("\ufeff")
    prolog = _PROLOG.match(text)
    start = _START.match(text, prolog.end() if prolog else 0)
    if start is None:
        return "", ""
    prefix, name = start[1], start[2]
    attribute = rf"\sxmlns:{re.escape(prefix)}" if prefix else r"\sxmlns"
    end = text.find(">", start.end())
    found = re.search(
        rf"""{attribute}\s*=\s*["']([^"']*)["']""", text[start.end() : end if end > 0 else None]
    )
    return (found[1].strip() if found else ""), name


@lru_cache(maxsize=8192)
def _split(tag: str) -> tuple[str, str]:
    space, brace, name = tag.rpartition("}")
    return (space[1:], name) if brace else ("", tag)


def local(element: _Element) -> str:
    """The element's name without its namespace."""
    return _split(element.tag)[1]


def namespace(element: _Element) -> str:
    """The element's namespace, "" if it has none."""
    return _split(element.tag)[0]


def text_of(element: _Element | None) -> str:
    """All the words inside an element, in order, blanks at both ends removed."""
    if element is None:
        return ""
    if len(element) == 0:
        return (element.text or "").strip()
    return "".join(element.itertext()).strip()


def legal(text: str) -> str:
    """The text without the characters that no XML document may hold."""
    return _ILLEGAL.sub("", text)


def serialise(root: _Element) -> bytes:
    """A document in UTF-8, indented, with its declaration."""
    indent(root)
    return tostring(root, encoding="UTF-8", xml_declaration=True)

"""XML that wraps metadata documents: answers of CSW and OAI-PMH, harvests in one file.

They are streamed: one document is in memory at a time, and a file that breaks off gives all that came before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import XMLSyntaxError, iterparse, tostring

from estran.catalogue.archives import MAX_DOCUMENT_BYTES, READING_ERRORS, TOO_LARGE, why_unreadable
from estran.errors import Invalid
from estran.formats import Document, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.catalogue.archives import Source

_OAI = "http://www.openarchives.org/OAI/2.0/"
_ANSWERS = frozenset({"GetRecordsResponse", "GetRecordByIdResponse", "OAI-PMH"})
# Roots of metadata documents, wherever they are wrapped.
_ROOTS = (
    "MD_Metadata", "MI_Metadata", "CHE_MD_Metadata", "Record", "SummaryRecord", "BriefRecord", "dc",
    "simpledc", "DIF", "eml", "resource", "RDF",
)  # fmt: skip
_WRAPPED = re.compile(rb"<(?:[\w.-]+:)?(?:MD_Metadata|MI_Metadata|CHE_MD_Metadata|DIF|eml|resource|dc)[\s>]")
# Elements whose children are documents, known or not.
_HOLDERS = ("SearchResults", "GetRecordByIdResponse")
_OAI_RECORD, _OAI_METADATA, _OAI_ABOUT = (f"{{{_OAI}}}{name}" for name in ("record", "metadata", "about"))
_SAFE = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False,
    "remove_comments": True, "remove_pis": True,
}  # fmt: skip


def is_answer(namespace: str, name: str) -> bool:
    """Whether a root element is that of a catalogue's answer."""
    return name in _ANSWERS and ("opengis.net/cat/csw" in namespace or _OAI in namespace)


def wraps(head: bytes) -> bool:
    """Whether metadata documents stand inside an XML document whose own root is not known."""
    return _WRAPPED.search(head.replace(b"\x00", b"")) is not None


class _Portion:
    """A stream that gives no more than one document's bytes until it is told that a document is through."""

    def __init__(self, source: Source) -> None:
        self._source, self._left = source, MAX_DOCUMENT_BYTES

    def read(self, size: int = -1) -> bytes:
        part = self._source.stream.read(size)
        self._left -= len(part)
        if self._left < 0:
            raise Invalid(TOO_LARGE, self._source.name)
        return part

    def through(self) -> None:
        self._left = MAX_DOCUMENT_BYTES


def records_of_xml(source: Source, nothing: str) -> Iterator[Document | Refusal]:
    """Each metadata document inside an XML document, with the namespaces that it stands in.

    Args:
        source: the XML document.
        nothing: why it is refused where no document is in it.
    """
    portion, found, line = _Portion(source), 0, 0
    tags = [*(f"{{*}}{name}" for name in (*_ROOTS, *_HOLDERS)), _OAI_RECORD, _OAI_METADATA]
    try:
        for _, element in iterparse(portion, events=("end",), tag=tags, **_SAFE):
            if _inside_another(element):
                continue
            found += _is_deleted(element)
            for record in _documents_in(element):
                line, found = record.sourceline or 0, found + 1
                body = tostring(record, encoding="UTF-8", xml_declaration=True, with_tail=False)
                yield Document(source.name, body, line=line)
                portion.through()
            _forget(element)
    except XMLSyntaxError as error:
        what = re.sub(r",? line \d+, column \d+.*$", "", str(error.msg or error)).strip(" ,")
        yield Refusal(source.name, f"not well-formed XML: {what}; {_kept(found)}", error.position[0])
    except READING_ERRORS as error:
        yield Refusal(source.name, f"{why_unreadable(error)}; {_kept(found)}", line)
    else:
        if not found:
            yield Refusal(source.name, nothing)


def _kept(found: int) -> str:
    return f"the {found} documents before it were read" if found else "nothing before it could be read"


def _name(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _is_record(element: _Element) -> bool:
    return _name(element) in _ROOTS


def _inside_another(element: _Element) -> bool:
    """Whether it is a part of a document, or stands in what OAI-PMH says about one."""
    return any(_is_record(above) or above.tag == _OAI_ABOUT for above in element.iterancestors())


def _is_deleted(element: _Element) -> bool:
    """Whether it is an OAI-PMH record that says that it is gone: nothing to load, and nothing wrong."""
    return element.tag == _OAI_RECORD and any(
        _name(header) == "header" and header.get("status") == "deleted" for header in element
    )


def _documents_in(element: _Element) -> list[_Element]:
    """The element itself, or what stands in a holder and has not been read yet, known or not."""
    if not _is_record(element):
        return [child for child in element if _is_unread(child)] if _holds(element) else []
    above = element.getparent()
    if above is None or not _holds(above):
        return [element]
    unread = [before for before in element.itersiblings(preceding=True) if _is_unread(before)]
    return [*reversed(unread), element]


def _is_unread(element: _Element) -> bool:
    """Whether it holds something, and no document has been taken out of it."""
    return len(element) > 0 and not any(_is_record(inner) for inner in element.iter("*"))


def _holds(element: _Element) -> bool:
    return _name(element) in _HOLDERS or element.tag == _OAI_METADATA


def _forget(element: _Element) -> None:
    """Free what has been read: the element's content and all that stands before it."""
    element.clear(keep_tail=False)
    above = element.getparent()
    while above is not None and element.getprevious() is not None:
        del above[0]

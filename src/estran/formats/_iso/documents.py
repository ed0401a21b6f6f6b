"""ISO documents as they come: alone, or inside whatever carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Refusal, Written, _xml
from estran.formats._iso import write_2003, write_2014
from estran.formats._iso.forms import FORM_2003
from estran.formats._iso.lost import document_language, lost
from estran.formats._iso.record import record as record_of
from estran.formats._iso.values import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.formats import Document
    from estran.formats._iso.forms import Form
    from estran.model import Record

__all__ = ["element", "read", "recognise", "write"]

_ROOTS = ("MD_Metadata", "MI_Metadata")
_SPACES = ("isotc211.org", "standards.iso.org", "geocat.ch")
# What is ISO, well-formed and yet no description of a resource.
_OTHERS = {
    "FC_FeatureCatalogue": "an ISO 19110 feature catalogue",
    "DQ_DataQuality": "an ISO 19157 quality report on its own",
    "DQM_MeasureCatalogue": "an ISO 19157 catalogue of quality measures",
    "CT_CodelistCatalogue": "a catalogue of code lists",
    "CAT_Codelist": "a catalogue of code lists",
    "Capabilities": "the capabilities of a service",
    "WMS_Capabilities": "the capabilities of a service",
    "simpledc": "Dublin Core",
}


def read(document: Document) -> Iterator[Record | Refusal]:
    """The records of a document, one for each MD_Metadata in it.

    Raises:
        Invalid: it is not well-formed XML, or holds no ISO metadata.
    """
    warnings: list[str] = []
    root = _xml.parse(document, warnings)
    found = list(_metadata(root))
    if not found:
        raise Invalid(_why_none(root), document.name)
    for element in found:
        one = record_of(element, list(warnings))
        if one.title or one.identifier:
            yield one
        else:
            yield Refusal(
                document.name,
                "it has neither a title nor an identifier; give it a fileIdentifier or metadataIdentifier",
                document.line or (element.sourceline or 0 if element is not root else 0),
            )


def _metadata(root: _Element) -> Iterator[_Element]:
    """The outermost metadata elements, in document order."""
    if _is_metadata(root):
        yield root
        return
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if _is_metadata(element):
            yield element
        else:
            waiting.extend(reversed(element))


def _is_metadata(element: _Element) -> bool:
    name = LOCAL[element.tag]
    if not name.endswith(_ROOTS):
        return False
    # Interlis, too, has a MD_Metadata; without any namespace a root is taken at its word.
    return "}" not in element.tag or any(space in element.tag for space in _SPACES)


def _why_none(root: _Element) -> str:
    name = LOCAL[root.tag]
    what = _OTHERS.get(name, f"a document of {name}")
    return f"it is {what}, and describes no resource; give a document with a MD_Metadata or MI_Metadata"


def write(record: Record, form: Form, media_type: str) -> Written:
    """A record in one of the forms, in the language of its title."""
    return Written(_xml.serialise(element(record, form)), media_type, lost(record, form))


def element(record: Record, form: Form) -> _Element:
    """The same as an element, without the account of what is lost: for those who send many."""
    make = write_2003.document if form is FORM_2003 else write_2014.document
    return make(record, document_language(record))


def recognise(head: bytes, spaces: tuple[str, ...], relatives: tuple[str, ...]) -> float:
    """How surely the first bytes are those of a document of these namespaces.

    Args:
        head: the first bytes.
        spaces: parts of the namespaces of metadata elements.
        relatives: parts of namespaces of other things that are best refused by this format.
    """
    space, name = _xml.root_name(head)
    if not name:
        return 0.0
    if name.endswith(_ROOTS):
        if any(part in space for part in spaces):
            return 1.0
        return 0.4 if not space and spaces[0] in _decoded(head) else 0.0
    if any(part in space for part in relatives):
        return 0.5
    # An envelope: whoever splits envelopes is surer of it.
    return 0.2 if any(part in _decoded(head) for part in spaces) else 0.0


def _decoded(head: bytes) -> str:
    return head.replace(b"\x00", b"").decode("utf-8", "ignore")

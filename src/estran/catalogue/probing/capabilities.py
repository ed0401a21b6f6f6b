"""GetCapabilities answers of OGC services: whether they are one, and what layers they have.

Read as they come, element by element: nothing of them is kept but names, whatever their length. No entity is
resolved and nothing else is fetched; a DOCTYPE without more is borne, since WMS 1.1.1 has one.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml.etree import XMLParser, XMLSyntaxError

__all__ = ["Capabilities", "capabilities"]

_ROOTS = {
    "WMS": ("WMS_Capabilities", "WMT_MS_Capabilities"),
    "WFS": ("WFS_Capabilities",),
    "WCS": ("WCS_Capabilities",),
}
_ERRORS = frozenset({"ExceptionReport", "ServiceExceptionReport", "ServiceException"})
_NAMES = frozenset({"Name", "Title", "Identifier", "CoverageId", "name", "identifier"})
_HOLDERS = frozenset({
    "Layer", "FeatureType", "CoverageSummary", "CoverageOfferingBrief", "ObservationOffering", "Process",
})  # fmt: skip
_MOST_NAMES, _LONGEST, _DEEPEST = 50_000, 300, 60
_STEP = 1 << 16


class Capabilities(NamedTuple):
    """What an answer is.

    Attributes:
        root: local name of its first element, "" where it is no XML.
        of_service: whether it is a description of that service; is_error whether it reports one.
        names: of its layers, types, coverages; said: the words of an error.
        whole: whether all of it was read.
    """

    root: str
    of_service: bool = False
    is_error: bool = False
    names: frozenset[str] = frozenset()
    said: str = ""
    whole: bool = True


class _Names:
    """What the parser tells: the path of open elements, and the texts of names."""

    def __init__(self) -> None:
        self.root, self.space, self.names, self.said = "", "", set[str](), ""
        self._path: list[str] = []
        self._text: list[str] | None = None

    def start(self, tag: str, _attributes: object) -> None:
        space, _, name = tag.rpartition("}")
        if not self._path:
            self.root, self.space = name, space.removeprefix("{")
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise _Enough
        wanted = name in _NAMES and parent in _HOLDERS and len(self.names) < _MOST_NAMES
        if wanted or (self.root in _ERRORS and not self.said):
            self._text = []

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text[:_LONGEST])

    def end(self, _tag: str) -> None:
        self._path.pop()
        if self._text is None:
            return
        text = " ".join("".join(self._text).split())[:_LONGEST]
        self._text = None
        if self.root in _ERRORS:
            self.said = self.said or text
        elif text:
            self.names.add(text)

    def close(self) -> None:
        return


class _Enough(Exception):
    """An answer nested deeper than any that means well."""


def capabilities(body: bytes, kind: str, *, whole: bool) -> Capabilities:
    """What an answer to GetCapabilities is.

    Args:
        body: the answer, or its beginning.
        kind: one of `estran.catalogue.resources.OGC`.
        whole: whether it is all of the answer.
    """
    told = _Names()
    parser = XMLParser(
        target=told, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        for start in range(0, len(body), _STEP):
            parser.feed(body[start : start + _STEP])
        if whole:
            parser.close()
    except (XMLSyntaxError, _Enough, ValueError):
        # What breaks off may well be what it is, only not all of it is known.
        whole = False
    # Nobody knows what is missing among more names than are kept.
    whole = whole and len(told.names) < _MOST_NAMES
    return Capabilities(
        told.root, _is_of(told, kind), told.root in _ERRORS, frozenset(told.names), told.said, whole
    )


def _is_of(told: _Names, kind: str) -> bool:
    if told.root in _ROOTS.get(kind, ()):
        return True
    return told.root == "Capabilities" and f"/{kind.lower()}" in told.space.lower()

"""Dublin Core: oai_dc, CSW records, simple dc, qualified terms and dc in RDF/XML; oai_dc is written.

Fifteen elements whose values are words: what their form tells (an address, a box, a period) is taken, the
rest stays as words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format
from estran.formats._dublin_core import coverage, is_prose, links, parties
from estran.formats._dublin_core_written import write
from estran.formats._elements import Notes, is_said, line, paragraphs
from estran.formats._identifiers import identifier
from estran.formats._iso.codes import topic
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._xml import local, namespace, parse, root_name, text_of
from estran.model import Concept, Constraint, Licence, Record, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.formats import Document
    from estran.formats._dublin_core import Elements

_DC = "http://purl.org/dc/"
_ELEMENTS = b"http://purl.org/dc/elements/1.1/"
_OWS = "http://www.opengis.net/ows"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_CSW = "http://www.opengis.net/cat/csw/"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ROOTS = {"dc", "simpledc", "qualifieddc", "qdc"}
_CSW_ROOTS = {"Record", "SummaryRecord", "BriefRecord"}

_KINDS = {
    word: kind
    for kind, words in {
        "dataset": "dataset nongeographicdataset",
        "collection": "series collection",
        "service": "service",
        "software": "software",
        "model": "model",
        "project": "project",
        "event": "event",
        "image": "image stillimage movingimage",
        "sample": "physicalobject sample",
        "publication": "text document article report book thesis journalarticle conferencepaper",
        "other": "interactiveresource sound",
    }.items()
    for word in words.split()
}
_DATA = re.compile(r"\bdata|\bmaps?\b|donnée|carte", re.IGNORECASE)
# Words and codes (COAR, info:eu-repo) by which rights speak of access; the first that is found decides.
_ACCESS = (
    (re.compile("open ?access|c_abf2"), "open"),
    (re.compile("embargo|c_f1cf"), "embargoed"),
    (re.compile("restricted|c_16ec"), "restricted"),
    (re.compile("closed ?access|metadata only|c_14cb"), "closed"),
)


def _recognise(head: bytes, _name: str) -> float:
    space, name = root_name(head)
    if name in _CSW_ROOTS and space.startswith(_CSW):
        return 1.0
    if name.lower() in _ROOTS:
        return 1.0 if "dc" in space or _DC.encode() in head else 0.5
    if name == "metadata" and "onedcx" in space:
        return 1.0
    if space == _RDF and name == "RDF" and b"Description" in head and _ELEMENTS in head:
        # Any vocabulary may carry a dc:title: those who know it better come first.
        return 0.0 if b"ns/dcat#" in head or b"skos/core#" in head or b"owl#" in head else 0.6
    return 0.0


def _read(document: Document) -> Iterator[Record]:
    warnings: list[str] = []
    root = parse(document, warnings)
    if namespace(root) != _RDF:
        yield _record(root, "", Notes(warnings), document.name)
        return
    described = [node for node in root if any(_is_dc(child) and local(child) == "title" for child in node)]
    if not described:
        raise Invalid("no resource in this RDF has a Dublin Core title; give each one", document.name)
    for node in described:
        yield _record(node, node.get(f"{{{_RDF}}}about", ""), Notes(warnings), document.name)


def _is_dc(element: _Element) -> bool:
    return namespace(element).startswith(_DC)


def _gathered(element: _Element, into: Elements, depth: int = 0) -> Elements:
    """Elements by local name; groups such as onedcx's simpleDc are looked into."""
    for child in element:
        if _is_dc(child) or namespace(child).startswith(_OWS):
            into.setdefault(local(child), []).append(child)
        elif depth < 2:  # noqa: PLR2004 - root, group
            _gathered(child, into, depth + 1)
    return into


def _record(root: _Element, about: str, notes: Notes, name: str) -> Record:
    found = _gathered(root, {})
    names = _lines(found, "identifier")
    if about and about not in names:
        names.append(about)
    titles = found.get("title", [])
    if not names and not _text(titles):
        raise Invalid("it has neither a title nor an identifier; give it one of them", name)
    kind, kind_label = _kind(_lines(found, "type"))
    extent, crs, periods_of_date = coverage(found, notes)
    licences, constraints, access = _rights(found)
    distributions, relations, landing = links(found, names)
    sources = [words for words in _prose(found, "source") if is_said(words) and is_prose(words)]
    abstract, supplement = _abstract(found)
    return Record(
        identifier=names[0] if names else "",
        identifiers=tuple(dict.fromkeys(identifier(one) for one in names)),
        kind=kind,
        kind_label=kind_label,
        title=_text(titles),
        alternate_titles=tuple(Text.of(line(one)) for one in found.get("alternative", []) if line(one)),
        abstract=abstract,
        supplement=supplement,
        lineage=Text.of("\n\n".join([*_prose(found, "provenance"), *sources])),
        language=tuple(dict.fromkeys(filter(None, map(code, _lines(found, "language"))))),
        access=access,
        crs=crs,
        created=_day(found, notes, "created"),
        published=_day(found, notes, "issued") or ("" if periods_of_date else _day(found, notes, "date")),
        revised=_day(found, notes, "modified"),
        available=_day(found, notes, "available"),
        metadata_standard="Dublin Core",
        landing_page=landing,
        parties=parties(found),
        concepts=tuple(dict.fromkeys(_concepts(found))),
        extent=extent,
        distributions=distributions,
        licences=licences,
        constraints=constraints,
        relations=relations,
        # Last, as the notes are complete only once all else has been read.
        warnings=tuple(notes),
    )


def _lines(found: Elements, *names: str) -> list[str]:
    return [words for name in names for one in found.get(name, []) if is_said(words := _value(one))]


def _value(element: _Element) -> str:
    """Its words; in RDF, the address that it points to where it has none."""
    return line(element) or element.get(f"{{{_RDF}}}resource", "")


def _prose(found: Elements, name: str) -> list[str]:
    return [words for one in found.get(name, []) if (words := paragraphs(text_of(one)))]


def _text(elements: list[_Element]) -> Text:
    """The first, with its translations where they say their language."""
    spoken = [(code(one.get(_XML_LANG, "")), line(one)) for one in elements]
    return Text.many(spoken[:1] + [pair for pair in spoken[1:] if pair[0]])


def _abstract(found: Elements) -> tuple[Text, Text]:
    abstracts, described = _prose(found, "abstract"), _prose(found, "description")
    main = abstracts or described
    rest = [words for words in described if words not in main]
    rest += [*_prose(found, "tableOfContents"), *_prose(found, "bibliographicCitation")]
    return Text.of("\n\n".join(main)), Text.of("\n\n".join(rest))


def _day(found: Elements, notes: Notes, name: str) -> str:
    return next((day for one in found.get(name, []) if (day := notes.day(one))), "")


def _kind(types: list[str]) -> tuple[str, str]:
    for words in types:
        last = re.split(r"[/#:]", words.rstrip("/"))[-1].lower()
        if kind := _KINDS.get(last.replace(" ", "")):
            return kind, words
    # “vector digital data”, “Maps and graphics”: in words, most of what a data centre holds is data.
    unknown = bool(types) and not _DATA.search(types[0])
    return ("other" if unknown else "dataset"), (types[0] if types else "")


def _concepts(found: Elements) -> Iterator[Concept]:
    for one in found.get("subject", []):
        scheme = one.get("scheme", "") or one.get("{http://www.w3.org/2001/XMLSchema-instance}type", "")
        address = scheme if scheme.startswith("http") else ""
        for words in re.split(r"\s*;\s+", _value(one)):
            if not is_said(words):
                continue
            if "TopicCategory" in scheme and (known := topic(words)):
                yield known
                continue
            uri = words if words.startswith(("http://", "https://")) else ""
            label = re.split(r"[/#]", uri.rstrip("/#"))[-1] if uri else words
            yield Concept(
                label=Text.of(label, code(one.get(_XML_LANG, ""))),
                uri=uri,
                scheme="" if address else scheme.removeprefix("dcterms:"),
                scheme_uri=address,
            )


def _rights(found: Elements) -> tuple[tuple[Licence, ...], tuple[Constraint, ...], str]:
    licences: list[Licence] = [licence(words) for words in _lines(found, "license")]
    constraints: list[Constraint] = []
    access = ""
    for name in ("rights", "accessRights"):
        for one in found.get(name, []):
            words = paragraphs(text_of(one)) or _value(one)
            access = access or next((to for said, to in _ACCESS if said.search(words.lower())), "")
            known = licence(words)
            if known.spdx:
                licences.append(known)
            elif is_said(words) and not words.startswith("info:eu-repo/semantics/"):
                constraints.append(
                    Constraint(kind="access" if name == "accessRights" else "use", text=Text.of(words))
                )
    return tuple(dict.fromkeys(licences)), tuple(dict.fromkeys(constraints)), access


FORMAT = Format(
    name="dublin-core",
    title="Dublin Core",
    media_types=("application/xml",),
    recognise=_recognise,
    read=_read,
    write=write,
    suffix=".xml",
)

"""Where the data come from, what they belong to, and what they were checked against."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.formats import _identifiers
from estran.formats._iso import codes
from estran.formats._iso.values import HREF, LOCAL, Reading, children, first, href, inner, objects
from estran.model import Conformity, Identifier, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["conformities", "joined", "lineage", "relations"]

_NO_TARGET = Identifier("")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def joined(texts: Iterable[Text]) -> Text:
    """Several texts as one, language by language, a line break between them."""
    by_language: dict[str, dict[str, None]] = {}
    for text in texts:
        for language, words in text.variants:
            by_language.setdefault(language, {})[words] = None
    return Text(tuple((language, "\n".join(said)) for language, said in by_language.items()))


def lineage(reading: Reading, top: Children) -> Text:
    """Statements, process steps and sources as one text."""
    texts: list[Text] = []
    for element in _lineages(top):
        inside = children(element)
        texts.extend(reading.text(prop) for prop in inside.get("statement", ()))
        for step in objects(inside, "processStep"):
            parts = children(step)
            text = reading.text(first(parts, "description"))
            when = "dateTime" if "dateTime" in parts else "stepDateTime"
            moment = reading.date(first(parts, when), "process step") if when == "dateTime" else ""
            texts.append(
                Text(tuple((code, f"{moment}: {words}") for code, words in text.variants)) if moment else text
            )
        for source in objects(inside, "source"):
            parts = children(source)
            text = reading.text(first(parts, "description"))
            for citation in objects(parts, "sourceCitation"):
                text = text or reading.text(first(children(citation), "title"))
            texts.append(text)
    return joined(texts)


def _lineages(top: Children) -> Iterator[_Element]:
    for quality in objects(top, "dataQualityInfo"):
        yield from objects(children(quality), "lineage")
    yield from objects(top, "resourceLineage")


def relations(reading: Reading, top: Children, identifications: Iterable[Children]) -> Iterator[Relation]:
    """Ties to other resources: parents, aggregates, documentation, sources, what a service operates on."""
    for prop in (*top.get("parentIdentifier", ()), *top.get("parentMetadata", ())):
        yield from _cited(reading, prop, "IsPartOf")
    for inside in identifications:
        for held in (*objects(inside, "aggregationInfo"), *objects(inside, "associatedResource")):
            yield from _associated(reading, children(held))
        for prop in inside.get("additionalDocumentation", ()):
            yield from _cited(reading, prop, "IsDocumentedBy")
        yield from _operated(reading, inside)
    for element in _lineages(top):
        for source in objects(children(element), "source"):
            for prop in children(source).get("sourceCitation", ()):
                yield from (one for one in _cited(reading, prop, "IsDerivedFrom") if one.target)


def _referred(prop: _Element) -> Identifier:
    """What a property refers to by ``uuidref`` or ``xlink:href``."""
    words = (prop.get("uuidref") or prop.get(HREF) or "").strip()
    # A fragment alone points into the document itself.
    return _identifiers.identifier(words) if words and words[0] != "#" else _NO_TARGET


def _cited(reading: Reading, prop: _Element, kind: str, type: str = "") -> Iterator[Relation]:  # noqa: A002
    """The relation to what a citation, an identifier or a bare reference names."""
    held, title, target = inner(prop), Text(), _NO_TARGET
    if held is not None and LOCAL[held.tag] == "CI_Citation":
        inside = children(held)
        title = reading.line(first(inside, "title"))
        found = reading.identifiers(inside.get("identifier", ()))
        target = next((one for one in found if one.scheme == "doi"), found[0] if found else _NO_TARGET)
        if not target.value:
            address = next(
                (url for one in objects(inside, "onlineResource") if (url := reading.online(one).url)), ""
            )
            address = address or href(first(inside, "title"))
            target = _identifiers.identifier(address) if address else _NO_TARGET
    elif held is not None:
        target = next(iter(reading.identifiers([prop])), _NO_TARGET)
    if not target.value:
        target = _referred(prop)
    if target.value or title:
        yield Relation(kind=kind, target=target.value, scheme=target.scheme, title=title, type=type)


def _associated(reading: Reading, inside: Children) -> Iterator[Relation]:
    """An MD_AggregateInformation or MD_AssociatedResource."""
    word = reading.code(first(inside, "associationType"))
    kind = codes.ASSOCIATIONS.get(codes.squeezed(word), word) or "References"
    initiative = reading.code(first(inside, "initiativeType")).lower()
    type_ = initiative.capitalize() if initiative in ("project", "collection") else ""
    title, target = Text(), _NO_TARGET
    for name in ("name", "aggregateDataSetName", "aggregateDataSetIdentifier", "metadataReference"):
        for prop in inside.get(name, ()):
            for found in _cited(reading, prop, kind, type_):
                title = title or found.title
                if not target.value:
                    target = Identifier(found.target, found.scheme)
    if title or target.value:
        yield Relation(kind=kind, target=target.value, scheme=target.scheme, title=title, type=type_)


def _operated(reading: Reading, inside: Children) -> Iterator[Relation]:
    """The data that a service serves."""
    seen: set[str] = set()  # targets, and the UUIDs in their addresses
    for prop in inside.get("operatesOn", ()):
        for found in _cited(reading, prop, "References", "Dataset"):
            seen.update((found.target, *_UUID.findall(found.target.lower())))
            yield found
    for held in objects(inside, "coupledResource"):
        words = reading.string(first(children(held), "identifier"))
        target = _identifiers.identifier(words) if words else _NO_TARGET
        if target.value and target.value not in seen:
            seen.add(target.value)
            yield Relation(kind="References", target=target.value, scheme=target.scheme, type="Dataset")


def conformities(reading: Reading, top: Children) -> Iterator[Conformity]:
    """The outcomes of conformance checks."""
    for quality in objects(top, "dataQualityInfo"):
        for report in objects(children(quality), "report"):
            for result in objects(children(report), "result"):
                if LOCAL[result.tag].endswith("ConformanceResult"):
                    found = _conformity(reading, children(result))
                    if found.title or found.uri or found.explanation:
                        yield found


def _conformity(reading: Reading, inside: Children) -> Conformity:
    title, uri, date = Text(), "", ""
    for citation in objects(inside, "specification"):
        parts = children(citation)
        title, uri = reading.line(first(parts, "title")), href(first(parts, "title"))
        for held in objects(parts, "date"):
            date = date or reading.date(first(children(held), "date"), "specification")
    held = inner(first(inside, "pass"))
    said = (held.text or "").strip().lower() if held is not None else ""
    return Conformity(
        title=title,
        uri=uri,
        date=date,
        explanation=reading.text(first(inside, "explanation")),
        passed={"true": "yes", "1": "yes", "false": "no", "0": "no"}.get(said, ""),
    )

"""Vocabularies in XML that is no RDF: the tables of CF, and registers (ISO 19135)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import _xml
from estran.formats._vocabularies.words import mended, stem
from estran.model import Text, date
from estran.vocabulary import ConceptScheme, Entry, Reading, cf_standard_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

__all__ = ["ROOTS", "reading"]

_CF_TABLES = {
    "area_type_table": ("cf-area-types", "https://cfconventions.org/area-types", "CF area types"),
    "standardized_region_list": (
        "cf-regions",
        "https://cfconventions.org/regions",
        "CF standardized regions",
    ),
}
ROOTS = frozenset({*_CF_TABLES, "standard_name_table", "RE_Register"})
"""Local names of the root elements that are read."""

_RETIRED = frozenset({"retired", "superseded", "invalid", "notvalid"})


def reading(root: _Element, name: str) -> Reading:
    """The vocabulary of an XML document.

    Raises:
        Invalid: its root is that of no list that is known here.
    """
    kind = _xml.local(root)
    if kind == "standard_name_table":
        scheme, entries = cf_standard_names.of(root, name)
        return _reading(scheme, entries)
    if kind in _CF_TABLES:
        return _cf_table(root, *_CF_TABLES[kind])
    if kind == "RE_Register":
        return _register(root, name)
    raise Invalid(
        f"its root <{kind}> is of no vocabulary that is read here; give SKOS, a table of CF or a register "
        "(ISO 19135)",
        name,
    )


def _cf_table(root: _Element, name: str, uri: str, title: str) -> Reading:
    entries = [
        Entry(
            uri=f"{uri}#{entry.get('id', '')}",
            scheme=name,
            name=entry.get("id", ""),
            label=Text.of(entry.get("id", "").replace("_", " "), "en"),
            definition=Text.of(mended(entry.findtext("description") or ""), "en"),
        )
        for entry in root.iterfind("entry")
        if entry.get("id")
    ]
    version = mended(root.findtext("version_number") or "")
    publisher = mended(root.findtext("institution") or "")
    scheme = ConceptScheme(
        uri=uri, name=name, title=Text.of(title, "en"), version=version, publisher=publisher
    )
    return _reading(scheme, entries)


def _register(root: _Element, name: str) -> Reading:
    """Items with a name, a definition and other expressions; addresses are made of their UUIDs."""
    uuid = root.get("uuid") or stem(name)
    uri = f"urn:uuid:{uuid}" if root.get("uuid") else f"urn:vocabulary:{stem(name)}"
    entries = [
        entry
        for holder in _children(root, "containedItem")
        for item in holder
        if isinstance(item.tag, str) and (entry := _item(item, uri)) is not None
    ]
    if not entries:
        raise Invalid("it is a register without items that have names", name)
    day = next(_texts(root, "versionDate"), "")
    try:
        published = date(day, "versionDate") if day else ""
    except Invalid:
        published = ""
    scheme = ConceptScheme(
        uri=uri,
        name=stem(name) if stem(name) != "metadata" else "",
        title=Text.of(_own(root, "name")),
        description=Text.of(_own(root, "contentSummary")),
        version=next(_texts(root, "versionNumber"), ""),
        published=published,
        address=next(_texts(root, "URL"), ""),
    )
    return _reading(scheme, entries)


def _item(item: _Element, register: str) -> Entry | None:
    name, number, uuid = _own(item, "name"), _own(item, "itemIdentifier"), item.get("uuid", "")
    if not name:
        return None
    others = [
        words
        for expression in item.iter("{*}RE_AlternativeExpression")
        if (words := _own(expression, "name")) and words != name
    ]
    return Entry(
        uri=f"urn:uuid:{uuid}" if uuid else f"{register}:{number or name}",
        scheme="",
        name="",
        label=Text.of(name, "en"),
        alternates=tuple(dict.fromkeys(("", words) for words in others)),
        definition=Text.of(_own(item, "definition"), "en"),
        deprecated=_own(item, "status").lower() in _RETIRED,
    )


def _own(element: _Element, name: str) -> str:
    """The text of the first child of that local name."""
    return next((mended(" ".join(child.itertext())) for child in _children(element, name)), "")


def _children(element: _Element, name: str) -> Iterator[_Element]:
    return element.iterfind(f"{{*}}{name}")


def _texts(element: _Element, name: str) -> Iterator[str]:
    found = (mended(" ".join(one.itertext())) for one in element.iter(f"{{*}}{name}"))
    return (words for words in found if words)


def _reading(scheme: ConceptScheme, entries: list[Entry] | tuple[Entry, ...]) -> Reading:
    return Reading(
        scheme=scheme,
        entries=tuple({entry.uri: entry for entry in entries}.values()),
        labels=tuple((e.uri, "pref", lang, words) for e in entries for lang, words in e.label.variants),
    )

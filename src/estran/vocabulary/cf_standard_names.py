"""The CF standard name table, as its XML file gives it (schema version 2.0)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lxml.etree import XMLParser, XMLSyntaxError, parse

from estran.errors import Invalid
from estran.model import Text, date
from estran.vocabulary.concepts import ConceptScheme, Entry

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element

NAME = "cf-standard-names"
# The NERC Vocabulary Server gives each standard name its permanent address; P07 is the whole table.
_SCHEME_URI = "http://vocab.nerc.ac.uk/collection/P07/current/"
_CONCEPT_URI = "http://vocab.nerc.ac.uk/standard_name/"


def read(path: Path) -> tuple[ConceptScheme, tuple[Entry, ...]]:
    """The table in a file, its entries by name.

    Raises:
        Invalid: not XML, or not a standard name table.
    """
    parser = XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = parse(path, parser).getroot()
    except (XMLSyntaxError, OSError) as error:
        raise Invalid(f"it cannot be read as XML ({error})", path.name) from None
    return of(root, path.name)


def of(root: _Element, name: str) -> tuple[ConceptScheme, tuple[Entry, ...]]:
    """The table of an XML document, its entries by name.

    Raises:
        Invalid: it is not a standard name table.
    """
    if root.tag != "standard_name_table":
        raise Invalid(f"it is a <{root.tag}>, not a CF <standard_name_table>", name)
    aliases = defaultdict[str, list[str]](list)
    for alias in root.iterfind("alias"):
        for target in alias.iterfind("entry_id"):
            aliases[_words(target)].append(alias.get("id", ""))
    entries = [_entry(element, aliases) for element in root.iterfind("entry") if element.get("id")]
    if not entries:
        raise Invalid("the table has no entry", name)
    return _scheme(root), tuple(sorted(entries, key=lambda entry: entry.name))


def _scheme(root: _Element) -> ConceptScheme:
    published = root.findtext("first_published", "") or root.findtext("last_modified", "")
    return ConceptScheme(
        uri=_SCHEME_URI,
        name=NAME,
        title=Text.of("CF standard names", "en"),
        version=root.findtext("version_number", "").strip(),
        published=date(published, "first_published") if published else "",
        publisher=root.findtext("institution", "").strip(),
    )


def _entry(element: _Element, aliases: dict[str, list[str]]) -> Entry:
    name = element.get("id", "")
    return Entry(
        uri=f"{_CONCEPT_URI}{name}/",
        scheme=NAME,
        name=name,
        label=Text.of(name.replace("_", " "), "en"),
        definition=Text.of(_words(element.find("description")), "en"),
        unit=_words(element.find("canonical_units")),
        aliases=tuple(sorted(aliases.get(name, ()))),
    )


def _words(element: _Element | None) -> str:
    """An element's text with its blanks and line ends made single blanks."""
    return " ".join((element.text or "").split()) if element is not None else ""

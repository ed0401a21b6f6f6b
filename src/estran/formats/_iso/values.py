"""The small things of an ISO document: names, texts with translations, codes, dates, identifiers, links.

ISO XML alternates properties and objects: ``title`` holds ``CharacterString``, ``citation`` holds
``CI_Citation``. A *property* is given to each function here; what is in it is looked at once. All names
are local names, so that every version and profile of the standard reads alike.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from estran.errors import Invalid
from estran.formats import _identifiers
from estran.formats._iso import codes
from estran.model import Identifier, Text
from estran.model import date as canonical_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    type Children = dict[str, list[_Element]]

__all__ = ["HREF", "LOCAL", "Online", "Reading", "children", "first", "href", "inner", "number", "objects"]

HREF = "{http://www.w3.org/1999/xlink}href"
_NOTHING = Text()
_MOST_NAMES = 10_000
_MOST_WARNINGS = 50
_LONGEST_CODE = 200
# What stands where a date should: nil reasons written as values.
_NO_DATES = frozenset({"", "missing", "unknown", "inapplicable", "withheld", "none", "n/a", "na", "-"})
_SCHEME = re.compile(r"^[a-z][a-z0-9]{1,11}$")
_RI_CODE = re.compile(r"^(?:RI_\d+|any(?:Valid)?URI)?$", re.IGNORECASE)


class _Names(dict[str, str]):
    """Local names by tag; asked for every element, so that a look-up must do."""

    def __missing__(self, tag: str) -> str:
        if len(self) > _MOST_NAMES:
            self.clear()
        name = self[tag] = tag.rpartition("}")[2]
        return name


LOCAL = _Names()


def children(element: _Element) -> Children:
    """An element's children by local name, each list in document order."""
    found: Children = {}
    for child in element:
        name = LOCAL[child.tag]
        if name in found:
            found[name].append(child)
        else:
            found[name] = [child]
    return found


def first(within: Children, name: str) -> _Element | None:
    """The first child of that name."""
    found = within.get(name)
    return found[0] if found else None


def inner(prop: _Element | None) -> _Element | None:
    """The object in a property, None where it is empty or given by reference."""
    return prop[0] if prop is not None and len(prop) else None


def objects(within: Children, name: str) -> Iterator[_Element]:
    """The objects in all properties of that name."""
    for prop in within.get(name, ()):
        yield from prop


def href(prop: _Element | None) -> str:
    """The address that a property, or the anchor in it, refers to."""
    if prop is None:
        return ""
    for child in prop:
        found = child.get(HREF)
        if found:
            return found.strip()
    return (prop.get(HREF) or "").strip()


def number(prop: _Element | None) -> float | None:
    """The number in a property, None where there is none; a decimal comma is taken for a point."""
    held = inner(prop)
    words = (held if held is not None else prop).text if prop is not None else None
    if not words or not (words := words.strip()):
        return None
    try:
        value = float(words.replace(",", "."))
    except ValueError:
        return None
    return value if -1e300 < value < 1e300 else None  # noqa: PLR2004 - neither infinite nor not a number


def _paragraphs(words: str) -> str:
    """Words without the indentation of pretty-printed XML; blank lines part paragraphs."""
    words = words.strip()
    if "\n" not in words:
        return words
    lines = [line.strip() for line in words.split("\n")]
    return "\n".join(line for number, line in enumerate(lines) if line or lines[number - 1])


def _one_line(words: str) -> str:
    words = words.strip()
    return " ".join(words.split()) if "\n" in words or "\t" in words or "  " in words else words


@lru_cache(maxsize=8192)
def _date(words: str) -> str:
    return canonical_date(words)


class Online(NamedTuple):
    """A CI_OnlineResource."""

    url: str = ""
    protocol: str = ""
    profile: str = ""
    name: Text = _NOTHING
    description: Text = _NOTHING
    function: str = ""
    media_type: str = ""


class Reading:
    """One document while it is read: its languages, and what is wrong with it.

    Attributes:
        language: the language of every text that does not say its own.
        warnings: what had to be left out, for the record.
    """

    def __init__(self, warnings: list[str]) -> None:
        self.language = ""
        self.warnings = warnings
        self._locales: dict[str, str] = {}

    def locale(self, element: _Element) -> str:
        """Learn a PT_Locale; gives its language."""
        inside = children(element)
        found = self.language_code(first(inside, "languageCode" if "languageCode" in inside else "language"))
        name = element.get("id") or element.get("{http://www.opengis.net/gml/3.2}id") or ""
        if name and found:
            self._locales["#" + name] = found
        return found

    def language_code(self, prop: _Element | None) -> str:
        """The language that a property names, as code or in words."""
        return codes.language(self.code(prop))

    def _spoken(self, reference: str) -> str:
        found = self._locales.get(reference)
        if found is None:
            found = codes.language(reference.lstrip("#").removeprefix("locale-"))
            self._locales[reference] = found
        return found

    def text(self, prop: _Element | None) -> Text:
        """A text with its translations; paragraphs are kept."""
        if prop is None:
            return _NOTHING
        if len(prop) == 1:
            child = prop[0]
            if not len(child):
                words = child.text
                words = _paragraphs(words) if words else ""
                return Text(((self.language, words),)) if words else _NOTHING
        return self._translated(prop)

    def line(self, prop: _Element | None) -> Text:
        """A text on one line with its translations: a title, a name."""
        found = self.text(prop)
        for _, words in found.variants:
            if "\n" in words or "  " in words or "\t" in words:
                return Text(tuple((language, _one_line(words)) for language, words in found.variants))
        return found

    def string(self, prop: _Element | None) -> str:
        """The words of a property in the document's language, on one line."""
        if prop is None:
            return ""
        if len(prop) == 1:
            child = prop[0]
            if not len(child):
                words = child.text
                return _one_line(words) if words else ""
        return _one_line(str(self._translated(prop)))

    def _translated(self, prop: _Element) -> Text:
        plain, others = "", list[tuple[str, str]]()
        for child in prop:
            name = LOCAL[child.tag]
            if name.startswith("PT_Free"):
                for localised in child.iter():
                    if localised.text and (reference := localised.get("locale")) is not None:
                        others.append((self._spoken(reference), _paragraphs(localised.text)))
            elif not plain:
                plain = _paragraphs("".join(child.itertext()) if len(child) else child.text or "")
        if not len(prop):
            plain = _paragraphs(prop.text or "")
        if not plain:
            return Text.many(sorted(others, key=lambda pair: pair[0] != self.language))
        spoken = self.language
        if all(language != spoken for language, _ in others):
            # The original may be in another language than the document: its twin among the others tells.
            spoken = next((language for language, words in others if words == plain), spoken)
        return Text.many([(spoken, plain), *others])

    def code(self, prop: _Element | None) -> str:
        """A code: its codeListValue, or the words where that says nothing."""
        if prop is None:
            return ""
        held = inner(prop)
        if held is None:
            return (prop.text or "").strip() or href(prop).rpartition("/")[2]
        value = (held.get("codeListValue") or "").strip()
        if _RI_CODE.match(value):
            # Canadian records hide the word behind a number: codeListValue="RI_622">dataset; jeuDonnées
            words = "".join(held.itertext()).strip() if len(held) else (held.text or "").strip()
            value = words.partition(";")[0].strip() or value or (held.get(HREF) or "").strip()
        if "/" in value or "#" in value:
            value = re.split(r"[/#]", value.rstrip("/#"))[-1]
        return value[:_LONGEST_CODE]

    def date(self, prop: _Element | None, what: str) -> str:
        """The date in a property in canonical form; a bad one is left out with a warning."""
        if prop is None:
            return ""
        held = inner(prop)
        words = ((held if held is not None else prop).text or "").strip()
        return self.moment(words, what, prop) if words else ""

    def moment(self, words: str, what: str, where: _Element) -> str:
        """A date in canonical form; a bad one is left out with a warning."""
        if words.lower() in _NO_DATES:
            return ""
        try:
            return _date(words)
        except Invalid as error:
            self.warn(f"{what}: {error.why}", where)
            return ""

    def warn(self, why: str, where: _Element | None = None, so: str = "it was left out") -> None:
        """Keep a warning about something, with its line in the document, and what was done about it."""
        line = f" (line {where.sourceline})" if where is not None and where.sourceline else ""
        message = f"{why}{line}; {so}"
        if len(self.warnings) < _MOST_WARNINGS and message not in self.warnings:
            self.warnings.append(message)

    def identifiers(self, props: Iterable[_Element]) -> list[Identifier]:
        """All identifiers in these properties (MD_Identifier, RS_Identifier, or bare words)."""
        found: dict[Identifier, None] = {}
        for prop in props:
            held = inner(prop)
            if held is not None and len(held):
                inside = children(held)
                code, space = first(inside, "code"), self.string(first(inside, "codeSpace"))
                for one in _identifiers_of(self.string(code), space, href(code)):
                    found[one] = None
            else:
                for one in _identifiers_of(self.string(prop), "", href(prop)):
                    found[one] = None
        return list(found)

    def online(self, element: _Element) -> Online:
        """A CI_OnlineResource; its address is "" where it has none."""
        inside = children(element)
        name = first(inside, "name")
        media_type = ""
        if name is not None and (held := inner(name)) is not None and LOCAL[held.tag] == "MimeFileType":
            media_type = (held.get("type") or "").strip()
        return Online(
            url=self.url(first(inside, "linkage")),
            protocol=self.string(first(inside, "protocol")),
            profile=self.string(first(inside, "applicationProfile")),
            name=self.line(name),
            description=self.text(first(inside, "description")),
            function=self.code(first(inside, "function")),
            media_type=media_type,
        )

    def url(self, prop: _Element | None) -> str:
        """The address in a linkage: its URL, words, anchor or first translation."""
        if prop is None:
            return ""
        for child in prop:
            for part in child.iter() if len(child) else (child,):
                if part.text and (words := part.text.strip()):
                    return words
        return href(prop)


def _identifiers_of(code: str, space: str, anchor: str) -> tuple[Identifier, ...]:
    for words in (code, anchor, f"{space.rstrip('/')}/{code}"):
        if "10." in words and (bare := _identifiers.doi(words)):
            return (Identifier(bare, "doi"),)
    if not code:
        return (_identifiers.identifier(anchor),) if anchor else ()
    if space.startswith(("http://", "https://")) and "://" not in code:
        joint = "" if space.endswith(("/", "#", "=")) else "/"
        return (Identifier(f"{space}{joint}{code}", "uri"),)
    one = _identifiers.identifier(code, space if _SCHEME.match(space) else "")
    if anchor.startswith("http") and anchor != code:
        return one, Identifier(anchor, "uri")
    return (one,)

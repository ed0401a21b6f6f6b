"""Building ISO XML: objects and properties in the order of the schema, texts with their translations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from lxml.etree import Element, QName, SubElement

from estran.formats import _xml
from estran.formats._iso import codes
from estran.formats._iso.values import HREF
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element

    from estran.formats._iso.forms import Form

__all__ = ["Anchor", "Builder", "Code", "Missing", "Reference", "Value"]

_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_UNITS = "https://www.unidata.ucar.edu/software/udunits/"
_LANGUAGES = "http://www.loc.gov/standards/iso639-2/"


class Anchor(NamedTuple):
    """A text that refers to an address; without an address it is the text alone."""

    text: Text
    address: str


class Code(NamedTuple):
    """A value of a code list."""

    name: str
    value: str


class Value(NamedTuple):
    """A simple value in its element, such as ``Decimal``, and the unit it may have."""

    name: str
    words: str
    uom: str = ""


class Reference(NamedTuple):
    """A property without content, which refers to an address."""

    address: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A property that must be there and has no content."""

    reason: str = "missing"


class Builder:
    """Makes the elements of one document.

    Attributes:
        form: which XML form.
        language: the document's language: that of all texts that do not say another.
        languages: the further languages that texts have been written in.
    """

    def __init__(self, form: Form, language: str, name: str) -> None:
        self.form = form
        self.language = language
        self.languages: dict[str, None] = {}
        # Answers of catalogue services hold many documents, and an id is one's own in all of an answer.
        self._mark = f"{crc32(name.encode()):08x}"
        self._ids = 0

    def fresh(self, stem: str) -> str:
        """A ``gml:id`` that neither this document has used yet nor one of another name."""
        self._ids += 1
        return f"{stem}-{self._mark}-{self._ids}"

    def make(self, name: str, /, **properties: Any) -> _Element:
        """An object with those of its properties that have content.

        Args:
            name: the class.
            properties: content by property: a text, string, element or value of this module, or a list
                of them; what is empty is left out.
        """
        made = Element(self.form.tag(name), nsmap=self.form.spaces)
        for member in self.form.order[name]:
            content = properties.pop(member, None)
            for one in content if isinstance(content, list) else (content,):
                self._property(made, name, member, one)
        if properties:
            raise KeyError(f"{name} has no {', '.join(properties)}")
        return made

    def _property(self, owner: _Element, name: str, member: str, content: Any) -> None:
        if content is None or content == "" or (isinstance(content, Text) and not content):
            return
        made = SubElement(owner, self.form.member(name, member))
        match content:
            case Text():
                self._text(made, Anchor(content, ""))
            case Anchor():
                self._text(made, content)
            case str():
                self._simple(made, Value("CharacterString", content))
            case Code():
                self._code(made, content)
            case Value():
                self._simple(made, content)
            case Reference():
                made.set(HREF, _xml.legal(content.address))
            case Missing():
                made.set(f"{{{self.form.spaces['gco']}}}nilReason", content.reason)
            case _:
                made.append(content)

    def _simple(self, owner: _Element, value: Value) -> None:
        held = SubElement(owner, self.form.tag(value.name))
        held.text = _xml.legal(value.words)
        if value.uom:
            held.set("uom", _xml.legal(value.uom))

    def _code(self, owner: _Element, code: Code) -> None:
        held = SubElement(owner, self.form.tag(code.name))
        if code.name == "MD_TopicCategoryCode":
            held.text = code.value
            return
        held.set("codeList", _LANGUAGES if code.name == "LanguageCode" else self.form.codelists + code.name)
        held.set("codeListValue", _xml.legal(code.value))
        held.text = _xml.legal(code.value)

    def _text(self, owner: _Element, anchor: Anchor) -> None:
        """A text: in the document's language if it has it, and in all others beside it."""
        variants = anchor.text.variants
        words = next(
            (said for language, said in variants if language in (self.language, "")), str(anchor.text)
        )
        held = SubElement(owner, self.form.tag("Anchor" if anchor.address else "CharacterString"))
        held.text = _xml.legal(words)
        if anchor.address:
            held.set(HREF, _xml.legal(anchor.address))
        # The original is repeated where its language is not the document's, so that it is not lost; and
        # where a translation has the same words, which would else be taken for the original.
        others = [(language, said) for language, said in variants if language not in (self.language, "")]
        if not others:
            return
        if any(said == words for _, said in others):
            others.extend((language, said) for language, said in variants if language == self.language)
        spoken = self.form.prefix("PT_FreeText")
        owner.set(_TYPE, f"{spoken}:PT_FreeText_PropertyType")
        free = SubElement(owner, self.form.tag("PT_FreeText"))
        for language, said in others:
            self.languages[language] = None
            group = SubElement(free, QName(self.form.spaces[spoken], "textGroup"))
            localised = SubElement(group, self.form.tag("LocalisedCharacterString"))
            localised.set("locale", f"#{self._locale_id(language)}")
            localised.text = _xml.legal(said)

    def locale(self, language: str) -> _Element:
        """A PT_Locale, which gives a language the name that localised texts refer to."""
        member = "languageCode" if "languageCode" in self.form.order["PT_Locale"] else "language"
        made = self.make(
            "PT_Locale",
            **{member: Code("LanguageCode", codes.bibliographic(language))},
            characterEncoding=Code("MD_CharacterSetCode", "utf8"),
        )
        made.set("id", self._locale_id(language))
        return made

    def _locale_id(self, language: str) -> str:
        return f"{language.upper()}-{self._mark}"

    def gml(self, name: str, /, **parts: str) -> _Element:
        """A GML object with an id and its simple parts."""
        space = self.form.spaces["gml"]
        made = Element(QName(space, name), nsmap={"gml": space})
        made.set(QName(space, "id"), self.fresh(name.lower()))
        for part, words in parts.items():
            held = SubElement(made, QName(space, part))
            held.text = _xml.legal(words) or None
        return made

    def unit(self, name: str) -> _Element | None:
        """A unit of measure by its UDUNITS name; None for none."""
        if not name:
            return None
        made = self.gml("UnitDefinition", identifier=name)
        made[0].set("codeSpace", _UNITS)
        return made

    def each(self, name: str, values: Iterable[str]) -> list[Code]:
        """Codes of one list."""
        return [Code(name, value) for value in values if value]

"""A schema.org document as a plain tree: short names, references followed, languages told.

The JSON is read as it stands, whatever its context: publishers write schema.org with and without prefix,
under http and https, flat in an ``@graph`` or nested, inside a web page or alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import unescape
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import _json, _languages
from estran.formats._json import obj, objs, seq
from estran.formats._schema_org.terms import KINDS
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document

__all__ = ["Tree", "parse"]

_SPACES = ("https://schema.org/", "http://schema.org/", "https://www.schema.org/", "http://www.schema.org/")
_USUAL_PREFIXES = ("schema:", "sc:", "so:", "sdo:", "schema-org:")
_SCRIPT = re.compile(rb"<script[^>]{1,300}application/ld\+json[^>]{0,300}>", re.IGNORECASE)
# Some write DataSet.
_CASED = {kind.lower(): kind for kind in KINDS}
_MOST_SCRIPTS = 50
# Members that lead from a page, a list or a catalogue to the things described.
_LEADING = ("@graph", "mainEntity", "dataset", "itemListElement", "item")


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's objects.

    Attributes:
        roots: the objects that it describes, those in graphs and lists included.
        named: objects by ``@id``, to follow references.
        language: of words that do not tell theirs.
    """

    roots: tuple[dict[str, Any], ...] = ()
    named: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    language: str = ""

    def follow(self, value: Any) -> list[Any]:
        """The values that stand there, references replaced by what they refer to."""
        listed = seq(obj(value).get("@list") if "@list" in obj(value) else value)
        return [self.named.get(part["@id"], part) if _is_reference(part) else part for part in listed]

    def text(self, value: Any) -> Text:
        """The words that stand there, one for each language; an object stands for its name."""
        pairs: list[tuple[str, str]] = []
        for part in self.follow(value):
            if not isinstance(part, dict):
                pairs.append((self.language, _json.text(part)))
            elif "@value" in part:
                tag = part.get("@language", self.language)
                pairs.append(
                    (_languages.code(tag) if isinstance(tag, str) else "", _json.text(part["@value"]))
                )
            else:
                pairs += self.text(part.get("name")).variants
        return Text.many(pairs)

    def each(self, value: Any) -> list[Text]:
        """Each value that stands there as a text of its own."""
        return [words for part in self.follow(value) if (words := self.text(part))]

    def word(self, value: Any) -> str:
        """The first value as a string: words, the name of an object, or its address."""
        for part in self.follow(value):
            if found := str(self.text(part)) or self.address(part):
                return found
        return ""

    def address(self, value: Any) -> str:
        """The first address that stands there, or that an object gives."""
        for part in self.follow(value):
            if isinstance(part, dict):
                found = (
                    _json.text(part.get("url"))
                    or _json.text(part.get("@id"))
                    or _json.text(part.get("@value"))
                )
            else:
                found = _json.text(part)
            if found:
                return found
        return ""


def _is_reference(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("@id"), str) and set(part) <= {"@id", "@type"}


def parse(document: Document, warnings: list[str]) -> Tree:
    """The objects of a JSON-LD document, or of a web page that carries some.

    Raises:
        Invalid: it is no JSON, or a page without any.
    """
    head = document.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"<"):
        return _tree(_json.decode(document, warnings)[0])
    scripts = list(_scripts(document.body))
    if not scripts:
        raise Invalid("the page carries no schema.org description (application/ld+json)", document.name)
    parts: list[Any] = []
    for script in scripts:
        parts += seq(_json.decode(replace(document, body=script), warnings)[0])
    return _tree(parts)


def _scripts(page: bytes) -> Iterator[bytes]:
    """What stands in the page's scripts of JSON-LD."""
    end = 0
    for _ in range(_MOST_SCRIPTS):
        start = _SCRIPT.search(page, end)
        end = page.find(b"</script", start.end()) if start else -1
        if start is None or end < 0:
            return
        words = page[start.end() : end].strip()
        plain = words.startswith((b"{", b"["))
        yield words if plain else unescape(words.decode("utf-8", "replace")).encode()


def _tree(value: Any) -> Tree:
    prefixes, languages = list[str](), list[str]()
    for context in _contexts(value):
        for name, meaning in context.items():
            if isinstance(meaning, str) and meaning in _SPACES:
                prefixes.append(f"{name}:")
        if isinstance(tag := context.get("@language"), str):
            languages.append(_languages.code(tag))
    starts = (*_SPACES, *_USUAL_PREFIXES, *prefixes)
    plain = _renamed(value, starts)
    named: dict[str, dict[str, Any]] = {}
    waiting = [plain]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            name = part.get("@id")
            if isinstance(name, str) and not _is_reference(part) and len(part) > len(named.get(name, ())):
                named[name] = part
            waiting.extend(part.values())
    return Tree(tuple(_roots(plain)), named, next(iter(languages), ""))


def _contexts(value: Any) -> Iterator[dict[str, Any]]:
    for root in objs(value):
        yield from objs(root.get("@context"))


def _renamed(value: Any, starts: tuple[str, ...]) -> Any:
    """The same values with members and types under their short names."""
    if isinstance(value, list):
        return [_renamed(part, starts) for part in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, part in value.items():
        if name == "@type":
            kinds = (_short(kind, starts) for kind in seq(part) if isinstance(kind, str))
            found[name] = [_CASED.get(kind.lower(), kind) for kind in kinds]
        elif name != "@context":
            found.setdefault(_short(name, starts), _renamed(part, starts))
    return found


def _short(name: str, starts: tuple[str, ...]) -> str:
    return next((name[len(start) :] for start in starts if name.startswith(start)), name)


def _roots(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a document, in graphs, lists and catalogues too; references are no objects."""
    for part in seq(value):
        if isinstance(part, dict) and not _is_reference(part):
            yield part
            for name in _LEADING:
                yield from _roots(part.get(name))

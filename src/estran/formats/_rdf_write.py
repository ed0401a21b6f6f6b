"""RDF written as people like to read it: nested, in the order in which it was said, in three languages.

A resource is a tree of `Node`s. Each syntax writes one tree at a time between an opening and a closing, so
that a catalogue of any length goes out in constant memory, and without labels for blank nodes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import msgspec
import pyoxigraph

from estran.formats._rdf import PREFIXES, Iri, Words
from estran.formats._xml import legal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from estran.formats._rdf import Serialisation

__all__ = ["SYNTAXES", "Node", "Syntax", "document", "iri"]


class Node(NamedTuple):
    """A resource and what is said of it; types and predicates are short names of `PREFIXES`.

    Attributes:
        address: "" for a resource without one.
    """

    address: str = ""
    types: tuple[str, ...] = ()
    facts: tuple[tuple[str, Node | Iri | Words], ...] = ()


_NOT_IN_IRI = re.compile(
    r"[\x00-\x20<>\"{}|\\^`\[\]\x7f-\x9f\ue000-\uf8ff\ufdd0-\ufdef\ufff0-\uffff\U000e0000-\U0010ffff]"
)
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]")


@lru_cache(maxsize=4096)
def iri(text: str) -> str:
    """The address that a text is, with what is not allowed in it percent-encoded; "" where it is none."""
    text = text.strip()
    if text.startswith("www."):
        text = f"http://{text}"
    if not _ABSOLUTE.match(text):
        return ""
    head, mark, fragment = _LONE_PERCENT.sub("%25", text).partition("#")
    whole = _NOT_IN_IRI.sub(_encoded, f"{head}{mark}{fragment.replace('#', '%23')}")
    try:
        pyoxigraph.NamedNode(whole)
    except ValueError:
        return ""
    return whole


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def _grouped(node: Node) -> dict[str, list[Node | Iri | Words]]:
    """The facts of a node by predicate, types first."""
    found: dict[str, list[Node | Iri | Words]] = {}
    for predicate, value in node.facts:
        found.setdefault(predicate, []).append(value)
    return found


# Turtle ---------------------------------------------------------------------------------------------------

_TO_ESCAPE = re.compile(r"[\x00-\x1f\x7f\"\\]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"


def _turtle(node: Node) -> str:
    # A resource with an address is described on its own; what has none stands where it is spoken of.
    waiting, written = [node], dict[str, None]()
    for one in waiting:
        subject = f"<{one.address}>" if one.address else "[]"
        written[f"{subject}{_turtle_body(one, 4, waiting)} .\n\n"] = None
    return "".join(written)


def _turtle_body(node: Node, depth: int, waiting: list[Node]) -> str:
    lines = [f"a {', '.join(node.types)}"] if node.types else []
    for predicate, values in _grouped(node).items():
        lines.append(f"{predicate} {', '.join(_turtle_value(value, depth, waiting) for value in values)}")
    blanks = " " * depth
    return " " + f" ;\n{blanks}".join(lines)


def _turtle_value(value: Node | Iri | Words, depth: int, waiting: list[Node]) -> str:
    if isinstance(value, Words):
        quoted = f'"{_TO_ESCAPE.sub(_escaped, value.words)}"'
        return (
            f"{quoted}@{value.language}"
            if value.language
            else f"{quoted}^^{value.datatype}"
            if value.datatype
            else quoted
        )
    if isinstance(value, Iri):
        return f"<{value}>"
    if not value.address:
        return f"[{_turtle_body(value, depth + 4, waiting)} ]"
    if value.types or value.facts:
        waiting.append(value)
    return f"<{value.address}>"


# RDF/XML --------------------------------------------------------------------------------------------------


def _xml(node: Node) -> str:
    written: list[str] = []
    _xml_node(node, "  ", written)
    return "".join(written)


def _xml_node(node: Node, blanks: str, written: list[str]) -> None:
    name, *types = node.types or ("rdf:Description",)
    about = f" rdf:about={quoteattr(node.address)}" if node.address else ""
    if not types and not node.facts:
        written.append(f"{blanks}<{name}{about}/>\n")
        return
    written.append(f"{blanks}<{name}{about}>\n")
    written += (f'{blanks}  <rdf:type rdf:resource="{_full(kind)}"/>\n' for kind in types)
    for predicate, value in node.facts:
        if isinstance(value, Words):
            said = f' xml:lang="{value.language}"' if value.language else ""
            said += f' rdf:datatype="{_full(value.datatype)}"' if value.datatype else ""
            words = escape(legal(value.words), {"\r": "&#13;"})
            written.append(f"{blanks}  <{predicate}{said}>{words}</{predicate}>\n")
        elif isinstance(value, Iri):
            written.append(f"{blanks}  <{predicate} rdf:resource={quoteattr(value)}/>\n")
        else:
            written.append(f"{blanks}  <{predicate}>\n")
            _xml_node(value, f"{blanks}    ", written)
            written.append(f"{blanks}  </{predicate}>\n")
    written.append(f"{blanks}</{name}>\n")


def _full(name: str) -> str:
    prefix, _, word = name.partition(":")
    return PREFIXES[prefix] + word


# JSON-LD --------------------------------------------------------------------------------------------------


def _json(node: Node) -> str:
    return msgspec.json.format(msgspec.json.encode(_json_node(node)), indent=1).decode()


def _json_node(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {"@id": node.address} if node.address else {}
    if node.types:
        found["@type"] = node.types[0] if len(node.types) == 1 else list(node.types)
    for predicate, values in _grouped(node).items():
        listed = [_json_value(value) for value in values]
        found[predicate] = listed[0] if len(listed) == 1 else listed
    return found


def _json_value(value: Node | Iri | Words) -> Any:
    if isinstance(value, Iri):
        return {"@id": str(value)}
    if isinstance(value, Node):
        return _json_node(value)
    words = value.words.encode("utf-8", "replace").decode()
    if value.language:
        return {"@language": value.language, "@value": words}
    return {"@type": value.datatype, "@value": words} if value.datatype else words


@dataclass(frozen=True, slots=True)
class Syntax:
    """One language of RDF: how a document opens and closes, and how one tree is written between."""

    media_type: str
    opening: str
    write: Callable[[Node], str]
    between: str
    closing: str


# Those that are only read need no declaration in what is written.
_WRITTEN = {
    prefix: space
    for prefix, space in sorted(PREFIXES.items())
    if prefix not in ("schema", "time", "cnt", "owl")
}

SYNTAXES: dict[Serialisation, Syntax] = {
    "turtle": Syntax(
        media_type="text/turtle",
        opening="".join(f"@prefix {prefix}: <{space}> .\n" for prefix, space in _WRITTEN.items()) + "\n",
        write=_turtle,
        between="",
        closing="",
    ),
    "rdfxml": Syntax(
        media_type="application/rdf+xml",
        opening='<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF'
        + "".join(f'\n    xmlns:{prefix}="{space}"' for prefix, space in _WRITTEN.items())
        + ">\n",
        write=_xml,
        between="",
        closing="</rdf:RDF>\n",
    ),
    "jsonld": Syntax(
        media_type="application/ld+json",
        opening='{"@context":' + msgspec.json.encode(_WRITTEN).decode() + ',"@graph":[\n',
        write=_json,
        between=",\n",
        closing="\n]}\n",
    ),
}


def document(nodes: Iterable[Node], serialisation: Serialisation) -> Iterator[bytes]:
    """A document of these trees, in pieces: one a tree."""
    syntax = SYNTAXES[serialisation]
    before = syntax.opening
    for node in nodes:
        yield (before + syntax.write(node)).encode("utf-8", "replace")
        before = syntax.between
    yield ((before if before is syntax.opening else "") + syntax.closing).encode()

"""RDF as it comes from strangers, parsed within limits: Turtle and kin, RDF/XML and JSON-LD to one `Graph`.

Nothing is ever fetched: a remote JSON-LD context is either known here or refused. RDF/XML goes through
libxml2 first, which bounds entities and depth, and what the RDF parser then refuses is put right where the
meaning is plain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pyoxigraph
from lxml.etree import SubElement, XMLParser, XMLSyntaxError, fromstring, tostring

from estran.errors import Invalid
from estran.formats import _json, _xml
from estran.formats._rdf import PREFIXES, Blank, Graph, Iri, Words, curie

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from estran.formats import Document
    from estran.formats._rdf import Serialisation

__all__ = ["parse"]

_MOST_BYTES = 128 * 2**20
_MOST_TRIPLES = 2_000_000
_MOST_UNDECLARED = 20
_SYNTAX = {"turtle": "Turtle", "rdfxml": "RDF/XML", "jsonld": "JSON-LD", "trig": "TriG", "nquads": "N-Quads"}
_ENGINE = {
    "turtle": pyoxigraph.RdfFormat.TURTLE,
    "rdfxml": pyoxigraph.RdfFormat.RDF_XML,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
    "trig": pyoxigraph.RdfFormat.TRIG,
    "nquads": pyoxigraph.RdfFormat.N_QUADS,
}
_UNDECLARED = re.compile(r"The prefix ([\w.-]*): has not been declared")
_RDF = "{" + PREFIXES["rdf"] + "}"
_DCAT = "{" + PREFIXES["dcat"] + "}"
_LABEL = "{" + PREFIXES["rdfs"] + "}label"
_SYNTAX_ATTRIBUTES = frozenset({f"{_RDF}resource", f"{_RDF}datatype", f"{_RDF}nodeID"})
# Internal entities are expanded, as OWL editors declare namespaces with them; libxml2 stops bombs.
_WITH_ENTITIES = XMLParser(
    resolve_entities="internal",
    no_network=True,
    load_dtd=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
)


def parse(
    document: Document,
    serialisation: Serialisation,
    warnings: list[str],
    contexts: Callable[[str], dict[str, Any] | None] = lambda _: None,
) -> Graph:
    """The graph that a document holds.

    Args:
        document: its body is read.
        serialisation: in which language it is.
        warnings: where to say what had to be put right to read it.
        contexts: the JSON-LD context to use for a remote one, None for one that is not known.

    Raises:
        Invalid: it cannot be read, with the place where that is known.
    """
    if len(document.body) > _MOST_BYTES:
        raise Invalid(f"it is larger than {_MOST_BYTES >> 20} MiB; split it into pages", document.name)
    if serialisation in {"turtle", "trig", "nquads"}:
        return _turtle(document, serialisation, warnings)
    if serialisation == "rdfxml":
        return _rdfxml(document, warnings)
    return _graph(_jsonld(document, warnings, contexts), serialisation, document.name)


def _graph(body: bytes, serialisation: Serialisation, name: str, *, rename: bool = False) -> Graph:
    graph, left = Graph(), _MOST_TRIPLES
    facts = graph.facts
    try:
        # Lenient: addresses with blanks and odd language tags are common, and cleaned where they are used.
        for quad in pyoxigraph.parse(body, _ENGINE[serialisation], lenient=True, rename_blank_nodes=rename):
            term = quad.object
            if isinstance(term, pyoxigraph.Literal):
                value = Words(term.value, term.language or "", curie(term.datatype.value))
            elif isinstance(term, pyoxigraph.NamedNode):
                value = Iri(term.value)
            elif isinstance(term, pyoxigraph.BlankNode):
                value = Blank(f"_:{term.value}")
            else:
                continue
            subject = quad.subject
            key = (
                f"_:{subject.value}"
                if isinstance(subject, pyoxigraph.BlankNode)
                else str(getattr(subject, "value", ""))
            )
            facts.setdefault(key, {}).setdefault(curie(quad.predicate.value), {})[value] = None
            left -= 1
            if left < 0:
                raise Invalid(f"it holds more than {_MOST_TRIPLES:,} statements; split it into pages", name)
    except SyntaxError as error:
        raise Invalid(f"not well-formed {_SYNTAX[serialisation]}: {str(error.msg)[:300]}", name) from None
    return graph


def _turtle(document: Document, serialisation: Serialisation, warnings: list[str]) -> Graph:
    """Turtle and its kin; graphs within a document are read as one."""
    body = document.body
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            body = body.decode(encoding, "replace").encode()
            break
    for _ in range(_MOST_UNDECLARED):
        try:
            return _graph(body, serialisation, document.name)
        except Invalid as error:
            found = _UNDECLARED.search(error.why)
            if found is None:
                raise
            # One forgotten declaration should not cost the document: the prefix gets its usual address.
            prefix = found[1]
            warnings.append(f"its prefix “{prefix}:” is not declared")
            body = (
                f"@prefix {prefix}: <{PREFIXES.get(prefix, f'urn:undeclared:{prefix}:')}> . ".encode() + body
            )
    raise Invalid(f"more than {_MOST_UNDECLARED} of its prefixes are not declared", document.name)


def _rdfxml(document: Document, warnings: list[str]) -> Graph:
    root = _with_entities(document) if b"<!DOCTYPE" in document.body else _xml.parse(document, warnings)
    parts = _holding_rdf(root)
    if not parts:
        raise Invalid(
            f"its root <{_xml.local(root)}> holds no RDF; give <rdf:RDF> or a DCAT element", document.name
        )
    whole = Graph()
    for part in parts:
        try:
            graph = _graph(_bytes(part), "rdfxml", document.name, rename=True)
        except Invalid as error:
            _mend(part)
            graph = _graph(_bytes(part), "rdfxml", document.name, rename=True)
            warnings.append(f"it is not RDF/XML as the standard has it, and was put right: {error.why}"[:300])
        if len(parts) == 1:
            return graph
        for subject, said in graph.facts.items():
            held = whole.facts.setdefault(subject, {})
            for predicate, terms in said.items():
                held.setdefault(predicate, {}).update(terms)
    return whole


def _bytes(part: _Element) -> bytes:
    return tostring(part, encoding="utf-8", with_tail=False)


def _with_entities(document: Document) -> _Element:
    try:
        return fromstring(document.body, _WITH_ENTITIES)
    except XMLSyntaxError as error:
        line, column = error.position
        raise Invalid(
            f"not well-formed XML, or its entities are not acceptable, at line {line}, column {column}: {error.msg}",
            document.name,
        ) from None
    except ValueError as error:
        raise Invalid(f"it cannot be read as XML: {error}", document.name) from None


def _holding_rdf(root: _Element) -> list[_Element]:
    """The elements that hold RDF: the root, or those inside an answer of CSW, OAI-PMH and the like."""
    if root.tag == f"{_RDF}RDF" or root.tag.startswith(_DCAT):
        return [root]
    inner = list(root.iter(f"{_RDF}RDF"))
    if inner:
        return inner
    outermost = (e for e in root.iter(f"{_DCAT}*"))
    return [e for e in outermost if not any(up.tag.startswith(_DCAT) for up in e.iterancestors())]


def _mend(root: _Element) -> None:
    """Take out of RDF/XML what its grammar forbids: text beside elements, an address together with text."""
    for node in root if root.tag == f"{_RDF}RDF" else (root,):
        _mend_node(node)


def _mend_node(node: _Element) -> None:
    node.text = None
    identifier = node.get(f"{_RDF}nodeID")
    if identifier:
        node.set(f"{_RDF}nodeID", re.sub(r"[^\w-]|^(?=[\d-])", "_", identifier))
    for prop in list(node):
        prop.tail = None
        kind = prop.get(f"{_RDF}parseType")
        if kind == "Resource":
            _mend_node(prop)
        elif kind is None:
            _mend_property(node, prop)


def _mend_property(node: _Element, prop: _Element) -> None:
    if len(prop):
        prop.text = None
        for name in _SYNTAX_ATTRIBUTES & frozenset(prop.attrib):
            del prop.attrib[name]
        for child in list(prop):
            child.tail = None
            _mend_node(child)
        for extra in prop[1:]:
            again = SubElement(node, prop.tag)
            again.append(extra)
    elif (about := prop.get(f"{_RDF}resource")) and prop.text and prop.text.strip():
        words, prop.text = prop.text, None
        prop.attrib.clear()
        named = SubElement(prop, f"{_RDF}Description", {f"{_RDF}about": about})
        SubElement(named, _LABEL).text = words


def _jsonld(
    document: Document, warnings: list[str], contexts: Callable[[str], dict[str, Any] | None]
) -> bytes:
    """The document's JSON with every remote context replaced by the one that is known here."""
    tree, body = _json.decode(document, warnings)
    changed = False
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            if "@context" in part:
                local = _local_context(part["@context"], document.name, warnings, contexts)
                changed = changed or local != part["@context"]
                part["@context"] = local
            waiting.extend(part.values())
    return msgspec.json.encode(tree) if changed else body


def _local_context(
    context: Any, name: str, warnings: list[str], contexts: Callable[[str], dict[str, Any] | None]
) -> Any:
    if isinstance(context, list):
        return [_local_context(part, name, warnings, contexts) for part in context]
    if not isinstance(context, str):
        return context
    known = contexts(context)
    if known is None:
        raise Invalid(
            f"its JSON-LD context {context[:200]} is elsewhere and never fetched; write the context into the document",
            name,
        )
    warnings.append(
        f"its JSON-LD context {context[:200]} was not fetched; the usual meaning of the words was taken"
    )
    return known

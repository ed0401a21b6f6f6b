"""Vocabularies as files give them: SKOS and ontologies in RDF, lists in JSON, XML and tables.

What a document is decides how it is read; nothing is fetched, and entities and archives are bounded.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Document, _json, _xml
from estran.formats._vocabularies import lists, tables, trees
from estran.formats._vocabularies.words import stem
from estran.vocabulary import Original

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._rdf import Serialisation
    from estran.vocabulary import Reading

__all__ = ["SUFFIXES", "may_be", "read"]

_RDF_SUFFIXES: dict[str, Serialisation] = {
    ".ttl": "turtle", ".n3": "turtle", ".nt": "turtle", ".trig": "trig", ".nq": "nquads", ".jsonld": "jsonld",
}  # fmt: skip
_TABLES = (".csv", ".tsv", ".tab", ".txt")
SUFFIXES = frozenset(
    {*_RDF_SUFFIXES, *_TABLES, ".rdf", ".owl", ".xml", ".json", ".mef", ".zip", ".gz", ".skos"}
)
"""Endings of the files that may hold a vocabulary."""

_MOST_BYTES = 128 << 20
_MOST_MEMBERS = 200
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def may_be(name: str, head: bytes) -> bool:
    """Whether a file may hold a vocabulary, by its first bytes: false only where reading it is no use."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] != b"<" or name.lower().endswith((*_RDF_SUFFIXES,)):
        return True
    return b"22-rdf-syntax-ns#" in head or _xml.root_name(head)[1] in {"RDF", "", *lists.ROOTS}


def read(name: str, body: bytes, *, certain: bool = False) -> Iterator[tuple[Reading, Original]]:
    """The vocabularies of a file, each with the document that it came as.

    Args:
        name: of the file; its ending helps where the content leaves a choice.
        body: its bytes; gzip and zip (MEF) are opened.
        certain: take only what can be nothing else: no tables and lists that may as well be data.

    Raises:
        Invalid: it holds none, with the place and the reason.
    """
    if body.startswith(b"\x1f\x8b"):
        body, name = _unzipped(name, body), name.removesuffix(".gz")
    if body.startswith(b"PK\x03\x04"):
        yield from _members(name, body, certain=certain)
        return
    if len(body) > _MOST_BYTES:
        raise Invalid(f"it is larger than {_MOST_BYTES >> 20} MiB, which is more than a vocabulary", name)
    try:
        found, form = _readings(name, body, certain=certain)
    except RecursionError:
        raise Invalid("it is nested too deeply to be a vocabulary", name) from None
    for reading in found:
        yield reading, Original(name=name.replace("\\", "/").rsplit("/", 1)[-1], format=form, body=body)


def _readings(name: str, body: bytes, *, certain: bool) -> tuple[list[Reading], str]:
    suffix = next((ending for ending in (*_RDF_SUFFIXES, *_TABLES) if name.lower().endswith(ending)), "")
    head = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<" and suffix not in _RDF_SUFFIXES:
        return _of_xml(name, body)
    if head[:1] in (b"{", b"[") and suffix not in (".ttl", ".n3", ".trig"):
        return _of_json(name, body, certain=certain)
    if name.lower().endswith((".yaml", ".yml")):
        raise Invalid("it is YAML, which is not read; give SKOS, JSON or a table", name)
    if suffix in _TABLES:
        return [tables.reading(body, name, certain=certain)], ""
    form = _RDF_SUFFIXES.get(suffix, "turtle")
    return _of_rdf(name, body, form), form


def _of_rdf(name: str, body: bytes, form: Serialisation, title: str = "") -> list[Reading]:
    warnings: list[str] = []
    if form != "rdfxml" and not body.startswith(_BOMS):
        body = _in_utf8(body, warnings)
    # Load the RDF library, which an idle worker does not need.
    from estran.formats._rdf_parse import parse  # noqa: PLC0415
    from estran.formats._vocabularies import skos  # noqa: PLC0415

    graph = parse(Document(name, body), form, warnings)
    return skos.readings(graph, stem(name), title, warnings)


def _in_utf8(body: bytes, warnings: list[str]) -> bytes:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        warnings.append("it is not in UTF-8; it was read as Windows-1252")
        return body.decode("cp1252", "replace").encode()
    return body


def _of_xml(name: str, body: bytes) -> tuple[list[Reading], str]:
    local = _xml.root_name(body[:65536])[1]
    if local in ("RDF", "") or b"22-rdf-syntax-ns#" in body[:65536]:
        return _of_rdf(name, body, "rdfxml"), "rdfxml"
    return [lists.reading(_xml.parse(Document(name, body)), name)], ""


def _of_json(name: str, body: bytes, *, certain: bool) -> tuple[list[Reading], str]:
    tree, _ = _json.decode(Document(name, body))
    inner, title = _graph_within(tree)
    if inner is not None:
        return _of_rdf(name, msgspec.json.encode(inner), "jsonld", title), "jsonld" if inner is tree else ""
    return [trees.reading(tree, name, certain=certain)], ""


def _graph_within(tree: Any) -> tuple[Any, str]:
    """The JSON-LD of a document, and what it is called around it; None where there is none."""
    title = ""
    for _ in range(3):
        first = tree[0] if isinstance(tree, list) and tree else tree
        if isinstance(first, dict) and ({"@graph", "@context"} & first.keys() or "@id" in first):
            return tree, title
        if not isinstance(tree, dict):
            return None, ""
        title = _json.text(tree.get("long_name") or tree.get("title")) or title
        tree = tree.get("data")
    return None, ""


def _unzipped(name: str, body: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(body)) as file:
            found = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Invalid(f"its gzip compression is damaged: {error}", name) from None
    if len(found) > _MOST_BYTES:
        raise Invalid(
            f"it unpacks to more than {_MOST_BYTES >> 20} MiB, which is more than a vocabulary", name
        )
    return found


def _members(name: str, body: bytes, *, certain: bool) -> Iterator[tuple[Reading, Original]]:
    """The vocabularies in an archive; what is none of its members is passed over, if one of them is."""
    reasons: list[str] = []
    some, left = False, _MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                if member.is_dir() or not member.filename.lower().endswith(
                    tuple(SUFFIXES - {".zip", ".mef", ".gz"})
                ):
                    continue
                with archive.open(member) as file:
                    held = file.read(left + 1)
                left -= len(held)
                if left < 0:
                    raise Invalid(f"it unpacks to more than {_MOST_BYTES >> 20} MiB", name)
                inner = member.filename
                # GeoNetwork calls every document of a MEF the same.
                called = f"{stem(name)}.xml" if inner.endswith("metadata.xml") else inner
                try:
                    for found in read(called, held, certain=certain):
                        some = True
                        yield found
                except Invalid as error:
                    reasons.append(f"{inner}: {error.why}")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise Invalid(f"the archive is damaged: {error}", name) from None
    if not some:
        raise Invalid(
            f"no vocabulary is in the archive ({'; '.join(reasons[:3]) or 'nothing that may be one'})", name
        )

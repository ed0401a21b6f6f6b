"""DCAT-AP 3 and GeoDCAT-AP 3, read and written as JSON-LD, RDF/XML and Turtle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.formats import Format, Written, _rdf_parse, _xml
from estran.formats._dcat import context, read, write
from estran.formats._dcat.unsaid import unsaid
from estran.formats._json import outline
from estran.formats._rdf import Iri, Words
from estran.formats._rdf_write import SYNTAXES, Node, document, iri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from estran.formats import Document, Links, Refusal
    from estran.formats._rdf import Serialisation
    from estran.model import Record

__all__ = ["FORMAT_JSONLD", "FORMAT_RDFXML", "FORMAT_TURTLE", "catalogue_page"]

_NAMESPACE = b"www.w3.org/ns/dcat"
_KEYWORDS = frozenset(("@context", "@graph", "@id", "@type"))
_LISTED = {"dcat:DataService": "dcat:service", "dcat:Resource": "dcat:resource"}
_SAYS_DCAT, _SAYS_RDF = 0.85, 0.3
_TURTLE = re.compile(
    rb"^\s*(?:#[^\n]*\n\s*)*(?:@prefix|@base|prefix\s|base\s|<[a-z]+:[^>\s]*>\s+(?:a|<)|_:\w+\s)",
    re.IGNORECASE,
)


def _reader(serialisation: Serialisation) -> Callable[[Document], Iterator[Record | Refusal]]:
    def read_dcat(document: Document) -> Iterator[Record | Refusal]:
        warnings: list[str] = []
        graph = _rdf_parse.parse(document, serialisation, warnings, context.known)
        return read.records(graph, document, warnings)

    return read_dcat


def _writer(serialisation: Serialisation) -> Callable[[Record, Links], Written]:
    def write_dcat(record: Record, links: Links) -> Written:
        body = b"".join(document(write.nodes(record, links), serialisation))
        return Written(body, SYNTAXES[serialisation].media_type, unsaid(record))

    return write_dcat


def _is_turtle(head: bytes, name: str) -> float:
    if not _TURTLE.match(head.removeprefix(b"\xef\xbb\xbf")) and not name.lower().endswith(
        (".ttl", ".nt", ".n3")
    ):
        return 0.0
    return _SAYS_DCAT if _NAMESPACE in head else _SAYS_RDF


def _is_rdfxml(head: bytes, _name: str) -> float:
    namespace, root = _xml.root_name(head)
    if not root or b"xmlns" not in head:
        return 0.0
    if "www.w3.org/ns/dcat" in namespace:
        return 1.0
    if root == "RDF" or (b"rdf-syntax-ns#" in head and _NAMESPACE in head):
        return _SAYS_DCAT if _NAMESPACE in head else _SAYS_RDF
    return 0.0


def _is_jsonld(head: bytes, _name: str) -> float:
    members = outline(head)
    if not any(path.rpartition(".")[2] in _KEYWORDS for path in members):
        return 0.0
    types = " ".join(value for path, value in members.items() if path.endswith("@type"))
    if "dcat" in types or context.known(members.get("@context", "")):
        return 0.95
    return _SAYS_DCAT if _NAMESPACE in head else _SAYS_RDF


FORMAT_JSONLD = Format(
    name="dcat-jsonld",
    title="DCAT-AP in JSON-LD",
    media_types=("application/ld+json",),
    recognise=_is_jsonld,
    read=_reader("jsonld"),
    write=_writer("jsonld"),
    suffix=".jsonld",
)
FORMAT_RDFXML = Format(
    name="dcat-rdfxml",
    title="DCAT-AP in RDF/XML",
    media_types=("application/rdf+xml",),
    recognise=_is_rdfxml,
    read=_reader("rdfxml"),
    write=_writer("rdfxml"),
    suffix=".rdf",
)
FORMAT_TURTLE = Format(
    name="dcat-turtle",
    title="DCAT-AP in Turtle",
    media_types=("text/turtle",),
    recognise=_is_turtle,
    read=_reader("turtle"),
    write=_writer("turtle"),
    suffix=".ttl",
)


def catalogue_page(
    records: Iterable[Record],
    links: Links,
    *,
    serialisation: Serialisation,
    title: str,
    description: str = "",
    address: str = "",
    next_url: str = "",
    first_url: str = "",
) -> Iterator[bytes]:
    """One page of a catalogue, streamed record by record.

    Harvesters follow the paging of Hydra, which is said in both of its vocabularies.

    Args:
        records: those of this page; they are taken one at a time.
        links: addresses on the node that publishes.
        serialisation: "turtle", "rdfxml" or "jsonld".
        title: of the catalogue.
        description: of the catalogue; the title stands in.
        address: of the catalogue; ``/dcat`` on the node if it is "".
        next_url: address of the next page, "" on the last.
        first_url: address of the first page.
    """
    catalogue = iri(address or f"{links.base}/dcat")
    return document(
        _page(records, links, catalogue, (title, description or title), (first_url, next_url)), serialisation
    )


def _page(
    records: Iterable[Record], links: Links, catalogue: str, said: tuple[str, str], pages: tuple[str, str]
) -> Iterator[Node]:
    title, description = said
    publisher = Node("", ("foaf:Organization", "foaf:Agent"), (("foaf:name", Words(links.publisher)),))
    yield Node(
        catalogue,
        ("dcat:Catalog",),
        (
            ("dct:title", Words(title)),
            ("dct:description", Words(description)),
            ("dct:publisher", publisher),
            ("foaf:homepage", Node(iri(links.base) or catalogue, ("foaf:Document",))),
        ),
    )
    first, following = (iri(page) for page in pages)
    if first or following:
        yield _paging(first, following)
    for record in records:
        resource, entry = write.nodes(record, links)
        yield Node(
            catalogue,
            ("dcat:Catalog",),
            (
                (_LISTED.get(resource.types[-1], "dcat:dataset"), Iri(resource.address)),
                ("dcat:record", Iri(entry.address)),
            ),
        )
        yield resource
        yield entry


def _paging(first: str, following: str) -> Node:
    # Each vocabulary of paging has its harvesters: PagedCollection those of CKAN, the view those of udata.
    links = (
        ("hydra:first", first),
        ("hydra:firstPage", first),
        ("hydra:next", following),
        ("hydra:nextPage", following),
    )
    return Node(
        "",
        ("hydra:PagedCollection", "hydra:PartialCollectionView"),
        tuple((predicate, Iri(page)) for predicate, page in links if page),
    )

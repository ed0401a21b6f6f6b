"""DCAT catalogues in RDF/XML, Turtle or JSON-LD: pages of one graph, cut into a document a resource.

Pages follow Hydra's next page, in either of its vocabularies, or a Link header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin

from estran.catalogue.harvesters import Found, Harvester, Mark, Missed, Total
from estran.catalogue.harvesters._paging import next_in_header
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.formats import Document, _rdf_parse, _xml
from estran.formats._dcat import context, cut
from estran.formats._json import outline, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.fetching import Reply
    from estran.formats._rdf import Graph, Serialisation

__all__ = ["HARVESTER"]

_ACCEPT: dict[str, str] = {
    "turtle": "text/turtle",
    "rdfxml": "application/rdf+xml",
    "jsonld": "application/ld+json",
}
_ANY = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1"
_SPOKEN: dict[str, Serialisation] = {
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "text/n3": "turtle",
    "text/rdf+n3": "turtle",
    "application/n-triples": "turtle",
    "application/rdf+xml": "rdfxml",
    "application/ld+json": "jsonld",
}
_NEXT = ("hydra:next", "hydra:nextPage")
_MOST_NAMES, _MOST_UNSAID = 1_000_000, 1000
_TURTLE = re.compile(
    rb"\s*(?:#[^\n]*\n\s*)*(?:@prefix|@base|prefix\s|base\s|<[a-z]+:[^>\s]*>\s)", re.IGNORECASE
)


class _Page(NamedTuple):
    """A page: what it says, and the address of the next, "" for none."""

    graph: Graph
    following: str
    is_first: bool


def _changes(visit: Visit) -> Iterator[Event]:
    form = visit.source.options.get("format", "")
    if form and form not in _ACCEPT:
        raise Invalid(f"“{form[:40]}” is none of {', '.join(_ACCEPT)}", "options")
    listed, described, announced, whole_visit = set[str](), set[str](), -1, False
    for page in _pages(visit, _ACCEPT.get(form, _ANY)):
        if isinstance(page, Missed):
            yield page
            continue
        whole_visit = whole_visit or page.is_first
        announced = max(announced, _announced(page.graph))
        if len(listed) < _MOST_NAMES:
            listed.update(cut.listed(page.graph))
            described |= cut.named(page.graph)
        for one in cut.cuts(page.graph):
            yield Found(one.key, Document(f"{one.key[:200]}.ttl", one.body), one.stamp)
        if page.following:
            yield Mark({"url": page.following})
    if announced >= 0:
        yield Total(announced)
    # After a cut, what the earlier pages described is not known here.
    unsaid = sorted(listed - described) if whole_visit else []
    for name in unsaid[:_MOST_UNSAID]:
        yield Missed(name, "the catalogue lists it and describes it on none of its pages")
    if more := unsaid[_MOST_UNSAID:]:
        yield Missed(visit.source.url, f"{len(more)} more are listed and described on none of its pages")


def _pages(visit: Visit, accept: str) -> Iterator[_Page | Missed]:
    """The pages from where a visit stands to the last."""
    start = visit.source.url
    url, asked = text((visit.position or {}).get("url")) or start, set[str]()
    while url:
        try:
            page = _page(visit, url, accept, is_first=url == start)
        except NotAllowed as error:
            if not asked:
                raise
            yield Missed(url, f"the next page may not be asked for: {error}")
            return
        except Unavailable:
            if asked or url == start:
                raise
            # A server may forget the pages it gave out: then they are read from the first one again.
            url = start
            continue
        asked.add(url)
        if page.following in asked:
            yield page._replace(following="")
            yield Missed(url, "the next page is one that was read already; the rest cannot be reached")
            return
        yield page
        url = page.following


def _page(visit: Visit, url: str, accept: str, *, is_first: bool) -> _Page:
    """A page, asked for again where it cannot be read: some are cut short when a server is busy."""
    for last in (False, True):
        try:
            reply = visit.fetcher.get(url, accept=accept)
            graph = _rdf_parse.parse(
                Document(reply.url, reply.body), _serialisation(reply), [], context.known
            )
        except Invalid as error:
            if last and is_first:
                raise
            if last:
                raise Unavailable(f"the page {url} cannot be read: {error}", 60.0) from error
        else:
            return _Page(graph, _following(graph, reply, url), is_first)
    raise AssertionError  # pragma: no cover - the loop returns or raises


def _serialisation(reply: Reply) -> Serialisation:
    """In which of its languages a graph came: as it says, else as it looks."""
    head = reply.body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:200].lower().startswith((b"<!doctype html", b"<html")):
        raise Invalid("it gives a web page where RDF is expected; check the address", reply.url)
    if reply.media_type in _SPOKEN:
        return _SPOKEN[reply.media_type]
    if head.startswith((b"{", b"[")):
        return "jsonld"
    if _TURTLE.match(head):
        return "turtle"
    if head.startswith(b"<"):
        return "rdfxml"
    raise Invalid("it is neither Turtle nor RDF/XML nor JSON-LD; check the address", reply.url)


def _following(graph: Graph, reply: Reply, asked: str) -> str:
    """The next page: a graph may describe the pages around it too, and each names its next."""
    named: dict[str, str] = {}
    for subject, said in graph.facts.items():
        for predicate in _NEXT:
            for term in said.get(predicate, ()):
                target = str(getattr(term, "words", term))
                if target and not target.startswith("_:"):
                    named.setdefault(subject, urljoin(reply.url, target))
    own = named.get(asked) or named.get(reply.url)
    return own or next(iter(named.values()), "") or next_in_header(reply.headers.get("link", ""), reply.url)


def _announced(graph: Graph) -> int:
    said = (term for facts in graph.facts.values() for term in facts.get("hydra:totalItems", ()))
    return max((whole(getattr(term, "words", "")) for term in said), default=-1)


def _recognise(_url: str, body: bytes) -> float:
    head = body[:20_000]
    if b"www.w3.org/ns/dcat" not in head and b"project-open-data" not in head:
        return 0.0
    namespace, root = _xml.root_name(head[:4096])
    if root:
        return 0.9 if root == "RDF" or "dcat" in namespace else 0.0
    if _TURTLE.match(head):
        return 0.9
    return 0.8 if any(path.endswith(("@type", "@context", "@id")) for path in outline(head[:4096])) else 0.0


HARVESTER = Harvester(
    name="dcat",
    title="DCAT catalogue",
    changes=_changes,
    options={"format": "turtle, rdfxml or jsonld, to ask the server for that; any of them if it is not said"},
    incremental=False,
    tells_gone="listed",
    recognise=_recognise,
)

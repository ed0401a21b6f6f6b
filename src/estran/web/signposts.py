"""FAIR Signposting: typed links that lead machines from a record's page to its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from estran.web.negotiation import HTML

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Links
    from estran.model import Record

LINKSET = "application/linkset+json"
# A header must stay small: further ones stand in the linkset.
_MOST_IN_HEADER = 20
_LONGEST_IN_HEADER = 6000
TWINS = {
    "json": ("application/geo+json", "http://www.opengis.net/def/profile/OGC/0/ogc-record"),
    "xml": ("application/xml", "http://standards.iso.org/iso/19115/-3/mdb/2.0"),
    "jsonld": ("application/ld+json", "https://schema.org/"),
    "ttl": ("text/turtle", "http://www.w3.org/ns/dcat#"),
}
"""Suffix of each twin -> its media type and the standard that it follows."""
_SCHEMA_TYPES = {
    "dataset": "Dataset", "collection": "Dataset", "item": "Dataset", "image": "ImageObject",
    "service": "WebAPI", "software": "SoftwareSourceCode", "model": "SoftwareSourceCode",
    "publication": "ScholarlyArticle", "event": "Event", "project": "Project",
}  # fmt: skip


class Signpost(NamedTuple):
    """One typed link of a record's page."""

    rel: str
    href: str
    type: str = ""
    profile: str = ""


def of(record: Record, links: Links) -> tuple[Signpost, ...]:
    """The links of a record's page, those first that matter most."""
    listed = [
        Signpost("cite-as", f"https://doi.org/{quote(record.doi)}" if record.doi else links.page(record.id)),
        Signpost("type", "https://schema.org/AboutPage"),
        Signpost("type", f"https://schema.org/{_SCHEMA_TYPES.get(record.kind, 'CreativeWork')}"),
        *(
            Signpost("describedby", links.twin(record.id, suffix), *described)
            for suffix, described in TWINS.items()
        ),
        Signpost("linkset", f"{links.page(record.id)}/linkset.json", LINKSET),
        *_licences(record),
        *(
            Signpost("author", p.identifier)
            for p in record.of_role("author", "coAuthor")
            if _leads(p.identifier)
        ),
        *(
            Signpost("collection", r.target)
            for r in record.relations
            if r.kind == "IsPartOf" and _leads(r.target)
        ),
        *(
            Signpost("item", d.url, d.media_type)
            for d in record.distributions
            if d.function == "download" and _leads(d.url)
        ),
    ]
    return tuple(dict.fromkeys(listed))


def _licences(record: Record) -> Iterator[Signpost]:
    for licence in record.licences:
        if _leads(licence.uri):
            yield Signpost("license", licence.uri)
        elif licence.spdx:
            yield Signpost("license", f"https://spdx.org/licenses/{quote(licence.spdx)}")


def _leads(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def for_header(signposts: tuple[Signpost, ...]) -> list[dict[str, str]]:
    """As many of them as a header may carry."""
    kept: list[dict[str, str]] = []
    length = 0
    counted: dict[str, int] = {}
    for one in signposts:
        length += len(one.href) + 60
        counted[one.rel] = counted.get(one.rel, 0) + 1
        if counted[one.rel] <= _MOST_IN_HEADER and length <= _LONGEST_IN_HEADER:
            kept.append(one._asdict())
    return kept


def describes(record: Record, links: Links) -> list[dict[str, str]]:
    """The links of a record's twin, back to its page."""
    return [
        {"rel": "describes", "href": links.page(record.id), "type": HTML},
        {"rel": "linkset", "href": f"{links.page(record.id)}/linkset.json", "type": LINKSET},
    ]


def linkset(record: Record, links: Links) -> dict[str, Any]:
    """All links of a record's page and of its twins (RFC 9264)."""
    page: dict[str, Any] = {"anchor": links.page(record.id)}
    for one in of(record, links):
        if one.rel != "linkset":
            target: dict[str, Any] = {"href": one.href}
            target |= {"type": one.type} if one.type else {}
            target |= {"profile": [one.profile]} if one.profile else {}
            page.setdefault(one.rel, []).append(target)
    twins = [
        {
            "anchor": links.twin(record.id, suffix),
            "describes": [{"href": links.page(record.id), "type": HTML}],
        }
        for suffix in TWINS
    ]
    return {"linkset": [page, *twins]}

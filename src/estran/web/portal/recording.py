"""The page of one record: the values that its templates print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from estran import formats
from estran.catalogue.query import Query
from estran.catalogue.resources import landing
from estran.web import signposts
from estran.web.portal.items import Teaser, teaser
from estran.web.portal.link_pages import Mark, marks
from estran.web.portal.snippets import Snippet, snippets
from estran.web.portal.together import Together, together
from estran.web.portal.views import Card, Viewer, doi_link, link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.formats import Links, Loss
    from estran.model import Concept, Distribution, Record, Relation, Vertical
    from estran.node import Node
    from estran.vocabulary import Entry
    from estran.web.datasets import Asked
    from estran.web.portal.i18n import Words
    from estran.web.signposts import Signpost

CITATIONS = ("bibtex", "ris", "csl-json", "citation-text", "citation-rtf", "citation-xlsx")
_FUNCTIONS = ("download", "service", "order", "search", "", "information", "offline", "metadata")
_SIDE = ("thumbnail",)
_FIELD_OF = {
    "theme": "theme", "topic": "topic", "variable": "variable", "platform": "platform", "discipline": "theme",
    "instrument": "instrument", "project": "project", "level": "level", "infrastructure": "project",
    "place": "place",
}  # fmt: skip
_ROLE_ORDER = (
    "theme", "topic", "discipline", "variable", "platform", "instrument", "project", "infrastructure", "level",
    "place", "time", "stratum", "taxon", "keyword",
)  # fmt: skip
_NO_MARK = ("", "", None)
_MOST_RELATIONS = 100
_MOST_BOXES = 20


@dataclass(frozen=True, kw_only=True)
class File:
    """A distribution; href is "" where a browser should not open its address.

    Attributes:
        way: what it is: a file, a service of a standard; use: what can be done with it.
        mark: whether it works, None where nobody asked.
    """

    title: str
    url: str
    href: str
    function: str
    format: str = ""
    size: str = ""
    description: str = ""
    tongue: str = ""
    name: str = ""
    checksum: str = ""
    is_download: bool = False
    way: str = ""
    use: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, kw_only=True)
class Tie:
    """A relation; here says that its target is on this node."""

    kind: str
    title: str
    href: str = ""
    here: bool = False


@dataclass(frozen=True, kw_only=True)
class Form:
    """The record in a standard, to download."""

    name: str
    title: str
    href: str
    media_type: str = ""
    detail: str = ""
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """What the page of a record shows besides the record's own fields.

    Attributes:
        meanings: standard names of its variables -> what the node's vocabularies say of them.
        items: the way to its items, None where it has none.
        together: the other records of the same dataset.
    """

    card: Card
    address: str
    facts: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    extent: tuple[tuple[str, str], ...]
    concepts: tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...]
    meanings: dict[str, Entry]
    boxes: str
    files: tuple[File, ...]
    landing: str
    landing_mark: Mark | None
    relations: tuple[Tie, ...]
    snippets: tuple[Snippet, ...]
    citation: str
    citations: tuple[Form, ...]
    formats: tuple[Form, ...]
    originals: tuple[Form, ...]
    signposts: tuple[Signpost, ...]
    json_ld: str
    items: Teaser | None
    together: Together


def record_view(node: Node, found: Asked, viewer: Viewer, links: Links) -> RecordView:
    """All that the page of a record shows."""
    record = found.record
    w, card = viewer.words, viewer.card(record)
    forms, written = _forms(record, links)
    items = teaser(node, record, w, links)
    known = marks(node.link_checks.of(record), w)
    files = tuple(_file(d, w, known) for d in _sorted(record.distributions))
    relations = _relations(node, record.relations[:_MOST_RELATIONS], w)
    extent = _extent(record, viewer)
    return RecordView(
        card=card, address=links.page(record.id), facts=_facts(record, card, w),
        sections=_sections(
            record, extent=bool(extent or record.extent.boxes), tied=bool(relations),
            alike=len(found.whole.members) > 1,
        ),
        rows=_rows(record, viewer), extent=extent,
        concepts=_concepts(record.concepts, w),
        meanings=node.vocabulary.lookup(x.standard_name for x in record.variables),
        boxes=json.dumps([[b.west, b.south, b.east + 360 * b.crosses, b.north] for b in record.extent.boxes]),
        files=files, landing=link(record.landing_page), landing_mark=known.get(landing(record), _NO_MARK)[2],
        relations=relations,
        snippets=(*((items.snippet,) if items else ()), *snippets(record, links, w)),
        citation=written["citation-text"].decode().strip() if "citation-text" in written else w.of(record.title),
        citations=tuple(f for f in forms if f.name in CITATIONS),
        formats=tuple(f for f in forms if f.name not in CITATIONS),
        originals=_originals(node, record, w), signposts=signposts.of(record, links),
        json_ld=_embedded(written.get("schema-org", b"{}")), items=items,
        together=together(found, viewer),
    )  # fmt: skip


def _facts(record: Record, card: Card, w: Words) -> tuple[str, ...]:
    licence = next((x.spdx or w.of(x.name) for x in record.licences), "")
    doi = f"DOI {record.doi}" if record.doi else ""
    version = f"{w.text('data.version')} {record.version}" if record.version else ""
    return tuple(
        said for said in (card.kind, card.period, card.centre, card.access, licence, version, doi) if said
    )


def _sections(record: Record, *, extent: bool, tied: bool, alike: bool) -> tuple[tuple[str, str], ...]:
    """(id, key of its title) of the sections that the page has."""
    return tuple(
        (id_, key)
        for id_, key, there in (
            ("overview", "data.overview", True),
            ("extent", "data.extent", extent),
            ("people", "data.people", bool(record.parties or record.metadata_parties)),
            ("licence", "data.licence", True),
            ("relations", "data.relations", bool(tied or record.fundings or record.conformities)),
            ("files", "data.files", True),
            ("use", "data.use", True),
            ("citation", "data.citation", True),
            ("formats", "data.formats", True),
            ("warnings", "data.warnings", bool(record.warnings)),
            ("together", "data.together", alike),
        )
        if there
    )


def _rows(record: Record, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    w = viewer.words
    names = dict.fromkeys(doi_link(i.value) if i.scheme == "doi" else i.value for i in record.identifiers)
    own = record.identifier if record.identifier not in {i.value for i in record.identifiers} else ""
    said = (
        ("data.alternate", "; ".join(w.of(x) for x in record.alternate_titles)),
        ("data.version", record.version),
        ("data.status", w.label("status", record.status)),
        ("data.frequency", w.label("frequency", record.frequency)),
        ("data.representation", ", ".join(w.label("representation", x) for x in record.representation)),
        ("data.service_type", record.service_type),
        ("data.resolution", ", ".join(_resolution(record, w))),
        ("data.crs", ", ".join(record.crs)),
        ("data.language", ", ".join(w.label("tongue", x) for x in record.language)),
        ("data.created", w.date(record.created)),
        ("data.published", w.date(record.published)),
        ("data.revised", w.date(record.revised)),
        ("data.available", w.date(record.available)),
        ("data.identifiers", ", ".join(names)),
        ("data.identifier", own),
        ("data.source", record.source),
        ("data.standard", record.metadata_standard),
        ("data.metadata_date", w.date(record.metadata_date)),
        ("data.added", w.date(record.added[:10])),
        ("data.updated", w.date(record.updated[:10])),
    )
    return tuple((w.text(key), value) for key, value in said if value)


def _resolution(record: Record, w: Words) -> list[str]:
    q, t = record.quality, w.text
    said = [
        t("data.metres", n=w.number(q.distance_m)) if q.distance_m else "",
        t("data.degrees", n=w.number(q.distance_degrees)) if q.distance_degrees else "",
        t("data.scale", n=w.number(q.scale_denominator)) if q.scale_denominator else "",
        t("data.step", step=w.duration(q.step)) if q.step else "",
    ]
    return [x for x in said if x]


def _extent(record: Record, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    w, e = viewer.words, record.extent
    boxes = [viewer.box(b) for b in e.boxes[:_MOST_BOXES]] + ["…"] * (len(e.boxes) > _MOST_BOXES)
    said = (
        ("data.boxes" if len(boxes) > 1 else "data.box", "\n".join(boxes)),
        ("data.places", ", ".join(dict.fromkeys(w.of(p) for p in e.places))),
        ("data.periods", "\n".join(w.period(p) for p in e.periods)),
        ("data.vertical", "\n".join(_heights(v, w) for v in e.vertical)),
    )
    return tuple((w.text(key), value) for key, value in said if value.strip())


def _heights(v: Vertical, w: Words) -> str:
    span = w.text("data.span", start=w.number(v.minimum), end=w.number(v.maximum))
    return f"{span} {v.unit or 'm'}" + (f" ({v.crs})" if v.crs else "")


def _concepts(
    concepts: Sequence[Concept], w: Words
) -> tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...]:
    """Per role: (label, search for it, address of the concept, its language)."""
    found: list[tuple[str, tuple[tuple[str, str, str, str], ...]]] = []
    roles = [*_ROLE_ORDER, *sorted({c.role for c in concepts} - set(_ROLE_ORDER))]
    for role in roles:
        listed = {str(c.label): c for c in concepts if c.role == role and c.label}
        if listed:
            found.append((role, tuple(_concept(role, name, c, w) for name, c in listed.items())))
    return tuple(found)


def _concept(role: str, name: str, concept: Concept, w: Words) -> tuple[str, str, str, str]:
    asked = urlencode({_FIELD_OF.get(role, "keyword"): name})
    label = w.label("topic", name) if role == "topic" else w.of(concept.label)
    return label, f"/{w.language}/search?{asked}", link(concept.uri), w.tongue(concept.label)


def _sorted(distributions: Sequence[Distribution]) -> list[Distribution]:
    def rank(d: Distribution) -> int:
        return _FUNCTIONS.index(d.function) if d.function in _FUNCTIONS else len(_FUNCTIONS)

    return sorted((d for d in distributions if d.function not in _SIDE and (d.url or d.title)), key=rank)


def _file(d: Distribution, w: Words, known: dict[Distribution, tuple[str, str, Mark | None]]) -> File:
    way, use, mark = known.get(d, _NO_MARK)
    title = w.of(d.title) or d.name or d.url.rstrip("/").rpartition("/")[2] or d.url
    return File(
        title=title, url=d.url, href=link(d.url), function=w.label("function", d.function),
        format=d.format or d.media_type or d.protocol, size=w.size(d.size_bytes) if d.size_bytes >= 0 else "",
        description=w.of(d.description) if w.of(d.description) != title else "", tongue=w.tongue(d.description),
        name=d.name if d.name != title else "", checksum=d.checksum, is_download=d.function == "download",
        way=way, use=use, mark=mark,
    )  # fmt: skip


def _relations(node: Node, relations: Sequence[Relation], w: Words) -> tuple[Tie, ...]:
    targets = tuple(dict.fromkeys(r.target for r in relations if r.target))
    known = _here(node, targets, w) if targets else {}
    found: list[Tie] = []
    for r in relations:
        kind = w.label("relation", r.kind)
        title = w.of(r.title) or r.target
        if r.target in known:
            found.append(
                Tie(
                    kind=kind,
                    title=title if r.title else known[r.target][1],
                    href=known[r.target][0],
                    here=True,
                )
            )
        elif title:
            found.append(
                Tie(kind=kind, title=title, href=doi_link(r.target) if r.scheme == "doi" else link(r.target))
            )
    return tuple(found)


def _here(node: Node, targets: tuple[str, ...], w: Words) -> dict[str, tuple[str, str]]:
    """Which of these identifiers are records of this node: target -> (address, title)."""
    found = node.ask(Query(external_ids=targets, every=True, limit=_MOST_RELATIONS))
    return {
        name: (f"/{w.language}/data/{record.id}", w.of(record.title) or name)
        for record in found
        for name in (record.identifier, *(i.value for i in record.identifiers))
        if name in targets
    }


def _forms(record: Record, links: Links) -> tuple[list[Form], dict[str, bytes]]:
    """The record in every format that writes, and the bodies that the page itself shows."""
    forms: list[Form] = []
    bodies: dict[str, bytes] = {}
    for form in formats.every():
        name = form.name
        if form.write is None:
            continue
        written = form.write(record, links)
        bodies[name] = written.body
        forms.append(
            Form(
                name=name,
                title=form.title,
                href=f"/data/{record.id}/formats/{name}",
                media_type=form.media_types[0],
                losses=written.losses,
            )
        )
    return forms, bodies


def _originals(node: Node, record: Record, w: Words) -> tuple[Form, ...]:
    return tuple(
        Form(
            name=o.format, title=o.name.rpartition("/")[2] or w.text("data.original"),
            href=f"/data/{record.id}/originals/{number}",
            detail=f"{formats.find(o.format).title} · {w.text('data.received', date=w.date(o.at[:10]))}",
        )
        for number, o in enumerate(node.originals(record.id))
    )  # fmt: skip


def _embedded(document: bytes) -> str:
    """JSON that may stand inside a page: no tag can begin in it."""
    text = document.decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")

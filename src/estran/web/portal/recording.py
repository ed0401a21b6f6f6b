"""The page of one record: the values that its templates print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from estran import formats
from estran.catalogue.resources import landing
from estran.web import signposts
from estran.web.portal.holding import Holding, holding
from estran.web.portal.items import Teaser, teaser
from estran.web.portal.kin import Kin, kin_of
from estran.web.portal.link_pages import Mark, marks
from estran.web.portal.reaching import Files, Get, best, file_groups, get_of, plot_of
from estran.web.portal.series_snippets import series_snippets
from estran.web.portal.snippets import Narrow, Snippet, narrowed, snippets
from estran.web.portal.together import Together, together
from estran.web.portal.views import Card, Viewer, doi_link, link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import QueryParams

    from estran.formats import Links, Loss
    from estran.model import Concept, Record, Text, Vertical
    from estran.node import Node
    from estran.vocabulary import Entry
    from estran.web.datasets import Asked
    from estran.web.portal.i18n import Words
    from estran.web.signposts import Signpost

CITATIONS = ("bibtex", "ris", "csl-json", "citation-text", "citation-rtf", "citation-xlsx", "datacite-json")
_ONLY_WITH_DOI = "datacite-json"
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
_MOST_BOXES = 20
# Of variables, people, files: enough for a page; the JSON twin has the rest. An overview names the first.
_MOST_LISTED, _FIRST = 200, 12
# Where a description came from stands apart from what it describes.
_ORIGIN = ("data.source", "data.standard", "data.metadata_date", "data.added", "data.updated")
_LATER = (
    "data.alternate",
    "data.representation",
    "data.service_type",
    "data.crs",
    "data.language",
    "data.available",
)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A variable, and the concept that it means.

    Attributes:
        label: for people, in `tongue` if not the page's; name: in the files; standard: its CF standard name.
        concept: what the node's vocabularies call it; href: the concept's page here, else its address.
        meaning: what the vocabulary says of it; now: its name today, where the record's is older.
    """

    label: str
    tongue: str = ""
    description: Text
    name: str = ""
    unit: str = ""
    standard: str = ""
    concept: str = ""
    href: str = ""
    meaning: Entry | None = None
    now: str = ""


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
        complete: whether all is shown; other: address of the other view.
        get: where the button leads that gets the data; plot: where they are drawn, "" if nowhere.
        origin: where the description came from.
        kin: its ties to other records.
        narrow: the area and the period that the lines to paste are filled with.
        items: the way to its items, None where it has none.
        holding: its datastreams, None where it has none.
        reading: lines that read its observations; snippets: those for what describes it, and for its files.
        together: the other records of the same dataset.
        most: so many of a kind are listed.
    """

    card: Card
    address: str
    complete: bool
    other: str
    get: Get | None
    plot: str
    facts: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str], ...]
    origin: tuple[tuple[str, str], ...]
    extent: tuple[tuple[str, str], ...]
    concepts: tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...]
    variables: tuple[Named, ...]
    boxes: str
    files: tuple[Files, ...]
    landing: str
    landing_mark: Mark | None
    kin: Kin
    narrow: Narrow
    reading: tuple[Snippet, ...]
    snippets: tuple[Snippet, ...]
    citation: str
    citations: tuple[Form, ...]
    formats: tuple[Form, ...]
    originals: tuple[Form, ...]
    signposts: tuple[Signpost, ...]
    json_ld: str
    items: Teaser | None
    holding: Holding | None
    together: Together
    most: int


def record_view(node: Node, found: Asked, viewer: Viewer, links: Links, params: QueryParams) -> RecordView:
    """All that the page of a record shows, as its address asks for it."""
    record = found.record
    w, card = viewer.words, viewer.card(record)
    complete = params.get("view") == "complete"
    forms, written = _forms(record, links)
    items, held = teaser(node, record, w, links), holding(node, record, w)
    known = marks(node.link_checks.of(record), w)
    files = file_groups(record.distributions, known, w)
    page, mark = link(record.landing_page), known.get(landing(record), _NO_MARK)[2]
    kin, extent, narrow = kin_of(node, record, w), _extent(record, viewer), narrowed(record, params)
    rows = _rows(record, viewer)
    return RecordView(
        card=card, address=links.page(record.id), complete=complete, other=_other(record, params, w),
        get=_get(get_of(record, files, items, (page, mark), w), held, w),
        plot=held.plot if held else plot_of(record), facts=_facts(record, card, w),
        sections=_sections(
            record, complete=complete, extent=bool(extent or record.extent.boxes), observed=held is not None,
            tied=bool(kin.ties or kin.alike), alike=len(found.whole.members) > 1,
        ),
        rows=tuple(
            (w.text(key), value) for key, value in rows
            if value and key not in _ORIGIN and (complete or key not in _LATER)
        ),
        origin=tuple((w.text(key), value) for key, value in rows if value and key in _ORIGIN), extent=extent,
        concepts=_concepts(record.concepts, w), variables=_variables(node, record, w),
        boxes=json.dumps([[b.west, b.south, b.east + 360 * b.crosses, b.north] for b in record.extent.boxes]),
        files=files, landing=page, landing_mark=mark, kin=kin, narrow=narrow,
        reading=tuple(series_snippets(record, node.observations.overview, links, w, narrow)) if held else (),
        snippets=(*((items.snippet,) if items else ()), *snippets(record, links, w, narrow, best(files))),
        citation=written["citation-text"].decode().strip() if "citation-text" in written else w.of(record.title),
        citations=tuple(f for f in forms if f.name in CITATIONS and (record.doi or f.name != _ONLY_WITH_DOI)),
        formats=tuple(f for f in forms if f.name not in CITATIONS or f.name == _ONLY_WITH_DOI),
        originals=_originals(node, record, w), signposts=signposts.of(record, links),
        json_ld=_embedded(written.get("schema-org", b"{}")), items=items, holding=held,
        together=together(found, viewer), most=_MOST_LISTED if complete else _FIRST,
    )  # fmt: skip


def _get(found: Get | None, held: Holding | None, w: Words) -> Get | None:
    """What the button leads to: series of this node before the pages of others, where there is no file."""
    if held is None or (found is not None and (found.is_file or found.href.startswith("/"))):
        return found
    return Get(href=held.plot, said=w.count("series.lead", held.total))


def _other(record: Record, params: QueryParams, w: Words) -> str:
    """The address of the other view."""
    kept = [(name, value) for name, value in params.multi_items() if name != "view"]
    asked = [*kept, *([] if params.get("view") == "complete" else [("view", "complete")])]
    return f"/{w.language}/data/{record.id}{'?' if asked else ''}{urlencode(asked, safe=',:/')}"


def _facts(record: Record, card: Card, w: Words) -> tuple[str, ...]:
    licence = next((x.spdx or w.of(x.name) for x in record.licences), "")
    doi = f"DOI {record.doi}" if record.doi else ""
    version = f"{w.text('data.version')} {record.version}" if record.version else ""
    return tuple(
        said for said in (card.kind, card.period, card.centre, card.access, licence, version, doi) if said
    )


def _sections(
    record: Record, *, complete: bool, extent: bool, observed: bool, tied: bool, alike: bool
) -> tuple[tuple[str, str], ...]:
    """(id, key of its title) of the sections that the page has."""
    return tuple(
        (id_, key)
        for id_, key, there in (
            ("overview", "data.overview", True),
            ("variables", "data.variables", bool(record.variables)),
            ("datastreams", "series.of_record", observed),
            ("extent", "data.extent", extent),
            ("files", "data.files", True),
            ("use", "data.use", True),
            ("citation", "data.citation", True),
            ("people", "data.people", bool(record.parties or record.metadata_parties)),
            ("licence", "data.licence", True),
            ("relations", "data.relations", bool(tied or record.fundings or record.conformities)),
            ("provenance", "data.provenance", True),
            ("formats", "data.formats", complete),
            ("warnings", "data.warnings", complete and bool(record.warnings)),
            ("together", "data.together", alike),
        )
        if there
    )


def _rows(record: Record, viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """(key of what it is, value) of the plain facts, those that are not there too."""
    w = viewer.words
    names = dict.fromkeys(doi_link(i.value) if i.scheme == "doi" else i.value for i in record.identifiers)
    own = record.identifier if record.identifier not in {i.value for i in record.identifiers} else ""
    return (
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


def _variables(node: Node, record: Record, w: Words) -> tuple[Named, ...]:
    """The variables with the concepts that they mean, as far as the node's vocabularies know these."""
    listed = record.variables[:_MOST_LISTED]
    by_name = node.vocabulary.lookup(x.standard_name for x in listed)
    by_uri = node.vocabulary.entries(x.uri for x in listed)
    found: list[Named] = []
    for x in listed:
        meaning = by_uri.get(x.uri) or by_name.get(x.standard_name)
        here = (
            f"/{w.language}/vocabulary/{quote(meaning.scheme)}/{quote(meaning.local)}"
            if meaning and meaning.local
            else ""
        )
        now = (
            meaning.name if meaning and x.standard_name in by_name and meaning.name != x.standard_name else ""
        )
        found.append(
            Named(
                label=w.of(x.label) or x.name or x.standard_name.replace("_", " "), tongue=w.tongue(x.label) if x.label else "",
                description=x.description, name=x.name, unit=x.unit, standard=x.standard_name,
                concept=(w.of(meaning.label) or meaning.name) if meaning else "", href=here or link(x.uri),
                meaning=meaning, now=now,
            )
        )  # fmt: skip
    return tuple(found)


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

"""Ecological Metadata Language (EML) 2.0 to 2.2: datasets, citations, software and protocols; read only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format
from estran.formats._elements import Notes, all_at, at, is_said, line, lines_of
from estran.formats._eml import ENTITIES, Eml
from estran.formats._identifiers import doi, identifier
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._xml import local, namespace, parse, root_name
from estran.model import Concept, Constraint, Funding, Identifier, Licence, Record, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.formats import Document

_SPACE = "ecoinformatics.org/"
_KINDS = {"dataset": "dataset", "citation": "publication", "software": "software", "protocol": "other"}
_KEYWORD_ROLES = {
    "theme": "theme", "place": "place", "temporal": "time", "taxonomic": "taxon", "stratum": "stratum",
}  # fmt: skip
_FREQUENCIES = {"continually": "continual", "unkown": "", "unknown": "", "otherMaintenancePeriod": ""}
_REVISION = re.compile(r"^[\w-]+\.\d+\.(\d+)$")
_LICENCE_ADDRESS = re.compile(
    r"https?://[^\s<>\"')]*(?:creativecommons|opendatacommons|spdx|licence-ouverte)[^\s<>\"')]*"
)
_BIBTEX_DOI = re.compile(r"\bdoi\s*=\s*[{\"]([^}\"]+)", re.IGNORECASE)
_BIBTEX_TITLE = re.compile(r"\btitle\s*=\s*[{\"]((?:[^{}\"]|\{[^{}]*\})+)", re.IGNORECASE)
_CITATIONS = {
    "usageCitation": "IsCitedBy",
    "referencePublication": "IsDocumentedBy",
    "literatureCited": "References",
}


def _recognise(head: bytes, _name: str) -> float:
    space, name = root_name(head)
    return 1.0 if _SPACE in space and (name == "eml" or name in _KINDS) else 0.0


def _read(document: Document) -> Iterator[Record]:
    warnings: list[str] = []
    root = parse(document, warnings)
    resource = root if local(root) in _KINDS else next((one for one in root if local(one) in _KINDS), None)
    if resource is None:
        raise Invalid("it holds no dataset, citation, software or protocol; add one", document.name)
    yield _record(Eml(root, Notes(warnings)), root, resource, document.name)


def _record(reading: Eml, root: _Element, resource: _Element, name: str) -> Record:
    package = root.get("packageId", "").strip()
    names = [package] if package else []
    names += [words for words in lines_of(resource, "alternateIdentifier") if words not in names]
    title = reading.text(at(resource, "title"))
    if not title and not names:
        raise Invalid("it has neither a title nor a packageId; give it one of them", name)
    coverages = _coverages(resource)
    extent, areas = reading.extent(coverages)
    licences, constraints = _rights(reading, resource)
    files = list(dict.fromkeys(reading.files(resource)))
    revision = _REVISION.match(package)
    supplement = reading.prose(*all_at(resource, "additionalInfo"), *all_at(resource, "introduction"))
    return Record(
        identifier=names[0] if names else "",
        identifiers=tuple(dict.fromkeys(map(identifier, names))),
        kind=_KINDS[local(resource)],
        kind_label=local(resource),
        title=title,
        alternate_titles=tuple(Text.of(words) for words in lines_of(resource, "shortName")),
        abstract=reading.prose(*all_at(resource, "abstract")),
        purpose=reading.prose(*all_at(resource, "purpose")),
        supplement=_with(supplement, [*areas, *_published_in(resource)], reading.language),
        credit=reading.prose(*all_at(resource, "acknowledgements"), *all_at(resource, "project/funding")),
        lineage=_lineage(reading, resource),
        version=line(resource, "version") or (revision[1] if revision else ""),
        language=tuple(filter(None, [code(line(resource, "language"))])),
        metadata_language=reading.language,
        frequency=_frequency(resource),
        access=_access(root, resource),
        crs=tuple(dict.fromkeys(line(e) for e in resource.iter("{*}horizCoordSysName") if line(e))),
        published=reading.notes.day(resource, "pubDate"),
        revised=_revised(reading, resource),
        metadata_standard=_standard(root),
        landing_page=next((f.url for f in files if f.function == "information" and f.url), ""),
        parties=tuple(reading.parties(resource)),
        metadata_parties=tuple(
            reading.party(one, "pointOfContact") for one in all_at(resource, "metadataProvider")
        ),
        concepts=tuple(dict.fromkeys(_concepts(reading, root, resource, coverages))),
        variables=tuple(dict.fromkeys(reading.variables(resource))),
        extent=extent,
        distributions=tuple(files),
        licences=licences,
        constraints=constraints,
        relations=tuple(dict.fromkeys(_relations(resource))),
        fundings=tuple(dict.fromkeys(_fundings(resource))),
        # Last, as the notes are complete only once all else has been read.
        warnings=tuple(reading.notes),
    )


def _coverages(resource: _Element) -> list[_Element]:
    """The resource's own coverage, or that of its tables where it has none."""
    own = list(all_at(resource, "coverage"))
    return own or [c for child in resource if local(child) in ENTITIES for c in all_at(child, "coverage")]


def _with(text: Text, further: list[str], language: str) -> Text:
    """A text with paragraphs added to its original."""
    own = "\n\n".join([*filter(None, [str(text)]), *further])
    return Text(((text.language or language, own), *text.variants[1:])) if further else text


def _standard(root: _Element) -> str:
    return f"EML {namespace(root).rpartition('-')[2]}"


def _published_in(resource: _Element) -> list[str]:
    """Where a publication stands, in words: journal, volume, pages."""
    names = (
        "article",
        "book",
        "chapter",
        "editedBook",
        "report",
        "thesis",
        "conferenceProceedings",
        "manuscript",
    )
    if local(resource) != "citation":
        return []
    parts = (
        "journal",
        "bookTitle",
        "conferenceName",
        "institution",
        "volume",
        "issue",
        "pageRange",
        "publicationPlace",
    )
    held = next((found for name in names if (found := at(resource, name)) is not None), None)
    words = [] if held is None else [words for part in parts for words in lines_of(held, part)]
    return [", ".join(words)] if words else []


def _lineage(reading: Eml, resource: _Element) -> Text:
    """Methods, sampling and quality control of the resource, the steps of a protocol."""
    wanted = ("description", "samplingDescription")
    methods = [
        found
        for path in ("methods", "proceduralStep")
        for method in all_at(resource, path)
        for found in (all_at(method, "description") if path == "proceduralStep" else method.iter("{*}*"))
        if local(found) in wanted and not any(local(above) in wanted for above in found.iterancestors())
    ]
    return reading.prose(*methods)


def _frequency(resource: _Element) -> str:
    words = line(resource, "maintenance/maintenanceUpdateFrequency")
    return _FREQUENCIES.get(words, words)


def _revised(reading: Eml, resource: _Element) -> str:
    changes = all_at(resource, "maintenance/changeHistory/changeDate")
    return max((day for one in changes if (day := reading.notes.day(one))), default="")


def _access(root: _Element, resource: _Element) -> str:
    """Open, where everyone may read; all other rules are those of the archive that it came from."""
    for place in (root, resource):
        for allow in all_at(place, "access/allow"):
            if "public" in lines_of(allow, "principal") and {"read", "all"} & set(
                lines_of(allow, "permission")
            ):
                return "open"
    return ""


def _rights(reading: Eml, resource: _Element) -> tuple[tuple[Licence, ...], tuple[Constraint, ...]]:
    licences = [licence(words) for words in lines_of(resource, "license")]
    for one in all_at(resource, "licensed"):
        known = licence(line(one, "licenseName"), line(one, "url"))
        licences.append(Licence(name=known.name, uri=known.uri, spdx=known.spdx or line(one, "identifier")))
    constraints: list[Constraint] = []
    for one in all_at(resource, "intellectualRights"):
        words = reading.prose(one)
        address = _LICENCE_ADDRESS.search(str(words)) or _LICENCE_ADDRESS.search(" ".join(_links(one)))
        known = licence(str(words)) if len(str(words)) < 200 else Licence()  # noqa: PLR2004 - a name, not a text
        if known.spdx:
            licences.append(known)
        elif address:
            licences.append(licence(uri=address[0].rstrip(".,;")))
        if words and not known.spdx:
            constraints.append(Constraint(text=words))
    return tuple(dict.fromkeys(licences)), tuple(dict.fromkeys(constraints))


def _links(element: _Element) -> Iterator[str]:
    return (link.get("url", "") for link in element.iter("{*}ulink"))


def _concepts(
    reading: Eml, root: _Element, resource: _Element, coverages: list[_Element]
) -> Iterator[Concept]:
    for listed in all_at(resource, "keywordSet"):
        scheme = line(listed, "keywordThesaurus")
        scheme = scheme if is_said(scheme) else ""
        address = scheme if scheme.startswith(("http://", "https://")) else ""
        for keyword in all_at(listed, "keyword"):
            role = _KEYWORD_ROLES.get(keyword.get("keywordType", ""), "keyword")
            if label := reading.text(keyword):
                yield Concept(label=label, role=role, scheme="" if address else scheme, scheme_uri=address)
    yield from reading.taxa(coverages)
    yield from reading.ages(coverages)
    for path in ("project", "project/relatedProject"):
        for title in all_at(resource, f"{path}/title"):
            if label := reading.text(title):
                yield Concept(label=label, role="project")
    about = {resource.get("id", "")} - {""}
    loose = [one for one in all_at(root, "annotations/annotation") if one.get("references") in about]
    for annotation in [*all_at(resource, "annotation"), *loose]:
        value = at(annotation, "valueURI")
        if value is not None and (uri := line(value)):
            label = value.get("label") or re.split(r"[/#]", uri.rstrip("/#"))[-1]
            yield Concept(label=Text.of(label), uri=uri)


def _relations(resource: _Element) -> Iterator[Relation]:
    for path, kind in _CITATIONS.items():
        for held in all_at(resource, path):
            citations = [held] if path != "literatureCited" else list(all_at(held, "citation"))
            for citation in citations:
                yield from _relation(citation, kind)
            for entry in re.split(r"(?=@\w+\s*\{)", line(held, "bibtex")):
                yield from _of_bibtex(entry, kind)


def _relation(citation: _Element, kind: str) -> Iterator[Relation]:
    names = [
        *lines_of(citation, "alternateIdentifier"),
        *lines_of(citation, "DOI"),
        *lines_of(citation, "distribution/online/url"),
    ]
    known = next((Identifier(bare, "doi") for one in names if (bare := doi(one))), None)
    known = known or (identifier(names[0]) if names else Identifier(""))
    title = Text.of(line(citation, "title"))
    if known.value or title:
        yield Relation(kind=kind, target=known.value, scheme=known.scheme, title=title)
    for entry in lines_of(citation, "bibtex"):
        yield from _of_bibtex(entry, kind)


def _of_bibtex(entry: str, kind: str) -> Iterator[Relation]:
    found, title = _BIBTEX_DOI.search(entry), _BIBTEX_TITLE.search(entry)
    bare = doi(found[1]) if found else ""
    if bare or title:
        yield Relation(
            kind=kind,
            target=bare,
            scheme="doi" if bare else "",
            title=Text.of(re.sub("[{}]", "", title[1]) if title else ""),
        )


def _fundings(resource: _Element) -> Iterator[Funding]:
    for award in all_at(resource, "project/award"):
        yield Funding(
            funder=line(award, "funderName"),
            funder_identifier=line(award, "funderIdentifier"),
            award=line(award, "awardNumber"),
            award_title=line(award, "title"),
            award_uri=line(award, "awardUrl"),
        )


FORMAT = Format(
    name="eml",
    title="EML",
    media_types=("application/eml+xml", "application/xml"),
    recognise=_recognise,
    read=_read,
    suffix=".xml",
)

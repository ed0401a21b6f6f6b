"""Directory Interchange Format (DIF) 9 and 10 of NASA's Global Change Master Directory; read only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format
from estran.formats._dif import dates, distributions, extent, parties, quality
from estran.formats._elements import Notes, all_at, at, is_said, line, lines_of, paragraphs
from estran.formats._identifiers import doi, identifier
from estran.formats._iso.codes import topic
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._xml import local, parse, root_name, text_of
from estran.model import Concept, Constraint, Identifier, Licence, Record, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.formats import Document

_SCIENCE = (
    "Category", "Topic", "Term", "Variable_Level_1", "Variable_Level_2", "Variable_Level_3",
    "Detailed_Variable",
)  # fmt: skip
_PLACE = (
    "Location_Category", "Location_Type", "Location_Subregion1", "Location_Subregion2", "Location_Subregion3",
    "Detailed_Location",
)  # fmt: skip
_NAMES = ("Short_Name", "Long_Name")
_STRATA = ("Eon", "Era", "Period", "Epoch", "Stage")
_STATUS = {
    "complete": "completed", "completed": "completed", "inwork": "onGoing", "ongoing": "onGoing",
    "planned": "planned", "notapplicable": "", "notprovided": "",
}  # fmt: skip
_RELATIONS = {
    "parent": "IsPartOf", "child": "HasPart", "related": "References", "dependent": "Requires",
    "input": "IsDerivedFrom", "larger citation works": "IsPartOf", "science associated": "References",
}  # fmt: skip
_SCIENCE_SCHEME = "GCMD Science Keywords"


def _recognise(head: bytes, _name: str) -> float:
    space, name = root_name(head)
    if name != "DIF":
        return 0.0
    return 1.0 if "gcmd" in space.lower() or "earthdata" in space.lower() else 0.8


def _read(document: Document) -> Iterator[Record]:
    warnings: list[str] = []
    root = parse(document, warnings)
    if local(root) != "DIF":
        raise Invalid(f"its root element is {local(root)}, not DIF", document.name)
    yield _record(root, Notes(warnings), document.name)


def _record(root: _Element, notes: Notes, name: str) -> Record:
    entry, version = _entry(root)
    title = line(root, "Entry_Title") or _cited(root, "Dataset_Title")
    if not title and not entry:
        raise Invalid("it has neither an Entry_Title nor an Entry_ID; give it one of them", name)
    licences, constraints = _rights(root)
    ways, pages, thumbnails = distributions(root)
    return Record(
        identifier=entry,
        identifiers=_identifiers(root, entry),
        kind="dataset",
        kind_label=line(root, "Dataset_Citation/Data_Presentation_Form")
        or line(root, "Data_Set_Citation/Data_Presentation_Form"),
        title=Text.of(title),
        abstract=_prose(root, "Summary/Abstract") or _prose(root, "Summary"),
        purpose=_prose(root, "Summary/Purpose"),
        supplement=_references(root),
        credit=Text.of(_cited(root, "Other_Citation_Details")),
        lineage=_prose(root, "Quality"),
        version=version or _cited(root, "Version"),
        language=tuple(
            dict.fromkeys(
                found
                for path in ("Dataset_Language", "Data_Set_Language")
                for words in lines_of(root, path)
                if (found := code(words))
            )
        ),
        status=_status(root),
        **dates(root, notes),
        metadata_standard=" ".join(
            filter(None, (line(root, "Metadata_Name"), line(root, "Metadata_Version")))
        )
        or "DIF",
        landing_page=_cited(root, "Online_Resource") or next(iter(pages), ""),
        parties=parties(root),
        concepts=tuple(dict.fromkeys(_concepts(root))),
        extent=extent(root, notes, _places(root)),
        quality=quality(root),
        distributions=ways,
        thumbnails=thumbnails,
        licences=licences,
        constraints=constraints,
        relations=tuple(dict.fromkeys(_relations(root))),
        # Last, as the notes are complete only once all else has been read.
        warnings=tuple(notes),
    )


def _entry(root: _Element) -> tuple[str, str]:
    """Identifier and version: one element in DIF 9, two in DIF 10."""
    held = at(root, "Entry_ID")
    if held is None:
        return "", ""
    if not len(held):
        return line(held), ""
    version = line(held, "Version")
    return line(held, "Short_Name"), version if is_said(version) else ""


def _cited(root: _Element, name: str) -> str:
    words = line(root, f"Dataset_Citation/{name}") or line(root, f"Data_Set_Citation/{name}")
    return words if is_said(words) else ""


def _identifiers(root: _Element, entry: str) -> tuple[Identifier, ...]:
    names = [entry] if entry else []
    names += [_cited(root, "Dataset_DOI"), _cited(root, "Persistent_Identifier/Identifier")]
    names += [*lines_of(root, "Organization/Dataset_ID"), *lines_of(root, "Data_Center/Data_Set_ID")]
    return tuple(dict.fromkeys(identifier(words) for words in names if words))


def _prose(root: _Element, path: str) -> Text:
    held = at(root, path)
    if held is None or (path == "Summary" and len(held)):
        return Text()
    return Text.of(paragraphs(text_of(held)))


def _references(root: _Element) -> Text:
    """References in free words, as DIF 9 has them."""
    words = [paragraphs(text_of(one)) for one in all_at(root, "Reference") if not len(one)]
    return Text.of("\n\n".join(filter(None, words)))


def _status(root: _Element) -> str:
    words = line(root, "Dataset_Progress") or line(root, "Data_Set_Progress")
    return _STATUS.get(re.sub(r"[^a-z]", "", words.lower()), words)


def _path(element: _Element, names: tuple[str, ...]) -> str:
    words = (line(element, name) for name in names)
    # Many give the short name as long name as well.
    return " > ".join(dict.fromkeys(part for part in words if is_said(part)))


def _places(root: _Element) -> tuple[Text, ...]:
    found: dict[Text, None] = {}
    for one in all_at(root, "Location"):
        words = _path(one, _PLACE) if len(one) else line(one)
        if is_said(words):
            found[Text.of(words)] = None
    return tuple(found)


def _concepts(root: _Element) -> Iterator[Concept]:
    for path, names, role, scheme in (
        ("Science_Keywords", _SCIENCE, "variable", _SCIENCE_SCHEME),
        ("Parameters", _SCIENCE, "variable", _SCIENCE_SCHEME),
        ("Platform", _NAMES, "platform", "GCMD Platforms"),
        ("Source_Name", _NAMES, "platform", "GCMD Platforms"),
        ("Platform/Instrument", _NAMES, "instrument", "GCMD Instruments"),
        ("Sensor_Name", _NAMES, "instrument", "GCMD Instruments"),
        ("Project", _NAMES, "project", "GCMD Projects"),
        ("Temporal_Coverage/Paleo_DateTime/Chronostratigraphic_Unit", _STRATA, "stratum", ""),
        ("Paleo_Temporal_Coverage/Chronostratigraphic_Unit", _STRATA, "stratum", ""),
    ):
        for one in all_at(root, path):
            if words := _path(one, names):
                yield Concept(label=Text.of(words), role=role, scheme=scheme)
    for words in lines_of(root, "ISO_Topic_Category"):
        # DIF 10 writes IMAGERY/BASE MAPS/EARTH COVER.
        yield topic(words.replace("/", "")) or Concept(label=Text.of(words), role="topic")
    for path, role in (
        ("Ancillary_Keyword", "keyword"),
        ("Keyword", "keyword"),
        ("Product_Level_Id", "level"),
    ):
        yield from (Concept(label=Text.of(words), role=role) for words in lines_of(root, path))


def _rights(root: _Element) -> tuple[tuple[Licence, ...], tuple[Constraint, ...]]:
    licences = [licence(uri=words) for words in lines_of(root, "Use_Constraints/License_URL/URL")]
    constraints: list[Constraint] = []
    for path, kind in (
        ("Use_Constraints", "use"),
        ("Use_Constraints/Description", "use"),
        ("Use_Constraints/License_Text", "use"),
        ("Access_Constraints", "access"),
        ("Access_Constraints/Description", "access"),
    ):
        for one in all_at(root, path):
            words = "" if len(one) else paragraphs(text_of(one))
            known = licence(words) if kind == "use" else Licence()
            if known.spdx:
                licences.append(known)
            elif is_said(words):
                constraints.append(Constraint(kind=kind, text=Text.of(words)))
    return tuple(dict.fromkeys(licences)), tuple(dict.fromkeys(constraints))


def _relations(root: _Element) -> Iterator[Relation]:
    for one in all_at(root, "Metadata_Association"):
        entry = line(one, "Entry_ID/Short_Name") or line(one, "Entry_ID") or line(one, "Entry_Id")
        kind = _RELATIONS.get(line(one, "Type").lower(), "References")
        if is_said(entry):
            yield Relation(kind=kind, target=entry, title=Text.of(line(one, "Description")))
    for words in lines_of(root, "Parent_DIF"):
        yield Relation(kind="IsPartOf", target=words)
    for one in all_at(root, "Reference"):
        title, bare = line(one, "Title"), _reference_doi(one)
        if title or bare:
            yield Relation(kind="References", target=bare, scheme="doi" if bare else "", title=Text.of(title))


def _reference_doi(one: _Element) -> str:
    paths = ("DOI", "Persistent_Identifier/Identifier", "Online_Resource")
    return next((bare for path in paths for words in lines_of(one, path) if (bare := doi(words))), "")


FORMAT = Format(
    name="dif",
    title="GCMD DIF",
    media_types=("application/dif10+xml", "application/xml"),
    recognise=_recognise,
    read=_read,
    suffix=".xml",
)

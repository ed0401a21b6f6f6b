"""The members of DataCite JSON (REST attributes, bolognese's and Crosscite's variants) to a record.

Methods are the lineage; technical information, tables of contents and other descriptions are the
supplement, in that order. Dates collected, valid or covered are the periods of the extent. Sizes that are
no number of bytes, classification codes, and dates submitted, accepted or copyrighted have no place in
the pivot. Values that DataCite has for "not known" (``:unav``, ``:tba``…) count as not said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._datacite.people import address_of, is_unknown, read_parties, said
from estran.formats._datacite.places import read_places
from estran.formats._datacite.terms import ACCESS, KINDS, RELATIONS, TYPE_OF_KIND
from estran.formats._identifiers import doi, identifier
from estran.formats._json import day, obj, objs, seq, text, texts
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.formats._licences import spdx as spdx_of
from estran.model import (
    Concept,
    Distribution,
    Extent,
    Funding,
    Identifier,
    Licence,
    Period,
    Record,
    Relation,
    Text,
    date,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_attributes"]

_COVERED = ("Collected", "Coverage", "Valid")
_SUPPLEMENTS = ("TechnicalInfo", "SeriesInformation", "TableOfContents", "Other")
_BYTES = re.compile(r"^([\d.,]+)\s*(bytes?|b|[kmgt]i?b)$", re.IGNORECASE)
_INDENTED = re.compile(r"\n[ \t]+")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}
_KERNEL = re.compile(r"kernel-(\d+(?:\.\d+)?)")


def read_attributes(given: dict[str, Any], notes: list[str], where: str) -> Record:
    """The record that the attributes are.

    Raises:
        Invalid: they have neither title nor identifier.
    """
    found = {_camel(key): value for key, value in given.items()}
    identifiers = _identifiers(found)
    title, others = _titles(found)
    if not title and not identifiers:
        raise Invalid("it has neither title nor identifier", where)
    years = text(found.get("publicationYear"))
    dates = _dates(found, notes)
    kind, label = _kind(found)
    described = _descriptions(found)
    licences, access = _rights(found)
    kernel = _KERNEL.search(text(found.get("schemaVersion")))
    return Record(
        identifier=text(found.get("doi")) or (identifiers[0].value if identifiers else ""),
        identifiers=identifiers,
        kind=kind,
        kind_label=label,
        title=title,
        alternate_titles=others,
        abstract=described.get("Abstract", Text()),
        lineage=described.get("Methods", Text()),
        supplement=_joined(described),
        version=text(found.get("version")),
        language=tuple(filter(None, [code(text(found.get("language")))])),
        access=access,
        status="withdrawn" if "Withdrawn" in dates else "",
        created=dates.get("Created", ""),
        published=dates.get("Issued") or _year(years, notes),
        revised=dates.get("Updated", ""),
        available=dates.get("Available", ""),
        metadata_date=day(found.get("updated"), notes, "updated"),
        metadata_standard=f"DataCite {kernel[1]}" if kernel else "DataCite",
        landing_page=text(found.get("url")),
        parties=tuple(read_parties(found)),
        concepts=tuple(_concepts(found)),
        extent=_extent(found, notes),
        distributions=tuple(_distributions(found)),
        licences=licences,
        relations=tuple(dict.fromkeys(_relations(found))),
        fundings=tuple(_fundings(found)),
        warnings=tuple(notes),
    )


def _camel(key: str) -> str:
    """The member's name without the hyphens of older JSON, and in today's words."""
    head, *tail = key.split("-")
    name = head + "".join(part.capitalize() for part in tail)
    return {
        "creator": "creators",
        "title": "titles",
        "contributor": "contributors",
        "datePublished": "issued",
    }.get(name, name)


def _words(value: Any) -> str:
    """A description; where its lines are indented, as within an XML file, they are one."""
    lines = (line.rstrip(" \t\r") for line in said(value).split("\n"))
    return _INDENTED.sub(" ", "\n".join(lines))


def _identifiers(found: dict[str, Any]) -> tuple[Identifier, ...]:
    own = doi(text(found.get("doi"))) or doi(text(found.get("id")))
    kept = [Identifier(own, "doi")] if own else []
    own_entries = (*seq(found.get("identifiers")), *seq(found.get("identifier")))
    kept.extend(
        identifier(said(obj(entry).get("identifier")) or said(entry), _type(entry, "identifierType"))
        for entry in own_entries
    )
    kept.extend(
        identifier(said(entry.get("alternateIdentifier")), _type(entry, "alternateIdentifierType"))
        for entry in objs(found.get("alternateIdentifiers"))
    )
    return tuple(dict.fromkeys(i for i in kept if i.value))


def _type(entry: Any, key: str) -> str:
    kind = text(obj(entry).get(key))
    return "" if kind.lower() in ("other", "") or is_unknown(kind) else kind


def _titles(found: dict[str, Any]) -> tuple[Text, tuple[Text, ...]]:
    main: list[tuple[str, str]] = []
    others: list[Text] = []
    for entry in seq(found.get("titles")):
        words = said(obj(entry).get("title")) or said(entry)
        language, kind = code(text(obj(entry).get("lang"))), text(obj(entry).get("titleType"))
        if not words:
            continue
        first = not main and kind not in ("AlternativeTitle", "Subtitle", "TranslatedTitle")
        translated = bool(main) and bool(language) and kind in ("", "TranslatedTitle")
        if first or (translated and all(language != known for known, _ in main)):
            main.append((language, words))
        else:
            others.append(Text.of(words, language))
    if not main and others:
        return others[0], tuple(others[1:])
    return Text.many(main), tuple(others)


def _year(years: str, notes: list[str]) -> str:
    if not years or is_unknown(years) or years == "0000":
        return ""
    return day(years, notes, "publicationYear")


def _dates(found: dict[str, Any], notes: list[str]) -> dict[str, str]:
    """The first date of each type that says when something happened; of a range, its start."""
    kept: dict[str, str] = {}
    for entry in objs(found.get("dates")):
        kind = text(entry.get("dateType"))
        if kind and kind not in _COVERED and kind not in kept:
            start = said(entry.get("date")).partition("/")[0]
            if found_day := day(start, notes, f"dates.{kind}"):
                kept[kind] = found_day
    if issued := text(found.get("issued")):
        kept.setdefault("Issued", day(issued, notes, "issued"))
    return kept


def _kind(found: dict[str, Any]) -> tuple[str, str]:
    types = {_camel(key): value for key, value in obj(found.get("types")).items()}
    general = text(types.get("resourceTypeGeneral")) or text(found.get("resourceTypeGeneral"))
    words = said(types.get("resourceType")) or said(found.get("resourceType"))
    kind = KINDS.get(general, "other" if general else "dataset")
    words = "" if words in (general, kind) else words
    if not general or general == TYPE_OF_KIND[kind]:
        return kind, words
    return kind, f"{general}/{words}" if words else general


def _descriptions(found: dict[str, Any]) -> dict[str, Text]:
    kept: dict[str, dict[str, list[str]]] = {}
    for entry in seq(found.get("descriptions") or found.get("description")):
        words = _words(obj(entry).get("description")) or _words(entry)
        kind = text(obj(entry).get("descriptionType")) or "Abstract"
        if words:
            languages = kept.setdefault(
                kind if kind in ("Abstract", "Methods", *_SUPPLEMENTS) else "Other", {}
            )
            languages.setdefault(code(text(obj(entry).get("lang"))), []).append(words)
    return {
        kind: Text.many((language, "\n\n".join(parts)) for language, parts in languages.items())
        for kind, languages in kept.items()
    }


def _joined(described: dict[str, Text]) -> Text:
    languages: dict[str, list[str]] = {}
    for kind in _SUPPLEMENTS:
        for language, words in described.get(kind, Text()).variants:
            languages.setdefault(language, []).append(words)
    return Text.many((language, "\n\n".join(parts)) for language, parts in languages.items())


def _rights(found: dict[str, Any]) -> tuple[tuple[Licence, ...], str]:
    access = ""
    kept: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for number, entry in enumerate(seq(found.get("rightsList") or found.get("rights"))):
        words = said(obj(entry).get("rights")) or said(entry)
        uri = text(obj(entry).get("rightsUri"))
        code_of_access = (uri or words).replace(" ", "").lower().rpartition("/")[2]
        if "eu-repo/semantics" in uri + words or "access_right/" in uri:
            access = access or ACCESS.get(code_of_access, "")
            continue
        read = licence(words, uri, code(text(obj(entry).get("lang"))))
        given = text(obj(entry).get("rightsIdentifier"))
        known = spdx_of(given) or read.spdx
        if read.name or read.uri or known:
            # The name of one licence in several languages is one licence.
            same = "" if known or read.uri else str(number)
            kept.setdefault((known, read.uri, same), []).extend(read.name.variants)
    licences = tuple(
        Licence(name=Text.many(names), uri=uri, spdx=known) for (known, uri, _), names in kept.items()
    )
    return licences, access


def _concepts(found: dict[str, Any]) -> Iterator[Concept]:
    for entry in seq(found.get("subjects")):
        subject = obj(entry)
        words = said(subject.get("subject")) or said(entry)
        if words:
            yield Concept(
                label=Text.of(words, code(text(subject.get("lang")))),
                uri=text(subject.get("valueUri")),
                scheme=text(subject.get("subjectScheme")),
                scheme_uri=text(subject.get("schemeUri")),
            )


def _extent(found: dict[str, Any], notes: list[str]) -> Extent:
    places, boxes, geometries = read_places(found.get("geoLocations"), notes)
    periods: list[Period] = []
    for entry in objs(found.get("dates")):
        if text(entry.get("dateType")) in _COVERED and (given := said(entry.get("date"))):
            try:
                periods.append(_period(given))
            except Invalid as error:
                notes.append(f"dates.{text(entry.get('dateType'))}: {error.why}")
    return Extent(
        boxes=boxes,
        geometries=geometries,
        places=places,
        periods=tuple(dict.fromkeys(p for p in periods if any(p))),
    )


def _period(given: str) -> Period:
    start, slash, end = (part.strip() for part in given.partition("/"))
    start, end = start.strip(". "), end.strip(". ")
    first = date(start) if start else ""
    return Period(first, (date(end) if end else "") if slash else first)


def _distributions(found: dict[str, Any]) -> Iterator[Distribution]:
    formats = texts(found.get("formats"))
    addresses = texts(found.get("contentUrl"))
    sizes = [size for words in texts(found.get("sizes")) if (size := _bytes(words)) >= 0]
    only = sizes[0] if len(sizes) == 1 and max(len(formats), len(addresses)) <= 1 else -1
    first = formats[0] if len(formats) == 1 else ""
    for address in addresses:
        yield Distribution(
            url=address,
            function="download",
            media_type=first if "/" in first else "",
            format="" if "/" in first else first,
            size_bytes=only,
        )
    for words in dict.fromkeys([] if addresses and first else formats):
        is_type = "/" in words
        yield Distribution(
            media_type=words if is_type else "", format="" if is_type else words, size_bytes=only
        )


def _bytes(words: str) -> int:
    matched = _BYTES.match(words)
    if matched is None:
        return -1
    unit = matched[2].lower()
    try:
        number = float(matched[1].replace(",", ""))
    except ValueError:
        return -1
    size = number * (1024 if "i" in unit else 1000) ** _POWERS.get(unit[0], 0)
    return int(size) if size < 2**63 else -1


def _relations(found: dict[str, Any]) -> Iterator[Relation]:
    titled = {identity for item in objs(found.get("relatedItems")) if (identity := _identity(item)).value}
    for entry in objs(found.get("relatedIdentifiers")):
        given = identifier(said(entry.get("relatedIdentifier")), _type(entry, "relatedIdentifierType"))
        # A related item says the same, with a title.
        if given.value and given not in titled:
            yield Relation(
                kind=_relation(entry),
                target=given.value,
                scheme=given.scheme,
                type=_general(entry.get("resourceTypeGeneral")),
            )
    for item in objs(found.get("relatedItems")):
        given = _identity(item)
        words = next((w for t in objs(item.get("titles")) if (w := said(t.get("title")))), "")
        if given.value or words:
            yield Relation(
                kind=_relation(item),
                target=given.value,
                scheme=given.scheme,
                title=Text.of(words),
                type=_general(item.get("relatedItemType")),
            )


def _identity(item: dict[str, Any]) -> Identifier:
    inner = obj(item.get("relatedItemIdentifier"))
    kind = _type(inner, "relatedItemIdentifierType") or _type(item, "relatedItemIdentifierType")
    return identifier(
        said(inner.get("relatedItemIdentifier")) or said(item.get("relatedItemIdentifier")), kind
    )


def _relation(entry: dict[str, Any]) -> str:
    kind = text(entry.get("relationType"))
    lower = {name.lower(): name for name in RELATIONS} if kind not in RELATIONS else {}
    return lower.get(kind.lower(), kind)


def _general(value: Any) -> str:
    words = text(value)
    return "" if words == "Other" else words


def _fundings(found: dict[str, Any]) -> Iterator[Funding]:
    for entry in objs(found.get("contributors")):
        # Until kernel 3 a funder was a contributor.
        if entry.get("contributorType") == "Funder" and (funder := said(entry.get("name"))):
            named = next(iter(objs(entry.get("nameIdentifiers"))), {})
            yield Funding(funder=funder, funder_identifier=_funder(text(named.get("nameIdentifier")), ""))
    for entry in objs(found.get("fundingReferences")):
        funder, award = said(entry.get("funderName")), said(entry.get("awardNumber"))
        title = said(entry.get("awardTitle"))
        if funder or award or title:
            yield Funding(
                funder=funder,
                funder_identifier=_funder(
                    text(entry.get("funderIdentifier")), text(entry.get("funderIdentifierType"))
                ),
                award=award,
                award_title=title,
                award_uri=text(entry.get("awardUri")),
            )


def _funder(value: str, kind: str) -> str:
    bare = doi(value)
    if bare and (kind in ("", "Crossref Funder ID", "Other")):
        return f"https://doi.org/{bare}"
    return address_of(value, kind)

"""CKAN's packages in JSON, as its action API gives them: package_show, package_search and lists of them."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.formats import Format, Refusal
from estran.formats._dcat import words
from estran.formats._geojson import wkt_and_box
from estran.formats._identifiers import identifier
from estran.formats._iso import codes
from estran.formats._json import day, decode, number, obj, objs, outline, seq, text, texts, whole
from estran.formats._languages import code
from estran.formats._licences import licence
from estran.model import (
    Box,
    Concept,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Party,
    Period,
    Record,
    Relation,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document

__all__ = ["FORMAT", "address_of", "read"]

_CERTAIN, _LIKELY = 0.93, 0.8
_ACTION = re.compile(r"^(https?://[^\s?#]+?)/api/(?:\d/)?action/")
_SHOWN = ("owner_org", "license_id", "metadata_modified", "num_resources", "tags")
_KINDS = {
    "series": "collection", "datasetseries": "collection", "dataset-series": "collection", "collection": "collection",
    "service": "service", "dataservice": "service", "showcase": "other", "application": "software",
    "software": "software", "map": "image", "document": "publication",
}  # fmt: skip
_SERVICES = {
    "wms": "OGC:WMS",
    "wfs": "OGC:WFS",
    "wcs": "OGC:WCS",
    "csw": "OGC:CSW",
    "sos": "OGC:SOS",
    "wmts": "OGC:WMTS",
}
_BOX = ("bbox-west-long", "bbox-south-lat", "bbox-east-long", "bbox-north-lat")
_STARTS = (
    "temporal_start",
    "temporal-extent-begin",
    "temporal_extent_begin",
    "temporal_coverage_from",
    "temporal-coverage-from",
)
_ENDS = (
    "temporal_end",
    "temporal-extent-end",
    "temporal_extent_end",
    "temporal_coverage_to",
    "temporal-coverage-to",
)
_NAMES = ("guid", "identifier", "doi", "uri", "alternate_identifier")


def recognise(head: bytes, _name: str) -> float:
    """How surely it is CKAN's: by the call that its answer names, else by what only a package has."""
    shown = outline(head)
    if not shown or "@context" in shown or "stac_version" in shown:
        return 0.0
    if "/api/" in shown.get("help", "") and "/action/package_" in shown.get("help", ""):
        return _CERTAIN
    for place in ("", "result.", "result.results."):
        if sum(f"{place}{name}" in shown for name in _SHOWN) > 1:
            return _CERTAIN if "success" in shown else _LIKELY
    return 0.0


def address_of(value: Any) -> str:
    """The address of the portal that gave an answer, "" where it does not tell."""
    found = _ACTION.match(text(obj(value).get("help")))
    return found[1] if found else ""


def read(document: Document) -> Iterator[Record | Refusal]:
    """Every package of a document.

    Raises:
        Invalid: it is no JSON, or no package of CKAN.
    """
    notes: list[str] = []
    value, _ = decode(document, notes)
    portal = address_of(value)
    if obj(value).get("success") is False:
        said = text(obj(obj(value).get("error")).get("message"))
        raise Invalid(
            f"it is CKAN's answer that something failed: {said[:300] or 'it does not say what'}",
            document.name,
        )
    result = obj(value).get("result", value)
    listed = obj(result).get("results", result)
    for place, package in enumerate(listed if isinstance(listed, list) else [listed]):
        try:
            yield _record(package, portal, list(notes))
        except Invalid as error:
            if not isinstance(listed, list):
                raise
            yield Refusal(document.name, f"results[{place}]: {error}", document.line)


def _record(package: Any, portal: str, notes: list[str]) -> Record:
    if not isinstance(package, dict) or not any(package.get(name) for name in ("id", "name", "title")):
        raise Invalid("it is no package of CKAN: it has neither id nor name nor title")
    if package.get("state") == "deleted":
        raise Invalid("the package was deleted in CKAN")
    said = _Said(package)
    language = code(said.word("language", "metadata_language"))
    extent = _extent(said, notes)
    own, others = _identifiers(said, package)
    kind = text(package.get("type")).lower()
    name = text(package.get("name")) or text(package.get("id"))
    return Record(
        identifier=own,
        identifiers=others,
        kind=_KINDS.get(kind, "dataset"),
        kind_label="" if kind in ("", "dataset") else kind,
        title=said.text("title", language) or Text.of(name),
        abstract=said.text("notes", language) or said.text("description", language),
        lineage=said.text("lineage", language) or said.text("provenance", language),
        version=said.word("version"),
        language=tuple(dict.fromkeys(found for words_ in said.all("language") if (found := code(words_)))),
        metadata_language=code(said.word("metadata_language", "metadata-language")),
        frequency=words.frequency(
            said.word("frequency", "frequency-of-update", "accrual_periodicity", "update_frequency")
        ),
        access="closed" if package.get("private") is True else words.access(said.word("access_rights")),
        created=day(said.word("created"), notes, "created"),
        published=day(said.word("issued", "dataset-reference-date", "publication_date"), notes, "issued"),
        revised=day(said.word("modified", "revision_date"), notes, "modified"),
        metadata_date=day(package.get("metadata_modified"), notes, "metadata_modified"),
        metadata_standard="CKAN",
        landing_page=f"{portal}/dataset/{name}" if portal else text(package.get("url")),
        parties=tuple(dict.fromkeys(_parties(said, package))),
        concepts=tuple(dict.fromkeys(_concepts(said, package, language))),
        extent=extent,
        distributions=tuple(_distributions(package, portal)),
        licences=tuple(_licences(said, package)),
        relations=tuple(_relations(package)),
        warnings=tuple(notes),
    )


class _Said:
    """What a package says: in its members, or in its list of extras; some write lists as JSON in a string."""

    def __init__(self, package: dict[str, Any]) -> None:
        extras = {text(one.get("key")): one.get("value") for one in objs(package.get("extras"))}
        self._held = extras | {
            name: value for name, value in package.items() if value not in (None, "", [], {})
        }

    def value(self, name: str) -> Any:
        found = self._held.get(name)
        if isinstance(found, str) and found[:1] in ("[", "{"):
            try:
                return msgspec.json.decode(found)
            except (msgspec.MsgspecError, RecursionError, UnicodeError):
                return found
        return found

    def word(self, *names: str) -> str:
        """The first of these that says something, in one word."""
        return next(chain.from_iterable(self.all(name) for name in names), "")

    def all(self, name: str) -> list[str]:
        value = self.value(name)
        listed = list(obj(value).values()) if isinstance(value, dict) else seq(value)
        return texts([part for one in listed for part in seq(one)])

    def text(self, name: str, language: str) -> Text:
        """Words in one language, or in several where they are translated as ckanext-fluent does."""
        translated = obj(self.value(f"{name}_translated")) or obj(self.value(name))
        pairs = [(code(tag), text(words_)) for tag, words_ in translated.items()]
        pairs.sort(key=lambda pair: pair[0] != language)
        plain = text(self._held.get(name)) if not isinstance(self.value(name), dict) else ""
        return Text.many(pairs) or Text.of(plain, language)


def _identifiers(said: _Said, package: dict[str, Any]) -> tuple[str, tuple[Identifier, ...]]:
    given = [value for name in _NAMES for value in said.all(name)]
    own = text(package.get("id")) or next(iter(given), "") or text(package.get("name"))
    found = dict.fromkeys(identifier(value) for value in given if value != own)
    return own, tuple(one for one in found if one.value)


def _parties(said: _Said, package: dict[str, Any]) -> Iterator[Party]:
    organisation = obj(package.get("organization"))
    owner = text(organisation.get("title")) or text(organisation.get("name"))
    for role, name, email in (
        ("author", said.word("author"), said.word("author_email")),
        ("custodian", said.word("maintainer"), said.word("maintainer_email")),
        ("pointOfContact", said.word("contact_name"), said.word("contact_email", "contact-email")),
    ):
        if name or email:
            yield Party(role=role, name=name, email=email)
    for contact in objs(said.value("contact")):
        yield Party(role="pointOfContact", name=text(contact.get("name")), email=text(contact.get("email")))
    for one in objs(said.value("responsible-party")):
        role = next((codes.known(role, codes.ROLE_CODES) for role in texts(one.get("roles"))), "")
        yield Party(role=role, organisation=Text.of(text(one.get("name"))))
    if publisher := said.word("publisher_name") or text(
        obj(next(iter(objs(said.value("publisher"))), None)).get("name")
    ):
        yield Party(
            role="publisher",
            organisation=Text.of(publisher),
            email=said.word("publisher_email"),
            url=said.word("publisher_url"),
        )
    elif owner:
        yield Party(role="publisher", organisation=Text.of(owner))


def _concepts(said: _Said, package: dict[str, Any], language: str) -> Iterator[Concept]:
    keywords = obj(said.value("keywords"))
    translated = [(code(tag), word) for tag, listed in keywords.items() for word in texts(listed)]
    for tag, word in translated:
        yield Concept(label=Text.of(word, tag))
    for tag in [] if translated else objs(package.get("tags")):
        if word := text(tag.get("display_name")) or text(tag.get("name")):
            yield Concept(label=Text.of(word, language))
    for group in objs(package.get("groups")):
        if word := text(group.get("title")) or text(group.get("display_name")) or text(group.get("name")):
            yield Concept(label=Text.of(word, language), role="theme")
    for theme in said.all("theme"):
        uri = theme if theme.startswith(("http://", "https://")) else ""
        label = words.THEMES.get(uri.rpartition("/")[2], ("", "")) if uri else (theme, "")
        yield Concept(
            label=Text.many((("en" if uri else language, label[0]), ("fr", label[1]))), role="theme", uri=uri
        )


def _extent(said: _Said, notes: list[str]) -> Extent:
    boxes: tuple[Box, ...] = ()
    shapes: tuple[str, ...] = ()
    try:
        wkt, box = (
            wkt_and_box(said.value("spatial"), "spatial")
            if isinstance(said.value("spatial"), dict)
            else ("", None)
        )
        corners = [number(said.word(name)) for name in _BOX]
        match corners:
            case [float(west), float(south), float(east), float(north)] if box is None:
                box = Box.checked(west, south, east, north, "spatial")
            case _:
                pass
        boxes, shapes = (box,) if box else (), (wkt,) if wkt else ()
    except Invalid as error:
        notes.append(str(error))
    place = said.word("spatial_text", "spatial-text", "geographic_coverage")
    if not place and isinstance(plain := said.value("spatial"), str):
        # The name of a place, not a geometry that broke off.
        place = "" if plain.startswith(("{", "[")) else plain
    start, end = (
        day(said.word(*_STARTS), notes, "temporal_start"),
        day(said.word(*_ENDS), notes, "temporal_end"),
    )
    return Extent(
        boxes=boxes,
        geometries=shapes,
        places=(Text.of(place),) if place else (),
        periods=(Period(start, end),) if start or end else (),
    )


def _distributions(package: dict[str, Any], portal: str) -> Iterator[Distribution]:
    for resource in objs(package.get("resources")):
        if not (url := text(resource.get("url"))):
            continue
        if portal and url.startswith("/"):
            url = portal + url
        form = text(resource.get("format"))
        protocol = text(resource.get("resource_locator_protocol")) or _SERVICES.get(
            form.lower().removeprefix("ogc "), ""
        )
        digest, size = text(resource.get("hash")), resource.get("size")
        algorithm = (
            text(resource.get("hash_algorithm")).rpartition("/")[2].lower().removeprefix("checksumalgorithm_")
            or "md5"
        )
        translated = obj(resource.get("name_translated")) or obj(resource.get("name"))
        yield Distribution(
            url=url,
            title=Text.many((code(tag), text(w)) for tag, w in translated.items())
            or Text.of(text(resource.get("name"))),
            description=Text.of(text(resource.get("description"))),
            function="service"
            if protocol.startswith("OGC:")
            else "download"
            if resource.get("url_type") == "upload"
            else "",
            protocol=protocol,
            media_type=words.media_type(text(resource.get("mimetype"))),
            format=form,
            size_bytes=whole(size),
            checksum=f"{algorithm}:{digest}" if digest else "",
        )


def _licences(said: _Said, package: dict[str, Any]) -> Iterator[Licence]:
    name, uri = text(package.get("license_title")), text(package.get("license_url"))
    short = text(package.get("license_id"))
    found = licence(name or short, uri)
    if not found.spdx and short:
        found = Licence(name=found.name, uri=found.uri, spdx=licence(short).spdx)
    if short not in ("", "notspecified") or name or uri:
        yield found
    for other in [] if short or name or uri else said.all("license"):
        yield licence(other)


def _relations(package: dict[str, Any]) -> Iterator[Relation]:
    for key, kind in (("relationships_as_subject", "IsPartOf"), ("in_series", "IsPartOf")):
        for one in seq(package.get(key)):
            target = text(obj(one).get("object_package_id")) or text(obj(one).get("id")) or text(one)
            word = text(obj(one).get("type"))
            if target and word in ("", "child_of"):
                yield Relation(kind=kind, target=target)


FORMAT = Format(
    name="ckan",
    title="CKAN",
    media_types=("application/json",),
    recognise=recognise,
    read=read,
    suffix=".json",
)

"""Records as the catalogue service answers them: in Dublin Core, in ISO, as entries of Atom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lxml.etree import tostring

from estran.errors import Invalid
from estran.formats._dublin_core_written import elements
from estran.formats._iso import documents as iso
from estran.formats._iso.forms import FORM_2003, FORM_2014
from estran.formats._xml import local
from estran.web.apis._csw_terms import ATOM, CSW, GMD, MDB, Version, element, marks, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lxml.etree import _Element

    from estran.formats import Links
    from estran.formats._dublin_core_written import Said
    from estran.formats._iso.forms import Form as IsoForm
    from estran.model import Box, Record

__all__ = ["SETS", "Form", "entry", "form_of", "identifier", "schemas", "written"]

Set = Literal["brief", "summary", "full"]
SETS: tuple[Set, ...] = ("brief", "summary", "full")
_ISO: Mapping[str, IsoForm] = {GMD: FORM_2003, MDB: FORM_2014}
_ROOTS: Mapping[Set, str] = {"brief": "BriefRecord", "summary": "SummaryRecord", "full": "Record"}
_EPSG_4326 = "urn:ogc:def:crs:EPSG::4326"
# What ISO 19115 calls a scope differs for few.
_TYPES = {"collection": "series", "publication": "document", "software": "application"}

# Elements of a record in Dublin Core, in the order of the schema.
_BRIEF = ("dc:identifier", "dc:title", "dc:type", "ows:BoundingBox")
_SUMMARY = (
    "dc:identifier", "dc:title", "dc:type", "dc:subject", "dc:format", "dc:relation", "dct:modified",
    "dct:abstract", "dct:spatial", "ows:BoundingBox",
)  # fmt: skip
_FULL = (
    "dc:identifier", "dc:title", "dct:alternative", "dc:type", "dc:subject", "dct:abstract", "dc:creator",
    "dc:publisher", "dc:contributor", "dc:date", "dct:created", "dct:issued", "dct:modified", "dc:format",
    "dc:language", "dc:relation", "dct:isPartOf", "dct:references", "dct:provenance", "dct:spatial",
    "dct:temporal", "dct:license", "dct:accessRights", "dc:rights", "ows:BoundingBox",
)  # fmt: skip
_DC_OF: Mapping[Set, tuple[str, ...]] = {"brief": _BRIEF, "summary": _SUMMARY, "full": _FULL}

# What of an ISO record belongs to the smaller sets: members of the root, then of the identification. All
# that the schema demands is among them.
_TOP_BRIEF = frozenset(
    {
        "fileIdentifier",
        "metadataIdentifier",
        "hierarchyLevel",
        "hierarchyLevelName",
        "metadataScope",
        "contact",
        "dateStamp",
        "dateInfo",
        "identificationInfo",
        # Texts in several languages refer to them.
        "defaultLocale",
        "otherLocale",
        "locale",
    }
)
_TOP_SUMMARY = _TOP_BRIEF | frozenset(
    {
        "language",
        "characterSet",
        "parentIdentifier",
        "parentMetadata",
        "metadataStandardName",
        "metadataStandardVersion",
        "metadataStandard",
        "referenceSystemInfo",
        "distributionInfo",
    }
)
_INNER_BRIEF = frozenset(
    {
        "citation",
        "abstract",
        "language",
        "defaultLocale",
        "topicCategory",
        "graphicOverview",
        "extent",
        "serviceType",
        "couplingType",
        "containsOperations",
        "resourceFormat",
    }
)
_INNER_SUMMARY = _INNER_BRIEF | frozenset(
    {
        "pointOfContact",
        "descriptiveKeywords",
        "spatialRepresentationType",
        "spatialResolution",
        "resourceConstraints",
        "serviceTypeVersion",
    }
)
_ISO_OF = {"brief": (_TOP_BRIEF, _INNER_BRIEF), "summary": (_TOP_SUMMARY, _INNER_SUMMARY)}


@dataclass(frozen=True, slots=True)
class Form:
    """How records are written.

    Attributes:
        schema: the output schema.
        version: of the service, whose namespaces Dublin Core takes.
        set: which elements.
        names: the only elements that are wanted, as they were named; () for the set.
    """

    schema: str
    version: Version
    set: Set = "summary"
    names: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is Dublin Core in the service's own schema."""
        return self.schema in CSW.values()


def schemas(version: Version) -> tuple[str, ...]:
    """The output schemas of a version, its own first."""
    return (CSW[version], GMD, MDB, *((ATOM,) if version == "3.0.0" else ()))


def form_of(schema: str, version: Version, chosen: str, names: tuple[str, ...]) -> Form:
    """The form that a request wants.

    Raises:
        Invalid: there is no such schema, set or element.
    """
    schema = schema or CSW[version]
    if schema not in schemas(version):
        offered = ", ".join(schemas(version))
        raise Invalid(f"“{shown(schema)}” is not an output schema here; offered: {offered}", "outputSchema")
    if chosen and names:
        raise Invalid("give one of ElementSetName and ElementName", "ElementName")
    found: Set | None = next((one for one in SETS if one == (chosen.lower() or "summary")), None)
    if found is None:
        raise Invalid(f"“{shown(chosen)}” is no set of elements; choose {', '.join(SETS)}", "ElementSetName")
    form = Form(schema, version, "full" if names else found, names)
    if form.is_own:
        for name in names:
            if _element_of(name) not in _FULL:
                raise Invalid(
                    f"records have no element “{shown(name)}”; they have {', '.join(_FULL)}", "ElementName"
                )
    return form


def identifier(record: Record) -> str:
    """By what a record is named in the answers: its source's identifier, else its own id here."""
    return record.identifier or record.id


def written(record: Record, form: Form, links: Links) -> str:
    """A record as an element of XML, with the namespaces that it needs but for those of the service."""
    if form.schema == ATOM:
        return entry(record, links)
    return _dublin_core(record, form, links) if form.is_own else _iso(record, form)


# Dublin Core


def _dublin_core(record: Record, form: Form, links: Links) -> str:
    wanted = [_element_of(name) for name in form.names]
    order = [name for name in _FULL if name in wanted] if wanted else _DC_OF[form.set]
    said: dict[str, list[Said]] = {}
    if form.set != "brief":
        for one in elements(record, links):
            said.setdefault(one.name, []).append(one)
    body = "".join(part for name in order for part in dict.fromkeys(_parts(name, record, said, links)))
    root = f"csw:{_ROOTS[form.set]}"
    return f"<{root}>{body}</{root}>"


def _element_of(name: str) -> str:
    """The element that a name means: its prefix may be another, or none, or a path stand before it."""
    last = name.strip().rpartition("/")[2].rpartition(":")[2].lower()
    return next((known for known in _FULL if known.rpartition(":")[2].lower() == last), "")


def _parts(name: str, record: Record, said: Mapping[str, list[Said]], links: Links) -> Iterator[str]:
    """An element as often as a record has it."""
    match name:
        case "dc:identifier":
            yield element(name, identifier(record))
            if said:
                names = (
                    f"https://doi.org/{value}" if scheme == "doi" else value
                    for value, scheme in record.identifiers
                )
                yield from (element(name, one) for one in names if one != identifier(record))
        case "dc:type":
            yield element(name, _TYPES.get(record.kind, record.kind))
        case "ows:BoundingBox":
            yield from (_box(part) for box in record.extent.boxes for part in box.parts())
        case "dct:references":
            yield element(name, links.page(record.id), scheme="WWW:LINK")
            for one in record.distributions:
                if one.url:
                    yield element(name, one.url, scheme=one.protocol or one.media_type)
        case _:
            yield from (element(name, words) for words in _words(name, record, said) if words)


def _words(name: str, record: Record, said: Mapping[str, list[Said]]) -> list[str]:
    if name in _OWN_WORDS:
        return _OWN_WORDS[name](record)
    return [one.words for one in said.get(name.removeprefix("dc:"), ())]


def _alternatives(record: Record) -> list[str]:
    texts = (record.title, *record.alternate_titles)
    return [words for text in texts for _, words in text.variants if words != str(record.title)]


_OWN_WORDS: Mapping[str, Callable[[Record], list[str]]] = {
    "dc:title": lambda record: [str(record.title) or identifier(record)],
    "dct:alternative": _alternatives,
    "dct:abstract": lambda record: [str(record.abstract)],
    "dct:modified": lambda record: [record.updated],
    "dct:created": lambda record: [record.created],
    "dct:issued": lambda record: [record.published],
    "dct:provenance": lambda record: [str(record.lineage)],
    "dct:spatial": lambda record: [str(place) for place in record.extent.places],
    "dct:temporal": lambda record: [f"{p.start}/{p.end}" for p in record.extent.periods],
    "dct:license": lambda record: [one.uri or one.spdx or str(one.name) for one in record.licences],
    "dct:accessRights": lambda record: [record.access],
    "dct:isPartOf": lambda record: [one.target for one in record.relations if one.kind == "IsPartOf"],
}


def _box(box: Box) -> str:
    return (
        f'<ows:BoundingBox crs="{_EPSG_4326}"><ows:LowerCorner>{box.south:.10g} {box.west:.10g}</ows:LowerCorner>'
        f"<ows:UpperCorner>{box.north:.10g} {box.east:.10g}</ows:UpperCorner></ows:BoundingBox>"
    )


# ISO


def _iso(record: Record, form: Form) -> str:
    root = iso.element(replace(record, identifier=identifier(record)), _ISO[form.schema])
    if form.names:
        _keep_paths(root, [_steps(name) for name in form.names])
    elif form.set != "full":
        _keep_members(root, *_ISO_OF[form.set])
    return tostring(root, encoding="unicode")


def _keep_members(root: _Element, top: frozenset[str], inner: frozenset[str]) -> None:
    for member in list(root):
        if local(member) not in top:
            root.remove(member)
        elif local(member) == "identificationInfo":
            for identification in member:
                for one in list(identification):
                    if local(one) not in inner:
                        identification.remove(one)


def _steps(path: str) -> tuple[str, ...]:
    """The local names of a path from the root."""
    return tuple(
        step.rpartition(":")[2].partition("[")[0] for step in path.strip().split("/") if step.strip()
    )


def _keep_paths(root: _Element, paths: list[tuple[str, ...]]) -> None:
    """Leave what lies on the way to one of the paths, or under its end."""

    def keep(element: _Element, here: tuple[str, ...]) -> None:
        for one in list(element):
            there = (*here, local(one))
            if any(there[: len(path)] == path for path in paths):
                continue
            if any(path[: len(there)] == there for path in paths):
                keep(one, there)
            else:
                element.remove(one)

    keep(root, (local(root),))


# Atom


def entry(record: Record, links: Links) -> str:
    """A record as an entry of a feed."""
    parts = [
        element("id", links.page(record.id)),
        element("title", str(record.title) or identifier(record)),
        element("updated", record.updated),
        element("dc:identifier", identifier(record)),
        f"<link{_link(links.page(record.id), 'alternate', 'text/html')}/>",
        f"<link{_link(links.twin(record.id, 'xml'), 'alternate', 'application/xml')}/>",
    ]
    if record.abstract:
        parts.append(element("summary", str(record.abstract)))
    files = [one for one in record.distributions if one.function == "download" and one.url]
    parts += [f"<link{_link(one.url, 'enclosure', one.media_type)}/>" for one in files]
    parts += [
        element("georss:box", f"{box.south:.10g} {box.west:.10g} {box.north:.10g} {box.east:.10g}")
        for box in record.extent.boxes[:1]
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _link(href: str, rel: str, media_type: str) -> str:
    return marks({"rel": rel, "type": media_type, "href": href})

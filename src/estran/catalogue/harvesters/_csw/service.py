"""What a CSW can do, by what it says and then by trying: capabilities are often wrong or absent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

from estran.catalogue.harvesters._answers import without
from estran.catalogue.harvesters._csw.requests import (
    ARGUMENTS,
    EVERYTHING,
    OWN,
    THROUGH,
    Failed,
    Span,
    Speech,
    ask,
)
from estran.errors import EstranError, Invalid, NotAllowed, Unavailable
from estran.formats import Document
from estran.formats._xml import local, parse, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from estran.catalogue.harvesters import Visit

__all__ = ["Service", "agree", "dated_by", "describe"]

_GMD = "http://www.isotc211.org/2005/gmd"
# From the richest to the one that all must have, by words of their namespaces.
_SCHEMAS = {
    "iso19115-3": ("standards.iso.org/iso/19115/-3/mdb",),
    "iso19139": ("isotc211.org/2005/gmd", "isotc211.org/2005/gmi"),
    "dcat": ("w3.org/ns/dcat", "data.europa.eu/930", "dcat-ap"),
    "dublin-core": tuple(OWN.values()),
}
_XLINK = "{http://www.w3.org/1999/xlink}href"
_MODIFIED = ("dct:modified", "apiso:Modified", "apiso:modified", "Modified", "modified", "csw:modified")
_FAR = "2900-01-01"
# What is asked at most before giving up on a service, should it say no to everything.
_MOST_TRIED = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the capabilities say of GetRecords; empty where they say nothing.

    Attributes:
        versions, posts, gets, schemas, types, languages, properties: in their order.
    """

    versions: tuple[str, ...] = ()
    posts: tuple[str, ...] = ()
    gets: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()


def describe(visit: Visit) -> Service:
    """What a service says of itself; nothing where it cannot be understood.

    Raises:
        Unavailable, NotAllowed: as the fetcher raises them.
    """
    base = without(visit.source.url, ARGUMENTS)
    wanted = visit.source.options.get("version", "")
    plain = {"service": "CSW", "request": "GetCapabilities"}
    for words in (
        {**plain, "acceptVersions": wanted or "2.0.2,3.0.0"},
        {**plain, "version": wanted or "2.0.2"},
    ):
        url = f"{base}{'&' if '?' in base else '?'}{urlencode(words)}"
        try:
            reply = visit.fetcher.get(url, accept="application/xml, text/xml", through=THROUGH)
            root = parse(Document(reply.url, reply.body))
        except Invalid:
            continue
        if local(root) == "Capabilities":
            return _service(root, reply.url)
    return Service()


def _service(root: _Element, url: str) -> Service:
    operation = next((o for o in root.iter("{*}Operation") if o.get("name") == "GetRecords"), root)
    told = [root.get("version", ""), *(text_of(e) for e in root.iter("{*}ServiceTypeVersion"))]
    told += _values(root, "version")
    return Service(
        versions=tuple(v for v in OWN if any(word.startswith(v[:3]) for word in told)),
        posts=tuple(urljoin(url, address) for address in _addresses(operation, "Post")),
        gets=tuple(urljoin(url, address) for address in _addresses(operation, "Get")),
        schemas=tuple(dict.fromkeys(_values(operation, "outputschema"))),
        types=tuple(dict.fromkeys(_values(operation, "typenames"))),
        languages=tuple(dict.fromkeys(w.upper() for w in _values(operation, "constraintlanguage"))),
        properties=tuple(
            dict.fromkeys(
                text_of(value)
                for constraint in root.iter("{*}Constraint")
                if "queryables" in (constraint.get("name") or "").lower()
                for value in constraint.iter("{*}Value")
            )
        ),
    )


def _addresses(operation: _Element, method: str) -> Iterator[str]:
    """Where an operation is sent; those that take SOAP alone are left out."""
    for held in operation.iter(f"{{*}}{method}"):
        encodings = [text_of(value).upper() for value in held.iter("{*}Value")]
        if (address := (held.get(_XLINK) or "").strip()) and encodings != ["SOAP"]:
            yield address


def _values(element: _Element, name: str) -> list[str]:
    return [
        text_of(value)
        for parameter in element.iter("{*}Parameter")
        if (parameter.get("name") or "").lower() in {name, name.rstrip("s")}
        for value in parameter.iter("{*}Value")
    ]


def agree(visit: Visit, service: Service) -> tuple[Speech, int]:
    """How the service is spoken to, found by asking for a record, and how many it has (-1: it does not say).

    Raises:
        Invalid: no way leads to records; with what was answered.
        Unavailable: none does now.
    """
    failed: dict[str, EstranError] = {}
    busy: Unavailable | None = None
    # The first record may be one that the service fails at.
    for start in (1, 2):
        dead: set[tuple[str, str]] = set()
        for speech in islice(_speeches(visit, service, dead), _MOST_TRIED):
            try:
                return speech, ask(visit, speech, EVERYTHING, start, 1).matched
            except (Failed, Unavailable, NotAllowed) as error:
                failed.setdefault(str(error), error)
                if _host(speech.url) == _host(visit.source.url):
                    busy = busy or _passing(error)
                if not (isinstance(error, Failed) and error.refused):
                    # It is not the words that it does not like.
                    dead.add((speech.method, speech.url))
    if busy is not None:
        raise busy
    if len(failed) == 1:
        raise next(iter(failed.values()))
    reasons = "; ".join(dict.fromkeys(str(error) for error in failed.values()))
    raise Invalid(f"no way leads to its records: {reasons[:1500]}", visit.source.url)


def _passing(error: EstranError) -> Unavailable | None:
    """The error, if it may be gone the next time."""
    if isinstance(error, Failed) and error.broken and not error.refused:
        return Unavailable(f"{error}; try again later", 600.0)
    return error if isinstance(error, Unavailable) else None


def _speeches(visit: Visit, service: Service, dead: set[tuple[str, str]]) -> Iterator[Speech]:
    options = visit.source.options
    language = "CQL_TEXT" if service.languages == ("CQL_TEXT",) else "FILTER"
    wanted = options.get("version", "")
    # 2.0.2 is what all servers speak best.
    versions = [v for v in OWN if v.startswith(wanted)] if wanted else list(service.versions[:1] or OWN)
    variants = [("csw:Record", True), ("csw:Record", False), ("gmd:MD_Metadata", False)]
    for (method, url), version in product(_ways(visit, service), versions):
        for schema, (type_name, sort) in product(
            _schemas(options.get("schema", ""), service, version), variants
        ):
            if (method, url) not in dead:
                yield Speech(
                    version=version, method=method, url=url, schema=schema, type_name=type_name, sort=sort,
                    language=language,
                )  # fmt: skip


def _ways(visit: Visit, service: Service) -> list[tuple[str, str]]:
    """Where to send GetRecords: addresses on the source's own host come first, others may be leftovers."""
    base = without(visit.source.url, ARGUMENTS)
    forced = visit.source.options.get("method", "").upper()
    told = {"POST": service.posts, "GET": service.gets}
    near: list[tuple[str, str]] = []
    far: list[tuple[str, str]] = []
    for method in ("POST", "GET"):
        if forced in ("", method):
            near += [(method, url) for url in told[method] if _host(url) == _host(base)]
            near.append((method, base))
            far += [(method, url) for url in told[method] if _host(url) != _host(base)]
    return list(dict.fromkeys([*near, *far]))


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _schemas(wanted: str, service: Service, version: str) -> list[str]:
    """What to ask for, the richest first."""
    own = OWN[version]
    if wanted and wanted not in _SCHEMAS:
        return [wanted]
    offered = service.schemas or (_GMD, own)
    kinds = [wanted] if wanted else list(_SCHEMAS)
    found = [s for kind in kinds for s in offered if any(word in s.lower() for word in _SCHEMAS[kind])]
    # Of Dublin Core's two namespaces, that of the version that is spoken.
    found = [s for s in found if s == own or s not in OWN.values()]
    if wanted:
        return found or [{"iso19139": _GMD, "dublin-core": own}.get(wanted, wanted)]
    return list(dict.fromkeys([*found, own]))


def dated_by(visit: Visit, service: Service, speech: Speech) -> tuple[Speech, int] | None:
    """The speech with the property that holds dates of modification, and how many records have one.

    None where the service knows no such property, or pays no heed to conditions.
    """
    listed = [p for p in service.properties if p.rpartition(":")[2].lower() == "modified"]
    ranked = [p for p in _MODIFIED if p in listed] + listed
    for name, language in product(
        dict.fromkeys([*ranked, *_MODIFIED[:4]]), dict.fromkeys([speech.language, "CQL_TEXT"])
    ):
        tried = replace(speech, modified=name, language=language)
        try:
            past = ask(visit, tried, Span("dated", before=_FAR), 1, 1).matched
            future = ask(visit, tried, Span("dated", after=_FAR), 1, 1).matched
        except Invalid:
            continue
        # Equal numbers on both sides of a date are those of all records: the condition was not looked at.
        if past + future > 0 and past != future:
            return tried, max(past, 0) + max(future, 0)
    return None

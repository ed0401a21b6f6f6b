"""How one gets at the data in DCAT: distributions, the services behind them, pages, licences and rights."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from estran.formats import _json, _licences
from estran.formats._dcat import words
from estran.formats._rdf import Iri, Thing, Words, tail
from estran.model import Constraint, Distribution, Licence, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._rdf import Term

__all__ = ["Rights", "distributions", "endpoints", "representations", "rights"]

_DISTRIBUTIONS = ("dcat:distribution", "schema:distribution")
_PAGES = ("foaf:page", "foaf:homepage")
_PROTOCOL = re.compile(r"^(?:OGC|WWW|ESRI|DB|FILE|GLG|NETWORK|COPYFILE|LOCAL|UKST|OPENDAP|ERDDAP)\b[: _-]")
_NO_LIMITS, _NO_CONDITIONS = "LimitationsOnPublicAccess/", "ConditionsApplyingToAccessAndUse/"


class Rights(NamedTuple):
    """Under which terms: licences, constraints, and the pivot's word for the access."""

    licences: tuple[Licence, ...]
    constraints: tuple[Constraint, ...]
    access: str


class _Encoding(NamedTuple):
    format: str = ""
    media_type: str = ""
    protocol: str = ""


def distributions(resource: Thing) -> Iterator[Distribution]:
    """Every way to the data that a resource lists: its distributions, then the pages about it."""
    for term in resource.all(*_DISTRIBUTIONS):
        thing = resource.at(term)
        if thing is not None:
            yield from _distribution(thing)
        elif isinstance(term, Words) and "://" in term.words:
            yield Distribution(url=term.words.strip())
    for term in resource.all(*_PAGES):
        page = resource.at(term)
        url = page.iri or page.word("foaf:homepage", "schema:url") if page else ""
        url = url or (term.words.strip() if isinstance(term, Words) else "")
        if url:
            title = page.text("dct:title", "rdfs:label", "foaf:name") if page else Text()
            said = page.text("dct:description") if page else Text()
            yield Distribution(url=url, title=title, description=said, function="information")


def _distribution(thing: Thing) -> Iterator[Distribution]:
    """One dcat:Distribution; several when it gives several addresses."""
    one, service = _described(thing), next(iter(thing.things("dcat:accessService")), None)
    files, pages = (
        thing.urls("dcat:downloadURL"),
        thing.urls("dcat:accessURL", "schema:contentUrl", "schema:url"),
    )
    for url in files:
        yield replace(one, url=url, function=one.function or "download")
    if files:
        yield from (
            Distribution(url=url, title=one.title, function="information")
            for url in pages
            if url not in files
        )
        return
    if not pages and service:
        pages = service.urls("dcat:endpointDescription", "dcat:endpointURL")[:1]
    if not pages and thing.iri.startswith("http") and thing.known:
        pages = [thing.iri]
    serves = service is not None or any(words.protocol(uri) for uri in thing.words("dct:conformsTo"))
    for url in pages:
        yield replace(one, url=url, function=one.function or ("service" if serves else ""))
    if not pages and (one.title or one.description):
        yield one


def _described(thing: Thing) -> Distribution:
    encoding = _encoding(thing)
    name = thing.word("dct:identifier")
    return Distribution(
        title=thing.text("dct:title", "rdfs:label", "schema:name"),
        description=thing.text("dct:description", "schema:description"),
        function=next((f for uri in thing.words("dct:type") if (f := words.function(uri))), ""),
        protocol=_protocol(thing) or encoding.protocol,
        media_type=encoding.media_type,
        format=encoding.format,
        name="" if "://" in name else name,
        size_bytes=_json.whole(thing.word("dcat:byteSize", "schema:contentSize")),
        checksum=_checksum(thing),
        conforms_to=tuple(uri for uri in thing.words("dct:conformsTo") if not words.protocol(uri)),
    )


def _protocol(thing: Thing) -> str:
    """The protocol of the service behind a distribution, or of a service itself."""
    for one in (*thing.things("dcat:accessService"), thing):
        if spoken := one.each("geodcatap:serviceProtocol"):
            return str(spoken[0])
        standards = one.words("geodcatap:serviceProtocol", "dct:conformsTo")
        if found := next((name for uri in standards if (name := words.protocol(uri))), ""):
            return found
    technique = thing.each("adms:representationTechnique")
    return next((str(name) for name in technique if _PROTOCOL.match(str(name))), "")


def _encoding(thing: Thing) -> _Encoding:
    """Format, media type and protocol, whichever of DCAT's properties they were put in."""
    form = kind = protocol = ""
    for term in thing.all("dct:format", "dcat:mediaType", "schema:encodingFormat"):
        uri = str(term) if isinstance(term, Iri) else ""
        known = thing.at(term)
        label = str(thing.label(term))
        value = known.word("rdf:value") if known else ""
        kind = kind or words.media_type(uri) or words.media_type(label) or words.media_type(value)
        if name := words.file_type(uri):
            form = form or name
        elif _PROTOCOL.match(label):
            protocol = protocol or label
        elif label and not words.media_type(label):
            form = form or label
        elif uri and not words.media_type(uri):
            form = form or tail(uri)
    return _Encoding(form, kind, protocol)


def _checksum(thing: Thing) -> str:
    for one in thing.things("spdx:checksum"):
        value = one.word("spdx:checksumValue").lower()
        method = one.word("spdx:algorithm").partition("checksumAlgorithm_")[2] or one.word("spdx:algorithm")
        method = re.sub(r"[\W_]", "", method.partition("hashAlgorithms/")[2] or tail(method)).lower()
        if method and re.fullmatch(r"[0-9a-f]+", value):
            return f"{method}:{value}"
    return ""


def endpoints(service: Thing) -> Iterator[Distribution]:
    """The addresses of a service; an endpoint that its description's address starts with is that one."""
    protocol = _protocol(service)
    described = service.urls("dcat:endpointDescription")
    roots = [url for url in service.urls("dcat:endpointURL") if not any(d.startswith(url) for d in described)]
    # An endpoint is obligatory: the address of the service itself stands for a missing one.
    for url in (*described, *(url for url in roots if url != service.iri)):
        yield Distribution(url=url, function="service", protocol=protocol)


def representations(resource: Thing) -> tuple[str, ...]:
    """How space is represented, as the distributions say."""
    sources = (resource, *resource.things(*_DISTRIBUTIONS))
    codes = (
        words.representation(uri) for one in sources for uri in one.words("adms:representationTechnique")
    )
    return tuple(dict.fromkeys(code for code in codes if code))


def rights(resource: Thing) -> Rights:
    """The terms of a resource and of its distributions together."""
    licences: dict[Licence, None] = {}
    constraints: dict[Constraint, None] = {}
    access = ""
    sources = (resource, *resource.things(*_DISTRIBUTIONS))
    for predicate in ("dct:license", "dct:rights", "dct:accessRights", "schema:license"):
        for source in sources:
            for term in source.all(predicate):
                found = _terms(source, term, predicate)
                if isinstance(found, Licence):
                    licences[found] = None
                elif isinstance(found, Constraint):
                    constraints[found] = None
                    access = access or (words.access(found.uri) if found.kind == "access" else "")
                else:
                    access = access or found
    return Rights(tuple(licences), tuple(constraints), access)


def _terms(source: Thing, term: Term, predicate: str) -> Licence | Constraint | str:
    """What one statement of rights is: a licence, a constraint, or a mere word for the access."""
    thing = source.at(term)
    label, uri = source.label(term), thing.iri if thing else ""
    spoken, kind = str(label), "access" if predicate == "dct:accessRights" else "use"
    code = unquote(tail(thing.word("dct:type"))) if thing else ""
    see = uri or (thing.word("rdfs:seeAlso") if thing else "")
    if found := _constraint(kind, code, label, see):
        return found
    if kind == "access" and (known := words.access(uri or spoken)):
        return known
    if predicate.endswith("license") and spoken in words.RESTRICTIONS:
        return Constraint(kind="use", code=spoken)
    spdx = (thing.word("dct:identifier") if thing else "") or _licences.spdx(spoken, uri)
    # A statement of rights may speak of a licence without being one.
    statement = thing is not None and "dct:RightsStatement" in thing.types and not _licences.spdx("", uri)
    document = thing is not None and "dct:LicenseDocument" in thing.types
    if predicate.endswith("license") or (document and label) or (spdx and not statement):
        bare = not uri and spoken.startswith(("http://", "https://")) and " " not in spoken
        return Licence(name=Text() if bare else label, uri=spoken if bare else uri, spdx=spdx)
    return Constraint(kind=kind, text=label, uri=see)


def _constraint(kind: str, code: str, label: Text, uri: str) -> Constraint | None:
    """A constraint that INSPIRE's address or a code of ISO 19115 gives away."""
    restriction, _, classification = code.removeprefix("MD_RestrictionCode_").partition(
        "MD_ClassificationCode_"
    )
    if _NO_LIMITS in uri or _NO_CONDITIONS in uri:
        kind = "access" if _NO_LIMITS in uri else "use"
        return Constraint(kind=kind, code=restriction or "otherRestrictions", text=label, uri=uri)
    if classification:
        return Constraint(kind="security", code=classification, text=label, uri=uri)
    if code.startswith("MD_RestrictionCode_"):
        return Constraint(kind=kind, code=restriction, text=label, uri=uri)
    return None

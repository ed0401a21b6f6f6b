"""How one gets at the data, as DCAT has it: distributions, endpoints and terms of use."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats import _licences
from estran.formats._dcat import words
from estran.formats._dcat.write_parts import address, facts, label, links_to, literal, texts
from estran.formats._rdf import PREFIXES, Iri, Words
from estran.formats._rdf_write import Node, iri
from estran.model import Distribution, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._dcat.write_parts import Fact
    from estran.model import Constraint, Licence, Record

__all__ = ["bare_format", "checksum", "distributions", "endpoint", "is_page", "protocols", "rights"]

_CHECKSUM = re.compile(r"([a-z0-9-]+):((?:[0-9a-f]{2})+)")


def is_page(one: Distribution) -> bool:
    """Whether a distribution is a page about the data and nothing more."""
    more = one.format or one.media_type or one.name or one.checksum or one.conforms_to or one.size_bytes >= 0
    return one.function == "information" and not more


def endpoint(one: Distribution) -> tuple[str, str]:
    """Address of a service, and of its description where the given address is that."""
    url = iri(one.url)
    root, mark, query = url.partition("?")
    return (root, url) if mark and "getcapabilities" in query.lower() else (url, "")


def distributions(record: Record) -> Iterator[Fact]:
    """Pages as pages, everything else with an address as a distribution under the first licence."""
    pages: set[str] = set()
    licence = next(_licences_of(record), None)
    # Its name stands with the record.
    terms = Iri(licence.address) if licence and licence.address else licence
    common = bare_format(record)
    for one in record.distributions:
        url = iri(one.url)
        if not url:
            continue
        if is_page(one) and url not in pages:
            pages.add(url)
            said = (*texts("dct:title", one.title), *texts("dct:description", one.description))
            yield "foaf:page", Node(url, ("foaf:Document",), said)
        else:
            yield (
                "dcat:distribution",
                _distribution(record, replace(one, format=one.format or common), url, terms),
            )


def bare_format(record: Record) -> str:
    """The one format that is told apart from any file, as ISO 19115 does, and so holds for all of them."""
    bare = {one.format for one in record.distributions if one == Distribution(format=one.format)}
    return bare.pop() if len(bare) == 1 else ""


def _distribution(record: Record, one: Distribution, url: str, terms: Node | Iri | None) -> Node:
    file = one.function == "download"
    return Node(
        "",
        ("dcat:Distribution",),
        (
            *texts("dct:title", one.title),
            *texts("dct:description", one.description),
            ("dcat:accessURL", Iri(url)),
            *facts(
                ("dcat:downloadURL", Iri(url) if file else None),
                (
                    "dct:type",
                    links_to(words.function_uri(one.function)) if one.function and not file else None,
                ),
                ("dct:identifier", literal(one.name)),
                ("dct:format", label(one.format, words.file_type_uri(one.format), "dct:MediaTypeOrExtent")),
                ("dcat:mediaType", address(words.media_type_uri(one.media_type), "dct:MediaType")),
                (
                    "dcat:byteSize",
                    Words(str(one.size_bytes), "", "xsd:nonNegativeInteger") if one.size_bytes >= 0 else None,
                ),
                ("spdx:checksum", checksum(one.checksum)),
                ("dcat:accessService", _service(record, one) if one.function == "service" else None),
                ("dct:license", terms),
            ),
            *(("dct:conformsTo", _standard(name)) for name in one.conforms_to),
            *(
                ("adms:representationTechnique", Iri(words.representation_uri(code)))
                for code in record.representation
            ),
        ),
    )


def _service(record: Record, one: Distribution) -> Node:
    root, description = endpoint(one)
    return Node(
        "",
        ("dcat:DataService",),
        (
            *texts("dct:title", one.title or Text.of(one.name) or record.title or Text.of(root)),
            ("dcat:endpointURL", Iri(root)),
            *facts(("dcat:endpointDescription", links_to(description))),
            *protocols(one.protocol),
        ),
    )


def protocols(name: str) -> Iterator[Fact]:
    """The standard that a service follows, by its address where it has one; the exact words if they say more."""
    known = address(words.protocol_uri(name), "dct:Standard")
    exact = known if known and words.protocol(known.address) == name else None
    said = exact or Node("", ("dct:Standard",), (("dct:title", Words(name)),))
    return facts(("dct:conformsTo", known), ("geodcatap:serviceProtocol", said if name else None))


def _standard(name: str) -> Node:
    return address(name, "dct:Standard") or Node("", ("dct:Standard",), (("dct:title", Words(name)),))


def checksum(given: str) -> Node | None:
    """``algorithm:hexadecimal`` as SPDX says it, None for something else."""
    found = _CHECKSUM.fullmatch(given)
    if found is None:
        return None
    method = Node(f"{PREFIXES['spdx']}checksumAlgorithm_{found[1]}", ("spdx:ChecksumAlgorithm",))
    value = Words(found[2], "", "xsd:hexBinary")
    return Node("", ("spdx:Checksum",), (("spdx:algorithm", method), ("spdx:checksumValue", value)))


# Terms of use ---------------------------------------------------------------------------------------------


def licence_node(one: Licence) -> Node | None:
    """A licence by its address, or by name."""
    uri = iri(one.uri) or iri(_licences.address(one.spdx))
    known = one.spdx and _licences.spdx(str(one.name), uri) != one.spdx
    said = (
        *texts("rdfs:label", one.name),
        *facts(("dct:identifier", Words(one.spdx) if known else None)),
    )
    return Node(uri, ("dct:LicenseDocument",), said) if uri or said else None


def _licences_of(record: Record) -> Iterator[Node]:
    """The licences; without any, INSPIRE's conditions of use stand in, which DCAT-AP takes for one."""
    for one in record.licences:
        if node := licence_node(one):
            yield node
    if not record.licences:
        for one in record.constraints:
            if _is_condition(one):
                yield Node(iri(one.uri), ("dct:LicenseDocument",), tuple(texts("rdfs:label", one.text)))


def _is_condition(one: Constraint) -> bool:
    """Whether it is one of INSPIRE's conditions that apply to access and use."""
    plain_code = one.code in ("", "otherRestrictions")
    return (
        one.kind == "use"
        and plain_code
        and one.uri.startswith(f"{words.INSPIRE}ConditionsApplyingToAccessAndUse/")
    )


def rights(record: Record) -> Iterator[Fact]:
    """Licences, the one access right that is allowed, and every constraint."""
    for place, licence in enumerate(_licences_of(record)):
        # A service has one licence at most.
        yield "dct:rights" if record.kind == "service" and place else "dct:license", licence
    free = next((c for c in record.constraints if c.kind == "access"), None) if not record.access else None
    if record.access:
        uri = words.access_uri(record.access)
        yield from facts(("dct:accessRights", label(record.access, uri, "dct:RightsStatement")))
    for one in record.constraints:
        if record.licences or not _is_condition(one):
            yield "dct:accessRights" if one is free else "dct:rights", _statement(one)


def _statement(one: Constraint) -> Node:
    codelist = "MD_ClassificationCode" if one.kind == "security" else "MD_RestrictionCode"
    uri = iri(one.uri)
    # INSPIRE's address says what kind of restriction it is.
    code = "" if uri.startswith(words.INSPIRE) and one.code == "otherRestrictions" else one.code
    return Node(
        uri if uri.startswith(words.INSPIRE) else "",
        ("dct:RightsStatement",),
        (
            *texts("rdfs:label", one.text),
            *facts(
                ("dct:type", Iri(words.iso_uri(codelist, code)) if code else None),
                ("rdfs:seeAlso", Iri(uri) if uri and not uri.startswith(words.INSPIRE) else None),
            ),
        ),
    )

"""Requests to the catalogue service, in an address or in XML, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Document
from estran.formats._xml import local, namespace, parse, text_of
from estran.web.apis._csw_terms import CSW, VERSIONS, Refused, Version, missing, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lxml.etree import _Element

__all__ = ["OPERATIONS", "Asked", "of_address", "of_document", "version_of_bytes", "xml"]

OPERATIONS: Mapping[str, tuple[Version, ...]] = {
    "GetCapabilities": VERSIONS,
    "DescribeRecord": ("2.0.2",),
    "GetDomain": VERSIONS,
    "GetRecords": VERSIONS,
    "GetRecordById": VERSIONS,
}
"""Operation -> versions that have it."""
_OTHERS = ("Transaction", "Harvest", "UnHarvest", "GetRepositoryItem")
_BY_NAME = {name.lower(): name for name in (*OPERATIONS, *_OTHERS)}
_PARTED = ("typenames", "typename", "elementname", "sections", "acceptversions", "acceptformats")
_IN_REQUEST = ("Query", "DistributedSearch", "ResponseHandler")
_IN_QUERY = ("ElementSetName", "ElementName", "Constraint", "SortBy")
_DESCENDING = {"A": False, "ASC": False, "D": True, "DESC": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request.

    Attributes:
        operation: such as ``GetRecords``.
        version: in which it is answered.
        params: its simple parameters by their names in lower case, none of them empty.
        lists: those that hold several values, the same way.
        ids: records that it names.
        sort: (property, descending) pairs.
        filter: its ``Filter``; cql: its CQL text; one of them at most.
        root: the request in XML, if it came so.
    """

    operation: str
    version: Version
    params: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    filter: _Element | None = None
    cql: str = ""
    root: _Element | None = None

    def one(self, name: str) -> str:
        """A simple parameter, "" where it is not given."""
        return self.params.get(name.lower(), "")

    def each(self, name: str) -> tuple[str, ...]:
        """A parameter that holds several values."""
        return self.lists.get(name.lower(), ())


def version_of_bytes(body: bytes) -> Version:
    """The version that a request means which cannot be read, as far as its first bytes tell."""
    return "3.0.0" if b"/cat/csw/3.0" in body[:4096] else "2.0.2"


def xml(body: bytes, where: str) -> _Element:
    """The root of a document.

    Raises:
        Refused: it is not XML, or more than that: DTD and entities.
    """
    try:
        return parse(Document(where, body))
    except Invalid as error:
        raise Refused("NoApplicableCode", where, f"{where}: {error.why}") from None
    except RecursionError:
        raise Refused("NoApplicableCode", where, "the request is nested too deeply") from None


# In an address


def of_address(given: Iterable[tuple[str, str]]) -> Asked:
    """The request of key-value pairs.

    Raises:
        Refused: a parameter is missing, given twice, or names what there is not.
    """
    params: dict[str, str] = {}
    for name, value in given:
        if params.get(name.lower(), value.strip()) != value.strip():
            raise Invalid("it is given more than once; give it once", shown(name))
        params[name.lower()] = value.strip()
    params = {name: value for name, value in params.items() if value}
    if not params:
        return Asked(operation="GetCapabilities", version="2.0.2")
    version = _version(params.get("version", ""), params.get("acceptversions", ""))
    operation = _operation(params.get("request", ""), version or "2.0.2")
    _service(params.get("service", ""), must=True)
    if version is None and operation != "GetCapabilities":
        raise missing("version", f"version says which answer is wanted: {' or '.join(VERSIONS)}")
    held, cql = _constraint(params)
    return Asked(
        operation=operation,
        version=version or "2.0.2",
        params=params,
        lists={name: _parts(params[name]) for name in _PARTED if name in params},
        ids=_parts(params.get("id") or params.get("recordids") or ""),
        sort=tuple(_sorted(part) for part in _parts(params.get("sortby", ""))),
        filter=held,
        cql=cql,
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in map(str.strip, text.split(",")) if part)


def _version(asked: str, accepted: str) -> Version | None:
    """The version that is asked for, None where none is."""
    if accepted:
        return _accepted(_parts(accepted))
    if not asked:
        return None
    found: Version | None = next((v for v in VERSIONS if asked in (v, v.removesuffix(".0"))), None)
    if found is None:
        raise Invalid(f"version “{shown(asked)}” is not offered; choose {' or '.join(VERSIONS)}", "version")
    return found


def _accepted(versions: Sequence[str]) -> Version:
    for version in versions:
        if version in VERSIONS:
            return version
    raise Refused(
        "VersionNegotiationFailed",
        "acceptversions",
        f"none of the accepted versions is offered; here are {' and '.join(VERSIONS)}",
    )


def _operation(name: str, version: Version) -> str:
    if not name:
        raise missing("request", f"request says what is wanted: {', '.join(OPERATIONS)}")
    found = _BY_NAME.get(name.lower())
    if found is None:
        raise Invalid(f"there is no operation “{shown(name)}”; offered: {', '.join(OPERATIONS)}", "request")
    if version not in OPERATIONS.get(found, ()):
        offered = ", ".join(name for name, versions in OPERATIONS.items() if version in versions)
        raise Refused(
            "OperationNotSupported",
            found,
            f"{found} is not offered here in CSW {version}; offered: {offered}",
        )
    return found


def _service(name: str, *, must: bool) -> None:
    if not name and must:
        raise missing("service", "service=CSW says which service is asked")
    if name and name.upper() != "CSW":
        raise Invalid(f"“{shown(name)}” is not the service at this address; it is CSW", "service")


def _sorted(part: str) -> tuple[str, bool]:
    name, _, order = part.rpartition(":")
    if name and order.upper() in _DESCENDING:
        return name, _DESCENDING[order.upper()]
    return part, False


def _constraint(params: Mapping[str, str]) -> tuple[_Element | None, str]:
    text, language = params.get("constraint", ""), params.get("constraintlanguage", "").upper()
    if not text:
        text, language = params.get("filter", ""), "FILTER"
    if not text:
        return None, ""
    if language not in ("", "FILTER", "CQL_TEXT", "CQL"):
        raise Invalid(f"“{shown(language)}” is not read; choose CQL_TEXT or FILTER", "constraintlanguage")
    if language == "FILTER" or (not language and text.startswith("<")):
        return xml(text.encode("utf-8", "replace"), "Constraint"), ""
    return None, text


# In XML


def of_document(body: bytes) -> Asked:
    """The request of a document.

    Raises:
        Refused: it is not XML, or asks for what there is not.
    """
    root = xml(body, "request")
    version: Version | None = next((v for v in VERSIONS if namespace(root) == CSW[v]), None)
    if version is None:
        raise Invalid(
            f"“{shown(local(root))}” is not a request of CSW; its root stands in {' or '.join(CSW.values())}",
            "request",
        )
    params = {
        str(name).lower(): str(value).strip() for name, value in root.attrib.items() if "}" not in str(name)
    }
    lists: dict[str, tuple[str, ...]] = {}
    if local(root) == "GetCapabilities":
        _of_capabilities(root, lists)
        version = _accepted(lists["acceptversions"]) if lists.get("acceptversions") else version
    elif params.get("version") and _version(params["version"], "") != version:
        raise Invalid(f"the request is in the namespace of version {version}, and says another", "version")
    operation = _operation(local(root), version)
    _service(params.get("service", ""), must=False)
    query = next((one for one in root if local(one) == "Query"), None)
    if operation == "GetRecords":
        _check_members(root, _IN_REQUEST)
    names = [text_of(one) for one in root if local(one) == "TypeName"]
    if query is not None:
        _check_members(query, _IN_QUERY)
        params["elementsetname"] = _said(query, "ElementSetName")
        names += (query.get("typeNames") or query.get("typeName") or "").replace(",", " ").split()
        lists["elementname"] = _all(query, "ElementName")
    elif operation == "GetRecords":
        raise missing("Query", "GetRecords holds one csw:Query with its typeNames")
    lists["typenames"] = tuple(names)
    for one in root:
        if local(one) in (
            "ElementSetName",
            "PropertyName",
            "ParameterName",
            "ValueReference",
            "ResponseHandler",
        ):
            params[local(one).lower()] = text_of(one)
    held, cql = _of_constraint(query)
    return Asked(
        operation=operation,
        version=version,
        params={name: value for name, value in params.items() if value},
        lists=lists,
        ids=tuple(one for one in _all(root, "Id") if one),
        sort=_of_sort(query),
        filter=held,
        cql=cql,
        root=root,
    )


def _check_members(element: _Element, known: tuple[str, ...]) -> None:
    """Refuse what would be passed over: a misspelt constraint must not show everything."""
    for one in element:
        if local(one) not in known:
            where = shown(local(one))
            raise Invalid(f"{local(element)} has no member “{where}”; members: {', '.join(known)}", where)


def _said(element: _Element, name: str) -> str:
    return next((text_of(one) for one in element if local(one) == name), "")


def _all(element: _Element, name: str) -> tuple[str, ...]:
    return tuple(text_of(one) for one in element if local(one) == name)


def _of_capabilities(root: _Element, lists: dict[str, tuple[str, ...]]) -> None:
    for group, member in (
        ("AcceptVersions", "Version"),
        ("Sections", "Section"),
        ("AcceptFormats", "OutputFormat"),
    ):
        for one in root:
            if local(one) == group:
                lists[group.lower()] = _all(one, member)


def _of_constraint(query: _Element | None) -> tuple[_Element | None, str]:
    found = [one for one in query if local(one) == "Constraint"] if query is not None else []
    inner = list(found[0]) if found else []
    if not inner and len(found) < 2:  # noqa: PLR2004
        return None, ""
    if len(found) > 1 or len(inner) != 1:
        raise Invalid("a query holds one Constraint, with one Filter or CqlText in it", "Constraint")
    if local(inner[0]) != "CqlText":
        return inner[0], ""
    text = text_of(inner[0])
    if not text:
        raise Invalid("the CqlText is empty; leave the Constraint out, or say what is wanted", "Constraint")
    return None, text


def _of_sort(query: _Element | None) -> tuple[tuple[str, bool], ...]:
    if query is None:
        return ()
    listed: list[tuple[str, bool]] = []
    for by in query:
        if local(by) != "SortBy":
            continue
        for one in by:
            name, order = _said(one, "PropertyName") or _said(one, "ValueReference"), _said(one, "SortOrder")
            if not name or (order and order.upper() not in _DESCENDING):
                raise Invalid("each SortProperty names a property, and ASC or DESC", "SortBy")
            listed.append((name, _DESCENDING.get(order.upper(), False)))
    return tuple(listed)

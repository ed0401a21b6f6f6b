"""GetRecords of CSW 2.0.2 and 3.0, by POST and by GET, and the answers as pages of events."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.catalogue.harvesters import Found, Missed
from estran.catalogue.harvesters._answers import asked, cut, read, said, without
from estran.catalogue.harvesters._csw.identity import identity
from estran.errors import Invalid
from estran.formats import Document
from estran.formats._xml import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.harvesters import Visit
    from estran.catalogue.harvesters._answers import Cut
    from estran.fetching import Reply

__all__ = [
    "ARGUMENTS",
    "DATED",
    "EVERYTHING",
    "OWN",
    "THROUGH",
    "Failed",
    "Page",
    "Span",
    "Speech",
    "ask",
    "in_words",
]

OWN = {"2.0.2": "http://www.opengis.net/cat/csw/2.0.2", "3.0.0": "http://www.opengis.net/cat/csw/3.0"}
# Exceptions come with all of these; what they say is worth more than the number.
THROUGH = frozenset({400, 401, 403, 404, 405, 406, 410, 413, 414, 415, 422, 500, 501})
ARGUMENTS = frozenset(
    {
        "service", "version", "acceptversions", "acceptformats", "sections", "updatesequence", "request",
        "resulttype", "outputformat", "outputschema", "startposition", "maxrecords", "typename", "typenames",
        "elementsetname", "elementname", "constraint", "constraintlanguage", "constraint_language_version",
        "sortby", "namespace", "id",
    }
)  # fmt: skip
_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "gmd": "http://www.isotc211.org/2005/gmd",
    "apiso": "http://www.opengis.net/cat/csw/apiso/1.0",
    "ogc": "http://www.opengis.net/ogc",
    "fes": "http://www.opengis.net/fes/2.0",
}
_SERVER_FAILED = 500


@dataclass(frozen=True, slots=True)
class Span:
    """Which records are asked for, by their date of modification.

    Attributes:
        kind: "all" without any condition; "dated" for those from `after` and before `before` (half-open,
            "" for no bound); "undated" for those without a date; "rest" without any condition, in search of
            the undated where these cannot be asked for.
    """

    kind: str
    after: str = ""
    before: str = ""

    @property
    def is_free(self) -> bool:
        """Whether it sets no condition."""
        return self.kind in {"all", "rest"} or (self.kind == "dated" and not self.after and not self.before)

    def __str__(self) -> str:
        match self.kind:
            case "all" | "rest":
                return "all records"
            case "undated":
                return "records without a date of modification"
            case _:
                return (
                    f"records modified from {self.after or 'the beginning'} until {self.before or 'the end'}"
                )


EVERYTHING = Span("all")
DATED = Span("dated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How a service is spoken to; as a dict it is part of a mark.

    Attributes:
        version: of CSW; method and url: where GetRecords is sent.
        schema: the outputSchema; type_name: what is queried; sort: whether by identifier.
        language: of conditions, FILTER or CQL_TEXT; modified: the property that holds the date.
    """

    version: str
    method: str
    url: str
    schema: str
    type_name: str = "csw:Record"
    sort: bool = True
    language: str = "FILTER"
    modified: str = ""


class Failed(Invalid):
    """An answer to GetRecords that is no page of records.

    Attributes:
        refused: whether the service said so itself, in an exception report.
        broken: whether the fault is the server's own, by its status.
    """

    def __init__(self, error: Invalid, status: int, *, refused: bool = False) -> None:
        self.refused, self.broken = refused, status >= _SERVER_FAILED
        super().__init__(error.why, error.where)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to GetRecords.

    Attributes:
        events: a Found or Missed for each record in it; matched: -1 where it does not say.
        following: its nextRecord, 0 for none, -1 where it does not say.
        whole: False where it broke off.
    """

    events: tuple[Found | Missed, ...]
    matched: int
    following: int
    whole: bool

    @property
    def keys(self) -> list[str]:
        """What was found in it, to notice the same page again."""
        return [event.key for event in self.events if isinstance(event, Found)]


def ask(visit: Visit, speech: Speech, span: Span, start: int, size: int) -> Page:
    """A page of records; one that breaks off is asked for a second time.

    Raises:
        Failed: the service refuses, fails at it, or gives something else; `where` is its address.
        Unavailable, NotAllowed: as the fetcher raises them.
    """
    page = _ask(visit, speech, span, start, size)
    if page.whole:
        return page
    second = _ask(visit, speech, span, start, size)
    page = second if second.whole or len(second.events) > len(page.events) else page
    if not page.whole and not page.events:
        raise Failed(Invalid("its answer breaks off before the first record ends", speech.url), 0)
    return page


def _ask(visit: Visit, speech: Speech, span: Span, start: int, size: int) -> Page:
    accept = "application/xml, text/xml"
    if speech.method == "POST":
        body = _in_xml(speech, span, start, size).encode()
        reply = visit.fetcher.post(speech.url, body, "application/xml", accept=accept, through=THROUGH)
    else:
        words = urlencode(_in_words(speech, span, start, size))
        base = without(speech.url, ARGUMENTS)
        url = f"{base}{'&' if '?' in base else '?'}{words}"
        reply = visit.fetcher.get(url, accept=accept, through=THROUGH)
    return _page(reply, speech, start)


def _page(reply: Reply, speech: Speech, start: int) -> Page:
    try:
        answer = cut(Document(reply.url, reply.body), "SearchResults")
    except Invalid as error:
        raise Failed(asked(reply, f"an answer of CSW ({error.why})"), reply.status) from None
    if local(answer.root) != "GetRecordsResponse":
        words = said(answer.root)
        if not words:
            raise Failed(asked(reply, "an answer of CSW"), reply.status)
        raise Failed(Invalid(f"the service refuses: {words}", reply.url), reply.status, refused=True)
    results = next(answer.root.iter("{*}SearchResults"), None)
    told = results.attrib if results is not None else {}
    events = tuple(_event(one, number, reply, speech) for number, one in enumerate(answer.records, start))
    return Page(
        events, _number(told, "numberOfRecordsMatched"), _number(told, "nextRecord"), whole=answer.whole
    )


def _number(told: Mapping[Any, Any], name: str) -> int:
    word = str(told.get(name, "")).strip()
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 12 else -1  # noqa: PLR2004 - a million millions


def _event(found: Cut, number: int, reply: Reply, speech: Speech) -> Found | Missed:
    try:
        root, body = read(found, reply.url)
    except Invalid as error:
        return Missed(f"{reply.url} record {number}", f"it cannot be read: {error.why}")
    key, stamp = identity(root, body)
    return Found(key, Document(in_words(speech, key), body), stamp)


def in_words(speech: Speech, key: str) -> str:
    """The address of one record, for people."""
    base = without(speech.url, ARGUMENTS)
    words = {
        "service": "CSW", "version": speech.version, "request": "GetRecordById", "elementSetName": "full",
        "outputSchema": speech.schema, "id": key,
    }  # fmt: skip
    return f"{base}{'&' if '?' in base else '?'}{urlencode(words)}"


def _in_words(speech: Speech, span: Span, start: int, size: int) -> dict[str, str]:
    """GetRecords as parameters of an address."""
    words = {
        "service": "CSW", "version": speech.version, "request": "GetRecords", "resultType": "results",
        "outputFormat": "application/xml", "outputSchema": speech.schema, "typeNames": speech.type_name,
        "namespace": f"xmlns(csw={OWN[speech.version]}),xmlns(gmd={_SPACES['gmd']})",
        "elementSetName": "full", "startPosition": str(start), "maxRecords": str(size),
    }  # fmt: skip
    if speech.sort:
        words["sortBy"] = "dc:identifier:A"
    if not span.is_free:
        words["constraintLanguage"] = speech.language
        words["constraint_language_version"] = "1.1.0" if speech.version == "2.0.2" else "2.0.0"
        words["constraint"] = (
            _cql(span, speech.modified) if speech.language == "CQL_TEXT" else _filter(speech, span)
        )
    return words


def _cql(span: Span, name: str) -> str:
    if span.kind == "undated":
        return f"{name} IS NULL"
    bounds = ((">=", span.after), ("<", span.before))
    return " AND ".join(f"{name} {sign} '{bound}'" for sign, bound in bounds if bound)


def _in_xml(speech: Speech, span: Span, start: int, size: int) -> str:
    """GetRecords as a document."""
    spaces = {"csw": OWN[speech.version], **_SPACES}
    declared = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    # Version 3.0 knows no resultType any more.
    results = ' resultType="results"' if speech.version == "2.0.2" else ""
    constraint = sort = ""
    if not span.is_free:
        inner = (
            f"<csw:CqlText>{escape(_cql(span, speech.modified))}</csw:CqlText>"
            if speech.language == "CQL_TEXT"
            else _filter(speech, span, declare=False)
        )
        constraint = f'<csw:Constraint version="1.1.0">{inner}</csw:Constraint>'
    if speech.sort:
        of, word = _dialect(speech)
        sort = (
            f"<{of}:SortBy><{of}:SortProperty><{of}:{word}>dc:identifier</{of}:{word}>"
            f"<{of}:SortOrder>ASC</{of}:SortOrder></{of}:SortProperty></{of}:SortBy>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><csw:GetRecords {declared} service="CSW" '
        f'version="{speech.version}"{results} outputFormat="application/xml" '
        f'outputSchema="{escape(speech.schema)}" startPosition="{start}" maxRecords="{size}">'
        f'<csw:Query typeNames="{escape(speech.type_name)}"><csw:ElementSetName>full</csw:ElementSetName>'
        f"{constraint}{sort}</csw:Query></csw:GetRecords>"
    )


def _dialect(speech: Speech) -> tuple[str, str]:
    """Prefix of the filter encoding, and its word for a property."""
    return ("ogc", "PropertyName") if speech.version == "2.0.2" else ("fes", "ValueReference")


def _filter(speech: Speech, span: Span, *, declare: bool = True) -> str:
    of, word = _dialect(speech)
    name = f"<{of}:{word}>{escape(speech.modified)}</{of}:{word}>"
    if span.kind == "undated":
        inner = f"<{of}:PropertyIsNull>{name}</{of}:PropertyIsNull>"
    else:
        bounds = (("PropertyIsGreaterThanOrEqualTo", span.after), ("PropertyIsLessThan", span.before))
        parts = [
            f"<{of}:{sign}>{name}<{of}:Literal>{escape(bound)}</{of}:Literal></{of}:{sign}>"
            for sign, bound in bounds
            if bound
        ]
        inner = parts[0] if len(parts) == 1 else f"<{of}:And>{''.join(parts)}</{of}:And>"
    spaces = f' xmlns:{of}="{_SPACES[of]}" xmlns:dct="{_SPACES["dct"]}" xmlns:apiso="{_SPACES["apiso"]}"'
    return f"<{of}:Filter{spaces if declare else ''}>{inner}</{of}:Filter>"

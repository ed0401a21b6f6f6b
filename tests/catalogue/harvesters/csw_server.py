"""A small CSW for tests, with the caps and the faults that the test chooses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from tests.fetching.serving import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fetching.serving import Asked

GMD = "http://www.isotc211.org/2005/gmd"
CSW = {"2.0.2": "http://www.opengis.net/cat/csw/2.0.2", "3.0.0": "http://www.opengis.net/cat/csw/3.0"}
ISO = (
    '<gmd:MD_Metadata xmlns:gmd="{gmd}"><gmd:fileIdentifier><gco:CharacterString>{key}</gco:CharacterString>'
    "</gmd:fileIdentifier>{stamp}<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>"
    "<gmd:title><gco:CharacterString>Title of {key}</gco:CharacterString></gmd:title></gmd:CI_Citation></gmd:citation>"
    "</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>"
)
STAMP = "<gmd:dateStamp><gco:DateTime>{}</gco:DateTime></gmd:dateStamp>"


@dataclass
class Row:
    key: str
    stamp: str = ""
    broken: str = ""

    def xml(self, schema: str) -> str:
        if self.broken:
            return self.broken
        stamp = escape(self.stamp)
        if schema == GMD:
            return ISO.format(gmd=GMD, key=escape(self.key), stamp=STAMP.format(stamp) if stamp else "")
        modified = f"<dct:modified>{stamp}</dct:modified>" if stamp else ""
        return (
            f"<csw:Record><dc:identifier>{escape(self.key)}</dc:identifier>"
            f"<dc:title>Title of {escape(self.key)}</dc:title>{modified}</csw:Record>"
        )


@dataclass
class Question:
    """GetRecords as it was asked, by POST or GET."""

    version: str
    schema: str
    start: int
    size: int
    after: str = ""
    before: str = ""
    undated: bool = False
    property: str = ""
    sort: bool = False
    type_name: str = ""

    @classmethod
    def of(cls, asked: Asked) -> Question:
        text = asked.body.decode()
        if not text:
            query = {name.lower(): value for name, value in asked.query.items()}
            text = " ".join(f'{name}="{value}"' for name, value in query.items() if name != "constraint")
            text += query.get("constraint", "")

        def told(pattern: str) -> str:
            found = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
            return found[1] if found else ""

        return cls(
            version=told(r'\bversion="(2\.0\.2|3\.0\.0)"'),
            schema=told(r'outputschema="([^"]*)"'),
            start=int(told(r'startposition="(\d+)"')),
            size=int(told(r'maxrecords="(\d+)"')),
            after=told(r"GreaterThanOrEqualTo>.*?Literal>([^<]*)<") or told(r">= '([^']*)'"),
            before=told(r"IsLessThan>.*?Literal>([^<]*)<") or told(r"\w < '([^']*)'"),
            undated=bool(re.search(r"PropertyIsNull|IS NULL", text)),
            property=told(r"Filter[^>]*>.*?(?:PropertyName|ValueReference)>([^<]*)<")
            or told(r"([\w:]+) (?:>=|<|IS) "),
            sort="sortby" in text.lower(),
            type_name=told(r'typenames="([^"]*)"'),
        )


@dataclass
class Service:
    """Answers as a server is asked; `fault` may answer in its place.

    Attributes:
        cap: how far a query may go; stops: how it says so ("exception", "empty", "again", "failure").
        counted: the most that it says to have found, as search engines do.
        modified: names that it knows for the date; takes: methods; null: whether it can ask for no date.
    """

    rows: list[Row]
    cap: int = 0
    stops: str = "exception"
    counted: int = 0
    most: int = 1000
    modified: tuple[str, ...] = ("dct:modified",)
    null: bool = True
    takes: tuple[str, ...] = ("POST", "GET")
    sorts: bool = True
    versions: tuple[str, ...] = ("2.0.2",)
    schemas: tuple[str, ...] = (GMD, CSW["2.0.2"])
    types: tuple[str, ...] = ("csw:Record", "gmd:MD_Metadata")
    capabilities: str | None = None
    following: Callable[[int, int, int], str | None] = lambda start, count, matched: str(
        start + count if start + count <= matched else 0
    )
    matched: Callable[[int], str | None] = str
    fault: Callable[[Question], Answer | bytes | None] = lambda _question: None
    questions: list[Question] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer | bytes:
        if asked.path != "/csw":
            raise KeyError(asked.path)
        request = {name.lower(): value for name, value in asked.query.items()}.get("request", "")
        if request == "GetCapabilities":
            return (self.said() if self.capabilities is None else self.capabilities).encode()
        if not asked.query and not asked.body:
            return exception("MissingParameterValue Missing keyword: service")
        if asked.method not in self.takes:
            return Answer(b"<html><title>No such method</title></html>", 405)
        question = Question.of(asked)
        self.questions.append(question)
        given = self.fault(question)
        return self.answer(question) if given is None else given

    def said(self) -> str:
        def values(name: str, given: tuple[str, ...]) -> str:
            inner = "".join(f"<ows:Value>{value}</ows:Value>" for value in given)
            return f'<ows:Parameter name="{name}">{inner}</ows:Parameter>'

        queryables = "".join(f"<ows:Value>{name}</ows:Value>" for name in self.modified)
        return (
            f'<csw:Capabilities xmlns:csw="{CSW[self.versions[-1]]}" xmlns:ows="http://www.opengis.net/ows" '
            f'xmlns:xlink="http://www.w3.org/1999/xlink" version="{self.versions[-1]}"><ows:OperationsMetadata>'
            '<ows:Operation name="GetRecords"><ows:DCP><ows:HTTP><ows:Get xlink:href="http://127.0.0.1:9/old"/>'
            '<ows:Post xlink:href="http://127.0.0.1:9/old"/></ows:HTTP></ows:DCP>'
            f'{values("outputSchema", self.schemas)}<ows:Constraint name="SupportedISOQueryables">{queryables}'
            f"</ows:Constraint></ows:Operation>{values('version', self.versions)}</ows:OperationsMetadata>"
            "</csw:Capabilities>"
        )

    def refuses(self, question: Question) -> str:  # noqa: PLR0911 - a reason each
        if question.version not in self.versions:
            return "VersionNegotiationFailed"
        if question.schema not in self.schemas:
            return "InvalidParameterValue outputSchema"
        if question.sort and not self.sorts:
            return "NoApplicableCode sortby is not supported"
        if question.type_name not in self.types:
            return "InvalidParameterValue typeNames"
        if question.property and question.property not in self.modified:
            return f"NoApplicableCode property {question.property}"
        if question.undated and not self.null:
            return "NoApplicableCode PropertyIsNull"
        return ""

    def selected(self, question: Question) -> list[Row]:
        rows = self.rows
        if question.undated:
            rows = [row for row in rows if not row.stamp]
        if question.after:
            rows = [row for row in rows if row.stamp and row.stamp >= question.after]
        if question.before:
            rows = [row for row in rows if row.stamp and row.stamp < question.before]
        return rows

    def answer(self, question: Question) -> Answer | bytes:
        if why := self.refuses(question):
            return exception(why)
        rows = self.selected(question)
        start, size = question.start, min(question.size, self.most)
        if self.cap and start + size - 1 > self.cap:
            match self.stops:
                case "exception":
                    return exception("NoApplicableCode Result window is too large")
                case "failure":
                    return Answer(b"<html><title>Internal error</title></html>", 500)
                case "empty":
                    size = max(0, self.cap - start + 1)
                case _:
                    start = 1
        part = rows[start - 1 : start - 1 + size]
        matched = min(len(rows), self.counted) if self.counted else len(rows)
        told = {
            "numberOfRecordsMatched": self.matched(matched),
            "numberOfRecordsReturned": str(len(part)),
            "nextRecord": self.following(start, len(part), matched),
        }
        attributes = " ".join(f'{name}="{value}"' for name, value in told.items() if value is not None)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><csw:GetRecordsResponse xmlns:csw="{CSW[question.version]}" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dct="http://purl.org/dc/terms/" '
            'xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:unused="http://example.org/unused">'
            f"<csw:SearchResults {attributes}>{''.join(row.xml(question.schema) for row in part)}"
            "</csw:SearchResults></csw:GetRecordsResponse>"
        ).encode()


def exception(why: str) -> bytes:
    code, _, words = why.partition(" ")
    return (
        '<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.2.0">'
        f'<ows:Exception exceptionCode="{code}" locator="here"><ows:ExceptionText>{words}</ows:ExceptionText>'
        "</ows:Exception></ows:ExceptionReport>"
    ).encode()

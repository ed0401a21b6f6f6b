"""A small OAI-PMH repository for tests, whose faults are chosen by the test."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fetching.serving import Answer, Asked

ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<responseDate>2026-11-20T00:00:00Z</responseDate><request>http://example.org</request>{}</OAI-PMH>"
)
DUBLIN_CORE = (
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Title of {0}</dc:title>'
    "<dc:identifier>{0}</dc:identifier></oai_dc:dc>"
)


@dataclass
class Row:
    """A record of the repository; `metadata` replaces what it would say."""

    key: str
    stamp: str = "2020-01-01T00:00:00Z"
    deleted: bool = False
    metadata: str | None = None

    def xml(self) -> str:
        status = ' status="deleted"' if self.deleted else ""
        header = (
            f"<header{status}><identifier>{escape(self.key)}</identifier>"
            f"<datestamp>{self.stamp}</datestamp></header>"
        )
        inner = DUBLIN_CORE.format(escape(self.key)) if self.metadata is None else self.metadata
        return f"<record>{header}{'' if self.deleted else f'<metadata>{inner}</metadata>'}</record>"


@dataclass
class Repository:
    """Answers as a server is asked; `fault` may answer in its place."""

    rows: list[Row]
    page: int = 10
    granularity: str = "YYYY-MM-DDThh:mm:ssZ"
    formats: tuple[tuple[str, str], ...] = (("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/"),)
    size: str | None = None
    fault: Callable[[Asked], Answer | bytes | None] = lambda _asked: None
    token_of: Callable[[str], str] = lambda token: token
    verbs: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer | bytes:
        if asked.path == "/robots.txt":
            raise KeyError(asked.path)
        self.verbs.append(asked.query)
        given = self.fault(asked)
        return self.answer(asked) if given is None else given

    def answer(self, asked: Asked) -> bytes:
        query = asked.query
        match query.get("verb"):
            case "Identify":
                body = f"<Identify><granularity>{self.granularity}</granularity></Identify>"
            case "ListMetadataFormats":
                body = "".join(
                    f"<metadataFormat><metadataPrefix>{p}</metadataPrefix><metadataNamespace>{n}</metadataNamespace>"
                    "</metadataFormat>"
                    for p, n in self.formats
                )
                body = f"<ListMetadataFormats>{body}</ListMetadataFormats>"
            case "ListRecords":
                body = self.records(query)
            case _:
                body = '<error code="badVerb">No such verb</error>'
        return ENVELOPE.format(body).encode()

    def records(self, query: dict[str, str]) -> str:
        since, start = query.get("from", ""), 0
        if token := query.get("resumptionToken", ""):
            since, _, at = token.partition("|")
            if not at.isdigit():
                return '<error code="badResumptionToken">It is not known</error>'
            start = int(at)
        elif query.get("metadataPrefix") not in {prefix for prefix, _ in self.formats}:
            return '<error code="cannotDisseminateFormat"/>'
        rows = [row for row in self.rows if row.stamp >= since]
        if not rows:
            return '<error code="noRecordsMatch">Nothing</error>'
        part = "".join(row.xml() for row in rows[start : start + self.page])
        return f"<ListRecords>{part}{self.token(since, start, len(rows))}</ListRecords>"

    def token(self, since: str, start: int, count: int) -> str:
        if self.page >= count:
            return ""
        size = str(count) if self.size is None else self.size
        after = start + self.page
        token = self.token_of(f"{since}|{after}") if after < count else ""
        return f'<resumptionToken completeListSize="{size}" cursor="{start}">{token}</resumptionToken>'

    def truth(self) -> dict[str, str]:
        """What a visit ends with: keys -> found or gone."""
        return {row.key: "gone" if row.deleted else "found" for row in self.rows}

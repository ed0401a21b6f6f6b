"""The XML of OAI-PMH's answers, written as bytes; a record's own XML is put in as it is."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from estran.formats._xml import legal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.catalogue.updates import Update, WalkPage
    from estran.formats import Links
    from estran.web.apis._oai_forms import Form

__all__ = ["answer", "datestamp", "element", "header", "record", "token"]

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="'
    'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
)


def answer(date: str, base_url: str, arguments: Mapping[str, str], parts: Iterable[bytes]) -> bytes:
    """A whole answer.

    Args:
        date: of the answer, in seconds.
        base_url: of the repository.
        arguments: of the request, none where they were bad.
        parts: what stands in it, ready.
    """
    request = element("request", base_url, **arguments)
    start = f"{_HEAD}{element('responseDate', date)}\n{request}\n".encode()
    return b"".join((start, *parts, b"</OAI-PMH>\n"))


def element(name: str, words: str = "", /, **attributes: str) -> str:
    """An element; what XML forbids is left out of its words."""
    said = "".join(f' {key}="{escape(legal(value))}"' for key, value in attributes.items())
    return f"<{name}{said}>{escape(legal(words), quote=False)}</{name}>"


def datestamp(at: str) -> str:
    """A canonical instant in seconds."""
    return f"{at[:19]}Z"


def header(update: Update, identifier: str) -> bytes:
    """The header of a record or of its removal."""
    sets = "".join(element("setSpec", spec) for spec in update.sets)
    status = "" if update.record else ' status="deleted"'
    words = f"{element('identifier', identifier)}{element('datestamp', datestamp(update.at))}{sets}"
    return f"<header{status}>{words}</header>".encode()


def record(update: Update, identifier: str, form: Form, links: Links) -> bytes:
    """A record with its header; of one that was removed, the header alone."""
    head = header(update, identifier)
    if update.record is None:
        return b"<record>" + head + b"</record>\n"
    body = form.written(update.record, links)
    return b"<record>" + head + b"<metadata>" + body + b"</metadata></record>\n"


def token(page: WalkPage) -> bytes:
    """The token of the page that follows; empty on the last of several, nothing on an only one."""
    if not page.token and not page.offset:
        return b""
    counts = {"completeListSize": str(page.total), "cursor": str(page.offset)}
    return f"{element('resumptionToken', page.token, **counts)}\n".encode()

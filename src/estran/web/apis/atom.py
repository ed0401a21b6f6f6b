"""The changes of records as an Atom feed, with its archives (RFC 4287, 5005, 6721)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from estran.errors import Invalid, NotFound
from estran.formats._xml import legal
from estran.web import Api, links_of, node_of, openapi, replies

if TYPE_CHECKING:
    from estran.catalogue.updates import Told
    from estran.formats import Links
    from estran.model import Record
    from estran.node import Node

PATH = "/changes.atom"
_ATOM = "application/atom+xml"
# An archive holds the changes of so many consecutive numbers: it stays what it is.
_BLOCK = 200
_LONGEST_SUMMARY = 600
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:fh="http://purl.org/syndication/history/1.0">\n'
)
_PARAMETERS = (
    openapi.parameter(
        "archive", "Number of an archive, from its link.", pattern="^[0-9]{1,15}$", example="0"
    ),
)


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["Changes"])

    @router.get(
        PATH,
        **openapi.described(
            "What changed, as an Atom feed", "getChangesAtom", {_ATOM: None}, _PARAMETERS, 404
        ),
    )
    def feed(request: Request) -> Response:
        replies.checked(request, ("archive",))
        given = replies.one(request, "archive")
        if given and (not (given.isascii() and given.isdigit()) or len(given) > 15):  # noqa: PLR2004
            raise Invalid("it is the number of an archive; follow the feed's links", "archive")
        body = _feed(node_of(request), links_of(request), int(given) if given else None)
        return Response(body, media_type=_ATOM)

    return router


def _feed(node: Node, links: Links, archive: int | None) -> bytes:
    """The newest changes, or those of an archive, the newest first.

    Raises:
        NotFound: there is no such archive, or none yet.
    """
    updates, here = node.updates, f"{links.base}{PATH}"
    newest = _block(updates.neighbours(node.revision() + 1)[0])
    if archive is not None and archive >= newest:
        raise NotFound("archive", str(archive), f"{PATH} leads to all there are.")
    # The newest block may have just begun: the one before stands beside it.
    first = archive if archive is not None else _block(updates.neighbours(newest * _BLOCK)[0])
    told = updates.stretch((first * _BLOCK, ((newest if archive is None else first) + 1) * _BLOCK))
    parts = [
        _element("id", here),
        _element("title", node.settings.name),
        _element("updated", told[-1].at if told else updates.earliest()),
        f"<author>{_element('name', node.settings.name)}</author>",
        _element("generator", "Estran"),
        _link("self", here if archive is None else _address(here, archive), _ATOM),
        _link("alternate", links.base, "text/html"),
    ]
    before, _ = updates.neighbours(first * _BLOCK)
    if before is not None:
        parts.append(_link("prev-archive", _address(here, _block(before)), _ATOM))
    if archive is not None:
        parts += ["<fh:archive/>", _link("current", here, _ATOM)]
        following = _block(updates.neighbours((first + 1) * _BLOCK)[1])
        if first < following < newest:
            parts.append(_link("next-archive", _address(here, following), _ATOM))
    parts += [_entry(one, links) for one in reversed(told)]
    return f"{_HEAD}{'\n'.join(parts)}\n</feed>\n".encode()


def _block(number: int | None) -> int:
    return (number or 0) // _BLOCK


def _address(here: str, archive: int) -> str:
    return f"{here}?archive={archive}"


def _entry(one: Told, links: Links) -> str:
    page = links.page(one.id)
    if one.record is None:
        return f'<at:deleted-entry ref="{escape(page)}" when="{one.at}"/>'
    record = one.record
    parts = [
        _element("id", page),
        _element("title", str(record.title) or record.identifier),
        _element("updated", one.at),
        _element("published", record.added) if record.added else "",
        _link("alternate", page, "text/html"),
        _link("alternate", links.twin(one.id, "json"), "application/geo+json"),
        _link("related", record.landing_page, "") if _is_web(record.landing_page) else "",
        *_authors(record),
        _element("summary", str(record.abstract)[:_LONGEST_SUMMARY]) if record.abstract else "",
    ]
    return f"<entry>{''.join(parts)}</entry>"


def _authors(record: Record) -> list[str]:
    names = [
        p.name or str(p.organisation) for p in record.of_role("author", "coAuthor", "principalInvestigator")
    ]
    return [f"<author>{_element('name', name)}</author>" for name in dict.fromkeys(names) if name]


def _is_web(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https")


def _element(name: str, words: str) -> str:
    return f"<{name}>{escape(legal(words), quote=False)}</{name}>"


def _link(rel: str, href: str, media_type: str) -> str:
    kind = f' type="{media_type}"' if media_type else ""
    return f'<link rel="{rel}" href="{escape(legal(href))}"{kind}/>'


API = Api(name="atom", prefix=PATH, routes=_routes)

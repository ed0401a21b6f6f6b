"""What links are worth: the mark beside each on a record's page, and the curator's page of those that fail."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from estran.catalogue.probing.values import FACET
from estran.web import links_of, node_of, replies
from estran.web.portal.render import as_json, page, render, spoken, viewer_of
from estran.web.portal.views import link as safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.probing import LinkCheck, RecordLink
    from estran.catalogue.probing.door import Lead
    from estran.model import Distribution
    from estran.node import Node
    from estran.web.portal.i18n import Words
    from estran.web.portal.views import Viewer

_PAGE, _AT_ONCE = 100, 1000
_KNOWN = ("state", "centre", "source", "cursor")
_FAR_OFF, _ROUNDED = 3, 1 << 20
_SIGNS = {"ok": "✓", "login": "⚷", "wrong": "≠", "dead": "✗", "unknown": "?"}
_COLUMNS = (
    "record", "title", "centre", "source", "url", "kind", "layer", "state", "reason", "detail", "status",
    "media_type", "since", "last_ok", "checked",
)  # fmt: skip
# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What is known of a link, in words.

    Attributes:
        value: of the facet, which gives the colour; sign: the same as a sign.
        said: in a word or two; why: in some more, "" where that says enough; when: it was asked.
    """

    value: str
    sign: str
    said: str
    why: str = ""
    when: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A link on the curator's page; href is "" where a browser should not open its address."""

    title: str
    page: str
    url: str
    href: str
    kind: str
    layer: str
    mark: Mark
    since: str
    last_ok: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A part of the links, and how many it has."""

    label: str
    href: str
    count: int = 0
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class LinksView:
    """The curator's page.

    Attributes:
        states, places: what can be looked at instead; a place is a centre and a source.
        csv: address of all rows as a table; next: of the following page, "" on the last.
    """

    state: str
    rows: tuple[Row, ...]
    states: tuple[Choice, ...]
    places: tuple[Choice, ...]
    csv: str
    next: str = ""


def mark(check: LinkCheck, w: Words, claimed_bytes: int = -1) -> Mark:
    """What is known of a link; `claimed_bytes` is what the record says of its size, -1 where it says nothing."""
    return Mark(
        value=check.facet, sign=_SIGNS[check.facet], said=w.label("link_state", check.state), why=_why(check, w, claimed_bytes),
        when=w.text("links.checked", date=w.date(check.checked[:10])) if check.checked else "",
    )  # fmt: skip


def marks(leads: tuple[Lead, ...], w: Words) -> dict[Distribution, tuple[str, str, Mark | None]]:
    """What each distribution is, what can be done with it, and what is known of it."""
    return {
        lead.distribution: (
            w.label("service", lead.resource.kind),
            w.label("service_use", lead.resource.kind),
            mark(lead.check, w, lead.distribution.size_bytes) if lead.check else None,
        )
        for lead in leads
    }


def _why(check: LinkCheck, w: Words, claimed_bytes: int) -> str:
    if not check.reason and _is_of_another_size(check, claimed_bytes):
        return w.text("links.size", found=w.size(check.size), claimed=w.size(claimed_bytes))
    if not check.reason and not check.detail:
        return ""
    said = w.label("link_reason", check.reason) if check.reason else ""
    return f"{said}{w.text('site.colon')} {check.detail}" if said and check.detail else said or check.detail


def _is_of_another_size(check: LinkCheck, claimed_bytes: int) -> bool:
    # Standards give sizes in rounded megabytes, and files are packed: only what is far off says anything.
    if check.kind not in ("file", "COG") or check.facet != "ok" or min(check.size, claimed_bytes) < 0:
        return False
    least, most = sorted((check.size, claimed_bytes))
    return most > _FAR_OFF * max(least, _ROUNDED)


def routes() -> APIRouter:
    """The page and its twins."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/links", links_page),
        ("/{language}/links.json", links_twin),
        ("/{language}/links.csv", links_table),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def links_page(request: Request, language: str) -> Response:
    """The links of one state, a page at a time."""
    w = spoken(language)
    view = _view(request, w)
    twin = replies.address(f"/{language}/links.json", list(request.query_params.multi_items()))
    of = page(request, w, w.text("links.title"), "links", section="links", twin=twin)
    return render(request, "links.html", w, of, v=view)


def links_twin(request: Request, language: str) -> Response:
    """The same as JSON."""
    return as_json(_view(request, spoken(language)))


def links_table(request: Request, language: str) -> Response:
    """All links of one state as CSV."""
    spoken(language)
    replies.checked(request, _KNOWN)
    state, centre, source = _asked(request)
    node = node_of(request)
    first = node.link_checks.list(state, centre=centre, source=source, limit=_AT_ONCE)

    def lines() -> Iterator[str]:
        yield _line(_COLUMNS)
        found = first
        while True:
            yield "".join(_line(_cells(link)) for link in found.links)
            if not found.next:
                return
            found = node.link_checks.list(
                state, centre=centre, source=source, cursor=found.next, limit=_AT_ONCE
            )

    headers = {"Content-Disposition": f'attachment; filename="links-{state}.csv"'}
    return StreamingResponse(lines(), headers=headers, media_type="text/csv; charset=utf-8")


def _asked(request: Request) -> tuple[str, str, str]:
    state, centre, source = (replies.one(request, name) for name in _KNOWN[:3])
    return state or "dead", centre, source


def _view(request: Request, w: Words) -> LinksView:
    replies.checked(request, _KNOWN)
    state, centre, source = _asked(request)
    node, viewer = node_of(request), viewer_of(request, w)
    found = node.link_checks.list(
        state, centre=centre, source=source, cursor=replies.one(request, "cursor"), limit=_PAGE
    )
    here, asked = f"/{w.language}/links", {"state": state, "centre": centre, "source": source}
    return LinksView(
        state=state,
        rows=tuple(_row(one, w, links_of(request).base) for one in found.links),
        states=_states(node, w, here, asked),
        places=_places(node, viewer, here, asked),
        csv=_address(f"{here}.csv", asked),
        next=_address(here, {**asked, "cursor": found.next}) if found.next else "",
    )


def _states(node: Node, w: Words, here: str, asked: dict[str, str]) -> tuple[Choice, ...]:
    counts = node.link_checks.counts()
    centre, source = asked["centre"], asked["source"]
    return tuple(
        Choice(
            label=w.label("link", state), href=_address(here, {**asked, "state": state}), current=state == asked["state"],
            count=sum(
                n for (c, s, value), n in counts.items()
                if value == state and centre in ("", c) and source in ("", s)
            ),
        )
        for state in ("dead", "wrong", "login", "unknown", "ok")
        if state in FACET
    )  # fmt: skip


def _places(node: Node, viewer: Viewer, here: str, asked: dict[str, str]) -> tuple[Choice, ...]:
    """The centres and sources that have links of the state, those with the most first."""
    found = [
        (centre, source, count)
        for (centre, source, value), count in node.link_checks.counts().items()
        if value == asked["state"]
    ]
    every = {"state": asked["state"], "centre": "", "source": ""}
    narrowed = bool(asked["centre"] or asked["source"])
    all_of_them = Choice(
        label=viewer.words.text("links.everywhere"), href=_address(here, every), current=not narrowed,
        count=sum(count for *_, count in found),
    )  # fmt: skip
    listed = tuple(
        Choice(
            label=" · ".join(part for part in (viewer.name(centre) if centre else "", source) if part),
            href=_address(here, {**every, "centre": centre, "source": source}),
            count=count,
            current=(centre, source) == (asked["centre"], asked["source"]),
        )
        for centre, source, count in sorted(found, key=lambda row: (-row[2], row[:2]))
    )
    return (all_of_them, *listed)


def _address(path: str, asked: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}"


def _row(one: RecordLink, w: Words, base: str) -> Row:
    check = one.check
    return Row(
        title=one.title, page=f"{base}/{w.language}/data/{one.record}", url=check.url, href=safe(check.url),
        kind=w.label("service", check.kind), layer=one.layer, mark=mark(check, w),
        since=w.date(check.since[:10]) if check.since else "",
        last_ok=w.date(check.last_ok[:10]) if check.last_ok else "",
    )  # fmt: skip


def _cells(one: RecordLink) -> tuple[str, ...]:
    check = one.check
    return (
        one.record, one.title, one.centre, one.source, check.url, check.kind, one.layer, check.state,
        check.reason, check.detail, str(check.status or ""), check.media_type, check.since, check.last_ok,
        check.checked,
    )  # fmt: skip


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return written.getvalue()

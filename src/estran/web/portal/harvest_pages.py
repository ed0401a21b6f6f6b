"""The pages of the harvest, which are the operator's: sources, runs, and the documents that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from estran.errors import Invalid
from estran.model import plain
from estran.web import node_of, replies
from estran.web.portal import harvest_forms, originals
from estran.web.portal.harvest_views import (
    home,
    live_view,
    run_view,
    source_href,
    source_lines,
    source_listing,
    source_view,
)
from estran.web.portal.render import as_json, page, render, spoken

if TYPE_CHECKING:
    from estran.web.portal.harvest_views import RunView
    from estran.web.portal.i18n import Words

# What happens at a source is no change of the catalogue, and is nobody else's.
FLEETING = {"Cache-Control": "private, no-store"}
_LONGEST_NUMBER = 9


def routes() -> APIRouter:
    """The pages, their twins and their forms."""
    router = APIRouter(include_in_schema=False)
    router.include_router(harvest_forms.routes())
    for path, endpoint in (
        ("", sources_page),
        (".json", sources_twin),
        ("/sources/{name}", source_page),
        ("/sources/{name}/source.json", source_twin),
        ("/sources/{name}/things", things_page),
        ("/sources/{name}/things.json", things_twin),
        ("/sources/{name}/document", document_page),
        ("/sources/{name}/document.json", document_twin),
        ("/sources/{name}/document/download", document_bytes),
        ("/runs/{run}.json", run_twin),
        ("/runs/{run}", run_page),
        ("/runs/{run}/live", run_live),
    ):
        router.add_api_route(f"/{{language}}/harvest{path}", endpoint, methods=["GET"], response_model=None)
    return router


def sources_page(request: Request, language: str) -> Response:
    """All sources."""
    w = spoken(language)
    lines = source_lines(node_of(request), w)
    of = page(request, w, w.text("harvest.title"), "harvest", section="harvest", twin=f"{home(w)}.json")
    return render(request, "harvest.html", w, of, headers=FLEETING, sources=lines)


def sources_twin(request: Request, language: str) -> Response:
    """All sources as JSON."""
    lines = source_lines(node_of(request), spoken(language))
    return _json({"sources": [plain(line) for line in lines]})


def source_page(request: Request, language: str, name: str) -> Response:
    """One source and its runs."""
    w = spoken(language)
    replies.checked(request, ("before", "asked"))
    view = source_view(node_of(request), name, _number(replies.one(request, "before"), "before"), w)
    of = _page(request, w, name, f"sources/{name}", twin=f"{source_href(name, w)}/source.json")
    asked = replies.one(request, "asked") != ""
    return render(request, "harvest_source.html", w, of, headers=FLEETING, v=view, just_asked=asked)


def source_twin(request: Request, language: str, name: str) -> Response:
    """One source as JSON."""
    before = _number(replies.one(request, "before"), "before")
    return _json(source_view(node_of(request), name, before, spoken(language)))


def things_page(request: Request, language: str, name: str) -> Response:
    """What a source gave."""
    w = spoken(language)
    state, cursor = _asked(request)
    listing = source_listing(node_of(request), name, state, cursor, w)
    title = f"{w.text('harvest.things')} – {name}"
    of = _page(
        request,
        w,
        title,
        f"sources/{name}/things",
        twin=_twin(request, f"{source_href(name, w)}/things.json"),
    )
    return render(
        request, "harvest_things.html", w, of, headers=FLEETING, listing=listing, name=name,
        source_href=source_href(name, w),
    )  # fmt: skip


def things_twin(request: Request, language: str, name: str) -> Response:
    """What a source gave, as JSON."""
    return _json(source_listing(node_of(request), name, *_asked(request), spoken(language)))


def run_page(request: Request, language: str, run: str) -> Response:
    """One run."""
    w = spoken(language)
    return _run(request, w, _run_view(request, run, w), "harvest_run.html")


def run_live(request: Request, language: str, run: str) -> Response:
    """How far a run is: the part of its page that changes while it goes on."""
    w = spoken(language)
    return _run(request, w, live_view(node_of(request), _number(run, "run"), w), "harvest_live.html")


def run_twin(request: Request, language: str, run: str) -> Response:
    """One run as JSON."""
    return _json(_run_view(request, run, spoken(language)))


def document_page(request: Request, language: str, name: str) -> Response:
    """A document of a source, to read; those that were refused as well."""
    w = spoken(language)
    key, body = _document(request, name)
    here, asked = f"{source_href(name, w)}/document", urlencode({"key": key})
    of = _page(
        request, w, f"{w.text('harvest.document')} – {key}"[:300], f"sources/{name}/document", twin=f"{here}.json?{asked}"
    )  # fmt: skip
    return render(
        request, "harvest_document.html", w, of, headers=FLEETING, key=key, name=name, d=originals.shown(body),
        source_href=source_href(name, w), download=f"{here}/download?{asked}",
    )  # fmt: skip


def document_twin(request: Request, language: str, name: str) -> Response:
    """The lines of a document of a source as JSON."""
    spoken(language)
    key, body = _document(request, name)
    return _json({"source": name, "key": key, **plain(originals.shown(body))})


def document_bytes(request: Request, language: str, name: str) -> Response:
    """A document of a source as it came."""
    spoken(language)
    key, body = _document(request, name)
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in key)[-100:].strip("._")
    # What strangers wrote is handed over, never shown as a page of this node.
    return Response(
        body, media_type="application/octet-stream",
        headers={**FLEETING, "Content-Disposition": f'attachment; filename="{kept or "document"}"'},
    )  # fmt: skip


def _run(request: Request, w: Words, view: RunView, template: str) -> Response:
    run = view.run.id
    title = w.text("harvest.run_of", n=run, source=view.source)
    of = _page(request, w, title, f"runs/{run}", twin=_twin(request, f"{home(w)}/runs/{run}.json"))
    return render(request, template, w, of, headers=FLEETING, v=view, listing=view.listing)


def _run_view(request: Request, run: str, w: Words) -> RunView:
    return run_view(node_of(request), _number(run, "run"), *_asked(request), w)


def _document(request: Request, name: str) -> tuple[str, bytes]:
    replies.checked(request, ("key",))
    key = replies.one(request, "key")
    return key, node_of(request).harvest.document(name, key)


def _asked(request: Request) -> tuple[str, str]:
    replies.checked(request, ("state", "cursor"))
    return replies.one(request, "state"), replies.one(request, "cursor")


def _number(text: str, where: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Invalid(f"“{text[:20]}” is not the number of a run", where)
    return int(text or 0)


def _page(request: Request, w: Words, title: str, path: str, *, twin: str) -> Any:
    return page(request, w, title, f"harvest/{path}", section="harvest", twin=twin)


def _twin(request: Request, path: str) -> str:
    return f"{path}?{request.url.query}" if request.url.query else path


def _json(value: Any) -> Response:
    response = as_json(value)
    response.headers.update(FLEETING)
    return response

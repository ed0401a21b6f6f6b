"""The routes of what helps: how the portal works, and where to publish."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from estran.model import plain
from estran.web import node_of
from estran.web.portal.helping import help_parts
from estran.web.portal.publishing import publish_view
from estran.web.portal.render import as_json, page, render, spoken, viewer_of


def routes() -> APIRouter:
    """The pages that help, and their JSON twins."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/help", help_page),
        ("/{language}/help.json", help_twin),
        ("/{language}/publish", publish_page),
        ("/{language}/publish.json", publish_twin),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def help_page(request: Request, language: str) -> Response:
    """How the portal works, and which keys it knows."""
    w = spoken(language)
    of = page(request, w, w.text("help.title"), "help", section="help", twin=f"/{language}/help.json")
    return render(request, "help.html", w, of, parts=help_parts(w))


def help_twin(request: Request, language: str) -> Response:  # noqa: ARG001 - the shape of a route
    """How the portal works, as JSON."""
    return as_json({"parts": [plain(part) for part in help_parts(spoken(language))]})


def publish_page(request: Request, language: str) -> Response:
    """Where to publish: the next question, or what the answers lead to."""
    w = spoken(language)
    view = publish_view(node_of(request), dict(request.query_params), viewer_of(request, w))
    query = f"?{request.url.query}" if request.url.query else ""
    twin = f"/{language}/publish.json{query}"
    of = page(
        request, w, w.text("publish.title"), "publish", section="publish", twin=twin,
        description=w.text("publish.lead"),
    )  # fmt: skip
    return render(request, "publish.html", w, of, v=view)


def publish_twin(request: Request, language: str) -> Response:
    """Where to publish, as JSON."""
    w = spoken(language)
    return as_json(publish_view(node_of(request), dict(request.query_params), viewer_of(request, w)))

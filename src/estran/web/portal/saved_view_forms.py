"""The forms of views: an editor keeps a search under a name, changes it, forgets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from estran.errors import Conflict, EstranError, Invalid, NotAllowed, NotFound
from estran.web import node_of, replies
from estran.web.portal.render import page, render, spoken, viewer_of
from estran.web.signing import OwnForm  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.saved_views import SavedView
    from estran.node import Node
    from estran.web.portal.i18n import Words

FIELDS = (
    "name", "title_fr", "title_en", "text_fr", "text_en", "search", "colour", "centre", "sites",
)  # fmt: skip
_FLEETING = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True, kw_only=True)
class ViewForm:
    """The form of a view.

    Attributes:
        name: of the view that is changed, "" for a new one.
        values: field -> what stands in it; wrong: field -> what is wrong with it.
        centres: (id, name) of those whose views one may write.
        home: where one goes who gives up.
    """

    name: str
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    centres: tuple[tuple[str, str], ...]
    home: str


def routes() -> APIRouter:
    """The forms, and what they do."""
    router = APIRouter(include_in_schema=False)
    one = "/{language}/views/{name}"
    for method, path, endpoint in (
        ("GET", "/{language}/views/new", new_page),
        ("POST", "/{language}/views/new", add),
        ("GET", f"{one}/change", change_page),
        ("POST", f"{one}/change", change),
        ("POST", f"{one}/remove", remove),
    ):
        router.add_api_route(path, endpoint, methods=[method], response_model=None)
    return router


def new_page(request: Request, language: str) -> Response:
    """The form of a new view; what follows the question mark is the search that it would keep."""
    w, node = spoken(language), node_of(request)
    if not node.views.may_write():
        raise NotAllowed("views are kept by editors and the operator; sign in")
    centre = node.actor.centres[0] if node.actor.centres else ""
    return _shown(request, w, {"search": request.url.query, "centre": centre}, {})


def add(request: Request, language: str, form: OwnForm) -> Response:
    """Keep a search, or say beside each field what is wrong."""
    w, node = spoken(language), node_of(request)
    try:
        made = node.views.add(form.get("name", "").strip(), **_given(form))
    except EstranError as error:
        return _shown(request, w, form, _wrong(error, w))
    return _see(f"/{language}/views/{made.name}")


def change_page(request: Request, language: str, name: str) -> Response:
    """The form of a view that there is."""
    w, kept = spoken(language), _writable(request, name)
    return _shown(request, w, _values(kept), {}, name)


def change(request: Request, language: str, name: str, form: OwnForm) -> Response:
    """Change a view, or say what is wrong."""
    w = spoken(language)
    _writable(request, name)
    try:
        node_of(request).views.change(name, **_given(form))
    except EstranError as error:
        return _shown(request, w, form, _wrong(error, w), name)
    return _see(f"/{language}/views/{name}")


def remove(request: Request, language: str, name: str, form: OwnForm) -> Response:
    """Forget a view, where that was meant."""
    w, kept = spoken(language), _writable(request, name)
    if form.get("sure") != "1":
        return _shown(request, w, _values(kept), {"sure": w.text("views.sure_wrong")}, name)
    node_of(request).views.remove(name)
    return _see(f"/{language}/views")


def _writable(request: Request, name: str) -> SavedView:
    views = node_of(request).views
    kept = views.show(name)
    if not views.may_write(kept):
        raise NotAllowed("this view is changed by the operator and the editors of its centre; sign in")
    return kept


def _given(form: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form as the room takes them."""
    both = {
        field: {code: form.get(f"{field}_{code}", "") for code in ("fr", "en")} for field in ("title", "text")
    }
    plain = {field: form.get(field, "") for field in ("search", "colour", "centre")}
    return {**both, **plain, "sites": form.get("sites", "").split()}


def _values(kept: SavedView) -> dict[str, str]:
    said = {
        f"{field}_{code}": words
        for field, text in (("title", kept.title), ("text", kept.text))
        for code, words in text.variants
    }
    return {
        **said, "search": urlencode(kept.search, safe=",:/"), "colour": kept.colour, "centre": kept.centre,
        "sites": "\n".join(kept.sites),
    }  # fmt: skip


def _wrong(error: EstranError, w: Words) -> dict[str, str]:
    """Beside which field an error stands."""
    match error:
        case Invalid(where=where) if where in FIELDS:
            return {where: error.why}
        case NotFound() | NotAllowed():
            return {"centre": str(error)}
        case Conflict():
            return {"name": w.text("views.taken")}
        case _:
            raise error


def _shown(
    request: Request, w: Words, given: Mapping[str, str], wrong: dict[str, str], name: str = ""
) -> Response:  # fmt: skip
    values = {field: given.get(field, "") for field in FIELDS}
    home = f"/{w.language}/views/{name}" if name else f"/{w.language}/views"
    form = ViewForm(
        name=name, values=values, wrong=wrong, centres=_centres(node_of(request), request, w), home=home
    )
    title = w.text("views.change") if name else w.text("views.new")
    path = f"views/{name}/change" if name else "views/new"
    of = page(request, w, title, path, section="browse", twin=f"{home}.json")
    return render(request, "view_form.html", w, of, status=400 if wrong else 200, headers=_FLEETING, v=form)


def _centres(node: Node, request: Request, w: Words) -> tuple[tuple[str, str], ...]:
    viewer = viewer_of(request, w)
    if not node.actor.is_operator:
        return tuple((id_, viewer.name(id_)) for id_ in node.actor.centres)
    known = sorted((viewer.name(o.id), o.id) for o in node.organisations.all() if o.kind in ("hub", "centre"))
    return ("", w.text("views.of_node")), *((id_, name) for name, id_ in known)


def _see(address: str) -> Response:
    response = replies.see(address)
    response.headers.update(_FLEETING)
    return response

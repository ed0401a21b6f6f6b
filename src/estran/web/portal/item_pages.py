"""The routes of items: the items of a collection, and one item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from estran.errors import NotFound
from estran.web import links_of, node_of
from estran.web.portal import item_asking
from estran.web.portal.item import item_view, shown_item
from estran.web.portal.items import ItemsView, collection_of, items_path, items_view, part
from estran.web.portal.render import as_json, page, render, spoken, viewer_of
from estran.web.problems import shown

if TYPE_CHECKING:
    from estran.model import Record
    from estran.web.portal.i18n import Words
    from estran.web.portal.item_asking import ItemsAsked

_SEE_OTHER = 303
# Of assets and properties: enough for a page; the JSON twin has the rest.
_MOST_LISTED = 200


def routes() -> APIRouter:
    """The pages of items and their twins."""
    router = APIRouter(include_in_schema=False)
    for path, endpoint in (
        ("/{language}/data/{id}/items", items_page),
        ("/{language}/data/{id}/items.json", items_twin),
        ("/{language}/data/{id}/items/{item:path}", item_page),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


def _collection(request: Request, id: str) -> tuple[Record, str]:  # noqa: A002 - the word of the address
    """A record and the STAC id of the collection that it describes."""
    node = node_of(request)
    record = shown(node, id)
    collection = collection_of(node, record)
    if not collection:
        raise NotFound("items", id, "Only the records of STAC collections have items.")
    return record, collection


def _view(request: Request, id: str, asked: ItemsAsked, w: Words) -> tuple[Record, ItemsView]:  # noqa: A002
    record, collection = _collection(request, id)
    viewer = viewer_of(request, w)
    return record, items_view(record, collection, asked, viewer, links_of(request))


def items_page(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """The items of a collection: calendar, map and list."""
    w = spoken(language)
    asked = item_asking.read(request.query_params)
    if not asked.wrong and asked.params() != list(request.query_params.multi_items()):
        # One address for one question: what a plain form sends is brought to it.
        return RedirectResponse(asked.address(f"/{language}/data/{id}/items"), _SEE_OTHER)
    record, view = _view(request, id, asked, w)
    card = viewer_of(request, w).card(record)
    of = page(
        request, w, w.text("items.title", title=card.title), f"data/{id}/items", section="search",
        twin=view.json,
    )  # fmt: skip
    return render(
        request,
        "items.html",
        w,
        of,
        status=400 if view.wrong else 200,
        r=record,
        card=card,
        s=view,
        asked=asked,
    )


def items_twin(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """The same as JSON."""
    w = spoken(language)
    _, view = _view(request, id, item_asking.read(request.query_params), w)
    return as_json(view, 400 if view.wrong else 200)


def item_page(request: Request, language: str, id: str, item: str) -> Response:  # noqa: A002
    """One item, or its JSON twin."""
    w = spoken(language)
    record, collection = _collection(request, id)
    stored, is_twin = shown_item(node_of(request), collection, item)
    path = items_path(record, w)
    view = item_view(record, stored, path, viewer_of(request, w), links_of(request))
    if is_twin:
        return as_json(view)
    of = page(
        request, w, view.title, f"data/{id}/items/", quoted=part(stored.id), section="search",
        twin=f"{path}/{part(stored.id)}.json", description=" · ".join(view.facts),
    )  # fmt: skip
    return render(request, "item.html", w, of, r=record, v=view, most=_MOST_LISTED)

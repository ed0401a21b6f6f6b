"""The routes of orders for people: the form, the page of one, those of one's own, and their twins."""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from estran.errors import Conflict, EstranError, Invalid, NotFound
from estran.orders.working import NAME
from estran.web import links_of, node_of, replies
from estran.web.portal.datastream_pages import FLEETING
from estran.web.portal.order_form import PARAMETERS, asked, new_view, said
from estran.web.portal.orders import ANSWERS, order_view, orders_view
from estran.web.portal.render import as_json, language_of, page, render, spoken, viewer_of
from estran.web.signing import OwnForm, Pairs  # noqa: TC001 - FastAPI reads the annotations

if TYPE_CHECKING:
    from estran.orders import Order
    from estran.web.portal.i18n import Words
    from estran.web.portal.orders import OrdersView, OrderView

__all__ = ["order_page", "own_orders", "routes"]

_SEE_OTHER, _BAD = 303, 400
_COOKIE, _SECRETS, _MOST_KEPT, _KEPT_S = "orders", "orders_said", 20, 90 * 86_400
_HEX = re.compile(r"[0-9a-f]{16,64}", re.ASCII)
_LANGUAGES = ("fr", "en")


def routes() -> APIRouter:
    """The pages, their twins and what their forms do."""
    router = APIRouter(include_in_schema=False)
    home = "/{language}/orders"
    for path, endpoint in (
        (f"{home}.json", own_twin),
        (home, own_page),
        (f"{home}/new.json", new_twin),
        (f"{home}/new", new_page),
        (f"{home}/{{id}}/live", live),
        (f"{home}/{{id}}", page_of),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    router.add_api_route(home, place, methods=["POST"], response_model=None)
    router.add_api_route(f"{home}/{{id}}/cancel", cancel, methods=["POST"], response_model=None)
    router.add_api_route(f"{home}/{{id}}/unsay", unsay, methods=["POST"], response_model=None)
    return router


def order_page(request: Request, id: str) -> Response:  # noqa: A002 - the word of the address
    """An order, in the language that the browser asks for."""
    return page_of(request, language_of(request), id)


def own_orders(request: Request) -> Response:
    """To the orders of whoever asks, in the language that the browser asks for."""
    headers = FLEETING | {"Vary": "Accept-Language, Cookie"}
    return RedirectResponse(f"/{language_of(request)}/orders", _SEE_OTHER, headers)


def page_of(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """An order: how far it is, and its files."""
    w = spoken(language)
    view = _view(request, w, id)
    title = f"{w.text('orders.title')}{w.text('site.colon')} {view.title}"
    of = page(request, w, title, f"orders/{id}", section="search", twin=f"/orders/{id}?f=json")
    return render(request, "order.html", w, of, headers=FLEETING, v=view)


def live(request: Request, language: str, id: str) -> Response:  # noqa: A002
    """The part of the page of an order that changes while it is made."""
    w = spoken(language)
    of = page(request, w, w.text("orders.title"), f"orders/{id}")
    return render(request, "order_live.html", w, of, headers=FLEETING, v=_view(request, w, id))


def _view(request: Request, w: Words, id: str) -> OrderView:  # noqa: A002
    order = node_of(request).orders.order(id)
    return order_view(order, viewer_of(request, w), links_of(request), _secrets(request))


def own_page(request: Request, language: str) -> Response:
    """The orders of whoever is signed in, and those that this browser placed."""
    w = spoken(language)
    of = page(request, w, w.text("orders.own"), "orders", section="search", twin=f"/{language}/orders.json")
    return render(request, "orders.html", w, of, headers=FLEETING, v=_own(request, w))


def own_twin(request: Request, language: str) -> Response:
    """The same as JSON."""
    response = as_json(_own(request, spoken(language)))
    response.headers.update(FLEETING)
    return response


def _own(request: Request, w: Words) -> OrdersView:
    replies.checked(request, ())
    door = node_of(request).orders
    found: dict[str, Order] = {order.id: order for order in door.mine()}
    for id_ in _kept(request):
        if id_ not in found:
            try:
                found[id_] = door.order(id_)
            except NotFound:
                continue
    newest = sorted(found.values(), key=lambda order: order.placed, reverse=True)
    return orders_view(newest, viewer_of(request, w))


def new_page(request: Request, language: str) -> Response:
    """The form, filled as the address says."""
    w = spoken(language)
    replies.checked(request, PARAMETERS)
    return _form(request, w, list(request.query_params.multi_items()))


def new_twin(request: Request, language: str) -> Response:
    """What an order would be, and what may be asked for, as JSON."""
    replies.checked(request, PARAMETERS)
    given = list(request.query_params.multi_items())
    view = new_view(asked(given), viewer_of(request, spoken(language)))
    response = as_json(view, _BAD if view.wrong else 200)
    response.headers.update(FLEETING)
    return response


def place(request: Request, language: str, pairs: Pairs) -> Response:
    """Order what the form says, or say beside each field what is wrong."""
    w, secret = spoken(language), token_hex(16)
    if ("count", "yes") in pairs:
        # Answers never stand in an address, so that this is no question by one.
        return _form(request, w, pairs)
    try:
        a = asked(pairs)
        order = node_of(request).orders.place(
            a.record,
            links_of(request),
            datastreams=a.datastreams,
            variables=a.variables,
            time=a.time,
            form=a.form,
            said=said(pairs, w),
            secret=secret,
        )
    except (Invalid, Conflict) as error:
        return _form(request, w, pairs, error)
    response = RedirectResponse(f"/{language}/orders/{order.id}", _SEE_OTHER, FLEETING)
    _keep(request, response, order.id)
    if any(name in ANSWERS and value for name, value in pairs):
        _remember(request, response, _SECRETS, list(dict.fromkeys([secret, *_secrets(request)])))
    return response


def _form(
    request: Request, w: Words, given: list[tuple[str, str]], refused: EstranError | None = None
) -> Response:
    answers = dict.fromkeys(ANSWERS, "") | {name: value for name, value in given if name in ANSWERS}
    view = new_view(asked(given), viewer_of(request, w), refused, answers)
    asks = [
        (name, value) for name, value in given if name == "record" or (name in PARAMETERS and not view.wrong)
    ]
    twin = replies.address(f"/{w.language}/orders/new.json", asks)
    of = page(request, w, w.text("orders.new"), "orders/new", section="search", twin=twin)
    return render(
        request, "order_form.html", w, of, status=_BAD if view.wrong else 200, headers=FLEETING, v=view
    )


def cancel(request: Request, language: str, id: str, form: OwnForm) -> Response:  # noqa: A002
    """End an order; one that is over stays as it is."""
    del form
    spoken(language)
    door = node_of(request).orders
    if not door.order(id).is_over:
        door.cancel(id)
    return RedirectResponse(f"/{language}/orders/{id}", _SEE_OTHER, FLEETING)


def unsay(request: Request, language: str, id: str, pairs: Pairs) -> Response:  # noqa: A002
    """Take away what one said with an order."""
    del pairs
    spoken(language)
    door = node_of(request).orders
    door.unsay(door.order(id), _secrets(request))
    return RedirectResponse(f"/{language}/orders/{id}", _SEE_OTHER, FLEETING)


def _secrets(request: Request) -> list[str]:
    """By which this browser shows what was said with it."""
    found = request.cookies.get(_SECRETS, "").split("-")
    return [one for one in found if _HEX.fullmatch(one)][:_MOST_KEPT]


def _kept(request: Request) -> list[str]:
    """Ids of the orders that this browser placed, the newest first."""
    found = request.cookies.get(_COOKIE, "").split("-")
    return [f"{NAME}.{one}" for one in found if _HEX.fullmatch(one)][:_MOST_KEPT]


def _keep(request: Request, response: Response, id: str) -> None:  # noqa: A002
    """Have the browser remember an order; only the pages of orders are told."""
    _remember(
        request, response, _COOKIE, [one.partition(".")[2] for one in dict.fromkeys([id, *_kept(request)])]
    )


def _remember(request: Request, response: Response, name: str, words: list[str]) -> None:
    value = "-".join(words[:_MOST_KEPT])
    for language in _LANGUAGES:
        response.set_cookie(
            name, value, max_age=_KEPT_S, path=f"/{language}/orders", httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip

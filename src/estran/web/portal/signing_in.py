"""Signing in with a token, and out again."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import NotAllowed, NotFound
from estran.model import moment_us
from estran.web import node_of, replies
from estran.web.portal.render import as_json, page, render, spoken
from estran.web.signing import Form, OwnForm, Tries, drop, put, session_of

if TYPE_CHECKING:
    from estran.node import Node
    from estran.web.portal.i18n import Words

# Only a page of this node: no second slash, no backslash, nothing that browsers read as another host.
_HERE = re.compile(r"/(?:fr|en|data)/[!-\[\]-~]*")
_LONGEST_NEXT = 2000
_FLEETING = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True, kw_only=True)
class SignInView:
    """Who is signed in, or the form.

    Attributes:
        name: who, "" for nobody; role and centre: what their token gives, in words.
        until: when they have to sign in again, in words.
        next: the page that they came from.
        wrong: why it did not work.
    """

    signed_in: bool
    name: str = ""
    role: str = ""
    centre: str = ""
    until: str = ""
    next: str = ""
    wrong: str = ""


def routes(operators: Node) -> APIRouter:
    """The pages of signing in.

    Args:
        operators: the node as its operator, who alone can tell whose a token is.
    """
    router = APIRouter(include_in_schema=False)
    tries = Tries()

    @router.get("/{language}/sign-in", response_model=None)
    def sign_in_page(request: Request, language: str) -> Response:
        w = spoken(language)
        replies.checked(request, ("next",))
        return _page(request, w, _view(request, w, next=_here(replies.one(request, "next"))))

    @router.get("/{language}/sign-in.json", response_model=None)
    def sign_in_twin(request: Request, language: str) -> Response:
        response = as_json(_view(request, spoken(language)))
        response.headers.update(_FLEETING)
        return response

    @router.post("/{language}/sign-in", response_model=None)
    def sign_in(request: Request, language: str, form: Form) -> Response:
        w, to = spoken(language), _here(form.get("next", ""))
        if wait := math.ceil(tries.wait_s(request)):
            view = SignInView(signed_in=False, next=to, wrong=w.count("signing.wait", wait))
            return _page(request, w, view, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})
        try:
            session = operators.tokens.sign_in(form.get("token", "").strip())
        except NotAllowed:
            tries.failed(request)
            view = SignInView(signed_in=False, next=to, wrong=w.text("signing.wrong"))
            asked = {"WWW-Authenticate": 'Bearer realm="estran"'}
            return _page(request, w, view, HTTPStatus.UNAUTHORIZED, asked)
        home = f"/{language}/harvest" if session.actor.is_operator else f"/{language}/"
        response = replies.see(to or home)
        put(response, request, session)
        response.headers.update(_FLEETING)
        return response

    @router.post("/{language}/sign-out", response_model=None)
    def sign_out(request: Request, language: str, _form: OwnForm) -> Response:
        spoken(language)
        if session := session_of(request):
            operators.tokens.sign_out(session.proof)
        response = replies.see(f"/{language}/")
        drop(response, request)
        response.headers.update(_FLEETING)
        return response

    return router


def _page(
    request: Request, w: Words, view: SignInView, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    twin = f"/{w.language}/sign-in.json"
    of = page(request, w, w.text("signing.title"), "sign-in", section="sign-in", twin=twin)
    return render(
        request, "sign_in.html", w, of, status=int(status), headers={**_FLEETING, **(headers or {})}, v=view
    )


def _view(request: Request, w: Words, **more: str) -> SignInView:
    session = session_of(request)
    if session is None:
        return SignInView(signed_in=False, **more)
    return SignInView(
        signed_in=True, name=session.actor.name, role=w.label("actor_role", session.actor.role),
        centre=", ".join(_centre(node_of(request), id_, w) for id_ in session.actor.centres),
        until=w.date(moment_us(session.until * 1_000_000)), **more,
    )  # fmt: skip


def _centre(node: Node, id: str, w: Words) -> str:  # noqa: A002 - the word of the model
    try:
        return w.of(node.organisations.show(id).name) or id
    except NotFound:
        return id


def _here(address: str) -> str:
    """An address of this node's pages, "" where it is another's."""
    fits = (
        len(address) <= _LONGEST_NEXT and _HERE.fullmatch(address) and "//" not in address.partition("?")[0]
    )
    return address if fits else ""

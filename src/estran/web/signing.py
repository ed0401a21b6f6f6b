"""Signing in through a browser: the cookie, forms that only this node's pages can send, and wrong tries.

Pages alone know the cookie. The APIs know bearer tokens, so that no page of another site can use them in
the name of someone who is signed in here.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from estran.errors import Invalid
from estran.web.problems import Foreign, Unauthorised, WrongType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from estran.access import Session

PATHS = ("/fr/", "/en/", "/data/", "/datastreams/", "/orders/")
"""Where the cookie counts, files that pages lead to among them; where anything is changed, in the first two alone."""
_FORMS = PATHS[:2]
_READS = ("GET", "HEAD")
_FIELD = "form"
_MOST_FIELDS = 200
# A hand that errs is not kept waiting; a program that guesses is, longer each time.
_FREE_TRIES = 5
_LONGEST_WAIT_S = 900.0
# Where nobody can be told apart, one who guesses must not keep everybody out.
_LONGEST_SHARED_WAIT_S = 2.0
_FORGOTTEN_S = 3600.0
_MOST_KEPT = 4096


def proof_of(request: Request) -> str:
    """The proof of being signed in that a request for a page shows, "" if it shows none."""
    if not request.scope["path"].startswith(PATHS if request.method in _READS else _FORMS):
        return ""
    if "cookie" not in request.headers or "authorization" in request.headers:
        return ""
    return request.cookies.get(_name(request), "")


def put(response: Response, request: Request, session: Session) -> None:
    """Have a browser remember a session: no script reads it, and no other site's page sends it."""
    response.set_cookie(
        _name(request), session.proof, max_age=session.until - int(time.time()), path="/",
        secure=_is_secure(request), httponly=True, samesite="strict",
    )  # fmt: skip


def drop(response: Response, request: Request) -> None:
    """Have a browser forget a session."""
    response.delete_cookie(
        _name(request), path="/", secure=_is_secure(request), httponly=True, samesite="strict"
    )


def session_of(request: Request) -> Session | None:
    """Who is signed in."""
    return cast("Session | None", getattr(request.state, "session", None))


def check_home(request: Request) -> None:
    """Refuse a form that a page of another site sent.

    Raises:
        Foreign: the browser says that it did.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Browsers say the one or the other; what says neither is no browser, and has no cookie of anyone.
    if (site and site != "same-origin") or (not site and origin and origin not in _homes(request)):
        raise Foreign("This form was sent by a page of another site. Open its page here and send it again.")


async def _pairs(request: Request) -> list[tuple[str, str]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongType("Forms are read as application/x-www-form-urlencoded.")
    check_home(request)
    try:
        return parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Invalid("it cannot be read as a form", "body") from None


async def _form(request: Request) -> Mapping[str, str]:
    return dict(await _pairs(request))


async def _own_form(request: Request) -> Mapping[str, str]:
    session = session_of(request)
    if session is None:
        raise Unauthorised("You are not signed in, or not any more. Sign in, and send the form again.")
    fields = dict(await _form(request))
    if not hmac.compare_digest(fields.pop(_FIELD, "").encode(), session.form.encode()):
        raise Foreign("This form is from another session. Open its page anew and send it again.")
    return fields


Pairs = Annotated[list[tuple[str, str]], Depends(_pairs)]
"""The fields of a form that this node's page sent, those of one name as well."""
Form = Annotated[dict[str, str], Depends(_form)]
"""The fields of a form that this node's page sent, the last of one name."""
OwnForm = Annotated[dict[str, str], Depends(_own_form)]
"""The fields of a form that someone sent who is signed in, from a page that was made for them."""


class Tries:
    """Wrong tries of late, by where they came from: after some, each makes the next wait twice as long."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, request: Request) -> float:
        """Seconds that whoever asks has to wait before the next try."""
        who = _asker(request)
        with self._lock:
            number, last = self._wrong.get(who, (0, 0.0))
        if number < _FREE_TRIES:
            return 0.0
        longest = _LONGEST_WAIT_S if who else _LONGEST_SHARED_WAIT_S
        pause = min(longest, 2.0 ** min(number - _FREE_TRIES + 1, 20))
        return max(0.0, last + pause - time.monotonic())

    def failed(self, request: Request) -> None:
        """Remember a wrong try."""
        who, now = _asker(request), time.monotonic()
        with self._lock:
            number, last = self._wrong.pop(who, (0, now))
            self._wrong[who] = (1 if now - last > _FORGOTTEN_S else number + 1, now)
            while len(self._wrong) > _MOST_KEPT:
                self._wrong.popitem(last=False)


def _asker(request: Request) -> str:
    """Where a request came from, "" where a proxy does not say; of IPv6 the network, because all have many."""
    peer = _address(request.client.host if request.client else "")
    if peer is None or peer.is_private:
        # It came through a proxy beside this node; what it heard last is who asked it.
        peer = _address(request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip())
    if isinstance(peer, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((peer, 64), strict=False))
    return str(peer or "")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _name(request: Request) -> str:
    # Browsers take a cookie of the second name only from this very host and only over TLS.
    return "__Host-estran" if _is_secure(request) else "estran"


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https" or str(request.state.links.base).startswith("https:")


def _homes(request: Request) -> set[str]:
    """The origins of this node's pages: as the request came, and as the settings say."""
    base = urlsplit(str(request.state.links.base))
    return {f"{base.scheme}://{base.netloc}", f"{request.url.scheme}://{request.headers.get('host', '')}"}

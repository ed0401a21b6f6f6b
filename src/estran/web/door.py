"""What every request passes: limits, who asks, whether they hold the answer already, safe headers.

One ASGI layer around the application, written by hand because it runs on each request: it costs a few
tens of microseconds where a stack of ready-made ones costs hundreds.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import secrets
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from estran.access import ANYONE
from estran.errors import EstranError, Invalid, NotAllowed
from estran.formats import Links
from estran.web import signing
from estran.web.held import Held
from estran.web.problems import TooLarge, TooLong, Unauthorised, answer, problem_of
from estran.web.revisions import Revisions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from estran.access import Actor, Session
    from estran.node import Node
    from estran.web.held import Answer
    from estran.web.problems import Page

_LONGEST_URL = 8192
_HOST = re.compile(r"[A-Za-z0-9.\-_]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
# What the answer depends on besides its address, the asker and the node's state.
_NEGOTIATED = (b"accept", b"accept-language", b"cookie", b"host")
_VARY = "Accept, Accept-Language, Accept-Encoding, Authorization, Cookie, HX-Request"
_EXPOSED = "Link, Location, ETag, X-Request-Id, Content-Disposition, Retry-After"
_OK = 200
# Their answers do not follow the change log.
_OWN_CACHING = ("/static/", "/health")
_log = logging.getLogger("estran.web")


def policy(inline_scripts: Iterable[str]) -> str:
    """The content security policy: everything from this node, and these inline scripts by their hash."""
    hashes = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline_scripts
    )
    scripts = "".join(f" 'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class Door:
    """The layer around the application.

    Args:
        app: what answers.
        node: the node as its operator; what is behind the door gets it narrowed to the asker.
        open_prefixes: paths that scripts of other sites may read (open data, no credentials).
        page: shows a problem to a browser.
        inline_scripts: texts of the scripts that stand in pages.
    """

    def __init__(
        self,
        app: ASGIApp,
        node: Node,
        open_prefixes: tuple[str, ...],
        page: Page | None = None,
        inline_scripts: Iterable[str] = (),
    ) -> None:
        self._app, self._node, self._page = app, node, page
        self.open_prefixes = open_prefixes
        self._anyone = node.acting_as(ANYONE)
        self.held = Held()
        self._revisions = Revisions(node.revision)
        self._most_bytes = node.settings.web.request_bytes
        self._links = Links(node.settings.url, node.settings.name) if node.settings.url else None
        state = f"{version('estran')} {node.settings.model_dump_json()}"
        self._mark = hashlib.sha256(state.encode()).digest()
        self.safe_headers = tuple(
            (name.lower().encode(), value.encode())
            for name, value in {
                "Content-Security-Policy": policy(inline_scripts),
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Referrer-Policy": "strict-origin-when-cross-origin",
                "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
                "Cross-Origin-Opener-Policy": "same-origin",
            }.items()
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(self, scope, send)
        try:
            refusal = await self._admit(scope, passage)
            if refusal is not None:
                await refusal(scope, receive, passage.send)
                return
            if passage.key and (held := self.held.get(passage.key)):
                await passage.give(held)
                return
            await self._app(scope, self._counted(receive), passage.send)
        except Exception as error:
            if passage.is_head and passage.ended:
                return
            if passage.started:
                # The client sees a cut connection, never a whole answer that is not.
                _log.exception("An answer broke off (%s)", passage.id)
                raise
            request = Request(scope)
            await answer(request, problem_of(error), self._page)(scope, receive, passage.send)

    async def _admit(self, scope: Scope, passage: _Passage) -> Response | None:
        """Let a request in, or answer it at once: refused, or held already."""
        state = scope.setdefault("state", {})
        headers = dict(scope["headers"])
        request = Request(scope)
        if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_URL:
            why = f"Addresses of up to {_LONGEST_URL} characters are read; shorten the query."
            return answer(request, problem_of(TooLong(why)), self._page)
        if passage.is_open and scope["method"] == "OPTIONS":
            return _preflight()
        try:
            if int(headers.get(b"content-length", b"0")) > self._most_bytes:
                raise TooLarge(f"At most {self._most_bytes} bytes are read here.")
            state["links"] = self._links or Links(_base(scope, headers), self._node.settings.name)
            caches = scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(_OWN_CACHING)
            node, session, revision = await self._asker(request, headers, passage, caches=caches)
        except (EstranError, ValueError) as error:
            if isinstance(error, ValueError):
                error = Invalid("Content-Length is not a number", "Content-Length")
            return answer(request, problem_of(error), self._page)
        state["node"], state["session"] = node, session
        passage.is_known |= session is not None
        if caches:
            passage.tag = self._tag(scope, headers, node.actor, revision)
            if node is self._anyone:
                passage.key = (passage.tag, headers.get(b"accept-encoding", b""))
            if passage.tag in headers.get(b"if-none-match", b"").decode("latin-1").split(", "):
                return Response(status_code=304)
        return None

    async def _asker(
        self, request: Request, headers: dict[bytes, bytes], passage: _Passage, *, caches: bool
    ) -> tuple[Node, Session | None, int]:
        """Who asks, and the revision that the answer's tag speaks of."""
        secret = _secret(headers.get(b"authorization", b"").decode("latin-1"))
        proof = signing.proof_of(request)
        if not secret and not proof:
            revision = self._node.revision_at_hand() if caches else 0
            if revision is None and b"if-none-match" not in headers:
                revision = passage.supposed = self._supposed(request.scope, headers)
            if revision is None:
                revision = await self._revisions.newest()
            return self._anyone, None, revision
        return await to_thread.run_sync(self._look, secret, proof, caches)

    def _supposed(self, scope: Scope, headers: dict[bytes, bytes]) -> int | None:
        """The revision that was met last, where nothing rests on its being the newest.

        Nothing does where no answer is held that it would vouch for: an answer made now is of that revision or
        of a newer one, and it is given again only when the database says that nothing changed since.
        """
        seen = self._node.revision_seen()
        if seen is None:
            return None
        tag = self._tag(scope, headers, self._anyone.actor, seen)
        return None if self.held.has((tag, headers.get(b"accept-encoding", b""))) else seen

    def _look(self, secret: str, proof: str, caches: bool) -> tuple[Node, Session | None, int]:
        """Who asks and at which revision; runs beside the event loop."""
        node, session = self._anyone, None
        if secret:
            try:
                node = self._node.acting_as(self._node.tokens.actor(secret))
            except NotAllowed as error:
                raise Unauthorised(f"{error}".capitalize() + ".") from None
        elif proof:
            # Who is not signed in any more sees what anyone sees, and a way to sign in.
            with suppress(NotAllowed):
                session = self._node.tokens.session(proof)
                node = self._node.acting_as(session.actor)
        return node, session, self._node.revision() if caches else 0

    def _tag(self, scope: Scope, headers: dict[bytes, bytes], actor: Actor, revision: int) -> str:
        whole = hashlib.sha256(self._mark)
        whole.update(f"{revision} {actor.role} {actor.name} {actor.centres}\n".encode())
        whole.update(scope["path"].encode() + b"?" + scope["query_string"])
        for name in _NEGOTIATED:
            whole.update(b"\n" + headers.get(name, b""))
        for name in sorted(name for name in headers if name.startswith(b"hx-")):
            whole.update(b"\n" + name + headers[name])
        return f'W/"{whole.hexdigest()[:24]}"'

    def has_moved_from(self, revision: int) -> bool:
        """Whether a newer revision has been met."""
        return self._node.revision_seen() != revision

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most_bytes:
                raise TooLarge(f"At most {self._most_bytes} bytes are read here.")
            return message

        return limited


class _Passage:
    """One answer on its way out."""

    def __init__(self, door: Door, scope: Scope, send: Send) -> None:
        self._door, self._send = door, send
        self.id = secrets.token_hex(8)
        self.tag = ""
        # Under which the answer is held for others; None where it is for the asker alone.
        self.key: tuple[str, bytes] | None = None
        self._start: Message | None = None
        self.started = self.ended = False
        # The revision that the tag speaks of, where it was not asked for.
        self.supposed: int | None = None
        self.is_head = scope["method"] == "HEAD"
        self.is_open = scope["path"].startswith(door.open_prefixes)
        # Whether the asker has said who they are.
        self.is_known = any(name == b"authorization" for name, _ in scope["headers"])
        if self.is_head:
            # Every address that can be read can be asked for its headers.
            scope["method"] = "GET"

    async def send(self, message: Message) -> None:
        """Pass a message of the application on, the headers completed."""
        if message["type"] == "http.response.start":
            self.started = True
            if self.supposed is not None and self._door.has_moved_from(self.supposed):
                self.tag, self.key = "", None
            if self.key and message["status"] == _OK and not _is_fleeting(message["headers"]):
                self._start = {**message, "headers": list(message["headers"])}
            message["headers"] = self._headers(message["status"], message["headers"])
        elif message["type"] == "http.response.body" and self._start and self.key:
            if not message.get("more_body"):
                self._door.held.put(self.key, self._start, message.get("body", b""))
            self._start = None
        if self.is_head and message["type"] == "http.response.body":
            self.ended = True
            await self._send({"type": "http.response.body", "body": b""})
            if message.get("more_body"):
                raise _Enough
            return
        await self._send(message)

    async def give(self, answer: Answer) -> None:
        """Send an answer that was given before."""
        self.key = None
        await self.send({**answer.start, "headers": list(answer.start["headers"])})
        await self.send({"type": "http.response.body", "body": answer.body})

    def _headers(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        found = list(headers)
        given = {name.lower() for name, _ in found}
        # What says itself who may show it in a frame does not also say that nobody may.
        if any(name.lower() == b"content-security-policy" for name in given):
            given.add(b"x-frame-options")
        found += [(name, value) for name, value in self._door.safe_headers if name not in given]
        found.append((b"x-request-id", self.id.encode()))
        if self.is_open:
            found.append((b"access-control-allow-origin", b"*"))
            found.append((b"access-control-expose-headers", _EXPOSED.encode()))
        if self.tag and status in (200, 304):
            # What changes without a change of the catalogue says itself that it is not to be kept.
            if b"etag" not in given and not _is_fleeting(found):
                found.append((b"etag", self.tag.encode()))
            if b"cache-control" not in given:
                found.append((b"cache-control", b"private, no-cache" if self.is_known else b"no-cache"))
            found = [(name, value) for name, value in found if name.lower() != b"vary"]
            found.append((b"vary", _VARY.encode()))
        return found


def _is_fleeting(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"cache-control" and b"no-store" in value for name, value in headers)


class _Enough(Exception):
    """Stops the making of a body that nobody reads."""


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": "Accept, Accept-Language, Authorization, Content-Type, If-None-Match",
            "Access-Control-Max-Age": "86400",
        },
    )


def _secret(header: str) -> str:
    scheme, _, secret = header.partition(" ")
    if not header:
        return ""
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorised("Only bearer tokens are taken: Authorization: Bearer estran_….")
    return secret.strip()


def _base(scope: Scope, headers: dict[bytes, bytes]) -> str:
    host = headers.get(b"host", b"").decode("latin-1")
    if not _HOST.fullmatch(host):
        server: Any = scope.get("server") or ("localhost", 80)
        host = f"{server[0]}:{server[1]}"
    return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"

"""Reading from other machines over HTTP."""

from __future__ import annotations

import re
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import httpcore2
import httpx2

from estran.errors import Invalid, NotAllowed, Unavailable
from estran.fetching import bodies
from estran.fetching.addresses import Checked, until
from estran.fetching.manners import Pace, Robots, pause, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Fetcher", "Policy", "Reply", "TooSlow"]

_BUSY = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_GATEWAY_TIMEOUT = 504
_SEE_OTHER, _NOT_MODIFIED, _CLIENT_ERROR, _SERVER_ERROR = 303, 304, 400, 500
_MOST_REDIRECTS = 5
_ANSWERS = frozenset(range(600)) - _REDIRECTS
# A robots.txt that is not there forbids nothing.
_NO_RULES = frozenset(range(_CLIENT_ERROR, _SERVER_ERROR)) - {429}
_FAILED = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    bodies.Broken,
)


class TooSlow(Unavailable):
    """An answer that did not come in time; less may be asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What fetching may do.

    Attributes:
        private: whether loopback, private and link-local addresses may be reached.
        timeout_s: longest silence of a server; whole_s: longest time of one answer.
        answer_bytes: longest body, after decompression.
        per_second: requests to one host in a second, at most.
        attempts: how often a request is tried where the server is busy or out of reach.
        first_wait_s: pause before the second attempt; each further one is twice as long.
        longest_wait_s: a server that asks to be left alone for longer ends the visit.
        robots: whether ``robots.txt`` is obeyed.
        agent: what it calls itself.
    """

    private: bool = False
    timeout_s: float = 30.0
    whole_s: float = 300.0
    answer_bytes: int = 256 << 20
    per_second: float = 5.0
    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    robots: bool = True
    agent: str = "Estran"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer.

    Attributes:
        url: where it came from in the end.
        status: 200, 304 or any other that was asked to be let through.
        headers: with names in lower case.
        whole: whether the body is all that there was.
        moved: where permanent redirects lead that came before any other, "" without one.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    whole: bool = True
    moved: str = ""

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches one address after the other; safe to be used by several threads.

    Args:
        policy: what it may do.
        token: of whoever asks, told to the origin of `trusted` and to nobody else, nor in any message.
        trusted: an address of the server that the token is for.
    """

    def __init__(self, policy: Policy | None = None, *, token: str = "", trusted: str = "") -> None:
        self.policy = policy or Policy()
        if token and not re.fullmatch(r"[!-~]+", token):
            raise Invalid("a token is one word of letters, digits and signs", "token")
        self._token, self._trusted = token, _origin(_address(trusted)) if token else None
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpcore2.default_ssl_context(),
            network_backend=Checked(private=self.policy.private),
            keepalive_expiry=30.0,
        )
        self._pace = Pace(self.policy.per_second)
        self._robots = Robots(self.policy.agent, self._rules, self._pace, self.policy.longest_wait_s)

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = "*/*",
        etag: str = "",
        modified: str = "",
        through: frozenset[int] = frozenset(),
        less: bool = False,
    ) -> Reply:
        """The answer to a GET request.

        Args:
            url: http or https.
            params: put behind the address, besides what stands there.
            accept: media types that are wanted.
            etag: of the version at hand, which may give a 304.
            modified: Last-Modified of the version at hand, likewise.
            through: statuses that are given back instead of raised, besides 2xx and 304.
            less: whether one may ask for less, so that what is too slow is not asked for again.

        Raises:
            NotAllowed: the address is not one that may be reached, or robots.txt forbids it.
            Unavailable: the server is out of reach or busy beyond patience; `TooSlow` where its answer does not come.
            Invalid: the server refuses (4xx), or the answer is too long; with the address.
        """
        address = _address(url)
        if params:
            address = address.copy_merge_params(dict(params))
        headers = {"accept": accept}
        if etag:
            headers["if-none-match"] = etag
        if modified:
            headers["if-modified-since"] = modified
        return self._follow(_Request("GET", address, headers, less=less), through)

    def post(
        self,
        url: str,
        body: bytes,
        media_type: str,
        *,
        accept: str = "*/*",
        through: frozenset[int] = frozenset(),
    ) -> Reply:
        """The answer to a POST request that only asks; it is repeated as `get` is, and raises the same."""
        headers = {"accept": accept, "content-type": media_type}
        return self._follow(_Request("POST", _address(url), headers, body), through)

    def look(self, url: str, *, first: int, accept: str = "*/*", ranged: bool = True) -> Reply:
        """The beginning of the answer to a GET request, whatever its status; the rest is left where it is.

        Args:
            url: http or https.
            first: so many bytes are read, at most.
            accept: media types that are wanted.
            ranged: whether the server is told that these are enough.

        Raises:
            NotAllowed: the address is not one that may be reached, or robots.txt forbids it.
            Unavailable: the server is out of reach, or too slow.
            Invalid: it is no address, or redirects without end.
        """
        headers = {"accept": accept, "accept-encoding": "identity"}
        if ranged:
            headers["range"] = f"bytes=0-{first - 1}"
        return self._follow(_Request("GET", _address(url), headers, first=first), _ANSWERS)

    def close(self) -> None:
        """Give connections back."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _follow(self, request: _Request, through: frozenset[int], *, ruled: bool = True) -> Reply:
        """The answer at the end of redirects, each of which is checked as the first address is."""
        moved, lasting = "", True
        for _ in range(_MOST_REDIRECTS + 1):
            where = _shown(request.url)
            if ruled and self.policy.robots and not self._may_ask(request.url):
                raise NotAllowed(f"{where}: the server’s robots.txt asks {self.policy.agent} to stay away")
            reply = self._insist(request, through)
            if reply.status not in _REDIRECTS or reply.status in through:
                return replace(reply, moved=moved) if moved else reply
            request = _redirected(request, reply)
            lasting = lasting and reply.status in _FOR_GOOD
            moved = _shown(request.url) if lasting else moved
        raise Invalid(f"it redirects more than {_MOST_REDIRECTS} times", _shown(request.url))

    def _insist(self, request: _Request, through: frozenset[int]) -> Reply:
        """An answer, asked for again where the server was busy or out of reach."""
        where, failed = _shown(request.url), ""
        for attempt in range(self.policy.attempts):
            wait = pause(attempt, self.policy.first_wait_s, self.policy.longest_wait_s)
            self._pace.wait(request.url.host)
            begun = time.monotonic()
            try:
                reply = self._once(request, where, through)
            except _FAILED as error:
                failed = f"{where}: {_why(error)}"
                self._give_up_at_once(request, where, error)
                if time.monotonic() - begun >= self.policy.whole_s:
                    break
            else:
                if reply.status in through or not self._is_trouble(reply, request, where):
                    return reply
                failed = f"{where}: the server answered {_status(reply.status)}"
                asked = retry_after(reply.headers.get("retry-after", ""))
                wait = wait if asked is None else asked
                if wait > self.policy.longest_wait_s:
                    raise Unavailable(f"{failed} and asks to come back in {wait:.0f} s", wait)
            if attempt + 1 < self.policy.attempts:
                time.sleep(wait)
        raise Unavailable(f"{failed}; try again later", self.policy.longest_wait_s)

    def _give_up_at_once(self, request: _Request, where: str, error: Exception) -> None:
        """Raise where to ask again would help nobody."""
        if _is_certificate(error):
            raise Unavailable(
                f"{where}: the certificate of the server is not to be trusted ({error}); ask whoever runs it to mend it, "
                "nothing is read from it until then",
                self.policy.longest_wait_s,
            ) from error
        if request.less and isinstance(error, httpcore2.ReadTimeout):
            raise TooSlow(f"{where}: {_why(error)}", self.policy.longest_wait_s) from error

    def _is_trouble(self, reply: Reply, request: _Request, where: str) -> bool:
        """Whether to ask again later.

        Raises:
            Invalid: the server refuses.
            Unavailable: it fails, and not because it is busy.
        """
        if request.less and reply.status == _GATEWAY_TIMEOUT:
            raise TooSlow(f"{where}: the server answered {_status(reply.status)}", self.policy.longest_wait_s)
        if reply.status in _BUSY:
            return True
        if reply.status >= _SERVER_ERROR:
            raise Unavailable(f"{where}: the server answered {_status(reply.status)}; try again later", 60.0)
        if reply.status >= _CLIENT_ERROR:
            raise Invalid(f"the server answered {_status(reply.status)}; check the address", where)
        return False

    def _once(self, request: _Request, where: str, through: frozenset[int]) -> Reply:
        silence = self.policy.timeout_s
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), silence)
        target = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        headers = [
            ("host", request.url.netloc.decode("ascii")),
            ("user-agent", self.policy.agent),
            *({"accept-encoding": bodies.ENCODINGS} | dict(request.headers)).items(),
        ]
        if request.method == "POST":
            headers.append(("content-length", str(len(request.body))))
        if request.url.userinfo:
            said = f"{request.url.username}:{request.url.password}".encode()
            headers.append(("authorization", f"Basic {b64encode(said).decode()}"))
        elif self._token and _origin(request.url) == self._trusted:
            headers.append(("authorization", f"Bearer {self._token}"))
        with (
            until(time.monotonic() + self.policy.whole_s),
            self._pool.stream(
                request.method,
                target,
                headers=headers,
                content=request.body,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            found = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}
            body, whole = b"", True
            if response.status in through or response.status not in _REDIRECTS | _BUSY:
                encoding = found.get("content-encoding", "")
                if request.first:
                    body, whole = bodies.begin(response.iter_stream(), encoding, request.first, where)
                else:
                    body = bodies.read(response.iter_stream(), encoding, self.policy.answer_bytes, where)
            return Reply(
                url=str(_bare(request.url)), status=response.status, headers=found, body=body, whole=whole
            )

    def _may_ask(self, url: httpx2.URL) -> bool:
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        return self._robots.allow(origin, url.host, str(_bare(url)))

    def _rules(self, url: str) -> bytes:
        reply = self._follow(_Request("GET", _address(url), {"accept": "text/plain"}), _NO_RULES, ruled=False)
        return reply.body if reply.status < _CLIENT_ERROR else b""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    body: bytes = b""
    first: int = 0
    less: bool = False


def _address(url: str) -> httpx2.URL:
    """An address that can be asked at all."""
    try:
        found = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise Invalid("it is no address; write it as https://…", url[:200]) from None
    if found.scheme not in {"http", "https"} or not found.host:
        raise Invalid("only addresses that begin with http:// or https:// are fetched", _shown(found))
    return found


def _redirected(request: _Request, reply: Reply) -> _Request:
    said = reply.headers.get("location", "")
    try:
        # Not every server writes its addresses in ASCII, as it should.
        target = request.url.join(said.encode("latin-1").decode("utf-8", "replace"))
    except (httpx2.InvalidURL, ValueError, UnicodeError):
        raise Invalid("it redirects to what is no address", _shown(request.url)) from None
    target = _address(str(_bare(target)))
    if _origin(target) == _origin(request.url):
        target = target.copy_with(userinfo=request.url.userinfo)
    if reply.status == _SEE_OTHER and request.method == "POST":
        kept = {k: v for k, v in request.headers.items() if k != "content-type"}
        return _Request("GET", target, kept)
    return replace(request, url=target)


def _origin(url: httpx2.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


def _bare(url: httpx2.URL) -> httpx2.URL:
    """The address without the name and password of whoever asks."""
    return url.copy_with(userinfo=b"", fragment=None)


def _shown(url: httpx2.URL) -> str:
    return str(_bare(url))[:500]


def _status(number: int) -> str:
    return f"{number} {httpx2.codes.get_reason_phrase(number)}".strip()


def _why(error: Exception) -> str:
    said = str(error) or type(error).__name__
    if isinstance(error, httpcore2.TimeoutException):
        return f"the server was silent or slow for too long ({said})"
    return f"the server is out of reach ({said})" if isinstance(error, httpcore2.ConnectError) else said


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False

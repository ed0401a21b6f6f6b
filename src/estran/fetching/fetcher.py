"""Reading from other machines over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What fetching may do.

    Attributes:
        private: whether loopback, private and link-local addresses may be reached.
        timeout_s: longest silence of a server; whole_s: longest time of one answer.
        answer_bytes: longest body, after decompression.
        per_second: requests to one host in a second, at most.
        attempts: how often a request is tried where the server is busy or out of reach.
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
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Fetches one address after the other; safe to be used by several threads."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        accept: str = "*/*",
        etag: str = "",
        modified: str = "",
        through: frozenset[int] = frozenset(),
    ) -> Reply:
        """The answer to a GET request.

        Args:
            url: http or https.
            params: put behind the address, besides what stands there.
            accept: media types that are wanted.
            etag: of the version at hand, which may give a 304.
            modified: Last-Modified of the version at hand, likewise.
            through: statuses that are given back instead of raised, besides 2xx and 304.

        Raises:
            NotAllowed: the address is not one that may be reached, or robots.txt forbids it.
            Unavailable: the server is out of reach, busy beyond patience, or too slow.
            Invalid: the server refuses (4xx), or the answer is too long; with the address.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def close(self) -> None:
        """Give connections back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

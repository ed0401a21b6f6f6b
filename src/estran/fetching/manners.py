"""How a guest behaves: not too often, not where it was asked to stay away, and back later when told so."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.robotparser import RobotFileParser

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace", "Robots", "pause", "retry_after"]

_LONGEST_RULES = 512 << 10
_RULES_LIVE_S = 24 * 3600.0


class Pace:
    """Gives each host its turns."""

    def __init__(self, per_second: float) -> None:
        self._apart = 1 / per_second if per_second > 0 else 0.0
        self._next: dict[str, float] = {}
        self._slower: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Come back when it is this caller's turn at a host."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, 0.0))
            self._next[host] = turn + max(self._apart, self._slower.get(host, 0.0))
        if turn > now:
            time.sleep(turn - now)

    def slow(self, host: str, seconds: float) -> None:
        """Ask a host no more often than that, whatever was allowed."""
        self._slower[host] = seconds


class Robots:
    """What ``robots.txt`` of each origin forbids; asked once a day."""

    def __init__(self, agent: str, fetch: Callable[[str], bytes], pace: Pace, longest_s: float) -> None:
        self._agent, self._fetch, self._pace, self._longest_s = agent, fetch, pace, longest_s
        self._held: dict[str, tuple[float, RobotFileParser]] = {}

    def allow(self, origin: str, host: str, url: str) -> bool:
        """Whether an address of an origin may be asked."""
        at, rules = self._held.get(origin, (0.0, None))
        if rules is None or time.monotonic() - at > _RULES_LIVE_S:
            rules = RobotFileParser()
            text = self._fetch(f"{origin}/robots.txt")[:_LONGEST_RULES]
            rules.parse(text.decode("utf-8", "replace").lstrip("\ufeff").splitlines())
            self._held[origin] = time.monotonic(), rules
            if delay := rules.crawl_delay(self._agent):
                self._pace.slow(host, min(float(delay), self._longest_s))
        return rules.can_fetch(self._agent, url)


def pause(attempt: int, first_s: float, longest_s: float) -> float:
    """Seconds before the next attempt: twice as long each time, and not all guests at once."""
    return min(longest_s, first_s * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def retry_after(said: str) -> float | None:
    """Seconds that a Retry-After asks for, None where it says nothing that can be read."""
    said = said.strip()
    if said.isascii() and said.isdigit():
        return float(said[:12])
    try:
        instant = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())

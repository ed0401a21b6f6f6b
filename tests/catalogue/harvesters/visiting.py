"""Visits of sources that a test serves: a fetcher that may reach loopback and does not wait."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from estran.catalogue.harvesters import Event, Found, Gone, Kept, Missed, Source, Total, Visit
from estran.errors import EstranError
from estran.fetching import Fetcher, Policy

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

HASTY = Policy(
    private=True, per_second=10_000, attempts=2, robots=False, first_wait_s=0.01, longest_wait_s=0.05
)


@contextmanager
def visiting(
    url: str,
    protocol: str,
    options: Mapping[str, str] | None = None,
    *,
    since: str = "",
    position: Mapping[str, Any] | None = None,
    stamps: Mapping[str, str] | None = None,
) -> Generator[Visit]:
    """A visit of the source at an address, of which these stamps are held."""
    held = stamps or {}
    source = Source(name="test", url=url, protocol=protocol, options=options or {})
    with Fetcher(HASTY) as fetcher:
        yield Visit(
            source=source,
            fetcher=fetcher,
            since=since,
            position=position,
            stamps=lambda keys: {key: held[key] for key in keys if key in held},
        )


def found(events: Iterable[Event]) -> list[str]:
    """Keys of the documents that came, in their order."""
    return [event.key for event in events if isinstance(event, Found)]


def kept(events: Iterable[Event]) -> list[str]:
    return [event.key for event in events if isinstance(event, Kept)]


def gone(events: Iterable[Event]) -> list[str]:
    return [event.key for event in events if isinstance(event, Gone)]


def missed(events: Iterable[Event]) -> list[str]:
    """Where and why things were missed, a line each."""
    return [f"{event.where}: {event.why}" for event in events if isinstance(event, Missed)]


def total(events: Iterable[Event]) -> int | None:
    """What was announced last."""
    return next((event.number for event in reversed(list(events)) if isinstance(event, Total)), None)


def until_broken(changes: Iterator[Event]) -> tuple[list[Event], Exception | None]:
    """What came before the visit ended, and what ended it."""
    events: list[Event] = []
    try:
        for event in changes:
            events.append(event)  # noqa: PERF402 - what came before it broke is wanted
    except EstranError as error:
        return events, error
    return events, None


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()

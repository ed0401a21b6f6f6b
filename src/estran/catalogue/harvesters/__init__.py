"""Harvest protocols, one file each: what a source holds, or what changed there. None of them stores.

A protocol is a value, `Harvester`, found through the entry point ``estran.harvester``. `changes` is a
generator: it asks the source and gives events in the source's order. Who calls it stores what arrives and
remembers each `Mark`; a harvest that is cut goes on from the last one, in a new call of `changes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from estran import plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from estran.fetching import Fetcher
    from estran.formats import Document

__all__ = [
    "Event",
    "Found",
    "Gone",
    "Harvester",
    "Kept",
    "Mark",
    "Missed",
    "Source",
    "Total",
    "Visit",
    "every",
    "find",
    "names",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A catalogue of somebody else, that this node reads.

    Attributes:
        name: the short word that the operator gave it; it is the `source` of its records.
        url: where the protocol is spoken, or a folder or repository for those that read files.
        protocol: name of its `Harvester`.
        options: what the protocol's `Harvester.options` names, such as ``set`` of OAI-PMH.
    """

    name: str
    url: str
    protocol: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Found:
    """A document that the source gave.

    Attributes:
        key: what the source calls it (identifier, address, path); the same key is the same thing.
        document: its bytes as they came, cut out of their envelope where they had one.
        stamp: the source's word for its version: a modification date or an ETag, "" where it has none.
    """

    key: str
    document: Document
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The source still has it, and says that it is the version we hold."""

    key: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The source says that it was withdrawn."""

    key: str


@dataclass(frozen=True, slots=True)
class Missed:
    """Something the source names and does not give; it stays here as it is.

    Attributes:
        where: an address, or a record's key; why: the reason, and what may be done.
    """

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many documents the source says it will give in this visit; fewer mean that it was not read whole."""

    number: int


@dataclass(frozen=True, slots=True)
class Mark:
    """All that was given before it need not be asked for again.

    Attributes:
        position: plain JSON, small, understood by its protocol alone.
    """

    position: Mapping[str, Any]


type Event = Found | Kept | Gone | Missed | Total | Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a protocol needs to know to read a source once.

    Attributes:
        source: what to read.
        fetcher: the only way out to the network: polite, bounded, and no way into private networks.
        since: instant (RFC 3339, UTC) from which changes are wanted; "" for everything.
        position: of the last `Mark` of a visit that was cut, None to start.
        stamps: keys -> the stamps of those that this node holds already.
    """

    source: Source
    fetcher: Fetcher
    since: str = ""
    position: Mapping[str, Any] | None = None
    stamps: Callable[[Sequence[str]], Mapping[str, str]] = lambda _keys: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvester:
    """One protocol.

    Attributes:
        name: the word for ``estran harvest add --protocol``.
        title: what people call it.
        changes: reads a source; raises `Unavailable` where it cannot go on now, `Invalid` where it never
            will, with the address and what to do; ends when all was given.
        options: name -> what it means, of what may be said about a source.
        incremental: whether it can ask for what changed since an instant; else every visit is a full one.
        tells_gone: "listed": a full visit names all there is, what is not named is gone; "said": the source
            names what was withdrawn (and a full visit too); "never": nothing can be concluded.
        recognise: (address, first answer's bytes) -> confidence from 0.0 to 1.0, to guess the protocol.
    """

    name: str
    title: str
    changes: Callable[[Visit], Iterator[Event]]
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    incremental: bool = False
    tells_gone: Literal["listed", "said", "never"] = "listed"
    recognise: Callable[[str, bytes], float] = lambda _url, _body: 0.0


def names() -> list[str]:
    """Names of all installed protocols."""
    return plugins.names("harvester")


def find(name: str) -> Harvester:
    """The protocol of that name.

    Raises:
        NotFound: there is none.
    """
    return plugins.load("harvester", name, Harvester)


def every() -> tuple[Harvester, ...]:
    """All installed protocols that work, by name."""
    return plugins.working("harvester", Harvester)

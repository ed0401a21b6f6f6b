"""What a feed is, what comes by one, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from estran.formats import Refusal
from estran.observations.store.matching import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "MOST_REFUSALS", "Feed", "FeedReport", "Kind", "Message", "Refused"]

Kind = Literal["folder", "address", "mqtt", "push"]
KINDS: tuple[Kind, ...] = ("folder", "address", "mqtt", "push")

MOST_REFUSALS = 10_000
"""So many refusals of a feed are kept, the newest; all of them are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Where observations come from by themselves.

    Attributes:
        name: of the feed; the source of the records that it makes.
        kind: "folder" that is looked at, "address" of a server that is asked, "mqtt" broker that is heard, or "push":
            what is sent to this node by HTTP.
        address: the folder, the address, or mqtt://host:port/topic; "" for push.
        options: how what comes is understood; `estran.observations.feeds.options.OPTIONS` lists them.
        record: of the dataset that everything goes to; "" for a record that is made of the feed.
        centre: of the record that is made, and whose editors may push.
        visibility: of the record that is made.
        schedule: when a folder or an address is looked at, as cron has it, in UTC; "" for never by itself.
        heard: when something came last, in microseconds since 1970 UTC.
        messages: files, requests or messages that came.
        rows: observations that were new, changed and unchanged.
        refused: what could not be stored.
        error: why it could not be read at all the last time, "" where it could.
        failed: when that was.
    """

    name: str
    kind: Kind
    address: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    record: str = ""
    centre: str = ""
    visibility: str = "public"
    schedule: str = ""
    heard: int | None = None
    messages: int = 0
    rows: Counts = field(default_factory=Counts)
    refused: int = 0
    error: str = ""
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Something that came.

    Attributes:
        place: the topic or address that it came by.
        body: its bytes.
        media_type: as the sender names it, "" where nobody does.
    """

    place: str
    body: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that could not be stored.

    Attributes:
        place: the file, topic or address that it came by.
        line: of the file or message, 0 where that means nothing.
        at: when, in microseconds since 1970 UTC.
        body: how the message begins; empty for files.
    """

    place: str
    why: str
    line: int = 0
    at: int = 0
    body: bytes = b""


@dataclass(slots=True)
class FeedReport:
    """What became of what came. Everything counted here is on the disk.

    Attributes:
        messages: files, requests or messages.
        datastreams: that were not known before.
        rows: new, changed and unchanged observations.
        refused: what could not be stored, with place and reason.
    """

    messages: int = 0
    datastreams: int = 0
    rows: Counts = field(default_factory=Counts)
    refused: list[Refusal] = field(default_factory=list[Refusal])

    def add(self, other: FeedReport) -> None:
        """Count another one in."""
        self.messages += other.messages
        self.datastreams += other.datastreams
        self.rows.add(other.rows)
        self.refused += other.refused

"""What reading another server gives, and what it needs to know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.formats import Refusal, Rows
from estran.model import EVER_US, Datastream, Record
from estran.observations.store.places import Placed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.observations.remote.asking import Server
    from estran.observations.store.copied import Bookmark

__all__ = ["Event", "Home", "Mark", "Total", "Visit", "is_address"]


@dataclass(frozen=True, slots=True)
class Home:
    """What follows belongs to the dataset of this record; its identifier tells it from others of the server."""

    record: Record


@dataclass(frozen=True, slots=True)
class Mark:
    """All that was given of a series before it need not be asked for again.

    Attributes:
        series: what the server calls it.
        datastream: key of the datastream that it is; "" where it is several.
        newest: up to when observations were given, in microseconds since 1970 UTC; None where there were none.
        result_time: the newest time of a result, None where none is told.
    """

    series: str
    datastream: str = ""
    newest: int | None = None
    result_time: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """How many series the server has, and how it would be told to people what they are."""

    number: int
    words: str = ""


type Event = Home | Mark | Total | Placed | Datastream | Rows | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is needed to read a server once.

    Attributes:
        server: asks it.
        bookmarks: series -> how far it was taken.
        look_back_us: so far before a bookmark observations are asked for again: late ones and corrections.
        since_us: nothing before it is wanted.
        look_only: whether nothing but descriptions is wanted, of which observations are counted where that is cheap.
    """

    server: Server
    bookmarks: Mapping[str, Bookmark] = field(default_factory=dict[str, "Bookmark"])
    look_back_us: int = 0
    since_us: int = EVER_US
    look_only: bool = False


def is_address(given: str) -> bool:
    """Whether something is the address of a server, and no path of this machine."""
    return re.match(r"https?://", given, re.IGNORECASE) is not None

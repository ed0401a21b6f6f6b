"""What the room speaks of: an order, and the files that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["Delivered", "Order", "State"]

State = Literal["waiting", "running", "done", "failed", "cancelled", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A file that is ready to be fetched.

    Attributes:
        name: within the order.
        size: in bytes.
        sha256: of its bytes, in hexadecimal digits.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Observations that somebody asked for.

    Attributes:
        id: by which it is looked at, by whoever may see its data.
        state: where it stands; an expired one can be ordered again.
        asked: what it was asked for with: record, datastreams, time, form, as_of.
        observations: about how many it is.
        done, parts: how many of how many parts are ready.
        files: those that can be fetched, once all are ready.
        error: why it failed, in words.
        placed: when it was asked for.
        expires: when its files go; None before they are ready.
    """

    id: str
    state: State
    asked: Mapping[str, object]
    observations: int
    done: int = 0
    parts: int = 0
    files: tuple[Delivered, ...] = ()
    error: str = ""
    placed: datetime
    expires: datetime | None = None

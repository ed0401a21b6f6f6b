"""What the room speaks of: an order, and the files that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["Delivered", "Estimate", "Order", "State"]

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


class Estimate(NamedTuple):
    """What an order would be: about so many observations, parts and bytes."""

    observations: int
    parts: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Observations that somebody asked for.

    Attributes:
        id: by which it is looked at, by whoever may see its data.
        number: by which people speak of it; 0 for those of before there were numbers.
        state: where it stands; an expired one can be ordered again.
        asked: what it was asked for with: record, datastreams, variables, time, form, as_of.
        by: role and name of whoever placed it, "" for anyone.
        observations: about how many it is.
        done, parts: how many of how many parts are ready.
        files: those that can be fetched, once all are ready.
        is_stopping: it was cancelled, and ends after the part that is being made.
        error: why it failed, in words.
        placed: when it was asked for.
        made: when it was ready, or over otherwise.
        expires: when its files go; None before they are ready.
    """

    id: str
    number: int = 0
    state: State
    asked: Mapping[str, object]
    by: str = ""
    observations: int
    done: int = 0
    parts: int = 0
    files: tuple[Delivered, ...] = ()
    is_stopping: bool = False
    error: str = ""
    placed: datetime
    made: datetime | None = None
    expires: datetime | None = None

    @property
    def called(self) -> str:
        """Its number as people write it; its id where it has none."""
        return f"CMD-{self.number:06}" if self.number else self.id

    @property
    def is_over(self) -> bool:
        """Whether nothing more is made of it."""
        return self.state not in ("waiting", "running")

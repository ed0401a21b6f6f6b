"""Versions of what is written of observations: each is its instant in microseconds, and higher than all before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.model import now_us
from estran.storage.engine import get_meta, put_meta

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["newest", "take"]

_KEY = "observation-version"


def take(connection: sa.Connection) -> int:
    """The version of what is written in this transaction; who takes the next one waits until it ends."""
    version = max(newest(connection) + 1, now_us())
    put_meta(connection, _KEY, str(version).encode())
    return version


def newest(connection: sa.Connection) -> int:
    """The version of the newest write, 0 before anything was written."""
    held = get_meta(connection, _KEY)
    return int(held) if held else 0

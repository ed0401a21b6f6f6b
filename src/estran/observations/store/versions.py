"""Versions of what is written: each is its instant in microseconds, and higher than all before it."""

from estran.storage.writes import newest, take

__all__ = ["newest", "take"]

"""The events of a visit, gathered into deliveries: each key once, and no more than memory bears."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estran.catalogue.harvest.values import MissedDocument, clean
from estran.catalogue.harvesters import Found, Gone, Kept, Mark, Missed, Total
from estran.catalogue.store.harvest_delivery import Arrival

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.catalogue.harvesters import Event
    from estran.formats import Document

__all__ = ["Gathering", "key_of"]

_MOST, _MOST_BYTES = 1000, 8 << 20
# What is slow in coming is stored at its next mark all the same.
_LONGEST_S = 5.0
_LONGEST_KEY = 900
_LONGEST_STAMP, _LONGEST_NAME = 500, 500
_REPLACED = "utf-8", "replace"


class Gathering:
    """What came since the last delivery."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[Arrival, Document | None]] = {}
        self.missed: list[MissedDocument] = []
        self.position: Mapping[str, Any] | None = None
        self.announced: int | None = None
        self._bytes, self._begun = 0, time.monotonic()

    def take(self, event: Event) -> None:
        """Take an event in. Of a key that comes twice the first stands, unless it goes or comes back."""
        match event:
            case Found():
                document = event.document
                self._add(_found(event), replace(document, name=clean(document.name)[:_LONGEST_NAME]))
            case Kept():
                self._add(Arrival(key_of(event.key), "kept"), None)
            case Gone():
                self._add(Arrival(key_of(event.key), "gone"), None)
            case Missed():
                self.missed.append(MissedDocument(key_of(event.where), clean(event.why)))
            case Total():
                self.announced = event.number
            case Mark():
                self.position = event.position

    def _add(self, arrival: Arrival, document: Document | None) -> None:
        before = self.told.get(arrival.key)
        if before is None or (before[0].kind == "gone") != (arrival.kind == "gone"):
            self.told[arrival.key] = (arrival, document)
            self._bytes += len(document.body) if document else 0

    @property
    def full(self) -> bool:
        """Whether it is time to store it."""
        return (
            len(self.told) + len(self.missed) >= _MOST
            or self._bytes >= _MOST_BYTES
            or (self.position is not None and time.monotonic() - self._begun > _LONGEST_S)
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (self.told or self.missed or self.position is not None or self.announced is not None)


def _sha256(document: Document, stamp: str) -> bytes:
    """What tells two versions of a document apart; of a data file such as NetCDF, its name and stamp."""
    return hashlib.sha256(document.body or f"{document.name}\n{stamp}".encode(*_REPLACED)).digest()


def _found(event: Found) -> Arrival:
    stamp = clean(event.stamp)[:_LONGEST_STAMP]
    return Arrival(key_of(event.key), "found", _sha256(event.document, stamp), stamp)


def key_of(text: str) -> str:
    """A key that every engine can index."""
    key = clean(text)
    if len(key.encode()) <= _LONGEST_KEY:
        return key
    return f"{key[: _LONGEST_KEY // 4]}…{hashlib.sha256(key.encode()).hexdigest()}"

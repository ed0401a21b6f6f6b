"""Pages by position: the order of whole answers, held for the pages that follow.

A protocol that counts records may ask for the 200,001st at any moment, and of any process. An order that
is a set of records (they came in the order of their keys) has every position at hand; any other is made
once and kept, as numbers of four bytes, while nothing changes.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from pyroaring import BitMap

    type Order = BitMap | np.ndarray[Any, Any]

_HELD_BYTES = 16 << 20
_BYTES_EACH, _BYTES_AROUND = 4, 400


class Positions:
    """The orders asked last, the least used forgotten first; all of them belong to one revision."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seq = -1
        self._orders: OrderedDict[bytes, Order] = OrderedDict()
        self._bytes = 0

    def whole(self, question: str, seq: int, make: Callable[[], Order]) -> Order:
        """All records of an answer as of revision `seq`, in their order; made if it is not held."""
        # Questions may be long, and there may be many that nothing answers.
        key = hashlib.sha256(question.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if seq > self._seq:
                self._orders.clear()
                self._seq, self._bytes = seq, 0
            if seq == self._seq and key in self._orders:
                self._orders.move_to_end(key)
                return self._orders[key]
        made = make()
        with self._lock:
            if seq == self._seq and key not in self._orders:
                self._orders[key] = made
                self._bytes += _size(made)
                while self._bytes > _HELD_BYTES:
                    self._bytes -= _size(self._orders.popitem(last=False)[1])
        return made


def page(order: Order, skip: int, limit: int) -> list[int]:
    """The pks of the records from position `skip`, counted from 0."""
    return [int(pk) for pk in order[skip : skip + limit]]


def _size(order: Order) -> int:
    # At most: sets are mostly smaller.
    return _BYTES_AROUND + _BYTES_EACH * len(order)

"""The processes that prepare documents beside the one that stores them."""

from __future__ import annotations

import gc
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from estran.catalogue.portions import look_for

if TYPE_CHECKING:
    from collections.abc import Generator

    from estran.catalogue.items.queryables import Declared

__all__ = ["cores", "pool", "rarely_collecting"]

_WATCH_S = 1.0
# Objects made between two looks for cycles, and how many looks at the young before one at the old.
_COLLECT_AFTER = (50_000, 20, 50)


def cores() -> int:
    """How many processes may work at once."""
    usable = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))  # type: ignore[attr-defined]
    return usable or 1


def pool(declared: tuple[Declared, ...]) -> Any:
    """As many processes as there are cores, as an executor; they end with this one, however it ends."""
    # loky's processes do not run the caller's main module again, so a plain script may load.
    from loky import ProcessPoolExecutor  # noqa: PLC0415 - only large loads need it

    return ProcessPoolExecutor(cores(), initializer=_start, initargs=(os.getpid(), declared))


@contextmanager
def rarely_collecting() -> Generator[None]:
    """Look for cycles less often: what is read is made of trees, and looking cost a fifth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _start(loader: int, declared: tuple[Declared, ...]) -> None:
    """What a process does before its first portion."""
    _end_with(loader)
    look_for(declared)
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _end_with(loader: int) -> None:
    """End this process soon after its loader did: a loader that is killed cannot say goodbye."""

    def watch() -> None:
        while os.getppid() == loader:
            time.sleep(_WATCH_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

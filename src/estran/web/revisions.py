"""The newest revision, asked for once on behalf of all who want to know it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import to_thread

if TYPE_CHECKING:
    from collections.abc import Callable


class Revisions:
    """Puts one question at a time; who comes while one is under way shares the next with all who wait.

    An answer is thus never older than the request that it is given to, and a hundred requests at once cost the
    database two questions instead of a hundred. Used on the event loop alone.

    Args:
        ask: asks the database; it may wait.
    """

    def __init__(self, ask: Callable[[], int]) -> None:
        self._ask = ask
        self._next: asyncio.Task[int] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def newest(self) -> int:
        """Number of the newest change.

        Raises:
            Unavailable: the database cannot be reached.
        """
        loop = asyncio.get_running_loop()
        coming = self._next
        if coming is None or coming.done() or coming.get_loop() is not loop:
            coming = self._next = loop.create_task(self._put())
        # Whoever goes away leaves the question to the others.
        return await asyncio.shield(coming)

    async def _put(self) -> int:
        async with self._one_at_a_time:
            self._next = None
            return await to_thread.run_sync(self._ask)

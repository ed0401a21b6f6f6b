"""One question for all who ask at once, never older than the request that it answers."""

from __future__ import annotations

import asyncio
import threading

import pytest

from estran.errors import Unavailable
from estran.web.revisions import Revisions


class Database:
    """Counts the questions; each waits until it is let go, and tells what was newest when it was put."""

    def __init__(self) -> None:
        self.newest, self.asked = 0, 0
        self.put, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def ask(self) -> int:
        self.asked += 1
        seen = self.newest
        self.put.release()
        self.go.acquire(timeout=10)
        return seen


def test_who_comes_while_a_question_is_under_way_shares_the_next() -> None:
    database = Database()

    async def scene() -> None:
        revisions = Revisions(database.ask)
        first = asyncio.create_task(revisions.newest())
        await asyncio.to_thread(database.put.acquire)
        database.newest = 1
        later = [asyncio.create_task(revisions.newest()) for _ in range(100)]
        await asyncio.sleep(0)
        database.go.release(2)
        assert await first == 0
        assert await asyncio.gather(*later) == [1] * 100

    asyncio.run(scene())
    assert database.asked == 2


def test_one_who_goes_away_does_not_take_the_answer_with_them() -> None:
    database = Database()

    async def scene() -> None:
        revisions = Revisions(database.ask)
        gone, waiting = (asyncio.create_task(revisions.newest()) for _ in range(2))
        await asyncio.to_thread(database.put.acquire)
        gone.cancel()
        database.go.release()
        assert await waiting == 0
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(scene())


def test_a_question_that_fails_is_put_again() -> None:
    answers = iter([Unavailable(1), 7])

    def ask() -> int:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    revisions = Revisions(ask)
    for expected in (None, 7):
        if expected is None:
            with pytest.raises(Unavailable):
                asyncio.run(revisions.newest())
        else:
            assert asyncio.run(revisions.newest()) == expected

"""A worker: a process that does jobs, and takes over what a dead one left.

DBOS takes the jobs of whoever had the same executor id for its own when it starts. So each worker has an id
that no other has at the same time (`Store.enter` under a lock), and that is the same when it starts again on
the same machine. It gives signs of life; whoever is silent for too long is struck off, and jobs held by
nobody on the list go to those who are.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dbos import DBOS

from estran.errors import Conflict, NotFound, Unavailable
from estran.jobs import durable
from estran.jobs.jobs import QUEUE, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from dbos import DBOSClient

    from estran.jobs.jobs import Jobs
    from estran.jobs.store import Beat, Store

_POLL_S = 0.05
_FOLLOW_S = 60.0
# How often a step is tried while something it needs is not to be had.
_TRIES = 5
_MOST_WORKERS = 1000
# DBOS knows one executor a process.
_only = threading.Lock()


class _LeaveError(BaseException):
    """Leaves a job as it is, to be continued: DBOS writes down what is an `Exception` as the job's failure."""


class Worker:
    """One executor."""

    def __init__(
        self,
        jobs: Jobs,
        store: Store,
        client: DBOSClient,
        *,
        stop: threading.Event,
        say: Callable[[str], None],
        at_once: int,
        look_s: float,
        beat_s: float,
        silent_s: float,
        grace_s: float,
    ) -> None:
        self._jobs, self._store, self._client = jobs, store, client
        self._stop, self._say, self._at_once = stop, say, at_once
        self._look_s, self._beat_s, self._silent_s, self._grace_s = look_s, beat_s, silent_s, grace_s
        self._token, self._id = uuid4().hex, ""
        self._buried = False
        self._running: dict[str, int] = {}
        self._guard = threading.Lock()

    def run(self, *, once: bool) -> bool:
        """Work until told to stop, or until nothing is left to do.

        Returns:
            Whether all steps had ended.

        Raises:
            Conflict: this process works already, or was taken for dead.
        """
        if not _only.acquire(blocking=False):
            raise Conflict("this process works already; start another one to do more at once")
        try:
            self._id = self._enter()
            return self._work(once=once)
        finally:
            # Where the database is away, its silence will tell the others.
            with suppress(Unavailable), self._store.write() as connection:
                self._store.leave(connection, self._id, self._token)
            _only.release()

    def _work(self, *, once: bool) -> bool:
        durable.configure(self._store, self._id, self._look_s)

        def job(work: str, arguments: dict[str, Any]) -> Any:
            return self._job(work, arguments)

        DBOS.workflow(name=WORKFLOW)(job)
        beating = threading.Thread(target=self._live, daemon=True, name="estran-beat")
        try:
            # Before the launch, which looks for queues and then not again for a second. Whoever starts last says
            # how many; it is the same number for all that this program starts.
            self._client.register_queue(
                QUEUE, worker_concurrency=self._at_once, polling_interval_sec=self._look_s
            )
            DBOS.launch()
            self._follow()
            self._beat(look=True)
            beating.start()
            self._say(f"Worker {self._id} waits for jobs.")
            while not self._stop.wait(_POLL_S):
                if once and self._drained():
                    break
        finally:
            self._stop.set()
            ended = self._settle()
            DBOS.destroy(destroy_registry=True)
            if beating.is_alive():
                beating.join()
        if self._buried:
            raise Conflict(
                f"the worker {self._id} was silent for over {self._silent_s:g} s, and others took its jobs over; start it again"
            )
        self._say(f"Worker {self._id} has stopped.")
        return ended

    def _drained(self) -> bool:
        with self._guard:
            if self._running:
                return False
        self._jobs.ask_what_is_due()
        with self._store.read() as connection:
            return not self._store.left_to_do(connection, self._id)

    def _settle(self) -> bool:
        """Let steps come to their end, for a while."""
        until = time.monotonic() + self._grace_s
        while self._running and time.monotonic() < until:
            time.sleep(_POLL_S)
        return not self._running

    # Being one among others

    def _enter(self) -> str:
        """The first id of this machine that nobody has."""
        host, place = socket.gethostname(), _place()
        with self._store.write() as connection:
            held = {worker.id: worker for worker in self._store.workers(connection)}
            for n in range(1, _MOST_WORKERS):
                id_ = f"{host}-{n}"
                if id_ not in held or self._gone(held[id_], place):
                    self._store.enter(connection, id_, self._token, place, os.getpid())
                    return id_
        raise Conflict(f"{_MOST_WORKERS} workers are on this machine")

    def _gone(self, worker: Beat, place: str) -> bool:
        if worker.silent_s > self._silent_s:
            return True
        return worker.place == place and not _alive(worker.pid)

    def _live(self) -> None:
        """Give signs of life, look after the dead, and ask for what is due."""
        before = followed = time.time()
        while not self._stop.wait(self._beat_s):
            # Who slept, as a laptop does, knows nothing of the others until they had time to say something.
            slept, before = time.time() - before > self._silent_s / 2, time.time()
            try:
                if not self._beat(look=not slept):
                    self._buried = True
                    self._stop.set()
                    return
                if before - followed > _FOLLOW_S:
                    self._follow()
                    followed = before
                self._jobs.ask_what_is_due()
            except Exception as error:  # noqa: BLE001 - without signs of life it would be taken for dead
                self._say(f"Worker {self._id}: {error}")

    def _follow(self) -> None:
        for wrong in self._jobs.follow():
            self._say(f"This schedule is left as it was. {wrong}")
        self._jobs.forget()

    def _beat(self, *, look: bool) -> bool:
        with self._store.write() as connection:
            if not self._store.beat(connection, self._id, self._token):
                return False
            place = _place()
            for worker in self._store.workers(connection) if look else ():
                if worker.id != self._id and self._gone(worker, place):
                    self._store.leave(connection, worker.id)
            left = self._store.abandoned(connection) if look else []
        for executor in left:
            self._say(f"Worker {self._id} takes over what {executor} left.")
        if left:
            # The one way to hand on only what its executor still holds; jobs taken meanwhile stay where they are.
            DBOS._recover_pending_workflows(left)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return True

    # Doing a job

    def _job(self, work: str, arguments: dict[str, Any]) -> Any:
        id_ = str(DBOS.workflow_id)
        with self._doing(id_):
            step = _Step(self, id_, work)
            step.may_go_on()
            known = self._jobs.works.get(work)
            if known is None:
                raise NotFound("work", work, "Another version of the program asked for it.")
            self._say(f"{id_} begins.")
            try:
                done = known.do(step, **arguments)
            except Exception as error:
                self._say(f"{id_} failed: {error}")
                raise
            self._say(f"{id_} is done.")
            return done

    @contextmanager
    def _doing(self, id_: str) -> Generator[None]:
        with self._guard:
            self._running[id_] = self._running.get(id_, 0) + 1
        try:
            yield
        finally:
            with self._guard:
                self._running[id_] -= 1
                if not self._running[id_]:
                    del self._running[id_]

    def check(self, id_: str) -> None:
        """Leave a job that shall not go on here."""
        if self._stop.is_set():
            self._say(f"{id_} rests.")
            raise _LeaveError
        if self._is_unwanted(id_):
            self._client.cancel_workflow(id_)
            with self._store.write() as connection:
                self._store.unwish(connection, id_)
            self._say(f"{id_} is cancelled.")
            raise _LeaveError

    def _is_unwanted(self, id_: str) -> bool:
        while True:
            try:
                with self._store.read() as connection:
                    return bool(self._store.wished(connection, [id_]))
            except Unavailable as error:
                # A database that is away for a while is no failure of the job.
                if not self.pause(error.retry_after_s):
                    raise _LeaveError from None

    def pause(self, seconds: float) -> bool:
        """Wait; False where the worker shall stop."""
        return not self._stop.wait(seconds)


class _Step:
    """How a job does its steps: `estran.jobs.Step`."""

    def __init__(self, worker: Worker, job: str, work: str) -> None:
        self._worker, self._job, self._work = worker, job, work

    @property
    def job(self) -> str:
        return self._job

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        self.may_go_on()
        # All steps have one name, so that a function that was renamed is still the step that it was.
        return DBOS.run_step({"name": self._work}, self._tried, function, *arguments)

    def tell(self, **progress: Any) -> None:
        DBOS.set_event("progress", progress)

    def may_go_on(self) -> None:
        self._worker.check(self._job)

    def _tried(self, function: Callable[..., Any], *arguments: Any) -> Any:
        for _ in range(_TRIES - 1):
            try:
                return function(*arguments)
            except Unavailable as error:
                if not self._worker.pause(error.retry_after_s):
                    raise _LeaveError from None
        return function(*arguments)


def _place() -> str:
    """Where process numbers mean what they mean here: the machine, and the container on it."""
    names = Path("/proc/self/ns/pid")
    space = str(names.readlink()) if names.is_symlink() else ""
    return f"{socket.gethostname()} {space}"


def _alive(pid: int) -> bool:
    """Whether a process of this machine is there; one's own number in another's hand is an old one."""
    if pid == os.getpid():
        return False
    if sys.platform == "win32":
        return True  # asking would end it; its silence will tell
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

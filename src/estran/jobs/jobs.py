"""The door of the room: ask for work, look at it, cancel it, schedule it; and do it."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from itertools import islice
from time import time_ns
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from estran.errors import Conflict, Invalid, NotFound
from estran.jobs.reading import STATUSES, job_of
from estran.jobs.store import Due, Store, translated
from estran.jobs.times import check_cron, times
from estran.jobs.values import Attendance, Job, Page, Schedule, State, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dbos import DBOSClient

    from estran.jobs.store.notes import Note

QUEUE, WORKFLOW = "estran", "job"
_MOST = 1000
_THEN = 3
_KEPT_DAYS = 90.0
_LOOK_S = 1.0
_SILENT_S = 60.0


class Jobs:
    """Work that outlives the process that asked for it."""

    def __init__(
        self, url: str, works: Callable[[], Iterable[Work]] = tuple, *, look_s: float = _LOOK_S
    ) -> None:
        """The jobs of a node; nothing is opened before it is needed.

        Args:
            url: of the node's database.
            works: gives what can be asked for.
            look_s: seconds between two looks of a worker for jobs that were asked for.
        """
        self._url, self._works, self._look_s = url, works, look_s
        self._lock = threading.Lock()
        self._opened: tuple[Store, DBOSClient] | None = None

    @property
    def works(self) -> Mapping[str, Work]:
        """What can be asked for, by name."""
        return {work.name: work for work in self._works()}

    def enqueue(
        self, work: str, arguments: Mapping[str, Any] | None = None, *, key: str = "", alone: str = ""
    ) -> Job:
        """Ask for work; a worker does it as soon as one is free.

        Args:
            work: name of its kind.
            arguments: values of JSON.
            key: asked for again with the same key, it is the same job, whatever became of it.
            alone: while a job is queued or running for this, another that is asked for is that one.

        Raises:
            NotFound: there is no such work.
            Invalid: an argument is no JSON.
        """
        given = dict(arguments or {})
        self._check(work, given)
        asked: dict[str, Any] = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": _id(work, key),
        }
        if alone:
            asked |= {"deduplication_id": f"{work} {alone}", "duplication_policy": "return-existing"}
        with translated():
            handle: Any = self._client.enqueue(asked, work, given)  # pyright: ignore[reportArgumentType] - a dict of its shape
        return self.status(handle.get_workflow_id())

    def attendance(self, silent_s: float = _SILENT_S) -> Attendance:
        """Whether somebody does what waits.

        Args:
            silent_s: seconds of silence after which a worker counts as gone.
        """
        with self._store.read() as connection:
            here = [one for one in self._store.workers(connection) if one.silent_s < silent_s]
            seen, waiting = self._store.last_seen(connection), self._store.waiting(connection)
        return Attendance(len(here), datetime.fromtimestamp(seen, UTC) if seen else None, waiting)

    def named(self, work: str, key: str) -> str:
        """Id of the job that work of that key is, asked for or not."""
        return _id(work, key)

    def status(self, id: str) -> Job:  # noqa: A002 - the word of the model
        """One job.

        Raises:
            NotFound: there is none of that id.
        """
        found = self._read([id])
        if not found:
            raise NotFound("job", id, "“estran jobs list” shows those that there are.")
        return found[0]

    def list(self, *, work: str = "", state: State | None = None, limit: int = 50, cursor: str = "") -> Page:
        """Jobs, the newest first.

        Args:
            work: only of this kind.
            state: only in this state.
            limit: jobs on a page.
            cursor: `Page.next` of the page before.

        Raises:
            Invalid: a part does not fit.
        """
        if not 1 <= limit <= _MOST:
            raise Invalid(f"a page holds from 1 to {_MOST} jobs", "limit")
        with self._store.read() as connection:
            found = self._store.newest(
                connection,
                limit + 1,
                behind=_behind(cursor),
                statuses=STATUSES[state] if state else (),
                prefix=f"{work}." if work else "",
            )
        listed = self._read([id_ for _, id_ in found[:limit]])
        return Page(tuple(listed), "{!r}-{}".format(*found[limit - 1]) if len(found) > limit else "")

    def cancel(self, id: str) -> Job:  # noqa: A002
        """Have a job end: at once if nobody does it, else after the step that it is in.

        Raises:
            NotFound: there is none of that id.
            Conflict: it is over.
        """
        job = self.status(id)
        if job.over:
            raise Conflict(f"the job “{id}” is over ({job.state}); there is nothing to cancel")
        with self._store.write() as connection:
            worked_on = job.worker in {worker.id for worker in self._store.workers(connection)}
            if job.state == "running" and worked_on:
                self._store.wish(connection, id)
        if job.state != "running" or not worked_on:
            with translated():
                self._client.cancel_workflow(id)
        return self.status(id)

    def schedule(
        self, name: str, cron: str, work: str, arguments: Mapping[str, Any] | None = None, *, alone: str = ""
    ) -> Schedule:
        """Have work done again and again, while there is a worker; what was missed meanwhile is done once.

        Args:
            name: of the schedule; one of that name is replaced.
            cron: when, in UTC: minute, hour, day of the month, month, day of the week.
            work: as for `enqueue`, and so are arguments and alone.
            arguments: values of JSON.
            alone: "" for the schedule's own name: it never runs twice at once.

        Raises:
            NotFound: there is no such work.
            Invalid: it is no cron expression, or an argument is no JSON.
        """
        given = dict(arguments or {})
        self._check(work, given)
        expression, written = check_cron(cron), msgspec.json.encode(given).decode()
        with self._store.write() as connection:
            now = self._store.now(connection)
            held = next((one for one in self._store.schedules(connection) if one.name == name), None)
            # The same again moves nothing: what is due stays due.
            due = held.next if held and held.cron == expression else _next(expression, now)
            row = Due(name, expression, work, written, alone or name, due)
            if row != held:
                self._store.put_schedule(connection, row)
        return _schedule(row)

    def unschedule(self, name: str) -> None:
        """End a schedule; jobs that it asked for stay.

        Raises:
            NotFound: there is none of that name.
        """
        with self._store.write() as connection:
            there = self._store.drop_schedule(connection, name)
        if not there:
            raise NotFound("schedule", name)

    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules by name, with the times to come."""
        with self._store.read() as connection:
            return tuple(_schedule(row) for row in self._store.schedules(connection))

    def follow(self) -> tuple[str, ...]:
        """Make the schedules those that works say themselves; workers do this now and then.

        Returns:
            What is wrong with some, in words.
        """
        wrong: list[str] = []
        held = {one.name: one for one in self.schedules()}
        for work in self._works():
            if work.due is None:
                continue
            wanted = {f"{work.name} {thing}": (thing, *told) for thing, told in work.due().items()}
            for name in held.keys() - wanted.keys():
                if name.startswith(f"{work.name} "):
                    self.unschedule(name)
            for name, (thing, cron, given) in wanted.items():
                one = held.get(name)
                if one is None or (one.cron, one.arguments) != (cron, given):
                    try:
                        self.schedule(name, cron, work.name, given, alone=thing)
                    except Invalid as error:
                        wrong.append(f"{name}: {error}")
        return tuple(wrong)

    def forget(self, days: float = _KEPT_DAYS) -> int:
        """Forget jobs that are over and were asked for so long ago; workers do this by themselves.

        Returns:
            How many; what is left of very many goes the next time.
        """
        with self._store.read() as connection:
            old = self._store.old(connection, days * 86_400, _MOST)
        if old:
            with translated():
                self._client.delete_workflows(old)
            with self._store.write() as connection:
                self._store.notes.drop(connection, old)
        return len(old)

    def note(self, job: str, body: Mapping[str, Any], secret: str = "") -> int:
        """Note something beside a job, which goes with it; gives the number of the note, which is never given twice.

        Args:
            job: its id.
            body: values of JSON.
            secret: by which whoever has no name shows that it is theirs.
        """
        with self._store.write() as connection:
            return self._store.notes.put(connection, job, body, secret)

    def notes(self, jobs: Sequence[str]) -> list[Note]:
        """The notes beside some jobs, in the order of their numbers."""
        with self._store.read() as connection:
            return self._store.notes.of(connection, jobs)

    def unsay(self, number: int) -> None:
        """Take away what a note says."""
        with self._store.write() as connection:
            self._store.notes.empty(connection, number)

    def ask_what_is_due(self) -> int:
        """Enqueue what schedules ask for by now; workers do this by themselves.

        Returns:
            How many jobs were asked for.
        """
        with self._store.read() as connection:
            late = self._store.schedules(connection, self._store.now(connection))
        works = self.works if late else {}
        # What this version of the program does not know waits for one that does.
        late = [due for due in late if due.work in works]
        for due in late:
            given = msgspec.json.decode(due.arguments)
            self.enqueue(due.work, given, key=f"{due.name} {due.next}", alone=due.alone)
            # Only now, so that what is cut here is asked for again, under the same key.
            with self._store.write() as connection:
                if due in self._store.schedules(connection, due.next):
                    self._store.put_schedule(
                        connection, due._replace(next=_next(due.cron, self._store.now(connection)))
                    )
        return len(late)

    def execute(
        self,
        *,
        once: bool = False,
        stop: threading.Event | None = None,
        say: Callable[[str], None] | None = None,
        at_once: int = 4,
        beat_s: float = 5.0,
        silent_s: float = _SILENT_S,
        grace_s: float = 40.0,
    ) -> bool:
        """Be a worker: do jobs until told to stop.

        Args:
            once: end when no job is left to do.
            stop: set it to end; jobs go on with another worker, or with the next one here.
            say: told in words what happens.
            at_once: how many jobs a worker does at the same time.
            beat_s: seconds between two signs of life.
            silent_s: seconds of silence after which others take a worker's jobs over; the same for all.
            grace_s: seconds that a step may go on when told to stop.

        Returns:
            Whether all steps had ended; if not, they end with the process.

        Raises:
            Conflict: this process works already, or was taken for dead.
        """
        from estran.jobs.working import Worker  # noqa: PLC0415 - only workers load all of DBOS

        store = self._store
        worker = Worker(
            self,
            store,
            self._client,
            stop=stop or threading.Event(),
            say=say or (lambda _: None),
            at_once=at_once,
            look_s=self._look_s,
            beat_s=beat_s,
            silent_s=silent_s,
            grace_s=grace_s,
        )
        return worker.run(once=once)

    def close(self) -> None:
        """Give connections back."""
        with self._lock:
            if self._opened:
                store, client = self._opened
                client.destroy()
                store.close()
            self._opened = None

    # Inside

    @property
    def _store(self) -> Store:
        return self._open()[0]

    @property
    def _client(self) -> DBOSClient:
        return self._open()[1]

    def _open(self) -> tuple[Store, DBOSClient]:
        """The place where jobs are kept, made where it is missing."""
        with self._lock:
            if self._opened is None:
                from estran.jobs.durable import client  # noqa: PLC0415 - DBOS takes a second to load

                store = Store(self._url)
                with translated():
                    made = client(store)
                store.prepare()
                self._opened = store, made
            return self._opened

    def _check(self, work: str, arguments: Mapping[str, Any]) -> None:
        known = sorted(self.works)
        if work not in known:
            raise NotFound("work", work, f"There are {', '.join(known) or 'none'}.")
        try:
            msgspec.json.encode(arguments)
        except (TypeError, ValueError) as error:
            raise Invalid(f"they are kept as JSON, and these cannot be: {error}", "arguments") from None

    def _read(self, ids: list[str]) -> list[Job]:
        """The jobs of these ids, in their order; those that are not there are left out."""
        if not ids:
            return []
        with translated():
            listed = self._client.list_workflows(workflow_ids=ids, name=WORKFLOW)
        found = {one.workflow_id: one for one in listed}
        with self._store.read() as connection:
            progress = self._store.progress(connection, ids)
            stopping = self._store.wished(connection, ids)
        return [
            job_of(found[id_], progress.get(id_, ""), stopping=id_ in stopping) for id_ in ids if id_ in found
        ]


def _id(work: str, key: str) -> str:
    """Begins with the kind; the same for the same key, else like no other, and in the order of time."""
    rest = (
        hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
        if key
        else f"{time_ns():016x}{uuid4().hex[:8]}"
    )
    return f"{work}.{rest}"


def _behind(cursor: str) -> tuple[float, str] | None:
    if not cursor:
        return None
    created, _, id_ = cursor.partition("-")
    try:
        return float(created), id_
    except ValueError:
        raise Invalid("it is no cursor of this listing; begin without one", "cursor") from None


def _next(cron: str, after: float) -> float:
    return next(times(cron, datetime.fromtimestamp(after, UTC))).timestamp()


def _schedule(row: Due) -> Schedule:
    at = datetime.fromtimestamp(row.next, UTC)
    return Schedule(
        name=row.name,
        cron=row.cron,
        work=row.work,
        arguments=msgspec.json.decode(row.arguments),
        alone=row.alone,
        next=at,
        then=tuple(islice(times(row.cron, at), _THEN)),
    )

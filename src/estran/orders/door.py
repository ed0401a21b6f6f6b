"""The orders that an actor may place and look at."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from itertools import islice
from secrets import compare_digest
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from estran.model import now
from estran.observations.wide.giving import FORMS
from estran.orders.asking import Said, asked_of, checked
from estran.orders.parts import about, parts, span
from estran.orders.values import Delivered, Estimate, Order, State
from estran.orders.working import NAME, chosen, removed, room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from estran.access import Actor
    from estran.formats import Links
    from estran.jobs import Attendance, Job, Jobs
    from estran.jobs.store.notes import Note
    from estran.model import Record
    from estran.observations import Observations
    from estran.observations.wide import WideTable

__all__ = ["Orders"]

_MOST_OBSERVATIONS = 2_000_000_000
_MOST_WAITING = 100
_MOST_LISTED, _MOST_LOOKED_AT = 100, 2000
# Of one observation in a file, with what stands beside it; more rather than less.
_BYTES = {"csv": 110, "nc": 60, "parquet": 30}
_ID = re.compile(rf"{NAME}\.[0-9a-f]{{16,64}}", re.ASCII)
_STATES: dict[str, State] = {"queued": "waiting"}
_ASKED = ("record", "datastreams", "variables", "time", "form", "as_of")


class Orders:
    """Deliveries of observations, as one actor may ask for them.

    Attributes:
        observations: those that the actor may see.
        record: gives a record that the actor may see.
        folder: where files wait to be fetched, in a folder of its own for each order.
        days: how long.
        email: of the node.
        ask: what whoever orders is asked, by record, centre or “*”.
    """

    def __init__(
        self,
        observations: Observations,
        record: Callable[[str], Record],
        jobs: Jobs,
        folder: Path,
        *,
        actor: Actor,
        days: float,
        email: str,
        ask: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.observations, self.record, self.folder = observations, record, folder
        self.days, self.email, self.ask = days, email, ask or {}
        self._jobs, self._actor = jobs, actor

    def estimate(
        self,
        record: str,
        *,
        datastreams: Sequence[int] = (),
        variables: Sequence[str] = (),
        time: str = "",
        form: str = "csv",
        as_of: str = "",
    ) -> Estimate:
        """What an order would be; the arguments and what is raised are those of `place`."""
        if form not in FORMS:
            raise Invalid(f"“{form[:20]}” is not delivered; choose among {', '.join(FORMS)}", "form")
        start, end = span(time)
        table = self._table(record, datastreams, variables, as_of)
        cut = parts(table, start, end)
        if not cut:
            raise Invalid("there is no observation in this time", "time")
        count = about(table, start, end)
        return Estimate(count, len(cut), count * _BYTES[form])

    def place(
        self,
        record: str,
        links: Links,
        *,
        datastreams: Sequence[int] = (),
        variables: Sequence[str] = (),
        time: str = "",
        form: str = "csv",
        as_of: str = "",
        said: Said | None = None,
        secret: str = "",
    ) -> Order:
        """Ask for observations of a dataset; `estran work` makes them ready.

        Asked for again before anything changed, it is the same order.

        Args:
            record: of the dataset.
            links: addresses of the node, which the files name.
            datastreams: only these of it.
            variables: only observations of these: names, CF standard names or addresses.
            time: a date, or two around a slash.
            form: one of `FORMS`.
            as_of: an instant, for the observations as they were then; if not given, and the dataset keeps its
                history, those of now, whatever is corrected until it is ready.
            said: what whoever orders says, where the dataset asks; of what it does not ask nothing is kept.
            secret: by which whoever has no name can look at that again, and take it away.

        Raises:
            NotFound: there is no such dataset, or none that the actor may know of.
            Invalid: a part does not fit, or nothing was observed in that time.
            Conflict: it is more than is delivered at once, or than there is room for.
            Unavailable: too many orders wait.
        """
        found = self.estimate(
            record, datastreams=datastreams, variables=variables, time=time, form=form, as_of=as_of
        )
        if found.observations > _MOST_OBSERVATIONS:
            raise Conflict(
                f"{found.observations:,} observations are more than the {_MOST_OBSERVATIONS:,} of an order: ask for a "
                "shorter time or for fewer datastreams"
            )
        told = checked(said or Said(), self.questions(record))
        free = room(self.folder)
        if found.size > free:
            raise Conflict(
                f"about {found.size / 1e9:,.1f} GB are more than the {free / 1e9:,.1f} GB that this node has room for: ask "
                "for a shorter time, for fewer datastreams, or for Parquet, which is smaller"
            )
        asked: dict[str, Any] = {
            "record": record, "datastreams": sorted(set(datastreams)), "variables": sorted(set(variables)), "time": time,
            "form": form, "as_of": as_of or self._pinned(record, datastreams), "observations": found.observations,
            "base": links.base, "publisher": links.publisher,
        }  # fmt: skip
        order = self._order(self._enqueued(asked))
        if not order.number:
            order = replace(order, number=self._jobs.note(order.id, {}))
        if note := told.as_note():
            if self._actor.role:
                self.unsay(order)
            self._jobs.note(order.id, note | {"by": self._who if self._actor.role else ""}, secret)
        return order

    def questions(self, record: str) -> tuple[str, ...]:
        """What the actor is asked when they order a dataset; the operator is asked nothing."""
        return () if self._actor.is_operator else asked_of(self.record(record), self.ask)

    def said(self, order: Order, secrets: Sequence[str] = ()) -> list[Note]:
        """What was said with an order, as far as the actor may see it: their own; all of it as the operator."""
        return [
            note
            for note in self._jobs.notes([order.id])
            if note.body and (
                self._actor.is_operator
                or (bool(self._actor.role) and note.body.get("by") == self._who)
                or any(note.secret and compare_digest(note.secret, one) for one in secrets)
            )
        ]  # fmt: skip

    def unsay(self, order: Order, secrets: Sequence[str] = ()) -> int:
        """Take away what the actor may see of what was said with an order; gives how many times it was said."""
        found = self.said(order, secrets)
        for note in found:
            self._jobs.unsay(note.number)
        return len(found)

    def _table(
        self, record: str, datastreams: Sequence[int], variables: Sequence[str], as_of: str = ""
    ) -> WideTable:
        return self.observations.table(
            record, chosen(self.observations, record, datastreams, variables), as_of=as_of
        )

    def _pinned(self, record: str, datastreams: Sequence[int]) -> str:
        """The instant that the whole order is of, where the dataset keeps what it said before."""
        moment = self.observations.moment()
        try:
            self.observations.table(record, datastreams, as_of=moment)
        except Conflict:
            return ""
        return moment

    @property
    def _who(self) -> str:
        return f"{self._actor.role} {self._actor.name}"

    def _enqueued(self, asked: dict[str, Any]) -> Job:
        what = msgspec.json.encode([asked, self._who, self.observations.version()]).decode()
        again = 0
        while True:
            # The same question is the same order, unless that one failed or its files are gone.
            key = f"{what} {again}"
            held = self._held(key)
            if held is None:
                if len(self._jobs.list(work=NAME, state="queued", limit=_MOST_WAITING).jobs) >= _MOST_WAITING:
                    raise Unavailable(f"{_MOST_WAITING} orders wait already; try again later")
                by = self._who if self._actor.role else ""
                return self._jobs.enqueue(NAME, asked | {"by": by}, key=key)
            if self._order(held).state not in ("failed", "cancelled", "expired"):
                return held
            again += 1

    def _held(self, key: str) -> Job | None:
        try:
            return self._jobs.status(self._jobs.named(NAME, key))
        except NotFound:
            return None

    def order(self, id: str) -> Order:  # noqa: A002 - the word of the model
        """An order of observations that the actor may see.

        Raises:
            NotFound: there is none of that id, or its data are not for the actor.
        """
        if not _ID.fullmatch(id):
            raise NotFound("order", id)
        try:
            job = self._jobs.status(id)
            self.record(str(job.arguments["record"]))
        except NotFound:
            raise NotFound("order", id) from None
        return self._order(job)

    def mine(self) -> list[Order]:
        """The orders that the actor placed and may still see, the newest first; none of one who has no name."""
        if not self._actor.role:
            return []
        own = (job for job in self._placed() if job.arguments.get("by") == self._who)
        return self._orders(islice((job for job in own if self._is_seen(job)), _MOST_LISTED))

    def _is_seen(self, job: Job) -> bool:
        try:
            self.record(str(job.arguments["record"]))
        except NotFound:
            return False
        return True

    def everyone(self, limit: int = _MOST_LISTED) -> list[Order]:
        """The newest orders of all who placed some.

        Raises:
            NotAllowed: the actor is not the operator: what others ask for is nobody's business.
        """
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may list the orders of others")
        return self._orders(islice(self._placed(), limit))

    def _orders(self, jobs: Iterable[Job]) -> list[Order]:
        """The orders that jobs are; their numbers are asked for at once."""
        listed = list(jobs)
        numbers: dict[str, int] = {}
        for note in self._jobs.notes([job.id for job in listed]):
            numbers.setdefault(note.job, note.number)
        return [self._order(job, numbers.get(job.id, 0)) for job in listed]

    def unattended(self, order: Order) -> Attendance | None:
        """Since when no worker does what waits, where that is why an order does not go on."""
        if order.is_over:
            return None
        found = self._jobs.attendance()
        return None if found.workers else found

    def _placed(self) -> Iterator[Job]:
        """The newest orders of everyone."""
        cursor, seen = "", 0
        while seen < _MOST_LOOKED_AT:
            page = self._jobs.list(work=NAME, limit=_MOST_LISTED, cursor=cursor)
            yield from page.jobs
            seen += len(page.jobs)
            cursor = page.next
            if not cursor:
                return

    def may_cancel(self, order: Order) -> bool:
        """Whether the actor may end an order: who placed it under a name, and the operator."""
        return not order.is_over and (
            self._actor.is_operator or (order.by == self._who and bool(self._actor.role))
        )

    def cancel(self, id: str) -> Order:  # noqa: A002
        """End an order that is not ready yet.

        Raises:
            NotFound: as for `order`.
            NotAllowed: somebody else placed it.
            Conflict: it is over.
        """
        order = self.order(id)
        if not order.is_over and not self.may_cancel(order):
            raise NotAllowed("only whoever placed an order, and the operator, may cancel it")
        return self._order(self._jobs.cancel(order.id))

    def file(self, id: str, name: str) -> tuple[Path, Delivered]:  # noqa: A002
        """Where a file of an order lies, and what it is.

        Raises:
            NotFound: there is none of that name, or not yet, or no more.
        """
        order = self.order(id)
        for one in order.files:
            path = self.folder / order.id / one.name
            if one.name == name and path.is_file():
                return path, one
        raise NotFound("file", name, f"The order “{order.id}” is {order.state}.")

    def _number(self, job: str) -> int:
        return next((note.number for note in self._jobs.notes([job])), 0)

    def sweep(self) -> int:
        """Take away the files of orders whose time is over; gives of how many."""
        count = 0
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            try:
                job = self._jobs.status(folder.name)
                over = self._order(job, 0).state in ("expired", "failed", "cancelled")
            except NotFound:
                over = True
            if over:
                removed(folder)
                count += 1
        return count

    def _order(self, job: Job, number: int | None = None) -> Order:
        result: dict[str, Any] = job.result or {}
        expires = datetime.fromisoformat(result["expires"]) if result else None
        state: State = _STATES.get(job.state, job.state)  # type: ignore[arg-type] # pyright: ignore[reportAssignmentType]
        if expires is not None and expires < now():
            state = "expired"
        files = tuple(Delivered(**file) for file in result.get("files", ())) if state == "done" else ()
        return Order(
            id=job.id,
            number=number if number is not None else self._number(job.id),
            state=state,
            # An order of an earlier version named no variables.
            asked={"variables": []} | {name: job.arguments[name] for name in _ASKED if name in job.arguments},
            by=str(job.arguments.get("by", "")),
            observations=int(job.arguments["observations"]),
            done=int(job.progress.get("done", 0)),
            parts=int(job.progress.get("parts", 0)),
            files=files,
            is_stopping=job.stopping,
            error=job.error,
            placed=job.queued,
            made=job.ended,
            expires=expires,
        )

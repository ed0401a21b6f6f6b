"""The orders that an actor may place and look at."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Conflict, Invalid, NotFound, Unavailable
from estran.model import now
from estran.observations.wide.giving import FORMS
from estran.orders.parts import parts, span
from estran.orders.values import Delivered, Order, State
from estran.orders.working import NAME, removed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from estran.access import Actor
    from estran.formats import Links
    from estran.jobs import Job, Jobs
    from estran.model import Record
    from estran.observations import Observations

__all__ = ["Orders"]

_MOST_OBSERVATIONS = 2_000_000_000
_MOST_WAITING = 100
_ID = re.compile(rf"{NAME}\.[0-9a-f]{{16,64}}", re.ASCII)
_STATES: dict[str, State] = {"queued": "waiting"}
_ASKED = ("record", "datastreams", "time", "form", "as_of")


class Orders:
    """Deliveries of observations, as one actor may ask for them.

    Attributes:
        observations: those that the actor may see.
        record: gives a record that the actor may see.
        folder: where files wait to be fetched, in a folder of its own for each order.
        days: how long.
        email: of the node.
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
    ) -> None:
        self.observations, self.record, self.folder = observations, record, folder
        self.days, self.email = days, email
        self._jobs, self._actor = jobs, actor

    def place(
        self,
        record: str,
        links: Links,
        *,
        datastreams: Sequence[int] = (),
        time: str = "",
        form: str = "csv",
        as_of: str = "",
    ) -> Order:
        """Ask for observations of a dataset; `estran work` makes them ready.

        Asked for again before anything changed, it is the same order.

        Args:
            record: of the dataset.
            links: addresses of the node, which the files name.
            datastreams: only these of it.
            time: a date, or two around a slash.
            form: one of `FORMS`.
            as_of: an instant, for the observations as they were then; if not given, and the dataset keeps its
                history, those of now, whatever is corrected until it is ready.

        Raises:
            NotFound: there is no such dataset, or none that the actor may know of.
            Invalid: a part does not fit, or nothing was observed in that time.
            Conflict: it is more than is delivered at once.
            Unavailable: too many orders wait.
        """
        if form not in FORMS:
            raise Invalid(f"“{form[:20]}” is not delivered; choose among {', '.join(FORMS)}", "form")
        start, end = span(time)
        table = self.observations.table(record, datastreams, as_of=as_of)
        if not parts(table, start, end):
            raise Invalid("there is no observation in this time", "time")
        about = sum(one.count for one in table.things)
        if about > _MOST_OBSERVATIONS:
            raise Conflict(
                f"{about:,} observations are more than {_MOST_OBSERVATIONS:,}: ask for a shorter time or for fewer datastreams"
            )
        asked: dict[str, Any] = {
            "record": record, "datastreams": sorted(set(datastreams)), "time": time, "form": form,
            "as_of": as_of or self._pinned(record, datastreams), "observations": about,
            "base": links.base, "publisher": links.publisher,
        }  # fmt: skip
        return self._order(self._enqueued(asked))

    def _pinned(self, record: str, datastreams: Sequence[int]) -> str:
        """The instant that the whole order is of, where the dataset keeps what it said before."""
        moment = self.observations.moment()
        try:
            self.observations.table(record, datastreams, as_of=moment)
        except Conflict:
            return ""
        return moment

    def _enqueued(self, asked: dict[str, Any]) -> Job:
        who = f"{self._actor.role} {self._actor.name}"
        what = msgspec.json.encode([asked, who, self.observations.version()]).decode()
        again = 0
        while True:
            # The same question is the same order, unless that one failed or its files are gone.
            key = f"{what} {again}"
            held = self._held(key)
            if held is None:
                if len(self._jobs.list(work=NAME, state="queued", limit=_MOST_WAITING).jobs) >= _MOST_WAITING:
                    raise Unavailable(f"{_MOST_WAITING} orders wait already; try again later")
                return self._jobs.enqueue(NAME, asked, key=key)
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
            self.observations.table(str(job.arguments["record"]), list(job.arguments["datastreams"]))
        except NotFound:
            raise NotFound("order", id) from None
        return self._order(job)

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

    def sweep(self) -> int:
        """Take away the files of orders whose time is over; gives of how many."""
        count = 0
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            try:
                job = self._jobs.status(folder.name)
                over = self._order(job).state in ("expired", "failed", "cancelled")
            except NotFound:
                over = True
            if over:
                removed(folder)
                count += 1
        return count

    def _order(self, job: Job) -> Order:
        result: dict[str, Any] = job.result or {}
        expires = datetime.fromisoformat(result["expires"]) if result else None
        state: State = _STATES.get(job.state, job.state)  # type: ignore[arg-type] # pyright: ignore[reportAssignmentType]
        if expires is not None and expires < now():
            state = "expired"
        files = tuple(Delivered(**file) for file in result.get("files", ())) if state == "done" else ()
        return Order(
            id=job.id,
            state=state,
            asked={name: job.arguments[name] for name in _ASKED},
            observations=int(job.arguments["observations"]),
            done=int(job.progress.get("done", 0)),
            parts=int(job.progress.get("parts", 0)),
            files=files,
            error=job.error,
            placed=job.queued,
            expires=expires,
        )

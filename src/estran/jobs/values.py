"""What the room speaks of: a kind of work, a job of that kind, and when one is due."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")


class Step(Protocol):
    """How a work does its steps.

    What stands between two steps runs again whenever the job is continued, and must then ask for the same
    steps in the same order: it looks at arguments and at what steps gave, never at the clock or the network.
    """

    @property
    def job(self) -> str:
        """Id of the job."""
        ...

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What `function` gives, a value of JSON: done once if nothing happens, again if it was cut.

        Between steps a job ends if somebody cancelled it, and rests if its worker stops. What raises
        `Unavailable` is tried again a few times.
        """
        ...

    def tell(self, **progress: Any) -> None:
        """How far the job is, as values of JSON; between steps or within one."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work.

    Attributes:
        name: by which it is asked for: letters, digits and hyphens.
        do: (step, **arguments of JSON) -> a result of JSON. Each step must bear being done twice.
        due: gives what workers see to by themselves: thing -> (cron expression, arguments). The thing is what
            such a job is alone for.
    """

    name: str
    do: Callable[..., Any]
    due: Callable[[], Mapping[str, tuple[str, Mapping[str, Any]]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work that was asked for.

    Attributes:
        id: of the job, beginning with the name of its work.
        work: name of its kind.
        arguments: what it was asked for with.
        state: where it stands.
        progress: how far it said that it is.
        result: what it gave, once it is done.
        error: why it failed, in words.
        queued, started, ended: when; None for what did not happen yet.
        worker: who does it, or did it last.
        stopping: it was cancelled, and ends after the step that it is in.
    """

    id: str
    work: str
    arguments: Mapping[str, Any]
    state: State
    progress: Mapping[str, Any] = field(default_factory=dict[str, "Any"])
    result: Any = None
    error: str = ""
    queued: datetime
    started: datetime | None = None
    ended: datetime | None = None
    worker: str = ""
    stopping: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {"done", "failed", "cancelled"}


@dataclass(frozen=True, slots=True)
class Attendance:
    """Whether somebody does what waits.

    Attributes:
        workers: how many gave a sign of life lately.
        seen: when one did for the last time; None where none ever did.
        waiting: jobs that no worker has begun.
    """

    workers: int
    seen: datetime | None
    waiting: int

    def __str__(self) -> str:
        if self.workers:
            return "a worker is running" if self.workers == 1 else f"{self.workers} workers are running"
        since = f" since {self.seen:%Y-%m-%d %H:%M} UTC" if self.seen else ""
        return f"no worker has been running{since}: the node's operator starts one with “estran work”"


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, the newest first, and the cursor of the next page; "" on the last."""

    jobs: tuple[Job, ...]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Work that is due again and again.

    Attributes:
        name: of the schedule.
        cron: when: minute, hour, day of the month, month, day of the week, in UTC.
        work, arguments, alone: as for `Jobs.enqueue`.
        next: when it is due next.
        then: the times after that.
    """

    name: str
    cron: str
    work: str
    arguments: Mapping[str, Any]
    alone: str
    next: datetime
    then: tuple[datetime, ...] = ()

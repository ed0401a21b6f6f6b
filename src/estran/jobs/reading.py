"""A job as DBOS keeps it, read into the words of the house."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from estran import errors
from estran.jobs.values import Job, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbos import WorkflowStatus

STATUSES: Mapping[State, tuple[str, ...]] = {
    "queued": ("ENQUEUED", "DELAYED"),
    "running": ("PENDING",),
    "done": ("SUCCESS",),
    "failed": ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"),
    "cancelled": ("CANCELLED",),
}
_STATES: Mapping[str, State] = {status: state for state, known in STATUSES.items() for status in known}


def job_of(held: WorkflowStatus, progress: str, *, stopping: bool) -> Job:
    """One job.

    Args:
        held: what DBOS says of it.
        progress: how far it said that it is, as JSON.
        stopping: somebody cancelled it.
    """
    state = _STATES[held.status]
    work, given = held.input["args"] if held.input else ("", {})
    return Job(
        id=held.workflow_id,
        work=work,
        arguments=given,
        state=state,
        progress=msgspec.json.decode(progress) if progress else {},
        result=held.output,
        error=_words(held) if state == "failed" else "",
        queued=_instant(held.created_at) or datetime.fromtimestamp(0, UTC),
        started=_instant(held.dequeued_at),
        ended=_instant(held.completed_at),
        worker=held.executor_id or "",
        stopping=stopping and state == "running",
    )


def _words(held: WorkflowStatus) -> str:
    if held.error is None:
        return "it was begun too often without coming to its end: it takes its worker down, or workers are stopped too soon"
    error: Any = held.error
    name = getattr(error, "name", type(error).__name__)
    # What the house raises on purpose says all by itself.
    return str(error) if hasattr(errors, str(name)) else f"{name}: {error}"


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)

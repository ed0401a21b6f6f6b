"""What the harvest shows: sources as they are set up, runs as they went, entries as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from estran.catalogue.harvesters import Source

__all__ = [
    "EntryPage",
    "HarvestEntry",
    "HarvestSource",
    "MissedDocument",
    "Outcome",
    "RunReport",
    "RunState",
    "clean",
]

RunState = Literal["running", "done", "failed", "cut", "refused"]
Outcome = Literal["new", "changed", "unchanged", "refused", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestSource(Source):
    """A source and how it is harvested.

    Attributes:
        centre: of its records, "" to let the claims of the registry decide; visibility: of its records.
        schedule: a cron expression in UTC, "" for never by itself.
        precedence: of several sources with the same dataset, the highest is believed first.
        active: whether schedules and ``run --all`` reach it.
        complete: when the last visit began that missed nothing, "" for none yet; complete_full: the last
            one of the whole source.
        holder: who harvests it right now, "" for nobody.
    """

    centre: str = ""
    visibility: str = "public"
    schedule: str = ""
    precedence: int = 0
    active: bool = True
    added: str = ""
    complete: str = ""
    complete_full: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run, as far as it went.

    Attributes:
        state: "running"; "done"; "cut": the next run goes on where it ended; "failed": the next starts anew;
            "refused": all was read, and nothing removed because too much was gone.
        full: whether the whole source was asked for, else what changed since `since`.
        seen: things that the source gave; each is new, changed, unchanged or refused.
        withdrawn: those that it said it withdrew; removed: those that went from here.
        missed: those that it named and did not give.
        announced: how many the source said there are, None where it did not say.
        note: why it ended as it did, or what was left undone.
    """

    id: int
    source: str
    state: RunState
    full: bool
    since: str = ""
    started: str = ""
    ended: str = ""
    had: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    withdrawn: int = 0
    removed: int = 0
    missed: int = 0
    announced: int | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether it went through and nobody has to look at it."""
        return self.state == "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestEntry:
    """One thing that a source named.

    Attributes:
        key: what the source calls it; stamp: the source's word for its version.
        run: the last run that saw it; outcome: what that run did.
        state: "held", "refused" (what was held before stays) or "gone".
        records: ids of the records that it became; items: "collection/id" of its items.
        why: the reason of a refusal.
    """

    key: str
    stamp: str
    run: int
    outcome: Outcome
    state: Literal["held", "refused", "gone"]
    records: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries by key, and where the next page starts, "" at the end."""

    entries: tuple[HarvestEntry, ...] = field(default_factory=tuple[HarvestEntry, ...])
    next: str = ""


@dataclass(frozen=True, slots=True)
class MissedDocument:
    """Something that a source named and did not give: where, and why."""

    place: str
    why: str


def clean(text: str) -> str:
    """Text of others as every engine keeps it: without NUL and half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()

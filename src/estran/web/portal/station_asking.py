"""Which stations an address asks for: by name, variable, period, completeness and lateness."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, interval, now_us
from estran.observations.overview import complete
from estran.web import replies
from estran.web.portal import telling
from estran.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.datastructures import QueryParams

    from estran.model import Thing
    from estran.observations.overview import Overview
    from estran.observations.store.overview import Station

__all__ = ["PARAMETERS", "Asked", "Group", "asked", "groups"]

PARAMETERS = ("q", "variable", "from", "to", "complete", "state", "after")
"""What an address may name."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks for.

    Attributes:
        text: letters of the name or the code of a station; variable: number of an observed property, 0 for all.
        start, end: dates; least: of the observations that the usual step would give, so many percent at least.
        state: one of `telling.STATES`.
        after: number of the thing after which the list goes on.
        wrong: why a part could not be read.
    """

    text: str = ""
    variable: int = 0
    start: str = ""
    end: str = ""
    least: int = 0
    state: str = ""
    after: int = 0
    wrong: str = ""

    @property
    def span(self) -> tuple[int, int] | None:
        """[start, end) in microseconds, None for all time."""
        return interval(f"{self.start or '..'}/{self.end or '..'}") if self.start or self.end else None

    def address(self, path: str, after: int = 0) -> str:
        """The address that asks the same."""
        told = (
            ("q", self.text), ("variable", f"{self.variable or ''}"), ("from", self.start), ("to", self.end),
            ("complete", f"{self.least or ''}"), ("state", self.state), ("after", f"{after or ''}"),
        )  # fmt: skip
        return replies.address(path, told)


@dataclass(frozen=True, slots=True)
class Group:
    """The datastreams of one thing, and how complete each is."""

    thing: int
    rows: tuple[Station, ...]
    shares: tuple[float | None, ...]
    state: str

    @property
    def placed(self) -> Station:
        """The datastream that says where the station is, the first where none does."""
        return next((one for one in self.rows if one.longitude is not None), self.rows[0])


def asked(params: QueryParams) -> Asked:
    """What the address asks; of what cannot be read, only why."""

    def whole(name: str) -> int:
        given = params.get(name, "").strip()
        if given and not (given.isascii() and given.isdigit() and len(given) < 10):  # noqa: PLR2004
            raise Invalid("write a whole number", name)
        return int(given or 0)

    try:
        made = Asked(
            text=params.get("q", "").strip()[:200], variable=whole("variable"), start=params.get("from", "").strip(),
            end=params.get("to", "").strip(), least=min(100, whole("complete")), state=params.get("state", ""),
            after=whole("after"),
        )  # fmt: skip
        _ = made.span
    except Invalid as error:
        return Asked(wrong=f"{error.where}: {error.why}" if error.where else error.why)
    return made


def groups(overview: Overview, a: Asked) -> list[Group]:
    """The stations that are asked for, in the order of their numbers."""
    if a.wrong:
        return []
    rows = overview.stations([a.variable] if a.variable else [])
    span = a.span
    if span is not None:
        rows = [one for one in rows if _meets(one, span)]
    if a.text:
        rows = _named(overview, rows, folded(a.text))
    there = overview.counted([one.number for one in rows], *span) if span and rows else {}
    made = (
        _group(thing, tuple(own), a, span, there) for thing, own in groupby(rows, key=lambda one: one.thing)
    )
    return [group for group in made if group.rows and a.state in ("", group.state)]


def _meets(one: Station, span: tuple[int, int]) -> bool:
    return one.first is not None and one.last is not None and one.first < span[1] and one.last >= span[0]


def _group(
    thing: int, rows: tuple[Station, ...], a: Asked, span: tuple[int, int] | None, there: Mapping[int, float]
) -> Group:
    """A station with its datastreams that are complete enough."""
    held = [(one, _share(one, span, there)) for one in rows]
    if a.least:
        held = [(one, share) for one, share in held if share is not None and share >= a.least]
    states = {telling.state(one.last, one.step) for one, _ in held}
    state = next((code for code in telling.STATES if code in states), telling.STATES[-1])
    return Group(thing, tuple(one for one, _ in held), tuple(share for _, share in held), state)


def _share(one: Station, span: tuple[int, int] | None, there: Mapping[int, float]) -> float | None:
    """How complete a datastream is in a period; of an open one, in its own time."""
    if span is None or one.first is None or one.last is None:
        return complete(one.observations, (one.first, one.last), one.step)
    # Where a period has no end of its own, that of the datastream counts.
    start = span[0] if span[0] > EVER_US else one.first
    end = span[1] - 1 if span[1] < NEVER_US else one.last
    # What lies ahead is not missing.
    return complete(there.get(one.number, 0.0), (start, min(end, now_us())), one.step)


def _named(overview: Overview, rows: Iterable[Station], letters: str) -> list[Station]:
    """Those whose station has the letters in its code or its name."""
    listed = list(rows)
    found = overview.things([one.thing for one in listed])
    fitting = {number for number, thing in found.items() if letters in folded(_words(thing))}
    return [one for one in listed if one.thing in fitting]


def _words(thing: Thing) -> str:
    return " ".join([thing.key, *(words for _, words in thing.name.variants)])

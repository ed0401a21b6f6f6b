"""What the address of a datastream asks: which period, what beside it, where in its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, interval
from estran.web import replies

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from estran.observations.store.registry import HeldDatastream

__all__ = ["MOST_TOGETHER", "PARAMETERS", "PRESETS", "SECOND_US", "Asked", "asked"]

PRESETS = {"day": 1, "week": 7, "month": 30, "year": 365}
"""Periods of so many days, up to the newest observation."""
PARAMETERS = ("time", "period", "from", "to", "with", "before")
"""What an address may name."""
MOST_TOGETHER = 4
"""So many series are drawn together."""
SECOND_US = 1_000_000
_DAY_US = 86_400 * SECOND_US


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address of a datastream asks.

    Attributes:
        period: one of `PRESETS`, "all", or "" where `time` says it.
        time: START/END as it was written.
        beside: numbers of the datastreams that are drawn with it.
        before: the table of values ends before this date.
        wrong: why the period could not be read.
    """

    number: int
    period: str = ""
    time: str = ""
    beside: tuple[int, ...] = ()
    before: str = ""
    wrong: str = ""

    def address(self, path: str, **changed: Any) -> str:
        """The address that asks the same, some of it changed; another period begins the table anew."""
        held: dict[str, Any] = {
            "period": self.period,
            "time": self.time,
            "beside": self.beside,
            "before": "",
        } | changed
        period = held["period"] if held["period"] != "all" else ""
        beside = ",".join(f"{n}" for n in held["beside"])
        told = [("period", period), ("time", held["time"]), ("with", beside), ("before", held["before"])]
        return replies.address(path, told)

    def span(self, stream: HeldDatastream) -> tuple[int, int]:
        """[start, end) in microseconds."""
        if self.time:
            return interval(self.time)
        if self.period in PRESETS and stream.last is not None:
            # Whole seconds, the last one included: an address that can be read.
            end = stream.last - stream.last % SECOND_US + SECOND_US
            return end - PRESETS[self.period] * _DAY_US, end
        return EVER_US, NEVER_US


def asked(number: int, params: QueryParams) -> Asked:
    """What the address of a datastream asks; what cannot be read asks for all of it, and says so."""
    period, time, wrong = params.get("period", ""), params.get("time", "").strip(), ""
    if not time and (params.get("from") or params.get("to")):
        time = f"{params.get('from', '').strip() or '..'}/{params.get('to', '').strip() or '..'}"
    try:
        if time:
            interval(time)
        if params.get("before"):
            interval(params["before"], "before")
        if period not in ("", "all", *PRESETS):
            raise Invalid(f"choose among {', '.join(PRESETS)}, all", "period")
    except Invalid as error:
        time, period, wrong = "", "", error.why
    given = [part for value in params.getlist("with") for part in value.split(",")]
    numbers = [int(part) for part in given if part.isascii() and part.isdigit() and len(part) < 10]  # noqa: PLR2004
    beside = tuple(dict.fromkeys(n for n in numbers if n != number))[: MOST_TOGETHER - 1]
    return Asked(
        number=number, period="" if time else period, time=time, beside=beside,
        before="" if wrong else params.get("before", ""), wrong=wrong,
    )  # fmt: skip

"""The bars of years beside a search: each a link, all of them a brush where there is JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.model import EVER_US, NEVER_US, bounds

if TYPE_CHECKING:
    from estran.catalogue.timelines import Bar, Timeline
    from estran.web.portal.asking import Asked
    from estran.web.portal.i18n import Words

__all__ = ["Column", "Histogram", "histogram"]

MOST_BARS = 80
_LAST_YEAR = 9999
# Where something is, something is to be seen, in percent of the height.
_LEAST = 3.0


@dataclass(frozen=True, kw_only=True)
class Column:
    """A bar.

    Attributes:
        height: in percent of the tallest.
        said: its years and count in words.
        href: address of the search for its years.
        start, end: those years as an address says them, "" where they are open.
        chosen: whether it lies in the asked period.
    """

    count: int
    height: float
    said: str
    href: str
    start: str
    end: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """The bars.

    Attributes:
        first, last: what stands under their ends.
        low, high: places of the first and the last bar of the asked period.
        caption: all of it in words.
    """

    columns: tuple[Column, ...]
    first: str
    last: str
    low: int
    high: int
    caption: str


def histogram(timeline: Timeline | None, asked: Asked, words: Words, path: str) -> Histogram | None:
    """The bars of an answer; None where there is nothing to choose from."""
    bars = timeline.bars if timeline else ()
    if len(bars) < 2 or timeline is None:  # noqa: PLR2004 - one bar says nothing
        return None
    most = max(bar.count for bar in bars)
    start, end = asked.time() or (EVER_US, NEVER_US)
    columns = [_column(bar, most, start, end, asked, words, path) for bar in bars]
    inside = [n for n, column in enumerate(columns) if column.chosen]
    first, last = (year for year in (bars[0].start or bars[0].end, bars[-1].end or bars[-1].start))
    peak = max(columns, key=lambda column: column.count)
    return Histogram(
        columns=tuple(columns), first=("" if bars[0].start else "≤\u00a0") + _year(first),
        last=("" if bars[-1].end else "≥\u00a0") + _year(last),
        low=inside[0] if inside else 0, high=inside[-1] if inside else len(columns) - 1,
        caption=words.text("search.bars", first=_year(first), last=_year(last), most=peak.said),
    )  # fmt: skip


def _column(bar: Bar, most: int, start: int, end: int, asked: Asked, words: Words, path: str) -> Column:  # noqa: PLR0917
    since, until = _year(bar.start), _year(bar.end)
    said = (
        f"{_said(since, until, words)}{words.text('site.colon')} {words.count('search.results', bar.count)}"
    )
    first = bounds(since)[0] if since else EVER_US
    beyond = bounds(until)[1] if until else NEVER_US
    return Column(
        count=bar.count, height=max(_LEAST, round(100 * bar.count / most, 1)) if bar.count else 0, said=said,
        href=asked.first(start=since, end=until).address(path), start=since, end=until,
        chosen=first < end and beyond > start,
    )  # fmt: skip


def _said(since: str, until: str, words: Words) -> str:
    if not since or not until:
        return (
            words.text("search.bar_until", date=until)
            if until
            else words.text("search.bar_since", date=since)
        )
    return since if since == until else f"{since}–{until}"


def _year(year: int | None) -> str:
    """A year as an address says it."""
    if year is None:
        return ""
    sign = "" if 0 <= year <= _LAST_YEAR else "-" if year < 0 else "+"
    return f"{sign}{abs(year):04d}"

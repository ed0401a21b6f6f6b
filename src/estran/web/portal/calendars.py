"""Calendars of items: years at a glance, and the days of one month, each day and month a link."""

from __future__ import annotations

import datetime as dt
import math
from calendar import monthrange
from collections import Counter
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from estran.catalogue.items.query import ItemDays
    from estran.web.portal.i18n import Words
    from estran.web.portal.item_asking import ItemsAsked

_EPOCH = dt.date(1970, 1, 1).toordinal()
_LAST = dt.date.max.toordinal()
_MONTHS, _WEEK = 12, 7
_LEVELS = 5
# More years stand in one line at the end of the table.
_MOST_YEARS = 40
_FULL_MONTH = 7
_MANY = 10_000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A month or a day.

    Attributes:
        label: number of the day; "" for months.
        count: its items; shown is how a narrow cell writes them.
        said: all of it in words, for those who do not see the table.
        level: 0 for none, up to 5 for the most: its shade.
    """

    label: str = ""
    count: int = 0
    shown: str = ""
    said: str = ""
    href: str = ""
    level: int = 0
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A year, or a week, which has no head."""

    cells: tuple[Cell, ...]
    head: str = ""
    href: str = ""
    total: str = ""
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A table of counts.

    Attributes:
        heads: (short, long) names of its columns.
        up: (words, address) of the coarser calendars that this one lies in.
        previous, next: the same of the months with items around a month.
        left_out: items that a calendar has no place for.
        chosen: whether a period is asked for.
    """

    caption: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    is_month: bool = False
    up: tuple[tuple[str, str], ...] = ()
    previous: tuple[str, str] | None = None
    next: tuple[str, str] | None = None
    left_out: int = 0


def calendar(counted: ItemDays, asked: ItemsAsked, words: Words, path: str) -> Calendar | None:
    """The calendar that an address shows: of the month that it asks for, else of all years.

    Args:
        counted: items by day, whatever period is asked.
        asked: what the address asks.
        words: of the page's language.
        path: of the page, which its links lead to.
    """
    days = {
        dt.date.fromordinal(day + _EPOCH): count
        for day, count in counted.days.items()
        if 0 < day + _EPOCH <= _LAST
    }
    if not days:
        return None
    left_out = counted.total - sum(days.values())
    drawn = _Drawing(asked.first(), words, path)
    month = asked.start[:_FULL_MONTH]
    if len(month) == _FULL_MONTH and month == asked.end[:_FULL_MONTH] and month[4] == "-" and month > "0001":
        return drawn.month(days, dt.date.fromisoformat(f"{month}-01"), left_out)
    return drawn.years(days, left_out)


@dataclass(frozen=True)
class _Drawing:
    """What all cells of a calendar need."""

    asked: ItemsAsked
    words: Words
    path: str

    def _to(self, start: str, end: str) -> str:
        return self.asked.first(start=start, end=end).address(self.path)

    def _is_asked(self, when: str, least: int, most: int) -> bool:
        """Whether a time lies in the asked period, said with so many letters: a year is marked as a whole."""
        start, end = self.asked.start, self.asked.end
        return least <= max(len(start), len(end)) <= most and _within(when, start, end)

    def _cell(self, when: str, count: int, most: int, label: str = "") -> Cell:
        w = self.words
        said = f"{w.date(when)}{w.text('site.colon')} {w.count('items.count', count)}"
        if not count:
            return Cell(label=label, said=said)
        return Cell(
            label=label, count=count, shown=_short(count, w), said=said, href=self._to(when, when),
            level=_level(count, most), chosen=self._is_asked(when, len(when), 99),
        )  # fmt: skip

    def years(self, days: Mapping[dt.date, int], left_out: int) -> Calendar:
        w = self.words
        months: Counter[tuple[int, int]] = Counter()
        for day, count in days.items():
            months[day.year, day.month] += count
        most = max(months.values())
        years = sorted({year for year, _ in months}, reverse=True)
        rows = [self._year(year, months, most) for year in years[:_MOST_YEARS]]
        if before := years[_MOST_YEARS:]:
            total = sum(months[year, month] for year in before for month in range(1, _MONTHS + 1))
            until = w.text("data.until", end=str(before[0]))
            href = self._to("", f"{before[0]:04d}")
            rows.append(Row(cells=(), head=until, href=href, total=w.number(total)))
        heads = ((w.label("month", str(n)), w.date(f"2000-{n:02d}").split()[0]) for n in range(1, 13))
        return Calendar(
            caption=w.text("items.by_month"), heads=tuple(heads), rows=tuple(rows), left_out=left_out
        )

    def _year(self, year: int, months: Mapping[tuple[int, int], int], most: int) -> Row:
        numbers = [months.get((year, month), 0) for month in range(1, _MONTHS + 1)]
        name = f"{year:04d}"
        return Row(
            head=str(year), href=self._to(name, name), total=self.words.number(sum(numbers)),
            chosen=self._is_asked(name, 0, len(name)),
            cells=tuple(self._cell(f"{name}-{n:02d}", count, most) for n, count in enumerate(numbers, 1)),
        )  # fmt: skip

    def month(self, days: Mapping[dt.date, int], first: dt.date, left_out: int) -> Calendar:
        w = self.words
        there = sorted({day.replace(day=1) for day in days})
        inside = {day: count for day, count in days.items() if day.replace(day=1) == first}
        most = max(inside.values(), default=1)
        cells: list[Cell | None] = [None] * first.weekday()
        for number in range(1, monthrange(first.year, first.month)[1] + 1):
            day = first.replace(day=number)
            cells.append(self._cell(day.isoformat(), inside.get(day, 0), most, str(number)))
        cells += [None] * (-len(cells) % _WEEK)
        weeks = (Row(cells=tuple(c or Cell() for c in week)) for week in batched(cells, _WEEK))
        year, name = f"{first.year:04d}", first.isoformat()[:_FULL_MONTH]
        return Calendar(
            caption=w.text("items.by_day", month=w.date(name)), is_month=True, rows=tuple(weeks),
            heads=tuple((w.label("weekday", str(n)), w.label("weekday_long", str(n))) for n in range(1, 8)),
            up=((w.text("items.all_years"), self._to("", "")), (str(first.year), self._to(year, year))),
            previous=self._step(m for m in reversed(there) if m < first),
            next=self._step(m for m in there if m > first), left_out=left_out,
        )  # fmt: skip

    def _step(self, months: Iterable[dt.date]) -> tuple[str, str] | None:
        found = next(iter(months), None)
        if found is None:
            return None
        name = found.isoformat()[:_FULL_MONTH]
        return self.words.date(name), self._to(name, name)


def _within(when: str, start: str, end: str) -> bool:
    """Whether a month or day lies in an asked period, whose ends may be less or more precise."""
    if not start and not end:
        return False
    return (not start or when >= start[: len(when)]) and (not end or when[: len(end)] <= end)


def _level(count: int, most: int) -> int:
    """The shade of a count: equal steps of its square root."""
    return math.ceil(_LEVELS * math.sqrt(count / most))


def _short(count: int, words: Words) -> str:
    """A count that fits a narrow cell."""
    if count < _MANY:
        return words.number(count)
    thousands = count / 1000
    return f"{words.number(thousands / 1000, 1)}M" if thousands >= 1000 else f"{round(thousands)}k"  # noqa: PLR2004

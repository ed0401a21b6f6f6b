"""CSW 2.0.2 and 3.0: pages of records, and windows of modification dates where a server stops early.

Servers give no more than some number of records to one query (10,000 in GeoNetwork) and do not say so. A
query that has more is split by date of modification, halves of halves, until each is below the number;
records without a date are a window of their own. A record that makes its page fail is found by asking for
smaller and smaller pages, and is all that is missed.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from estran.catalogue.harvesters import Harvester, Mark, Missed, Total
from estran.catalogue.harvesters._csw.requests import DATED, EVERYTHING, Failed, Span, Speech, ask
from estran.catalogue.harvesters._csw.service import agree, dated_by, describe
from estran.errors import Invalid, Unavailable
from estran.formats._xml import root_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._csw.requests import Page

_PAGE = 100
_CAP = 10_000
_MOST_WINDOWS = 100_000
# So many records in a row that cannot be had are no longer bad records: the query ends here.
_MOST_FAILING = 5
_SMALLER = 4
# Dates are those of producers' clocks and have often no time of day.
_OVERLAP = timedelta(days=1)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
_ENDS = (datetime(2100, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Where a visit is; as a dict, it is the position of a mark.

    Attributes:
        speech: how the service is spoken to.
        spans: what is still to be asked for, the next one last; start: number of the next record in it.
        size: records asked for at once.
        full: records asked for at once where nothing fails.
        cap: a query with as many is split; deepest: the most that one query gave.
        first: key of the first record of the query, by which it is noticed when it begins again.
        undated: how many records have no date of modification, as far as it is known.
        asked: queries that were begun.
    """

    speech: Speech
    spans: list[Span]
    start: int = 1
    size: int = _PAGE
    full: int = _PAGE
    cap: int = _CAP
    deepest: int = 0
    first: str = ""
    undated: int = 0
    asked: int = 0

    @classmethod
    def of(cls, position: Mapping[str, Any]) -> _Walk:
        told: dict[str, Any] = dict(position)
        told["speech"] = Speech(**told["speech"])
        told["spans"] = [Span(*span) for span in told["spans"]]
        return cls(**told)

    def mark(self) -> Mark:
        return Mark(asdict(self) | {"spans": [list(astuple(span)) for span in self.spans]})

    def next_span(self, *spans: Span) -> None:
        """Leave the present span, for these if there are any."""
        self.spans[-1:] = reversed(spans)
        self.start, self.size, self.first = 1, self.full, ""


def changes(visit: Visit) -> Iterator[Event]:
    """Every record of the source, or those modified since an instant.

    Raises:
        Unavailable: the source does not answer, or not now.
        Invalid: it does not speak CSW, or refuses all that is asked.
    """
    if visit.position is not None:
        walk = _Walk.of(visit.position)
    else:
        walk, matched = _begin(visit)
        if matched >= 0:
            yield Total(matched)
    while walk.spans:
        yield from _Query(visit, walk).events()


def _begin(visit: Visit) -> tuple[_Walk, int]:
    """The walk before its first step, and how many records it will give."""
    size = _whole(visit, "page", _PAGE)
    service = describe(visit)
    speech, matched = agree(visit, service)
    span = EVERYTHING
    if visit.since and (found := dated_by(visit, service, speech)):
        speech = found[0]
        instant = datetime.fromisoformat(visit.since).astimezone(UTC) - _OVERLAP
        span = replace(DATED, after=instant.date().isoformat())
        matched = ask(visit, speech, span, 1, 1).matched
    walk = _Walk(speech=speech, spans=[span], size=size, full=size, cap=_whole(visit, "cap", _CAP))
    return walk, matched


def _whole(visit: Visit, name: str, otherwise: int) -> int:
    word = visit.source.options.get(name, "") or str(otherwise)
    if not (word.isascii() and word.isdigit() and 0 < int(word) < 1_000_000):  # noqa: PLR2004 - more is a mistake
        raise Invalid(f"the option {name} is a number from 1 to 999999, not “{word[:40]}”", visit.source.name)
    return int(word)


class _Query:
    """One query, read from the walk's start to its end, or to where it has to be split."""

    def __init__(self, visit: Visit, walk: _Walk) -> None:
        self._visit, self._walk, self._span = visit, walk, walk.spans[-1]
        # Keys that this query gave, since it was begun or taken up again.
        self._seen: set[str] = set()
        # Records that could not be had, as long as it is not known whether any comes behind them.
        self._lost: list[Missed] = []
        self._matched = -1

    def events(self) -> Iterator[Event]:
        walk = self._walk
        walk.asked += 1
        if walk.asked > _MOST_WINDOWS:
            raise Invalid(f"it takes more than {_MOST_WINDOWS} queries to read it", self._visit.source.url)
        while True:
            try:
                page = ask(self._visit, walk.speech, self._span, walk.start, walk.size)
            except Failed as error:
                if not self._goes_on_behind(error):
                    yield from self._ends_early(error.why, error)
                    return
                continue
            self._matched = page.matched if page.matched >= 0 else self._matched
            if walk.start == 1 and page.matched >= walk.cap and (parts := self._parts()):
                walk.next_span(*parts)
                yield walk.mark()
                return
            if self._span.kind == "undated" and page.matched > walk.undated == 0:
                # It has none, and pays no heed to a condition that asks for none.
                walk.next_span()
                yield walk.mark()
                return
            if self._is_stuck(page):
                yield from self._ends_early("the pages behind are empty or come again")
                return
            yield from self._given(page)
            if self._is_through(page):
                walk.next_span()
                yield walk.mark()
                return
            yield walk.mark()

    def _goes_on_behind(self, error: Failed) -> bool:
        """Whether to go on after a failure: with fewer records, or behind the one that fails."""
        walk = self._walk
        if walk.size > 1:
            walk.size = max(1, walk.size // _SMALLER)
            return True
        where = f"{self._visit.source.url} record {walk.start} of {self._span}"
        self._lost.append(Missed(where, f"the service does not give it: {error.why}"))
        walk.start += 1
        more_to_come = self._matched < 0 or walk.start <= self._matched
        return len(self._lost) < _MOST_FAILING and more_to_come

    def _is_stuck(self, page: Page) -> bool:
        """Whether nothing new comes although there should be more."""
        if not page.events:
            return self._matched >= self._walk.start
        begins_again = self._walk.start > 1 and page.keys[:1] == [self._walk.first]
        return begins_again or (bool(page.keys) and self._seen.issuperset(page.keys))

    def _given(self, page: Page) -> Iterator[Event]:
        """The page, and what failed before it; moves the walk behind it."""
        walk, count = self._walk, len(page.events)
        yield from self._lost
        yield from page.events
        self._lost = []
        self._seen.update(page.keys)
        walk.first = walk.first or next(iter(page.keys), "")
        after = walk.start + count
        walk.deepest = max(walk.deepest, after - 1)
        # A service may leave out what it cannot write, and count it all the same.
        behind = min(page.following, self._matched + 1) if page.whole else 0
        if count and after < behind:
            where = f"{self._visit.source.url} records {after} to {behind - 1} of {self._span}"
            yield Missed(where, f"the service counts {behind - after} records there and does not give them")
            after = behind
        walk.start, walk.size = after, min(walk.full, walk.size * _SMALLER) if page.whole else walk.size

    def _is_through(self, page: Page) -> bool:
        """Whether that was the last page."""
        start = self._walk.start
        if not page.events or not page.whole:
            return page.whole
        if self._matched < 0:
            return page.following == 0
        # There may be more than it counts, if it says where.
        return start > self._matched and (page.following != start or start == self._matched + 1)

    def _ends_early(self, why: str, error: Failed | None = None) -> Iterator[Event]:
        """Split the query where it stopped at a cap; else say what is missing."""
        walk, matched = self._walk, self._matched
        given = walk.start - 1 - len(self._lost)
        if error is not None and not given:
            if error.broken:
                raise Unavailable(f"{error}; try again later", 600.0)
            if self._span.kind == "all":
                raise error
        at_the_end = len(self._lost) < _MOST_FAILING and walk.start > matched >= 0
        if self._lost and given and at_the_end:
            yield from self._lost
            walk.next_span()
        elif 0 < given < matched and given >= walk.deepest and (parts := self._parts()):
            walk.cap = given
            walk.next_span(*parts)
        elif self._span.kind == "undated" and error is not None and not given:
            # What cannot be asked for alone is among all the others, as far as these are given.
            walk.next_span(*([Span("rest")] if walk.undated else []))
        else:
            lacking = f"{matched - given} of {matched}" if matched > given else "some"
            yield Missed(f"{self._visit.source.url} {self._span}", f"{lacking} were not given: {why}")
            walk.next_span()
        yield walk.mark()

    def _parts(self) -> tuple[Span, ...]:
        """The same records in several queries, none where they cannot be told apart."""
        span = self._span
        if span.kind == "all":
            found = dated_by(self._visit, describe(self._visit), self._walk.speech)
            if found is None:
                return ()
            self._walk.speech = found[0]
            # Two counts that are the same cap say nothing.
            capped = found[1] == self._matched == self._walk.cap
            self._walk.undated = 1 if capped else max(0, self._matched - found[1])
            return Span("undated"), *_halves(DATED)
        return _halves(span) if span.kind == "dated" else ()


def _halves(span: Span) -> tuple[Span, ...]:
    """Two windows for one, as even as dates allow; none where it is too narrow."""
    after, before = _instant(span.after), _instant(span.before)
    first = after or (_BEGINNING if before is None or before > _BEGINNING else None)
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
    last = before or next((end for end in (now, *_ENDS) if first and end > first), None)
    if first is None or last is None:
        return ()
    middle = first + (last - first) / 2
    middle = middle.replace(hour=0, minute=0, second=0) if last - first > 2 * _DAY else middle
    middle = middle.replace(microsecond=0)
    if not first < middle < last or last - first <= _SECOND:
        return ()
    at_midnight = middle.time() == time.min
    pivot = middle.date().isoformat() if at_midnight else middle.strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(span, before=pivot), replace(span, after=pivot)


def _instant(bound: str) -> datetime | None:
    """A window's bound, midnight in UTC where it is a day."""
    if not bound:
        return None
    found = datetime.fromisoformat(bound)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def recognise(url: str, body: bytes) -> float:
    """How surely an address speaks CSW: by its answer, less surely by how it is written."""
    space, name = root_name(body[:4096])
    if "opengis.net/cat/csw" in space and name in {"Capabilities", "GetRecordsResponse"}:
        return 1.0
    if "opengis.net/cat/csw" in space or (
        name == "ExceptionReport" and b"opengis.net/cat/csw" in body[:4096]
    ):
        return 0.8
    words = url.lower()
    return 0.6 if "service=csw" in words else 0.3 if "csw" in words else 0.0


HARVESTER = Harvester(
    name="csw",
    title="OGC Catalogue Service for the Web (CSW 2.0.2 and 3.0)",
    changes=changes,
    options={
        "version": "2.0.2 or 3.0.0; without it what the service offers",
        "schema": "what to ask for: iso19115-3, iso19139, dcat, dublin-core or an outputSchema’s address; "
        "without it the richest that is offered",
        "method": "POST or GET; without it what works",
        "page": f"records to ask for at once, {_PAGE} if not said",
        "cap": f"queries with as many records are split by date, {_CAP} if not said",
    },
    incremental=True,
    tells_gone="listed",
    recognise=recognise,
)

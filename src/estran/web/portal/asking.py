"""A search as its address says it, and the address of any other search one click away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from estran.catalogue.query import SORTS, Query
from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, bounds, date

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.datastructures import QueryParams

FACETS = (
    "hub", "kind", "series", "theme", "application", "variable", "topic", "centre", "platform", "instrument", "project",
    "level", "format", "service", "access", "licence", "link", "source",
)  # fmt: skip
"""The groups of the filter column, in its order; further fields of the catalogue work in the address."""

FURTHER = ("keyword", "place", "language", "concept", "organisation", "related")
ORDERS = ("relevance", "-updated", "title", "-published", "start", "-end")
PAGE = 20
PAGES = (PAGE, 50, 100)
"""How many records a page may have."""
_CORNERS = ("west", "south", "east", "north")
_TRAIL = 8
_LONGEST = 1000
_MOST_VALUES = 50


@dataclass(frozen=True)
class Wrong:
    """A part of the address that cannot be read: the form's field and the key of the message."""

    field: str
    key: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks.

    Attributes:
        start, end: canonical dates, "" for an open end.
        cursor: where the page starts; trail: the cursors of the pages before it, the first page's left out.
        page: number of the page, for people; per: records on a page.
        meaning: whether words are also found by what they mean.
        reading: whether words that find nothing may be read as a place and a time.
        wrong: what could not be read.
    """

    text: str = ""
    box: Box | None = None
    start: str = ""
    end: str = ""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    sort: str = ""
    cursor: str = ""
    trail: tuple[str, ...] = ()
    page: int = 1
    per: int = PAGE
    meaning: bool = True
    reading: bool = True
    wrong: tuple[Wrong, ...] = ()

    def query(self, **more: Any) -> Query:
        """The question for the catalogue."""
        asked = Query(
            text=self.text, meaning=self.meaning, bbox=self.box, time=self.time(), where=self.where, sort=self.sort,
            cursor=self.cursor, limit=self.per,
        )  # fmt: skip
        return replace(asked, **more)

    def time(self) -> tuple[int, int] | None:
        """The period as [start, end) in microseconds, None for all times."""
        if not self.start and not self.end:
            return None
        return bounds(self.start)[0] if self.start else EVER_US, bounds(self.end)[1] if self.end else NEVER_US

    def params(self) -> list[tuple[str, str]]:
        """The address's parameters in their one order, empty ones left out."""
        listed = [("q", self.text), ("bbox", written(self.box) if self.box else ""), ("from", self.start)]
        listed.append(("to", self.end))
        listed += [(name, value) for name in (*FACETS, *FURTHER) for value in self.where.get(name, ())]
        listed += [("meaning", "" if self.meaning else "no"), ("reading", "" if self.reading else "no")]
        listed += [("sort", self.sort), ("per", str(self.per) if self.per != PAGE else "")]
        listed.append(("cursor", self.cursor))
        listed += [("trail", cursor) for cursor in self.trail]
        listed.append(("page", str(self.page) if self.page > 1 else ""))
        return [(name, value) for name, value in listed if value]

    def address(self, path: str) -> str:
        """The address that asks this."""
        asked = urlencode(self.params(), safe=",:/")
        return f"{path}?{asked}" if asked else path

    def first(self, **changes: Any) -> Self:
        """The same with changes, from its first page."""
        start: dict[str, Any] = {"cursor": "", "trail": (), "page": 1, "wrong": ()}
        return replace(self, **(start | changes))

    def after(self, cursor: str) -> Self:
        """The page that follows this one."""
        trail = (*self.trail, self.cursor)[-_TRAIL:] if self.cursor else ()
        return replace(self, cursor=cursor, trail=trail, page=self.page + 1)

    def before(self) -> Self | None:
        """The page before this one; the first page where the way back is no longer known."""
        if not self.cursor:
            return None
        if not self.trail:
            return self.first()
        return replace(self, cursor=self.trail[-1], trail=self.trail[:-1], page=max(2, self.page - 1))

    def with_value(self, name: str, value: str) -> Self:
        """One more filter."""
        return self.first(where={**self.where, name: (*self.where.get(name, ()), value)})

    def without_value(self, name: str, value: str) -> Self:
        """One filter less."""
        left = tuple(v for v in self.where.get(name, ()) if v != value)
        where = {key: values for key, values in self.where.items() if key != name}
        return self.first(where={**where, name: left} if left else where)

    def filters(self) -> Iterator[tuple[str, str, Self]]:
        """Each active filter: its field, its value, and the search without it."""
        if self.text:
            yield "q", self.text, self.first(text="")
        if self.box:
            yield "bbox", written(self.box), self.first(box=None)
        if self.start:
            yield "from", self.start, self.first(start="")
        if self.end:
            yield "to", self.end, self.first(end="")
        for name, values in self.where.items():
            for value in values:
                yield name, value, self.without_value(name, value)


def written(box: Box) -> str:
    """A box as the address says it, to a ten-thousandth of a degree."""
    return ",".join(f"{round(v, 4):.10g}" for v in box)


def read(params: QueryParams) -> Asked:
    """The search of an address; what cannot be read is named in `wrong` and otherwise left out."""
    wrong: list[Wrong] = []
    narrowed = within(params, wrong)
    where: dict[str, tuple[str, ...]] = {}
    for name in (*FACETS, *FURTHER):
        given = dict.fromkeys(v.strip()[:_LONGEST] for v in params.getlist(name)[:_MOST_VALUES])
        if values := tuple(v for v in given if v):
            where[name] = values
    sort = params.get("sort", "")
    if sort and sort not in ORDERS and sort.lstrip("-") not in SORTS:
        wrong.append(Wrong("sort", "error.sort", sort[:40]))
        sort = ""
    text = " ".join(params.get("q", "").split())[:_LONGEST].strip()
    return Asked(
        text=text,
        where=where,
        meaning=params.get("meaning", "") != "no",
        # Without words there is nothing to read.
        reading=params.get("reading", "") != "no" or not text,
        per=next((n for n in PAGES if params.get("per", "") == str(n)), PAGE),
        sort="" if sort == default_order(text) else sort,
        wrong=tuple(wrong),
        **narrowed,
        **paged(params),
    )


def within(params: QueryParams, wrong: list[Wrong]) -> dict[str, Any]:
    """Box and period of an address, as fields of `Asked`; what cannot be read is added to `wrong`."""
    start, end = (_date(params.get(name, ""), name, wrong) for name in ("from", "to"))
    if start and end and bounds(start)[0] >= bounds(end)[1]:
        wrong.append(Wrong("to", "error.order"))
    return {"box": _box(params, wrong), "start": start, "end": end}


def paged(params: QueryParams) -> dict[str, Any]:
    """The page of an address, as fields of `Asked`."""
    page = params.get("page", "")
    return {
        "cursor": params.get("cursor", "")[:_LONGEST],
        "trail": tuple(c[:_LONGEST] for c in params.getlist("trail")[-_TRAIL:]),
        "page": int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,  # noqa: PLR2004
    }


def default_order(text: str) -> str:
    """The order where none is asked for."""
    return "relevance" if text else "-updated"


def _date(given: str, name: str, wrong: list[Wrong]) -> str:
    if not given.strip():
        return ""
    try:
        return date(given)
    except Invalid:
        wrong.append(Wrong(name, "error.date", given[:40]))
        return ""


def _box(params: QueryParams, wrong: list[Wrong]) -> Box | None:
    # The form sends four corners, the address keeps one box; a form that was changed wins.
    corners = [params.get(name, "").strip().replace(",", ".").replace("−", "-") for name in _CORNERS]
    given = ",".join(corners) if any(corners) else params.get("bbox", "").strip()
    if not given:
        return None
    try:
        return Box.parse(given)
    except Invalid:
        wrong.append(Wrong("west", "error.box"))
        return None

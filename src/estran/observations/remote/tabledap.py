"""Tables of an ERDDAP: their attributes as records, their rows in slices of time as long as the server bears."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from estran.errors import Invalid, Unavailable
from estran.fetching import TooLong, TooSlow
from estran.formats import Document, Refusal
from estran.formats import find as format_of
from estran.model import Distribution, Record, Text, moment_us, now_us
from estran.observations.remote.asking import Declined, bare
from estran.observations.remote.columns import columns_of
from estran.observations.remote.rows import Reading
from estran.observations.remote.sensing import obj, span, words
from estran.observations.remote.values import Home, Mark, Total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.observations.remote.asking import Server
    from estran.observations.remote.columns import TableColumns
    from estran.observations.remote.values import Event, Visit
    from estran.observations.store.copied import Bookmark

__all__ = ["Tables", "events", "root_of"]

_TABLE = re.compile(r"^(.*?)/tabledap(?:/([A-Za-z0-9_.-]+?))?(?:\.(?:html|graph|csv|das|nc|json))?/?$")
_INFO = re.compile(r"^(.*?)/info/([A-Za-z0-9_-]+)/index\.\w+$")
_ROOT = re.compile(r"^(.*?/erddap)(?:/index\.html|/info/index\.\w+)?/?$")
_PAGE = 1000
_MOST_TABLES = 200
_NOT_TABLES = frozenset({"allDatasets"})
_SECOND, _DAY = 1_000_000, 86_400_000_000
_SHORTEST, _FIRST, _LONGEST = 60 * _SECOND, 30 * _DAY, 36_525 * _DAY
_FEW, _MANY = 20_000, 100_000
"""Rows of an answer after which slices grow, and shrink."""
_EVER = -62_135_596_800_000_000
_TOO_MUCH = frozenset({408, 413, 500})
_AHEAD = _DAY
_MOST_FAILED = 3


@dataclass(frozen=True, slots=True)
class Tables:
    """Which tables of a server are meant: one, or all where its name is ""."""

    server: Server
    dataset: str = ""


def root_of(server: Server) -> Tables | None:
    """The tables that an address means, None where it is none of ERDDAP's."""
    for pattern in (_TABLE, _INFO, _ROOT):
        if found := pattern.match(server.root):
            root, dataset = found[1], found[2] if pattern.groups > 1 else ""
            here = server.at(root)
            with suppress(Declined):
                answer = here.body(f"{here.root}/version").body[:200]
                if b"ERDDAP_version=" in answer:
                    return Tables(here, (dataset or "").partition(".")[0])
    return None


def events(visit: Visit, dataset: str) -> Iterator[Event]:
    """What a table holds, or all of them.

    Raises:
        Invalid: there is no such table.
        Unavailable: the server cannot be asked further now.
    """
    names = [dataset] if dataset else _all(visit.server)
    yield Total(len(names[:_MOST_TABLES]))
    if len(names) > _MOST_TABLES:
        yield Refusal(
            visit.server.name,
            f"it has {len(names):,} tables, and the first {_MOST_TABLES} are taken at once; load the others by their address",
        )
    for name in names[:_MOST_TABLES]:
        try:
            yield from _Table(visit, name).events()
        except Declined as error:
            if dataset:
                raise error.error() from None
            yield Refusal(error.where, f"it could not be read ({error.error()})")
        except Invalid as error:
            if dataset:
                raise
            yield Refusal(error.where or name, error.why)
        except _Failing as error:
            if dataset:
                raise
            yield Refusal(f"{visit.server.name}/tabledap/{name}", str(error))


def _all(server: Server) -> list[str]:
    """Names of all tables."""
    found: dict[str, None] = {}
    for page in range(1, 101):
        try:
            rows = _rows_of(server, f"{server.root}/info/index.json?page={page}&itemsPerPage={_PAGE}")
        except Declined as error:
            if page == 1:
                raise error.error() from None
            break
        for row in rows:
            if words(row.get("tabledap")) and (name := words(row.get("Dataset ID"))) not in _NOT_TABLES:
                found[name] = None
        if len(rows) < _PAGE:
            break
    return list(found)


def _rows_of(server: Server, url: str) -> list[dict[str, Any]]:
    """A table in ERDDAP's JSON, each row by the names of its columns."""
    table = obj(obj(server.json(url)).get("table"))
    names, rows = table.get("columnNames"), table.get("rows")
    if not isinstance(names, list) or not isinstance(rows, list):
        raise Invalid("what it answers is no table of ERDDAP", bare(url)[:300])
    return [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]


@dataclass(slots=True)
class _Table:
    """One table on one visit.

    Attributes:
        step: how long the next slice is, in microseconds; most: how long it may be, after one that was too long.
        failed: slices in a row that the server did not give.
    """

    visit: Visit
    name: str
    step: int = field(default_factory=lambda: _FIRST)
    most: int = field(default_factory=lambda: _LONGEST)
    failed: int = 0

    @property
    def address(self) -> str:
        """Where the table is, without name and password."""
        return f"{self.visit.server.name}/tabledap/{self.name}"

    def events(self) -> Iterator[Event]:
        """Its record, its datastreams, its rows."""
        server = self.visit.server
        info = _rows_of(server, f"{server.root}/info/{quote(self.name)}/index.json")
        listed = [
            [row.get(n) for n in ("Row Type", "Variable Name", "Attribute Name", "Data Type", "Value")]
            for row in info
        ]
        columns = columns_of(listed, self.address)
        yield Home(self._record(columns))
        if self.visit.look_only:
            yield Total(0, self._words(columns))
            yield from Reading(columns, self.name, self.address, self._places(columns)).streams()
            return
        mark = self.visit.bookmarks.get(self.name)
        yield from self._rows(columns, mark)

    def _words(self, columns: TableColumns) -> str:
        """What would be taken, for people."""
        span = columns.span
        told = f", {_day(span[0])} to {_day(span[1])}" if span else ""
        left = f"; not taken: {', '.join(columns.left_out[:20])}" if columns.left_out else ""
        taken = ", ".join(f"{m.name} ({m.flag})" if m.flag else m.name for m in columns.measured)
        return f"  {self.name}: {taken}{told}{left}"

    def _record(self, columns: TableColumns) -> Record:
        made = _described(columns, self.address)
        link = Distribution(
            url=self.address, function="service", protocol="ERDDAP:tabledap", title=Text.of("ERDDAP")
        )
        return replace(
            made, identifier=self.address, landing_page=made.landing_page or f"{self.address}.html", variables=(),
            title=made.title or Text.of(self.name), distributions=(link,),
        )  # fmt: skip

    def _places(self, columns: TableColumns) -> dict[str, set[tuple[float, float]]] | None:
        """Where things stand, by name; None where they move, or the server does not say."""
        if not columns.longitude or not columns.latitude or not columns.sampling.startswith("timeSeries"):
            return None
        wanted = ",".join(name for name in (columns.platform, columns.longitude, columns.latitude) if name)
        with suppress(Declined, TooLong):
            url = f"{self.visit.server.root}/tabledap/{quote(self.name)}.json?{wanted}&distinct()"
            found: dict[str, set[tuple[float, float]]] = {}
            for row in _rows_of(self.visit.server, url):
                x, y = row.get(columns.longitude), row.get(columns.latitude)
                if isinstance(x, int | float) and isinstance(y, int | float):
                    thing = words(row.get(columns.platform)) if columns.platform else ""
                    found.setdefault(thing, set()).add((float(x), float(y)))
            return found
        return None

    # Slices

    def _given_up(self, start: int, end: int, error: _TooMuch) -> Refusal:
        """A word on a slice that the server does not give, however short it is.

        Raises:
            _Failing: several in a row are such, so that it is the server and not what it holds.
        """
        self.failed += 1
        if self.failed >= _MOST_FAILED:
            raise _Failing(f"{self.address}: the server fails ({error.words}); try again later", 600.0)
        why = f"{moment_us(start)} to {moment_us(end)} is not given, however little is asked for"
        return Refusal(self.address, f"{why} ({error.words}); load it again when the server is mended")

    def _rows(self, columns: TableColumns, mark: Bookmark | None) -> Iterator[Event]:
        """The rows from where the table was left, with a mark after each slice."""
        reading = Reading(columns, self.name, self.address, self._places(columns))
        start, last = self._bounds(columns, mark)
        newest = mark.newest if mark else None
        until = now_us() + _AHEAD
        while start < until:
            end = min(start + self.step, until)
            # What a table says of its newest may be older than it is: behind that one question is for all.
            end = until if start > last else end
            try:
                answer = self._asked(columns, start, end)
            except _TooMuch as error:
                last = max(last, end)
                if end - start > _SHORTEST:
                    self.step = max((end - start) // 4, _SHORTEST)
                    self.most = max((end - start) // 2, _SHORTEST)
                    continue
                yield self._given_up(start, end, error)
                start = end
                continue
            self.failed = 0
            count = 0
            if answer:
                yield from reading.read(answer)
                count = reading.count
                newest = max((at for at in (newest, reading.newest) if at is not None), default=None)
            yield Mark(self.name, "", newest)
            self._pace(count)
            start = end
        yield from reading.refusals()
        yield Mark(self.name, "", newest)

    def _bounds(self, columns: TableColumns, mark: Bookmark | None) -> tuple[int, int]:
        """Where to start, and the newest that the table knows of."""
        span = columns.span
        first, last = (
            (int(span[0] * _SECOND), int(span[1] * _SECOND)) if span and span[1] == span[1] else (None, None)
        )
        start = self._first() if first is None and not (mark and mark.newest) else first
        if mark and mark.newest is not None:
            start = mark.newest - self.visit.look_back_us
        start = _EVER if start is None else start
        return max(start, self.visit.since_us), now_us() if last is None else last

    def _first(self) -> int | None:
        """The first time, asked for where the table does not tell it."""
        root = f"{self.visit.server.root}/tabledap/{quote(self.name)}"
        url = f"{root}.json?time&{quote('orderByMinMax("time")')}"
        with suppress(Declined, Invalid):
            rows = _rows_of(self.visit.server, url)
            found = span(rows[0].get("time")) if rows else None
            return found[0] if found else None
        return None

    def _asked(self, columns: TableColumns, start: int, end: int) -> bytes:
        """The rows of a slice as CSV, nothing where there are none.

        Raises:
            _TooMuch: they are too many for one answer.
            Declined: the server refuses otherwise.
        """
        bounds = f"&{quote(columns.time)}%3E={moment_us(start)}&{quote(columns.time)}%3C{moment_us(end)}"
        wanted = ",".join(quote(name) for name in columns.wanted)
        url = f"{self.visit.server.root}/tabledap/{quote(self.name)}.csv?{wanted}{bounds}"
        try:
            return self.visit.server.body(url, "text/csv", less=True).body
        except TooLong as error:
            raise _TooMuch(error.why) from None
        except TooSlow as error:
            raise _TooMuch(str(error)) from None
        except Declined as error:
            if error.status == 404 and _is_nothing(error.words):  # noqa: PLR2004
                return b""
            if error.status in _TOO_MUCH:
                raise _TooMuch(error.words or str(error.status)) from None
            raise

    def _pace(self, count: int) -> None:
        """Ask for more at once, or for less."""
        if count < _FEW:
            # What was too long is not tried again at once: a server that is too slow takes half a minute to say so.
            self.step = min(self.step * 4, self.most)
            self.most = min(self.most * 5 // 4 + _SECOND, _LONGEST)
        elif count > _MANY:
            self.step = max(self.step // 2, _SHORTEST)


class _Failing(Unavailable):
    """A table that the server does not give, while it may give others."""


class _TooMuch(Exception):
    """More was asked for than the server gives at once."""

    def __init__(self, words: str) -> None:
        self.words = words
        super().__init__(words)


def _is_nothing(words: str) -> bool:
    """Whether the server says that no row fits, rather than that there is no such table."""
    plain = words.lower()
    return "no matching results" in plain or "nrows = 0" in plain or "no data" in plain


def _day(seconds: float) -> str:
    return moment_us(int(seconds * _SECOND))[:10] if seconds == seconds else "…"  # noqa: PLR0124 - NaN


def _described(columns: TableColumns, address: str) -> Record:
    """The record that the attributes of a table tell: those of a NetCDF file with the same."""
    import netCDF4  # noqa: PLC0415 - heavy

    file = netCDF4.Dataset("table.nc", "w", memory=1 << 16)
    file.createDimension("row", 0)
    for name, value in columns.given.items():
        _say(file, name, value)
    for one in columns.measured:
        with suppress(RuntimeError, ValueError):
            made = file.createVariable(one.name, "f8", ("row",))
            for name in ("long_name", "standard_name", "units"):
                _say(made, name, columns.told[one.name].get(name))
    body = bytes(file.close())
    read = format_of("netcdf").read
    found: Sequence[Any] = list(read(Document(address, body))) if read else ()
    return next((one for one in found if isinstance(one, Record)), Record())


def _say(holder: Any, name: str, value: Any) -> None:
    """An attribute, where NetCDF can hold it."""
    if value not in (None, "") and not name.startswith("_"):
        with suppress(RuntimeError, ValueError, TypeError, AttributeError):
            holder.setncattr(name, value)

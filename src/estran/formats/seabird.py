"""Sea-Bird's converted files (.cnv): casts of a CTD, and what a thermosalinograph measured under way.

Each column is a datastream. The vertical is the pressure, else the depth; the times are those of the scans where
a column tells them or their interval is known, else the start of the cast. What stands in the maker's flag column
is the flag of the whole scan.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._seabird.header import Header, header, started
from estran.formats._seabird.names import pressure_rank, role, variable
from estran.formats._summary import summary
from estran.formats._text import numbered, opened
from estran.model import Concept, Datastream, Distribution, FlagMeaning, Record, Text, Thing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from estran.formats import Document, Observed

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN, _LIKELY = 0.97, 0.8
_NAMES = re.compile(rb"^# name \d+ = ", re.MULTILINE)
_FLAGS = (FlagMeaning("good", "good", 1), FlagMeaning("bad", "bad scan", 4))
_ROWS_AT_ONCE = 50_000
_MOST_REFUSED = 100
_WIDTH = 11
_EPOCH, _EPOCH_2000 = datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
# Clocks that need no beginning of the cast.
_ABSOLUTE = ("since 2000", "since 1970")
_CLOCKS = ("julian", *_ABSOLUTE, "seconds", "minutes", "hours")
_DAY_US, _UNITS_US = 86_400_000_000, {"seconds": 1e6, "minutes": 6e7, "hours": 3.6e9}


def recognise(head: bytes, name: str) -> float:
    """By the first line of the maker, or the names of its columns."""
    if head.startswith(b"* Sea-Bird"):
        return _CERTAIN
    is_named = PurePath(name).suffix.lower() == ".cnv"
    return _LIKELY if is_named and head.startswith((b"*", b"#")) and _NAMES.search(head) else 0.0


def read(document: Document) -> Iterator[Record | Refusal]:
    """The record of a cast, with the refusals of its rows left to `observe`.

    Raises:
        Invalid: it has no header, or is binary.
    """
    told = _header(document)
    variables, extent = summary(observe(document))
    name = PurePath(document.name).name
    said = "\n".join(f"{key}: {value}" for key, value in told.said.items() if value)
    yield Record(
        title=Text.of(_title(told, name)),
        supplement=Text.of(said),
        lineage=Text.of(_lineage(told)),
        created=started(told),
        metadata_standard="Sea-Bird CNV",
        variables=variables,
        extent=extent,
        concepts=(Concept(label=Text.of(told.model), role="instrument"),) if told.model else (),
        distributions=(Distribution(function="download", format="Sea-Bird CNV", name=name),),
    )


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a cast and their values; a row that cannot be read is refused by its line.

    Raises:
        Invalid: it has no header, or is binary, or nothing tells when it was made.
    """
    told = _header(document)
    cast = _Cast.of(told, document.name)
    yield from cast.streams()
    refused, rows, first = 0, list[list[float]](), 0
    with opened(document) as text:
        for number, line in numbered(text):
            if number <= told.end or not line.strip():
                continue
            cells = _cells(line, len(told.columns))
            if cells is None:
                refused += 1
                if refused <= _MOST_REFUSED:
                    why = f"the row does not hold {len(told.columns)} numbers: “{line.strip()[:60]}”"
                    yield Refusal(document.name, why, number)
                continue
            rows.append(cells)
            if len(rows) >= _ROWS_AT_ONCE:
                yield from cast.rows(rows, first)
                first, rows = first + len(rows), []
    yield from cast.rows(rows, first)
    if refused > _MOST_REFUSED:
        yield Refusal(document.name, f"{refused - _MOST_REFUSED:,} more rows were refused for such reasons")


def explain(document: Document) -> str:
    """How a cast would be understood."""
    told = _header(document)
    cast = _Cast.of(told, document.name)
    vertical = told.columns[cast.vertical][0] if cast.vertical >= 0 else "none"
    place = f"{told.longitude:.4f}, {told.latitude:.4f}" if told.longitude is not None else "not told"
    begins = f"begins {started(told)} ({told.start_from})" if told.start else "begins with its first scan"
    lines = [
        f"Sea-Bird {told.model or 'file'}: {begins}, {cast.clock_words()}",
        f"vertical: {vertical}; place: {'of each scan' if cast.moves else place}",
    ]
    for position, (short, words) in enumerate(told.columns):
        kind = "value" if position in cast.values else (role(short) or "left out")
        lines.append(f"  {short:14} {words[:50]:50} {'vertical' if position == cast.vertical else kind}")
    return "\n".join(lines)


def _header(document: Document) -> Header:
    with opened(document) as text:
        told = header(numbered(text), document.name)
    if told.settings.get("file_type", "ascii").lower().startswith("bin"):
        raise Invalid(
            "its scans are binary; write it as text with Sea-Bird's Data Conversion or ASCII Out",
            document.name,
        )
    return told


def _title(told: Header, name: str) -> str:
    station = told.said.get("station", "").strip()
    ship = told.said.get("ship", "").strip(' "')
    where = ", ".join(filter(None, (f"station {station}" if station else "", ship)))
    return f"Sea-Bird {told.model} {PurePath(name).stem}".replace("  ", " ") + (
        f" ({where})" if where else ""
    )


def _lineage(told: Header) -> str:
    steps = [f"{key}: {told.settings[key]}" for key in told.settings if key.endswith("_date")]
    return "\n".join(steps)


def _cells(line: str, count: int) -> list[float] | None:
    """The numbers of a line; where they touch each other, by their usual width."""
    parts: Sequence[str] = line.split()
    if len(parts) != count:
        bare = line.rstrip()
        parts = [bare[at : at + _WIDTH] for at in range(0, len(bare), _WIDTH)]
    if len(parts) != count:
        return None
    try:
        return [float(part) for part in parts]
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Cast:
    """What the columns of a cast are for, by their position; -1 for none."""

    told: Header
    thing: Thing
    start_us: int
    time: int
    vertical: int
    flag: int
    moves: tuple[int, int] | None
    values: dict[int, str]

    @classmethod
    def of(cls, told: Header, name: str) -> _Cast:
        roles = [role(short) for short, _ in told.columns]
        known = _CLOCKS if told.start else _ABSOLUTE
        clocks = [kind for kind in known if kind in roles]
        if told.start is None and not clocks:
            raise Invalid(
                "nothing in its header tells when it was made; write a line such as “# start_time = Sep 10 2012 "
                "06:07:32” above *END*",
                name,
            )
        ranks = {n: rank for n, (short, _) in enumerate(told.columns) if (rank := pressure_rank(short)) >= 0}
        vertical = min(ranks, key=lambda n: ranks[n], default=-1)
        moves = (
            (roles.index("longitude"), roles.index("latitude"))
            if {"longitude", "latitude"} <= {*roles}
            else None
        )
        again: Counter[str] = Counter()
        values: dict[int, str] = {}
        for position, (short, _) in enumerate(told.columns):
            if roles[position] == "value" and position != vertical:
                again[short] += 1
                values[position] = short if again[short] == 1 else f"{short}#{again[short]}"
        stem = PurePath(name).name.partition(".")[0]
        thing = Thing(
            key=stem, name=Text.of(told.said.get("station", "") or stem),
            longitude=None if moves else told.longitude, latitude=None if moves else told.latitude,
            properties=tuple((k, v) for k, v in told.said.items() if v),
        )  # fmt: skip
        return cls(
            told, thing, (told.start - _EPOCH) // _US if told.start else 0, roles.index(clocks[0]) if clocks else -1,
            vertical, roles.index("flag") if "flag" in roles else -1, moves, values,
        )  # fmt: skip

    def clock_words(self) -> str:
        if self.time >= 0:
            return f"times of “{self.told.columns[self.time][0]}”"
        step = self.told.step_us
        return f"one scan each {step / 1e6:g} s" if step else "all scans at the start of the cast"

    def streams(self) -> Iterator[Datastream]:
        levels = self.told.columns[self.vertical] if self.vertical >= 0 else None
        for position, key in self.values.items():
            short, words = self.told.columns[position]
            yield Datastream(
                key=f"{self.thing.key}/{key}",
                thing=self.thing,
                variable=variable(short, words),
                sensor=self.told.sensor(
                    short, 1 if re.match(r"(t|c|sal|sb\w*|potemp)1", short.lower()) else 0
                ),
                sampling="trajectory" if self.moves else "profile",
                vertical=variable(*levels) if levels else None,
                flags="Sea-Bird" if self.flag >= 0 else "",
                flag_meanings=_FLAGS if self.flag >= 0 else (),
            )

    def rows(self, rows: list[list[float]], first: int) -> Iterator[Rows]:
        import numpy as np  # noqa: PLC0415 - heavy

        if not rows:
            return
        held = np.array(rows)
        if self.told.bad is not None:
            flags = (
                np.isclose(held[:, self.flag], self.told.bad, rtol=1e-3, atol=0) if self.flag >= 0 else None
            )
            held[np.isclose(held, self.told.bad, rtol=1e-3, atol=0)] = np.nan
        else:
            flags = None
        time = self._times(held, first)
        vertical = held[:, self.vertical] if self.vertical >= 0 else None
        keep = np.isfinite(time) & (np.abs(time) < 2**62)
        if vertical is not None:
            keep &= np.isfinite(vertical)
        place = held[:, list(self.moves)] if self.moves else None
        flag = None if flags is None else np.where(flags, "bad", "good")
        for position, key in self.values.items():
            own = keep & np.isfinite(held[:, position])
            if own.any():
                yield Rows(
                    datastream=f"{self.thing.key}/{key}", time=time[own].astype(np.int64), value=held[own, position],
                    vertical=None if vertical is None else vertical[own],
                    longitude=None if place is None else place[own, 0],
                    latitude=None if place is None else place[own, 1],
                    flag=None if flag is None else flag[own].tolist(),
                )  # fmt: skip

    def _times(self, held: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        """Microseconds since 1970 of each scan, NaN where its column tells none."""
        import numpy as np  # noqa: PLC0415

        if self.time < 0:
            scans = np.arange(first, first + len(held), dtype=np.float64)
            return np.asarray(self.start_us + scans * self.told.step_us, np.float64)
        kind, raw = role(self.told.columns[self.time][0]), held[:, self.time]
        if kind == "julian":
            assert self.told.start is not None  # it was made of it
            year = (datetime(self.told.start.year, 1, 1, tzinfo=UTC) - _EPOCH) // _US
            # The first of January is day 1; a cast that began in December may end in the next year.
            return np.asarray(np.round((raw - 1) * _DAY_US) + year, np.float64)
        if kind.startswith("since"):
            since = _EPOCH_2000 if "2000" in kind else _EPOCH
            return np.asarray(np.round(raw * 1e6) + (since - _EPOCH) // _US, np.float64)
        return np.asarray(np.round(raw * _UNITS_US[kind]) + self.start_us, np.float64)


FORMAT = Format(
    name="seabird",
    title="Sea-Bird CNV",
    media_types=("text/x-seabird-cnv", "text/plain"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    suffix=".cnv",
)

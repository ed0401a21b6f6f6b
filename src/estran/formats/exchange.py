"""WHP-Exchange, the tables of the CCHDO: casts of a CTD and bottles of one cruise, which is one dataset.

Each parameter is a datastream of the cruise, over pressure, with the place of the cast beside each value; those of
bottles stand apart from those of the CTD.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._summary import passing, summary, told
from estran.formats._text import numbered, opened, plain
from estran.model import Concept, Datastream, FlagMeaning, Record, Text, Thing, Variable, instant_us

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from estran.formats import Document, Observed

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN = 0.96
_FIRST = re.compile(rb"(\xef\xbb\xbf)?(CTD|BOTTLE),\s*\d{8}")
_SETTING = re.compile(r"\s*([A-Z_][A-Z_0-9]*)\s*=\s*(.*?)\s*")
_FLAG = re.compile(r"(.+)_FLAG_([WI])")
_LEVELS = ("CTDPRS", "DEPTH")
_ABOUT = frozenset(
    {"EXPOCODE", "SECT", "SECT_ID", "STNNBR", "CASTNO", "SAMPNO", "BTLNBR", "DATE", "TIME", "LATITUDE", "LONGITUDE",
     "DEPTH", "CTDPRS", "INSTRUMENT_ID", "EVENT_CODE", "THETA_REF"}
)  # fmt: skip
_STANDARD = {
    "CTDTMP": "sea_water_temperature", "CTDSAL": "sea_water_practical_salinity",
    "SALNTY": "sea_water_practical_salinity", "CTDOXY": "moles_of_oxygen_per_unit_mass_in_sea_water",
    "OXYGEN": "moles_of_oxygen_per_unit_mass_in_sea_water", "SILCAT": "moles_of_silicate_per_unit_mass_in_sea_water",
    "NITRAT": "moles_of_nitrate_per_unit_mass_in_sea_water", "NITRIT": "moles_of_nitrite_per_unit_mass_in_sea_water",
    "PHSPHT": "moles_of_phosphate_per_unit_mass_in_sea_water", "THETA": "sea_water_potential_temperature",
}  # fmt: skip
_UNITS = {
    "ITS-90": "degree_C", "ITS-68": "degree_C", "IPTS-68": "degree_C", "DEG_C": "degree_C", "DEGC": "degree_C",
    "PSS-78": "1", "UMOL/KG": "umol kg-1", "PMOL/KG": "pmol kg-1", "FMOL/KG": "fmol kg-1", "NMOL/KG": "nmol kg-1",
    "DBAR": "dbar", "DBARS": "dbar", "METERS": "m",
}  # fmt: skip
_CTD = (("1", "not calibrated", 2), ("2", "acceptable", 1), ("3", "questionable", 3), ("4", "bad", 4),
        ("5", "not reported", 9), ("6", "interpolated", 1), ("7", "despiked", 1), ("9", "not sampled", 9))  # fmt: skip
_WATER = (("1", "not analysed yet", 2), ("2", "acceptable", 1), ("3", "questionable", 3), ("4", "bad", 4),
          ("5", "not reported", 9), ("6", "mean of replicates", 1), ("7", "manual reading of a peak", 2),
          ("8", "irregular reading of a peak", 3), ("9", "not sampled", 9))  # fmt: skip
_IGOSS = (("0", "not checked", 2), ("1", "good", 1), ("2", "probably good", 1), ("3", "probably bad", 3), ("4", "bad", 4),
          ("5", "changed", 1), ("9", "missing", 9))  # fmt: skip
_MISSING, _MOST_REFUSED, _MOST_HEADERS, _ROWS_AT_ONCE = -990.0, 100, 2000, 50_000
_POLE, _HALF_TURN = 90.0, 180.0


@dataclass(slots=True)
class _Table:
    """What stands above the values: settings of the cast, columns, units; `first` is the line of the first values."""

    is_bottle: bool
    settings: dict[str, str]
    columns: list[str]
    units: list[str]
    first: int


@dataclass(slots=True)
class _Gathered:
    time: list[int] = field(default_factory=list[int])
    level: list[float] = field(default_factory=list[float])
    place: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    value: list[float] = field(default_factory=list[float])
    flag: list[str | None] = field(default_factory=list["str | None"])


def recognise(head: bytes, _name: str) -> float:
    """By its stamp."""
    return _CERTAIN if _FIRST.match(head) else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of the cruise, with what this file adds to it.

    Raises:
        Invalid: it names no columns, or no cruise.
    """
    cruises: set[str] = set()
    variables, extent = summary(passing(observe(document), lambda one: cruises.add(one.thing.key)))
    if len(cruises) != 1:
        raise Invalid(f"it holds values of {len(cruises)} cruises; a file of one is read", document.name)
    (cruise,) = cruises
    yield Record(
        identifier=f"cchdo:{cruise}",
        title=Text.of(f"Hydrographic cruise {cruise}"),
        landing_page=f"https://cchdo.ucsd.edu/cruise/{cruise}" if cruise.isalnum() else "",
        metadata_standard="WHP-Exchange",
        concepts=(Concept(label=Text.of("research vessel"), role="platform"),),
        variables=variables,
        extent=extent,
    )


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a cruise and their values; a row that does not fit is refused by its line.

    Raises:
        Invalid: it names no columns, or no pressure or depth.
    """
    table = _table(document)
    gathered: defaultdict[tuple[str, str], _Gathered] = defaultdict(_Gathered)
    known: set[str] = set()
    held = refused = 0
    with opened(document) as text:
        for number, line in numbered(text):
            if number < table.first or not line.strip() or line.startswith("#"):
                continue
            if line.strip() == "END_DATA":
                break
            try:
                held += _take(_cells(line, document.name), table, gathered, document.name)
            except Invalid as error:
                refused += 1
                if refused <= _MOST_REFUSED:
                    yield Refusal(document.name, error.why, number)
            if held >= _ROWS_AT_ONCE:
                yield from _given(table, gathered, known)
                held = 0
    yield from _given(table, gathered, known)
    if refused > _MOST_REFUSED:
        yield Refusal(document.name, f"{refused - _MOST_REFUSED:,} more rows were refused for such reasons")


def _table(document: Document) -> _Table:
    settings: dict[str, str] = {}
    with opened(document) as text:
        rows = numbered(text)
        _, stamp = next(rows, (1, ""))
        for number, line in rows:
            if number > _MOST_HEADERS:
                break
            if line.startswith("#") or not line.strip():
                continue
            if (setting := _SETTING.fullmatch(plain(line))) is not None:
                settings[setting[1]] = setting[2]
                continue
            columns = [cell.strip().upper() for cell in _cells(line, document.name)]
            _, below = next(rows, (number, ""))
            units = [cell.strip().upper() for cell in _cells(below, document.name)]
            if not any(level in columns for level in _LEVELS):
                raise Invalid(f"line {number} names no pressure (CTDPRS) among its columns", document.name)
            units += [""] * (len(columns) - len(units))
            return _Table("BOTTLE" in stamp, settings, columns, units, number + 2)
    raise Invalid("it names no columns", document.name)


def _cells(line: str, name: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise Invalid(f"the line is no row of a table ({error})", name) from None


def _take(
    row: Sequence[str], table: _Table, gathered: defaultdict[tuple[str, str], _Gathered], name: str
) -> int:
    """Gather the values of a row; gives how many."""
    cells = {column: cell.strip() for column, cell in zip(table.columns, row, strict=False) if column}
    if len(row) < len([column for column in table.columns if column]):
        raise Invalid(f"the row has {len(row)} cells where {len(table.columns)} columns are named", name)
    about = table.settings | {key: value for key, value in cells.items() if key in _ABOUT and value}
    at, cruise = _when(about, name), about.get("EXPOCODE", "").replace("/", "_") or "unnamed"
    level = next((_number(cells[column], name) for column in _LEVELS if column in cells), None)
    if level is None or level < _MISSING:
        return 0
    x, y = (_number(about.get(key, "-999"), name) for key in ("LONGITUDE", "LATITUDE"))
    place = (x, y) if abs(x) <= _HALF_TURN and abs(y) <= _POLE else (float("nan"), float("nan"))
    # All of a row, or nothing.
    found = {
        column: _number(cells[column], name)
        for column in table.columns
        if _is_value(column) and cells.get(column)
    }
    for column, value in found.items():
        own = gathered[(cruise, column)]
        flag = next((cells[f"{column}_FLAG_{kind}"] for kind in "WI" if f"{column}_FLAG_{kind}" in cells), "")
        if value > _MISSING:
            own.time.append(at)
            own.level.append(level)
            own.place.append(place)
            own.value.append(value)
            own.flag.append(flag or None)
    return len(found)


def _is_value(column: str) -> bool:
    return bool(column) and column not in _ABOUT and not _FLAG.fullmatch(column)


def _when(about: Mapping[str, str], name: str) -> int:
    day, clock = about.get("DATE", ""), about.get("TIME", "").zfill(4)
    if not re.fullmatch(r"\d{8}", day):
        raise Invalid(f"its date “{day[:20]}” is none", name)
    clock = clock if re.fullmatch(r"[0-2]\d[0-5]\d", clock) else "0000"
    return instant_us(f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:]}:00Z", "DATE")


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise Invalid(f"“{text[:40]}” is no number", name) from None
    return value if np.isfinite(value) else _MISSING - 1


def _given(table: _Table, gathered: dict[tuple[str, str], _Gathered], known: set[str]) -> Iterator[Observed]:
    """What was gathered, each datastream before its first rows."""
    level = next(column for column in _LEVELS if column in table.columns)
    for (cruise, column), own in gathered.items():
        if not own.time:
            continue
        unit = table.units[table.columns.index(column)]
        kind = (
            "I" if f"{column}_FLAG_I" in table.columns else "W" if f"{column}_FLAG_W" in table.columns else ""
        )
        meanings = (
            ()
            if not kind
            else _IGOSS
            if kind == "I"
            else _WATER
            if table.is_bottle and not column.startswith("CTD")
            else _CTD
        )
        place = np.array(own.place)
        stream = Datastream(
            key=f"{cruise}/{column}" + (" (bottle)" if table.is_bottle else ""),
            thing=Thing(key=cruise, name=Text.of(cruise)),
            variable=Variable(
                name=column, label=Text.of(f"{column} [{unit}]" if unit else column),
                standard_name=_STANDARD.get(column, ""), unit=_UNITS.get(unit, unit),
            ),
            sampling="trajectoryProfile",
            vertical=Variable(
                name=level, standard_name="sea_water_pressure" if level == "CTDPRS" else "depth",
                unit="dbar" if level == "CTDPRS" else "m",
            ),
            flags="WOCE" if kind == "W" else "IGOSS" if kind else "",
            flag_meanings=tuple(FlagMeaning(*one) for one in meanings),
        )  # fmt: skip
        if stream.key not in known:
            known.add(stream.key)
            yield stream
        yield Rows(
            datastream=stream.key, time=np.array(own.time, np.int64), value=np.array(own.value),
            vertical=np.array(own.level), longitude=place[:, 0], latitude=place[:, 1],
            flag=own.flag if any(own.flag) else None,
        )  # fmt: skip
    gathered.clear()


FORMAT = Format(
    name="exchange",
    title="WHP-Exchange",
    media_types=("text/x-whp-exchange", "text/csv"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=lambda document: told("WHP-Exchange of the CCHDO", observe(document)),
    parts=True,
    suffix=".csv",
)

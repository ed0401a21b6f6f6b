"""What stands above a table: of which station it is, where that lies, in which time zone, and what stands for nothing."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats._table.cells import degrees
from estran.formats._table.layout import About
from estran.formats._table.times import ZONE, time_us
from estran.formats._table.words import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["about", "listed_columns", "listed_units"]

_LONGEST, _LONGEST_UNIT = 200, 30
_PAIR = re.compile(r"\s*(?P<key>[^:=;,\t|]{2,60}?)\s*(?P<sign>[:=;,\t|])\s*(?P<value>.*?)[\s,;]*")
_LISTED = re.compile(
    r"col(?:umn|onne|\.)?\s*\.?\s*(?P<n>\d{1,3})\s*[:=.)-]\s*(?P<name>[^\s:].{0,120})", re.IGNORECASE
)
_LEGEND = re.compile(
    r"(?P<name>[A-Za-z]\w{0,40}) ?[:=-] ?(?P<words>[^\[\]]{1,120})\[(?P<unit>[^\[\]]{1,30})\]\W*"
)
_PLACES = re.compile(
    r"\(\s*(?P<lat>-?\d{1,2}\.\d+)\s*[^\w\s,;]?\s*(?P<ns>[NS])\s*[,;]\s*(?P<lon>-?\d{1,3}\.\d+)\s*[^\w\s,;]?\s*(?P<ew>[EW])\s*\)"
)
_LOCAL = re.compile(r"local (standard |solar )?time|\bLST\b|heure locale", re.IGNORECASE)
_MISSING = re.compile(
    r"(?:missing|fill|no[ _]?data|absent|manquant)\w*[^\d+-]{0,40}(?P<value>[+-]?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_STATION_WORDS = frozenset({"station", "poste", "site", "platform", "plateforme", "buoy", "mooring"})
_STATION_MORE = frozenset(
    {"name", "nom", "id", "code", "number", "no", "wmo", "identifier", "of", "la", "de"}
)
_AT = {
    tuple(words.split())
    for words in ("cast time", "start date time", "start time", "cast date", "date time", "start date")
}
_POLE, _HALF_TURN = 90.0, 180.0


def about(lines: Sequence[str], decimal: str) -> About:
    """What lines above a table tell, as far as it is understood."""
    told: dict[str, str] = {}
    for key, value in _pairs(lines):
        for name in _meanings(key):
            told.setdefault(name, value)
    longitude, latitude = _degrees(told, "longitude", decimal), _degrees(told, "latitude", decimal)
    if latitude is None or longitude is None:
        latitude, longitude = _bracketed(lines)
    elevation = degrees(told.get("elevation", "").split(" ")[0], decimal)
    return About(
        station=told.get("station", "")[:_LONGEST],
        longitude=longitude,
        latitude=latitude,
        elevation_m=elevation,
        zone=_zone(lines, told.get("zone", "")),
        at_us=_instant(told),
        missing=frozenset(_absent(lines)),
        unit=told.get("unit", "")[:_LONGEST_UNIT],
    )


def listed_columns(lines: Sequence[str]) -> list[str]:
    """The names of columns where remarks list them by number, such as “Col. 2 : Wind speed (m/s)”."""
    found: dict[int, str] = {}
    for line in lines:
        if (one := _LISTED.fullmatch(line[:_LONGEST].strip().lstrip("#%/* \t"))) is not None:
            found[int(one["n"])] = one["name"].strip()
    return [found[n] for n in sorted(found)] if sorted(found) == [*range(1, len(found) + 1)] else []


def listed_units(lines: Sequence[str]) -> dict[str, str]:
    """The units of columns where remarks explain their names, such as “TE90: Temperature [deg C]”."""
    found = (_LEGEND.fullmatch(line[:_LONGEST].strip().lstrip("#%/* \t")) for line in lines)
    return {one["name"]: one["unit"].strip() for one in found if one is not None}


def _pairs(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        bare = line[:_LONGEST].strip().lstrip("#%/*! \t").replace('"', "")
        if (found := _PAIR.fullmatch(bare)) is not None and found["value"]:
            yield found["key"], found["value"]


def _meanings(key: str) -> Iterator[str]:
    """What a key tells: nothing, or station, latitude, longitude, elevation, zone, at."""
    words = tokens(re.sub(r"\[.*?\]|\(.*?\)", "", key))
    bare = {*words} - {"start", "initial", "station", "site", "deg", "decimal"}
    if bare <= {"lat", "latitude"} and bare:
        yield "latitude"
    elif bare <= {"lon", "long", "longitude"} and bare:
        yield "longitude"
    elif bare <= {"elevation", "altitude", "alt", "m"} and bare - {"m"}:
        yield "elevation"
    elif {"time", "zone"} <= bare or {"fuseau"} <= bare or "timezone" in bare:
        yield "zone"
    elif words in (("unit",), ("units",), ("unite",), ("unites",)):
        yield "unit"
    elif words in _AT and "local" not in key.lower():
        yield "at"
    elif {*words} & _STATION_WORDS and {*words} <= _STATION_WORDS | _STATION_MORE:
        yield "station"


def _degrees(told: dict[str, str], role: str, decimal: str) -> float | None:
    found = degrees(told.get(role, "").strip(), decimal) or degrees(told.get(role, "").strip(), ".")
    most = _POLE if role == "latitude" else _HALF_TURN
    return found if found is not None and abs(found) <= most else None


def _bracketed(lines: Sequence[str]) -> tuple[float | None, float | None]:
    """(latitude, longitude) in words such as “MARS (44.34N, 26.01E)”."""
    found = next((one for line in lines if (one := _PLACES.search(line[:_LONGEST]))), None)
    if found is None:
        return None, None
    latitude, longitude = float(found["lat"]), float(found["lon"])
    return (-latitude if found["ns"] == "S" else latitude), (-longitude if found["ew"] == "W" else longitude)


def _zone(lines: Sequence[str], told: str) -> str:
    if (found := ZONE.search(told)) is not None:
        return found["zone"]
    return "LST" if any(_LOCAL.search(line[:_LONGEST]) for line in lines) else ""


def _instant(told: dict[str, str]) -> int | None:
    with suppress(Invalid):
        return time_us(told.get("at", "").strip())
    return None


def _absent(lines: Sequence[str]) -> Iterator[float]:
    for line in lines:
        if (found := _MISSING.search(line[:_LONGEST])) is not None:
            yield float(found["value"])

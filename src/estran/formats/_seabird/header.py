"""The header of a Sea-Bird file: columns, when and where it began, which sensors there were."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import Document
from estran.formats._text import plain
from estran.formats._xml import parse
from estran.model import Sensor, SensorEvent, Text, date, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Header", "header"]

_NAME = re.compile(r"name\s+(\d+)\s*=\s*([^:]*?)\s*(?::\s*(.*))?")
_SETTING = re.compile(r"([\w ]+?)\s*=\s*(.*)")
_WORDS = re.compile(r"\*\*\s*([^:=]{1,60}?)\s*[:=]\s*(.*)")
_MAKER = re.compile(r"\*\s*([^*].*?)\s*=\s*(.*)")
_MODEL = re.compile(r"\*\s*Sea-Bird\s+(.*?)\s*Data File", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MOMENT = re.compile(r"([A-Z][a-z]{2})\w*\s+(\d{1,2})\s+(\d{4})\s+(\d{1,2}):(\d{2}):(\d{2})")
_DEGREES = re.compile(
    r"([NSEWnsew])?\s*(\d{1,3}(?:\.\d+)?)(?:[\s°]+(\d{1,2}(?:\.\d+)?))?['′]?\s*([NSEWnsew])?"
)
_OLD_SENSOR = re.compile(
    r"(?:Frequency|Extrnl Volt|Voltage|Stored Volt)\s+\d+\s+([^,]+(?:, [A-Za-z][^,]*)*),\s*"
    r"([\w-]+)(?:,\s*([^,]+))?"
)
_MOST_LINES, _MOST_COLUMNS = 20_000, 500
_POLE, _TURN = 90.0, 360.0
# A clock that stands before the first of these instruments was not set.
_FIRST_YEAR = 1960
_SAID = (
    ("temperature", "t"), ("conductivity", "c"), ("pressure", "pr"), ("oxygen", "sb"),
    ("fluor", "fl"), ("turbidity", "turb"), ("obs", "obs"), ("altimeter", "alt"), ("par", "par"),
)  # fmt: skip


@dataclass(slots=True)
class Header:
    """What stands before the data.

    Attributes:
        columns: (short name, words) of each.
        start: of the first scan, None where nothing tells; start_from: what told it.
        step_us: between scans, 0 where they are averaged over depth.
        settings: lines with ``#``, by lower-case name; said: those with ``**``.
        end: number of the last line of the header.
    """

    columns: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    model: str = ""
    start: datetime | None = None
    start_from: str = ""
    step_us: int = 0
    longitude: float | None = None
    latitude: float | None = None
    bad: float | None = None
    settings: dict[str, str] = field(default_factory=dict[str, str])
    said: dict[str, str] = field(default_factory=dict[str, str])
    sensors: list[tuple[str, Sensor]] = field(default_factory=list[tuple[str, Sensor]])
    end: int = 0

    def sensor(self, short: str, among: int) -> Sensor | None:
        """The sensor of a column: the first, or the second of its kind."""
        kind = next((kind for kind, start in _SAID if short.lower().startswith(start)), None)
        fitting = [sensor for name, sensor in self.sensors if kind and kind in name.lower()]
        return fitting[among] if among < len(fitting) else None


def header(numbered: Iterable[tuple[int, str]], name: str) -> Header:
    """The header, up to ``*END*``.

    Raises:
        Invalid: it does not end, or names no columns.
    """
    found, told, xml = Header(), dict[str, str](), list[str]()
    for number, line in numbered:
        if line.strip() == "*END*":
            found.end = number
            break
        if number > _MOST_LINES:
            break
        _take(line, found, told, xml)
    if not found.end or not found.columns:
        raise Invalid(
            "its header does not end with *END*, or names no columns; of Sea-Bird's files the converted ones are read "
            "(.cnv), not bottle summaries or raw scans",
            name,
        )
    _begin(found, told)
    _place(found, told)
    found.sensors += _sensors("\n".join(xml), name)
    return found


def _take(line: str, found: Header, told: dict[str, str], xml: list[str]) -> None:
    """A line of the header: of the settings, of hands, or of the maker."""
    line = plain(line)
    if line.startswith("#"):
        bare = line[1:].strip()
        xml.append(bare) if bare.startswith("<") else _setting(bare, found)
    elif line.startswith("**"):
        if words := _WORDS.fullmatch(line):
            found.said.setdefault(words[1].lower(), words[2].strip())
    elif model := _MODEL.match(line):
        found.model = model[1]
    elif pair := _MAKER.fullmatch(line):
        told.setdefault(pair[1].lower(), pair[2])


def _setting(bare: str, found: Header) -> None:
    if (column := _NAME.fullmatch(bare)) and len(found.columns) < _MOST_COLUMNS:
        found.columns.append((column[2], (column[3] or "").strip()))
    elif told := _SETTING.fullmatch(bare):
        key, value = told[1].lower().strip(), told[2].strip()
        found.settings.setdefault(key, value)
        if key == "bad_flag":
            found.bad = _number(value)
        elif key == "interval" and value.lower().startswith("seconds"):
            found.step_us = round((_number(value.partition(":")[2]) or 0.0) * 1e6)
        elif re.fullmatch(r"sensor \d+", key) and (old := _OLD_SENSOR.match(value)):
            found.sensors.append((old[1], _sensor(old[1], old[2], old[3] or "")))


def _begin(found: Header, told: dict[str, str]) -> None:
    """When the first scan was made, by what tells it best."""
    said = " ".join(found.said.get(key, "") for key in ("date", "start time", "date/time"))
    for words, source in (
        (found.settings.get("start_time", ""), "start_time"), (told.get("nmea utc (time)", ""), "NMEA UTC"),
        (said, "date"), (told.get("system upload time", ""), "System UpLoad Time"),
    ):  # fmt: skip
        if (at := _moment(words)) is not None and at.year >= _FIRST_YEAR:
            found.start, found.start_from = at, source
            return


def _moment(text: str) -> datetime | None:
    found = _MOMENT.search(text)
    try:
        if found and found[1].lower() in _MONTHS:
            month = _MONTHS.index(found[1].lower()) + 1
            return datetime(int(found[3]), month, *(int(found[n]) for n in (2, 4, 5, 6)), tzinfo=UTC)
        iso = re.search(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?", text)
        return datetime.fromisoformat(iso[0]).replace(tzinfo=UTC) if iso else None
    except ValueError:
        return None


def _place(found: Header, told: dict[str, str]) -> None:
    words = [told.get(f"nmea {name}") or found.said.get(name, "") for name in ("latitude", "longitude")]
    y, x = map(_degrees, words)
    if x is not None and y is not None and abs(y) <= _POLE and abs(x) <= _TURN:
        found.longitude, found.latitude = (x + _TURN / 2) % _TURN - _TURN / 2, y


def _degrees(text: str) -> float | None:
    found = _DEGREES.fullmatch(text.strip())
    if not found:
        return None
    value = float(found[2]) + float(found[3] or 0) / 60
    return -value if (found[1] or found[4] or "").upper() in ("S", "W") else value


def _sensors(xml: str, name: str) -> list[tuple[str, Sensor]]:
    """The sensors of the newer headers, which are XML behind the number signs."""
    if "<Sensors" not in xml or "</Sensors>" not in xml:
        return []
    body = xml[xml.index("<Sensors") : xml.index("</Sensors>") + len("</Sensors>")]
    try:
        root: Any = parse(Document(name, body.encode()))
    except Invalid:
        # What was written there is no XML; the data do not depend on it.
        return []
    found: list[tuple[str, Sensor]] = []
    for one in root.iter("{*}SerialNumber"):
        kind = str(one.getparent().tag).removesuffix("Sensor")
        calibrated = one.getparent().findtext("{*}CalibrationDate") or ""
        found.append((kind, _sensor(kind, (one.text or "").strip(), calibrated)))
    return found


def _sensor(kind: str, serial: str, calibrated: str) -> Sensor:
    at = _day(calibrated.strip())
    return Sensor(
        key=f"{kind.strip().lower()} {serial}".strip(), name=Text.of(kind.strip()), maker="Sea-Bird",
        serial=serial, events=(SensorEvent(at, "calibration", calibrated.strip()),) if at else (),
    )  # fmt: skip


def _day(text: str) -> str:
    """A day such as 25-Oct-11, 20/01/2008 or 2008-01-20; "" for what is none, or could be two."""
    named = re.fullmatch(r"(\d{1,2})[- ]?([A-Za-z]{3})\w*[- ]?(\d{2}|\d{4})", text)
    if named and named[2].lower() in _MONTHS:
        year = int(named[3]) + (0 if len(named[3]) > 2 else 2000 if int(named[3]) < 60 else 1900)  # noqa: PLR2004
        text = f"{year}-{_MONTHS.index(named[2].lower()) + 1:02d}-{int(named[1]):02d}"
    elif not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return ""
    try:
        return date(text)
    except Invalid:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def started(found: Header) -> str:
    """The moment of the first scan, "" where nothing tells."""
    return moment(found.start) if found.start else ""

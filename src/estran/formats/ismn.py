"""Series of the International Soil Moisture Network (.stm), in both layouts: station and depths in each line, or once.

The name of the file tells the variable and the sensor; the flags are those of the network's quality control, those of
the provider are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estran.errors import Invalid
from estran.formats import Format, Refusal, Rows
from estran.formats._summary import passing, summary, told
from estran.formats._text import numbered, opened, plain
from estran.model import Concept, Datastream, FlagMeaning, Record, Sensor, Text, Thing, Variable, instant_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Observed

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN, _LIKELY = 0.96, 0.7
_WHEN = r"\d{4}/\d{2}/\d{2} \d{2}:\d{2}"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[nN]a[nN]"
_PLACE = rf"(?P<lat>{_NUMBER})\s+(?P<lon>{_NUMBER})\s+(?P<height>{_NUMBER})\s+(?P<top>{_NUMBER})\s+(?P<bottom>{_NUMBER})"
_WHOLE = re.compile(
    rf"(?P<time>{_WHEN})\s+(?P<actual>{_WHEN})\s+(?P<cse>\S+)\s+(?P<network>\S+)\s+(?P<station>\S.*?)\s+{_PLACE}"
    rf"\s+(?P<value>{_NUMBER})\s*(?P<flag>\S*)\s*(?P<other>\S*)\s*"
)
_ONCE = re.compile(rf"(?P<cse>\S+)\s+(?P<network>\S+)\s+(?P<station>\S.*?)\s+{_PLACE}\s+(?P<sensor>\S.*?)\s*")
_SHORT = re.compile(rf"(?P<time>{_WHEN})\s+(?P<value>{_NUMBER})\s*(?P<flag>\S*)\s*(?P<other>\S*)\s*")
_NAME = re.compile(
    r".+?_(?P<what>sm|ts|tsf|ta|p|su|sd|sweq)_[-\d.]+_[-\d.]+_(?P<sensor>.+)_\d{8}_\d{8}\.stm", re.IGNORECASE
)
_WHAT = {
    "sm": ("soil moisture", "volume_fraction_of_condensed_water_in_soil", "m3 m-3"),
    "ts": ("soil temperature", "soil_temperature", "degree_C"), "ta": ("air temperature", "air_temperature", "degree_C"),
    "tsf": ("surface temperature", "surface_temperature", "degree_C"), "p": ("precipitation", "", "mm"),
    "su": ("soil suction", "", "kPa"), "sd": ("snow depth", "surface_snow_thickness", "mm"),
    "sweq": ("snow water equivalent", "", "mm"),
}  # fmt: skip
_FLAGS = (
    FlagMeaning("G", "good", 1), FlagMeaning("U", "not checked", 2), FlagMeaning("M", "missing", 9),
    *(FlagMeaning(f"C{n:02d}", "outside of the plausible range", 4) for n in range(1, 4)),
    *(FlagMeaning(f"D{n:02d}", "dubious", 3) for n in range(1, 11)),
)  # fmt: skip
_ROWS_AT_ONCE, _MOST_REFUSED, _MISSING = 50_000, 100, -9000.0
_POLE, _HALF_TURN = 90.0, 180.0


class _Where(NamedTuple):
    """One sensor of one station."""

    network: str
    station: str
    longitude: float
    latitude: float
    height: float
    top: float
    bottom: float


@dataclass(slots=True)
class _Gathered:
    time: list[int] = field(default_factory=list[int])
    value: list[float] = field(default_factory=list[float])
    flag: list[str | None] = field(default_factory=list["str | None"])


def recognise(head: bytes, name: str) -> float:
    """By the first line, or the name."""
    first = head.replace(b"\r", b"\n").split(b"\n", 1)[0].decode("latin-1")
    if _WHOLE.fullmatch(first):
        return _CERTAIN
    return _LIKELY if PurePath(name).suffix.lower() == ".stm" and b"\0" not in head else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of the network that a file is of, with what this file adds to it.

    Raises:
        Invalid: no observation is found in it, or nothing tells where it was made.
    """
    networks: set[str] = set()
    found = passing(observe(document), lambda one: networks.add(dict(one.thing.properties)["network"]))
    variables, extent = summary(found)
    if len(networks) != 1:
        raise Invalid("no observation of one network is found in it", document.name)
    (network,) = networks
    yield Record(
        identifier=f"ismn:{network}",
        title=Text.of(f"Soil moisture network {network}"),
        landing_page="https://ismn.earth",
        metadata_standard="ISMN",
        concepts=(Concept(label=Text.of("soil moisture")),),
        variables=variables,
        extent=extent,
    )


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a file and their values; a line that does not fit is refused by its number.

    Raises:
        Invalid: nothing tells where its values were measured.
    """
    reading = _Reading(document.name)
    with opened(document) as text:
        for number, line in numbered(text):
            yield from reading.take(number, line.strip())
    yield from reading.finish()


class _Reading:
    """A file on its way: values gathered by sensor, handed on in batches."""

    def __init__(self, name: str) -> None:
        named = _NAME.fullmatch(PurePath(name).name)
        self._name, self._what = name, named["what"].lower() if named else "sm"
        self._sensor = named["sensor"] if named else ""
        self._where: _Where | None = None
        self._gathered: dict[_Where, _Gathered] = {}
        self._known: set[_Where] = set()
        self._held = self._refused = 0

    def take(self, number: int, line: str) -> Iterator[Observed]:
        """A line; gives what is ready."""
        line = plain(line)
        if not line:
            return
        whole = _WHOLE.fullmatch(line)
        row = whole or _SHORT.fullmatch(line)
        if row is None and self._where is None and (once := _ONCE.fullmatch(line)) is not None:
            self._where, self._sensor = _where(once), once["sensor"]
            return
        try:
            if row is None:
                raise Invalid(f"the line is no observation: “{line[:60]}”", self._name)
            at = instant_us(row["time"], "time")
        except Invalid as error:
            self._refused += 1
            if self._refused <= _MOST_REFUSED:
                yield Refusal(self._name, error.why, number)
            return
        place = _where(whole) if whole else self._where
        if place is None:
            raise Invalid("nothing tells where its values were measured: its first line should", self._name)
        own = self._gathered.setdefault(place, _Gathered())
        own.time.append(at)
        own.value.append(float(row["value"]))
        own.flag.append(row["flag"].partition(",")[0] or None)
        self._held += 1
        if self._held >= _ROWS_AT_ONCE:
            yield from self._ready()

    def finish(self) -> Iterator[Observed]:
        """What is left."""
        yield from self._ready()
        if self._refused > _MOST_REFUSED:
            more = self._refused - _MOST_REFUSED
            yield Refusal(self._name, f"{more:,} more lines were refused for such reasons")

    def _ready(self) -> Iterator[Observed]:
        for where, own in self._gathered.items():
            stream = _stream(where, self._what, self._sensor)
            if where not in self._known:
                self._known.add(where)
                yield stream
            value = np.array(own.value)
            # A value that is missing is written as -9999.
            keep = np.isfinite(value) & (value > _MISSING)
            yield Rows(
                datastream=stream.key, time=np.array(own.time, np.int64)[keep], value=value[keep],
                flag=[flag for flag, is_kept in zip(own.flag, keep, strict=True) if is_kept],
            )  # fmt: skip
        self._gathered, self._held = {}, 0


def explain(document: Document) -> str:
    """How a file would be understood."""
    return told("International Soil Moisture Network", observe(document))


def _where(row: re.Match[str]) -> _Where:
    numbers = (float(row[name]) for name in ("lon", "lat", "height", "top", "bottom"))
    return _Where(row["network"], " ".join(row["station"].split()), *numbers)


def _stream(where: _Where, what: str, sensor: str) -> Datastream:
    label, standard, unit = _WHAT[what]
    on_globe = abs(where.longitude) <= _HALF_TURN and abs(where.latitude) <= _POLE
    depths = f"{where.top:g}–{where.bottom:g} m"
    return Datastream(
        key=f"{where.network}/{where.station}/{what} {where.top:g} {where.bottom:g}" + (f" {sensor}" if sensor else ""),
        thing=Thing(
            key=f"{where.network}/{where.station}", name=Text.of(where.station),
            longitude=where.longitude if on_globe else None, latitude=where.latitude if on_globe else None,
            elevation_m=where.height if np.isfinite(where.height) else None,
            properties=(("network", where.network),),
        ),
        sensor=Sensor(key=sensor, name=Text.of(sensor)) if sensor else None,
        name=Text.of(f"{label}, {depths}"),
        description=Text.of(f"at a depth of {depths}"),
        variable=Variable(name=what, label=Text.of(label), standard_name=standard, unit=unit),
        flags="ISMN", flag_meanings=_FLAGS,
    )  # fmt: skip


FORMAT = Format(
    name="ismn",
    title="International Soil Moisture Network",
    media_types=("text/x-ismn", "text/plain"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    parts=True,
    suffix=".stm",
)

"""Series that the demo makes itself: three tide gauges that do not exist, said to be synthetic wherever they show.

Every value follows from its time alone, so that whoever builds the demo has the same, up to the present.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estran.formats import Rows
from estran.model import (
    Box,
    Concept,
    Datastream,
    Extent,
    Licence,
    Party,
    Period,
    Record,
    Sensor,
    SensorEvent,
    Text,
    Thing,
    Variable,
    bounds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

__all__ = ["IDENTIFIER", "record", "rows", "streams"]

IDENTIFIER = "estran-demo-synthetic-tide-gauges"
_MINUTE_US = 60_000_000
_DAY_US = 1440 * _MINUTE_US
_STEPS_US = {"level": 6 * _MINUTE_US, "temperature": 60 * _MINUTE_US}
_YEAR = 365.2422
_JUNE = 6
# Degrees an hour of the tide's constituents, and what part of the range each is.
_TIDE = (
    (28.984104, 1.0),
    (30.0, 0.36),
    (28.43973, 0.2),
    (15.041069, 0.035),
    (13.943036, 0.03),
    (57.96821, 0.025),
)
_GOOD, _SUSPECT, _BAD = "1", "3", "4"
_SAID = Text((
    ("en", "Made by a formula for the demonstration of Estran: nobody measured this."),
    ("fr", "Fait d’une formule pour la démonstration d’Estran : personne n’a mesuré ceci."),
))  # fmt: skip

_ABSTRACT = Text((
    ("en", ("Sea level every six minutes and water temperature every hour at three tide gauges that do not exist. The series "
     "are made by a formula when the demonstration is built, with gaps, spikes and a probe that fouls and is exchanged, to "
     "show what a node does with observations. They must not be used for anything else.")),
    ("fr", ("Niveau de la mer toutes les six minutes et température de l’eau toutes les heures à trois marégraphes qui "
     "n’existent pas. Les séries sont faites d’une formule quand la démonstration se construit, avec des lacunes, des pics "
     "et une sonde qui s’encrasse puis est remplacée, pour montrer ce qu’un nœud fait d’observations. Elles ne servent à "
     "rien d’autre.")),
))  # fmt: skip


class _Gauge(NamedTuple):
    """A station: where it is said to stand, how far its tide goes (m), and the mean and range of its year (degree_C)."""

    code: str
    longitude: float
    latitude: float
    tide_m: float
    mean: float
    range: float


_GAUGES = (
    _Gauge("A", -4.9, 48.3, 2.05, 13.6, 3.4),
    _Gauge("B", -1.5, 45.5, 1.45, 15.2, 5.1),
    _Gauge("C", 3.9, 43.3, 0.07, 17.1, 6.2),
)
# What went wrong, by series: days after the start, from and to. There nothing is sent, or what is sent is doubtful.
_SILENT: Mapping[str, tuple[tuple[float, float], ...]] = {
    "A/level": ((31.4, 33.1), (207.0, 219.5)), "B/level": ((96.2, 96.9),), "C/temperature": ((150.0, 171.0),),
    "A/temperature": ((31.4, 33.1),),
}  # fmt: skip
_FOULED = "B/temperature"
# From the day on which the probe fouls to that of its exchange.
_FOULING = (232.0, 268.5)


def begin(today: str) -> str:
    """The day on which the series begin: the newest half-year's first that is a year ago at least."""
    year, month = int(today[:4]) - 1, int(today[5:7])
    return f"{year}-01-01" if month <= _JUNE else f"{year}-07-01"


def record(start: str) -> Record:
    """The record of the series, which begin on a day."""
    west, east = min(g.longitude for g in _GAUGES), max(g.longitude for g in _GAUGES)
    south, north = min(g.latitude for g in _GAUGES), max(g.latitude for g in _GAUGES)
    return Record(
        identifier=IDENTIFIER, kind="dataset",
        title=Text((
            ("en", "Three synthetic tide gauges: sea level and temperature (generated, not measured)"),
            ("fr", "Trois marégraphes synthétiques : niveau de la mer et température (générés, non mesurés)"),
        )),
        abstract=_ABSTRACT,
        lineage=_SAID,
        parties=(Party(organisation=Text.of("Estran demonstration", "en"), role="originator"),),
        concepts=(Concept(label=Text((("en", "synthetic data"), ("fr", "données synthétiques")))),),
        licences=(Licence(spdx="CC0-1.0"),),
        variables=tuple(_VARIABLES.values()),
        extent=Extent(boxes=(Box(west, south, east, north),), periods=(Period(start, ""),)),
    )  # fmt: skip


_VARIABLES = {
    "level": Variable(
        name="level", standard_name="sea_surface_height_above_geoid", unit="m",
        label=Text((("en", "Sea level"), ("fr", "Niveau de la mer"))),
    ),
    "temperature": Variable(
        name="temperature", standard_name="sea_water_temperature", unit="degree_C",
        label=Text((("en", "Water temperature"), ("fr", "Température de l’eau"))),
    ),
}  # fmt: skip


def streams(start: str) -> list[Datastream]:
    """The datastreams: of each gauge one for each variable."""
    first = bounds(start)[0]
    return [
        Datastream(
            key=f"{gauge.code}/{name}", thing=_thing(gauge), variable=variable, flags="qartod",
            sensor=_sensor(f"{gauge.code}/{name}", name, first), lineage=_SAID,
            processing_level="Quality-controlled data",
        )
        for gauge in _GAUGES
        for name, variable in _VARIABLES.items()
    ]  # fmt: skip


def _thing(gauge: _Gauge) -> Thing:
    name = Text((
        ("en", f"Synthetic gauge {gauge.code}"), ("fr", f"Marégraphe synthétique {gauge.code}"),
    ))  # fmt: skip
    return Thing(
        key=f"SYNTHETIC-{gauge.code}", name=name, description=_SAID, longitude=gauge.longitude, latitude=gauge.latitude
    )  # fmt: skip


def _sensor(key: str, name: str, start: int) -> Sensor:
    what = ("pressure gauge", "capteur de pression") if name == "level" else ("thermistor", "thermistance")
    events: tuple[SensorEvent, ...] = ()
    if key == _FOULED:
        cleaned, exchanged = (_date(start + round(day * _DAY_US)) for day in (120.0, _FOULING[1]))
        events = (
            SensorEvent(cleaned, "maintenance", "The probe was cleaned."),
            SensorEvent(
                exchanged, "exchange", "The fouled probe was exchanged: its last five weeks are doubtful."
            ),
        )
    title = Text((("en", f"Imaginary {what[0]}"), ("fr", f"{what[1].capitalize()} imaginaire")))
    return Sensor(key=f"{key}/sensor", name=title, periods=(Period(_date(start), ""),), events=events)


def _date(us: int) -> str:
    return f"{np.datetime64(us, 'us').astype('datetime64[D]')}"


def rows(start: str, after: int, until: int) -> Iterator[Rows]:
    """What the gauges say behind one instant and up to another, in microseconds since 1970 UTC."""
    begun = bounds(start)[0]
    for n, gauge in enumerate(_GAUGES):
        for name, step in _STEPS_US.items():
            key = f"{gauge.code}/{name}"
            first = max(0, (after - begun) // step + 1)
            time = begun + step * np.arange(first, (until - begun) // step + 1, dtype=np.int64)
            days = (time - begun) / _DAY_US
            time, days = _sent(key, time, days)
            made = _level if name == "level" else _temperature
            value = made(gauge, time, days, 10 * n + len(name))
            yield _flagged(key, time, days, value, 100 * n + len(name))


def _sent(
    key: str, time: NDArray[np.int64], days: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    kept = np.ones(len(time), bool)
    for begin, end in _SILENT.get(key, ()):
        kept &= (days < begin) | (days >= end)
    return time[kept], days[kept]


def _level(
    gauge: _Gauge, time: NDArray[np.int64], days: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    hours, surge = time / (60 * _MINUTE_US), np.zeros(len(time))
    tide = np.zeros(len(time))
    for speed, part in _TIDE:
        tide += gauge.tide_m * part * np.cos(np.radians((speed * hours + 7.0 * gauge.longitude) % 360))
    for n, period in enumerate((3.1, 5.7, 11.9)):
        surge += 0.06 * np.sin(2 * np.pi * days / period + seed + n)
    # The sea is higher in autumn, and noisy.
    season = 0.07 * np.cos(2 * np.pi * (time / _DAY_US - 300) / _YEAR)
    return np.round(tide + surge + season + 0.012 * _noise(time, seed), 3)


def _temperature(
    gauge: _Gauge, time: NDArray[np.int64], days: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    season = -gauge.range * np.cos(2 * np.pi * (time / _DAY_US - 45) / _YEAR)
    daily = 0.35 * np.sin(2 * np.pi * (days - 0.38))
    weather = sum(0.3 * np.sin(2 * np.pi * days / period + seed) for period in (6.3, 17.0, 41.0))
    return np.round(gauge.mean + season + daily + weather + 0.05 * _noise(time, seed), 2)


def _flagged(
    key: str, time: NDArray[np.int64], days: NDArray[np.float64], value: NDArray[np.float64], seed: int
) -> Rows:
    """The values with what went wrong: spikes are bad, what a fouled probe says is suspect."""
    flag = np.full(len(time), _GOOD)
    spikes = (_noise(time, seed) > 0.9998) & (days > 1)  # noqa: PLR2004 - two of ten thousand
    value = np.where(spikes, np.round(value + 2.5, 3), value)
    flag[spikes] = _BAD
    if key == _FOULED:
        fouled = (days >= _FOULING[0]) & (days < _FOULING[1])
        value = np.where(fouled, np.round(value + 0.06 * (days - _FOULING[0]), 2), value)
        flag[fouled & ~spikes] = _SUSPECT
    return Rows(datastream=key, time=time, value=value, flag=flag.tolist())


def _noise(time: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Evenly between -1 and 1, the same for the same time: a mixing of its bits (SplitMix64)."""
    with np.errstate(over="ignore"):
        x = time.astype(np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))).astype(np.float64) / 2**63 - 1

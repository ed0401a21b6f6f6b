"""What observations are of: the pivot of SensorThings, ISO 19156 and the Theia/OZCAR model.

A dataset is a `Record`. It holds datastreams: what one sensor at one thing told about one property. What Theia
calls an observation is a datastream here, as SensorThings has it; an observation is one value of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from estran.model.record import Variable  # noqa: TC001 - read when documents are decoded
from estran.model.text import Text
from estran.model.time import Period  # noqa: TC001

KINDS = ("measurement", "count", "category", "truth", "text")
"""What results are: OM_Measurement and its kin of ISO 19156."""
SAMPLINGS = ("point", "timeSeries", "profile", "trajectory", "timeSeriesProfile", "trajectoryProfile")
"""How the observations of a datastream lie in space and time: the feature types of CF chapter 9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A station, mooring, float, ship or animal that carries sensors.

    Attributes:
        key: its name within the dataset, such as a station code or a WMO number.
        longitude, latitude: in degrees, None for what moves; its observations say then where they were made.
        elevation_m: of its ground above sea level.
        properties: what else is told of it, as (name, value) pairs.
    """

    key: str
    name: Text = Text()
    description: Text = Text()
    longitude: float | None = None
    latitude: float | None = None
    elevation_m: float | None = None
    properties: tuple[tuple[str, str], ...] = ()


class SensorEvent(NamedTuple):
    """Something that happened to a sensor: a calibration, an exchange, maintenance."""

    at: str
    kind: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """An instrument, or the procedure that made the values.

    Attributes:
        periods: when it was active.
        documents: addresses of its data sheets and manuals.
    """

    key: str
    name: Text = Text()
    description: Text = Text()
    model: str = ""
    maker: str = ""
    serial: str = ""
    documents: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    events: tuple[SensorEvent, ...] = ()


class FlagMeaning(NamedTuple):
    """What a producer means by a flag.

    Attributes:
        flag: as it stands beside the values, such as ``3``.
        words: what it means, such as ``probably_bad`` or “douteux”.
        quality: QARTOD's code for it (1, 2, 3, 4 or 9); 0 where the words are to tell.
    """

    flag: str
    words: str
    quality: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastream:
    """The values of one property that one sensor observed at one thing.

    Attributes:
        key: its name within the dataset; values that come again under the same key replace each other.
        variable: the observed property with its unit in UDUNITS notation.
        kind: one of `KINDS`.
        sampling: one of `SAMPLINGS`.
        cell_method: how values were made of what was measured, as CF has it, such as ``time: mean``.
        vertical: what the third coordinate of its values is, None where they have none.
        flags: name of the scheme of the producer's flags, "" where there are none.
        flag_meanings: what they mean, where the scheme is the producer's own (CF's flag_values and flag_meanings).
    """

    key: str
    thing: Thing
    variable: Variable
    sensor: Sensor | None = None
    name: Text = Text()
    description: Text = Text()
    kind: str = "measurement"
    sampling: str = "timeSeries"
    processing_level: str = ""
    cell_method: str = ""
    lineage: Text = Text()
    vertical: Variable | None = None
    flags: str = ""
    flag_meanings: tuple[FlagMeaning, ...] = ()

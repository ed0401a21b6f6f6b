"""The channels of a seismic network as datastreams: of each the lowest, the highest and the mean of a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.model import Datastream, Sensor, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KINDS", "MINUTE_US", "dataset_of", "envelopes", "key_of"]

MINUTE_US = 60_000_000
KINDS = ("minimum", "maximum", "mean")
"""What stands for the waves of a minute."""
# The second letter of a SEED channel: what the instrument measures.
_INSTRUMENTS = {
    "H": "ground velocity, high gain", "L": "ground velocity, low gain", "M": "mass position", "N": "ground acceleration",
    "G": "gravity", "D": "pressure", "F": "magnetic field", "K": "temperature", "O": "water current", "W": "wind",
    "A": "tilt", "B": "creep", "C": "calibration", "E": "electronic test point", "I": "humidity", "R": "rainfall",
    "S": "strain", "T": "tide", "U": "bolometer", "V": "strain of volume", "P": "ground velocity, geophone",
}  # fmt: skip
_DIRECTIONS = {"Z": "vertical", "N": "north", "E": "east", "1": "first horizontal", "2": "second horizontal"}


def dataset_of(network: str) -> str:
    """The identifier of the dataset of a network."""
    return f"fdsn:{network}"


def key_of(network: str, station: str, location: str, channel: str) -> str:
    """A channel as seismologists write it, such as ``IU.ANMO.00.BHZ``."""
    return f"{network}.{station}.{location}.{channel}"


def envelopes(
    key: str,
    thing: Thing,
    *,
    sensor: Sensor | None = None,
    unit: str = "count",
    words: str = "",
    lineage: str = "",
) -> Iterator[Datastream]:
    """The datastreams of a channel.

    Args:
        key: of the channel, as `key_of` gives it.
        thing: the station.
        sensor: the instrument.
        unit: of the values; counts of the digitiser where nothing else is known.
        words: what is told of the channel.
        lineage: how counts become a physical quantity.
    """
    channel = key.rpartition(".")[2]
    label = _label(channel)
    for kind in KINDS:
        yield Datastream(
            key=f"{key}/{kind}",
            thing=thing,
            sensor=sensor,
            name=Text.of(f"{key}, {kind} of a minute"),
            variable=Variable(name=channel, label=Text.of(label), unit=unit),
            description=Text.of(words),
            cell_method=f"time: {kind} (interval: 1 minute)",
            lineage=Text.of(lineage),
            processing_level="Raw data",
        )


def _label(channel: str) -> str:
    instrument = _INSTRUMENTS.get(channel[1:2], "")
    return ", ".join(filter(None, (instrument, _DIRECTIONS.get(channel[2:3], "")))) or channel

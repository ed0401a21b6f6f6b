"""FDSN StationXML: networks as datasets, stations as things, instruments as sensors, channels as datastreams.

A channel has three datastreams, the envelopes that its miniSEED files fill. Epochs of one channel are one datastream,
whose sensor tells when which instrument stood there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import Dataset, Document, Format
from estran.formats._identifiers import doi
from estran.formats._seed.channels import dataset_of, envelopes, key_of
from estran.formats._text import whole
from estran.formats._xml import local, parse, root_name
from estran.model import (
    Box,
    Concept,
    Extent,
    Identifier,
    Party,
    Period,
    Record,
    Sensor,
    SensorEvent,
    Text,
    Thing,
    Vertical,
    date,
    hull,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Observed

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN = 0.97
_NAMESPACE, _ROOT = "fdsn.org/xml/station", "FDSNStationXML"
_POLE, _HALF_TURN = 90.0, 180.0
# An end that nobody expects to live to see is open.
_OPEN_FROM = "2100"
_MOST_CHANNELS = 200_000


def recognise(head: bytes, _name: str) -> float:
    """By its root element."""
    namespace, name = root_name(head)
    return _CERTAIN if name == _ROOT and _NAMESPACE in namespace else 0.0


def read(document: Document) -> Iterator[Record]:
    """A record for each network.

    Raises:
        Invalid: it is no XML that may be read, or holds no network.
    """
    root = _root(document)
    created, sender = _date(_word(root, "Created")), _word(root, "Sender") or _word(root, "Source")
    for network in _networks(root, document):
        yield _record(network, created, sender)


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of each network's channels, which have no values yet.

    Raises:
        Invalid: it is no XML that may be read, or holds no network.
    """
    for network in _networks(_root(document), document):
        yield Dataset(dataset_of(_code(network)))
        yield from _streams(network)


def explain(document: Document) -> str:
    """How a document would be understood."""
    lines = ["FDSN StationXML: metadata of networks, without values"]
    for network in _networks(_root(document), document):
        stations = [_code(one) for one in _children(network, "Station")]
        channels = {key for _, key, _ in _channels(network)}
        lines.append(f"  network {_code(network)}: {len(stations):,} stations, {len(channels):,} channels")
    return "\n".join(lines)


def _root(document: Document) -> Any:
    return parse(Document(document.name, whole(document)))


def _networks(root: Any, document: Document) -> list[Any]:
    found = [one for one in _children(root, "Network") if _code(one)]
    if local(root) != _ROOT or not found:
        raise Invalid("it names no network; ask the service for one with its stations", document.name)
    count = sum(1 for _ in root.iter("{*}Channel"))
    if count > _MOST_CHANNELS:
        raise Invalid(
            f"it holds {count:,} channels, and {_MOST_CHANNELS:,} are read; split it", document.name
        )
    return found


def _record(network: Any, created: str, sender: str) -> Record:
    code, words = _code(network), _word(network, "Description")
    stations = list(_children(network, "Station"))
    places = [place for one in stations if (place := _place(one))]
    depths = [depth for one in network.iter("{*}Channel") if (depth := _number(one, "Depth")) is not None]
    box = hull([Box(x, y, x, y) for x, y in places])
    period = _span([network]) if network.get("startDate") else _span(stations)
    names = dict.fromkeys(_word(one, "Type") or _word(one, "Model") for one in network.iter("{*}Sensor"))
    identifiers = [doi(one.text or "") for one in _children(network, "Identifier")]
    operators = dict.fromkeys(
        (one.text or "").strip()
        for one in network.iter("{*}Agency")
        if "Operator" in str(one.getparent().tag)
    )
    parties = [Party(role="owner", organisation=Text.of(name)) for name in operators if name]
    if sender:
        parties.append(Party(role="distributor", organisation=Text.of(sender)))
    return Record(
        identifier=dataset_of(code),
        identifiers=tuple(Identifier(one, "doi") for one in identifiers if one),
        title=Text.of(words or f"Seismic network {code}"),
        alternate_titles=(Text.of(f"Seismic network {code}"),) if words else (),
        metadata_standard="FDSN StationXML",
        revised=created,
        access="restricted" if network.get("restrictedStatus") == "closed" else "",
        parties=tuple(parties),
        concepts=tuple(Concept(label=Text.of(name), role="instrument") for name in names if name),
        variables=tuple(dict.fromkeys(one.variable for one in _streams(network))),
        extent=Extent(
            boxes=(box,) if box else (),
            periods=(period,) if period.start or period.end else (),
            places=tuple(dict.fromkeys(Text.of(name) for one in stations if (name := _site(one)))),
            vertical=(Vertical(-max(depths), -min(depths), "m"),) if depths and any(depths) else (),
        ),
    )


@dataclass(slots=True)
class _Epochs:
    """One channel over the times of its instruments."""

    thing: Thing
    elements: list[Any] = field(default_factory=list[Any])


def _streams(network: Any) -> Iterator[Any]:
    """The datastreams of each channel, its epochs together."""
    together: dict[str, _Epochs] = {}
    for station, key, element in _channels(network):
        together.setdefault(key, _Epochs(_thing(station, _code(network)))).elements.append(element)
    for key, epochs in together.items():
        newest = max(epochs.elements, key=lambda one: one.get("startDate") or "")
        yield from envelopes(
            key,
            epochs.thing,
            sensor=_sensor(key, epochs.elements),
            words=_told(newest),
            lineage=_sensitivity(newest),
        )


def _channels(network: Any) -> Iterator[tuple[Any, str, Any]]:
    """(station, key, channel) of each epoch of a channel."""
    for station in _children(network, "Station"):
        for channel in _children(station, "Channel"):
            if _code(station) and _code(channel):
                location = (channel.get("locationCode") or "").strip().replace("--", "")
                yield station, key_of(_code(network), _code(station), location, _code(channel)), channel


def _thing(station: Any, network: str) -> Thing:
    place = _place(station)
    told = [("site", _site(station))]
    told += [(name.lower(), _word(station, name)) for name in ("Vault", "Geology")]
    return Thing(
        key=f"{network}.{_code(station)}", name=Text.of(_code(station)), description=Text.of(_site(station)),
        longitude=place[0] if place else None, latitude=place[1] if place else None,
        elevation_m=_number(station, "Elevation"), properties=tuple((k, v) for k, v in told if v),
    )  # fmt: skip


def _sensor(key: str, epochs: list[Any]) -> Sensor | None:
    """The instruments of a channel as one: the newest names it, each tells when it stood there."""
    periods: list[Period] = []
    events: list[SensorEvent] = []
    newest: Any = None
    for epoch in sorted(epochs, key=lambda one: one.get("startDate") or ""):
        sensor = next(_children(epoch, "Sensor"), None)
        period = _span([epoch])
        if period.start or period.end:
            periods.append(period)
        if sensor is None:
            continue
        newest = sensor
        called = _word(sensor, "Type") or _word(sensor, "Model") or _word(sensor, "Description")
        for name, kind in (("InstallationDate", "installation"), ("RemovalDate", "removal")):
            if at := _date(_word(sensor, name)):
                events.append(SensorEvent(at, kind, called))
        dates = [_date((one.text or "").strip()) for one in _children(sensor, "CalibrationDate")]
        events += [SensorEvent(at, "calibration", called) for at in dates if at]
        if len(epochs) > 1 and period.start:
            events.append(SensorEvent(period.start, "exchange", called))
    if newest is None:
        return None
    serial = _word(newest, "SerialNumber")
    named = _word(newest, "Type") or _word(newest, "Description") or _word(newest, "Model")
    return Sensor(
        key=key, name=Text.of(named), description=Text.of(_word(newest, "Description")),
        model=_word(newest, "Model"), maker=_word(newest, "Manufacturer"), serial=serial,
        periods=tuple(dict.fromkeys(periods)), events=tuple(dict.fromkeys(events)),
    )  # fmt: skip


def _told(channel: Any) -> str:
    """Where a channel looks, and how often."""
    said = (
        ("SampleRate", "{} samples a second"),
        ("Azimuth", "azimuth {}°"),
        ("Dip", "dip {}°"),
        ("Depth", "{} m deep"),
    )
    parts = [
        words.format(f"{value:g}") for name, words in said if (value := _number(channel, name)) is not None
    ]
    return ", ".join(parts)


def _sensitivity(channel: Any) -> str:
    found = channel.find("{*}Response/{*}InstrumentSensitivity")
    value = _number(found, "Value") if found is not None else None
    unit = found.findtext("{*}InputUnits/{*}Name") if found is not None else ""
    if value is None or not unit:
        return ""
    frequency = _number(found, "Frequency")
    at = f" at {frequency:g} Hz" if frequency is not None else ""
    return f"Counts of the digitiser: {value:g} counts are 1 {unit.strip()}{at}"


def _span(elements: list[Any]) -> Period:
    """From the first start to the last end, an end that is far ahead being open."""
    starts = [_date(one.get("startDate") or "") for one in elements]
    ends = [_date(one.get("endDate") or "") for one in elements]
    is_open = any(not end or end >= _OPEN_FROM for end in ends)
    start = min((one for one in starts if one), default="")
    return Period(start, "" if is_open else max(ends, default=""))


def _place(element: Any) -> tuple[float, float] | None:
    x, y = _number(element, "Longitude"), _number(element, "Latitude")
    return (x, y) if x is not None and y is not None and abs(x) <= _HALF_TURN and abs(y) <= _POLE else None


def _site(station: Any) -> str:
    return (station.findtext("{*}Site/{*}Name") or "").strip()


def _children(element: Any, name: str) -> Iterator[Any]:
    return element.iterchildren(f"{{*}}{name}")


def _code(element: Any) -> str:
    return (element.get("code") or "").strip()


def _word(element: Any, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _number(element: Any, name: str) -> float | None:
    try:
        value = float(_word(element, name))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None  # noqa: PLR2004 - no such thing on Earth, NaN neither


def _date(text: str) -> str:
    try:
        return date(text) if text else ""
    except Invalid:
        return ""


FORMAT = Format(
    name="stationxml",
    title="FDSN StationXML",
    media_types=("application/vnd.fdsn.stationxml+xml", "application/xml"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    parts=True,
    suffix=".xml",
)

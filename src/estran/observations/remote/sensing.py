"""Entities of SensorThings, of any version and make, as things, sensors, properties and datastreams of the pivot."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.model import (
    Datastream,
    FlagMeaning,
    Period,
    Sensor,
    SensorEvent,
    Text,
    Thing,
    Variable,
    instant_us,
)
from estran.model.observation import SAMPLINGS
from estran.observations.given import bounds, encoded
from estran.observations.store.places import Place, Placed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["datastream", "obj", "place", "placed", "sensor", "span", "thing", "unit", "variable", "words"]

_KINDS = {
    "om_measurement": "measurement", "om_countobservation": "count", "om_categoryobservation": "category",
    "om_truthobservation": "truth",
}  # fmt: skip
_STANDARD_NAMES = re.compile(
    r"(?:standard[_-]?names?/|standard_name_table.*#|P07/current/|cf-standard-names?[/#])([a-z][a-z0-9_]+)/?$",
    re.IGNORECASE,
)
# Codes of UCUM, and last words of QUDT's addresses, as UDUNITS has them, where these differ.
_UNITS = {
    "cel": "degree_Celsius", "deg_c": "degree_Celsius", "degc": "degree_Celsius", "°c": "degree_Celsius",
    "degree celsius": "degree_Celsius", "degf": "degree_Fahrenheit", "deg_f": "degree_Fahrenheit", "°f": "degree_Fahrenheit",
    "percent": "%", "m/s": "m s-1", "m-per-sec": "m s-1", "km/h": "km h-1", "deg": "degree", "°": "degree",
    "µg/m3": "ug m-3", "μg/m3": "ug m-3", "µg/m³": "ug m-3", "μg/m³": "ug m-3", "ug/m3": "ug m-3", "ug.m-3": "ug m-3",
    "mg/m3": "mg m-3", "mg/l": "mg L-1", "m3/s": "m3 s-1", "m³/s": "m3 s-1", "l/s": "L s-1", "w/m2": "W m-2",
    "w/m²": "W m-2", "us/cm": "uS cm-1", "µs/cm": "uS cm-1", "kg/m3": "kg m-3", "m³/m³": "m3 m-3", "m3/m3": "m3 m-3",
    "hpa": "hPa", "pa": "Pa",
}  # fmt: skip
_NO_UNIT = frozenset(
    {"", "-", "n/a", "na", "none", "null", "no unit", "unitless", "dimensionless", "unknown"}
)
_GENERIC = re.compile(r"^(https?://|urn:)", re.IGNORECASE)
_POLE, _TURN = 90.0, 360.0
_SEVERAL = 2
_OWN = frozenset({"dataset", "key", "elevation_m"})


def obj(value: Any) -> dict[str, Any]:
    """An object, an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def words(value: Any) -> str:
    """A text, "" for nothing; numbers and JSON as they are written."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else msgspec.json.encode(value).decode()


def thing(one: Mapping[str, Any], key: str, locations: Sequence[Mapping[str, Any]]) -> Thing:
    """A thing, with the first of its locations that is a point, or else the middle of one that is none."""
    said = obj(one.get("properties"))
    found = [at for location in locations if (at := place(location.get("location"))) is not None]
    points = [at for at in found if at[3]]
    x, y, z, _ = (points or found or [(None, None, None, False)])[0]
    told = said.get("elevation_m")
    elevation = float(told) if isinstance(told, int | float) and not isinstance(told, bool) else z
    return Thing(
        key=key, name=Text.of(words(one.get("name"))), description=_described(one),
        longitude=x, latitude=y, elevation_m=elevation,
        properties=tuple((str(name), words(value)) for name, value in said.items() if name not in _OWN),
    )  # fmt: skip


def _described(one: Mapping[str, Any]) -> Text:
    """What is told of an entity beside its name."""
    told = words(one.get("description"))
    return Text.of("" if told == words(one.get("name")) else told)


def place(location: Any) -> tuple[float, float, float | None, bool] | None:
    """(longitude, latitude, elevation, whether it is a point) of a location; None for what is no GeoJSON."""
    held = obj(location)
    kind = held.get("type")
    if kind == "Feature":
        return place(held.get("geometry"))
    if kind == "FeatureCollection":
        features = held.get("features")
        return place(features[0]) if isinstance(features, list) and features else None
    if kind == "GeometryCollection":
        inner = held.get("geometries")
        return place(inner[0]) if isinstance(inner, list) and inner else None
    pairs = _positions(held.get("coordinates"))
    if not isinstance(kind, str) or not pairs:
        return None
    xs, ys = [at[0] for at in pairs], [at[1] for at in pairs]
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    if not (abs(x) <= _TURN and abs(y) <= _POLE):
        return None
    x = x if -_TURN / 2 <= x <= _TURN / 2 else (x + _TURN / 2) % _TURN - _TURN / 2
    is_point = kind == "Point"
    return x, y, pairs[0][2] if is_point else None, is_point


def placed(one: Mapping[str, Any], key: str, locations: Sequence[Mapping[str, Any]]) -> Placed | None:
    """Where a thing is and was; None where one point says it all."""
    before: list[tuple[int, list[Place]]] = []
    for past in _list(one.get("HistoricalLocations")):
        at, there = span(obj(past).get("time")), [obj(each) for each in _list(obj(past).get("Locations"))]
        if at is not None and there:
            before.append((at[0], [_place(each) for each in there]))
    plain = len(locations) == 1 and obj(locations[0].get("location")).get("type") == "Point"
    if (plain and len(before) < _SEVERAL) or not (locations or before):
        return None
    return Placed(key, [_place(each) for each in locations], before)


def _place(one: Mapping[str, Any]) -> Place:
    told = {name: one[name] for name in ("name", "description", "encodingType", "location") if name in one}
    if isinstance(one.get("properties"), dict):
        told["properties"] = one["properties"]
    try:
        around = bounds(told, "location")
    except Invalid:
        # It says that it is GeoJSON, and is none.
        told, around = {**told, "encodingType": "application/json"}, bounds({}, "location")
    return Place(words(one.get("@iot.id", one.get("id"))) or words(told), encoded(told), around)


def _positions(found: Any) -> list[tuple[float, float, float | None]]:
    """All positions of a geometry."""
    if not isinstance(found, list) or not found:
        return []
    if all(isinstance(part, int | float) and not isinstance(part, bool) for part in found):
        if len(found) < 2 or not all(math.isfinite(part) for part in found):  # noqa: PLR2004
            return []
        return [(float(found[0]), float(found[1]), float(found[2]) if found[2:] else None)]
    return [position for part in found for position in _positions(part)]


def sensor(one: Mapping[str, Any], key: str) -> Sensor | None:
    """A sensor; None for one of which nothing is told."""
    said = obj(one.get("properties"))
    told = one.get("metadata")
    addresses = [part for part in (told, *_list(said.get("documents"))) if isinstance(part, str)]
    events = [obj(part) for part in _list(said.get("events"))]
    made = Sensor(
        key=words(said.get("key")) or key, name=Text.of(words(one.get("name"))),
        description=_described(one), model=words(said.get("model")),
        maker=words(said.get("manufacturer")), serial=words(said.get("serialNumber")),
        documents=tuple(dict.fromkeys(part for part in addresses if part.startswith(("http://", "https://")))),
        periods=tuple(_periods(said.get("periods"))),
        events=tuple(
            SensorEvent(words(e.get("time")), words(e.get("kind")), words(e.get("words"))) for e in events
        ),
    )  # fmt: skip
    is_nothing = not words(told) and str(made.name) in ("", "Not described") and not made.model
    return None if is_nothing else made


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _periods(told: Any) -> list[Period]:
    found: list[Period] = []
    for part in _list(told):
        start, mark, end = words(part).partition("/")
        if mark:
            found.append(Period(start, end))
    return found


def variable(one: Mapping[str, Any], measured: Any) -> Variable:
    """An observed property with its unit, bound by the address that defines it, or by its CF standard name."""
    said, definition = obj(one.get("properties")), words(one.get("definition"))
    standard = found[1] if (found := _STANDARD_NAMES.search(definition)) else words(said.get("standard_name"))
    name = words(one.get("name"))
    return Variable(
        name=words(said.get("name")) or name, label=Text.of("" if said.get("name") == name else name),
        description=_described(one), standard_name=standard, unit=unit(measured),
        uri="" if found or not _GENERIC.match(definition) else definition,
    )  # fmt: skip


def unit(measured: Any) -> str:
    """A unit in the notation of UDUNITS, by its symbol, else by what defines it, else by its name."""
    held = obj(measured)
    symbol, name = words(held.get("symbol")), words(held.get("name"))
    if symbol and symbol == name:
        return "" if symbol.lower() in _NO_UNIT else symbol
    definition = re.split(r"[/#]", words(held.get("definition")).removeprefix("ucum:").rstrip("/"))[-1]
    for told in (symbol, definition, name):
        if told.lower() in _NO_UNIT:
            continue
        if told.lower() in _UNITS:
            return _UNITS[told.lower()]
        if _is_unit(told):
            return told
    return symbol if symbol.lower() not in _NO_UNIT else "" if name.lower() in _NO_UNIT else name


def _is_unit(told: str) -> bool:
    """Whether UDUNITS knows it."""
    from cf_units import Unit  # noqa: PLC0415 - heavy

    try:
        return not Unit(told).is_unknown()
    except ValueError:
        return False


def span(told: Any) -> tuple[int, int] | None:
    """First and last microsecond of a time or an interval, None for what is neither."""
    start, mark, end = words(told).partition("/")
    with suppress(Invalid):
        first = instant_us(start)
        return first, instant_us(end) if mark else first
    return None


def datastream(
    one: Mapping[str, Any], key: str, *, of: Thing, measured: Variable, by: Sensor | None, kind: str
) -> Datastream:
    """A datastream of a kind of observations; what else Estran knows of one stands in its properties."""
    said = obj(one.get("properties"))
    axis, sampling = obj(said.get("vertical")), words(said.get("sampling"))
    return Datastream(
        key=key, thing=of, variable=measured, sensor=by,
        name=Text.of(words(one.get("name"))), description=_described(one),
        kind=_KINDS.get(kind.rpartition("/")[2].lower(), "text" if kind else "measurement"),
        sampling=sampling if sampling in SAMPLINGS else "timeSeries" if of.longitude is not None else "trajectory",
        processing_level=words(said.get("processingLevel")), cell_method=words(said.get("cellMethod")),
        lineage=Text.of(words(said.get("lineage"))),
        vertical=Variable(name=words(axis.get("name")), unit=words(axis.get("unit"))) if axis else None,
        flags=words(said.get("flags")), flag_meanings=_meanings(said.get("flagMeanings")),
    )  # fmt: skip


def _meanings(told: Any) -> tuple[FlagMeaning, ...]:
    if isinstance(told, dict):
        return tuple(FlagMeaning(str(flag), words(meaning)) for flag, meaning in told.items())
    return ()

"""JSON of entities as clients send it: parted, checked, and read as what the pivot and the rows say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.model import Period, SensorEvent, Text, instant_us, moment_us, now_us
from estran.observations.entities import KINDS
from estran.observations.quality.meanings import QUALITIES
from estran.observations.rows import result
from estran.observations.store.columns import newest, schema
from estran.observations.told import STANDARD_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from estran.model import Sensor, Thing, Variable

__all__ = [
    "bounds", "decoded", "encoded", "instant", "parted", "reference", "required", "row", "said", "sensor",
    "several", "table", "thing", "told", "variable", "vertical",
]  # fmt: skip

_NEEDED = {
    "Things": ("name", "description"),
    "Locations": ("name", "description", "encodingType", "location"),
    "HistoricalLocations": ("time",),
    "Datastreams": ("name", "description", "observationType", "unitOfMeasurement"),
    "Sensors": ("name", "description", "encodingType", "metadata"),
    "ObservedProperties": ("name", "definition", "description"),
    "Observations": ("result",),
    "FeaturesOfInterest": ("name", "description", "encodingType", "feature"),
}
_TEXTS = ("name", "description", "encodingType", "definition", "observationType")
_DERIVED = {"Datastreams": ("phenomenonTime", "resultTime", "observedArea")}
_NOT_GIVEN = frozenset({"MultiDatastream", "MultiDatastreams"})
_AHEAD_US = 86_400_000_000
_LONGEST_WORDS = 100_000
_ENCODE = msgspec.json.Encoder().encode


def encoded(document: Mapping[str, Any]) -> str:
    """JSON as it lies in a column."""
    return _ENCODE(document).decode()


def decoded(text: str | None) -> dict[str, Any]:
    """What lies in a column."""
    return msgspec.json.decode(text or "{}", type=dict[str, Any])


def parted(kind: str, document: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of an entity, and what is given inside it by its links.

    Raises:
        Invalid: it is no JSON object, or has members that mean nothing.
    """
    if not isinstance(document, dict):
        raise Invalid(f"a {KINDS[kind].singular} is a JSON object", KINDS[kind].singular)
    if kind == "MultiDatastreams" or not _NOT_GIVEN.isdisjoint(document):
        raise Invalid(
            "a MultiDatastream is made by the node of the Datastreams of one Thing and Sensor; give those",
            "MultiDatastream",
        )
    own: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for name, value in document.items():
        if name in KINDS[kind].links:
            inside[name] = value
        elif name in KINDS[kind].properties and name != "id":
            own[name] = value
        elif "@iot." not in name:
            known = ", ".join([*KINDS[kind].properties, *KINDS[kind].links])
            raise Invalid(f"a {KINDS[kind].singular} has no “{name[:40]}”; there are {known}", name[:80])
    for name in _DERIVED.get(kind, ()):
        own.pop(name, None)
    _typed(own)
    return own, inside


def _typed(own: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if own.get(name) is not None and not isinstance(own[name], str):
            raise Invalid("it is a text", name)
    for name in ("properties", "unitOfMeasurement", "parameters"):
        if own.get(name) is not None and not isinstance(own[name], dict):
            raise Invalid("it is a JSON object", name)
    if any("\x00" in str(value) for value in own.values()):
        raise Invalid("a text holds no character 0", "name")


def required(kind: str, own: Mapping[str, Any]) -> None:
    """Refuse what lacks a property that each entity of its kind has.

    Raises:
        Invalid: it names the first that is missing.
    """
    for name in _NEEDED[kind]:
        if name not in own or (own[name] is None and name != "result"):
            raise Invalid(f"a {KINDS[kind].singular} has a {name}; give it", name)


def reference(document: Any) -> int | None:
    """The id of an entity that is named, None for one that is given whole."""
    if isinstance(document, dict) and "@iot.id" in document and len(document) == 1:
        number = document["@iot.id"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise Invalid("an id is a whole number", "@iot.id")
        return number
    return None


def several(value: Any) -> list[Any]:
    """What a link holds, as a list."""
    return value if isinstance(value, list) else [value]


def instant(text: Any, where: str) -> int:
    """A time in microseconds since 1970 UTC."""
    if not isinstance(text, str):
        raise Invalid("it is a time such as 2026-01-31T12:00:00Z", where)
    return instant_us(text, where)


def bounds(own: Mapping[str, Any], member: str) -> dict[str, float | None]:
    """West, south, east and north of the geometry that a member holds; nothing for what is no GeoJSON.

    Raises:
        Invalid: it says that it is GeoJSON, and is none.
    """
    place = own.get(member)
    if isinstance(place, dict) and place.get("type") == "Feature":
        place = place.get("geometry")
    if not isinstance(place, dict) or "type" not in place:
        if "geo+json" in str(own.get("encodingType")):
            raise Invalid("it is no GeoJSON geometry, as its encodingType says", member)
        return dict.fromkeys(("west", "south", "east", "north"))
    import shapely  # noqa: PLC0415 - heavy

    try:
        west, south, east, north = shapely.from_geojson(_ENCODE(place)).bounds
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise Invalid(f"it is no GeoJSON geometry ({str(error)[:120]})", member) from None
    return {"west": west, "south": south, "east": east, "north": north}


def _words(held: Text, words: Any) -> Text:
    return held if str(held) == words else Text.of(words)


def thing(one: Thing, own: Mapping[str, Any]) -> Thing:
    """A thing of the pivot as its JSON has it."""
    properties = tuple(
        (str(k), v if isinstance(v, str) else encoded_value(v))
        for k, v in (own.get("properties") or {}).items()
    )
    return replace(
        one, name=_words(one.name, own.get("name")), description=_words(one.description, own.get("description")),
        properties=tuple(pair for pair in properties if pair[0] not in {"dataset", "key", "elevation_m"}),
    )  # fmt: skip


def encoded_value(value: Any) -> str:
    """A value of any kind as text."""
    return _ENCODE(value).decode()


def sensor(one: Sensor, own: Mapping[str, Any]) -> Sensor:
    """A sensor of the pivot as its JSON has it, with what `told.sensor` writes into its properties."""
    metadata, said = own.get("metadata"), own.get("properties")
    more: Mapping[str, Any] = said if isinstance(said, dict) else {}
    papers = [metadata, *_list(more, "documents"), *one.documents]
    periods = [part.partition("/") for part in _list(more, "periods") if isinstance(part, str)]
    events = [part for part in _list(more, "events") if isinstance(part, dict)]
    return replace(
        one, name=_words(one.name, own.get("name")), description=_words(one.description, own.get("description")),
        model=str(more.get("model") or one.model), maker=str(more.get("manufacturer") or one.maker),
        serial=str(more.get("serialNumber") or one.serial),
        documents=tuple(
            dict.fromkeys(p for p in papers if isinstance(p, str) and p.startswith(("http://", "https://")))
        ),
        periods=tuple(Period(start, end) for start, mark, end in periods if mark) if "periods" in more else one.periods,
        events=tuple(map(_event, events)) if "events" in more else one.events,
    )  # fmt: skip


def _event(said: Mapping[str, Any]) -> SensorEvent:
    return SensorEvent(*(str(said.get(name) or "") for name in ("time", "kind", "words")))


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    held = said.get(name)
    return held if isinstance(held, list) else []


def variable(one: Variable, own: Mapping[str, Any]) -> Variable:
    """A property of the pivot as its JSON has it."""
    definition = str(own.get("definition") or "")
    standard = (
        definition.removeprefix(STANDARD_NAMES).strip("/") if definition.startswith(STANDARD_NAMES) else ""
    )
    return replace(
        one, name=one.name or str(own.get("name") or ""), label=_words(one.label, own.get("name")),
        description=_words(one.description, own.get("description")), standard_name=standard or one.standard_name,
        uri="" if standard else definition,
    )  # fmt: skip


def vertical(told: str | None) -> str:
    """Name of the third coordinate of a datastream, "" without one."""
    found = (decoded(told).get("properties") or {}).get("vertical")
    return str(found.get("name") or "vertical") if isinstance(found, dict) else ""


def table(made: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows that `row` made, in the order of their keys, of one key the last."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    columns = {name: [one.get(name) for one in made] for name in schema().names}
    return newest([pa.Table.from_pydict(columns, schema=schema())])


def row(
    stream: int,
    own: Mapping[str, Any],
    feature: int | None,
    axis: str,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An observation as a row; of what it does not say, one that was there keeps it.

    Raises:
        Invalid: a time or a result does not fit.
    """
    before = before or {}
    time, until = _time(own.get("phenomenonTime"))
    value, words = _result(own["result"])
    at = own.get("resultTime")
    parameters = own.get("parameters") or {}
    depth = parameters.get(axis, before.get("vertical", 0.0)) if axis else 0.0
    if not isinstance(depth, int | float) or isinstance(depth, bool):
        raise Invalid("it is a number", f"parameters/{axis}")
    return {
        **before, "datastream": stream, "time": time, "until": until, "vertical": float(depth), "value": value, "words": words,
        "flag": _flag(own.get("resultQuality")),
        "result_time": None if at is None else instant(str(at).partition("/")[0], "resultTime"),
        "feature": feature, "number": 0, "version": 0,
    }  # fmt: skip


def _flag(said: Any) -> str | None:
    """The producer's flag; the quality, which the node itself makes, is left out of what a client read before."""
    if isinstance(said, dict):
        code = said.get("quality")
        if code is not None and code not in QUALITIES:
            raise Invalid(
                "the node makes the quality (1, 2, 3, 4 or 9) itself; give what you say by another name, such as flag",
                "resultQuality/quality",
            )
        said = {name: value for name, value in said.items() if name != "quality"} or None
        said = said["flag"] if said is not None and said.keys() == {"flag"} else said
    return said if said is None or isinstance(said, str) else encoded_value(said)


def said(own: Mapping[str, Any], axis: str) -> str:
    """What of an observation its row has no room for, as JSON; "" for nothing.

    Raises:
        Invalid: the time in which it is valid is none.
    """
    more: dict[str, Any] = {}
    if (valid := own.get("validTime")) is not None:
        start, _, end = str(valid).partition("/")
        first, last = instant(start, "validTime"), instant(end, "validTime")
        more["validTime"] = f"{moment_us(first)}/{moment_us(last)}"
    if parameters := {name: value for name, value in (own.get("parameters") or {}).items() if name != axis}:
        more["parameters"] = parameters
    told = encoded(more) if more else ""
    if len(told) > _LONGEST_WORDS:
        raise Invalid(f"at most {_LONGEST_WORDS:,} characters are kept", "parameters")
    return told


def _time(text: Any) -> tuple[int, int | None]:
    """A time or an interval; now where nothing is said."""
    if text is None:
        return now_us(), None
    start, _, end = str(text).partition("/")
    first, last = instant(start, "phenomenonTime"), instant(end, "phenomenonTime") if end else None
    if last is not None and last < first:
        raise Invalid("the interval ends before it starts", "phenomenonTime")
    if first > now_us() + _AHEAD_US:
        raise Invalid(
            "it is more than a day in the future; mend the clock and send it again", "phenomenonTime"
        )
    return first, last


def _result(value: Any) -> tuple[float | None, str | None]:
    """A number, else words; JSON is kept as such."""
    match value:
        case None:
            return None, None
        case bool() | int() | float():
            return float(value), None
        case str():
            words = value
        case _:
            words = encoded_value(value)
    if len(words) > _LONGEST_WORDS or "\x00" in words:
        raise Invalid(f"a text of at most {_LONGEST_WORDS:,} characters is kept", "result")
    return None, words


def told(held: pa.Table, stream: str | None) -> dict[str, Any]:
    """An observation as its JSON was."""
    [row] = held.to_pylist()
    time = moment_us(row["time"])
    found: dict[str, Any] = {
        "phenomenonTime": time if row["until"] is None else f"{time}/{moment_us(row['until'])}",
        "result": result(str(decoded(stream).get("observationType")), row["value"], row["words"]),
        "resultTime": None if row["result_time"] is None else moment_us(row["result_time"]),
        "resultQuality": row["flag"],
    }
    return found

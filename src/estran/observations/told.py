"""What SensorThings says of the pivot's things, sensors, properties and datastreams: its JSON without ids and links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estran.model import Datastream, Sensor, Thing, Variable

__all__ = [
    "GEOJSON",
    "KIND_URIS",
    "datastream",
    "feature",
    "location",
    "observed_property",
    "sensor",
    "thing",
]

GEOJSON = "application/geo+json"
_OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
KIND_URIS = {
    "measurement": f"{_OM}OM_Measurement",
    "count": f"{_OM}OM_CountObservation",
    "category": f"{_OM}OM_CategoryObservation",
    "truth": f"{_OM}OM_TruthObservation",
    "text": f"{_OM}OM_Observation",
}
"""Kind of the pivot -> observation type of ISO 19156."""
STANDARD_NAMES = "http://vocab.nerc.ac.uk/standard_name/"
_NOT_DESCRIBED = "Not described"


def thing(one: Thing, record: str) -> dict[str, Any]:
    """A thing of the dataset of a record."""
    name = str(one.name) or one.key
    return {
        "name": name,
        "description": str(one.description) or name,
        "properties": dict(one.properties)
        | _said({"dataset": record, "key": one.key, "elevation_m": one.elevation_m}),
    }


def location(one: Thing) -> dict[str, Any]:
    """Where a thing stands."""
    return _placed(one, "location")


def feature(one: Thing) -> dict[str, Any]:
    """A thing as what is observed."""
    return _placed(one, "feature")


def _placed(one: Thing, member: str) -> dict[str, Any]:
    name = str(one.name) or one.key
    at = [one.longitude, one.latitude, *([] if one.elevation_m is None else [one.elevation_m])]
    place = None if one.longitude is None or one.latitude is None else {"type": "Point", "coordinates": at}
    return {"name": name, "description": f"Place of {name}", "encodingType": GEOJSON, member: place}


def sensor(one: Sensor | None) -> dict[str, Any]:
    """A sensor; None for the one of datastreams of which none is named."""
    if one is None:
        return {
            "name": _NOT_DESCRIBED,
            "description": "The sensor is not described.",
            "encodingType": "text/plain",
            "metadata": "",
        }
    name = str(one.name) or " ".join(part for part in (one.maker, one.model) if part) or one.key
    document = next(iter(one.documents), "")
    told: dict[str, Any] = {
        "name": name,
        "description": str(one.description) or name,
        "encodingType": "application/pdf" if document.lower().endswith(".pdf") else "text/plain",
        "metadata": document or str(one.description) or name,
    }
    periods = [f"{period.start}/{period.end}" for period in one.periods]
    events = [_said({"time": event.at, "kind": event.kind, "words": event.words}) for event in one.events]
    more = {
        "key": one.key, "model": one.model, "manufacturer": one.maker, "serialNumber": one.serial,
        "documents": list(one.documents[1:]), "periods": periods, "events": events,
    }  # fmt: skip
    return told | {"properties": _said(more)}


def observed_property(one: Variable) -> dict[str, Any]:
    """An observed property."""
    name = str(one.label) or one.name or one.standard_name
    definition = one.uri or (f"{STANDARD_NAMES}{one.standard_name}/" if one.standard_name else "")
    told = {"name": name, "definition": definition, "description": str(one.description) or name}
    return told | {"properties": _said({"name": one.name, "standard_name": one.standard_name})}


def datastream(one: Datastream, record: str) -> dict[str, Any]:
    """A datastream of the dataset of a record; its times are told by its observations."""
    variable = one.variable
    name = (
        str(one.name) or f"{str(variable.label) or variable.name} at {str(one.thing.name) or one.thing.key}"
    )
    unit = variable.unit or None
    more = {
        "dataset": record, "key": one.key, "processingLevel": one.processing_level, "sampling": one.sampling,
        "cellMethod": one.cell_method, "lineage": str(one.lineage), "flags": one.flags,
        "vertical": one.vertical and {"name": one.vertical.name, "unit": one.vertical.unit},
    }  # fmt: skip
    return {
        "name": name,
        "description": str(one.description) or name,
        "observationType": KIND_URIS[one.kind],
        "unitOfMeasurement": {"name": unit, "symbol": unit, "definition": None},
        "properties": _said(more),
    }


def _said(members: dict[str, Any]) -> dict[str, Any]:
    """Members that say something."""
    return {name: value for name, value in members.items() if value or value == 0}

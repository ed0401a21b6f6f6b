"""FROST's own client reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import frost_sta_client as fsc
import pytest
from frost_sta_client.model.ext.data_array_document import DataArrayDocument
from frost_sta_client.model.ext.data_array_value import DataArrayValue
from frost_sta_client.model.ext.entity_list import EntityList
from frost_sta_client.service.auth_handler import AuthHandler
from geojson import Point

import estran
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


class Bearer(AuthHandler):
    """Puts a token where it belongs."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def add_auth_header(self) -> Any:
        def add(request: Any) -> Any:
            request.headers["Authorization"] = f"Bearer {self.secret}"
            return request

        return add


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("frost") / "node"
    with estran.open(folder) as node:
        secret = node.tokens.create("operator", "operator").secret
    with serving(folder) as (base, _):
        yield fsc.SensorThingsService(f"{base}/sta/v1.1", auth_handler=Bearer(secret))


def test_the_client_of_frost(service: Any) -> None:
    location = fsc.Location(
        name="Pier",
        description="A pier",
        location=Point((-1.15, 46.16)),
        encoding_type="application/geo+json",
    )
    thing = fsc.Thing(name="Station", description="A station", properties={"depth": 3})
    thing.locations = EntityList("Locations", [location])
    service.create(thing)
    assert service.things().find(thing.id).properties == {"depth": 3}
    sensor = fsc.Sensor(
        name="CTD", description="d", encoding_type="text/html", metadata="https://example.org"
    )
    observed = fsc.ObservedProperty(name="Temperature", definition="https://example.org/t", description="d")
    stream = fsc.Datastream(
        name="T",
        description="d",
        observation_type=OM,
        unit_of_measurement=fsc.UnitOfMeasurement("degree Celsius", "degC", "ucum:Cel"),
    )
    stream.thing, stream.sensor, stream.observed_property = fsc.Thing(id=thing.id), sensor, observed
    service.create(stream)
    for n in range(3):
        one = fsc.Observation(
            result=n + 0.5, phenomenon_time=f"2026-01-01T0{n}:00:00Z", datastream=fsc.Datastream(id=stream.id)
        )
        service.create(one)
    array = DataArrayValue()
    array.datastream = fsc.Datastream(id=stream.id)
    array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT}
    for n in range(3, 6):
        array.add_observation(fsc.Observation(result=n + 0.5, phenomenon_time=f"2026-01-01T0{n}:00:00Z"))
    document = DataArrayDocument()
    document.add_data_array_value(array)
    service.observations().create(document)

    found = (
        service.observations().query().filter("result gt 1").orderby("phenomenonTime", "asc").top(2).list()
    )
    assert [one.result for one in found] == [1.5, 2.5, 3.5, 4.5, 5.5]
    streams = (
        service.datastreams().query().expand("Thing,Observations($top=1;$orderby=phenomenonTime desc)").list()
    )
    assert [(one.name, one.thing.name, one.observations.entities[0].result) for one in streams] == [
        ("T", "Station", 5.5)
    ]
    things = (
        service.things()
        .query()
        .filter("st_within(Locations/location, geography'POLYGON((-2 46,0 46,0 47,-2 47,-2 46))')")
        .list()
    )
    assert [one.id for one in things] == [thing.id]
    thing.name, thing.locations = "Renamed", None
    service.update(thing)
    assert service.things().find(thing.id).name == "Renamed"
    service.patch(thing, [{"op": "replace", "path": "/description", "value": "Better"}])
    assert service.things().find(thing.id).description == "Better"
    service.delete(thing)
    assert list(service.observations().query().list()) == []

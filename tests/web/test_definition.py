"""The definition of the APIs is valid, honest and complete; whatever it allows is answered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft4Validator
from schemathesis.specs.openapi.definitions import OPENAPI_30

from estran.web.app import create_app
from tests.web.client import BASE, Client
from tests.web.conftest import id_of

if TYPE_CHECKING:
    from estran.node import Node


@schemathesis.serializer("application/sparql-query")
def _as_it_is(_context: Any, value: Any) -> bytes:
    return str(value).encode("utf-8", "replace")


OPENAPI = "application/vnd.oai.openapi+json;version=3.0"


@pytest.fixture(scope="module")
def definition(client: Client) -> dict[str, Any]:
    """The definition of the OGC root."""
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"].replace("; ", ";") == OPENAPI
    return answer.json()


def test_it_is_openapi_3_0(definition: dict[str, Any]) -> None:
    errors = list(Draft4Validator(OPENAPI_30).iter_errors(definition))
    assert [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in errors] == []
    assert definition["openapi"] == "3.0.3"
    assert definition["servers"] == [{"url": f"{BASE}/ogc"}]


def test_it_says_all(definition: dict[str, Any], client: Client) -> None:
    assert set(definition["paths"]) == {
        "/",
        "/conformance",
        "/api",
        "/collections",
        "/collections/records",
        "/collections/records/items",
        "/collections/records/items/{id}",
        "/collections/records/queryables",
        "/collections/records/sortables",
        "/collections/{collection}",
        "/collections/{collection}/instances",
        "/collections/{collection}/instances/{instance}",
        *(
            f"/collections/{{collection}}/{query}"
            for query in (
                "position",
                "radius",
                "area",
                "cube",
                "trajectory",
                "corridor",
                "items",
                "locations",
            )
        ),
        "/collections/{collection}/items/{platform}",
        "/collections/{collection}/locations/{platform}",
    }
    names = {one["name"] for one in definition["paths"]["/collections/records/items"]["get"]["parameters"]}
    assert {
        "bbox",
        "datetime",
        "limit",
        "q",
        "type",
        "ids",
        "externalIds",
        "sortby",
        "filter",
        "filter-lang",
    } <= names
    operations = [one for path in client.json("/openapi.json")["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        for parameter in operation.get("parameters", []):
            assert parameter["description"]


def test_whatever_is_allowed_is_answered(node: Node) -> None:
    app = create_app(node)
    whole = app.openapi()
    gone = next(change.id for change in node.changes() if change.op == "remove")
    ids = [id_of(node, "salinity"), id_of(node, "service"), id_of(node, "secret"), gone, "nothing"]
    for item in whole["paths"].values():
        for parameter in (one for operation in item.values() for one in operation.get("parameters", ())):
            if parameter["in"] == "path" and parameter["name"] == "id":
                parameter["schema"] = {"type": "string", "enum": ids}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    statuses: Counter[int] = Counter()
    for found in schema.get_all_operations():
        _try(found.ok(), statuses)
    assert statuses[200] > 100
    assert statuses[400] > 20


def _try(operation: Any, statuses: Counter[int]) -> None:
    # More is tried where there is more to say.
    examples = 60 if len(operation.query.items) > 5 else 8

    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        answer = case.call()
        statuses[answer.status_code] += 1
        allowed = {int(status) for status in operation.definition.raw["responses"]} | {303, 414}
        assert answer.status_code in allowed, f"{operation.label}: {answer.status_code} {answer.text[:500]}"
        # CSW has exception reports of its own, and so has ERDDAP.
        media_type = answer.headers["content-type"][0] if answer.status_code >= 400 else "html"
        if operation.path.startswith("/erddap") and media_type.startswith("text/plain"):
            assert answer.text.startswith(f"Error {{\n    code={answer.status_code};")
            return
        if "html" not in media_type and media_type != "application/xml":
            assert answer.headers["content-type"] == ["application/problem+json"]
            assert answer.json()["detail"]

    ask()

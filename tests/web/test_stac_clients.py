"""The STAC API as one real server process, walked by pystac-client and judged by stac-api-validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pystac.validation
import pytest
from pystac_client import Client
from stac_api_validator import validations
from stac_validator import utilities

import estran
from tests.web.serving import serving
from tests.web.test_stac import COUNT, GEN, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgresql import PostgreSQL


class Root(str):
    """Address of the STAC API of a served node, with a token that may write there."""

    __slots__ = ("token",)
    token: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    """A node of each engine, served by a process of its own."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "all.ndjson").write_text("\n".join(json.dumps(one) for one in documents()), "utf-8")
    database = "sqlite:///estran.db"
    if request.param == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        database = server.fresh()
    with estran.open(folder / "node", name="Served", storage={"database": database}) as node:
        assert not node.load(folder / "all.ndjson").refused
        secret = node.tokens.create("validator", "operator").secret
    with serving(folder / "node", ESTRAN_STORAGE__DATABASE=database) as (base, _):
        address = Root(f"{base}/stac")
        address.token = secret
        yield address


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pystac_client_walks_it(root: str, method: str) -> None:
    client = Client.open(root)
    assert [one.id for one in client.get_collections()] == [GEN, "other"]
    search = client.search(method=method, collections=[GEN], limit=10)
    found = [one.id for one in search.items()]
    assert len(found) == len(set(found)) == COUNT
    asked: dict[str, Any] = {
        "bbox": [0, 0, 5, 5],
        "datetime": "2021-01-01/2021-12-31",
        "query": {"eo:cloud_cover": {"lt": 30}},
        "sortby": [{"field": "properties.eo:cloud_cover", "direction": "asc"}],
        "limit": 4,
    }
    clouds = [one.properties["eo:cloud_cover"] for one in client.search(method=method, **asked).items()]
    assert clouds == sorted(clouds)
    assert len(clouds) > 4
    filtered = client.search(
        method=method,
        filter="platform = 'sat-a'"
        if method == "GET"
        else {"op": "=", "args": [{"property": "platform"}, "sat-a"]},
        fields=["id", "properties.platform"],
        limit=100,
    )
    assert {one["properties"]["platform"] for one in filtered.items_as_dicts()} == {"sat-a"}


def test_pystac_client_reads_collections(root: str) -> None:
    collection = Client.open(root).get_collection(GEN)
    assert len(list(collection.get_items())) == COUNT
    one = collection.get_item("item-001")
    assert one is not None
    assert one.id == "item-001"
    assert "eo:cloud_cover" in collection.get_queryables()["properties"]


def test_pystac_client_searches_collections(root: str) -> None:
    client = Client.open(root)
    found = client.collection_search(q="generated", bbox=[0, 0, 1, 1], datetime="2021", limit=1)
    assert sorted(one.id for one in found.collections()) == [GEN, "other"]
    assert found.matched() == 2
    named = client.collection_search(filter="id = 'other'", filter_lang="cql2-text", sortby="-title")
    assert [one.id for one in named.collections()] == ["other"]
    assert not list(client.collection_search(q="nothing,less").collections())


_CLASSES = [
    "core",
    "browseable",
    "collections",
    "features",
    "item-search",
    "children",
    "filter",
    "item-search#sort",
    "item-search#fields",
    "item-search#query",
    "transaction",
]
_QUERY = {
    "query_comparison_field": "eo:cloud_cover",
    "query_eq_value": "1.5",
    "query_neq_value": "1.5",
    "query_lt_value": "2",
    "query_lte_value": "1.5",
    "query_gt_value": "1",
    "query_gte_value": "1.5",
    "query_substring_field": "platform",
    "query_starts_with_value": "sat",
    "query_ends_with_value": "-b",
    "query_contains_value": "at-",
    "query_in_field": "instruments",
    "query_in_values": "msi,olci",
}
_SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [3, 3], [0, 3], [0, 0]]]}


def _packaged(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """A schema of STAC or GeoJSON from pystac's own files."""
    folder = Path(pystac.validation.__file__).parent / "jsonschemas"
    room = "geojson" if "geojson.org" in address else "stac-spec/v1.1.0"
    assert "geojson.org" in address or "schemas.stacspec.org/v1.1.0/" in address, address
    return json.loads((folder / room / address.rpartition("/")[2].removesuffix("#")).read_bytes())


# The validator and the libraries under it use what is deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_stac_api_validator_finds_no_fault(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utilities, "fetch_and_parse_file", _packaged)
    # It asks every link of every item whether it is there; those of other sites are not asked.
    monkeypatch.setattr(validations, "stac_check", lambda *_args, **_options: None)
    _warnings, errors = validations.validate_api(
        root_url=root,
        ccs_to_validate=_CLASSES,
        collection="other",
        geometry=json.dumps(_SQUARE),
        auth_bearer_token=root.token,
        auth_query_parameter=None,
        fields_nested_property="properties.eo:cloud_cover",
        validate_pagination=True,
        query_config=validations.QueryConfig(**_QUERY),
        transaction_collection="other",
        headers=None,
        open_assets_urls=False,
    )
    # It filters by `mission`, which is no queryable here and may be refused.
    faults = [error for error in errors if "mission" not in error]
    assert not faults, "\n".join(faults)

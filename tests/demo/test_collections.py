"""eodag's collections as STAC: the texts, names and extents that it writes in its own way, and the whole of it."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from estran.demo.collections import collections, plain_text
from estran.model import Text
from estran.vocabulary import Entry


@pytest.fixture(scope="module")
def resources() -> Path:
    spec = find_spec("eodag")
    if spec is None or spec.origin is None:
        pytest.skip("eodag, of the demo group, is not installed")
    return Path(spec.origin).parent / "resources"


def entry(name: str, unit: str) -> Entry:
    return Entry(uri=f"http://example.org/{name}", scheme="cf", name=name, label=Text.of(name), unit=unit)


@pytest.fixture(scope="module")
def found(resources: Path) -> dict[str, dict[str, Any]]:
    names = [entry("sea_water_salinity", "1e-3"), entry("sea_ice_thickness", "m")]
    listed = list(collections(resources, names))
    assert len({one["id"] for one in listed}) == len(listed)
    return {one["id"]: one for one in listed}


def test_theia_geodes_and_copernicus_marine_are_there(found: dict[str, dict[str, Any]]) -> None:
    assert len(found) >= 700
    hosts = Counter(p["name"] for one in found.values() for p in one["providers"] if "host" in p["roles"])
    assert hosts["CDS MTD – Data Terra Theia"] >= 15
    assert hosts["CNES – GEODES"] >= 40
    assert hosts["Copernicus Marine Service"] >= 300
    assert hosts["ForM@Ter – CNES"] >= 15


def test_every_collection_says_what_it_is(found: dict[str, dict[str, Any]]) -> None:
    for one in found.values():
        assert one["title"], one["id"]
        assert one["description"], one["id"]
        assert one["license"], one["id"]
        assert "**" not in one["description"], one["id"]
    share = {
        name: sum(name in one["extent"] for one in found.values()) / len(found)
        for name in ("spatial", "temporal")
    }
    assert share["spatial"] > 0.8
    assert share["temporal"] > 0.8


def test_marine_products_are_there_once(found: dict[str, dict[str, Any]]) -> None:
    assert "GLOBAL_ANALYSISFORECAST_PHY_001_024" in found
    assert "MO_GLOBAL_ANALYSISFORECAST_PHY_001_024" not in found


def test_keywords_that_are_standard_names_become_variables(found: dict[str, dict[str, Any]]) -> None:
    one = found["GLOBAL_ANALYSISFORECAST_PHY_001_024"]
    assert one["cube:variables"]["sea_water_salinity"] == {
        "type": "data",
        "unit": "1e-3",
        "attrs": {"standard_name": "sea_water_salinity"},
    }
    assert "sea water salinity" not in one["keywords"]
    assert "marine safety" in one["keywords"]
    assert not [word for word in one["keywords"] if "#" in word or word == "none"]
    assert one["sci:doi"] == "10.48670/moi-00016"


def test_an_unknown_extent_is_left_out(found: dict[str, dict[str, Any]]) -> None:
    one = found["ARCTIC_OMI_SI_extent"]
    assert "spatial" not in one["extent"]
    assert one["extent"]["temporal"]["interval"][0][0].startswith("1993")


def test_missions_and_levels_have_one_name(found: dict[str, dict[str, Any]]) -> None:
    assert found["S2_MSI_L2A"]["summaries"] == {
        "platform": ["Sentinel-2A", "Sentinel-2B", "Sentinel-2C"],
        "constellation": ["Sentinel-2"],
        "instruments": ["MSI"],
        "processing:level": ["L2"],
    }
    levels = {level for one in found.values() for level in one["summaries"].get("processing:level", ())}
    assert not [level for level in levels if "LEVEL" in level or ":" in level]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**DEFINITION**\\n\\nSea ice", "Sea ice"),
        ("**Short description:**\n\nSea ice", "Sea ice"),
        ("**CONTEXT**\\n\\nSea ice", "CONTEXT\n\nSea ice"),
        ("Descriptions of ice\nand more", "Descriptions of ice and more"),
        ("see [the page](https://example.org/a) now", "see the page (https://example.org/a) now"),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("one\nparagraph\n\n\n\nand  another ", "one paragraph\n\nand another"),
        ("list:\n* a\n* b\n1. c", "list:\n* a\n* b\n1. c"),
        ("Butensch&ouml;n", "Butenschön"),
    ],
)
def test_plain_text(markdown: str, text: str) -> None:
    assert plain_text(markdown) == text

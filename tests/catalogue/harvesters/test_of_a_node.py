"""A node harvested by another one, by each of the standards that it speaks: all arrive, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import estran
from tests.web.conftest import feature
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER = 230


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a node with its records is served."""
    folder = tmp_path_factory.mktemp("theirs")
    file = folder / "records.ndjson"
    kinds = ("dataset", "dataset", "series")
    file.write_text(
        "\n".join(
            json.dumps(feature(f"r{n}", f"Pluie {n}", (0, 1, 2, 3), description="À Brest", type=kinds[n % 3]))
            for n in range(NUMBER)
        )
    )
    with estran.open(folder / "node") as node:
        node.load([file])
    with serving(folder / "node") as (base, _):
        yield base


@pytest.mark.parametrize(
    ("protocol", "path", "number"),
    [
        ("ogc-records", "/ogc", NUMBER),
        ("ogc-records", "/ogc/collections/records", NUMBER),
        ("dcat", "/dcat", NUMBER),
        ("schema-org", "/", NUMBER),
        ("estran", "/", NUMBER),
    ],
)
def test_all_arrive_and_none_changes_at_the_second_time(
    protocol: str, path: str, number: int, address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "estran.toml").write_text("[harvest]\nallow_private = true\nper_second = 1000\n")
    with estran.open(folder) as node:
        options = {"types": "Dataset,DataCatalog"} if protocol == "schema-org" else {}
        node.harvest.add("theirs", address + path, protocol, options=options)
        first = node.harvest.run("theirs", full=True)
        assert (first.state, first.note, first.new, first.refused) == ("done", "", number, 0)
        titles = {str(record.title) for record in node.search(limit=1000)}
        assert len(titles) == number
        assert all(title.startswith("Pluie ") for title in titles)
        again = node.harvest.run("theirs", full=True)
        assert (again.state, again.unchanged, again.changed, again.new) == ("done", number, 0, 0)


def test_its_collections_and_items_arrive_by_stac(tmp_path: Path) -> None:
    extent = {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}}
    common = {"stac_version": "1.1.0", "links": []}
    held: list[dict[str, Any]] = [
        {"type": "Collection", "id": "scenes", "description": "x", "license": "other", "extent": extent, **common},
        *(
            {"type": "Feature", "id": f"i{n}", "collection": "scenes", "geometry": None, "assets": {}, **common,
             "properties": {"datetime": f"2020-01-01T00:{n // 60:02d}:{n % 60:02d}Z", "extra": [n]}}
            for n in range(450)
        ),
    ]  # fmt: skip
    file, ours, theirs = tmp_path / "x.ndjson", tmp_path / "ours", tmp_path / "theirs"
    file.write_text("\n".join(map(json.dumps, held)))
    with estran.open(theirs) as node:
        node.load([file])
    ours.mkdir()
    (ours / "estran.toml").write_text("[harvest]\nallow_private = true\nper_second = 1000\n")
    with serving(theirs) as (base, _), estran.open(ours) as node:
        node.harvest.add("theirs", f"{base}/stac", "stac-api", options={"items": "yes"})
        first = node.harvest.run("theirs", full=True)
        assert (first.state, first.note, first.new) == ("done", "", 451)
        again = node.harvest.run("theirs", full=True)
        assert (again.state, again.unchanged) == ("done", 451)

"""A real node with known records, served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import estran
from estran.catalogue.query import Query
from estran.web.app import create_app
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from estran.node import Node

ITEMS = "/ogc/collections/records/items"


def feature(
    identifier: str, title: str, box: tuple[float, float, float, float] | None = None, **more: Any
) -> dict[str, Any]:
    """A record as it is handed in."""
    ring = None
    if box:
        west, south, east, north = box
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "id": identifier,
        "type": "Feature",
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"],
        "geometry": {"type": "Polygon", "coordinates": [ring]} if ring else None,
        "time": more.pop("time", None),
        "properties": {"type": more.pop("type", "dataset"), "title": title, **more},
        "links": more.pop("links", []),
    }


def features() -> list[dict[str, Any]]:
    """The public records: five to ask after by name, and sixty to page through."""
    named = [
        feature(
            "salinity",
            "Salinité de surface en mer Méditerranée",
            (0, 35, 20, 44),
            description="Températures et salinités journalières, océan côtier.",
            keywords=["salinité", "océan"],
            language={"code": "fr"},
            license="CC-BY-4.0",
            time={"interval": ["2010-01-01", "2020-12-31"]},
            externalIds=[{"scheme": "doi", "value": "10.1234/SALT"}],
            contacts=[
                {
                    "name": "Dupont, Anne",
                    "organization": "Laboratoire",
                    "roles": ["author"],
                    "links": [{"rel": "about", "href": "https://orcid.org/0000-0002-1825-0097"}],
                }
            ],
        ),
        feature(
            "snow",
            "Snow depth in the Alps",
            (5, 44, 10, 47),
            keywords=["snow", "ice sheet"],
            time={"interval": ["1990-01-01", ".."]},
        ),
        feature("fiji", "Reefs of Fiji", (177, -20, 180, -15), keywords=["coral"]),
        feature("service", "Map service of <b>winds</b> & “waves”", None, type="service"),
        feature("quote", "L'eau; DROP TABLE record; --", (0, 0, 1, 1)),
    ]
    named[0]["links"] = [
        {"rel": "enclosure", "href": "https://data.example.org/salinity.nc", "type": "application/x-netcdf"},
        {"rel": "license", "href": "https://creativecommons.org/licenses/by/4.0/"},
    ]
    many = [
        feature(
            f"many-{n}",
            f"Series number {n % 7}",
            (n % 30, 50, n % 30 + 1, 51),
            time={"interval": [f"{1950 + n}-01-01", f"{1951 + n}-01-01"]},
        )
        for n in range(60)
    ]
    return [*named, *many]


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with 65 public records, one restricted and one draft, and one that was removed."""
    folder = tmp_path_factory.mktemp("web")
    with estran.open(folder / "node", name="Nœud d'essai", web={"page_limit": 40}) as opened:
        _load(opened, folder / "public.json", features(), visibility="public")
        _load(
            opened,
            folder / "restricted.json",
            [feature("secret", "Secret soundings")],
            visibility="restricted",
            source="private",
        )
        _load(
            opened,
            folder / "draft.json",
            [feature("draft", "Draft soundings")],
            visibility="draft",
            source="draft",
        )
        _load(
            opened,
            folder / "removed.json",
            [feature("removed", "Gone with the tide")],
            visibility="public",
            source="old",
        )
        opened.remove(id_of(opened, "removed"))
        yield opened


def _load(node: Node, file: Path, listed: list[dict[str, Any]], **options: Any) -> None:
    file.write_text("\n".join(json.dumps(one) for one in listed), "utf-8")
    lines = file.with_suffix(".ndjson")
    file.rename(lines)
    report = node.load(lines, centre="coriolis", **options)
    assert report.new == len(listed), report


def id_of(node: Node, identifier: str) -> str:
    """The node's id of the record that was handed in as `identifier`."""
    found = node.ask(Query(external_ids=(identifier,), limit=2)).records
    assert len(found) == 1, identifier
    return found[0].id


@pytest.fixture(scope="session")
def app(node: Node) -> FastAPI:
    """The node's web application."""
    return create_app(node)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Client:
    """Anyone who asks."""
    return Client(app)


@pytest.fixture(scope="session")
def salinity(node: Node) -> str:
    """Id of the record that has everything."""
    return id_of(node, "salinity")

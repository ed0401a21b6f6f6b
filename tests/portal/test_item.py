"""The page of one item: every value shown, none of them obeyed; what it offers to paste works."""

from __future__ import annotations

import ast
import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estran.model import Box
from estran.web.portal import footprints
from estran.web.portal.i18n import CODES, words
from estran.web.portal.items import part
from estran.web.portal.properties import GROUPS, groups
from tests.conftest import lacking
from tests.portal.granules import HOSTILE_ID, HOSTILE_TITLE, ODD, OWN, QUOTED_ID, scene
from tests.portal.html import Html
from tests.portal.test_snippets import ENVIRONMENT, lines, r

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.web.client import Client

EN, FR = words("en"), words("fr")


@pytest.fixture
def at(item_client: Client, records: dict[str, str]) -> Callable[..., Html]:
    """Opens the page of an item."""

    def open_(id_: str, collection: str = "scenes", language: str = "en") -> Html:
        found = item_client.get(f"/{language}/data/{records[collection]}/items/{part(id_)}", "text/html")
        assert found.status_code == 200, found.text[:300]
        return Html(found.text)

    return open_


def rows(html: Html) -> dict[str, str]:
    """Label -> value of all tables of facts."""
    return {dt.text: dt.parents[-1].text.removeprefix(dt.text) for dt in html.all("dt")}


def test_properties_have_names_units_and_groups(at: Callable[..., Html]):
    found = rows(at("scene-090"))
    assert found["Cloud cover"] == "24%"
    assert found["Ground sample distance"] == "10\u00a0m"
    assert found["Sun elevation"] == "41.5°"
    assert found["EPSG code"] == "32631"
    assert found["Rows and columns"] == "10980, 10980"
    assert found["Created"] == "1\u00a0January\u00a02023"
    assert found["own:thing"] == '{"a": [1, 2]}'
    assert found["own:flag"] == "yes"
    french = at("scene-090", language="fr")
    assert rows(french)["Couverture nuageuse"] == "24\u202f%"
    titles = [h.text for h in french.all("h3") if any(p.get("id") == "properties" for p in h.parents)]
    assert titles == [
        "Généralités",
        "Image optique",
        "Orbite",
        "Visée et Soleil",
        "Projection",
        "Traitement",
        "own",
    ]


def test_when_and_where_are_in_words(at: Callable[..., Html]):
    html = at("scene-000")
    assert rows(html)["Date"] == "3\u00a0November\u00a02022, 10:30\u00a0UTC"
    assert rows(html)["Box"] == "60°\u00a0W, 40°\u00a0S – 58.8°\u00a0W, 39°\u00a0S"
    assert rows(at(HOSTILE_ID, ODD))["Date"] == "31\u00a0January\u00a02020 to 29\u00a0February\u00a02020"
    assert "no footprint" in at("bare.json", ODD).one("section", id="extent").text
    assert rows(at("bare.json", ODD))["Date"] == "25\u00a0December\u00a00800"


def test_files_are_described_and_only_the_webs_are_links(at: Callable[..., Html]):
    html = at("scene-003")
    files = html.one("ul", class_="files")
    links = [a["href"] for a in html.all("a") if files in a.parents]
    assert links == ["https://files.example/3/B04.tif", "https://files.example/3/small.png"]
    first = next(li for li in html.all("li") if li.parents[-1] is files).text
    for said in ("Red", "B04", "Data", "GeoTIFF (COG)", "117\u00a0MB", "10 m", "Bands: red"):
        assert said in first.replace("10\u00a0m", "10 m"), said
    assert "s3://bucket/3.tif" in files.text
    assert "https://files.example/3/small.png" in {a["href"] for a in html.all("a", class_="button")}
    assert [a["href"] for a in html.all("a") if a.text == "license – Terms"] == [
        "https://example.org/licence"
    ]


def test_a_picture_of_this_node_is_shown_and_of_others_linked(at: Callable[..., Html]):
    assert at("scene-000").one("img")["src"] == OWN
    html = at("scene-001")
    assert not html.all("img")
    assert (
        next(a for a in html.all("a") if a.text == "Preview")["href"] == "https://files.example/1/small.png"
    )


def test_hostile_values_stay_text(item_client: Client, at: Callable[..., Html], records: dict[str, str]):
    html = at(HOSTILE_ID, ODD)
    assert html.one("h1").text == HOSTILE_TITLE
    text = item_client.get(f"/fr/data/{records[ODD]}/items/{part(HOSTILE_ID)}", "text/html").text
    for part_ in ("<script>alert", "<img", "<svg onload", "<b></h", 'onmouseover="x"'):
        assert part_ not in text, part_
    for a in html.all("a"):
        assert a["href"].startswith(("http://", "https://", "/", "#")), a
    files = html.one("ul", class_="files")
    assert [a["href"] for a in html.all("a") if files in a.parents] == [
        "https://tracker.example/pixel.png", "https://e.example/a'b\"$(touchy)`z`rm.tif",
    ]  # fmt: skip
    assert [h.text for h in html.all("h3")] == ["Further links", "General", "Optical image", "evil"]
    assert rows(html)["evil:nested"] == '[{"</script>": "<svg onload=alert(6)>"}]'


def test_the_twin_is_json_and_an_id_may_end_like_one(
    item_client: Client, at: Callable[..., Html], records: dict[str, str]
):
    for id_, name in (("scene-003", "scenes"), (HOSTILE_ID, ODD), ("bare.json", ODD)):
        html = at(id_, name)
        twin = html.one("link", rel="alternate", type="application/json")["href"].removeprefix(
            "http://node.example"
        )
        assert json.loads(item_client.get(twin).text)["id"] == id_
        stac = html.one("link", rel="alternate", type="application/geo+json")["href"]
        assert item_client.json(stac)["id"] == id_
    up = [a["href"] for a in at("scene-003").all("a") if any(p.get("class") == "crumbs" for p in a.parents)]
    assert up == ["/en/search", f"/en/data/{records['scenes']}", f"/en/data/{records['scenes']}/items"]


# What is offered to paste


@pytest.mark.parametrize(
    ("id_", "collection"), [("scene-007", "scenes"), (QUOTED_ID, ODD), ("bare.json", ODD)]
)
def test_pystac_client_reads_the_item(item_server: str, records: dict[str, str], id_: str, collection: str):
    found = lines(item_server, f"/en/data/{records[collection]}/items/{part(id_)}")
    done = subprocess.run(
        [sys.executable, "-c", found["pystac"]], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert "files.example/7/B04.tif" in done.stdout or id_ == "bare.json"
    assert "Traceback" not in done.stderr


def test_curl_reads_the_item(item_server: str, records: dict[str, str], tmp_path: Path):
    curl = shutil.which("curl") or lacking("curl")
    code = lines(item_server, f"/en/data/{records[ODD]}/items/{part(HOSTILE_ID)}")["curl"]
    done = subprocess.run(
        ["sh", "-ec", code.replace("curl", curl, 1)],
        capture_output=True,
        env=ENVIRONMENT,
        check=True,
        cwd=tmp_path,
    )
    assert json.loads(done.stdout)["id"] == HOSTILE_ID
    assert not list(tmp_path.iterdir())


def test_every_line_holds_the_item_and_nothing_leaves_its_quotes(item_server: str, records: dict[str, str]):
    found = lines(item_server, f"/en/data/{records['scenes']}/items/scene-007")
    assert list(found) == ["pystac", "odc", "rioxarray", "r", "qgis", "gdal", "curl"]
    cog = "https://files.example/7/B04.tif"
    assert found["qgis"] == cog
    first, second = (shlex.split(line) for line in found["gdal"].splitlines())
    assert first == ["gdalinfo", f"/vsicurl/{cog}"]
    assert second[1].startswith('STACIT:"')
    assert second[1].endswith('":asset=B04')
    with urlopen(second[1].split('"')[1]) as answer:
        assert [f["id"] for f in json.load(answer)["features"]] == ["scene-007"]
    assert 'bands=["B04"]' in found["odc"]
    hostile = lines(item_server, f"/en/data/{records[ODD]}/items/{part(HOSTILE_ID)}")
    assert list(hostile) == ["pystac", "rioxarray", "r", "qgis", "gdal", "curl"]
    for tool in ("pystac", "rioxarray"):
        texts = {n.value for n in ast.walk(ast.parse(hostile[tool])) if isinstance(n, ast.Constant)}
        assert {HOSTILE_ID, "https://e.example/a'b\"$(touchy)`z`rm.tif"} & texts
    assert shlex.split(hostile["gdal"]) == ["gdalinfo", "/vsicurl/https://e.example/a'b\"$(touchy)`z`rm.tif"]
    for tool in ("odc", "rioxarray"):
        ast.parse(found[tool])


def test_r_reads_items_however_they_are_named(item_server: str, records: dict[str, str], tmp_path: Path):
    found = lines(item_server, f"/en/data/{records['scenes']}/items/scene-007")
    assert "https://files.example/7/B04.tif" in r(found["r"], tmp_path)
    hostile = lines(item_server, f"/en/data/{records[ODD]}/items/{part(HOSTILE_ID)}")
    # Its assets are no assets; that it is read, whatever its name, is what can be asked.
    asked, _, _ = hostile["r"].rpartition("\n")
    assert HOSTILE_ID in r(f"{asked}\ncat(item$id)", tmp_path)


# Properties and footprints whatever their producers wrote

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["gsd", "eo:cloud_cover", "created", "a:b", ":", "s2:x_percentage", "file:size", "datetime"]
        ),
        _json,
    )
)
def test_any_property_is_said(properties: dict):
    said = {p.name: p.value for group in groups(properties, FR) for p in group.properties}
    assert set(said) == {
        name for name, value in properties.items() if value is not None and name != "datetime"
    }


def test_every_group_has_words():
    assert {f"property_group.{group}" for group in GROUPS} <= set(EN.table)
    assert {"property", "property_group", "asset_role"} <= set(CODES)


@given(_json, _json)
def test_any_footprint_is_drawn_or_left_out(geometry: object, bbox: object):
    for kind in ("Polygon", "MultiPolygon", "Point", None):
        item = {"geometry": {"type": kind, "coordinates": geometry} if kind else geometry, "bbox": bbox}
        assert isinstance(json.loads(footprints.features([("a", item)])), list)


def test_footprints_of_other_kinds_are_their_box():
    line = {"geometry": {"type": "LineString", "coordinates": [[1, 2, 9], [3, 5, 9]]}}
    found = json.loads(footprints.features([("a", line)]))
    assert found[0]["geometry"]["coordinates"] == [[[1, 2], [3, 2], [3, 5], [1, 5], [1, 2]]]
    assert footprints.boxes(line) == (Box(1, 2, 3, 5),)
    many = {
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[n / 500, 0] for n in range(500)] + [[0.5, 1], [0, 0]]],
        }
    }
    assert len(json.loads(footprints.features([("a", many)]))[0]["geometry"]["coordinates"][0]) == 5
    assert footprints.features([("a", {"geometry": None})]) == "[]"
    kept = json.loads(footprints.features([("a", scene(3))]))
    assert kept[0]["geometry"] == scene(3)["geometry"]

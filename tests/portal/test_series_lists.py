"""Lists of series: their small curves, what is ticked in them, and the lines of a dataset that read its observations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import xarray as xr

from estran.web.app import create_app
from tests.portal.conftest import serving
from tests.portal.test_observations import client, house, names, page, twin
from tests.portal.test_snippets import lines, r
from tests.portal.test_use_it import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from estran.node import Node
    from tests.web.client import Client

__all__ = ["client", "house", "names"]


def test_each_series_of_a_list_has_a_small_curve(client: Client, names: dict[str, str]):
    html = page(client, f"/en/data/{names['stations']}")
    curves = html.inside(html.one("section", id="datastreams"), "svg")
    assert len(curves) == 6
    brest = curves[0]
    assert brest["role"] == "img"
    # Brest has a gap: two stretches, and the words say so.
    assert len(html.inside(brest, "path")) == 4
    assert html.inside(brest, "title")[0].text == "Lowest 10 °C, highest 16 °C, mean 12.875 °C."
    assert html.inside(brest, "desc")[0].text == "Broken off once."
    whole = page(client, f"/fr/data/{names['many']}/datastreams")
    assert len(whole.all("svg", class_="spark")) == 100
    near = page(client, "/en/stations?q=b-01")
    assert "Lowest 9 °C, highest 11 °C" in near.one("svg", class_="spark").text
    found = twin(client, f"/en/data/{names['probed']}/datastreams.json")
    assert found["listed"][0]["curve"]["open"] == "Without a break."  # type: ignore[index]


def test_series_that_are_ticked_in_a_list_are_drawn_together(client: Client, names: dict[str, str]):
    html = page(client, f"/en/data/{names['stations']}/datastreams")
    form = html.one("form", class_="ticks")
    ticks = html.inside(form, "input")
    assert (form["action"], ticks[1]["aria-label"]) == (
        "/en/datastreams",
        "Draw with others: salinity – Brest",
    )
    asked = "&".join(f"with={one['value']}" for one in ticks[:3])
    found = client.get(f"{form['action']}?{asked}")
    assert (found.status_code, found.headers["location"]) == (
        303, f"/en/datastreams/{names['brest']}?with={names['salt']},{names['sete']}",
    )  # fmt: skip
    drawn = page(client, found.headers["location"])
    assert len(drawn.all("div", class_="caption")) == 3
    # Files and values are of the first; all of them are ordered.
    assert drawn.one("h2", id="values-title").text == "Values: temperature – Brest"
    way = next(a for a in drawn.inside(drawn.one("div", id="get"), "a") if a.text.startswith("Order all"))
    numbers = "&".join(f"datastream={names[one]}" for one in ("brest", "salt", "sete"))
    assert way["href"].endswith(numbers)
    assert page(client, way["href"]).one("h1")
    other = page(client, f"/en/datastreams/{names['brest']}?with={names['probe']}")
    assert "Order all" not in other.one("div", id="get").text
    too_many = "&".join(f"with={one['value']}" for one in ticks[:5])
    assert client.get(f"/en/datastreams?{too_many}").json()["detail"] == "tick one to 4 series; 5 were ticked"
    page(client, "/en/datastreams", 400)
    page(client, "/en/datastreams?with=x", 404)
    # Profiles and what stands alone are not drawn with others.
    for path in (f"data/{names['casts']}", "stations?q=b-01"):
        assert not page(client, f"/en/{path}").all("input", name="with")
        assert "Draw together" not in client.get(f"/en/{path}").text
    assert len(page(client, "/en/stations?q=e").all("input", name="with")) == 7


def test_drawn_together_the_axis_spans_all_of_them(client: Client, names: dict[str, str]):
    alone = twin(client, f"/en/datastreams/{names['sete']}.json")["plot"]["span"]  # type: ignore[index]
    both = twin(client, f"/en/datastreams/{names['sete']}.json?with={names['brest']}")["plot"]["span"]  # type: ignore[index]
    assert both[0] == alone[0]
    assert both[1] > alone[1]


def executed(code: str) -> dict[str, Any]:
    """What lines of Python leave behind."""
    told: dict[str, Any] = {}
    exec(code, told)
    return told


def test_the_lines_of_a_dataset_read_its_observations(
    house: tuple[Node, dict[str, str]], names: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    node, _ = house
    before = {one.number: one for one in node.observations.datastreams(record=names["probed"])}
    assert before[int(names["probe"])].last
    with serving(create_app(node)) as url:
        found = lines(url, f"/en/data/{names['probed']}")
        told = executed(found["python-series"])
        assert len(told["frame"]) == 169
        assert {"platform", "time (UTC)", "T (degree_C)", "T_flag", "T_quality"} <= set(told["frame"])
        assert "169" in r(found["r-series"].replace("summary(frame)", "nrow(frame)"), tmp_path)
        newest = json.loads(run(found["sensorthings"], tmp_path))["value"]
        assert [one["Observations"][0]["result"] for one in newest] == [
            before[int(names["probe"])].last_value
        ]
        # A node takes nothing from its own machine, unless it is told to.
        nearby = "export ESTRAN_HARVEST__ALLOW_PRIVATE=true ESTRAN_HARVEST__PER_SECOND=1000\n"
        printed = run(nearby + found["estran-series"], tmp_path)
        with xr.open_dataset(tmp_path / "observations.nc", decode_times=False) as held:
            assert 168 in held.sizes.values(), printed
        monkeypatch.chdir(tmp_path)
        assert executed(found["xarray-series"])["found"].sizes["obs"] == 168
        # The description comes after them.
        assert list(found).index("python") > list(found).index("sensorthings")


def test_the_lines_of_a_dataset_are_filled_with_the_area_and_the_period(
    client: Client, names: dict[str, str]
):
    def code(query: str) -> dict[str, str]:
        html = page(client, f"/en/data/{names['stations']}{query}")
        return {e["data-tool"]: e.text for e in html.all("code") if e.get("data-tool")}

    asked = code("?bbox=3,43,4,44&from=2026-10&to=2026-10")
    limits = "time%3E%3D2026-10-01T00:00:00Z&time%3C2026-11-01T00:00:00Z&latitude%3E%3D43&latitude%3C%3D44&longitude%3E%3D3&longitude%3C%3D4"
    assert asked["python-series"].count(limits) == asked["r-series"].count(limits) == 1
    assert 'time="2026-10-01T00:00:00Z/2026-10-31T23:59:59Z", bbox=(3, 43, 4, 44))' in asked["xarray-series"]
    assert "--since 2026-10-01" in asked["estran-series"]
    # What has no standard name is named like its column.
    assert "observations read temperature --node" in asked["estran-series"]
    assert "time%3E%3Dmax(time)-7days" in code("")["python-series"]
    # Without a period all of the area is read.
    assert "csvp?&latitude" in code("?bbox=3,43,4,44")["python-series"]
    assert "python-series" not in {e.get("data-tool") for e in page(client, "/en/help").all("code")}

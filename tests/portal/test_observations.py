"""The pages of observations without a browser: what they say, and that it is what the observations say."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.request import urlopen

import numpy as np
import pyarrow as pa
import pytest
import xarray as xr

import estran
from estran.model import Datastream, Period, Sensor, SensorEvent, Thing, Variable
from estran.web.app import create_app
from estran.web.portal import telling
from estran.web.portal.i18n import words
from tests.conftest import lacking
from tests.portal import observed
from tests.portal.conftest import serving
from tests.portal.html import Html
from tests.portal.test_snippets import ENVIRONMENT, lines, r
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("observed")
    with estran.open(folder / "node") as node:
        yield node, observed.fill(node, folder / "files")


@pytest.fixture(scope="module")
def names(house: tuple[Node, dict[str, str]]) -> dict[str, str]:
    return house[1]


@pytest.fixture(scope="module")
def client(house: tuple[Node, dict[str, str]]) -> Client:
    return Client(create_app(house[0]), Accept="text/html")


def page(client: Client, path: str, status: int = 200) -> Html:
    found = client.get(path)
    assert found.status_code == status, found.text[:500]
    return Html(found.text)


def twin(client: Client, path: str) -> dict[str, object]:
    found = client.get(path)
    assert found.status_code == 200, found.text[:500]
    assert found.headers["cache-control"] == "no-store"
    return json.loads(found.content)


def test_the_page_of_a_datastream_says_in_words_what_the_curve_shows(client: Client, names: dict[str, str]):
    html = page(client, f"/en/datastreams/{names['brest']}")
    assert html.one("h1").text == "temperature – Brest"
    said = html.one("figcaption", id="plot-text").text
    assert "1,120 values" in said
    assert "Lowest 10 °C, highest 16 °C" in said
    assert "1 gap (of 3\u00a0d, from" in said
    assert "No doubtful values." in said
    french = page(client, f"/fr/datastreams/{names['brest']}").one("figcaption", id="plot-text").text
    assert "1\u202f120 valeurs" in french
    assert "Aucune valeur douteuse." in french
    assert "Up to date" in html.one("p", class_="lead").text
    assert "93% complete" in html.one("p", class_="lead").text


def test_without_scripts_there_is_a_picture_and_a_table(client: Client, names: dict[str, str]):
    html = page(client, f"/en/datastreams/{names['brest']}?period=week")
    picture = html.one("svg", class_="plot-picture")
    assert picture["aria-hidden"] == "true"
    assert len(html.all("polyline")) == 1
    cells = [row.text for row in html.all("th", scope="row")]
    assert len(cells) == 50
    assert cells == sorted(cells, reverse=True)
    earlier = next(a["href"] for a in html.all("a") if a.text == "Earlier values")
    before = page(client, earlier.partition("#")[0])
    assert before.all("th", scope="row")[0].text < cells[-1]
    assert "168 values" in before.one("figcaption", id="plot-text").text


def test_a_gap_parts_the_picture(client: Client, names: dict[str, str]):
    assert len(page(client, f"/en/datastreams/{names['brest']}").all("polyline")) == 2


def test_the_twin_has_the_columns_that_the_plot_draws(client: Client, names: dict[str, str]):
    found = twin(client, f"/en/datastreams/{names['probe']}.json?period=week")
    (curve,) = found["plot"]["curves"]  # type: ignore[index]
    assert curve["exact"]
    assert len(curve["time"]) == len(curve["value"]) == 168
    assert curve["time"][1] - curve["time"][0] == 3600
    held = twin(client, f"/en/datastreams/{names['probe']}.json")
    (curve,) = held["plot"]["curves"]  # type: ignore[index]
    assert len(curve["doubtful"][0]) == 10
    assert None in curve["value"]
    assert "10 doubtful values." in held["drawn"][0]["caption"]  # type: ignore[index]


def test_events_of_the_sensor_in_the_period(client: Client, names: dict[str, str]):
    html = page(client, f"/en/datastreams/{names['probe']}?period=week")
    listed = [e.text for e in html.inside(html.one("section", **{"aria-labelledby": "events-title"}), "li")]
    assert len(listed) == 1
    assert listed[0].endswith("calibration – In the laboratory.")
    assert not html.all("a", href="javascript:alert(2)")
    assert "<script>alert(1)" not in client.get(f"/en/datastreams/{names['probe']}").text
    found = twin(client, f"/en/datastreams/{names['probe']}.json?period=week")
    ((start, end, kind),) = found["plot"]["events"]  # type: ignore[index]
    assert (end - start, kind) == (86400, "calibration")


def test_what_happened_to_the_sensor_is_seen_without_scripts_and_said_in_the_language_of_the_page(
    client: Client, names: dict[str, str]
):
    picture = page(client, f"/fr/datastreams/{names['probe']}?period=week").one("svg", class_="plot-picture")
    assert "étalonnage" in picture.text
    found = twin(client, f"/fr/datastreams/{names['probe']}.json?period=week")
    # The sensor is active since 2024: there is nothing to tell apart.
    assert found["plot"]["active"] == []  # type: ignore[index]


def test_when_the_sensor_was_active_is_a_bar_at_the_foot(house: tuple[Node, dict[str, str]], tmp_path: Path):
    node, _ = house
    record = observed.keep(node, tmp_path, observed.described("active", "Active at times"))
    sensor = Sensor(
        key="S", periods=(Period("2023-11-14", "2023-11-15"), Period("2023-11-20", ""), Period("soon", "")),
        events=tuple(SensorEvent("2023-11-20", kind) for kind in ("exchange", "calibration", "test", "more")),
    )  # fmt: skip
    stream = Datastream(key="a", thing=Thing(key="S"), variable=Variable(name="a"), sensor=sensor)
    times = [1_700_000_000_000_000 + n * observed.HOUR_US for n in range(240)]
    observed.put(node, record, [stream], [observed.rows(0, times, [1.0 * n for n in range(240)])])
    number = next(one.number for one in node.observations.datastreams(record=record))
    client = Client(create_app(node), Accept="text/html")
    spans = twin(client, f"/en/datastreams/{number}.json")["plot"]["active"]  # type: ignore[index]
    assert spans == [[1_700_000_000.0, 1_700_092_800.0], [1_700_438_400.0, 1_700_860_400.000001]]
    html = page(client, f"/en/datastreams/{number}")
    bands = html.inside(html.one("svg", class_="plot-picture"), "rect")
    assert [band.get("class") for band in bands] == ["active", "active", "", "", "", ""]
    labels = [
        e
        for e in html.inside(html.one("svg", class_="plot-picture"), "text")
        if e.text in {"exchange", "calibration", "test", "more"}
    ]
    # Three stand below one another; the list has all.
    assert len({label["y"] for label in labels}) == len(labels) == 3
    assert "The bar at the foot" in html.one("figcaption", id="plot-text").text


def test_four_series_at_most_are_drawn_together(client: Client, names: dict[str, str]):
    path = f"/en/datastreams/{names['brest']}"
    beside = f"{names['salt']},{names['sete']},{names['probe']},{names['cast']}"
    html = page(client, f"{path}?with={beside}")
    assert len(html.all("div", class_="caption")) == 4
    without = next(a["href"] for a in html.all("a") if a.text.startswith("remove"))
    assert without == f"{path}?with={names['sete']},{names['probe']}"
    form = client.get(f"{path}?with={names['salt']}&with={names['sete']}")
    assert (form.status_code, form.headers["location"]) == (
        303,
        f"{path}?with={names['salt']},{names['sete']}",
    )
    assert len(page(client, f"{path}?with=999999,{names['salt']}").all("div", class_="caption")) == 2


def test_profiles_are_drawn_against_the_vertical(client: Client, names: dict[str, str]):
    html = page(client, f"/en/datastreams/{names['cast']}")
    assert "The 8 newest profiles" in html.one("figcaption", id="plot-text").text
    assert len(html.all("polyline")) == 8
    assert len(html.all("circle", class_="doubt")) == 1
    # The deepest value stands lowest in the picture.
    points = html.all("polyline")[-1]["points"].split(" ")
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights)
    found = twin(client, f"/en/datastreams/{names['cast']}.json")
    plot = found["plot"]
    assert plot["downward"] is True  # type: ignore[index]
    assert plot["profiles"][-1]["vertical"][-1] == 95.0  # type: ignore[index]


def test_a_real_float_has_profiles_and_a_place(shared_data: Path, tmp_path: Path):
    files = sorted((shared_data / "observations/argo/dac/meds/4901079/profiles").glob("*.nc"))[:4]
    with estran.open(tmp_path / "node") as node:
        node.load(files, kind="observations")
        client = Client(create_app(node), Accept="text/html")
        (place,) = twin(client, "/en/stations.json")["features"]  # type: ignore[misc]
        number = place["properties"]["datastreams"][0]["number"]
        assert place["geometry"]["coordinates"][0] < 0
        assert place["properties"]["state"] == "ended"
        html = page(client, f"/en/datastreams/{number}")
        assert "newest profile" in html.one("figcaption", id="plot-text").text
        assert "complete" not in html.one("p", class_="lead").text
        assert html.all("polyline")


def test_results_in_words_are_a_table_without_a_curve(tmp_path: Path):
    with estran.open(tmp_path / "node") as node:
        record = observed.keep(node, tmp_path, observed.described("sea", "State of the sea"))
        stream = Datastream(
            key="sea", kind="category", thing=Thing(key="S"), variable=Variable(name="state of the sea")
        )
        held = observed.rows(0, [1_700_000_000_000_000 + n * observed.HOUR_US for n in range(4)], [None] * 4)
        at = held.schema.get_field_index("words")
        words_of = pa.array(["calme", "belle", "<b>", "agitée"])
        observed.put(node, record, [stream], [held.set_column(at, held.schema.field(at), words_of)])
        number = node.observations.datastreams()[0].number
        client = Client(create_app(node), Accept="text/html")
        html = page(client, f"/en/datastreams/{number}")
        assert "None of them is a number" in html.one("figcaption", id="plot-text").text
        assert [e.text for e in html.inside(html.one("div", class_="values"), "td")][::2] == [
            "agitée", "<b>", "belle", "calme",
        ]  # fmt: skip
        assert "agitée" in page(client, "/en/stations").one("table").text
        assert not html.all("polyline")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/en/datastreams/999999", 404), ("/en/datastreams/x", 404), ("/en/datastreams/99999999999999999999", 404),
        ("/en/datastreams/{brest}?time=yesterday", 400), ("/en/datastreams/{brest}?period=decade", 400),
        ("/en/datastreams/{brest}?tiem=2020", 400), ("/en/datastreams/{brest}?before=x", 400),
        ("/en/datastreams/{brest}?time=1990/1991", 200), ("/en/stations?variable=x", 400), ("/en/stations?from=x", 400),
        ("/en/stations?complete=-1", 400), ("/en/data/{many}/datastreams?after=x", 400), ("/en/data/nothing/datastreams", 404),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(client: Client, names: dict[str, str], path: str, status: int):
    page(client, path.format(**names), status)


def test_a_form_leads_to_the_address_of_its_period(client: Client, names: dict[str, str]):
    path = f"/en/datastreams/{names['brest']}"
    found = client.get(f"{path}?from=2020-03&to=")
    assert (found.status_code, found.headers["location"]) == (303, f"{path}?time=2020-03/..")
    assert client.get(f"{path}?from=&to=").headers["location"] == path
    plain = client.get(f"/datastreams/{names['brest']}?period=week", Accept_Language="fr")
    assert plain.headers["location"] == f"/fr/datastreams/{names['brest']}?period=week"
    assert (
        "There are no values in this period."
        in page(client, f"{path}?time=1990/1991").one("figcaption", id="plot-text").text
    )


def test_downloads_and_lines_are_of_this_period(client: Client, names: dict[str, str]):
    number = names["brest"]
    html = page(client, f"/en/datastreams/{number}?time=2020/2030")
    links = [a["href"] for a in html.inside(html.one("div", id="get"), "a")]
    assert links == [f"/datastreams/{number}.{suffix}?time=2020/2030" for suffix in ("csv", "nc", "parquet")]
    code = [e.text for e in html.all("code") if e.get("data-tool")]
    assert len(code) == 3
    assert all(f"/datastreams/{number}." in lines and "time=2020/2030" in lines for lines in code)


def test_the_lines_to_paste_get_the_period(
    house: tuple[Node, dict[str, str]], names: dict[str, str], tmp_path: Path
):
    with serving(create_app(house[0])) as url:
        found = lines(url, f"/en/datastreams/{names['probe']}?period=week")
        python = subprocess.run(
            [sys.executable, "-c", found["python"]],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=True,
        )
        assert "168.0" in python.stdout
        assert "168" in r(found["r"].replace("summary(frame)", "nrow(frame)"), tmp_path)
        address = found["r"].partition('"')[2].partition('"')[0]
        with urlopen(address) as answer:
            rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))
        assert len(rows) == 168
        curl = shutil.which("curl") or lacking("curl")
        subprocess.run(
            ["sh", "-ec", found["curl"].replace("curl", curl, 1)], env=ENVIRONMENT, check=True, cwd=tmp_path
        )
        with xr.open_dataset(tmp_path / f"datastream-{names['probe']}.nc", decode_times=False) as held:
            assert 168 in held.sizes.values()


def test_the_page_of_a_record_shows_its_datastreams_and_leads_to_their_plots(
    client: Client, names: dict[str, str]
):
    html = page(client, f"/en/data/{names['probed']}")
    plot = next(a for a in html.all("a", class_="button") if a.text == "Plot")
    assert plot["href"] == f"/en/datastreams/{names['probe']}"
    rows = html.inside(html.one("section", id="datastreams"), "tr")
    assert len(rows) == 2
    assert "1,200" in rows[1].text
    assert "Water temperature" in rows[1].text
    several = page(client, f"/en/data/{names['stations']}")
    assert next(a for a in several.all("a", class_="button") if a.text == "Plot")["href"] == "#datastreams"
    assert len(several.inside(several.one("section", id="datastreams"), "tr")) == 7


def test_many_datastreams_of_a_record_are_paged(client: Client, names: dict[str, str]):
    path = f"/en/data/{names['many']}"
    html = page(client, path)
    assert len(html.inside(html.one("section", id="datastreams"), "tr")) == 13
    assert (
        next(a for a in html.all("a") if a.text == f"All {observed.MANY} series")["href"]
        == f"{path}/datastreams"
    )
    seen: list[str] = []
    following = f"{path}/datastreams"
    while following:
        html = page(client, following)
        seen += [a["href"] for a in html.inside(html.one("table"), "a")]
        following = next((a["href"] for a in html.all("a", rel="next")), "")
    assert len(seen) == len(set(seen)) == observed.MANY
    assert twin(client, f"{path}/datastreams.json")["total"] == observed.MANY
    assert page(client, f"/en/data/{names['casts']}/datastreams").one("table")


def test_within_many_datastreams_one_is_found(client: Client, names: dict[str, str]):
    path = f"/en/data/{names['many']}/datastreams"
    html = page(client, f"{path}?q=m-01")
    assert html.one("input", id="q")["value"] == "m-01"
    assert [row.text.split()[-1] for row in html.all("th", scope="row")] == [
        f"M-{n:03}" for n in range(10, 20)
    ]
    assert twin(client, f"{path}.json?q=LEVEL+m-1")["total"] == 30
    following = next(a["href"] for a in page(client, f"{path}?q=level").all("a", rel="next"))
    assert len(page(client, following).all("th", scope="row")) == observed.MANY - 100
    assert "called so" in page(client, f"{path}?q=nowhere").one("p", role="status").text
    assert "No address is given" not in page(client, f"/en/data/{names['many']}").one("main").text


def test_stations_are_found_by_name_variable_period_and_completeness(client: Client):
    def stations(query: str) -> list[str]:
        found = twin(client, f"/en/stations.json?{query}")
        return sorted(f["properties"]["name"] for f in found["features"])  # type: ignore[index,union-attr]

    html = page(client, "/en/stations")
    variables = {
        o.text.partition(" (")[0]: o["value"]
        for o in html.inside(html.one("select", id="variable"), "option")
    }
    assert stations("q=sete") == ["Sète"]
    assert stations(f"variable={variables['salinity']}") == ["Brest", "Marseille", "Sète"]
    assert stations(f"variable={variables['salinity']}&complete=95") == ["Marseille", "Sète"]
    assert stations(f"variable={variables['salinity']}&state=ended") == ["Sète"]
    assert "Buoy <one>" in stations("q=b-01")
    last = observed.newest()
    recent = f"variable={variables['temperature']}&from={last:%Y-%m-%d}T00:00:00Z"
    assert stations(recent) == ["Brest", "Marseille"]
    assert stations("to=1990") == []
    assert stations("from=2999") == []


def test_a_record_is_found_by_the_names_of_its_stations_and_a_search_leads_to_them(
    client: Client, names: dict[str, str]
):
    html = page(client, "/en/search?q=marseille&from=2026")
    assert html.all("a", href=f"/en/data/{names['stations']}?from=2026")
    way = next(a for a in html.all("a") if a.text.startswith("Look among the stations"))
    assert way["href"] == "/en/stations?from=2026"
    # Nothing in its record names the buoy; its dataset is found by its station, whatever its own words.
    none = page(client, "/en/search?q=b-01")
    assert none.all("a", href=f"/en/data/{names['probed']}")
    # Letters within a name find the station alone.
    part = page(client, "/en/search?q=arseill")
    assert (
        next(a for a in part.all("a") if a.text == "One station is named so")["href"]
        == "/en/stations?q=arseill"
    )


def test_a_search_is_narrowed_to_series_and_its_map_has_their_stations(client: Client, names: dict[str, str]):
    html = page(client, "/en/search?series=station")
    assert html.all("a", href=f"/en/data/{names['stations']}")
    assert html.one("input", type="checkbox", name="series", value="station").get("checked") is not None
    assert "De stations" in client.get("/fr/search?series=station").text

    def marks(more: str = "") -> dict[str, str]:
        found = client.get(f"/en/search/map.json?series=station{more}").json()["stations"]
        assert all(one["properties"]["is"] == "station" for one in found)
        return {one["properties"]["name"]: one["properties"]["href"] for one in found}

    near = marks("&zoom=12&view=-5,48,-4,49")
    assert page(client, near["Brest"]).one("h1").text.endswith("Brest")
    assert any(name.endswith(" stations") for name in marks("&zoom=0"))


def test_how_complete_a_station_is_in_a_period(client: Client, names: dict[str, str]):
    last = observed.newest()
    at = [last - timedelta(hours=24 * observed.DAYS - 1 - hour) for hour in (260, 380 + 40)]
    asked = f"from={at[0]:%Y-%m-%dT%H:%M:%SZ}&to={at[1]:%Y-%m-%dT%H:%M:%SZ}"
    found = twin(client, f"/en/stations.json?q=brest&{asked}")
    (brest,) = found["features"]  # type: ignore[misc]
    shares = {d["number"]: d["complete_percent"] for d in brest["properties"]["datastreams"]}
    # Forty hours before the gap and forty after it, of a hundred and sixty.
    assert shares[int(names["brest"])] == pytest.approx(50, abs=1)


def test_the_list_of_stations_says_what_the_map_shows(client: Client):
    html = page(client, "/fr/stations?q=e")
    assert html.one("div", id="map")["data-points"] == "/fr/stations/map.json?q=e"
    found = twin(client, "/fr/stations/map.json?q=e")
    marks = {f["properties"]["name"]: f for f in found["features"]}  # type: ignore[index,union-attr]
    assert marks["Brest"]["geometry"]["coordinates"] == [-4.49, 48.38]
    assert marks["Sète"]["properties"]["hub"] == "ended"
    assert "Sète" in html.one("table").text
    assert "Terminé" in html.one("table").text
    none = page(client, "/en/stations?q=nowhere")
    assert "No station has all of this." in none.one("main").text


def test_who_may_not_see_the_record_sees_none_of_its_observations(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("hidden")
    with estran.open(folder / "node") as node:
        observed.table(folder / "stations.csv")
        node.load(folder / "stations.csv", kind="observations", visibility="restricted")
        number = node.observations.datastreams()[0].number
        client = Client(create_app(node), Accept="text/html")
        page(client, f"/en/datastreams/{number}", 404)
        assert twin(client, "/en/stations.json")["features"] == []
        assert "no observations on this node" in page(client, "/en/stations").one("main").text


def test_what_comes_in_is_seen_at_once(house: tuple[Node, dict[str, str]], client: Client):
    node, names = house
    path = f"/en/datastreams/{names['sete']}.json"
    before = twin(client, path)["drawn"][0]["caption"]  # type: ignore[index]
    stream = node.observations.overview.datastream(int(names["sete"]))
    assert stream.last is not None
    put = node.observations._store.put  # pyright: ignore[reportPrivateUsage] - as a message that comes in
    put(observed.rows(stream.number, [stream.last + observed.HOUR_US], [99.0]))
    assert twin(client, path)["drawn"][0]["caption"] != before  # type: ignore[index]
    record = page(client, f"/en/data/{names['stations']}").one("section", id="datastreams").text
    assert "99 °C" in record


def test_words_of_numbers_and_times():
    en, fr = words("en"), words("fr")
    assert [telling.number(v, en) for v in (0, 13.5346, 1234567.0, 0.000123456, 1e-9, float("nan"))] == [
        "0", "13.535", "1,234,567", "0.00012346", "1.000e−09", "–",
    ]  # fmt: skip
    assert telling.number(-0.5, fr) == "−0,5"
    assert [telling.lasting(s * 1_000_000, en).replace("\u00a0", " ") for s in (1, 90, 3600, 86400, 400 * 86400, 800 * 86400)] == [
        "1 s", "90 s", "1 h", "1 d", "400 d", "2 yr",
    ]  # fmt: skip
    assert telling.percent(99.96, en) == "99.9%"
    assert telling.percent(100, en) == "100%"
    assert telling.percent(None, en) == "–"
    assert telling.state(None, None) == "ended"
    assert telling.result(None, "calme", "m", en) == "calme"


def test_how_late_is_late_goes_by_the_rhythm_of_a_series(monkeypatch: pytest.MonkeyPatch):
    hour, day, now = 3_600_000_000, 86_400_000_000, 1_577_836_800_000_000
    monkeypatch.setattr(telling, "now_us", lambda: now)
    # Usual step -> how far behind it is up to date, and late, at most; then it has ended.
    for step, fresh, late in (
        (60_000_000, 2 * hour, 14 * day), (hour, 3 * hour, 14 * day), (day, 3 * day, 14 * day), (None, 3 * day, 14 * day),
        (10 * day, 30 * day, 100 * day), (365 * day, 3 * 365 * day, 3650 * day),
    ):  # fmt: skip
        found = [
            telling.state(now - behind, step)
            for behind in (-hour, 0, fresh, fresh + 1, late, late + 1, 2**60)
        ]
        assert found == ["fresh", "fresh", "fresh", "late", "late", "ended", "ended"], step
    said = [telling.standing(now - n * hour, hour, words(w)) for w in ("en", "fr") for n in (3, 21, 1000)]
    assert [one.replace("\u00a0", " ") for one in said] == [
        "Up to date", "Late since 31 December 2019, 04:00 UTC", "Ended",
        "À jour", "En retard depuis le 31 décembre 2019, 04:00 UTC", "Terminé",
    ]  # fmt: skip
    assert telling.standing(None, hour, words("en")) == "Ended"


def test_a_page_of_a_long_series_is_quick(tmp_path_factory: pytest.TempPathFactory):
    folder, count = tmp_path_factory.mktemp("long"), 1_200_000
    with estran.open(folder / "node") as node:
        record = observed.keep(node, folder, observed.described("long", "A long series"))
        stream = Datastream(key="long", thing=Thing(key="L"), variable=Variable(name="x", unit="m"))
        at = (1_262_304_000_000_000 + np.arange(count) * 60_000_000).tolist()
        value = np.sin(np.arange(count) / 3000).tolist()
        observed.put(node, record, [stream], [observed.rows(0, at, value)])
        path = f"/en/datastreams/{node.observations.datastreams()[0].number}"
        own = Client(create_app(node), Accept="text/html")
        page(own, path)
        begun = time.process_time()
        found = own.get(f"{path}?period=all")
        took = time.process_time() - begun
    assert "1,200,000 values" in found.text
    assert len(found.content) < 300_000
    assert took < 0.6, took

"""The page of a collection's items: what it counts, lists and draws is what the items are."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit
from urllib.request import urlopen

import pytest

from estran.model import Box, bounds
from estran.web.portal.items import part
from tests.portal.granules import HOSTILE_ID, ODD, QUOTED_ID, SCENES, scene
from tests.portal.html import Html

# The laws of every page, held here by the pages of items: these functions take the fixtures below.
from tests.portal.test_pages import (  # noqa: F401
    test_a_page_asks_nothing_of_others_and_runs_nothing_inline,
    test_a_page_has_a_json_twin,
    test_a_page_says_its_language_and_leads_to_the_other,
    test_addresses_of_the_page_do_not_reach_other_hosts,
    test_headings_go_down_step_by_step,
    test_links_lead_somewhere_safe,
    test_the_import_map_stands_before_any_module,
)
from tests.portal.test_snippets import ENVIRONMENT, lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.client import Client

ALL = [scene(n) for n in range(SCENES)]
PAGES = (
    "data/{scenes}", "data/{scenes}/items", "data/{scenes}/items?from=2023-05&to=2023-05&cloud=60", "data/{empty}/items",
    "data/{scenes}/items?bbox=0,0,1,1&cloud=3", "data/{odd}/items", "data/{scenes}/items/scene-094", f"data/{{odd}}/items/{part(HOSTILE_ID)}",
    "data/{odd}/items/bare.json",
)  # fmt: skip


@pytest.fixture
def client(item_client: Client) -> Client:
    return item_client


@pytest.fixture(params=[f"/{language}/{path}" for language in ("fr", "en") for path in PAGES])
def address(request: pytest.FixtureRequest, records: dict[str, str]) -> str:
    return request.param.format(**records, odd=records[ODD])


@pytest.fixture
def at(item_client: Client, records: dict[str, str]) -> Callable[..., Html]:
    """Opens the page of the scenes, with a query; any other address as it is."""

    def open_(asked: str = "", status: int = 200) -> Html:
        path = asked if asked.startswith("/") else f"/en/data/{records['scenes']}/items{asked}"
        found = item_client.get(path, "text/html")
        assert found.status_code == status, (path, found.status_code, found.headers, found.text[:300])
        return Html(found.text)

    return open_


def day_of(item: dict) -> str:
    return item["properties"]["datetime"][:10]


def ids_of(html: Html) -> list[str]:
    return [e["data-id"] for e in html.all("li", class_="item-row")]


def status_of(html: Html) -> str:
    return html.one("p", id="status").text


def walked(at: Callable[..., Html], asked: str) -> list[str]:
    """Ids of all pages, each left by its link to the next."""
    html, found = at(asked), []
    while True:
        found += ids_of(html)
        following = html.all("a", rel="next", class_="button")
        if not following:
            return found
        html = at(following[0]["href"])


def cells(html: Html) -> dict[str, str]:
    """Words of the cells that have a link -> where it leads."""
    said = [a for a in html.all("a") if any(p.tag == "table" for p in a.parents) and a.text.count(":")]
    return {a.text: a["href"] for a in said}


def test_a_record_leads_to_its_items(at: Callable[..., Html], records: dict[str, str]):
    html = at(f"/fr/data/{records['scenes']}")
    link = next(a for a in html.all("a", class_="button") if a["href"].endswith("/items"))
    assert link.text == "Obtenir"
    assert f"{SCENES} granules" in html.one("p", id=link["aria-describedby"]).text
    assert status_of(at(link["href"])) == f"{SCENES} granules, 1 à 20"
    files = html.one("section", id="files")
    assert [a["href"] for a in html.all("a") if files in a.parents] == [link["href"]]
    assert not [a for a in at(f"/fr/data/{records['empty']}").all("a") if a["href"].endswith("/items")]


def test_the_years_count_every_month_and_each_leads_to_its_items(at: Callable[..., Html]):
    html = at()
    assert html.one("h2", id="calendar-title").text == "Items by month"
    months = Counter(day_of(i)[:7] for i in ALL)
    found = cells(html)
    assert len(found) == len(months)
    for said, href in found.items():
        name = parse_qsl(urlsplit(href).query)[0][1]
        assert f": {months[name]} item" in said, said
        assert status_of(at(href)).split()[0] == str(months[name])
    years = Counter(name[:4] for name in months.elements())
    rows = list(html.all("th", scope="row"))
    assert [th.text for th in rows] == sorted(years, reverse=True)
    assert [int(td.text) for td in html.all("td", class_="total")] == [
        years[y] for y in sorted(years, reverse=True)
    ]


def test_a_month_counts_every_day_and_leads_to_its_neighbours(at: Callable[..., Html]):
    html = at("?from=2023-05&to=2023-05")
    days = Counter(day_of(i) for i in ALL if day_of(i).startswith("2023-05"))
    found = cells(html)
    assert len(found) == len(days) > 2
    for said, href in found.items():
        day = dict(parse_qsl(urlsplit(href).query))["from"]
        assert f": {days[day]} item" in said
        there = at(href)
        assert sorted(ids_of(there)) == sorted(i["id"] for i in ALL if day_of(i) == day)
        assert [a["href"] for a in there.all("a", aria_current="true")] == [href]
    ways = [
        a["href"].partition("?")[2]
        for a in html.all("a")
        if any(p.get("class") == "calendar-ways" for p in a.parents)
    ]
    assert ways == ["", "from=2023&to=2023", "from=2023-04&to=2023-04", "from=2023-06&to=2023-06"]
    assert [th.text[3:] for th in html.all("th", scope="col")] == [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ]


def test_darker_is_more_and_the_number_stands_there(at: Callable[..., Html]):
    html = at()
    shades = {}
    for td in html.all("td"):
        if found := re.search(r"shade-(\d)", td.get("class")):
            shades[int(re.search(r": (\d+) item", td.text)[1])] = int(found[1])
    assert [shades[n] for n in sorted(shades)] == sorted(shades.values())
    assert shades[max(shades)] == 5


def test_the_calendar_follows_area_and_clouds_but_not_the_period(at: Callable[..., Html]):
    asked = "?bbox=-60,-40,30,10&cloud=50"
    box = Box(-60, -40, 30, 10)
    fit = [
        i for i in ALL
        if i["bbox"][0] <= box.east and i["bbox"][2] >= box.west and i["bbox"][1] <= box.north and i["bbox"][3] >= box.south
        and i["properties"].get("eo:cloud_cover", 101) <= 50
    ]  # fmt: skip
    months = Counter(day_of(i)[:7] for i in fit)
    assert 5 < len(fit) < 40
    for period in ("", "&from=2023"):
        html = at(asked.replace("&cloud", f"{period}&cloud"))
        assert sum(int(td.text) for td in html.all("td", class_="total")) == len(fit)
        assert len(cells(html)) == len(months)
    assert status_of(at(asked)).split()[0] == str(len(fit))
    assert sorted(walked(at, asked)) == sorted(i["id"] for i in fit)


@pytest.mark.parametrize("period", ["from=2023-02-10&to=2023-09", "from=2024", "to=2022"])
def test_a_period_leaves_what_lies_in_it(at: Callable[..., Html], period: str):
    ends = dict(parse_qsl(period))
    first = bounds(ends["from"])[0] if "from" in ends else 0
    last = bounds(ends["to"])[1] if "to" in ends else 2**62
    fit = [i["id"] for i in ALL if first <= bounds(i["properties"]["datetime"])[0] < last]
    assert status_of(at(f"?{period}")).split()[0] == str(len(fit))
    assert walked(at, f"?{period}") == sorted(fit, key=lambda id_: -int(id_[-3:]))


def test_pages_go_forward_and_back(at: Callable[..., Html]):
    assert walked(at, "") == [f"scene-{n:03d}" for n in reversed(range(SCENES))]
    second = at(at().one("a", rel="next", class_="button")["href"])
    assert status_of(second) == f"{SCENES} items, 21 to 40"
    third = at(second.one("a", rel="next", class_="button")["href"])
    back = at(third.one("a", rel="prev", class_="button")["href"])
    assert ids_of(back) == ids_of(second)
    assert ids_of(at(back.one("a", rel="prev", class_="button")["href"])) == ids_of(at())


def test_what_a_plain_form_sends_is_brought_to_one_address(item_client: Client, records: dict[str, str]):
    path = f"/en/data/{records['scenes']}/items"
    found = item_client.get(
        f"{path}?to=&from=2023-05&cloud=20,5%25&north=10&west=-5&east=10&south=-5&utm=1", "text/html"
    )
    assert (found.status_code, found.headers["location"]) == (
        303,
        f"{path}?bbox=-5,-5,10,10&from=2023-05&cloud=20.5",
    )


def test_filters_are_said_and_can_be_taken_away(at: Callable[..., Html]):
    html = at("?bbox=-60,-40,30,10&from=2023-05&to=2023-05&cloud=50")
    chips = {a.text.rstrip("× "): a["href"].partition("?")[2] for a in html.all("a", class_="chip")}
    assert chips == {
        "Area 60°\u00a0W, 40°\u00a0S – 30°\u00a0E, 10°\u00a0N": "from=2023-05&to=2023-05&cloud=50",
        "May\u00a02023": "bbox=-60,-40,30,10&cloud=50",
        "Clouds ≤ 50%": "bbox=-60,-40,30,10&from=2023-05&to=2023-05",
    }
    assert html.one("input", id="cloud")["value"] == "50"
    assert html.one("input", id="west")["value"] == "-60"


def test_nothing_found_says_what_would_help(at: Callable[..., Html], records: dict[str, str]):
    html = at("?bbox=0,60,1,61&from=2023")
    assert status_of(html) == "No item"
    assert not html.all("table")
    empty = html.one("div", class_="empty")
    ways = [a for a in html.all("a") if empty in a.parents]
    assert [a["href"].partition("?")[2] for a in ways] == ["from=2023", ""]
    assert status_of(at(ways[0]["href"])).split()[0] in empty.text
    html = at(f"/en/data/{records['empty']}/items")
    assert "no item yet" in html.one("div", class_="empty").text


def test_what_cannot_be_read_is_said_at_its_field(at: Callable[..., Html], records: dict[str, str]):
    html = at("?from=2024-02-30&cloud=120&bbox=1,2", 400)
    said = {a["href"]: a.text for a in html.all("a") if any(p.get("id") == "wrong" for p in a.parents)}
    assert set(said) == {"#from", "#cloud", "#west"}
    assert html.one("input", id="cloud")["value"] == "120"
    assert html.one("input", id="from")["aria-invalid"] == "true"
    html = at("?cursor=abc", 400)
    assert "no longer be opened" in html.one("div", id="wrong").text
    assert (
        html.one("div", id="wrong")
        in next(
            a
            for a in html.all("a")
            if a["href"] == f"/en/data/{records['scenes']}/items" and a.text == "See all items"
        ).parents
    )


def test_a_cursor_serves_no_other_question(at: Callable[..., Html]):
    cursor = dict(parse_qsl(urlsplit(at().one("a", rel="next", class_="button")["href"]).query))["cursor"]
    at(f"?from=2023&cursor={cursor}", 400)


def test_records_without_items_have_no_such_page(
    at: Callable[..., Html], item_client: Client, records: dict[str, str]
):
    at("/en/data/nothing/items", 404)
    at(f"/de/data/{records['scenes']}/items", 404)
    at(f"/en/data/{records['scenes']}/items/nothing", 404)
    at(f"/en/data/{records['scenes']}/items/nothing.json", 404)


def test_what_one_may_not_see_is_not_there(at: Callable[..., Html], records: dict[str, str]):
    at(f"/en/data/{records['secret']}", 404)
    at(f"/en/data/{records['secret']}/items", 404)
    at(f"/en/data/{records['secret']}/items/scene-001", 404)


@pytest.mark.parametrize(
    "asked", ["", "?cloud=50", "?from=2023-05&to=2023-06", "?bbox=-60,-40,30,10&from=2023&cloud=80"]
)
def test_the_api_call_finds_the_same(at: Callable[..., Html], item_client: Client, asked: str):
    html = at(asked)
    call = next(a["href"] for a in html.all("a") if a.get("data-copy"))
    answer = item_client.json(f"{call}{'&' if '?' in call else '?'}limit=200")
    assert [f["id"] for f in answer["features"]] == walked(at, asked)


@pytest.mark.parametrize("asked", ["", "?bbox=-60,-40,30,10&from=2023&to=2023&cloud=80.5"])
def test_the_lines_to_paste_find_the_same(
    at: Callable[..., Html], item_server: str, records: dict[str, str], asked: str
):
    found = lines(item_server, f"/en/data/{records['scenes']}/items{asked}")
    assert list(found) == ["pystac", "curl"]
    done = subprocess.run(
        [sys.executable, "-c", found["pystac"]], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()] == ids_of(at(asked))
    command, _, address = shlex.split(found["curl"])
    assert command == "curl"
    with urlopen(address) as answer:
        assert [f["id"] for f in json.load(answer)["features"]] == ids_of(at(asked))[:10]
    if not asked:
        assert lines(item_server, f"/en/data/{records['scenes']}")["pystac"] == found["pystac"]


def test_the_twin_says_what_the_page_says(at: Callable[..., Html], item_client: Client):
    html = at("?from=2023-05&to=2023-05")
    twin = html.one("link", rel="alternate", type="application/json")["href"]
    found = json.loads(item_client.get(twin).text)
    assert [row["id"] for row in found["rows"]] == ids_of(html)
    assert (
        sum(c.get("count", 0) for row in found["calendar"]["rows"] for c in row["cells"]) == found["matched"]
    )


def test_the_map_gets_the_footprints_of_the_page(at: Callable[..., Html], records: dict[str, str]):
    html = at("?from=2023-05&to=2023-05")
    places = json.loads(html.one("div", id="map")["data-places"])
    assert [p["properties"]["id"] for p in places] == ids_of(html)
    given = {i["id"]: i for i in ALL}
    for place in places:
        assert place["geometry"] == given[place["properties"]["id"]]["geometry"]
    odd = json.loads(at(f"/en/data/{records[ODD]}/items").one("div", id="map")["data-places"])
    assert [p["properties"]["id"] for p in odd] == [QUOTED_ID, HOSTILE_ID, HOSTILE_ID]
    assert odd[1]["properties"]["box"] == [178, -20, 183, -15]


def test_without_clouds_none_are_asked(at: Callable[..., Html], records: dict[str, str]):
    assert not at(f"/en/data/{records[ODD]}/items?to=2021").all("input", id="cloud")
    assert at().all("input", id="cloud")


def test_only_this_nodes_pictures_are_shown(at: Callable[..., Html]):
    pictures = {
        e.parents[-1]["data-id"]: e["src"] for page in ("", "?to=2022-11-05") for e in at(page).all("img")
    }
    assert pictures == {"scene-000": "http://node.example/static/x/icon.svg"}


def test_addresses_keep_the_ids_apart(at: Callable[..., Html], records: dict[str, str]):
    rows = at(f"/en/data/{records[ODD]}/items")
    links = {
        a.parents[-2]["data-id"]: a["href"]
        for a in rows.all("a")
        if a.parents[-1].get("class") == "item-words"
    }
    assert set(links) == {HOSTILE_ID, QUOTED_ID, "bare.json"}
    assert links[HOSTILE_ID].rpartition("/")[2] == quote(HOSTILE_ID, safe="~:@!$&()*+,;=")
    for id_, href in links.items():
        assert any(id_ == dd.text for dd in at(href).all("dd"))

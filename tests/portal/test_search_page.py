"""The search page as a browser without JavaScript sees it: the address holds everything."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.portal.conftest import HOSTILE_TITLE, SERIES
from tests.portal.html import Html

if TYPE_CHECKING:
    import httpx

    from tests.portal.conftest import Ids
    from tests.web.client import Client

ALL = SERIES + 4
PARAMS = (
    "q",
    "bbox",
    "from",
    "to",
    "west",
    "north",
    "hub",
    "kind",
    "variable",
    "sort",
    "cursor",
    "trail",
    "page",
)


def page(client: Client, address: str, status: int = 200) -> Html:
    found = client.get(address, "text/html")
    assert found.status_code == status, (found.status_code, found.text[:500])
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    return Html(found.text)


def titles(html: Html) -> list[str]:
    return [h.text.strip() for h in html.all("h3") if any(p.tag == "article" for p in h.parents)]


def status_of(html: Html) -> str:
    return html.one("p", role="status").text


def counts(html: Html, facet: str) -> dict[str, int]:
    """Value -> count of one group of filters."""
    boxes = html.all("input", type="checkbox", name=facet)
    return {box["value"]: int(box.parents[-1].text.split()[-1]) for box in boxes}


def moved(response: httpx.Response) -> str:
    assert response.status_code == 303, response.status_code
    return response.headers["location"]


def test_everything_is_found_without_asking(client: Client):
    html = page(client, "/en/search")
    assert status_of(html) == f"{ALL} resources, 1 to 20"
    assert len(titles(html)) == 20
    assert counts(html, "hub") == {"continental-surfaces": 46, "ocean": 2, "own-hub": 1, "solid-earth": 1}
    assert counts(html, "kind") == {"collection": 30, "dataset": 18, "service": 1}


def test_what_a_plain_form_sends_is_brought_to_one_address(client: Client):
    sent = "/en/search?q=snow&from=&to=&north=42&west=-5&east=10&south=40&hub=ocean&sort=relevance&utm=1"
    address = moved(client.get(sent, "text/html"))
    assert address == "/en/search?q=snow&bbox=-5,40,10,42&hub=ocean"
    page(client, address)
    assert moved(client.get("/fr/search?q=&hub=", "text/html")) == "/fr/search"


def test_the_order_is_relevance_for_words_and_the_newest_else(client: Client):
    def orders(address: str) -> list[str]:
        return [o["value"] for o in page(client, address).all("option") if o.parents[-1]["name"] == "sort"]

    assert orders("/en/search") == ["", "title", "-published", "start", "-end"]
    assert orders("/en/search?q=snow") == ["", "-updated", "title", "-published", "start", "-end"]
    assert moved(client.get("/en/search?sort=-updated", "text/html")) == "/en/search"
    chosen = page(client, "/en/search?q=snow&sort=-updated").all("option")
    assert [o["value"] for o in chosen if "selected" in o.attributes] == ["-updated", ""]


def test_words_box_time_and_facets_narrow_together(client: Client):
    assert status_of(page(client, "/en/search?q=snow")).startswith("22 resources")
    assert status_of(page(client, "/en/search?q=snow+depth&bbox=0,40,3,41")).startswith("6 resources")
    html = page(client, "/en/search?bbox=-5,48,-4,49&from=2010&to=2011")
    assert set(titles(html)) == {"Water temperature, bay of Brest", "Winds of the world"}
    assert html.one("input", id="from")["value"] == "2010"
    assert html.one("input", id="south")["value"] == "48"


def test_each_facet_ignores_its_own_choice(client: Client):
    html = page(client, "/en/search?hub=ocean")
    assert status_of(html).startswith("2 resources")
    assert counts(html, "hub") == {"continental-surfaces": 46, "ocean": 2, "own-hub": 1, "solid-earth": 1}
    assert counts(html, "kind") == {"dataset": 2} or counts(html, "kind") == {}
    assert [e["value"] for e in html.all("input", name="hub") if "checked" in e.attributes] == ["ocean"]
    both = page(client, "/en/search?hub=ocean&hub=own-hub")
    assert status_of(both).startswith("3 resources")


def test_a_chosen_value_stays_where_nothing_has_it(client: Client):
    html = page(client, "/en/search?kind=software")
    assert counts(html, "kind")["software"] == 0
    assert "checked" in html.one("input", name="kind", value="software").attributes


def test_chips_take_one_filter_away_each(client: Client):
    html = page(client, "/en/search?q=snow&bbox=0,40,3,41&from=1980&kind=dataset&kind=collection")
    chips = html.all("a", class_="chip")
    assert [chip.text.replace("×", "").strip() for chip in chips][:1] == ["“snow”"]
    assert len(chips) == 5
    assert chips[3]["aria-label"] == "Remove filter Dataset"
    assert chips[3]["href"] == "/en/search?q=snow&bbox=0,40,3,41&from=1980&kind=collection"


def test_pages_forward_and_back_show_each_record_once(client: Client):
    address, seen, addresses = "/en/search?sort=title", [], []
    while address:
        html = page(client, address)
        addresses.append(address)
        seen.append(titles(html))
        following = html.all("a", rel="next")
        address = following[0]["href"] if following else ""
    assert [len(part) for part in seen] == [20, 20, 9]
    whole = [title for part in seen for title in part]
    assert len(set(whole)) == ALL
    assert HOSTILE_TITLE in whole
    back = [seen[-1]]
    html = page(client, addresses[-1])
    while previous := html.all("a", rel="prev"):
        html = page(client, previous[0]["href"])
        back.insert(0, titles(html))
    assert back == seen
    assert status_of(page(client, addresses[1])) == f"{ALL} resources, 21 to 40"


def test_a_page_of_another_search_is_refused_with_a_way_on(client: Client):
    html = page(client, "/en/search?q=snow&cursor=abcdefgh&page=2", 400)
    assert "start again" in html.one("div", id="wrong").text
    assert titles(html) == []


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/en/search?from=2024-02-30", "from"), ("/fr/search?to=hier", "to"), ("/en/search?bbox=1,2", "west"),
        ("/en/search?west=a&south=1&east=2&north=3", "west"), ("/en/search?from=2024&to=2020", "to"), ("/en/search?sort=colour", "sort"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_beside_its_field(client: Client, address: str, field: str):
    html = page(client, address, 400)
    links = [a["href"] for a in html.all("a") if a.parents and any(p.get("id") == "wrong" for p in a.parents)]
    assert links == [f"#{field}"]
    assert titles(html) == []
    if field != "sort":
        assert html.one("input", id=field)["aria-describedby"] == "wrong"
    if field in ("from", "to"):
        assert html.one("input", id=field)["value"] == dict(parse_qsl(urlsplit(address).query))[field]


@given(st.dictionaries(st.sampled_from(PARAMS), st.text(max_size=20), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_address_breaks_the_page(client: Client, params: dict[str, str]):
    for path in ("/en/search", "/fr/search.json", "/en/search/map.json"):
        answer = client.get(f"{path}?{urlencode(params)}", "text/html")
        assert answer.status_code in (200, 303, 400), (path, params, answer.text[:300])


def test_nothing_found_says_what_to_take_away(client: Client):
    html = page(client, "/en/search?q=snow&hub=ocean")
    assert status_of(html) == "No resource"
    ways = [(a.text, a["href"]) for a in html.all("a") if any(p.get("class") == "empty" for p in a.parents)]
    # What finds most comes first.
    assert ways == [
        ("ODATIS – Ocean", "/en/search?q=snow"),
        ("“snow”", "/en/search?hub=ocean"),
        ("See everything", "/en/search"),
    ]


def test_the_beginning_of_a_word_finds_it_and_says_so(client: Client):
    html = page(client, "/en/search?q=moist")
    assert status_of(html).startswith("23 resources")
    assert "begins so" in html.one("p", class_="note").text
    following = html.one("a", rel="next")["href"]
    assert len(titles(page(client, following))) == 3


def test_htmx_gets_the_part_that_changes_and_its_address(client: Client):
    part = client.get(
        "/en/search?q=snow&from=&west=", "text/html", HX_Request="true", HX_Source="form#search"
    )
    assert part.headers["hx-push-url"] == "/en/search?q=snow"
    assert part.headers["cache-control"] == "no-store"
    assert "<html" not in part.text
    assert Html(part.text).elements[0]["id"] == "search"
    typed = client.get("/en/search?q=snow", "text/html", HX_Request="true", HX_Source="input#q")
    assert typed.headers["hx-replace-url"] == "/en/search?q=snow"
    assert "hx-push-url" not in typed.headers
    wrong = client.get("/en/search?from=x", "text/html", HX_Request="true")
    assert wrong.status_code == 400
    assert "is not a date" in wrong.text


def test_the_json_twin_says_the_same(client: Client):
    html = page(client, "/en/search?q=snow&kind=dataset")
    twin = html.one("link", rel="alternate", type="application/json")["href"]
    assert twin.endswith("/en/search.json?q=snow&kind=dataset")
    data = client.json(urlsplit(twin)._replace(scheme="", netloc="").geturl())
    assert [c["title"] for c in data["cards"]] == titles(html)
    assert data["matched"] == int(status_of(html).split()[0])


def test_the_map_has_all_places_but_the_worldwide(client: Client):
    data = client.json("/en/search/map.json?sort=title&zoom=9")
    told = [f["properties"] for f in data["features"]]
    assert sum(p.get("count", 1) for p in told) == ALL - 2
    assert data["world"] == 1
    assert data["note"] == "1 worldwide resource is not drawn. 1 resource names no place."
    by_title = {f["properties"]["title"]: f for f in data["features"] if "title" in f["properties"]}
    brest = by_title["Water temperature, bay of Brest"]
    assert brest["geometry"]["coordinates"] == [-4.4, 48.35]
    assert brest["properties"]["hub"] == "ocean"
    assert by_title[HOSTILE_TITLE]["properties"]["box"] == [170, -20, 190, -10]
    assert by_title[HOSTILE_TITLE]["geometry"]["coordinates"][0] == 180


def test_marks_that_would_lie_on_each_other_are_one_and_lead_to_their_list(client: Client):
    far, near = (client.json(f"/en/search/map.json?q=snow&zoom={zoom}") for zoom in (0, 9))
    assert len(far["features"]) < len(near["features"]) == 10
    mark = max((f["properties"] for f in near["features"]), key=lambda p: p.get("count", 0))
    assert (mark["count"], mark["said"], mark["hub"]) == (3, "3 resources", "land")
    west, south, east, north = mark["box"]
    around = f"{west - 0.01:g},{south - 0.01:g},{east + 0.01:g},{north + 0.01:g}"
    assert near["search"] == "/en/search?q=snow"
    assert status_of(page(client, f"{near['search']}&bbox={around}")) == "3 resources"
    view = client.json("/en/search/map.json?q=snow&zoom=9&view=0,39,3.2,42")
    assert {f["properties"]["box"][0] for f in view["features"]} <= {0, 0.5, 1, 1.5, 2, 2.5, 3}
    assert len(client.json("/en/search/map.json?zoom=nan&view=1,2")["features"]) > 1


@pytest.mark.parametrize(
    "asked",
    ["", "q=snow", "bbox=0,40,3,41", "from=1990&to=1995", "kind=dataset&kind=service", "hub=ocean", "platform=platform+3",
     "from=2000&licence=CC-BY-4.0", "centre=ice-centre", "access=open", "q=moisture&kind=collection", "q=depth+snow",
     "q=%22snow+depth%22", "q=snow+dep*", "keyword=inlandWaters", "application=coast", "project=SOMLIT", "q=snow&sort=title"],
)  # fmt: skip
def test_the_api_call_finds_the_same(client: Client, asked: str):
    html = page(client, f"/en/search?{asked}")
    call = next(a["data-copy"] for a in html.all("a") if a.get("data-copy"))
    assert urlsplit(call).path == "/ogc/collections/records/items"
    answer = json.loads(client.get(call, "application/geo+json").text)
    assert answer["numberMatched"] == (ALL if not asked else int(status_of(html).split()[0]))


@pytest.mark.parametrize("asked", ["q=snow+depth", "bbox=0,40,3,41", "hub=ocean"])
def test_the_dcat_feed_holds_the_same(client: Client, asked: str):
    html = page(client, f"/en/search?{asked}")
    feed = next(a["href"] for a in html.all("a") if a.get("href").startswith("/dcat"))
    records = client.get(feed, "text/turtle").text.count("a dcat:CatalogRecord")
    assert records == int(status_of(html).split()[0])


def test_the_filters_beyond_the_column_survive_the_form(client: Client):
    html = page(client, "/en/search?language=fr")
    assert [(e["name"], e["value"]) for e in html.all("input", type="hidden")] == [("language", "fr")]


def test_one_status_line_that_stays(client: Client):
    html = page(client, "/fr/search?q=snow")
    assert status_of(html) == "22 ressources, 1 à 20"
    assert not [e for e in html.all("*") if e.get("aria-live")]


def test_the_bars_tell_what_each_year_would_find(client: Client):
    html = page(client, "/en/search?q=snow&from=1980&to=1989")
    bars = html.all("a", class_="year")
    assert bars[0]["data-start"] == "1971"
    assert {a["data-start"] for a in bars if "in" in a["class"].split()} == {
        str(y) for y in range(1980, 1990)
    }
    for bar in (bars[0], bars[9], bars[-1]):
        said = bar.text.strip().rpartition(": ")[2]
        assert status_of(page(client, bar["href"])).partition(",")[0] == said
    thumbs = [(e["value"], e["aria-valuetext"]) for e in html.all("input", type="range")]
    assert thumbs == [("9", "1980"), ("18", "1989")]
    assert "from 1971" in next(p.text for p in html.all("p", class_="sr") if "by year" in p.text)


def test_words_that_find_nothing_are_read_as_a_place_and_a_time(client: Client):
    html = page(client, "/en/search?q=water+temperature+off+Brittany+2010")
    assert titles(html) == ["Water temperature, bay of Brest"]
    assert "they are read as" in html.one("p", class_="note").text
    assert (html.one("input", id="q")["value"], html.one("input", id="from")["value"]) == (
        "water temperature",
        "2010",
    )
    assert html.one("input", id="west")["value"] == "-6.5"
    literal = next(a["href"] for a in html.all("a") if "very words" in a.text)
    refused = page(client, literal)
    assert titles(refused) == []
    assert [(e["name"], e["value"]) for e in refused.all("input", type="hidden")] == [("reading", "no")]
    # Words that stand somewhere stay words; another reading that finds more is offered.
    both = page(client, "/en/search?q=snow+depth+01")
    assert status_of(both).startswith("1 resource")
    # While somebody is typing, nothing moves under their fingers.
    typed = client.get(
        "/en/search?q=water+temperature+Brest+2010", "text/html", HX_Request="true", HX_Source="input#q"
    )
    assert Html(typed.text).one("input", id="q")["value"] == "water temperature Brest 2010"
    assert Html(typed.text).one("input", id="from")["value"] == ""


def test_a_page_may_be_longer(client: Client):
    html = page(client, "/en/search?sort=title&per=50")
    assert len(titles(html)) == ALL
    assert [o["value"] for o in html.all("option") if "selected" in o.attributes] == ["title", "50"]
    assert moved(client.get("/en/search?per=20", "text/html")) == "/en/search"
    assert moved(client.get("/en/search?per=7000", "text/html")) == "/en/search"
    following = page(client, "/en/search?q=a&per=50").all("a", rel="next")
    assert not following


def test_nothing_found_says_which_word_finds_nothing(client: Client):
    html = page(client, "/en/search?q=snow+volcano")
    ways = [(a.text, a["href"]) for a in html.all("a") if any(p.get("class") == "empty" for p in a.parents)]
    assert ways[0] == ("“volcano”", "/en/search?q=snow")


def test_all_values_of_a_facet_have_a_page_to_search_in(client: Client):
    html = page(client, "/en/search/values/platform?q=snow")
    links = html.all("a", href="/en/search?q=snow&platform=platform+3")
    assert len(links) == 1
    assert html.one("p", role="status").text == "9 values"
    few = page(client, "/en/search/values/platform?q=snow&find=FORM+3&platform=platform+3")
    assert few.one("a", aria_current="true")["href"] == "/en/search?q=snow"
    part = client.get("/en/search/values/platform?q=snow&find=8", "text/html", HX_Request="true")
    assert [e["value"] for e in Html(part.text).all("input", type="checkbox")] == ["platform 8"]
    assert client.get("/en/search/values/nothing", "text/html").status_code == 404
    assert client.get("/en/search/values/hub?from=x", "text/html").status_code == 400
    twin = client.json("/en/search/values/hub.json")
    assert next(p["choice"]["value"] for p in twin["picks"]) == "continental-surfaces"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_search_is_followed_by_feeds(client: Client, language: str):
    html = page(client, f"/{language}/search?q=snow&kind=dataset")
    found = {e["type"]: urlsplit(e["href"])._replace(scheme="", netloc="").geturl() for e in html.all("link", rel="alternate") if "search" in e["href"] and e.get("type")}  # fmt: skip
    atom = client.get(found["application/atom+xml"], "application/atom+xml")
    assert atom.headers["content-type"] == "application/atom+xml"
    assert atom.text.count("<entry>") == 7
    told = client.json(found["application/feed+json"])
    assert (told["version"], len(told["items"])) == ("https://jsonfeed.org/version/1.1", 7)
    assert told["items"][0]["date_modified"].endswith("Z")
    assert told["home_page_url"].endswith(f"/{language}/search?q=snow&kind=dataset")
    assert client.get(f"/{language}/search.atom?from=x", "text/html").status_code == 400


def test_the_lines_of_code_find_the_same(server: str):
    with urlopen(f"{server}/en/search?q=snow+depth&from=1975&kind=collection") as answer:
        html = Html(answer.read().decode())
    count = int(status_of(html).split()[0])
    code = {e["data-tool"]: e.text for e in html.all("code") if e.get("data-tool")}
    assert list(code) == ["address", "curl", "python"]
    said = subprocess.run([sys.executable, "-c", code["python"]], capture_output=True, text=True, check=True)
    assert len(said.stdout.splitlines()) == count > 10
    if shutil.which("curl"):
        sent = subprocess.run(["bash", "-c", code["curl"]], capture_output=True, text=True, check=True)
        assert json.loads(sent.stdout)["numberMatched"] == count


def test_a_card_leads_to_its_file(client: Client):
    html = page(client, "/en/search?q=brest")
    get = html.one("a", class_="get")
    assert get["href"] == "https://example.org/brest.nc"
    assert "NetCDF, 4.2\u00a0MB" in get.text
    assert not page(client, "/en/search?centre=coriolis&sort=title").all("a", href="javascript:alert(9)")


def test_long_lists_of_values_fold(client: Client):
    html = page(client, "/en/search")
    shown = [
        e
        for e in html.all("input", name="platform")
        if not any(p.get("id") == "more-platform" for p in e.parents)
    ]
    assert (len(shown), len(html.all("input", name="platform"))) == (6, 9)
    assert "3 more" in next(s.text for s in html.all("summary") if "Platform" in s.text)


def test_addresses_keep_hostile_values_apart(client: Client, ids: Ids):
    value = '"><svg onload=alert(7)>'
    html = page(client, f"/en/data/{ids.hostile}")
    tag = next(a for a in html.all("a", class_="tag"))
    assert list(dict(parse_qsl(urlsplit(tag["href"]).query)).values()) == [value]
    assert titles(page(client, tag["href"])) == [HOSTILE_TITLE]

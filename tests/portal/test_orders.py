"""Orders in the portal: a form, a page that says how far it is, files that whoever pastes its lines has whole."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pandas as pd
import pytest

import estran
from estran.orders import parts as cutting
from estran.web.app import create_app
from estran.web.portal import datastream_snippets
from tests.conftest import lacking
from tests.orders.test_orders import filled, worked
from tests.portal.conftest import serving
from tests.portal.html import Html
from tests.portal.test_snippets import ENVIRONMENT, lines
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from estran.node import Node

SENT = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, str]]:
    folder = tmp_path_factory.mktemp("ordered")
    with estran.open(folder / "node") as node:
        yield node, filled(node, folder)


@pytest.fixture(scope="module")
def client(house: tuple[Node, str]) -> Client:
    return Client(create_app(house[0]), **{"Accept": "text/html", "Accept-Language": "en"})


def page(client: Client, path: str, status: int = 200, **headers: str) -> Html:
    found = client.get(path, "text/html", **headers)
    assert found.status_code == status, found.text[:800]
    return Html(found.text)


def post(client: Client, path: str, *form: tuple[str, str], **headers: str) -> httpx.Response:
    return client.ask("POST", path, content=urlencode(form), headers=SENT | headers)


def placed(client: Client, *form: tuple[str, str]) -> tuple[str, str]:
    """Where an order is, and the cookie that remembers it."""
    done = post(client, "/en/orders", *form)
    assert done.status_code == 303, done.text[:800]
    cookies = done.headers.get_list("set-cookie")
    paths = [re.findall(r"path=(/\w+/orders)", one, re.IGNORECASE) for one in cookies]
    assert sorted(paths) == [["/en/orders"], ["/fr/orders"]]
    return done.headers["location"], cookies[0].partition(";")[0]


def test_from_the_dataset_to_its_files_without_scripts(
    client: Client, house: tuple[Node, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, record = house
    monkeypatch.setattr(cutting.parts, "__defaults__", (250,))
    way = next(a for a in page(client, f"/en/data/{record}").all("a") if a.text == "Order the whole dataset")
    form = page(client, way["href"])
    assert "About 1,200 values · in 6 files" in form.one("form", class_="fill").text
    assert form.one("input", type="radio", value="csv").get("checked") is not None
    where, cookie = placed(
        client, ("record", record), ("form", "csv"), ("from", "2024-01-02"), ("to", "2024-01-20")
    )
    waiting = page(client, where)
    assert waiting.one("div", id="live")["hx-get"] == f"{where}/live"
    assert "Waiting" in waiting.one("p", role="status").text
    assert waiting.inside(waiting.one("div", id="live"), "a")[0]["href"] == where
    worked(node)
    part = page(client, f"{where}/live")
    assert not part.all("h1")
    assert "Ready" in part.one("p", role="status").text
    assert "hx-get" not in part.one("div", id="live").attributes
    html = page(client, where.removeprefix("/en"))
    rows = html.inside(html.one("tbody"), "tr")
    assert len(rows) == 4
    order = json.loads(client.get(where.removeprefix("/en"), "application/json").content)
    for row, file in zip(rows, order["files"], strict=True):
        assert file["sha256"] in row.text
        href = html.inside(row, "a")[0]["href"]
        assert hashlib.sha256(client.get(href).content).hexdigest() == file["sha256"]
    # This browser finds it again, another one does not.
    own = page(client, "/en/orders", Cookie=cookie)
    assert [a["href"] for a in own.inside(own.one("ul", class_="things"), "a")] == [where]
    assert "There are none" in page(client, "/en/orders").one("main").text
    assert client.get("/orders", "text/html").headers["location"] == "/en/orders"


def test_some_variables_and_what_is_wrong_beside_its_field(client: Client, house: tuple[Node, str]) -> None:
    _, record = house
    html = page(client, f"/fr/orders/new?record={record}&from=1999&to=2000", 400)
    assert html.one("input", id="from")["aria-invalid"] == "true"
    assert "no observation" in html.one("span", id="from-wrong").text
    refused = post(client, "/en/orders", ("record", record), ("variable", "colour"), ("form", "csv"))
    assert refused.status_code == 400
    assert "there are water_level" in Html(refused.text).one("div", role="alert").text
    assert post(client, "/en/orders", ("record", "nothing-here")).status_code == 404
    assert post(client, "/en/orders").status_code == 404
    foreign = post(client, "/en/orders", ("record", record), Origin="https://elsewhere.example")
    assert foreign.status_code == 403
    where, _ = placed(client, ("record", record), ("variable", "water_level"), ("form", "parquet"))
    assert "water_level" in page(client, where).one("dl").text


def test_much_of_a_series_is_ordered(
    client: Client, house: tuple[Node, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, record = house
    number = node.observations.datastreams(record=record)[0].number
    few = page(client, f"/en/datastreams/{number}").one("div", id="get")
    assert "order" not in few.text
    monkeypatch.setattr(datastream_snippets, "MOST_IN_FILE", 100)
    html = page(client, f"/en/datastreams/{number}?time=2024-01-03/2024-01-12")
    ways = {a.text.partition(" –")[0]: a["href"] for a in html.inside(html.one("div", id="get"), "a")}
    form = page(client, ways["NetCDF"])
    assert form.one("input", type="radio", value="nc").get("checked") is not None
    assert (form.one("input", id="from")["value"], form.one("input", id="to")["value"]) == (
        "2024-01-03",
        "2024-01-12",
    )
    assert form.one("input", name="datastream")["value"] == f"{number}"
    assert "About 240 values · in one file" in form.one("form", class_="fill").text


def test_pasted_lines_fetch_and_check_everything(
    house: tuple[Node, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, record = house
    monkeypatch.setattr(cutting.parts, "__defaults__", (250,))
    with serving(create_app(node)) as url:
        client = Client(create_app(node), Accept="text/html")
        where, _ = placed(client, ("record", record), ("form", "csv"), ("from", "2024-01-05"))
        worked(node)
        found = lines(url, where)
        for tool, code in found.items():
            folder = tmp_path / tool
            folder.mkdir()
            if tool == "python":
                command = [sys.executable, "-c", code]
            else:
                command = ["sh", "-ec", code]
                _ = shutil.which(tool) or lacking(tool)
            subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
            files = sorted(folder.glob("*.csv"))
            assert len(files) == 6
            # What a broken transfer left is gone on with, and what is whole stays.
            whole = files[1].read_bytes()
            files[1].write_bytes(whole[:1000])
            subprocess.run(command, cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)
            assert files[1].read_bytes() == whole
            assert sum(len(pd.read_csv(file)) for file in files) == 2 * (600 - 4 * 24)


def test_what_is_over_says_so_and_leads_to_the_same_question(
    client: Client, house: tuple[Node, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, record = house
    where, _ = placed(
        client, ("record", record), ("form", "csv"), ("from", "2024-01-07"), ("to", "2024-01-08")
    )
    worked(node)
    later = pd.Timestamp.now("UTC") + pd.Timedelta(days=8)
    monkeypatch.setattr("estran.orders.door.now", later.to_pydatetime)
    html = page(client, where)
    assert "Expired" in html.one("p", role="status").text
    assert "were taken away on" in html.one("p", role="status").text
    assert not html.all("table")
    again = next(a["href"] for a in html.all("a") if a.text == "Order it again")
    assert page(client, again).one("input", id="to")["value"] == "2024-01-08"
    gone = client.get(f"{where.removeprefix('/en')}/{record}.csv", "*/*")
    assert (gone.status_code, "is expired" in gone.text) == (404, True)
    assert client.get(f"{where.removeprefix('/en')}/SHA256SUMS", "*/*").status_code == 404


def test_who_placed_an_order_finds_and_cancels_it(house: tuple[Node, str]) -> None:
    node, record = house
    app = create_app(node)
    names: list[tuple[Client, str]] = []
    for name in ("eve", "bob"):
        session = node.tokens.sign_in(node.tokens.create(name, "reader", "coriolis").secret)
        names.append((Client(app, Accept="text/html", Cookie=f"estran={session.proof}"), session.form))
    (eve, mark), (bob, other) = names
    where, _ = placed(eve, ("record", record), ("form", "nc"), ("from", "2024-01-03"))
    assert where in eve.get("/en/orders").text
    assert where not in bob.get("/en/orders").text
    action = page(eve, where).one("form", action=f"{where}/cancel")
    assert not page(bob, where).all("form", action=f"{where}/cancel")
    assert post(bob, action["action"], ("form", other)).status_code == 403
    assert post(eve, action["action"], ("form", mark)).status_code == 303
    assert "Cancelled" in page(eve, where).one("p", role="status").text
    # What was cancelled is asked for anew by another order.
    assert placed(eve, ("record", record), ("form", "nc"), ("from", "2024-01-03"))[0] != where
    html = page(eve, "/en/orders")
    assert [one.text for one in html.all("h2")] == ["Under way and ready", "Over"]
    assert [len(html.inside(one, "li")) for one in html.all("ul", class_="things")] == [1, 1]
    worked(node)


def test_files_of_restricted_data_are_fetched_by_who_is_signed_in(tmp_path: Path) -> None:
    with estran.open(tmp_path / "node") as node:
        record = filled(node, tmp_path, visibility="restricted", hours=10)
        session = node.tokens.sign_in(node.tokens.create("Ada", "operator").secret)
        app = create_app(node)
        ada = Client(app, Accept="text/html", Cookie=f"estran={session.proof}")
        where, _ = placed(ada, ("record", record), ("form", "csv"))
        worked(node)
        html = page(ada, where)
        assert "Authorization: Bearer" in html.one("main").text
        href = html.inside(html.one("tbody"), "a")[0]["href"]
        assert ada.get(href).status_code == 200
        number = node.observations.datastreams()[0].number
        assert ada.get(f"/datastreams/{number}.csv").status_code == 200
        anyone = Client(app, Accept="text/html")
        for path in (where, href, f"/datastreams/{number}.csv"):
            assert anyone.get(path).status_code == 404


def test_the_form_asks_where_the_dataset_does_and_forgets_on_demand(tmp_path: Path) -> None:
    ask = {"*": ["status", "organisation", "usage", "description", "contact"]}
    with estran.open(tmp_path / "node", orders={"ask": ask}) as node:
        record = filled(node, tmp_path, hours=10)
        client = Client(create_app(node), **{"Accept": "text/html", "Accept-Language": "en"})
        form = page(client, f"/en/orders/new?record={record}")
        assert form.one("select", id="status")["required"] == ""
        assert "required" not in form.one("input", id="email").attributes
        told = [
            ("record", record),
            ("form", "csv"),
            ("organisation", "IUEM"),
            ("usage", "tides & <b>"),
            ("email", "a@b.org"),
        ]
        # Counting again keeps what was said out of the address.
        counted = post(client, "/en/orders", *told, ("count", "yes"))
        assert counted.status_code == 200
        assert Html(counted.text).one("input", id="email")["value"] == "a@b.org"
        assert "/orders/new.json?" in counted.text
        assert "IUEM" not in re.findall(r"/orders/new\.json[^\"]*", counted.text)[0]
        refused = post(client, "/en/orders", *told)
        assert refused.status_code == 400
        assert Html(refused.text).one("select", id="status")["aria-invalid"] == "true"
        done = post(client, "/en/orders", *told, ("status", "research"), ("consent", "yes"))
        where = done.headers["location"]
        cookies = "; ".join(
            dict.fromkeys(one.partition(";")[0] for one in done.headers.get_list("set-cookie"))
        )
        assert "orders_said=" in cookies
        shown = page(client, where, Cookie=cookies).one("main").text
        for words in ("CMD-000001", "Researcher", "tides & <b>", "a@b.org", "I agree that the producers"):
            assert words in shown, words
        # The address of an order tells others nothing of who placed it.
        for text in (
            page(client, where).one("main").text,
            client.get(f"/orders/{where.rpartition('/')[2]}?f=json").text,
        ):
            assert "IUEM" not in text
            assert "CMD-000001" in text
        gone = post(client, f"{where}/unsay", Cookie=cookies)
        assert gone.status_code == 303
        assert "IUEM" not in page(client, where, Cookie=cookies).one("main").text

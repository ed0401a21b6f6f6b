"""Flagging a period on the page of a datastream: by those who may, without JavaScript and by dragging, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

import estran
from estran.model import moment_us
from estran.web.app import create_app
from tests.conftest import ROOT, lacking
from tests.portal import observed
from tests.portal.browser import launched, until, watched
from tests.portal.conftest import serving
from tests.portal.html import Html
from tests.portal.test_accessible import judge
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from estran.access import Role
    from estran.node import Node

SENT = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, int]]:
    folder = tmp_path_factory.mktemp("flagged")
    with estran.open(folder / "node") as node:
        yield node, int(observed.fill(node, folder / "files")["brest"])


def signed(node: Node, role: Role, centre: str = "") -> tuple[Client, str]:
    session = node.tokens.sign_in(node.tokens.create("eve", role, centre).secret)
    return Client(create_app(node), Accept="text/html", Cookie=f"estran={session.proof}"), session.form


def post(client: Client, path: str, **form: str) -> httpx.Response:
    return client.ask("POST", path, content=urlencode(form), headers=SENT)


def page(client: Client, path: str, status: int = 200) -> Html:
    found = client.get(path, "text/html")
    assert found.status_code == status, found.text[:500]
    return Html(found.text)


def test_an_expert_flags_a_period_and_takes_it_back(house: tuple[Node, int]) -> None:
    node, number = house
    operator, mark = signed(node, "operator")
    path = f"/en/datastreams/{number}"
    html = page(operator, path)
    assert html.one("form", action=f"{path}/flags")
    last = node.observations.overview.datastream(number).last
    assert last is not None
    day = moment_us(last)[:10]
    given = {"from": day, "to": day, "quality": "4", "reason": "ice <on> the sensor"}
    done = post(operator, f"{path}/flags", **given, form=mark)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?time={day}/{day}#flags")
    html = page(operator, f"{path}?time={day}/{day}")
    assert html.one("input", id="flag-from")["value"] == day
    rows = [row.text for row in html.inside(html.one("section", id="flags"), "li")]
    assert "ice <on> the sensor" in rows[0]
    assert rows[0].split(" · ")[0].strip() == "bad"
    assert all("bad" in row.text for row in html.all("tr", class_="doubtful"))
    assert html.all("tr", class_="doubtful")
    # Everyone reads it, only who may takes it back.
    anyone = Client(create_app(node), Accept="text/html")
    theirs = page(anyone, f"/fr/datastreams/{number}")
    assert "ice <on> the sensor" in theirs.one("section", id="flags").text
    assert not theirs.inside(theirs.one("section", id="flags"), "form")
    (verdict,) = node.observations.quality.verdicts(number)
    undo = html.one("form", action=f"{path}/flags/{verdict.number}/undo")
    assert undo
    for _ in range(2):
        assert post(operator, f"{path}/flags/{verdict.number}/undo", form=mark).status_code == 303
    assert not page(operator, f"{path}?time={day}/{day}").all("tr", class_="doubtful")
    assert "retiré par" in page(anyone, f"/fr/datastreams/{number}").one("section", id="flags").text


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("reason", " ", "has a reason"), ("from", "yesterday", "date"), ("quality", "7", "choose among")],
)
def test_what_does_not_fit_is_said_beside_its_field(
    house: tuple[Node, int], field: str, value: str, why: str
) -> None:
    node, number = house
    operator, mark = signed(node, "operator")
    given = {"from": "2020-01-01", "to": "", "quality": "4", "reason": "x"} | {field: value}
    found = post(operator, f"/fr/datastreams/{number}/flags", **given, form=mark)
    assert found.status_code == 400
    html = Html(found.text)
    assert why in html.one("span", id=f"flag-{field}-wrong").text
    assert html.one("textarea", id="flag-reason").text == given["reason"]


def test_nobody_else_flags(house: tuple[Node, int]) -> None:
    node, number = house
    given = {"from": "2020", "to": "", "quality": "4", "reason": "x"}
    path = f"/en/datastreams/{number}/flags"
    anyone = Client(create_app(node), Accept="text/html")
    assert post(anyone, path, **given).status_code in (401, 403)
    editor, mark = signed(node, "editor", "coriolis")
    assert post(editor, path, **given, form=mark).status_code == 403
    operator, mark = signed(node, "operator")
    assert post(operator, path, **given, form="forged").status_code == 403
    assert post(operator, "/en/datastreams/999999/flags", **given, form=mark).status_code == 404
    assert post(operator, f"{path}/999999/undo", form=mark).status_code == 404
    assert not [v for v in node.observations.quality.verdicts(number) if v.stands]


@pytest.mark.chromium
@pytest.mark.parametrize("scripts", [True, False])
def test_a_period_is_flagged_in_a_browser_and_taken_back(
    house: tuple[Node, int], chromium: Path, scripts: bool
) -> None:
    node, number = house
    session = node.tokens.sign_in(node.tokens.create("eve", "operator").secret)
    axe = ROOT / "node_modules/axe-core/axe.min.js"
    with launched(chromium) as browser, serving(create_app(node)) as url:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce", java_script_enabled=scripts
        )
        context.add_cookies([{"name": "estran", "value": session.proof, "url": url}])
        watch = watched(context, url)
        page = watch.page
        page.goto(f"{url}/en/datastreams/{number}")
        if scripts:
            page.wait_for_selector("html[data-plot-ready]")
            page.check("#flag-drag")
            box = page.locator("#plot .u-over").bounding_box()
            assert box is not None
            y = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + box["width"] * 0.4, y)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=4)
            page.mouse.up()
            until(page, lambda: page.input_value("#flag-from") < page.input_value("#flag-to"))
            expect(page).not_to_have_url(re.compile("time="))
            if axe.is_file():
                judge(watch, axe.read_text("utf-8"))
            else:
                lacking("axe-core (an editable build fetches it)")
        else:
            page.fill("#flag-from", "2020-01-01")
            expect(page.locator("#flag-drag")).to_be_hidden()
        page.select_option("#flag-quality", "3")
        page.fill("#flag-reason", f"drift, {scripts}")
        page.click("#flags form.fill button")
        page.wait_for_url("**time=**#flags")
        first = page.locator("#flags li").first
        expect(first).to_contain_text(f"drift, {scripts}")
        made = node.observations.quality.verdicts(number)[-1]
        assert (made.code, made.by, made.stands) == (3, "eve", True)
        first.locator("button").click()
        expect(page.locator("#flags li").first).to_contain_text("taken back by eve")
        assert not node.observations.quality.verdict(made.number).stands
        context.close()
        assert watch.faults == []

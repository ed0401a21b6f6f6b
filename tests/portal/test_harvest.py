"""The operator's pages of the harvest: what they show, what their forms do, and to whom."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from estran.catalogue import harvesters
from estran.web.app import create_app
from estran.web.portal.i18n import words
from tests.portal import harvested
from tests.portal.harvested import BAD_KEY, signed_in
from tests.portal.html import Html
from tests.web.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    import httpx

    from estran.node import Node

SOURCE = "/en/harvest/sources/theirs"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, harvested.Slow]]:
    yield from harvested.slow()


@pytest.fixture(scope="module")
def made(
    open_node: Callable[[Path], Node],
    tmp_path_factory: pytest.TempPathFactory,
    server: tuple[str, harvested.Slow],
) -> Iterator[tuple[Node, dict[str, int]]]:
    folder = tmp_path_factory.mktemp("harvested")
    (folder / "node").mkdir()
    (folder / "node" / "estran.toml").write_text("[harvest]\nallow_private = true\nper_second = 500.0\n")
    with open_node(folder / "node") as opened:
        runs = harvested.harvest(opened, folder, server[0])
        yield opened, runs


@pytest.fixture(scope="module")
def node(made: tuple[Node, dict[str, int]]) -> Node:
    return made[0]


@pytest.fixture(scope="module")
def runs(made: tuple[Node, dict[str, int]]) -> dict[str, int]:
    return made[1]


class Operator:
    """A browser whose holder is signed in."""

    def __init__(self, node: Node, role: Any = "operator", centre: str = "") -> None:
        self.client = Client(create_app(node), Accept="text/html")
        self.held = signed_in(self.client, node.tokens.create("Ada", role, centre).secret)
        self.mark = Html(self.client.get("/en/sign-in", **self.held).text).one("input", name="form")["value"]

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, accept="text/html", **self.held)

    def text(self, path: str) -> str:
        found = self.get(path)
        assert found.status_code == 200, found.text
        return found.text

    def post(self, path: str, **fields: str) -> httpx.Response:
        form = {"form": self.mark, **{name.replace("__", "."): value for name, value in fields.items()}}
        return self.client.ask("POST", path, data=form, headers=self.held)


@pytest.fixture(scope="module")
def operator(node: Node) -> Operator:
    return Operator(node)


def pages(runs: dict[str, int]) -> list[str]:
    key = quote(BAD_KEY)
    return [
        "/en/harvest", "/en/harvest.json", SOURCE, f"{SOURCE}/source.json", f"{SOURCE}/things", f"{SOURCE}/things.json",
        f"{SOURCE}/document?key={key}", f"{SOURCE}/document.json?key={key}", f"{SOURCE}/document/download?key={key}",
        f"/en/harvest/runs/{runs['second']}", f"/en/harvest/runs/{runs['second']}.json", f"/en/harvest/runs/{runs['second']}/live",
        "/en/harvest/new", f"{SOURCE}/change", f"{SOURCE}/remove",
    ]  # fmt: skip


def test_only_the_operator_sees_them(node: Node, runs: dict[str, int], operator: Operator) -> None:
    reader = Operator(node, "reader", "coriolis")
    for path in pages(runs):
        assert operator.get(path).status_code == 200, path
        assert operator.get(path).headers["cache-control"] == "private, no-store", path
        unknown = operator.client.get(path, accept="text/html")
        assert unknown.status_code == 401, path
        assert f"/en/sign-in?next={quote(path, safe='/')}" in unknown.text, path
        known = reader.get(path)
        assert known.status_code == 403, path
        assert "Sign in with another token" in known.text
    for path in (
        "new",
        "sources/theirs/change",
        "sources/theirs/remove",
        "sources/theirs/run",
        "sources/theirs/pause",
    ):
        assert reader.post(f"/en/harvest/{path}", name="x", url="y", records="remove").status_code == 403, (
            path
        )
        assert (
            operator.client.ask("POST", f"/en/harvest/{path}", data={"form": operator.mark}).status_code
            == 401
        )
    assert node.harvest.source("theirs").active
    assert ">Harvest</a>" in operator.text("/en/")
    assert ">Harvest</a>" not in reader.text("/en/")


def test_a_form_of_nobody_is_refused(operator: Operator, node: Node) -> None:
    for form in ({"a": "b"}, {"form": operator.mark[::-1]}):
        found = operator.client.ask("POST", f"{SOURCE}/pause", data=form, headers=operator.held)
        assert found.status_code == 403
    foreign = {**operator.held, "Origin": "https://other.example"}
    found = operator.client.ask("POST", f"{SOURCE}/pause", data={"form": operator.mark}, headers=foreign)
    assert found.status_code == 403
    assert node.harvest.source("theirs").active


def test_all_sources_with_their_states(operator: Operator) -> None:
    page = operator.text("/en/harvest")
    assert "secret" not in page
    assert "someone:…@catalogue.example" in page
    said = {e.text.split("\n")[0] for e in Html(page).all("h2")}
    assert said == {
        "lossy Stopped by the loss guard",
        "never Never read Paused",
        "server Done",
        "theirs Done",
    }
    twin = operator.client.get("/en/harvest.json", **operator.held).json()
    theirs = next(one for one in twin["sources"] if one["name"] == "theirs")
    assert dict(theirs["last"]["counts"]) == {"changed": 1, "refused": 1, "removed": 1, "unchanged": 70}
    assert "secret" not in json.dumps(twin)
    assert "Moissonnage" in operator.text("/fr/harvest")


def test_a_source_with_its_runs_a_page_at_a_time(
    operator: Operator, runs: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = operator.text(SOURCE)
    assert page.index(f'/runs/{runs["second"]}"') < page.index(f'/runs/{runs["first"]}"')
    assert 'rel="next"' not in page
    monkeypatch.setattr("estran.web.portal.harvest_views.PAGE", 1)
    first = operator.text(SOURCE)
    assert f'?before={runs["second"]}#runs"' in first
    assert f'/runs/{runs["first"]}"' not in first
    older = operator.text(f"{SOURCE}?before={runs['second']}")
    assert f'/runs/{runs["first"]}"' in older
    assert 'rel="next"' not in older
    assert operator.get(f"{SOURCE}?before=x").status_code == 400
    assert operator.get("/en/harvest/sources/none").status_code == 404


def test_a_run_says_of_everything_what_became_of_it(operator: Operator, runs: dict[str, int]) -> None:
    here = f"/en/harvest/runs/{runs['second']}"
    changed = operator.text(f"{here}?state=changed")
    assert "Clarity 00" in changed
    assert changed.count('<p class="thing">') == 1
    refused = operator.text(f"{here}?state=refused")
    assert "&lt;b&gt;bad &amp; odd" in refused
    assert "<b>bad" not in refused
    assert "01.json" in operator.text(f"{here}?state=removed")
    chips = [c.text for c in Html(operator.text(here)).all("a", class_="chip")]
    assert chips == ["All 73", "Changed 1", "Unchanged 70", "Refused 1", "Removed 1"]
    assert operator.get(f"{here}?state=odd").status_code == 400
    assert operator.get("/en/harvest/runs/999999").status_code == 404
    assert operator.get("/en/harvest/runs/x").status_code == 400
    older = operator.text(f"/en/harvest/runs/{runs['first']}")
    assert "73 of these were seen by a later run" in older


def test_a_run_is_paged_to_its_end(operator: Operator, runs: dict[str, int]) -> None:
    keys: list[str] = []
    path = f"/en/harvest/runs/{runs['second']}?state=unchanged"
    for _ in range(5):
        page = Html(operator.text(path))
        keys += [e.text for e in page.all("code") if e.parents[-1].get("class") == "thing"]
        following = page.all("a", rel="next")
        if not following:
            break
        path = following[0]["href"]
    assert len(keys) == len(set(keys)) == 70
    assert keys == sorted(keys)


def test_what_a_server_did_not_give_is_listed_with_the_reason(
    operator: Operator, runs: dict[str, int]
) -> None:
    page = operator.text(f"/en/harvest/runs/{runs['missed']}?state=missed")
    assert "gone.json" in page
    assert "404" in page
    assert len(Html(page).all("p", class_="thing")) == 1
    refused = operator.text(f"/en/harvest/runs/{runs['missed']}?state=refused")
    assert "bad.xml" in refused


def test_things_of_a_source_by_state(operator: Operator) -> None:
    assert "01.json" in operator.text(f"{SOURCE}/things?state=gone")
    refused = operator.text(f"{SOURCE}/things?state=refused")
    assert refused.count('<p class="thing">') == 1
    assert operator.get(f"{SOURCE}/things?state=new").status_code == 400


def test_a_document_is_shown_escaped_and_given_as_it_came(operator: Operator) -> None:
    path = f"{SOURCE}/document?key={quote(BAD_KEY)}"
    page = operator.text(path)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    got = operator.get(path.replace("/document?", "/document/download?"))
    assert got.content == harvested.BAD
    assert got.headers["content-type"] == "application/octet-stream"
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]+"', got.headers["content-disposition"])
    assert operator.get(f"{SOURCE}/document?key=none").status_code == 404
    assert operator.get(f"{SOURCE}/document?key=01.json").status_code == 404


def test_reading_is_asked_for_once_and_left_to_a_worker(operator: Operator, node: Node) -> None:
    for _ in range(2):
        found = operator.post(f"{SOURCE}/run")
        assert (found.status_code, found.headers["location"]) == (303, f"{SOURCE}?asked=1")
    page = operator.text(f"{SOURCE}?asked=1")
    assert page.count("a worker begins as soon as one is free") == 1
    assert Html(page).one("p", class_="lead").text.startswith("Waiting")
    (job,) = node.jobs.list(work="harvest", state="queued").jobs
    assert job.arguments == {"source": "theirs"}
    node.jobs.cancel(job.id)
    operator.post(f"{SOURCE}/run", full="1")
    (job,) = node.jobs.list(work="harvest", state="queued").jobs
    assert job.arguments == {"source": "theirs", "full": True}
    before = len(node.harvest.runs("theirs"))
    node.jobs.execute(once=True, beat_s=0.2)
    assert len(node.harvest.runs("theirs")) == before + 1
    assert "is done; the list of runs" in operator.text(f"{SOURCE}?asked=1")
    assert "Next run" in operator.text(SOURCE)


def test_a_loss_is_shown_and_confirmed(operator: Operator, node: Node) -> None:
    page = operator.text("/en/harvest/sources/lossy")
    assert "too much of the source is gone" in page
    assert Html(page).one("input", name="confirm_loss")["value"] == "1"
    operator.post("/en/harvest/sources/lossy/run", confirm_loss="1")
    node.jobs.execute(once=True, beat_s=0.2)
    assert node.harvest.runs("lossy")[0].removed == 6
    assert "too much of the source is gone" not in operator.text("/en/harvest/sources/lossy")


def test_pause_and_resume(operator: Operator, node: Node) -> None:
    assert operator.post(f"{SOURCE}/pause").headers["location"] == SOURCE
    assert not node.harvest.source("theirs").active
    assert ">Resume<" in operator.text(SOURCE)
    operator.post(f"{SOURCE}/resume")
    assert node.harvest.source("theirs").active


def test_a_source_is_added_by_its_protocol_or_a_guess(
    operator: Operator, node: Node, server: tuple[str, harvested.Slow]
) -> None:
    form = Html(operator.text("/fr/harvest/new?protocol=oai-pmh"))
    assert form.one("input", id="option-set")["name"] == "option.set"
    assert "seul ensemble" in form.one("span", id="option-set-hint").text
    assert form.one("input", id="option-set")["aria-describedby"] == "option-set-hint"
    found = operator.post(
        "/en/harvest/new?protocol=waf", protocol="waf", name="added", url=server[0], option__depth=" 1 ",
        visibility="restricted", schedule="0 4 * * *", precedence="5", centre="coriolis",
    )  # fmt: skip
    assert (found.status_code, found.headers["location"]) == (303, "/en/harvest/sources/added")
    made = node.harvest.source("added")
    assert (made.options, made.visibility, made.precedence, made.centre) == ({"depth": "1"}, "restricted", 5, "coriolis")  # fmt: skip
    guessed = operator.post("/en/harvest/new", name="guessed", url=server[0], visibility="public")
    assert guessed.status_code == 303, guessed.text
    assert node.harvest.source("guessed").protocol == "waf"
    for name in ("added", "guessed"):
        node.harvest.remove(name, keep_records=False)


def test_files_of_the_machine_are_out_of_reach_from_afar(operator: Operator, node: Node) -> None:
    """Who signs in may do everything with the catalogue, and nothing with the machine that it runs on."""
    for protocol, url in (
        ("folder", "/etc"),
        ("git", "file:///srv/git"),
        ("", "/etc"),
        ("waf", "ftp://x/"),
        ("git", "git@host:x"),
    ):
        found = operator.post(
            "/fr/harvest/new", name="fresh", url=url, protocol=protocol, visibility="public"
        )
        assert found.status_code == 400, url
        assert "estran harvest add" in Html(found.text).one("span", id="url-wrong").text
    assert operator.post(f"{SOURCE}/change", url="/etc", visibility="public").status_code == 400
    assert node.harvest.source("theirs").url.endswith("/theirs")
    kept = node.harvest.source("theirs")
    found = operator.post(
        f"{SOURCE}/change", url=kept.url, visibility="public", schedule=kept.schedule, centre=kept.centre
    )
    assert found.status_code == 303
    assert node.harvest.source("theirs").url == kept.url


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": "Été"}, "name"), ({"name": "theirs"}, "name"), ({"url": ""}, "url"), ({"schedule": "at night"}, "schedule"), ({"schedule": "99 99 * * *"}, "schedule"), ({"schedule": "0 0 31 2 *"}, "schedule"),
        ({"centre": "nowhere"}, "centre"), ({"visibility": "odd"}, "visibility"), ({"precedence": "first"}, "precedence"),
        ({"protocol": "none"}, "protocol"), ({"protocol": "", "url": "http://127.0.0.1:1/"}, "url"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    operator: Operator, node: Node, fields: dict[str, str], at: str
) -> None:
    given = {
        "name": "fresh",
        "url": "http://127.0.0.1:1/",
        "protocol": "waf",
        "visibility": "public",
        "schedule": "",
        "option__depth": "7",
    }
    found = operator.post("/en/harvest/new", **{**given, **fields})
    assert found.status_code == 400, found.text
    page = Html(found.text)
    wrong = page.one("*", id=at)
    assert wrong["aria-invalid"] == "true"
    assert f"{at}-wrong" in wrong["aria-describedby"].split()
    assert page.one("span", id=f"{at}-wrong").text
    assert page.one("div", class_="alert").text
    if "name" not in fields:
        assert page.one("input", id="name")["value"] == "fresh"
    if "protocol" not in fields:
        assert page.one("input", id="option-depth")["value"] == "7"
    assert "fresh" not in {one.name for one in node.harvest.sources()}


def test_a_source_is_changed_and_keeps_its_password(operator: Operator, node: Node) -> None:
    here = "/en/harvest/sources/never/change"
    form = Html(operator.text(here))
    shown = {e["name"]: e["value"] for e in form.all("input") if e.get("name")}
    assert shown["url"] == "https://someone:…@catalogue.example/oai"
    assert shown["option.set"] == "sea"
    found = operator.post(
        here, url=shown["url"], option__set="land", schedule="0 5 * * 1", visibility="draft", precedence="2"
    )
    assert found.status_code == 303, found.text
    held = node.harvest.source("never")
    assert (held.url, held.options, held.schedule) == (
        "https://someone:secret@catalogue.example/oai", {"set": "land"}, "0 5 * * 1",
    )  # fmt: skip
    moved = operator.post(here, url="https://someone:…@catalogue.example/new", visibility="draft")
    assert moved.status_code == 303
    assert node.harvest.source("never").url == "https://someone:secret@catalogue.example/new"
    for elsewhere in ("https://someone:…@other.example/oai", "https://other:…@catalogue.example/oai"):
        stolen = operator.post(here, url=elsewhere, visibility="draft")
        assert stolen.status_code == 400
        assert "secret" not in stolen.text
    assert node.harvest.source("never").url == "https://someone:secret@catalogue.example/new"
    wrong = operator.post(here, url="", schedule="x", visibility="public")
    assert wrong.status_code == 400
    assert Html(wrong.text).one("span", id="url-wrong").text


def test_a_source_is_removed_with_its_records_or_without(
    operator: Operator, node: Node, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_bytes(harvested.dataset(900, "Ephemeral"))
    for keep, stays in (("keep", 1), ("remove", 0)):
        node.harvest.add("brief", str(tmp_path), "folder")
        node.harvest.run("brief", reread=True)
        here = "/en/harvest/sources/brief/remove"
        assert "This source has 1 thing here." in operator.text(here)
        assert operator.post(here).status_code == 400
        assert operator.post(here, records=keep).headers["location"] == "/en/harvest"
        assert "brief" not in {one.name for one in node.harvest.sources()}
        assert len(node.search("ephemeral").records) == stays


def test_too_many_records_are_left_to_the_command_line(
    operator: Operator, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estran.web.portal.harvest_forms._MOST_REMOVED", 3)
    found = operator.post(f"{SOURCE}/remove", records="remove")
    assert found.status_code == 400
    assert "estran harvest remove theirs" in found.text
    assert node.harvest.source("theirs")


@contextmanager
def going(node: Node, server: tuple[str, harvested.Slow], name: str) -> Generator[int]:
    """A run that waits for one document of its source; gives its number."""
    url, held = server
    held.go.clear()
    node.harvest.add(name, url, "waf")
    thread = threading.Thread(target=lambda: node.harvest.run(name))
    thread.start()
    try:
        until = time.monotonic() + 60
        while not (found := [r for r in node.harvest.runs(name) if r.state == "running"]):
            assert time.monotonic() < until
            time.sleep(0.05)
        yield found[0].id
    finally:
        held.go.set()
        thread.join(60)
        node.harvest.remove(name, keep_records=False)


def test_a_run_that_goes_on_says_how_far_it_is(
    operator: Operator, node: Node, server: tuple[str, harvested.Slow]
) -> None:
    with going(node, server, "slow") as run:
        page = Html(operator.text(f"/en/harvest/runs/{run}"))
        live = page.one("div", id="live")
        assert live["hx-get"] == f"/en/harvest/runs/{run}/live"
        assert [a["href"] for a in page.all("a") if a.text == "Refresh"] == [f"/en/harvest/runs/{run}"]
        assert "htmx.min.js" in operator.text(f"/en/harvest/runs/{run}")
        assert "Running" in operator.text("/en/harvest/sources/slow")
        server[1].go.set()
        until = time.monotonic() + 60
        while "hx-get" in (part := operator.text(f"/en/harvest/runs/{run}/live")):
            assert time.monotonic() < until
            time.sleep(0.1)
        assert "Done" in part
        assert "<html" not in part
    assert "htmx.min.js" not in operator.text(f"/en/harvest/runs/{node.harvest.runs('theirs')[0].id}")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_option_of_every_protocol_has_words(language: str) -> None:
    ours = {f"harvest_option.{one.name}-{name}" for one in harvesters.every() for name in one.options}
    assert {key for key in words(language).table if key.startswith("harvest_option.")} == ours

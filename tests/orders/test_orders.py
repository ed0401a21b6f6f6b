"""Orders: asked for, made ready by a worker in parts, fetched, gone when their time is over."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from estran.access import ANYONE, Actor
from estran.errors import Invalid, NotAllowed, NotFound
from estran.formats import Links
from estran.model import Record, now
from estran.orders import Said
from estran.orders import parts as cutting
from estran.orders.asking import asked_of
from estran.orders.parts import parts
from estran.web.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

LINKS = Links("https://data.example.org", "Essai")


def filled(node: Node, folder: Path, visibility: str = "public", hours: int = 600) -> str:
    times = pd.date_range("2024-01-01", periods=hours, freq="h", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"{name},{time},{n / 10}\n" for name in ("brest", "sete") for n, time in enumerate(times)]
    path = folder / "levels.csv"
    path.write_text("station,time,water_level [m]\n" + "".join(lines), "utf-8")
    assert node.load([path], kind="observations", visibility=visibility).observations
    return node.observations.datastreams()[0].record


def worked(node: Node) -> None:
    assert node.jobs.execute(once=True)


def test_an_order_becomes_files_that_are_whole(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = filled(node, tmp_path)
    monkeypatch.setattr(cutting.parts, "__defaults__", (250,))
    placed = node.orders.place(record, LINKS, time="2024-01-02/2024-01-20")
    assert (placed.state, placed.files) == ("waiting", ())
    assert node.orders.place(record, LINKS, time="2024-01-02/2024-01-20").id == placed.id
    worked(node)
    order = node.orders.order(placed.id)
    assert (order.state, order.done, order.parts) == ("done", 4, 4)
    frames: list[pd.DataFrame] = []
    for file in order.files:
        path, _ = node.orders.file(order.id, file.name)
        held = path.read_bytes()
        assert (len(held), hashlib.sha256(held).hexdigest()) == (file.size, file.sha256)
        frames.append(pd.read_csv(io.BytesIO(held)))
    whole = pd.concat(frames)
    assert len(whole) == 2 * 19 * 24
    assert not whole.duplicated(["platform", "time"]).any()
    assert whole["water_level"].tolist() == [n / 10 for n in range(24, 24 * 20)] * 2


def test_what_was_written_since_is_another_order(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=100)
    order = node.orders.place(record, LINKS, form="parquet")
    worked(node)
    done = node.orders.order(order.id)
    assert done.state == "done"
    # The same question, once something was written, is another order.
    more = tmp_path / "more.csv"
    more.write_text("station,time,water_level [m]\nbrest,2025-01-01T00:00:00Z,1\n", "utf-8")
    node.load([more], kind="observations")
    again = node.orders.place(record, LINKS, form="parquet")
    assert again.id != order.id
    # The files of the first are still what they were.
    path, file = node.orders.file(order.id, done.files[0].name)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def test_over_http_with_a_transfer_that_breaks(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=50)
    with TestClient(create_app(node)) as client:
        for wrong, status in (
            (b"{", 400), (b'{"record": "nothing-here"}', 404), (b'{"record": "a", "colour": 1}', 400),
        ):  # fmt: skip
            assert client.post("/orders", content=wrong).status_code == status
        answer = client.post("/orders", json={"record": record, "form": "csv"})
        assert answer.status_code == 202, answer.text
        where = answer.headers["location"].removeprefix("http://testserver")
        assert client.get(where).json()["state"] == "waiting"
        worked(node)
        order = client.get(where).json()
        assert order["state"] == "done", order
        (file,) = order["files"]
        href = file["href"].removeprefix("http://testserver")
        whole = client.get(href)
        rest = client.get(href, headers={"Range": "bytes=100-", "If-Range": whole.headers["etag"]})
        assert (rest.status_code, whole.content[:100] + rest.content) == (206, whole.content)
        assert hashlib.sha256(whole.content).hexdigest() == file["sha256"]
        assert client.get(f"{where}/../../estran.db").status_code == 404
        assert client.get("/orders/order.0123456789abcdef").status_code == 404


def test_files_go_and_can_be_ordered_again(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = filled(node, tmp_path, hours=10)
    first = node.orders.place(record, LINKS)
    worked(node)
    (file,) = node.orders.order(first.id).files
    path, _ = node.orders.file(first.id, file.name)
    assert node.orders.sweep() == 0
    later = pd.Timestamp.now("UTC") + pd.Timedelta(days=8)
    monkeypatch.setattr("estran.orders.door.now", later.to_pydatetime)
    assert node.orders.order(first.id).state == "expired"
    with pytest.raises(NotFound, match="expired"):
        node.orders.file(first.id, file.name)
    assert node.orders.sweep() == 1
    assert not path.exists()
    assert node.orders.place(record, LINKS).id != first.id


def test_only_who_may_see_the_data_has_them(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, visibility="restricted", hours=10)
    order = node.orders.place(record, LINKS)
    worked(node)
    anyone = node.acting_as(ANYONE)
    with pytest.raises(NotFound):
        anyone.orders.place(record, LINKS)
    with pytest.raises(NotFound):
        anyone.orders.order(order.id)
    with pytest.raises(NotFound):
        anyone.orders.file(order.id, node.orders.order(order.id).files[0].name)


def test_what_waits_says_that_nobody_works(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=10)
    order = node.orders.place(record, LINKS)
    never = node.orders.unattended(order)
    assert never is not None
    assert (never.workers, never.seen, never.waiting) == (0, None, 1)
    client = TestClient(create_app(node))
    told = client.get(f"/orders/{order.id}", headers={"Accept": "application/json"}).json()
    assert (
        told["waitsFor"]
        == f"{never}"
        == "no worker has been running: the node's operator starts one with “estran work”"
    )
    wrong = [one for one in node.doctor() if not one.ok]
    assert [(one.name, one.detail) for one in wrong] == [
        ("worker", "1 job waits; no worker has been running")
    ]
    worked(node)
    assert node.orders.unattended(node.orders.order(order.id)) is None
    assert all(one.ok for one in node.doctor())
    # Whoever worked and ended in order is remembered.
    later = node.orders.place(record, LINKS, form="nc")
    since = node.orders.unattended(later)
    assert since is not None
    assert since.seen is not None
    assert abs((now() - since.seen).total_seconds()) < 60
    assert f"no worker has been running since {since.seen:%Y-%m-%d %H:%M} UTC" in f"{since}"
    page = client.get(f"/en/orders/{later.id}").text
    assert "No worker has been running since" in page


def test_others_orders_are_the_operators_business(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=10)
    mine = node.orders.place(record, LINKS)
    theirs = node.acting_as(ANYONE).orders.place(record, LINKS, form="nc")
    assert [one.id for one in node.orders.mine()] == [mine.id]
    assert {one.id for one in node.orders.everyone()} == {mine.id, theirs.id}
    assert len(node.orders.everyone(1)) == 1
    editor = Actor(name="Léa", role="editor", centres=("coriolis",))
    for who in (ANYONE, editor):
        with pytest.raises(NotAllowed, match="only the node's operator may list the orders of others"):
            node.acting_as(who).orders.everyone()


ASKING = """[orders.ask]
"*" = ["status", "organisation", "usage", "contact"]
"""


def test_who_orders_is_asked_where_it_is_said_so(open_node: Callable[..., Node], tmp_path: Path) -> None:
    (tmp_path / "asking").mkdir()
    (tmp_path / "asking" / "estran.toml").write_text(ASKING)
    with open_node(tmp_path / "asking") as node:
        record = filled(node, tmp_path, hours=10)
        ada, anyone = node.acting_as(Actor(name="Ada", role="reader")), node.acting_as(ANYONE)
        with pytest.raises(Invalid, match="answer to “status”"):
            anyone.orders.place(record, LINKS)
        said = Said(
            status="research", organisation="IUEM", usage="tides", description="not asked", email="a@b.org"
        )
        for wrong in (
            replace(said, status="king"),
            replace(said, usage=" "),
            replace(said, email="a", consent="Yes"),
        ):
            with pytest.raises(Invalid):
                anyone.orders.place(record, LINKS, said=wrong)
        first = anyone.orders.place(record, LINKS, said=said, secret="0" * 32)
        second = anyone.orders.place(
            record, LINKS, said=replace(said, usage="floods", consent="Yes"), secret="1" * 32
        )
        named = ada.orders.place(record, LINKS, said=said)
        assert first.called == second.called != named.called
        assert first.number < named.number
        # Each sees what they said themselves; without consent no address is kept, and nothing that was not asked.
        assert anyone.orders.said(first) == []
        (note,) = anyone.orders.said(first, ["0" * 32])
        assert note.body == {"status": "research", "organisation": "IUEM", "usage": "tides", "by": ""}
        (other,) = anyone.orders.said(first, ["1" * 32])
        assert (other.body["email"], other.body["consent"]) == ("a@b.org", "Yes")
        assert [one.body["usage"] for one in node.orders.said(first)] == ["tides", "floods"]
        assert len(ada.orders.said(named)) == 1
        assert ada.orders.said(first) == []
        # What is taken away is gone, and its number stays.
        assert anyone.orders.unsay(first, ["0" * 32]) == 1
        assert anyone.orders.said(first, ["0" * 32]) == []
        assert len(node.orders.said(first)) == 1
        assert anyone.orders.order(first.id).called == first.called
        # Who says something else later said only that; the operator is asked nothing.
        ada.orders.place(record, LINKS, said=replace(said, organisation="SHOM"))
        assert [one.body["organisation"] for one in ada.orders.said(named)] == ["SHOM"]
        assert node.orders.said(node.orders.place(record, LINKS, said=said)) == []
        # It goes with the job.
        worked(node)
        node.jobs.forget(0)
        assert node.jobs.notes([first.id, named.id]) == []


def test_a_dataset_asks_before_its_centre_and_that_before_all() -> None:
    one = Record(id="levels", centre="coriolis", kind="dataset")
    ask = {"*": ["usage"], "coriolis": ["status"], "levels": []}
    assert asked_of(one, ask) == ()
    assert asked_of(replace(one, id="other"), ask) == ("status",)
    assert asked_of(replace(one, id="other", centre="shom"), ask) == ("usage",)
    assert asked_of(one, {}) == ()


def test_nothing_to_deliver_is_said_at_once(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=10)
    with pytest.raises(Invalid, match="no observation"):
        node.orders.place(record, LINKS, time="1999")
    with pytest.raises(Invalid, match="csv, nc, parquet"):
        node.orders.place(record, LINKS, form="xlsx")


def test_parts_hold_everything_once(node: Node, tmp_path: Path) -> None:
    record = filled(node, tmp_path, hours=300)
    table = node.observations.table(record)
    for most in (1, 70, 300, 10_000):
        found = parts(table, -(2**62), 2**62, most)
        seen: list[tuple[int, int]] = []
        for part in found:
            streams = node.observations.datastreams(numbers=part.datastreams)
            for rows in node.observations.batches(streams, start=part.start, end=part.end):
                seen += zip(rows["datastream"].to_pylist(), rows["time"].to_pylist(), strict=True)
        assert len(seen) == len(set(seen)) == 600
        assert len(found) >= min(600 / most, 2) or most >= 600
        assert np.isin(
            [number for part in found for number in part.datastreams],
            [s.number for s in node.observations.datastreams()],
        ).all()

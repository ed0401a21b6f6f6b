"""A worker is killed in the middle of a file: nothing half is given, and the next one makes the order whole."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import multiprocessing
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import estran
from estran.cli import app as commands
from estran.errors import Conflict
from estran.orders import door, working
from estran.orders import parts as cutting
from estran.web.app import create_app
from tests.orders.test_orders import LINKS, filled, worked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.node import Node

LONG_S = 120.0
_processes = multiprocessing.get_context("spawn")


def half(folder: str, database: str, sign: str) -> None:
    """Be a worker that stops in the middle of the third file, and says so."""
    made: Callable[..., Iterator[bytes]] = working.given
    begun = 0

    def given(*asked: Any) -> Iterator[bytes]:
        nonlocal begun
        begun += 1
        body = b"".join(made(*asked))
        if begun < 3:
            yield body
            return
        yield body[: len(body) // 2]
        Path(sign).touch()
        time.sleep(LONG_S)

    working.given = given  # type: ignore[assignment]
    cutting.parts.__defaults__ = (250,)
    with estran.open(Path(folder), storage={"database": database}) as node:
        node.jobs.execute(once=True)


def test_a_worker_that_is_killed_leaves_nothing_half(
    open_node: Callable[[Path], Node], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = tmp_path / "half"
    with open_node(tmp_path / "node") as node:
        record = filled(node, tmp_path)
        placed = node.orders.place(record, LINKS)
        database = node.settings.storage.database
        worker = _processes.Process(
            target=half, args=(str(tmp_path / "node"), database, str(sign)), daemon=True
        )
        worker.start()
        end = time.monotonic() + LONG_S
        while not sign.exists():
            assert worker.is_alive()
            assert time.monotonic() < end
            time.sleep(0.02)
        worker.kill()
        worker.join()
        folder = node.orders.folder / placed.id
        cut = node.orders.order(placed.id)
        assert (cut.state, cut.done, cut.files) == ("running", 2, ())
        assert len(list(folder.iterdir())) == 3
        # What is ready is not given before all of it is, and what is half by no name at all.
        with TestClient(create_app(node)) as client:
            for path in folder.iterdir():
                assert client.get(f"/orders/{placed.id}/{path.name}").status_code == 404
        ready = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.csv")}
        monkeypatch.setattr(cutting.parts, "__defaults__", (250,))
        worked(node)
        order = node.orders.order(placed.id)
        assert (order.state, order.done, len(order.files)) == ("done", 6, 6)
        assert {path.name for path in folder.iterdir()} == {file.name for file in order.files}
        frames: list[pd.DataFrame] = []
        for file in order.files:
            held = (folder / file.name).read_bytes()
            assert (len(held), hashlib.sha256(held).hexdigest()) == (file.size, file.sha256)
            frames.append(pd.read_csv(io.BytesIO(held)))
        # What was ready was not made again.
        assert all((folder / name).stat().st_mtime_ns == at for name, at in ready.items())
        whole = pd.concat(frames)
        assert len(whole) == 1200
        assert not whole.duplicated(["platform", "time"]).any()


def test_what_there_is_no_room_for_is_refused_or_fails_in_words(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = filled(node, tmp_path, hours=50)
    with monkeypatch.context() as patched:
        patched.setattr(door, "room", lambda _: 1000)
        with pytest.raises(Conflict, match="GB that this node has room for"):
            node.orders.place(record, LINKS)
        patched.setattr(door, "_MOST_OBSERVATIONS", 99)
        with pytest.raises(Conflict, match="100 observations are more than the 99 of an order"):
            node.orders.place(record, LINKS)
        # What is counted is the time that is asked for.
        patched.setattr(door, "room", lambda _: 10**9)
        assert node.orders.place(record, LINKS, time="2024-01-01").observations <= 99
    worked(node)

    def full(*_: Any) -> Iterator[bytes]:
        yield b"platform,time\n"
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(working, "given", full)
    placed = node.orders.place(record, LINKS)
    worked(node)
    order = node.orders.order(placed.id)
    assert order.state == "failed"
    assert "has no room left" in order.error
    assert list((node.orders.folder / placed.id).iterdir()) == []


def test_the_command_line_says_what_became_of_an_order(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = filled(node, tmp_path, hours=10)
    run = CliRunner()

    def said(*words: str) -> str:
        result = run.invoke(commands, ["orders", *words, "--node", str(tmp_path / "node")])
        assert result.exit_code == 0, result.output
        return result.output

    id_ = json.loads(said("place", record, "--time", "2024-01-01", "--variable", "water_level", "--json"))[
        "id"
    ]
    assert id_ in said("list")
    other = json.loads(said("place", record, "--form", "nc", "--json"))["id"]
    assert "cancelled" in said("cancel", other)
    worked(node)
    assert "done  1/1 parts, until" in said("show", id_)
    later = pd.Timestamp.now("UTC") + pd.Timedelta(days=8)
    monkeypatch.setattr("estran.orders.door.now", later.to_pydatetime)
    over = said("show", id_)
    assert "expired" in over
    assert "its files went on" in over
    assert f"estran orders place {record} --variable water_level --time 2024-01-01 --form csv" in over

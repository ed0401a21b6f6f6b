"""``estran migrate``, called as a user calls it."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

import estran
from tests.catalogue.test_load import feature, lines
from tests.cli.test_cli import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.postgresql import PostgreSQL

__all__ = ["run"]


@pytest.fixture
def loaded(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("load", str(lines(tmp_path / "a.ndjson", [feature(n) for n in range(3)]))).code == 0


def test_it_moves_and_switches(
    run: Callable[..., Outcome], loaded: None, postgresql: PostgreSQL, tmp_path: Path
) -> None:  # fmt: skip
    url = postgresql.fresh() + "&password=hush"
    done = run("migrate", "--to", url, "--switch")
    assert done.code == 0
    assert "each table proven equal" in done.err
    assert "start again what serves the node. sqlite:///estran.db was left as it is" in done.err
    assert (done.out, "hush" in done.err) == ("", False)
    assert tomllib.loads((tmp_path / "node/estran.toml").read_text())["storage"]["database"] == url
    assert run("search", "temperature", "--json").rows[-1] == {"matched": 3}
    for more in ((), ("--json",)):
        told = run("settings", *more)
        assert "password=hidden" in told.out
        assert "hush" not in told.out + told.err


def test_json_and_the_environment(
    run: Callable[..., Outcome], loaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("ESTRAN_MIGRATE_TO", "sqlite:///new.db")
    (row,) = run("migrate", "--json").rows
    assert row["to"] == "sqlite:///new.db"
    assert row["switched"] is False
    assert row["tables"]["record"]["rows"] == 3
    assert row["rows"] == sum(table["rows"] for table in row["tables"].values())
    again = run("migrate")
    assert again.code == 1
    assert "holds a node of Estran" in again.err
    with estran.open(tmp_path / "node", storage={"database": "sqlite:///new.db"}) as node:
        assert node.search().matched == 3


def test_what_is_due_goes_on_and_what_waited_is_said(
    run: Callable[..., Outcome], loaded: None, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    assert "No job was waiting" in run("migrate", "--to", "sqlite:///first.db").err
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/a.json").write_text(json.dumps(feature(7)))
    assert run("harvest", "add", "theirs", str(tmp_path / "theirs"), "--schedule", "0 3 * * *").code == 0
    with estran.open(tmp_path / "node") as node:
        node.jobs.follow()
        schedules = [(one.name, one.cron, one.work) for one in node.jobs.schedules()]
        waiting = node.jobs.enqueue("harvest", {"source": "theirs"})
    (row,) = run("migrate", "--to", "sqlite:///second.db", "--json").rows
    assert row["jobs_left"] == [{"id": waiting.id, "work": "harvest", "state": "queued"}]
    done = run("migrate", "--to", postgresql.fresh(), "--switch")
    assert "Not moved: 1 job of the old queue" in done.err
    assert waiting.id in done.err
    with estran.open(tmp_path / "node") as node:
        assert node.jobs.list().jobs == ()
        node.jobs.follow()
        assert [(one.name, one.cron, one.work) for one in node.jobs.schedules()] == schedules
        assert any("0 3 * * *" in one for one in schedules)
    assert run("harvest", "run", "theirs").code == 0


def test_what_cannot_be_is_said(run: Callable[..., Outcome], loaded: None) -> None:
    bad = run("migrate", "--to", "mysql://u:hush@h/d")
    assert (bad.code, "hush" in bad.err) == (5, False)
    far = run("migrate", "--to", "postgresql://u:hush@127.0.0.1:9/d")
    assert (far.code, "hush" in far.err, "cannot be reached" in far.err) == (1, False, True)
    assert run("migrate", "--to", "sqlite:///x.db", "--node", "nowhere").code == 3

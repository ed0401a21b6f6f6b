"""The command line, called as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from estran import cli
from estran.errors import EstranError
from tests.catalogue.test_load import feature, lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Outcome(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Runs ``estran ARGS`` on a node in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ESTRAN_NODE", str(tmp_path / "node"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")

    def run_(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["estran", *arguments])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    return run_


@pytest.fixture
def loaded(run: Callable[..., Outcome], tmp_path: Path) -> str:
    """Id of a record on a node with three."""
    lines(tmp_path / "a.ndjson", [feature(n) for n in range(3)])
    assert run("load", "a.ndjson", "--json").code == 0
    return run("search", "temperature", "--json").rows[0]["id"]


def test_without_a_command_the_help_says_where_to_begin(run: Callable[..., Outcome]) -> None:
    found = run()
    assert "estran demo" in found.out + found.err
    assert {"load", "search", "serve", "doctor"} <= set((found.out + found.err).replace("│", " ").split())


def test_init_makes_a_node_once(run: Callable[..., Outcome], tmp_path: Path) -> None:
    assert run("init", "--name", 'Le "Brest" node', "--json").rows[0]["created"] is True
    assert run("init", "--json").rows[0]["created"] is False
    assert 'Le \\"Brest\\" node' in (tmp_path / "node" / "estran.toml").read_text()
    assert next(r for r in run("settings", "--json").rows if r["key"] == "name")["value"] == 'Le "Brest" node'


def test_a_load_with_refusals_ends_with_5_and_its_reasons(
    run: Callable[..., Outcome], tmp_path: Path
) -> None:
    lines(tmp_path / "a.ndjson", [feature(1)])
    (tmp_path / "bad.xml").write_text("<not xml")
    found = run("load", "a.ndjson", "bad.xml", "--json")
    assert found.code == 5
    [row] = found.rows
    assert {k: row[k] for k in ("read", "new", "changed", "unchanged")} == {
        "read": 1,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
    }
    assert [r["file"] for r in row["refused"]] == ["bad.xml"]
    assert row["refused"][0]["why"]
    spoken = run("load", "a.ndjson", "bad.xml")
    assert spoken.out == ""
    assert "bad.xml" in spoken.err
    assert "1 unchanged" in spoken.err


def test_search_prints_records_then_their_number(run: Callable[..., Outcome], loaded: str) -> None:
    found = run(
        "search",
        "temperature",
        "--bbox",
        "1,1,2,2",
        "--time",
        "2001/2002",
        "--kind",
        "dataset",
        "--limit",
        "2",
        "--json",
    )
    assert len(found.rows) == 3
    assert found.rows[-1] == {"matched": 3}
    assert loaded in {r["id"] for r in run("search", "--json").rows[:-1]}
    spoken = run("search", "temperature")
    assert "Sea surface temperature" in spoken.out
    assert "3 records match" in spoken.err
    assert run("search", "nothing-of-the-kind", "--json").rows == [{"matched": 0}]
    assert run("search", "--filter", "title LIKE '%1'", "--json").rows[-1] == {"matched": 1}


def test_show_and_export(run: Callable[..., Outcome], loaded: str, tmp_path: Path) -> None:
    assert run("show", loaded, "--json").rows[0]["id"] == loaded
    assert "Monthly analysis" in run("show", loaded).out
    assert json.loads(run("export", loaded, "--format", "original").out)["type"] == "Feature"
    assert "@" in run("export", loaded, "-f", "bibtex").out
    told = run("export", loaded, "-f", "bibtex", "-o", "x.bib", "--json").rows[0]
    assert told["losses"]
    assert (tmp_path / "x.bib").stat().st_size == told["bytes"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nothing"), 3),
        (("export", "nothing", "-f", "bibtex"), 3),
        (("export", "ID", "-f", "nothing"), 3),
        (("export", "ID", "-f", "dif"), 5),
        (("search", "--bbox", "1,2"), 5),
        (("search", "--time", "2024-02-30"), 5),
        (("search", "--filter", "title = "), 5),
        (("search", "--sort", "size"), 5),
        (("search", "--limit", "x"), 2),
        (("nonsense",), 2),
        (("load", "nowhere"), 5),
        (("load", "a.ndjson", "--centre", "nobody"), 3),
        (("remove", "nothing"), 3),
        (("centre", "edit", "nobody", "--url", "https://x.example"), 3),
        (("centre", "add", "coriolis", "--name-fr", "Coriolis"), 1),
        (("token", "revoke", "nothing"), 3),
        (("token", "sign-out", "nothing"), 3),
        (("token", "create", "Ana"), 5),
    ],
)
def test_failures_have_their_exit_codes_and_say_why(
    run: Callable[..., Outcome], loaded: str, arguments: tuple[str, ...], code: int
) -> None:
    found = run(*(loaded if a == "ID" else a for a in arguments))
    assert found.code == code, found.err
    assert found.err.strip()
    assert "Traceback" not in found.err


def test_a_node_that_is_not_there_is_not_made_by_reading(run: Callable[..., Outcome], tmp_path: Path) -> None:
    for command in (("search", "x"), ("serve",), ("doctor",), ("centre", "list")):
        found = run(*command)
        assert found.code == 3
        assert "estran init" in found.err
    assert not (tmp_path / "node").exists()


def test_remove_takes_a_record_out(run: Callable[..., Outcome], loaded: str) -> None:
    assert run("remove", loaded, "--json").rows == [{"removed": loaded}]
    assert run("show", loaded).code == 3


def test_the_registry_by_command_and_by_file(run: Callable[..., Outcome], tmp_path: Path) -> None:
    run("init")
    assert "coriolis" in {r["id"] for r in run("centre", "list", "--kind", "centre", "--json").rows}
    assert run(
        "centre",
        "add",
        "lab",
        "--name-fr",
        "Le labo",
        "--name-en",
        "The lab",
        "--parent",
        "ocean",
        "--claim",
        "lab",
    ).code in (0, 5)
    (tmp_path / "more.toml").write_text('[field]\nkind = "group"\nname = { fr = "Terrain", en = "Field" }\n')
    assert run("centre", "add", "more.toml").code == 0
    edited = run("centre", "edit", "field", "--name-en", "Fieldwork", "--status", "closed", "--json").rows[0]
    assert dict(edited["name"]["variants"]) == {"fr": "Terrain", "en": "Fieldwork"}


def test_tokens_by_command(run: Callable[..., Outcome]) -> None:
    run("init")
    made = run("token", "create", "Ana", "--role", "reader", "--centre", "coriolis", "--json").rows[0]
    assert made["secret"].startswith("estran_")
    [row] = run("token", "list", "--json").rows
    assert row["id"] == made["id"]
    assert row["secret"] == ""
    assert run("token", "sign-out", made["id"], "--json").rows == [{"token": made["id"], "ended": 0}]
    assert run("token", "revoke", made["id"]).code == 0
    assert run("token", "list", "--json").rows[0]["revoked"]


def test_the_doctor_finds_a_new_node_well(run: Callable[..., Outcome]) -> None:
    run("init")
    found = run("doctor", "--json")
    assert found.code == 0
    assert all(row["ok"] for row in found.rows)


def test_a_misspelt_setting_is_named(run: Callable[..., Outcome], tmp_path: Path) -> None:
    run("init")
    (tmp_path / "node" / "estran.toml").write_text('nmae = "x"\n')
    found = run("doctor")
    assert found.code == 5
    assert "nmae" in found.err
    (tmp_path / "node" / "estran.toml").write_text("name = \n")
    assert run("doctor").code == 5


def test_every_error_has_an_exit_code() -> None:
    def tree(kind: type[EstranError]) -> list[type[EstranError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]

    assert all(cli._exit_code(kind.__new__(kind)) in (1, 3, 4, 5) for kind in tree(EstranError))


def test_the_command_is_installed_and_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    lines(tmp_path / "a.ndjson", [feature(n) for n in range(300)])
    environment = {**os.environ, "ESTRAN_NODE": str(tmp_path / "node")}
    subprocess.run(
        [sys.executable, "-m", "estran", "load", str(tmp_path / "a.ndjson"), "-q"],
        env=environment,
        check=True,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "estran", "search", "--limit", "300", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait() in (0, 1)


def test_a_dataset_of_two_sources_is_one_line_that_names_the_other(
    run: Callable[..., Outcome], tmp_path: Path
) -> None:
    doi = {"externalIds": [{"scheme": "doi", "value": "10.1234/tides"}]}
    newest = {"updated": "2024-01-01T00:00:00Z", "title": "Tides"} | doi
    other = {"title": "Marées", "description": "Heures et hauteurs."} | doi
    for source, properties in (("a", newest), ("b", other)):
        one = {
            "id": source,
            "type": "Feature",
            "geometry": None,
            "time": None,
            "properties": properties,
            "links": [],
        }
        lines(tmp_path / f"{source}.ndjson", [one])
        assert run("load", f"{source}.ndjson", "--source", source, "--json").rows[0]["new"] == 1
    best, told = run("search", "hauteurs", "--json").rows
    assert (best["source"], told) == ("a", {"matched": 1})
    assert "also described by 1 other" in run("search").out
    shown = run("show", best["id"], "--json").rows[0]
    assert shown["also_described_by"] == best["also_described_by"] != [best["id"]]
    assert "filled_from" not in shown
    assert best["also_described_by"][0] in run("show", best["id"]).out
    whole = run("show", best["also_described_by"][0], "--merged", "--json").rows[0]
    assert whole["id"] == best["id"]
    assert whole["filled_from"] == {"abstract": best["also_described_by"][0]}
    assert "abstract" in run("show", best["id"], "--merged").out
    assert "Heures" not in run("export", best["id"], "-f", "dcat-turtle").out
    assert "Heures" in run("export", best["id"], "-f", "dcat-turtle", "--merged").out

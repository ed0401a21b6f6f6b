"""A node moved from one engine to another and back: nothing is lost, everything is found as before."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import LargeBinary, func, select

import estran
from estran.access import ANYONE, Actor
from estran.catalogue.items import ItemQuery
from estran.catalogue.query import Query
from estran.catalogue.store import moving
from estran.errors import Conflict, EstranError, Invalid, NotAllowed, Unavailable
from estran.model import Box, Identifier, Organisation, Record, Text
from estran.storage import Database, copying, schema, shown
from estran.vocabulary import ConceptScheme, Entry
from tests.catalogue.records import put, some_records
from tests.catalogue.test_items import lines, made, walk
from tests.catalogue.test_load import feature
from tests.observations.filled import observe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node
    from tests.postgresql import PostgreSQL

ODD = "naïve \u2028 \U0001f30a 'quoted' \\ % _"


def fill(node: Node, folder: Path) -> None:
    """Everything that a node holds, changed and removed in parts."""
    put(node, some_records(300))
    node.load(lines(folder / "a.ndjson", [feature(n) for n in range(60)]), source="files", centre="coriolis")
    node.load(lines(folder / "b.ndjson", [feature(n, title=f"{ODD} {n}") for n in range(30)]), source="files")
    # Enough items for a dictionary of their bodies.
    node.load(lines(folder / "i.ndjson", made(3, 900)))
    node.items.declare("start_datetime", "time", ODD)
    noted = [
        {**i, "added": ODD, "properties": {**i["properties"], "note": f"{ODD} {n}"}}
        for n, i in enumerate(made(3, 40))
    ]
    node.load(lines(folder / "j.ndjson", noted))
    node.items.declare("note", "text")
    for record in list(node.search("snow", limit=5)):
        node.remove(record.id)
    node.organisations.add(
        Organisation(id="odd", kind="group", name=Text.of(ODD, "fr"), claims=("odd words",))
    )
    token = node.tokens.create("reader", "reader", "coriolis")
    node.tokens.revoke(node.tokens.create("gone", "editor", "sismer").id)
    assert node.tokens.session(node.tokens.sign_in(token.secret).proof).actor.role == "reader"
    secrets[node.folder] = token.secret
    scheme = ConceptScheme(uri="http://example.org/v/", name="v", title=Text.of("Words", "en"), version="1")
    node.vocabulary.put(scheme, [Entry(uri=f"http://example.org/v/{n}/", scheme="v", name=n) for n in "abc"])
    (folder / "words.ttl").write_text(
        "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <http://example.org/w/1> s:prefLabel 'snow'@en ; "
        "s:notation 'SN' ; s:broader <http://example.org/w/2> ; s:exactMatch <http://example.org/v/a/> ."
    )
    node.load(folder / "words.ttl")
    source = folder / "source"
    source.mkdir()
    lines(source / "a.json", [feature(90, title="Salt marshes")])
    (source / "b.json").write_text("{}")
    (source / "c.json").symlink_to("nowhere")
    node.harvest.add("shelf", str(source))
    report = node.harvest.run("shelf")
    assert (report.new, report.refused, report.missed) == (1, 1, 1)
    assert node.link_checks.gather()[0] > 100
    same = (Identifier("10.1234/same", "doi"),)
    twins = [Record(identifier=one, source=one, title=Text.of("Tides"), identifiers=same) for one in "ab"]
    put(node, twins, run=9)
    assert len(node.search("tides").others) == 1


secrets: dict[Path, str] = {}


def rows(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    found: dict[str, list[Any]] = {}
    with database.read() as connection:
        for table in schema.metadata.sorted_tables:
            keys = list(table.primary_key.columns)
            found[table.name] = [tuple(r) for r in connection.execute(select(table).order_by(*keys))]
    return found


def placed(database: Database) -> dict[int, list[Box]]:
    """Every box of the place index."""
    with database.read() as connection:
        pks = list(connection.execute(select(schema.record.c.pk)).scalars())
        found: dict[int, list[Box]] = {}
        for pk, box in database.engine.place_index.boxes(connection, pks):
            found.setdefault(pk, []).append(box)
        return {pk: sorted(listed) for pk, listed in found.items()}


def answers(node: Node) -> list[Any]:
    """What a node says to questions of all kinds, in order."""
    said: list[Any] = []
    facets = ("kind", "centre", "keyword", "licence")
    for question in (
        Query(counts=facets, limit=500), Query(text="neige", limit=500, counts=facets),
        Query(text='"sea ice"', limit=50), Query(text="temp*", limit=50), Query(text="quoted", limit=50),
        Query(bbox=Box(170, -90, -170, 90), limit=500), Query(bbox=Box(-10, 30, 20, 60), text="snow OR neige"),
        Query(where={"kind": ("dataset",)}, sort="title", limit=500), Query(sort="-published", limit=500),
    ):  # fmt: skip
        for actor in (node.actor, ANYONE, Actor(name="x", role="reader", centres=("coriolis",))):
            page = node.acting_as(actor).ask(question)
            said.append((page.matched, [plain_record(r) for r in page], page.facets, page.others))
    for asked in (
        {}, {"bbox": Box(170, -60, -160, 60)}, {"bbox": Box(0, 0, 40, 40)}, {"filter": "eo:cloud_cover < 20"},
        {"filter": "note LIKE '%1'"}, {"filter": "start_datetime < DATE('2019-01-01') OR note IS NULL"},
        {"sort": (("eo:cloud_cover", False),)}, {"time": (1_500_000_000_000_000, 1_550_000_000_000_000)},
    ):  # fmt: skip
        said += walk(node, **asked)
    said.extend(node.items.search(ItemQuery(limit=1000)).items)
    said.append(node.changes(0, 10_000))
    said += [
        [(o.format, o.name, o.at, o.body) for o in node.originals(r.id)] for r in node.search("", limit=50)
    ]
    said.append([(e.id, str(e.name), e.claims) for e in node.organisations.all()])
    said.append([node.vocabulary.holdings(), node.vocabulary.originals(), node.vocabulary.search("snow")])
    said += [node.link_checks.list("unknown").links, node.search(link="unknown").matched]
    said.append([(one.number, one.described, one.count) for one in node.observations.datastreams()])
    if node.observations.datastreams():
        said.append(node.observations.read("temp").drop_attrs().to_dict())
    said.append([(t.id, t.role, t.centre, t.expires, t.revoked) for t in node.tokens.all()])
    return said


def plain_record(record: Any) -> Any:
    return (record.id, record.title, record.centre, record.source, record.visibility, record.updated)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("full")
    with estran.open(folder / "node") as node:
        fill(node, folder)
        node.views.add("v", title={"fr": "Vue", "en": "View"}, search="q=sea")
        observe(node, folder)
        yield node


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches, some cut by bytes."""
    monkeypatch.setattr(copying, "_ROWS", 70)
    monkeypatch.setattr(copying, "_BYTES", 20_000)


def test_there_and_back(full: Node, postgresql: PostgreSQL, tmp_path: Path, small: None) -> None:
    there, back = postgresql.fresh(), f"sqlite:///{tmp_path / 'back.db'}"
    before, said = rows(full._house.database), answers(full)
    assert [name for name in before if not before[name]] == [], "a table has no rows to lose"
    steps: list[Any] = []
    migration = full.migrate(there, progress=steps.append)
    assert rows(full._house.database) == before, "the old database changed"
    assert migration.rows == sum(map(len, before.values()))
    assert {s.name: (s.done, s.total) for s in steps} == {
        "copy": (migration.rows, migration.rows), "index": (len(before["record"]) + len(before["item"]),) * 2,
        "verify": (migration.rows, migration.rows),
    }  # fmt: skip
    files = str(full.folder.resolve() / "observations")
    with estran.open(tmp_path / "there", storage={"database": there, "observations": files}) as node:
        assert rows(node._house.database) == before
        assert placed(node._house.database) == placed(full._house.database)
        assert answers(node) == said
        assert node.tokens.actor(secrets[full.folder]).role == "reader"
        node.migrate(back)
    with estran.open(tmp_path / "back", storage={"database": back, "observations": files}) as node:
        assert rows(node._house.database) == before
        assert placed(node._house.database) == placed(full._house.database)
        assert answers(node) == said
        with node._house.database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


@pytest.mark.parametrize("to", ["postgresql", "sqlite"])
def test_new_writes_go_on_where_the_old_ones_ended(
    to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql").fresh() if to == "postgresql" else "sqlite:///new.db"
    with estran.open(tmp_path / "node") as old:
        fill(old, tmp_path)
        revision, ids = old.revision(), {r.id for r in old.search(limit=500)}
        page = old.search("snow", limit=2)
        old.migrate(url, switch=True)
        cursor, rest = page.next, [r.id for r in old.search("snow", limit=2, cursor=page.next)]
    with estran.open(tmp_path / "node") as node:
        assert node._house.database.engine.scheme == to
        assert [r.id for r in node.search("snow", limit=2, cursor=cursor)] == rest, "page addresses are void"
        again = node.load(lines(tmp_path / "a.ndjson", [feature(n) for n in range(30, 60)]), source="files")
        assert (again.unchanged, again.new) == (30, 0)
        fresh = node.load(lines(tmp_path / "c.ndjson", [feature(n) for n in range(60, 70)]), source="files")
        assert fresh.new == 10
        items = node.load(lines(tmp_path / "i.ndjson", made(3, 950)))
        assert (items.new, items.changed, items.unchanged) == (50, 40, 860)
        assert node.search('"sea surface"', limit=500).matched == 40
        seqs = [c.seq for c in node.changes(revision, 500)]
        # A hundred records and items, and the two collections whose span has grown.
        assert seqs == list(range(revision + 1, revision + 103))
        assert ids <= {r.id for r in node.search(limit=500)}
        assert len(walk(node, bbox=Box(-180, -90, 180, 90))) == sum(1 for i in made(3, 950) if i["geometry"])
        node.remove(next(iter(ids)))


MOVER = """
import os, sys, estran
from estran.storage import copying
copying._ROWS = 100
def progress(step):
    print(step.name, step.done, flush=True)
with estran.open(sys.argv[1]) as node:
    node.migrate(sys.argv[2], switch=True, progress=progress)
"""


@pytest.mark.parametrize("at", ["copy", "index", "verify"])
@pytest.mark.parametrize("to", ["postgresql", "sqlite"])
def test_a_kill_in_the_middle_leaves_nothing_half(
    to: str, at: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql").fresh() if to == "postgresql" else "sqlite:///new.db"
    with estran.open(tmp_path / "node") as node:
        fill(node, tmp_path)
        before, said = rows(node._house.database), answers(node)
    command = [sys.executable, "-c", MOVER, str(tmp_path / "node"), url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = 0
        for line in process.stdout:
            seen += line.startswith(at)
            if seen == 3:
                break
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    with estran.open(tmp_path / "node") as node:
        assert node._house.database.engine.scheme == "sqlite"
        assert node.settings.storage.database == "sqlite:///estran.db", "switched to half a node"
        assert rows(node._house.database) == before
        target = url if to == "postgresql" else f"sqlite:///{node.folder.resolve() / 'new.db'}"
        assert node._house.database.engine.scheme == "sqlite"
        node.migrate(url, switch=True)
    with estran.open(tmp_path / "node") as node:
        assert node._house.database.url == target
        assert rows(node._house.database) == before
        assert answers(node) == said


def test_a_database_that_holds_something_is_never_touched(
    full: Node, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    file = tmp_path / "theirs.db"
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE wine (year)")
    theirs.close()
    held = file.read_bytes()
    with pytest.raises(Conflict, match="something else \\(wine\\)"):
        full.migrate(f"sqlite:///{file}")
    assert file.read_bytes() == held
    assert [p.name for p in tmp_path.iterdir()] == ["theirs.db"]
    file.write_text("A text, which is long enough to be taken for the head of a database file." * 40)
    with pytest.raises(Conflict, match="not a database"):
        full.migrate(f"sqlite:///{file}")
    with pytest.raises(Conflict, match="in memory"):
        full.migrate("sqlite://")
    url = postgresql.fresh()
    theirs_ = Database(url)
    with theirs_.write() as connection:
        connection.exec_driver_sql("CREATE TABLE wine (year integer)")
    with pytest.raises(Conflict, match="something else \\(wine\\)"):
        full.migrate(url)
    with theirs_.read() as connection:
        names = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'"
        )
        assert list(names.scalars()) == ["wine"]
    theirs_.close()


def test_a_node_is_never_overwritten(full: Node, postgresql: PostgreSQL, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="a node of Estran"):
        full.migrate(full._house.database.url)
    url = postgresql.fresh()
    estran.open(tmp_path / "other", storage={"database": url}).close()
    with pytest.raises(Conflict, match="a node of Estran"):
        full.migrate(url)


def test_a_row_that_does_not_arrive_is_noticed(
    full: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever changes a row between copying and the end is found."""
    url = f"sqlite:///{tmp_path / 'new.db'}"
    right = moving.rebuild
    for harm in (
        "DELETE FROM period WHERE pk IN (SELECT min(pk) FROM period)",
        "UPDATE source SET centre = 'x'",
    ):

        def harmful(engine: Any, connection: Any, advance: Any, harm: str = harm) -> None:
            right(engine, connection, advance)
            connection.exec_driver_sql(harm)

        monkeypatch.setattr(moving, "rebuild", harmful)
        with pytest.raises(Conflict, match=r"“(period|source)” arrived with"):
            full.migrate(url)
    monkeypatch.undo()
    assert full.migrate(url).rows > 1000, "what was refused was kept"


@pytest.mark.parametrize("count", [5, 150])
def test_what_the_other_engine_cannot_keep_is_said(
    count: int, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with estran.open(tmp_path / "node") as node:
        node.load(lines(tmp_path / "i.ndjson", made(1, count)))
        for column, value in (("orbit", 2**40), ("platform", "a\0b")):
            with node._house.database.write() as connection:
                connection.execute(
                    schema.item.update().where(schema.item.c.id == "item-1").values({column: value})
                )
            url = postgresql.fresh()
            with pytest.raises(Conflict, match="cannot keep a value of the table “item”"):
                node.migrate(url)
            with node._house.database.write() as connection:
                connection.execute(schema.item.update().values({column: None}))
            node.migrate(url)


def test_readers_go_on_and_writers_wait(full: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estran.storage.sqlite._BUSY_MS", 100)
    with estran.open(full.folder) as other:
        revision, refused = other.revision(), []

        def meanwhile(step: Any) -> None:
            assert other.revision() == revision
            if not refused:
                with pytest.raises(Unavailable) as caught:
                    other.tokens.create("late", "reader", "coriolis")
                refused.append(caught.value)

        full.migrate(f"sqlite:///{tmp_path / 'new.db'}", progress=meanwhile)
        assert refused


def test_only_the_operator_migrates(full: Node, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        full.acting_as(ANYONE).migrate(f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite", "mysql://u:hush@h/d", "postgresql//u:hush@h", "sqlite:/x", "", "hush:x://"]
)
def test_what_is_no_url_is_refused_without_repeating_it(full: Node, url: str) -> None:
    with pytest.raises(Invalid, match="postgresql, sqlite") as caught:
        full.migrate(url)
    assert "hush" not in str(caught.value)


def test_no_password_is_repeated(full: Node) -> None:
    for url in (
        "postgresql://u:hush@127.0.0.1:9/d",
        "postgresql://127.0.0.1:9/d?user=u&password=hush",
        "postgresql://127.0.0.1:9/d?hush=hush",
    ):
        with pytest.raises(EstranError) as caught:
            full.migrate(url.replace("?hush=hush", ""))
        assert "hush" not in str(caught.value)
    assert shown("postgresql://u:hush@h/d?password=hush&sslpassword=hush&a=b") == (
        "postgresql://u:***@h/d?a=b&password=hidden&sslpassword=hidden"
    )
    assert shown("hush") == "***"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '\n[storage]\ndatabase = "sqlite:///new.db"\n'),
        ('# kept\nname = "é"\n', '# kept\nname = "é"\n\n[storage]\ndatabase = "sqlite:///new.db"\n'),
        ("[storage] # why\n[web]\npage_limit = 9\n", '[storage] # why\ndatabase = "sqlite:///new.db"\n[web]\npage_limit = 9\n'),
        ('[storage]\n  database = "sqlite:///estran.db" # old\n', '[storage]\n  database = "sqlite:///new.db"\n'),
        ('storage.database = "sqlite:///estran.db"\n[web]\n', 'storage.database = "sqlite:///new.db"\n[web]\n'),
    ],
)  # fmt: skip
def test_the_settings_file_keeps_its_other_lines(tmp_path: Path, before: str, after: str) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    file = folder / "estran.toml"
    file.write_text(before)
    file.chmod(0o640)
    with estran.open(folder) as node:
        node.migrate("sqlite:///new.db", switch=True)
    assert file.read_text() == after
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == []
    with estran.open(folder) as node:
        assert node._house.database.url == f"sqlite:///{folder.resolve()}/new.db"


def test_a_password_in_the_settings_is_for_the_owner_only(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.fresh().replace("user=postgres", "user=postgres&password=hush")
    with estran.open(tmp_path / "node") as node:
        (node.folder / "estran.toml").chmod(0o644)
        node.migrate(url, switch=True)
        file = node.folder / "estran.toml"
        assert tomllib.loads(file.read_text())["storage"]["database"] == url
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_switch_that_would_change_nothing_is_refused_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        estran.open(tmp_path / "node", storage={"database": "sqlite:///x.db"}) as node,
        pytest.raises(Conflict, match="whoever opened"),
    ):
        node.migrate("sqlite:///new.db", switch=True)
    monkeypatch.setenv("ESTRAN_STORAGE__DATABASE", "sqlite:///x.db")
    with estran.open(tmp_path / "node") as node, pytest.raises(Conflict, match="ESTRAN_STORAGE__DATABASE"):
        node.migrate("sqlite:///new.db", switch=True)
    monkeypatch.delenv("ESTRAN_STORAGE__DATABASE")
    (tmp_path / "node" / "estran.toml").write_text('storage = { database = "sqlite:///x.db" }\n')
    with estran.open(tmp_path / "node") as node, pytest.raises(Conflict, match="by hand"):
        node.migrate("sqlite:///new.db", switch=True)
    assert not (tmp_path / "node" / "new.db").exists()


def test_memory_stays_flat(tmp_path: Path) -> None:
    """One batch is held at a time, however large the originals are."""
    size, count = 2 << 20, 60
    with estran.open(tmp_path / "node") as node:
        with node._house.database.write() as connection:
            for n in range(count):
                connection.execute(
                    schema.blob.insert(), {"sha256": bytes([n]) * 32, "body": os.urandom(size)}
                )
        with node._house.database.read() as connection:
            held = [sum(len(r.body) for r in batch) for batch in copying.batches(connection, schema.blob)]
            assert sum(held) == size * count
            assert max(held) <= copying._BYTES + size
            binary = [
                c for t in schema.metadata.sorted_tables for c in t.columns if isinstance(c.type, LargeBinary)
            ]
            assert connection.execute(select(func.length(binary[0])).limit(1)).scalar() is not None
            assert all(table.primary_key.columns for table in schema.metadata.sorted_tables)


def test_two_migrations_to_one_database(full: Node, postgresql: PostgreSQL, tmp_path: Path) -> None:
    url, done = postgresql.fresh(), []

    def again(node: Node) -> None:
        try:
            done.append(node.migrate(url).rows)
        except EstranError as error:
            done.append(type(error))

    with estran.open(tmp_path / "second") as second:
        threads = [threading.Thread(target=again, args=(node,)) for node in (full, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert Conflict in done
    assert sum(isinstance(d, int) for d in done) == 1

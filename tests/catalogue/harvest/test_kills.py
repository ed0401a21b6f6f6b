"""Kill −9 at any statement of a run: the next start goes on, and the end equals an uninterrupted run."""

from __future__ import annotations

import json
import random

import pytest
from sqlalchemy import select

from estran.storage import schema
from tests.catalogue.harvest import killed
from tests.catalogue.harvest.scripted import MARK, found
from tests.forked import PROCESSES

KILLS = 12


def before():
    return [*(found(n) for n in range(60)), ["found", "bad-1", "nothing"], ["found", "bad-2", "nothing"]]


def after():
    """Something of everything that may happen, with a mark now and then and keys that come twice."""
    events = [["total", 60]]
    for n in range(55):
        if n % 7 == 0:
            events += [["gone", f"key-{n}"]]
        elif n % 5 == 0:
            events += [found(n, f"Changed {n}")]
        elif n % 11 == 0:
            events += [["found", f"key-{n}", "no longer readable"]]
        elif n % 3 == 0:
            events += [["kept", f"key-{n}"]]
        else:
            events += [found(n), *([found(n, "Twice")] if n % 4 == 0 else [])]
        if n % 6 == 5:
            events += [MARK]
    fresh = [found(n, "New") for n in range(100, 110)]
    return [
        *events,
        *fresh[:5],
        MARK,
        *fresh[5:],
        ["found", "bad-1", json.dumps({"name": "?"})],
        ["gone", "unknown"],
    ]


def state(node):
    """Everything that a harvest leaves behind, but for numbers and instants."""
    e, r, c = schema.harvest_entry, schema.record, schema.change
    with node._house.database.read() as connection:
        entries = connection.execute(
            select(e.c.key, e.c.sha256, e.c.outcome, e.c.state, e.c.became, e.c.why).order_by(e.c.key)
        ).all()
        records = connection.execute(select(r.c.key, r.c.id, r.c.title, r.c.hash).order_by(r.c.key)).all()
        changes = connection.execute(select(c.c.kind, c.c.id, c.c.op).order_by(c.c.id, c.c.seq)).all()
        blobs = connection.execute(select(schema.blob.c.sha256).order_by(schema.blob.c.sha256)).all()
        originals = connection.execute(
            select(schema.original.c.sha256).order_by(schema.original.c.sha256)
        ).all()
    report = node.harvest.runs("theirs")[0]
    names = [
        "state",
        "full",
        "had",
        "seen",
        "new",
        "changed",
        "unchanged",
        "refused",
        "withdrawn",
        "removed",
        "missed",
        "announced",
        "note",
    ]
    told = {name: getattr(report, name) for name in names}
    found_ = [r.id for r in node.search("turbidity changed new", limit=200).records]
    return (
        told,
        [tuple(map(_plain, x)) for x in (*entries, *records, *changes, *blobs, *originals)],
        sorted(found_),
    )


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def harvest(node, last, slices):
    """Exit code of a process that harvests, and the statements that it took if it came to its end."""
    heard, told = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(
        target=killed.harvest, args=(str(node.folder), node._house.database.url, last, slices, told)
    )
    process.start()
    told.close()
    process.join()
    with heard:
        return process.exitcode, heard.recv() if process.exitcode == 0 else 0


@pytest.fixture
def prepared(open_node, tmp_path):
    """Opens nodes that harvested what the source said before, and shall harvest what it says now."""
    opened = []

    def prepare(name):
        node = open_node(tmp_path / name)
        opened.append(node)
        file = tmp_path / "source.json"
        file.write_text(json.dumps(before()))
        node.harvest.add("theirs", str(file), "scripted")
        node.harvest.run("theirs")
        file.write_text(json.dumps(after()))
        return node

    yield prepare
    for node in opened:
        node.close()


@pytest.mark.parametrize("slices", [False, True])
def test_a_run_that_is_killed_at_any_statement_ends_as_if_it_had_not_been(prepared, slices):
    whole = prepared("whole")
    code, statements = harvest(whole, -1, slices)
    assert code == 0
    expected = state(whole)
    assert expected[0]["state"] == "done"
    assert min(expected[0][n] for n in ("new", "changed", "unchanged", "refused", "removed")) > 0
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    node, kills = prepared("killed"), 0
    while True:
        # The nearer the end, the later the kill has to come to hit anything.
        last = dice.randrange(5, statements) if kills < KILLS else -1
        code, _ = harvest(node, last, slices)
        if code == 0:
            break
        assert code == -9, seed
        kills += 1
        newest, *others = node.harvest.runs("theirs")
        if others and newest.state == "done":
            # It came after the end of the run: the next start would begin another one.
            break
    assert kills > 0
    assert state(node) == expected, f"seed {seed}, {kills} kills"

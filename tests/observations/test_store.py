"""The store of observations: the same answers whatever lies in the database and whatever in files, and after a death."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pyarrow.fs import FileSelector

from estran.errors import Conflict, Unavailable
from estran.observations import store as stored
from estran.observations.store import SeriesStore, blocks, columns, files
from estran.observations.store.files import Files
from estran.observations.store.reading import files_version
from estran.storage import Database, prepare, schema
from tests.observations.conftest import rows, streams
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUR, DAY = 3_600_000_000, 86_400_000_000
YEAR_2020 = 1_577_836_800_000_000
EVER, NEVER = -(2**62), 2**62


def told(table: pa.Table) -> dict[tuple[int, int, float], float | None]:
    columns = (table[name].to_pylist() for name in ("datastream", "time", "vertical", "value"))
    return {(d, t, z): v for d, t, z, v in zip(*columns, strict=True)}


class Dead(Exception):
    """The process ends here."""


class Machine(RuleBasedStateMachine):
    """Random writes, moves into files and deaths, beside a dictionary that does the same."""

    make: Callable[[], tuple[Database, str]]

    def __init__(self) -> None:
        super().__init__()
        self.database, self.address = self.make()
        self.store = SeriesStore(self.database, self.address)
        numbers, _ = self.store.enter("record", streams(300))
        self.numbers = [numbers["s0"], numbers["s1"], numbers["s299"]]
        self.expected: dict[tuple[int, int, float], float | None] = {}
        self.store.keep_history("record")
        self.before: list[tuple[int, dict[tuple[int, int, float], float | None]]] = []
        self.ids: dict[tuple[int, int, float], int] = {}

    batches = st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(-400, 400).map(lambda n: YEAR_2020 + n * DAY),
            st.sampled_from((0.0, 5.0)),
            st.one_of(st.none(), st.integers(0, 3).map(float)),
        ),
        min_size=1,
        max_size=12,
    )

    def table(self, batch: list[tuple[int, int, float, float | None]]) -> pa.Table:
        parts = [rows(self.numbers[d], [t], [v], [z]) for d, t, z, v in batch]
        return pa.concat_tables(parts)

    @rule(batch=batches, into_files=st.booleans())
    def put(self, batch: list[Any], into_files: bool) -> None:
        given = {(self.numbers[d], t, z): v for d, t, z, v in batch}
        new = given.keys() - self.expected.keys()
        changed = {key for key in given.keys() & self.expected.keys() if given[key] != self.expected[key]}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, "_INTO_FILES", 1 if into_files else 10**9)
            counts = self.store.put(self.table(batch))
        assert (counts.new, counts.changed) == (len(new), len(changed))
        assert counts.unchanged == len(given) - len(new) - len(changed)
        self.expected |= given

    @rule(batch=batches)
    def remove(self, batch: list[Any]) -> None:
        keys = {(self.numbers[d], t, z) for d, t, z, _ in batch}
        there = keys & self.expected.keys()
        assert self.store.remove(self.table(batch)) == len(there)
        for key in there:
            del self.expected[key], self.ids[key]

    @rule()
    def settle(self) -> None:
        self.store.settle()

    @rule()
    def settle_and_delete_what_was_replaced(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "_REPLACED_H", 0)
            patch.setattr(self.store, "_swept", -(10**9))
            self.store.settle()

    @rule(batch=batches)
    def dies_before_the_files_count(self, batch: list[Any]) -> None:
        write = Files.write

        def writing(*given: Any) -> int:
            write(*given)
            raise Dead

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, "_INTO_FILES", 1)
            patch.setattr(Files, "write", writing)
            with pytest.raises(Dead):
                self.store.put(self.table(batch))

    @rule(batch=batches, late=batches)
    def another_writes_while_files_are_written(self, batch: list[Any], late: list[Any]) -> None:
        # Of one partition: what the next one gets is written later than what comes in between.
        batch = [
            one
            for one in batch
            if (one[0] == 2, one[1] < YEAR_2020) == (batch[0][0] == 2, batch[0][1] < YEAR_2020)
        ]
        batch = [one for one in batch if one[1] < YEAR_2020 + 366 * DAY and one[1] >= YEAR_2020 - 365 * DAY]
        if not batch:
            return
        write = Files.write

        def writing(*given: Any) -> int:
            patch.setattr(stored, "_INTO_FILES", 10**9)
            patch.setattr(Files, "write", write)
            self.remember()
            self.store.put(self.table(late))
            return write(*given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored, "_INTO_FILES", 1)
            patch.setattr(Files, "write", writing)
            self.store.put(self.table(batch))
        self.expected |= {(self.numbers[d], t, z): v for d, t, z, v in batch}
        self.expected |= {(self.numbers[d], t, z): v for d, t, z, v in late}

    @rule()
    def remember(self) -> None:
        self.before.append((self.store.settled(), dict(self.expected)))

    @invariant()
    def says_what_was_said_before(self) -> None:
        for version, expected in self.before[-4:]:
            found = self.store.read(self.numbers, EVER, NEVER, version=version)
            assert told(found) == expected

    @rule()
    def another_process_goes_on(self) -> None:
        self.store = SeriesStore(self.database, self.address)

    @invariant()
    def says_what_was_put(self) -> None:
        found = self.store.read(self.numbers, EVER, NEVER)
        assert told(found) == self.expected
        assert list(told(found)) == sorted(self.expected)
        held = {one.number: one for one in self.store.datastreams([1])}
        for number in self.numbers:
            own = {key: value for key, value in self.expected.items() if key[0] == number}
            assert held[number].count == len(own)
            assert (held[number].first is None) == (not own)
            if own:
                assert (held[number].first, held[number].last) == (min(own)[1], max(own)[1])
                assert held[number].last_value in [v for key, v in own.items() if key[1] == max(own)[1]]

    @invariant()
    def blocks_are_all_of_their_partition(self) -> None:
        with self.database.read() as connection:
            filed = self.store._files.at(files_version(connection))
            there = {
                (group, year): blocks.of(connection, blocks.Partition(group, year))
                for group, year in filed.told[:2].T.tolist()
            }
            counted = connection.execute(
                sa.select(sa.func.sum(schema.observed_tile.c.count)).where(schema.observed_tile.c.level == 0)
            ).scalar()
        assert int(counted or 0) == filed.told[-1].sum()
        for (group, year), some in there.items():
            whole = blocks.GROUP * (columns.year_bounds(year)[1] - columns.year_bounds(year)[0])
            assert sum((one.after - one.low) * (one.end - one.start) for one in some) == whole
            own = filed.told[2][(filed.told[0] == group) & (filed.told[1] == year)]
            assert set(own.tolist()) <= {one.number for one in some}
            for one in some:
                rows = filed.block(one)
                assert rows.num_rows <= blocks.MOST_ROWS
                assert [block for block, _ in blocks.routed(some, rows)] == ([one] if rows.num_rows else [])
                assert columns.newest([rows]).num_rows == rows.num_rows

    @invariant()
    def an_observation_keeps_its_number(self) -> None:
        found = self.store.read(self.numbers, EVER, NEVER)
        now = dict(zip(told(found), found["number"].to_pylist(), strict=True))
        assert all(now[key] == number for key, number in self.ids.items())
        assert len({(key[0], number) for key, number in now.items()}) == len(now)
        self.ids = now


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """Address of a bucket of an object store that speaks S3, and the way to it in the environment."""
    port = free_port()
    # A process of its own: some calls of deltalake keep others of this one from answering.
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    given = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "eu-west-3",
        "AWS_ACCESS_KEY_ID": "essai", "AWS_SECRET_ACCESS_KEY": "essai",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        try:
            for _ in range(1200):
                with suppress(OSError):
                    urlopen(Request(f"{given['AWS_ENDPOINT_URL']}/series", method="PUT")).close()
                    break
                time.sleep(0.1)
            yield "s3://series"
        finally:
            server.terminate()
            server.wait()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "s3"])
def test_whatever_happens_it_says_what_was_put(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    class Here(Machine):
        def make(self) -> tuple[Database, str]:  # type: ignore[override]
            nonlocal count
            count += 1
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            # A folder, or a database of the server, for each run.
            if engine != "postgresql":  # noqa: SIM108
                url = f"sqlite:///{folder / 'estran.db'}"
            else:
                url = request.getfixturevalue("postgresql").fresh()
            database = Database(url)
            prepare(database)
            if engine == "s3":
                return database, f"{request.getfixturevalue('bucket')}/{folder.name}"
            return database, str(folder / "files")

        def teardown(self) -> None:
            self.database.close()
            shutil.rmtree(self.address, ignore_errors=True)

    monkeypatch.setattr(blocks, "MOST_ROWS", 12)
    monkeypatch.setattr(blocks, "_LEFT_ALONE", 5)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10 if engine == "sqlite" else 4 if engine == "postgresql" else 3, stateful_step_count=8, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert count


def test_a_range_is_half_open_and_of_some_datastreams_only(store: SeriesStore) -> None:
    numbers, new = store.enter("record", streams(3))
    assert new == 3
    assert store.enter("record", streams(3)) == (numbers, 0)
    for n, number in enumerate(numbers.values()):
        store.put(rows(number, [YEAR_2020 + h * HOUR for h in range(10)], [float(n)] * 10))
    for _ in range(2):
        found = store.read([numbers["s0"], numbers["s2"]], YEAR_2020 + 2 * HOUR, YEAR_2020 + 5 * HOUR)
        assert found["value"].to_pylist() == [0.0] * 3 + [2.0] * 3
        assert found["time"].to_pylist() == [YEAR_2020 + h * HOUR for h in (2, 3, 4)] * 2
        assert store.read([], EVER, NEVER).num_rows == 0
        assert store.read([numbers["s0"]], 5, 5).num_rows == 0
        store.settle()


def test_tiles_say_what_their_observations_say(store: SeriesStore) -> None:
    numbers, _ = store.enter("record", streams(1))
    number, count = numbers["s0"], 150_000
    time = YEAR_2020 - 200 * DAY + np.arange(count) * HOUR // 4
    value = np.sin(np.arange(count) / 500) * 10
    value[5000:5100] = np.nan
    held = [None if np.isnan(v) else float(v) for v in value]
    store.put(rows(number, time, held))
    for late in ((), (3, 70_000, 149_999)):
        if late:
            store.put(rows(number, [int(time[n]) for n in late], [100.0 + n for n in late]))
            for n in late:
                value[n] = 100.0 + n
        for most in (20, 300):
            found = store.tiles(number, EVER, NEVER, most)
            assert found is not None
            assert len(found) >= most
            assert sum(tile[2] for tile in found) == count
            assert sum(tile[3] for tile in found) == np.isfinite(value).sum()
            assert min(tile[4] for tile in found if tile[4] is not None) == np.nanmin(value)
            assert max(tile[5] for tile in found if tile[5] is not None) == np.nanmax(value)
            assert sum(tile[6] for tile in found) == pytest.approx(np.nansum(value))
            begins = [tile[0] for tile in found]
            assert begins == sorted(begins)
            for first, last, tiles, numbers_in, low, high, _ in found[:: len(found) // 7]:
                inside = value[(time >= first) & (time <= last)]
                assert (len(inside), np.isfinite(inside).sum()) == (tiles, numbers_in)
                if numbers_in:
                    assert (np.nanmin(inside), np.nanmax(inside)) == (low, high)
    assert store.tiles(number, EVER, NEVER, 5000) is None


def test_only_one_process_writes_files_at_a_time(store: SeriesStore, address: str, tmp_path: Path) -> None:
    numbers, _ = store.enter("record", streams(1))
    store.put(rows(numbers["s0"], [YEAR_2020], [1.0]))
    other = SeriesStore(Database(address), str(tmp_path / "observations"))
    other._lease._patience_s = 0.2
    with store._lease.held() as holder:
        with pytest.raises(Unavailable, match="another process"):
            other.settle()
        with store._database.write() as connection:
            holder.check(connection)
    assert other.settle() == 1
    with store._lease.held() as holder, other._database.write() as connection:
        holder.word = "somebody else"
        with pytest.raises(Conflict, match="took over"):
            holder.check(connection)
    other._database.close()


def test_words_flags_intervals_and_places_are_kept(store: SeriesStore) -> None:
    numbers, _ = store.enter("record", streams(1))
    full = rows(numbers["s0"], [YEAR_2020, YEAR_2020 + HOUR], [None, 2.0])
    for name, values in {
        "words": ["calme", None], "until": [YEAR_2020 + HOUR, None], "longitude": [-4.5, None],
        "latitude": [48.4, None], "flag": ["B3", None], "result_time": [None, YEAR_2020 + DAY],
    }.items():  # fmt: skip
        field = full.schema.field(name)
        full = full.set_column(full.schema.get_field_index(name), field, pa.array(values, field.type))
    assert store.put(full).new == 2
    given = full.drop_columns(["number", "version"])
    for _ in range(2):
        assert store.read([numbers["s0"]], EVER, NEVER).drop_columns(["number", "version"]).equals(given)
        assert store.put(full).unchanged == 2
        store.settle()


def test_replaced_files_are_deleted_and_what_counts_is_not(
    store: SeriesStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, _ = store.enter("record", streams(1))
    (number,) = numbers.values()
    monkeypatch.setattr(stored, "_INTO_FILES", 1)
    monkeypatch.setattr(files, "_REPLACED_H", 0)
    for value in (1.0, 2.0, 3.0):
        store.put(rows(number, [DAY], [value]))
    written = Files.write

    def dying(*given: Any) -> int:
        written(*given)
        raise Dead

    with monkeypatch.context() as patch:
        patch.setattr(Files, "write", dying)
        with pytest.raises(Dead):
            store.put(rows(number, [DAY], [4.0]))
    monkeypatch.setattr(store, "_swept", -(10**9))
    store.settle()
    assert len(parquet_files(store)) == 4  # what the dead one wrote replaces what counts: nothing may go
    assert store.read([number], 0, 2 * DAY)["value"].to_pylist() == [3.0]
    store.put(rows(number, [DAY], [5.0]))
    monkeypatch.setattr(store, "_swept", -(10**9))
    store.settle()
    assert len(parquet_files(store)) == 1
    again = SeriesStore(store.database, store._files.address)
    assert again.read([number], 0, 2 * DAY)["value"].to_pylist() == [5.0]
    again.put(rows(number, [DAY, 2 * DAY], [6.0, 7.0]))
    assert again.read([number], 0, 3 * DAY)["value"].to_pylist() == [6.0, 7.0]


def parquet_files(store: SeriesStore) -> list[str]:
    found = store._files._system.get_file_info(FileSelector("", recursive=True))
    return [one.path for one in found if one.path.endswith(".parquet")]

"""What bare tables and bare files take for the same questions: the limits of what a server can do.

No qualities, no versions, no numbers, no access, no HTTP.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import sqlite3
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import xarray as xr
from observations import START, STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["ParquetFile", "PostgreSQLTable", "SQLiteTable"]

_ONE = 1
"""Number of the long series; those of the others follow."""
_POINTS = 2000
_NEWEST = (
    "SELECT d, (SELECT t FROM plain_o AS o WHERE o.d = s.d ORDER BY t DESC LIMIT 1),"
    " (SELECT v FROM plain_o AS o WHERE o.d = s.d ORDER BY t DESC LIMIT 1) FROM plain_s AS s"
)


class _Table(ABC):
    """Questions that both engines answer alike."""

    mark = "?"

    def __init__(self, streams: int, count: int) -> None:
        self._streams, self._count = streams, count
        self._instants = itertools.count(time.time_ns() // 1000)
        self._bulks = itertools.count()

    def answers(self) -> Mapping[str, Callable[[], float]]:
        """Each question with what gives its figure."""
        middle = START + self._count // 2 * STEP
        whole = f"SELECT t, v FROM plain_o WHERE d = {_ONE} AND t < {START + self._count * STEP} ORDER BY t"
        width = self._count * STEP // _POINTS
        plot = (
            f"SELECT (t - {START}) / {width} AS b, min(v), max(v), avg(v) FROM plain_o"
            f" WHERE d = {_ONE} GROUP BY b ORDER BY b"
        )
        span = f"SELECT t, v FROM plain_o WHERE d = {_ONE} AND t >= {middle} AND t < {middle + 100 * STEP}"
        nested = f"{_NEWEST} WHERE s.thing < 100"
        return {
            "bulk": self._bulk,
            "messages": self._messages,
            "array": lambda: clock(lambda: json.dumps(self._all(whole))),
            "csv": lambda: clock(lambda: self._csv(whole)),
            "latest": lambda: 1e3 * clock(lambda: self._all(_NEWEST)),
            "nested": lambda: 1e3 * clock(lambda: json.dumps(self._all(nested))),
            "plot": lambda: 1e3 * clock(lambda: self._all(plot)),
            "range": lambda: 1e3 * clock(lambda: self._all(span)),
            "xarray": lambda: clock(lambda: _xarray(self._all(whole))),
        }

    def _fill(self) -> None:
        value = np.round(np.random.default_rng(1).normal(15, 5, self._count), 3).tolist()
        self._many([(_ONE, START + n * STEP, v) for n, v in enumerate(value)])
        for n in range(20):
            self._many([(_ONE + k, START + n * STEP, float(k)) for k in range(1, self._streams)])

    def _bulk(self) -> float:
        first = next(self._bulks) * 1_000_000 - 10**16
        given = [(_ONE + 1, first + n, 15.25) for n in range(1_000_000)]
        return len(given) / clock(lambda: self._many(given))

    def _messages(self) -> float:
        messages = [[(_ONE + k, next(self._instants), 15.25) for k in range(1, 101)] for _ in range(100)]
        return 10_000 / clock(lambda: [self._message(one) for one in messages])

    @abstractmethod
    def _many(self, given: Sequence[tuple[int, int, float]]) -> None: ...

    @abstractmethod
    def _message(self, given: Sequence[tuple[int, int, float]]) -> None: ...

    @abstractmethod
    def _all(self, sql: str) -> list[tuple[Any, ...]]: ...

    def _csv(self, sql: str) -> None:
        found = self._all(sql)
        when = np.array([t for t, _ in found], "datetime64[us]").astype(str).tolist()
        csv.writer(io.StringIO()).writerows(zip(when, (v for _, v in found), strict=True))


class SQLiteTable(_Table):
    """A table with a key, its commits on the disk before anybody is told."""

    def __init__(self, path: Path, streams: int, count: int) -> None:
        super().__init__(streams, count)
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(
            "CREATE TABLE plain_o (d INTEGER, t INTEGER, v REAL, PRIMARY KEY (d, t)) WITHOUT ROWID"
        )
        self._connection.execute("CREATE TABLE plain_s (d INTEGER PRIMARY KEY, thing INTEGER)")
        with self._connection:
            self._connection.executemany(
                "INSERT INTO plain_s VALUES (?, ?)", [(_ONE + k, k // 10) for k in range(streams)]
            )
        self._fill()

    def _many(self, given: Sequence[tuple[int, int, float]]) -> None:
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO plain_o VALUES (?, ?, ?)", given)

    _message = _many

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


class PostgreSQLTable(_Table):
    """The same in PostgreSQL; many rows come by COPY."""

    def __init__(self, url: str, streams: int, count: int) -> None:
        super().__init__(streams, count)
        self._connection = psycopg.connect(url, autocommit=True)
        run = self._connection.execute
        run("DROP TABLE IF EXISTS plain_o, plain_s")
        run("CREATE TABLE plain_o (d INTEGER, t BIGINT, v DOUBLE PRECISION, PRIMARY KEY (d, t))")
        run("CREATE TABLE plain_s (d INTEGER PRIMARY KEY, thing INTEGER)")
        run("INSERT INTO plain_s SELECT %s + k, k / 10 FROM generate_series(0, %s) AS k", (_ONE, streams - 1))
        self._fill()
        run("VACUUM ANALYZE plain_o")

    def _many(self, given: Sequence[tuple[int, int, float]]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY plain_o FROM STDIN (FORMAT binary)") as copy,
        ):
            copy.set_types(["int4", "int8", "float8"])
            for row in given:
                copy.write_row(row)

    def _message(self, given: Sequence[tuple[int, int, float]]) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO plain_o VALUES (%s, %s, %s) ON CONFLICT (d, t) DO UPDATE SET v = excluded.v",
                given,
            )

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(sql.encode()).fetchall()


class ParquetFile:
    """Files of columns: those of Estran for what is read as xarray, one of three columns for the rest."""

    def __init__(self, folder: Path, count: int, own: Sequence[str], names: Sequence[str]) -> None:
        self._path, self._own, self._names = folder / "plain.parquet", own, list(names)
        value = np.round(np.random.default_rng(1).normal(15, 5, count), 3)
        self._rows = pa.table({"d": np.full(count, _ONE), "t": START + np.arange(count) * STEP, "v": value})
        self._folder, self._count = folder, count
        self._write("plain.parquet")

    def answers(self) -> Mapping[str, Callable[[], float]]:
        """Each question with what gives its figure."""
        middle = START + self._count // 2 * STEP
        some = [("t", ">=", middle), ("t", "<", middle + 100 * STEP)]
        return {
            "bulk": lambda: self._count / clock(lambda: self._write("bulk.parquet")),
            "csv": lambda: clock(self._csv),
            "plot": lambda: 1e3 * clock(self._plot),
            "range": lambda: 1e3 * clock(lambda: pq.read_table(self._path, columns=["t", "v"], filters=some)),
            "xarray": lambda: clock(
                lambda: [pq.read_table(path, columns=self._names, partitioning=None) for path in self._own]
            ),
        }

    def _write(self, name: str) -> None:
        pq.write_table(self._rows, self._folder / name, compression="zstd", row_group_size=16_384)

    def _csv(self) -> None:
        found = pq.read_table(self._path, columns=["t", "v"])
        pa_csv.write_csv(
            found.set_column(0, "t", found["t"].cast(pa.timestamp("us", "UTC"))), pa.BufferOutputStream()
        )

    def _plot(self) -> None:
        found = pq.read_table(self._path, columns=["t", "v"])
        value = found["v"].to_numpy()
        heads = np.unique(
            (found["t"].to_numpy() - START) // (self._count * STEP // _POINTS), return_index=True
        )[1]
        for of in (np.minimum, np.maximum, np.add):
            of.reduceat(value, heads)


def _xarray(found: Sequence[tuple[Any, ...]]) -> xr.Dataset:
    columns = np.array(found)
    time_ = columns[:, 0].astype(np.int64).astype("datetime64[us]").astype("datetime64[ns]")
    return xr.Dataset({"v": ("time", columns[:, 1])}, {"time": time_})


def clock(do: Callable[[], Any]) -> float:
    """Seconds by the clock."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began

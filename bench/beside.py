"""The questions of observations, asked in one run of Estran on both engines, of a peer, of bare tables, of bare files.

    python bench/beside.py
    python bench/beside.py --postgresql postgresql://postgres@127.0.0.1/bench --peer istSOS4=http://127.0.0.1:8018/istsos4/v1.1
    python bench/beside.py --only nested,latest --rounds 5

The database must be an empty one. A peer is any SensorThings server that lets one write; it is filled over HTTP the
first time, and asked as it is later (`--peer-many` names its action for data arrays, for istSOS4 BulkObservations).
All are asked in turn, round by round, so that what else the machine does comes to all. Prints Markdown: the median
of each, the quickest in parentheses, then how many times as long as Estran on SQLite each takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from beside_estran import Estran  # noqa: E402
from beside_limits import ParquetFile, PostgreSQLTable, SQLiteTable  # noqa: E402
from beside_sensorthings import PROPERTIES, SensorThings  # noqa: E402

from estran.observations.reading import SHOWN  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Question(NamedTuple):
    """What is measured: its words, its bar, how many rounds at most, and whether more is better."""

    words: str
    bar: str
    rounds: int
    is_rate: bool = False


QUESTIONS = {
    "bulk": Question("a million rows at once, rows/s", "≥ 90,000", 3, is_rate=True),
    "netcdf": Question("a NetCDF file of a million, loaded, rows/s", "≥ 90,000", 3, is_rate=True),
    "table": Question("a CSV file of a million, loaded, rows/s", "", 2, is_rate=True),
    "messages": Question("messages of a row of each of 100 series, rows/s", "≥ 10,000", 5, is_rate=True),
    "bulk-http": Question("by SensorThings, data arrays of 3,000 rows, rows/s", "", 3, is_rate=True),
    "messages-one": Question("… messages of 100 rows of one series, rows/s", "", 5, is_rate=True),
    "messages-http": Question("… messages of a row of each of 100 series, rows/s", "", 3, is_rate=True),
    "memory": Question("more memory in the server after the two below, MB", "flat", 1),
    "array": Question("a million rows as `dataArray`, s", "< 3", 3),
    "csv": Question("a million rows as CSV, s", "< 3", 3),
    "latest": Question("newest value of 10,000 series, ms", "< 50", 9),
    "latest-http": Question("1,000 Datastreams with their newest Observation, ms", "", 7),
    "nested": Question("100 Things × 10 Datastreams × newest Observation, ms", "< 200", 7),
    "plot": Question("curve of a million rows, ms", "< 300 for 10⁸", 7),
    "range": Question("100 rows out of a million, ms", "< 5", 15),
    "range-hot": Question("100 rows that came as messages, ms", "< 5", 15),
    "range-http": Question("100 rows out of a million by SensorThings, ms", "", 9),
    "xarray": Question("a million rows as xarray, s", "< 2 scans", 5),
}
FIRST = "Estran, SQLite"
PATIENCE_S = 20
"""Who took so long for a question is not asked it again."""


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description="Observations beside others.")
    parser.add_argument(
        "--postgresql", default="", help="URL of an empty database, for Estran and a bare table"
    )
    parser.add_argument("--peer", default="", help="NAME=ADDRESS of a SensorThings server")
    parser.add_argument("--peer-many", default="BulkObservations", help="its action for data arrays")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the long series")
    parser.add_argument("--things", type=int, default=1000, help="of ten series each")
    parser.add_argument("--only", default="", help="questions: " + ",".join(QUESTIONS))
    parser.add_argument("--rounds", type=int, default=15, help="of each question at most")
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else list(QUESTIONS)
    if unknown := [one for one in wanted if one not in QUESTIONS]:
        parser.error(f"{', '.join(unknown)}: none of the questions {', '.join(QUESTIONS)}")
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        asked = systems(Path(place), given, stack)
        before = os.getloadavg()[0]
        figures = {one: ask(one, asked, min(given.rounds, QUESTIONS[one].rounds)) for one in wanted}
    print(
        f"Load of the machine {before:.1f} before, {os.getloadavg()[0]:.1f} after, this program's own included.\n"
    )
    print(table(figures, list(asked), value))
    print(table(figures, list(asked), ratio))


def systems(
    folder: Path, given: argparse.Namespace, stack: ExitStack
) -> dict[str, Mapping[str, Callable[[], float]]]:
    """Each system with the questions that it can be asked."""
    streams = given.things * PROPERTIES + 1
    asked: dict[str, Mapping[str, Callable[[], float]]] = {}
    files: list[str] = []
    engines = {FIRST: "", "Estran, PostgreSQL": given.postgresql}
    for number, (name, database) in enumerate(engines.items()):
        if number and not database:
            continue
        own = folder / str(number)
        own.mkdir()
        one = stack.enter_context(Estran(own, database, given.things, given.rows))
        asked[name] = one.answers()
        files = one.files
    if given.peer:
        name, _, address = given.peer.partition("=")
        peer = SensorThings(address, many=given.peer_many)
        peer.filled(given.things, given.rows)
        asked[name] = peer.answers(given.rows)
    asked["SQLite table"] = SQLiteTable(folder / "plain.db", streams, given.rows).answers()
    if given.postgresql:
        asked["PostgreSQL table"] = PostgreSQLTable(given.postgresql, streams, given.rows).answers()
    asked["Parquet"] = ParquetFile(folder, given.rows, files, SHOWN).answers()
    return asked


def ask(
    question: str, asked: Mapping[str, Mapping[str, Callable[[], float]]], rounds: int
) -> dict[str, list[float]]:
    """The figures of each system that knows an answer; they are asked in turn."""
    found: dict[str, list[float]] = {name: [] for name, answers in asked.items() if question in answers}
    spent = dict.fromkeys(found, 0.0)
    for _ in range(rounds):
        for name in [one for one in found if spent[one] < PATIENCE_S]:
            began = time.perf_counter()
            try:
                found[name].append(asked[name][question]())
            except (httpx.HTTPError, RuntimeError) as error:
                # It does not offer this.
                print(f"{name}, {question}: {str(error)[:200]}", file=sys.stderr)
                del found[name]
            spent[name] += time.perf_counter() - began
    told = ", ".join(f"{name} {statistics.median(taken):,.2f}" for name, taken in found.items())
    print(f"{question}: {told}", file=sys.stderr, flush=True)
    return found


def value(of: dict[str, list[float]], name: str, question: Question) -> str:
    """The median, and the best beside it."""
    taken = of[name]
    return f"{shown(statistics.median(taken))} ({shown(max(taken) if question.is_rate else min(taken))})"


def ratio(of: dict[str, list[float]], name: str, question: Question) -> str:
    """How many times as long as Estran on SQLite it takes."""
    mine, its = (statistics.median(of[one]) for one in (FIRST, name))
    return shown(mine / its if question.is_rate else its / mine)


def shown(figure: float) -> str:
    """Three digits, or whole."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def table(
    figures: dict[str, dict[str, list[float]]],
    names: list[str],
    cell: Callable[[dict[str, list[float]], str, Question], str],
) -> str:
    """A row for each question, a column for each system."""
    lines = ["| | " + " | ".join(names) + " | bar |", "|---" * (len(names) + 2) + "|"]
    for key, of in figures.items():
        question = QUESTIONS[key]
        cells = [
            cell(of, name, question) if name in of and (cell is value or FIRST in of) else "–"
            for name in names
        ]
        lines.append(f"| {question.words} | {' | '.join(cells)} | {question.bar} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

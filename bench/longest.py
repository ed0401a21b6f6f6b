"""A hundred million observations of one series: how fast they come in, and how soon its page is there.

    python bench/longest.py a-folder --rows 100000000 --step 10
    python bench/longest.py a-folder                 asks again what is there

Rows are put a million at once, as `estran load` puts them. The page is asked of a server that has just begun, and
again; then its curve is made in process, and it is said where the time goes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from observations import START, rows  # noqa: E402
from sampling import median_of, tell  # noqa: E402

import estran  # noqa: E402
from tests.web.serving import serving  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from estran.node import Node
    from estran.observations.store.registry import HeldDatastream

AT_ONCE = 1_000_000
DAY = 86_400_000_000
TABLE = "time;station;lat;lon;air_temperature (degC)\n1999-12-31T00:00:00Z;long;48.38;-4.49;1.5\n"


def main() -> None:
    """Fill where nothing is, then ask."""
    parser = argparse.ArgumentParser(description="A long series.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--step", type=float, default=10.0, help="seconds from one observation to the next")
    parser.add_argument("--database", default="", help="of the node, if not SQLite")
    given = parser.parse_args()
    more: dict[str, Any] = {"storage": {"database": given.database}} if given.database else {}
    with estran.open(given.folder / "node", **more) as node:
        if not node.observations.datasets():
            fill(node, given.folder, given.rows, round(given.step * 1e6))
        [stream] = node.observations.datastreams()
        tell(f"observations of {stream.described.key!r}", stream.count)
        tell("MB on the disk", folder_mb(given.folder / "node"))
    environment = {"ESTRAN_STORAGE__DATABASE": given.database} if given.database else {}
    ask(given.folder / "node", stream, environment)
    with estran.open(given.folder / "node", **more) as node:
        explain(node, stream)


def fill(node: Node, folder: Path, count: int, step: int) -> None:
    """A temperature with its years, days and noise."""
    (folder / "long.csv").write_text(TABLE)
    node.load(folder / "long.csv", kind="observations")
    [stream] = node.observations.datastreams()
    store: Any = node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - filled past the formats
    began, random, stored = time.perf_counter(), np.random.default_rng(1), 0.0
    for done in range(0, count, AT_ONCE):
        at = START + np.arange(done, min(count, done + AT_ONCE)) * step
        part = rows(np.full(len(at), stream.number), at, temperature(at, random))
        stored -= time.perf_counter()
        store.put(part)
        stored += time.perf_counter()
        if done // AT_ONCE % 10 == 9:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            tell(
                f"rows a second up to {done + AT_ONCE:,} (peak of memory {peak:,.0f} MB)",
                (done + AT_ONCE) / stored,
            )
    tell("rows a second into the node, by the clock", count / stored)
    tell("s for all of it, their making included", time.perf_counter() - began)


def temperature(at: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.float64]:
    """About what the air has in Brest."""
    day, year = 2 * np.pi * at / DAY, 2 * np.pi * at / (365.25 * DAY)
    return np.round(11 - 5 * np.cos(year) - 3 * np.cos(day) + random.normal(0, 0.5, len(at)), 2)


def ask(folder: Path, stream: HeldDatastream, environment: dict[str, str]) -> None:
    """The page over HTTP: of a server that has just begun, and again."""
    path = f"/en/datastreams/{stream.number}"
    first: list[float] = []
    for _ in range(3):
        with serving(folder, **environment) as (base, _), httpx.Client(timeout=60) as client:
            first.append(clock(lambda: page(client, base + path)))
    median_of("ms for the page, the first that a server gives", first)
    with serving(folder, **environment) as (base, _), httpx.Client(timeout=60) as client:
        page(client, base + path)
        last = stream.last or 0
        for words, days in (("all of it", 0), ("a year", 365), ("a month", 30), ("a week", 7), ("a day", 1)):
            span = f"?time={iso(last - days * DAY)}/{iso(last)}" if days else ""
            median_of(
                f"ms for the page with {words}, warm",
                [clock(lambda span=span: page(client, base + path + span)) for _ in range(7)],
            )


def page(client: httpx.Client, address: str) -> int:
    """Read a page; it must hold a curve."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    assert "<svg" in answer.text, address
    return len(answer.content)


def explain(node: Node, stream: HeldDatastream) -> None:
    """Where the time of a curve goes, in process."""
    store: Any = node._house.series()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    overview, ever = node.observations.overview, (stream.first or 0, (stream.last or 0) + 1)
    median_of(
        "ms for the curve of all of it", [clock(lambda: overview.plotted(stream, *ever)) for _ in range(7)]
    )
    found: list[Any] = []
    median_of(
        "ms … of which to read its tiles",
        [clock(lambda: found.append(store.tiles(stream.number, *ever, 500))) for _ in range(7)],
    )
    tell("tiles", len(found[-1] or ()))
    middle = (ever[0] + ever[1]) // 2
    step = stream.step or 1
    median_of(
        "ms for 100 rows in the middle",
        [
            clock(lambda n=n: store.read([stream.number], middle + n * DAY, middle + n * DAY + 100 * step))
            for n in range(15)
        ],
    )


def folder_mb(folder: Path) -> float:
    """How large a folder is."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def clock(do: Callable[[], Any]) -> float:
    """Milliseconds by the clock."""
    began = time.perf_counter()
    do()
    return 1e3 * (time.perf_counter() - began)


def iso(us: int) -> str:
    """An instant as addresses have it."""
    return f"{np.datetime64(us // 1_000_000, 's')}Z"


if __name__ == "__main__":
    main()

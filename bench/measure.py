"""Measure a node: loading, searching with all facets, one record, the server's start, memory and answers.

    uv run python bench/records.py 300000 /tmp/records.zip
    uv run python bench/measure.py /tmp/bench-node --load /tmp/records.zip --json results.json

Without `--load` the node is taken as it is. Prints Markdown.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import records

import estran
from estran.access import ANYONE
from estran.catalogue import FACETS, Query
from estran.errors import NotFound
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from estran.node import Node

PORT = 8399
# What the records that the peers were measured with are about.
PEERS_WORDS = (
    [
        "precipitation",
        "aerosol",
        "elevation",
        "bathymetry",
        "chlorophyll",
        "albedo",
        "ozone",
        "humidity",
        "salinity",
    ],
    ["Alps", "Sahel", "Arctic", "Camargue"],
)
_TICKS = os.sysconf("SC_CLK_TCK")


def load(node: Path, source: Path) -> dict[str, Any]:
    """Load through the command line, as a user does."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "estran",
        "load",
        str(source),
        "--node",
        str(node),
        "--source",
        "bench",
        "--quiet",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout.splitlines()[-1])
    return {
        "records": report["read"],
        "refused": len(report["refused"]),
        "wall_s": round(wall, 1),
        "records_per_s": round(report["read"] / wall),
        "cpu_ms_per_record": round(
            1000
            * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            / max(1, report["read"]),
            3,
        ),
        "largest_process_mb": round(after.ru_maxrss / 1024),
        "node_mb": round(sum(f.stat().st_size for f in node.rglob("*") if f.is_file()) / 1e6),
    }


def questions() -> dict[str, list[Query]]:
    """Groups of queries, from words that few records hold to words that nearly all do."""
    r = random.Random(records.SEED)
    rare = [records.tail_word(rank) for rank in r.sample(range(200, 5000), 40)]
    themes = [name for theme in records.THEMES for name in theme[:2]]
    places = [place[0] for place in records.PLACES]
    common = ["data", "données", "mesures", "series", "produit", "station", "quality", "observation"]

    def box() -> Box:
        west, south = r.uniform(-20, 30), r.uniform(30, 50)
        return Box(west, south, west + r.uniform(1, 30), south + r.uniform(1, 20))

    def ask(text: str, **more: Any) -> Query:
        return Query(text=text, counts=FACETS, limit=20, **more)

    return {
        "a rare word": [ask(word) for word in rare],
        "a theme": [ask(word) for word in themes],
        "theme and place": [ask(f"{r.choice(themes)} {r.choice(places)}") for _ in range(60)],
        "theme, box and years": [ask(r.choice(themes), bbox=box(), time=_years(r)) for _ in range(60)],
        "theme in one organisation's hub": [
            ask(r.choice(themes), where={"kind": ("dataset",)}) for _ in range(40)
        ],
        "a frequent word": [ask(word) for word in common * 5],
        "two frequent words": [ask(f"{r.choice(common)} {r.choice(common)}") for _ in range(40)],
        "nothing: the newest": [ask("") for _ in range(40)],
        "a box alone": [ask("", bbox=box()) for _ in range(40)],
        "sorted by title": [ask(r.choice(themes), sort="title") for _ in range(40)],
    }


def _years(r: random.Random) -> tuple[int, int]:
    year = r.randint(1970, 2015)
    us = 31_556_952_000_000
    return (year - 1970) * us, (year + 5 - 1970) * us


def _quantiles(seconds: Iterable[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    return round(1000 * ordered[len(ordered) // 2], 2), round(
        1000 * ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2
    )


def search(node: Node) -> list[dict[str, Any]]:
    """Latencies in process, as anyone, with all facets counted; each group's first round warms up."""
    everything = node.ask(Query(limit=1)).matched
    rows = []
    for name, listed in questions().items():
        node.ask(listed[0])
        wall, cpu, shares = [], [], []
        for query in listed:
            started, worked = time.perf_counter(), time.process_time()
            found = node.ask(query)
            wall.append(time.perf_counter() - started)
            cpu.append(time.process_time() - worked)
            shares.append(found.matched / max(1, everything))
        p50, p95 = _quantiles(wall)
        rows.append(
            {
                "query": name,
                "n": len(listed),
                "matched_median": round(sorted(shares)[len(shares) // 2], 4),
                "matched_max": round(max(shares), 3),
                "p50_ms": p50,
                "p95_ms": p95,
                "cpu_p50_ms": _quantiles(cpu)[0],
            }
        )
    return rows


def show(node: Node, count: int) -> dict[str, Any]:
    """CPU of one record, by its id."""
    ids = [record.id for record in node.ask(Query(limit=1000, sort="id")).records]
    r = random.Random(records.SEED)
    r.shuffle(ids)
    node.show(ids[0])
    started = time.process_time()
    for id_ in ids[:count]:
        node.show(id_)
    each = (time.process_time() - started) / min(count, len(ids))
    try:
        node.show("nothing-of-that-name")
    except NotFound:
        return {"cpu_ms": round(1000 * each, 3), "n": min(count, len(ids))}
    raise AssertionError


class Server:
    """`estran serve` with one worker, watched from outside."""

    def __init__(self, node: Path) -> None:
        started = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "estran",
            "serve",
            "--node",
            str(node),
            "--port",
            str(PORT),
            "--quiet",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        while True:
            try:
                if self.get("/health")[0] == 200:
                    break
            except OSError:
                self.connection.close()
            if self.process.poll() is not None:
                raise RuntimeError("the server ended at once")
            time.sleep(0.01)
        self.start_s = time.perf_counter() - started

    def get(self, path: str) -> tuple[int, bytes]:
        self.connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory_mb(self) -> int:
        """Proportional set size: what it would give back."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return round(int(text.partition("Pss:")[2].split()[0]) / 1024)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def serve(folder: Path, ids: list[str], words: tuple[list[str], list[str]]) -> dict[str, Any]:
    """Start, memory, and answers over HTTP to one client."""
    server = Server(folder)
    try:
        idle = server.memory_mb
        rows = [_answers(server, name, address) for name, address in _addresses(ids, *words).items()]
        return {
            "start_s": round(server.start_s, 2),
            "idle_mb": idle,
            "after_mb": server.memory_mb,
            "answers": rows,
        }
    finally:
        server.stop()


def _addresses(ids: list[str], themes: list[str], places: list[str]) -> dict[str, Callable[[], str]]:
    """What is asked over HTTP: the six requests of the peers' measurements, then Estran's own."""
    r = random.Random(records.SEED)
    themes, places = [quote(word) for word in themes], [quote(word) for word in places]
    items = "/ogc/collections/records/items?limit=10"

    def box() -> str:
        west, south = r.uniform(-150, 120), r.uniform(-60, 40)
        return f"{west:.3f},{south:.3f},{west + 30:.3f},{south + 20:.3f}"

    return {
        "items_first10": lambda: items,
        "items_q": lambda: f"{items}&q={r.choice(themes)}",
        "items_q_two_words": lambda: f"{items}&q={r.choice(themes)}%20{r.choice(places)}",
        "items_q_bbox": lambda: f"{items}&q={r.choice(themes)}&bbox={box()}",
        "items_bbox": lambda: f"{items}&bbox={box()}",
        "item": lambda: f"/ogc/collections/records/items/{r.choice(ids)}",
        "a record in ISO": lambda: f"/data/{r.choice(ids)}.xml",
        "a record's page": lambda: f"/en/data/{r.choice(ids)}",
        "search page, all facets": lambda: f"/en/search?q={r.choice(themes)}",
        "/health": lambda: "/health",
    }


def _answers(server: Server, name: str, address: Callable[[], str], count: int = 150) -> dict[str, Any]:
    status, body = server.get(address())
    wall, worked = [], server.cpu_s
    for _ in range(count):
        started = time.perf_counter()
        status, body = server.get(address())
        wall.append(time.perf_counter() - started)
    p50, p95 = _quantiles(wall)
    return {
        "answer": name,
        "status": status,
        "kb": round(len(body) / 1000, 1),
        "p50_ms": p50,
        "p95_ms": p95,
        "cpu_ms": round(1000 * (server.cpu_s - worked) / count, 2),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table."""
    heads = list(rows[0])
    lines = [
        " | ".join(heads),
        " | ".join("---" for _ in heads),
        *(" | ".join(str(row[h]) for h in heads) for row in rows),
    ]
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node", type=Path)
    parser.add_argument("--load", type=Path, help="records to load first")
    parser.add_argument(
        "--peers", action="store_true", help="ask over HTTP in the words of the peers' records"
    )
    parser.add_argument("--json", type=Path, help="also write the figures there")
    given = parser.parse_args()
    words = ([n for theme in records.THEMES for n in theme[:2]], [place[0] for place in records.PLACES])
    figures: dict[str, Any] = {}
    if given.load:
        figures["load"] = load(given.node, given.load)
        print("## Loading\n\n" + table([figures["load"]]) + "\n")
    with estran.open(given.node) as opened:
        node = opened.acting_as(ANYONE)
        figures["search"] = search(node)
        print("## Search in process, all facets counted\n\n" + table(figures["search"]) + "\n")
        figures["show"] = show(node, 1000)
        print("## One record in process\n\n" + table([figures["show"]]) + "\n")
        ids = [record.id for record in node.ask(Query(limit=500, sort="id")).records]
    figures["serve"] = serve(given.node, ids, PEERS_WORDS if given.peers else words)
    answers = figures["serve"].pop("answers")
    print("## The server, one worker\n\n" + table([figures["serve"]]) + "\n\n" + table(answers) + "\n")
    figures["serve"]["answers"] = answers
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

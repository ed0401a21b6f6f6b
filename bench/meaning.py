"""Measure search by meaning over the records of records.py: words alone, with their meaning, with trees.

    uv run python bench/records.py 50000 records.zip
    uv run python bench/meaning.py a-node --load records.zip

Loads the thesaurus of vocabulary.py (100,000 concepts) and one of the records' own themes, variables,
platforms and instruments in two languages, with a tree above them. Prints Markdown.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import measure
import records
import vocabulary

import estran
from estran.access import ANYONE
from estran.catalogue.marks import TREES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue import Query
    from estran.node import Node

_HEAD = """@prefix s: <http://www.w3.org/2004/02/skos/core#> . @prefix r: <http://records.example/> .
r:scheme a s:ConceptScheme ; s:prefLabel 'Records'@en .
"""


def own_words() -> Iterator[str]:
    """A thesaurus of what the records say, in Turtle."""
    yield _HEAD
    for number, (french, english, topic, names, platforms, instruments) in enumerate(records.THEMES, 1):
        theme = f"r:t{number}"
        yield f"r:{topic} s:inScheme r:scheme ; s:prefLabel '{topic}'@en .\n"
        yield f'{theme} s:inScheme r:scheme ; s:prefLabel "{french}"@fr, "{english}"@en ; s:broader r:{topic} .\n'
        for kind, listed in (("variables", names), ("platforms", platforms), ("instruments", instruments)):
            for name in listed:
                local = f"r:{kind}-{name.replace(' ', '-').replace('.', '')}"
                yield f'{local} s:inScheme r:scheme ; s:prefLabel "{name}"@en ; s:broader r:{kind} .\n'
                if kind == "variables":
                    yield f"{local} s:broader {theme} .\n"


class Row(NamedTuple):
    """A group of queries, asked for the first time, and again: milliseconds."""

    name: str
    count: int
    matched: float
    middle: float
    high: float
    used: float
    again: float


def rows(node: Node, change: dict[str, Any]) -> Iterator[Row]:
    """Each group of queries, as anyone, of a node that has just been opened."""
    asker = node.acting_as(ANYONE)
    for name, listed in measure.questions().items():
        queries: list[Query] = [replace(query, **change) for query in listed]
        asker.ask(replace(queries[0], text=""))
        first, second = asked(asker, queries), asked(asker, queries)
        walls, used = sorted(wall for wall, _, _ in first), sorted(cpu for _, cpu, _ in first)
        last = int(0.95 * len(walls))
        matched = sum(count for _, _, count in first) / len(queries)
        again = sum(cpu for _, cpu, _ in second) / len(second)
        yield Row(name, len(queries), matched, walls[len(walls) // 2], walls[last], used[last], again)


def asked(node: Node, queries: list[Query]) -> list[tuple[float, float, int]]:
    """Time by the clock, processor time and records matched of each."""
    found: list[tuple[float, float, int]] = []
    for query in queries:
        wall, cpu = time.perf_counter(), time.process_time()
        matched = node.ask(query).matched
        found.append((1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu), matched))
    return found


def main() -> None:
    """Load what is missing, ask, print."""
    parser = argparse.ArgumentParser(description="Measure search by meaning.")
    parser.add_argument("node", type=Path)
    parser.add_argument("--load", type=Path)
    given = parser.parse_args()
    with estran.open(given.node) as node:
        if given.load and not node.search(limit=0).matched:
            print(measure.load(given.node, given.load))
        fresh = not node.vocabulary.holdings()
    if fresh:
        tell("words alone, no vocabulary", given.node, {})
        tell("meaning, no vocabulary", given.node, {"meaning": True})
        with estran.open(given.node) as node:
            for file, words in (("own.ttl", own_words()), ("bench.ttl", vocabulary.thesaurus(100_000))):
                (given.node / file).write_text("".join(words))
                start = time.perf_counter()
                node.load(given.node / file)
                print(f"{file} in {time.perf_counter() - start:.1f} s")
    tell("words alone", given.node, {})
    tell("meaning", given.node, {"meaning": True})
    tell("meaning and trees", given.node, {"meaning": True, "trees": TREES})


def tell(title: str, folder: Path, change: dict[str, Any]) -> None:
    """A table."""
    print(
        f"\n{title}\n\n| query | n | matched | p50 ms | p95 ms | p95 of processor time, ms | mean of it when asked again, ms |"
    )
    print("|---|---|---|---|---|---|---|")
    with estran.open(folder) as node:
        for r in rows(node, change):
            print(
                f"| {r.name} | {r.count} | {r.matched:.0f} | {r.middle:.1f} | {r.high:.1f} | {r.used:.1f} | {r.again:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

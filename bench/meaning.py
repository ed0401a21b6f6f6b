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
from typing import TYPE_CHECKING, Any

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


def rows(node: Node, change: dict[str, Any]) -> Iterator[tuple[str, int, float, float, float, float]]:
    """Name, queries, records matched, median and 95th percentile, and that of processor time, of each group."""
    asker = node.acting_as(ANYONE)
    for name, listed in measure.questions().items():
        queries: list[Query] = [replace(query, **change) for query in listed]
        asker.ask(queries[0])
        walls: list[float] = []
        used: list[float] = []
        matched = 0
        for query in queries:
            wall, cpu = time.perf_counter(), time.process_time()
            matched += asker.ask(query).matched
            walls.append(1000 * (time.perf_counter() - wall))
            used.append(1000 * (time.process_time() - cpu))
        last = int(0.95 * len(walls))
        middle, high, cpu = sorted(walls)[len(walls) // 2], sorted(walls)[last], sorted(used)[last]
        yield name, len(queries), matched / len(queries), middle, high, cpu


def main() -> None:
    """Load what is missing, ask, print."""
    parser = argparse.ArgumentParser(description="Measure search by meaning.")
    parser.add_argument("node", type=Path)
    parser.add_argument("--load", type=Path)
    given = parser.parse_args()
    with estran.open(given.node) as node:
        if given.load and not node.search(limit=0).matched:
            print(measure.load(given.node, given.load))
        print("\nbefore any vocabulary is loaded" if not node.vocabulary.holdings() else "")
        if not node.vocabulary.holdings():
            tell("words alone, no vocabulary", rows(node, {}))
            tell("meaning, no vocabulary", rows(node, {"meaning": True}))
            for file, words in (("own.ttl", own_words()), ("bench.ttl", vocabulary.thesaurus(100_000))):
                (given.node / file).write_text("".join(words))
                start = time.perf_counter()
                node.load(given.node / file)
                print(f"{file} in {time.perf_counter() - start:.1f} s")
    with estran.open(given.node) as node:
        tell("words alone", rows(node, {}))
        tell("meaning", rows(node, {"meaning": True}))
        tell("meaning and trees", rows(node, {"meaning": True, "trees": TREES}))


def tell(title: str, listed: Iterator[tuple[str, int, float, float, float, float]]) -> None:
    """A table."""
    print(
        f"\n{title}\n\n| query | n | matched | p50 ms | p95 ms | p95 of processor time, ms |\n|---|---|---|---|---|---|"
    )
    for name, count, matched, middle, high, cpu in listed:
        print(f"| {name} | {count} | {matched:.0f} | {middle:.1f} | {high:.1f} | {cpu:.1f} |", flush=True)


if __name__ == "__main__":
    main()

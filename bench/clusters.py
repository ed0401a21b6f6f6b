"""Measure what it costs that records of one dataset are one result: each query with and without.

    uv run python bench/records.py 80000 records.zip
    uv run python bench/clusters.py a-node --load records.zip

A quarter of the records is loaded a second time, as another source: a fifth of all are duplicates. Prints Markdown.
"""

from __future__ import annotations

import argparse
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import measure

import estran
from estran.access import ANYONE

if TYPE_CHECKING:
    from estran.catalogue import Query
    from estran.node import Node

_NAME = re.compile(rb"urn:x-bench:record:([0-9]{7})")
_ROUNDS = 9
_EVERY = 4


def named(source: Path, target: Path, every: int) -> None:
    """One document in so many of an archive, called by a UUID, as another archive."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        for name in given.namelist()[::every]:
            made.writestr(name, _NAME.sub(rb"00000000-0000-4000-8000-00000\1", given.read(name)))


def used(node: Node, query: Query) -> tuple[float, int]:
    """Processor time of a query in milliseconds, and what it matched."""
    start = time.process_time()
    matched = node.ask(query).matched
    return 1000 * (time.process_time() - start), matched


def main() -> None:
    """Load what is missing, ask, print."""
    parser = argparse.ArgumentParser(description="Measure clusters.")
    parser.add_argument("node", type=Path)
    parser.add_argument("--load", type=Path)
    given = parser.parse_args()
    with estran.open(given.node) as node:
        if given.load and not node.search(limit=0).matched:
            for source, every in (("first", 1), ("mirror", _EVERY)):
                path = given.node / f"{source}.zip"
                named(given.load, path, every)
                start = time.perf_counter()
                report = node.load(path, source=source)
                print(f"{report.new} records of {source} in {time.perf_counter() - start:.0f} s")
        asker = node.acting_as(ANYONE)
        print("\n| query | n | results | records | ms, one result a dataset | ms, every record | more |")
        print("|---|---|---|---|---|---|---|")
        for name, listed in measure.questions().items():
            ways: list[list[tuple[float, int]]] = [[], []]
            for query in listed:
                # In turn, so that what else the machine does comes to both.
                asked = [
                    [used(asker, replace(query, every=every)) for every in (False, True)]
                    for _ in range(_ROUNDS)
                ]
                for way, best in zip(ways, map(min, zip(*asked, strict=True)), strict=True):
                    way.append(best)
            one, all_ = (sum(ms for ms, _ in way) / len(way) for way in ways)
            results, records = (sum(n for _, n in way) / len(way) for way in ways)
            print(
                f"| {name} | {len(listed)} | {results:.0f} | {records:.0f} | {one:.2f} | {all_:.2f} | {one / all_ - 1:+.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

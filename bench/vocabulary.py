"""Measure vocabularies: loading, searching, finding concepts in a text, expansion.

    uv run python bench/vocabulary.py /tmp/bench-vocabulary 100000
    uv run python bench/vocabulary.py /tmp/bench-vocabulary 100000 --database postgresql:///bench

The thesaurus is made here, alike in every run: two languages, two to four words a label, of words as
frequent as those of a language are, one of which stands in a fifth of the labels. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

import estran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi zo bra cle dro flu gri pla ste tro".split()
_FREQUENT = (("water", "eau"), ("surface", "surface"), ("temperature", "température"), ("soil", "sol"))
_BRANCHES = 12
_ROUNDS = 5


def words(count: int) -> list[str]:
    """So many words that nobody has heard."""
    chance = random.Random(7)
    return sorted({"".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(2 * count)})[
        :count
    ]


def thesaurus(count: int) -> Iterator[str]:
    """A thesaurus in Turtle, statement by statement."""
    chance, known = random.Random(4), words(8000)
    weights = [1 / (n + 10) for n in range(len(known))]
    yield "@prefix s: <http://www.w3.org/2004/02/skos/core#> . @prefix b: <http://bench.example/> .\n"
    yield "b:scheme a s:ConceptScheme ; s:prefLabel 'Bench'@en .\n"
    for n in range(count):
        picked = chance.choices(known, weights, k=chance.randint(1, 3))
        frequent = _FREQUENT[0] if chance.random() < 0.2 else chance.choice(_FREQUENT)
        english = " ".join([*picked, frequent[0]] if chance.random() < 0.5 else picked)
        french = " ".join([frequent[1], "de", *picked])
        broader = f" ; s:broader b:{(n - 1) // _BRANCHES}" if n else ""
        match = f" ; s:exactMatch <http://other.example/{n}>" if n % 5 == 0 else ""
        yield (
            f"b:{n} a s:Concept ; s:inScheme b:scheme ; s:prefLabel '{english}'@en, '{french}'@fr ; "
            f"s:altLabel '{picked[0]} {n}'@en{broader}{match} .\n"
        )


class Clock:
    """Processor time of this program, and of the server that answers it where there is one on this machine."""

    def __init__(self, database: str) -> None:
        self._pids: list[int] = []
        if database:
            with psycopg.connect(database) as connection:
                rows = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'estran'"
                )
                self._pids = [pid for (pid,) in rows]

    def used_s(self) -> float:
        return time.process_time() + sum(map(_used_s, self._pids))


def _used_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def times(ask: Callable[[Any], object], questions: list[Any], clock: Clock) -> tuple[float, float, float]:
    """Milliseconds: median and 95th percentile by the clock, and the mean of processor time."""
    walls: list[float] = []
    ask(questions[0])
    used = clock.used_s()
    for question in questions * _ROUNDS:
        wall = time.perf_counter()
        ask(question)
        walls.append(1000 * (time.perf_counter() - wall))
    used = clock.used_s() - used
    walls.sort()
    return walls[len(walls) // 2], walls[int(0.95 * len(walls))], 1000 * used / len(walls)


def main() -> None:
    """Load if the node is empty, ask, print."""
    parser = argparse.ArgumentParser(description="Measure vocabularies.")
    parser.add_argument("node", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    more: dict[str, Any] = {"storage": {"database": given.database}} if given.database else {}
    with estran.open(given.node, **more) as node:
        if not node.vocabulary.holdings():
            file = given.node / "bench.ttl"
            file.write_text("".join(thesaurus(given.count)))
            start, used = time.perf_counter(), time.process_time()
            report = node.load(file)
            sys.stderr.write(f"{report.refused}\n" if report.refused else "")
            print(f"Loaded {given.count:,} concepts in {time.perf_counter() - start:.1f} s "
                  f"({time.process_time() - used:.1f} s of processor time).\n")  # fmt: skip
        vocabulary = node.vocabulary
        chance, known = random.Random(1), words(8000)
        frequent, rare = known[:40], chance.sample(known[1000:], 100)
        pairs = [f"{chance.choice(frequent)} {chance.choice(('water', 'soil'))}" for _ in range(60)]
        text = " ".join(chance.choice((*frequent, "the", "eau", "of")) for _ in range(300))
        uris = [f"http://bench.example/{chance.randrange(given.count // _BRANCHES)}" for _ in range(60)]
        labels = [m.label for word in rare[:30] for m in vocabulary.search(word, 2)]
        rows: list[tuple[str, Callable[[Any], object], list[Any]]] = [
            ("a rare word", vocabulary.search, rare),
            ("a frequent word", vocabulary.search, [*frequent, "water", "eau", "surface"]),
            ("two frequent words", vocabulary.search, pairs),
            (
                "two words of different languages",
                vocabulary.search,
                ["water eau", "soil température", "surface sol"] * 5,
            ),
            (
                "two frequent words that never meet",
                vocabulary.search,
                ["water soil", "soil temperature", "eau sol"] * 5,
            ),
            ("a word begun, 1 letter", lambda q: vocabulary.search(q, prefix=True), list("abcdefglmnprstvz")),
            ("a word begun, 3 letters", lambda q: vocabulary.search(q, prefix=True), [w[:3] for w in rare]),
            (
                "two words, the last begun",
                lambda q: vocabulary.search(q, prefix=True),
                [f"{w} wat" for w in frequent],
            ),
            ("a whole label", vocabulary.meaning, labels),
            ("a concept with all around it", vocabulary.concept, uris),
            ("what is narrower or the same", lambda uri: vocabulary.expand([uri]), uris),
            ("concepts in 300 words", vocabulary.annotate, [text] * 10),
        ]
        vocabulary.search("water")
        clock = Clock(given.database)
        print("| what | n | p50 ms | p95 ms | processor time, ms |\n|---|---|---|---|---|")
        for name, ask, questions in rows:
            middle, high, cpu = times(ask, questions, clock)
            print(f"| {name} | {len(questions)} | {middle:.1f} | {high:.1f} | {cpu:.1f} |", flush=True)


if __name__ == "__main__":
    main()

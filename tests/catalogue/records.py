"""Records for the catalogue's tests, and the search that is right because it is slow."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estran.access import OPERATOR
from estran.catalogue.prepare import original, prepare
from estran.catalogue.words import split, stems
from estran.formats import Document
from estran.model import (
    Box,
    Concept,
    Distribution,
    Extent,
    Identifier,
    Licence,
    Period,
    Record,
    Text,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.node import Node

WORDS = [
    "salinité",
    "neige",
    "snow",
    "temperature",
    "océan",
    "précipitation",
    "oceans",
    "aerosol",
    "Brest",
    "Gironde",
    "daily",
    "profiles",
    "sea",
    "ice",
]
CENTRES = ("coriolis", "sismer", "")


def some_records(count: int, seed: int = 1) -> list[Record]:
    """Records that vary in everything that a query can ask."""
    r = random.Random(seed)
    found: list[Record] = []
    for n in range(count):
        west, south = r.uniform(-180, 180), r.uniform(-90, 80)
        boxes = (
            Box.checked(
                west, south, min(west + r.choice((0, 5, 60)), 360), min(south + r.choice((0, 5)), 90)
            ),
        )
        if r.random() < 0.2:
            boxes = (Box(175, south, -175, min(south + 3, 90)), Box(0, south, 3, min(south + 3, 90)))
        year = r.randint(1980, 2020)
        language = r.choice(("fr", "en", ""))
        found.append(
            Record(
                identifier=f"urn:test:{n}",
                identifiers=(Identifier(f"10.1234/{n}", "doi"),) if r.random() < 0.5 else (),
                kind=r.choice(("dataset", "collection", "service")),
                title=Text.of(" ".join(r.choices(WORDS, k=3)), language) if r.random() < 0.95 else Text(),
                abstract=Text.of(" ".join(r.choices(WORDS, k=12)), language),
                concepts=tuple(
                    Concept(label=Text.of(w), role=r.choice(("keyword", "platform")))
                    for w in r.sample(WORDS, 2)
                ),
                variables=(Variable(name="v", standard_name="sea_water_salinity"),)
                if r.random() < 0.3
                else (),
                distributions=(Distribution(url="https://example.org/x.nc", format="NetCDF"),)
                if r.random() < 0.3
                else (),
                licences=(Licence(spdx="CC-BY-4.0"),) if r.random() < 0.5 else (),
                extent=Extent(
                    boxes=boxes if r.random() < 0.9 else (),
                    periods=(Period(str(year), r.choice(("", str(year + 3)))),) if r.random() < 0.9 else (),
                ),
                published=f"{r.randint(1990, 2024)}-0{r.randint(1, 9)}-01" if r.random() < 0.8 else "",
                metadata_date=f"{r.randint(2000, 2024)}-01-01",
                centre=r.choice(CENTRES),
                source="test",
                visibility=r.choice(("public", "public", "restricted", "draft")),
            )
        )
    return found


def put(node: Node, records: Sequence[Record], run: int = 1, owner: str = "operator") -> list[str]:
    """Store records as a load would; gives the outcomes."""
    store = node._house.catalogue._store
    prepared = [
        prepare(r, original(Document(f"{r.identifier}.json", repr(r).encode()), "test"), owner)
        for r in records
    ]
    return [*store.write(prepared, run, OPERATOR.name)]


def held(node: Node) -> list[Record]:
    """Every record of the node."""
    records, after = [], ""
    while True:
        page, after = node.scan(after, 400)
        records += page
        if not after:
            return records


def matches(
    record: Record,
    *,
    text: str = "",
    bbox: Box | None = None,
    time: tuple[int, int] | None = None,
    where: dict[str, tuple[str, ...]] | None = None,
) -> bool:
    """Whether a record belongs to an answer, found without any index."""
    if text and not all(score_of(record, word) for word in split(text)):
        return False
    if bbox and not any(b.intersects(bbox) for b in record.extent.boxes):
        return False
    if time and not any(p.bounds()[0] < time[1] and p.bounds()[1] > time[0] for p in record.extent.periods):
        return False
    return all(set(values) & values_of(record, field) for field, values in (where or {}).items())


def values_of(record: Record, field: str) -> set[str]:
    """The facet values of a record, for the fields that the tests use."""
    return {
        "kind": {record.kind},
        "centre": {record.centre},
        "keyword": {str(c.label) for c in record.words("keyword")},
        "platform": {str(c.label) for c in record.words("platform")},
        "licence": {x.spdx for x in record.licences},
    }[field]


def score_of(record: Record, word: str) -> int:
    """Weight of the fields in which a folded word stands."""
    language = record.metadata_language
    score = 0
    for weight, texts in (
        (8, [record.title]),
        (4, [*(c.label for c in record.concepts), *(Text.of(v.standard_name) for v in record.variables)]),
        (1, [record.abstract, Text.of(record.identifier), *(Text.of(i.value) for i in record.identifiers)]),
    ):
        pairs = [
            (code or (language if weight != 4 else ""), w)
            for t in texts
            for code, words in t.variants
            for w in split(words)
        ]
        french, english = stems(word)
        if any(
            (code != "en" and stems(w)[0] == french) or (code != "fr" and stems(w)[1] == english)
            for code, w in pairs
        ):
            score += weight
    return score


def ordered(records: Sequence[Record], words: Sequence[str]) -> list[Record]:
    """By relevance, then the newest update, then the id."""
    from estran.model import bounds  # noqa: PLC0415

    return sorted(
        records,
        key=lambda r: (-sum(score_of(r, w) for w in dict.fromkeys(words)), -bounds(r.updated)[0], r.id),
    )


def walk(node: Node, **asked: Any) -> list[str]:
    """The ids of a whole answer, page by page."""
    ids: list[str] = []
    cursor = ""
    while True:
        page = node.search(**asked, cursor=cursor)
        ids += [r.id for r in page]
        cursor = page.next
        if not cursor:
            assert page.matched == len(ids)
            return ids


__all__ = [
    "CENTRES",
    "WORDS",
    "held",
    "matches",
    "ordered",
    "put",
    "replace",
    "score_of",
    "some_records",
    "values_of",
    "walk",
]

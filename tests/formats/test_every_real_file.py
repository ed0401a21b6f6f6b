"""Every real file of the catalogue ends as records and items, or as a refusal that says why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.catalogue.documents import documents
from estran.formats import Document, Refusal
from estran.model import Item, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The reasons of our own making; a reader that stumbles is a fault of ours, not of the file.
_STUMBLED = "it could not be understood"
_SHORTEST_REASON = 10


@pytest.fixture(scope="module")
def outcomes(shared_data: Path) -> dict[str, list[Record | Item | Refusal]]:
    """What became of each file, by its path."""
    folder = shared_data / "catalogue"
    found: dict[str, list[Record | Item | Refusal]] = {
        str(path.relative_to(folder)): [] for path in sorted(folder.rglob("*")) if path.is_file()
    }
    for named, result in _read(folder):
        name = named.removeprefix(f"{folder}/")
        # Members of archives count for the archive.
        while name not in found:
            name = name.rpartition("/")[0]
        found[name].append(result)
    return found


def _read(folder: Path) -> Iterator[tuple[str, Record | Item | Refusal]]:
    for document in documents([folder]):
        if isinstance(document, Document):
            yield from ((document.name, result) for result in formats.read(document))
        else:
            yield document.file, document


def test_none_is_passed_over_in_silence(outcomes: dict[str, list[Record | Item | Refusal]]) -> None:
    assert len(outcomes) > 1500
    # A catalogue's page that holds nothing but deleted records would be silent, and rightly.
    assert [name for name, results in outcomes.items() if not results and "/." not in f"/{name}"] == []


def test_every_refusal_names_its_file_and_reason(outcomes: dict[str, list[Record | Item | Refusal]]) -> None:
    for name, results in outcomes.items():
        for refusal in results:
            if isinstance(refusal, Refusal):
                assert name in refusal.file
                assert len(refusal.why) > _SHORTEST_REASON or refusal.why == "it is empty"
                assert refusal.line >= 0


def test_no_reader_stumbles(outcomes: dict[str, list[Record | Item | Refusal]]) -> None:
    stumbled = [
        (name, result.why)
        for name, results in outcomes.items()
        for result in results
        if isinstance(result, Refusal) and _STUMBLED in result.why
    ]
    assert stumbled == []


def test_every_record_can_be_named(outcomes: dict[str, list[Record | Item | Refusal]]) -> None:
    for name, results in outcomes.items():
        for result in results:
            record = result.record() if isinstance(result, Item) else result
            if isinstance(record, Record):
                assert record.title or record.identifier, name


def test_folders_of_records_are_read(outcomes: dict[str, list[Record | Item | Refusal]]) -> None:
    read, refused = Counter[str](), Counter[str]()
    for name, results in outcomes.items():
        kind = name.partition("/")[0]
        good = any(not isinstance(result, Refusal) for result in results)
        (read if good else refused)[kind] += 1
    shares = {kind: read[kind] / (read[kind] + refused[kind]) for kind in read | refused}
    least = {
        "iso19139": 0.99, "dublin-core": 1.0, "stac": 0.93,
        # Beside the records, these hold descriptions of software, parts of records, tests of schemas.
        "datacite": 0.9, "iso19115-3": 0.7, "eml": 0.65, "dcat": 0.45,
    }  # fmt: skip
    for kind, share in least.items():
        assert shares[kind] >= share, (kind, read[kind], refused[kind])
    assert refused["ogc-capabilities"] > read["ogc-capabilities"]

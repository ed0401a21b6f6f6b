"""Harvesters of others walk a served node of ten thousand records, over restarts and changes, and miss nothing."""

from __future__ import annotations

import json
import logging
import os
import time
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from lxml.etree import tostring
from oaipmh_scythe import Scythe

import estran
from tests.web.conftest import feature
from tests.web.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node

with warnings.catch_warnings():
    # Its old patterns are not ours to mend.
    warnings.simplefilter("ignore")
    from sickle import Sickle

# So many that each client turns some pages; as many as one likes where time does not matter.
MANY = int(os.environ.get("MANY_RECORDS", "3000"))
OAI = "{http://www.openarchives.org/OAI/2.0/}"
_log = logging.getLogger(__name__)


def lines(numbers: range, title: str) -> str:
    return "\n".join(
        json.dumps(feature(f"r-{n}", f"{title} {n}", (n % 90, 40, n % 90 + 1, 41), keywords=["sea", "salt"]))
        for n in numbers
    )


def load(node: Node, folder: Path, numbers: range, title: str = "Station") -> None:
    file = folder / "records.ndjson"
    file.write_text(lines(numbers, title), "utf-8")
    assert not node.load(file, centre="coriolis").refused


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a node of many records."""
    folder = tmp_path_factory.mktemp("oai")
    with estran.open(folder / "node", name="Many") as node:
        load(node, folder, range(MANY))
    return folder / "node"


def identifiers(records: Any) -> Counter[str]:
    return Counter(record.header.identifier for record in records)


@pytest.fixture(scope="module")
def served(many: Path) -> Iterator[str]:
    """The address of that node."""
    with serving(many) as (base, _):
        yield base


@pytest.mark.parametrize("prefix", ["oai_dc", "iso19139"])
def test_sickle_walks_to_the_end(served: str, prefix: str) -> None:
    started = time.monotonic()
    found = identifiers(Sickle(f"{served}/oai").ListRecords(metadataPrefix=prefix))
    _log.info("%s: %.0f records/s", prefix, MANY / (time.monotonic() - started))
    assert len(found) == sum(found.values()) == MANY


def test_scythe_walks_to_the_end(served: str) -> None:
    with Scythe(f"{served}/oai") as scythe:
        for prefix in ("oai_dc", "iso19139"):
            found = identifiers(scythe.list_records(metadata_prefix=prefix))
            assert len(found) == sum(found.values()) == MANY
        assert len(identifiers_of_headers(scythe.list_identifiers(metadata_prefix="oai_dc"))) == MANY
        sets: Any = scythe.list_sets()
        assert {one.setSpec for one in sets} >= {"hub:ocean", "centre:coriolis"}
        repository: Any = scythe.identify()
        assert repository.deletedRecord == "persistent"


def identifiers_of_headers(headers: Any) -> Counter[str]:
    return Counter(header.identifier for header in headers)


def page(base: str, **arguments: str) -> tuple[dict[str, Any], str]:
    """Identifier -> (removed, title) of a page, and the token of the next."""
    answer = Sickle(f"{base}/oai").harvest(**arguments).xml
    assert answer.find(f"{OAI}error") is None, tostring(answer)
    found: dict[str, Any] = {}
    for record in answer.iter(f"{OAI}record"):
        title = next((e.text for e in record.iter("{http://purl.org/dc/elements/1.1/}title")), None)
        head = record.find(f"{OAI}header")
        assert head is not None
        found[head.findtext(f"{OAI}identifier") or ""] = (head.get("status") == "deleted", title)
    token = answer.find(f"*/{OAI}resumptionToken")
    return found, (token.text or "") if token is not None else ""


def test_a_walk_goes_on_after_a_restart_with_changes_in_the_middle(tmp_path: Path) -> None:
    with estran.open(tmp_path / "node", name="Changing") as node:
        load(node, tmp_path, range(1000))
        seen: dict[str, Any] = {}
        with serving(tmp_path / "node") as (base, _):
            first, token = page(base, verb="ListRecords", metadataPrefix="oai_dc")
            seen |= first
        ids = [name.rpartition(":")[2] for name in first]
        # One that was given and one that was not are removed; as many are changed, one is new.
        not_given = next(r.id for r in reversed(node.scan("", 1000)[0]) if r.id not in ids)
        node.remove(ids[0])
        node.remove(not_given)
        load(node, tmp_path, range(900, 1001), title="Changed")
        with serving(tmp_path / "node") as (base, _):
            while token:
                found, token = page(base, verb="ListRecords", resumptionToken=token)
                seen |= found
        held = {name.rpartition(":")[2]: value for name, value in seen.items()}
        live = {record.id: str(record.title) for record in scanned(node)}
        assert {id_: title for id_, (gone, title) in held.items() if not gone} == live
        assert {id_ for id_, (gone, _) in held.items() if gone} == {ids[0], not_given} - set(live)


def scanned(node: Node) -> Iterator[Any]:
    """All records."""
    after = ""
    while True:
        records, after = node.scan(after, 500)
        yield from records
        if not after:
            return

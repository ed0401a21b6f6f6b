"""Real descriptions of the same datasets by several catalogues and in several standards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.catalogue import Query
from estran.formats import Links

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node


def shown(node: Node) -> set[frozenset[str]]:
    """The sources of each dataset of several records."""
    records = {r.id: r for r in node.scan(limit=1000)[0]}
    found = node.ask(Query(limit=500)).others
    return {frozenset(records[i].source for i in (id_, *others)) for id_, others in found.items()}


def test_a_catalogue_in_two_standards(node: Node, shared_data: Path) -> None:
    folder = shared_data / "catalogue/csw/udata"
    for standard in ("dcat", "geodcatap", "iso19139"):
        for page in sorted(folder.glob(f"geonetwork-{standard}-page-*.xml")):
            node.load(page, source=standard)
    found = node.ask(Query(limit=100))
    # DCAT and GeoDCAT-AP are of the same four datasets, ISO 19139 of six others.
    assert (found.matched, len(found.others)) == (10, 4)
    assert shown(node) == {frozenset({"dcat", "geodcatap"})}
    titles = {r.id: str(r.title) for r in node.scan(limit=100)[0]}
    for id_, others in found.others.items():
        assert {titles[one] for one in others} == {titles[id_]}


@pytest.mark.parametrize("standard", ["iso19115-3", "datacite-json", "schema-org", "dcat-turtle"])
def test_a_record_and_its_twin_in_another_standard(
    node: Node, shared_data: Path, tmp_path: Path, standard: str
) -> None:
    real = shared_data / "catalogue/datacite/bolognese/datacite-multiple-rights.xml"
    assert node.load(real, source="datacite").new == 1
    record = node.search().records[0]
    assert record.doi
    form = formats.find(standard)
    file = tmp_path / f"twin{form.suffix}"
    file.write_bytes(form.write(record, Links()).body)
    assert node.load(file, source="elsewhere").new == 1
    assert node.search().matched == 1
    assert shown(node) == {frozenset({"datacite", "elsewhere"})}

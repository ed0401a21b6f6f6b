"""From a server of each protocol into a node: new, unchanged, changed, gone, and what the faults cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import estran
from tests.catalogue.harvesters import csw_server, oai_server
from tests.catalogue.harvesters.csw_server import GMD, Service
from tests.catalogue.harvesters.oai_server import Repository
from tests.catalogue.harvesters.test_waf import Site
from tests.fetching.serving import Answer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Node]:
    """A node that may read servers on loopback, without waiting for its turn."""
    with estran.open(tmp_path / "node", harvest={"allow_private": True, "per_second": 1000}) as node:
        yield node


def told(report) -> dict[str, int]:
    names = ("seen", "new", "changed", "unchanged", "refused", "removed", "withdrawn", "missed")
    return {name: number for name in names if (number := getattr(report, name))}


def test_a_csw_beyond_its_cap_and_a_bad_record(reading: Node):
    rows = [csw_server.Row(f"id-{i:03}", f"20{10 + i % 12}-03-{1 + i % 28:02}") for i in range(60)]
    service = Service(rows, cap=15)
    with serving(service) as served:
        source = reading.harvest.add("theirs", f"{served.url}/csw", options={"page": "6"})
        assert source.protocol == "csw"
        report = reading.harvest.run("theirs")
        assert (report.state, told(report)) == ("done", {"seen": 60, "new": 60})
        assert reading.search("Title", source="theirs").matched == 60
        rows[3].stamp = "2024-01-01"
        del rows[7]
        report = reading.harvest.run("theirs", full=True)
        assert told(report) == {"seen": 59, "changed": 1, "unchanged": 58, "removed": 1}
        rows[5].broken = f'<gmd:MD_Metadata xmlns:gmd="{GMD}"><gmd:fileIdentifier></gmd:MD_Metadata>'
        del rows[9]
        report = reading.harvest.run("theirs", full=True)
        # Neither the broken one nor the one that is gone is taken out: the source was not read whole.
        assert report.state == "done"
        assert report.missed
        assert not report.removed
    assert reading.search("Title", source="theirs").matched == 59


def test_a_repository_of_oai_pmh_with_deletions(reading: Node):
    rows = [oai_server.Row(f"oai:x:{i}", f"2020-01-{1 + i % 28:02}T00:00:00Z") for i in range(25)]
    with serving(Repository(rows, page=7)) as served:
        source = reading.harvest.add("theirs", f"{served.url}/oai?verb=Identify")
        assert source.protocol == "oai-pmh"
        assert told(reading.harvest.run("theirs")) == {"seen": 25, "new": 25}
        rows[4].deleted, rows[4].stamp = True, "2999-01-01T00:00:00Z"
        report = reading.harvest.run("theirs")
        assert not report.full
        assert report.withdrawn or report.removed
        assert reading.search("Title", source="theirs").matched == 24
        assert b"oai_dc:dc" in reading.harvest.document("theirs", "oai:x:3")


def test_a_run_that_the_server_cuts_goes_on(reading: Node):
    rows = [oai_server.Row(f"oai:x:{i:03}", f"2020-01-{1 + i % 28:02}T00:00:00Z") for i in range(40)]
    repository = Repository(rows, page=5)
    with serving(repository) as served:
        reading.harvest.add("theirs", f"{served.url}/oai", "oai-pmh")
        repository.fault = lambda asked: (
            Answer(b"", 503, {"retry-after": "3600"}) if asked.query.get("resumptionToken") == "|20" else None
        )
        report = reading.harvest.run("theirs")
        assert report.state == "cut"
        assert report.seen == 20
        repository.fault = lambda _asked: None
        repository.verbs.clear()
        report = reading.harvest.run("theirs")
        assert (report.state, told(report)) == ("done", {"seen": 40, "new": 40})
        assert repository.verbs[0] == {"verb": "ListRecords", "resumptionToken": "|20"}


def test_a_folder_on_the_web(reading: Node):
    def body(name: str) -> bytes:
        iso = csw_server.ISO.format(gmd=GMD, key=name, stamp="")
        return iso.replace(
            "<gmd:MD_Metadata", '<gmd:MD_Metadata xmlns:gco="http://www.isotc211.org/2005/gco"', 1
        ).encode()

    site = Site({f"/waf/{folder}/{i}.xml": body(f"{folder}-{i}") for folder in "ab" for i in range(5)})
    with serving(site) as served:
        reading.harvest.add("theirs", f"{served.url}/waf/", "waf")
        assert told(reading.harvest.run("theirs")) == {"seen": 10, "new": 10}
        site.fetched.clear()
        del site.files["/waf/b/4.xml"]
        assert told(reading.harvest.run("theirs", full=True)) == {"seen": 9, "unchanged": 9, "removed": 1}
        assert not site.fetched

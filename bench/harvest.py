"""Measure harvests: a first one, and one of an unchanged source, of ISO 19139 documents.

    uv run python bench/harvest.py /tmp/bench-harvest 20000
    uv run python bench/harvest.py /tmp/bench-harvest 20000 --database postgresql:///bench
    uv run python bench/harvest.py /tmp/bench-harvest 220000 --csw

The source is made here: a protocol that gives documents out of memory, as a server would that costs nothing.
What is measured is Estran's own part; CPU is that of the process which stores. `--folder` writes them to files and
reads those. `--csw` serves them by CSW 2.0.2 from a process of its own, which makes its pages anew for every request,
gives 10,000 answers to one question at most as others do, and is asked through all of Estran's manners but its pace.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import estran
from estran.catalogue import harvesters
from estran.catalogue.harvesters import Found, Harvester, Mark, Total
from estran.formats import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit

_PAGE = 100
_WORDS = "turbidity salinity temperature chlorophyll nitrate oxygen current wave wind ice".split()
_ISO = """<?xml version="1.0" encoding="UTF-8"?>
<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco">
<gmd:fileIdentifier><gco:CharacterString>{id}</gco:CharacterString></gmd:fileIdentifier>
<gmd:language><gco:CharacterString>eng</gco:CharacterString></gmd:language>
<gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="x" codeListValue="dataset"/></gmd:hierarchyLevel>
{contacts}<gmd:dateStamp><gco:Date>2024-05-01</gco:Date></gmd:dateStamp>
<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>
<gmd:title><gco:CharacterString>{title}</gco:CharacterString></gmd:title>
<gmd:date><gmd:CI_Date><gmd:date><gco:Date>2020-01-01</gco:Date></gmd:date><gmd:dateType>
<gmd:CI_DateTypeCode codeList="x" codeListValue="publication"/></gmd:dateType></gmd:CI_Date></gmd:date>
</gmd:CI_Citation></gmd:citation>
<gmd:abstract><gco:CharacterString>{abstract}</gco:CharacterString></gmd:abstract>
<gmd:descriptiveKeywords><gmd:MD_Keywords>{keywords}</gmd:MD_Keywords></gmd:descriptiveKeywords>
<gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>
<gmd:westBoundLongitude><gco:Decimal>{west}</gco:Decimal></gmd:westBoundLongitude>
<gmd:eastBoundLongitude><gco:Decimal>{east}</gco:Decimal></gmd:eastBoundLongitude>
<gmd:southBoundLatitude><gco:Decimal>44</gco:Decimal></gmd:southBoundLatitude>
<gmd:northBoundLatitude><gco:Decimal>46</gco:Decimal></gmd:northBoundLatitude>
</gmd:EX_GeographicBoundingBox></gmd:geographicElement></gmd:EX_Extent></gmd:extent>
</gmd:MD_DataIdentification></gmd:identificationInfo></gmd:MD_Metadata>
"""
_CONTACT = """<gmd:contact><gmd:CI_ResponsibleParty><gmd:organisationName><gco:CharacterString>Centre {n}
</gco:CharacterString></gmd:organisationName><gmd:role><gmd:CI_RoleCode codeList="x" codeListValue="pointOfContact"/>
</gmd:role></gmd:CI_ResponsibleParty></gmd:contact>
"""


def document(n: int) -> bytes:
    """One of the documents, alike in every run."""
    word = _WORDS[n % len(_WORDS)]
    keyword = "<gmd:keyword><gco:CharacterString>{}</gco:CharacterString></gmd:keyword>"
    return _ISO.format(
        id=f"bench-{n}",
        title=f"Observations of {word}, campaign {n}",
        abstract=f"The {word} was measured along a transect. " * 12,
        contacts="".join(_CONTACT.format(n=n % (40 + k)) for k in range(3)),
        keywords="".join(keyword.format(f"{word} {k} {n % 97}") for k in range(6)),
        west=(n % 340) - 170,
        east=(n % 340) - 168,
    ).encode()


def changes(visit: Visit) -> Iterator[Event]:
    """All documents, a page at a time."""
    count = int(visit.source.url)
    yield Total(count)
    for start in range((visit.position or {}).get("at", 0), count, _PAGE):
        for n in range(start, min(start + _PAGE, count)):
            yield Found(f"bench-{n}", Document(f"bench-{n}", document(n)), "2024-05-01")
        yield Mark({"at": start + _PAGE})


# A catalogue service, no more than a harvester needs.

_FIRST = date(2023, 1, 1)
_DAYS = 400
_CAP = 10_000
_CSW = 'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"'
_CAPABILITIES = f"""<csw:Capabilities {_CSW} xmlns:ows="http://www.opengis.net/ows" version="2.0.2">
<ows:OperationsMetadata><ows:Operation name="GetRecords"><ows:DCP><ows:HTTP/></ows:DCP>
<ows:Parameter name="outputSchema"><ows:Value>http://www.isotc211.org/2005/gmd</ows:Value></ows:Parameter>
</ows:Operation></ows:OperationsMetadata></csw:Capabilities>"""
_BETWEEN = re.compile(rb">(\d{4}-\d\d-\d\d)(?:T([0-9:.]+)Z?)?<")


def day_of(n: int) -> date:
    """The day on which a document changed last; as many on each day."""
    return _FIRST + timedelta(days=n % _DAYS)


class Days(Sequence[int]):
    """The numbers of several days, one day after the other, not listed before they are taken."""

    def __init__(self, days: list[range]) -> None:
        self.days = days

    def __len__(self) -> int:
        return sum(map(len, self.days))

    def __getitem__(self, at: Any) -> Any:
        return list(islice(chain.from_iterable(self.days), at.start, at.stop))


class Catalogue(BaseHTTPRequestHandler):
    """Answers GetCapabilities and GetRecords."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    count = 0

    def do_GET(self) -> None:
        self._say(b"" if "robots" in self.path else _CAPABILITIES.encode())

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if b"GetCapabilities" in asked:
            self._say(_CAPABILITIES.encode())
            return
        start = int((re.search(rb'startPosition="(\d+)"', asked) or [0, b"1"])[1])
        most = int((re.search(rb'maxRecords="(\d+)"', asked) or [0, b"10"])[1])
        days = [date.fromisoformat(found[1].decode()) for found in _BETWEEN.finditer(asked)]
        numbers = self._between(asked, days)
        page = numbers[start - 1 : min(start - 1 + most, _CAP)]
        next_ = start + len(page)
        records = b"".join(dated(n) for n in page)
        self._say(
            f'<csw:GetRecordsResponse {_CSW} version="2.0.2"><csw:SearchStatus timestamp="2024-01-01T00:00:00Z"/>'
            f'<csw:SearchResults numberOfRecordsMatched="{len(numbers)}" numberOfRecordsReturned="{len(page)}"'
            f' nextRecord="{next_ if next_ <= min(len(numbers), _CAP) else 0}">'.encode()
            + records
            + b"</csw:SearchResults></csw:GetRecordsResponse>"
        )

    def _between(self, asked: bytes, days: list[date]) -> Sequence[int]:
        if b"PropertyIsNull" in asked:
            return ()
        if not days:
            return range(self.count)
        low = days[0] if b"Greater" in asked or b"Between" in asked else _FIRST
        high = days[-1] if b"Less" in asked or b"Between" in asked else date.max
        first, last = max(0, (low - _FIRST).days), min(_DAYS - 1, (high - _FIRST).days)
        return Days([range(day, self.count, _DAYS) for day in range(first, last + 1)])

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def dated(n: int) -> bytes:
    """A document as a catalogue gives it: with its day, without its declaration."""
    return document(n).partition(b"?>\n")[2].replace(b"2024-05-01", day_of(n).isoformat().encode(), 1)


def serve(count: int, told: Any) -> None:
    """Serve the catalogue until the process is ended."""
    Catalogue.count = count
    server = ThreadingHTTPServer(("127.0.0.1", 0), Catalogue)
    told.put(server.server_port)
    server.serve_forever()


@contextmanager
def catalogue(count: int) -> Iterator[str]:
    """The address of the service, in a process of its own."""
    made = multiprocessing.get_context("spawn")
    told: Any = made.Queue()
    process = made.Process(target=serve, args=(count, told), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{told.get(timeout=30)}/csw"
    finally:
        process.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("--database", default="")
    parser.add_argument("--folder", dest="files", action="store_true", help="through files in a folder")
    parser.add_argument("--csw", action="store_true", help="through a catalogue service")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    settings: dict[str, Any] = {"storage": {"database": given.database}} if given.database else {}
    plain = harvesters.find
    made = Harvester(name="bench", title="Made here", changes=changes)
    harvesters.find = lambda name: made if name == "bench" else plain(name)
    if given.csw:
        settings["harvest"] = {"allow_private": True, "per_second": 1000}
    with (
        catalogue(given.count) if given.csw else nullcontext("") as served,
        estran.open(given.folder / "node", **settings) as node,
    ):
        url, protocol = str(given.count), "bench"
        if given.files:
            files = given.folder / "files"
            for n in range(given.count):
                file = files / f"{n // 1000}" / f"{n}.xml"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(document(n))
            url, protocol = str(files), "folder"
        if given.csw:
            url, protocol = served, "csw"
        node.harvest.add("bench", url, protocol)
        print(
            f"\n{given.count:,} documents of {len(document(1)):,} bytes, {node.settings.storage.database}\n"
        )
        print("| harvest | s | documents/s | CPU µs each | memory, MB |\n|---|---|---|---|---|")
        for name in ("first", "unchanged", "unchanged again"):
            begun, worked = time.monotonic(), time.process_time()
            report = node.harvest.run("bench", full=True)
            took, worked = time.monotonic() - begun, time.process_time() - worked
            assert report.state == "done", report
            assert (report.new if name == "first" else report.unchanged) == given.count, report
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"| {name} | {took:.1f} | {given.count / took:,.0f} | {worked / given.count * 1e6:,.0f} | {memory:.0f} |",
                file=sys.stdout, flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()

"""“Use it”: lines to paste elsewhere, filled with this node's addresses, an area and a period; the tests run them.

What strangers wrote stands in quotes that it cannot leave.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from estran.web.portal.asking import Wrong, within, written

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from estran.formats import Links
    from estran.model import Box, Distribution, Record
    from estran.web.portal.i18n import Words
    from estran.web.portal.reaching import File

_LAYERS = {"WMS": "WMS/WMTS", "WMTS": "WMS/WMTS", "WFS": "WFS / OGC API - Features", "WCS": "WCS"}
_MOST_LAYERS = 3
_WIDTH, _TALLEST, _SHORTEST = 800, 1600, 100
_LONGEST_NAME = 80
_TABLEDAP = re.compile(r"(https?://[^\s?#]+/erddap/tabledap/[^\s/?#.]+)(?:\.[a-z]+)?(?:\?.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Snippet:
    """Lines for one tool; `note` says where they go."""

    tool: str
    title: str
    code: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Narrow:
    """The area and the period that lines are filled with.

    Attributes:
        start, end: canonical dates, "" for an open end.
        given: whether the address names them; else they are the record's own.
        wrong: field of the form -> what is wrong with it.
    """

    box: Box | None = None
    start: str = ""
    end: str = ""
    given: bool = False
    wrong: tuple[Wrong, ...] = ()

    @property
    def bbox(self) -> str:
        """The box as addresses write it."""
        return written(self.box) if self.box else ""

    @property
    def time(self) -> str:
        """The period as addresses write it."""
        return f"{self.start or '..'}/{self.end or '..'}" if self.start or self.end else ""

    def near(self, links: Links) -> str:
        """The address that finds records there and then."""
        asked = {"bbox": self.bbox, "datetime": self.time, "limit": "10"}
        told = urlencode([(name, value) for name, value in asked.items() if value], safe=",:/")
        return f"{links.base}/ogc/collections/records/items?{told}"


def narrowed(record: Record, params: QueryParams) -> Narrow:
    """The area and the period of an address, else the record's own."""
    wrong: list[Wrong] = []
    asked = within(params, wrong)
    period, own = record.extent.period, record.extent.box
    given = bool(asked["box"] or asked["start"] or asked["end"])
    if given and not wrong:
        return Narrow(box=asked["box"] or own, start=asked["start"], end=asked["end"], given=True)
    start, end = (_day(period.start), _day(period.end)) if period else ("", "")
    return Narrow(box=own, start=start, end=end, wrong=tuple(wrong))


def _day(date: str) -> str:
    return date[:10]


def snippets(record: Record, links: Links, words: Words, narrow: Narrow, best: File | None) -> list[Snippet]:
    """What to paste into Python, R, QGIS, a terminal and another node to use this record."""
    t = words.text
    listed = [
        Snippet("python", t("data.use_python"), _python(record, links, narrow)),
        Snippet("curl", t("data.use_curl"), _curl(record, links, best)),
        Snippet("estran", t("data.use_estran"), _estran(record, links, narrow), t("data.use_estran_note")),
        Snippet("r", t("data.use_r"), _r(record, links, narrow)),
    ]
    if narrow.box:
        listed += _served(record, narrow, narrow.box, words)
    qgis = t("data.use_qgis")
    listed.append(Snippet("qgis", qgis, f"{links.base}/ogc/collections/records", t("data.qgis_search")))
    for kind, url in layers(record)[:_MOST_LAYERS]:
        listed.append(Snippet("qgis-layer", f"{qgis}, {kind}", url, t("data.qgis_layer", type=_LAYERS[kind])))
    return listed


def layers(record: Record) -> list[tuple[str, str]]:
    """(WMS, WFS…, address) of the services that QGIS opens."""
    found: dict[tuple[str, str], None] = {}
    for d in record.distributions:
        kind = _kind(d)
        if kind:
            found[kind, d.url.split("?")[0]] = None
    return list(found)


def _kind(d: Distribution) -> str:
    if not d.url.startswith(("https://", "http://")):
        return ""
    return next((k for k in _LAYERS if f"OGC:{k}" in d.protocol.upper()), "")


def _python(record: Record, links: Links, narrow: Narrow) -> str:
    return f"""import json
from urllib.request import urlopen

with urlopen({_text(links.twin(record.id, "json"))}) as answer:
    record = json.load(answer)

print(record["properties"]["title"])
for link in record["links"]:
    print(link["rel"], link["href"])

# What else is there, in the same area and period
with urlopen({_text(narrow.near(links))}) as answer:
    for other in json.load(answer)["features"]:
        print(other["id"], other["properties"]["title"])"""


def _r(record: Record, links: Links, narrow: Narrow) -> str:
    return f"""library(jsonlite)

record <- fromJSON({_text(links.twin(record.id, "json"))})
record$properties$title
record$links[, c("rel", "href")]

# What else is there, in the same area and period
near <- fromJSON({_text(narrow.near(links))})
near$features$properties$title"""


def _curl(record: Record, links: Links, best: File | None) -> str:
    lines = [
        f"curl -fsSL {shlex.quote(links.twin(record.id, 'json'))}",
        f"curl -fsSL -o {record.id}.xml {shlex.quote(links.twin(record.id, 'xml'))}",
    ]
    if best and best.href.startswith(("https://", "http://")):
        lines.append(f"curl -fL -o {_file_name(best.href, record.id)} {shlex.quote(best.href)}")
    return "\n".join(lines)


def _estran(record: Record, links: Links, narrow: Narrow) -> str:
    asked = (("--bbox", narrow.bbox), ("--time", narrow.time))
    # With the sign between, a western longitude is no option.
    there = "".join(f" {option}={shlex.quote(value)}" for option, value in asked if value)
    return f"""curl -fsSL -o {record.id}.json {shlex.quote(f"{links.page(record.id)}/formats/estran-json")}
estran load {record.id}.json --node my-node
estran search --node my-node{there}"""


def _served(record: Record, narrow: Narrow, box: Box, words: Words) -> list[Snippet]:
    """What services give of the area and the period."""
    listed: list[Snippet] = []
    for d in record.distributions:
        asked = _asked(d, narrow, box)
        if asked and len(listed) < _MOST_LAYERS:
            kind, address, name = asked
            code = f"curl -fsSL -o {name} {shlex.quote(address)}"
            listed.append(Snippet(f"curl-{kind.lower()}", words.text("data.use_part", kind=kind), code))
    return listed


def _asked(d: Distribution, narrow: Narrow, box: Box) -> tuple[str, str, str] | None:
    """(standard, address, name of the file) of a part of what a service has."""
    kind = _kind(d)
    if kind == "WMS" and d.name:
        return kind, _map(d, box), "map.png"
    if kind == "WFS" and d.name:
        corners = f"{box.south:g},{box.west:g},{box.north:g},{box.east:g},urn:ogc:def:crs:EPSG::4326"
        asked = {
            "SERVICE": "WFS", "VERSION": "2.0.0", "REQUEST": "GetFeature", "TYPENAMES": d.name, "BBOX": corners,
            "COUNT": "100", "OUTPUTFORMAT": "application/json",
        }  # fmt: skip
        return kind, _with(d.url, asked), "features.json"
    if found := _TABLEDAP.fullmatch(d.url.strip()):
        limits = [("longitude>=", f"{box.west:g}"), ("longitude<=", f"{box.east:g}")] * (not box.crosses)
        limits += [("latitude>=", f"{box.south:g}"), ("latitude<=", f"{box.north:g}")]
        limits += [("time>=", narrow.start)] * bool(narrow.start) + [("time<=", narrow.end)] * bool(
            narrow.end
        )
        told = "".join(f"&{quote(name)}{quote(value)}" for name, value in limits)
        return "ERDDAP", f"{found[1]}.csv?{told}", "table.csv"
    return None


def _map(d: Distribution, box: Box) -> str:
    east = box.east + (360 if box.crosses else 0)
    width, height = max(east - box.west, 1e-6), max(box.north - box.south, 1e-6)
    rows = min(_TALLEST, max(_SHORTEST, round(_WIDTH * height / width)))
    asked = {
        "SERVICE": "WMS", "VERSION": "1.3.0", "REQUEST": "GetMap", "LAYERS": d.name, "STYLES": "", "CRS": "CRS:84",
        "BBOX": f"{box.west:g},{box.south:g},{east:g},{box.north:g}", "WIDTH": str(_WIDTH), "HEIGHT": str(rows),
        "FORMAT": "image/png",
    }  # fmt: skip
    return _with(d.url, asked)


def _with(url: str, asked: dict[str, str]) -> str:
    """A service's address with a question, whatever else it was asked before."""
    path, _, held = url.partition("?")
    kept = [
        part for part in held.split("&") if part and part.partition("=")[0].upper() not in (*asked, "SERVICE")
    ]
    return f"{path}?{'&'.join([*kept, urlencode(asked, safe=',:/')])}"


def _file_name(url: str, otherwise: str) -> str:
    """A name for a file that needs no quotes anywhere."""
    last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    clean = re.sub(r"[^A-Za-z0-9._-]+", "_", last).strip("._-")[-_LONGEST_NAME:]
    return clean or otherwise


def _text(value: str) -> str:
    """A text in double quotes, as Python and R both read it."""
    return json.dumps(value, ensure_ascii=False)

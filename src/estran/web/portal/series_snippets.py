"""“Use it” of a dataset with observations: lines that read these, in an area and a period; the tests run them."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, interval, moment_us
from estran.web.portal.snippets import Snippet

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Box, Record, Variable
    from estran.observations.overview import Overview
    from estran.web.portal.i18n import Words
    from estran.web.portal.snippets import Narrow

__all__ = ["series_snippets"]

_WEEK_US = 7 * 86_400_000_000
_NEWEST = "time>=max(time)-7days"


def series_snippets(
    record: Record, overview: Overview, links: Links, w: Words, narrow: Narrow
) -> list[Snippet]:
    """Lines that read the observations of a dataset; of no area and period that were asked, those of the newest week."""
    held, _ = overview.of_record(record.id, 0, 100)
    last = max((one.last for one in held if one.last is not None), default=None)
    if last is None:
        return []
    span, box = _asked(narrow, record, last)
    table, t = f"{links.base}/erddap/tabledap/{record.id}", w.text
    address = f"{table}.csvp?{_constraints(span, box, is_newest=not narrow.given)}"
    python = f"""import pandas as pd

frame = pd.read_csv({_text(address)}, parse_dates=["time (UTC)"])
print(frame.describe())"""
    r = f"""frame <- read.csv({_text(address)}, check.names = FALSE)
summary(frame)"""
    newest = r"Observations(\$orderby=phenomenonTime desc;\$top=1)"
    asked = (f"filter=properties/dataset eq '{record.id}'", f"expand={newest}", "select=id,name")
    told = "".join(f' \\\n  --data-urlencode "\\${one}"' for one in asked)
    streams = shlex.quote(f"{links.base}/sta/v1.1/Datastreams")
    estran, xarray = _own(table, overview.properties(record.id)[0].variable, span, box)
    return [
        Snippet("python-series", t("series.use_python"), python),
        Snippet("r-series", t("series.use_r"), r),
        Snippet("estran-series", t("data.use_estran"), estran, t("series.use_copy")),
        Snippet("xarray-series", t("series.use_xarray"), xarray, t("series.use_copied")),
        Snippet("sensorthings", t("series.use_sensorthings"), f"curl -fsSG {streams}{told}"),
    ]  # fmt: skip


def _asked(narrow: Narrow, record: Record, last: int) -> tuple[tuple[int, int], Box | None]:
    """The period and the area of the lines; the dataset's own area would only leave out what has no place."""
    # Whole seconds, the last one included: an address that can be read.
    end = last - last % 1_000_000 + 1_000_000
    if not narrow.given:
        return (end - _WEEK_US, end), None
    try:
        span = interval(narrow.time) if narrow.time else (EVER_US, NEVER_US)
    except Invalid:
        span = (EVER_US, NEVER_US)
    return span, narrow.box if narrow.box != record.extent.box else None


def _constraints(span: tuple[int, int], box: Box | None, *, is_newest: bool) -> str:
    """As ERDDAP has them."""
    limits = [_NEWEST] if is_newest else []
    if not is_newest and span[0] > EVER_US:
        limits.append(f"time>={moment_us(span[0])}")
    if not is_newest and span[1] < NEVER_US:
        limits.append(f"time<{moment_us(span[1])}")
    if box is not None:
        limits += [f"latitude>={box.south:g}", f"latitude<={box.north:g}"]
        limits += [f"longitude>={box.west:g}", f"longitude<={box.east:g}"] * (not box.crosses)
    return "".join(f"&{quote(one, safe=':()-')}" for one in limits)


def _own(table: str, of: Variable, span: tuple[int, int], box: Box | None) -> tuple[str, str]:
    """Lines for a terminal that copy the series into a node of one's own, and lines of Python that read them there."""
    name = of.standard_name or _plain(of.name or str(of.label))
    time = "/".join(_ends(span))
    since = f" --since {_ends(span)[0][:10]}" if span[0] > EVER_US else ""
    there = [f"--time={time}"] if time != "../.." else []
    there += [f"--bbox={box.west:g},{box.south:g},{box.east:g},{box.north:g}"] if box else []
    options = "".join(f" {shlex.quote(one)}" for one in there)
    shell = f"""estran load {shlex.quote(table)} --node my-node{since}
estran observations read {shlex.quote(name)} --node my-node{options} --out observations.nc"""
    given = [_text(name)]
    given += [f"time={_text(time)}"] if time != "../.." else []
    given += [f"bbox=({box.west:g}, {box.south:g}, {box.east:g}, {box.north:g})"] if box else []
    python = f"""import estran

with estran.open("my-node") as node:
    found = node.observations.read({", ".join(given)})
print(found)"""
    return shell, python


def _plain(name: str) -> str:
    """The name of its column in a table, by which a copy of that knows what has no standard name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"\W+", "_", letters, flags=re.ASCII).strip("_") or "value"


def _ends(span: tuple[int, int]) -> tuple[str, str]:
    start, end = span
    # A period that ends in a second holds all of it.
    return (
        moment_us(start) if start > EVER_US else "..",
        moment_us(end - 1_000_000) if end < NEVER_US else "..",
    )


def _text(value: str) -> str:
    """A text in double quotes, as Python and R both read it."""
    return json.dumps(value, ensure_ascii=False)

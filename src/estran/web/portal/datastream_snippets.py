"""What to get of a datastream, and lines to paste elsewhere that get it: filled with the period; the tests run them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.web import replies
from estran.web.downloads import MOST_IN_FILE
from estran.web.portal.orders import FORMS, question
from estran.web.portal.snippets import Snippet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.formats import Links
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words

__all__ = ["Download", "datastream_snippets", "downloads", "order_of"]


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file of a period, or the form that orders it where it is much."""

    label: str
    href: str
    is_order: bool = False


def downloads(stream: HeldDatastream, time: str, count: int, w: Words) -> tuple[Download, ...]:
    """The files of a period, none where it holds nothing."""
    if not count:
        return ()
    if count <= MOST_IN_FILE:
        return tuple(
            Download(label=label, href=_address(stream, suffix, time)) for suffix, label in FORMS.items()
        )
    asked = {"record": stream.record, "datastreams": [stream.number], "variables": [], "time": time}
    ordered = [
        Download(label=label, href=question(asked | {"form": suffix}, w), is_order=True)
        for suffix, label in FORMS.items()
    ]
    return (*ordered, Download(label=w.text("orders.at_once"), href=_address(stream, "csv", time)))


def order_of(streams: Sequence[HeldDatastream], time: str, w: Words) -> str:
    """Address of the form that orders several datastreams of one dataset in a period, "" for others."""
    records = {one.record for one in streams}
    if len(streams) < 2 or len(records) > 1:  # noqa: PLR2004 - one alone has its downloads
        return ""
    numbers = [one.number for one in streams]
    return question(
        {"record": records.pop(), "datastreams": numbers, "variables": [], "time": time, "form": "csv"}, w
    )


def datastream_snippets(stream: HeldDatastream, time: str, links: Links, w: Words) -> list[Snippet]:
    """Lines for Python, R and a terminal that get the same period."""
    table, file = (f"{links.base}{_address(stream, suffix, time)}" for suffix in ("csv", "nc"))
    python = f"""import pandas as pd

frame = pd.read_csv({_text(table)}, parse_dates=["time"])
print(frame.describe())"""
    r = f"""frame <- read.csv({_text(table)})
summary(frame)"""
    curl = f"curl -fsSL -o datastream-{stream.number}.nc {shlex.quote(file)}"
    t = w.text
    return [
        Snippet("python", t("series.use_python"), python),
        Snippet("r", t("series.use_r"), r),
        Snippet("curl", t("data.use_curl"), curl),
    ]


def _address(stream: HeldDatastream, suffix: str, time: str) -> str:
    return replies.address(f"/datastreams/{stream.number}.{suffix}", [("time", time)])


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

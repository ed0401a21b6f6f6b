"""RIS, for EndNote, Zotero, Mendeley and library systems; lines end with CR LF, text is UTF-8."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Record

_TYPES = {
    "software": "COMP",
    "image": "FIGURE",
    "publication": "GEN",
    "event": "GEN",
    "project": "GEN",
    "other": "GEN",
}
_DAY = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_DAY_LENGTH = 10


def _write(record: Record, links: Links) -> Written:
    cited = citation(record, links)
    day = _DAY.match(cited.date)
    pairs = [
        ("TY", _TYPES.get(record.kind, "DATA")),
        ("ID", cited.key),
        *(("AU", str(creator)) for creator in cited.creators),
        ("TI", cited.title),
        ("PY", cited.year),
        ("DA", "/".join(part or "" for part in (*day.groups(), "")) if day else ""),
        ("PB", cited.publisher),
        ("ET", cited.version),
        ("M3", cited.type),
        ("DO", cited.doi),
        ("UR", cited.url),
        ("LA", cited.language),
        *(("KW", word) for word in cited.keywords),
        ("AB", cited.abstract),
    ]
    lines = [f"{tag}  - {words}\r\n" for tag, words in pairs if words]
    carried = ("abstract", "concepts.label", "language")
    losses = lost(record, cited, carried, _DAY_LENGTH)
    return Written("".join([*lines, "ER  - \r\n"]).encode(), FORMAT.media_types[0], losses)


FORMAT = Format(
    name="ris",
    title="RIS",
    media_types=("application/x-research-info-systems",),
    write=_write,
    suffix=".ris",
)

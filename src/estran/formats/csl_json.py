"""CSL-JSON 1.0, the input of citation processors (pandoc, citeproc, Zotero)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.formats._citation import Creator
    from estran.model import Record

_TYPES = {
    "software": "software", "publication": "document", "image": "graphic", "event": "event",
    "service": "webpage", "project": "document", "other": "document",
}  # fmt: skip
_DAY = re.compile(r"^([+-]?\d{4,6})(?:-(\d{2})(?:-(\d{2}))?)?")
_DAY_LENGTH = 10


def _write(record: Record, links: Links) -> Written:
    cited = citation(record, links)
    day = _DAY.match(cited.date)
    entry = {
        "id": cited.key,
        "type": _TYPES.get(record.kind, "dataset"),
        "title": cited.title,
        "author": [_name(creator) for creator in cited.creators],
        "issued": {"date-parts": [[int(part) for part in day.groups() if part]]} if day else {},
        "publisher": cited.publisher,
        "version": cited.version,
        "genre": cited.type,
        "DOI": cited.doi,
        "URL": cited.url,
        "language": cited.language,
        "keyword": ", ".join(cited.keywords),
        "abstract": cited.abstract,
    }
    body = json.dumps([{name: value for name, value in entry.items() if value}], ensure_ascii=False, indent=2)
    carried = ("abstract", "concepts.label", "language")
    return Written(body.encode(), FORMAT.media_types[0], lost(record, cited, carried, _DAY_LENGTH))


def _name(creator: Creator) -> dict[str, str]:
    if creator.literal:
        return {"literal": creator.literal}
    return {"family": creator.family, "given": creator.given}


FORMAT = Format(
    name="csl-json",
    title="CSL-JSON",
    media_types=("application/vnd.citationstyles.csl+json",),
    write=_write,
    suffix=".json",
)

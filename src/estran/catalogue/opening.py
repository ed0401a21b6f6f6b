"""Whether a record's data may be had: as it says, else as its licence or its limits on access say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estran.model import Record

__all__ = ["access_of"]

# Licences under which data are given to everyone; software's are not among them.
_OPEN = re.compile(
    r"CC0-.*|CC-BY-.*|CC-PDDC|PDDL-.*|ODbL-.*|ODC-By-.*|etalab-.*|OGL-.*|DL-DE-.*|NLOD-.*|IODL-.*",
    re.IGNORECASE,
)
# What INSPIRE has a provider say where access has no limits.
_UNLIMITED = re.compile(
    r"noLimitations|no limitations? (?:to|on) public access|pas de restriction d.acc[eè]s public",
    re.IGNORECASE,
)


def access_of(record: Record) -> str:
    """A record's access, "" where nothing tells."""
    if record.access:
        return record.access
    if any(_OPEN.fullmatch(licence.spdx) for licence in record.licences):
        return "open"
    said = (f"{one.code} {one.text} {one.uri}" for one in record.constraints if one.kind == "access")
    return "open" if any(_UNLIMITED.search(words) for words in said) else ""

"""BibTeX, readable by BibTeX, biber and the reference managers; text stays UTF-8."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.formats._citation import Citation, Creator
    from estran.model import Record

# BibTeX counts braces even behind a backslash, so that "\{" alone would break the entry: braces get names.
_SPECIALS = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip
_SPECIAL = re.compile(r"[\\{}~^&%$#_]")
# Styles print addresses verbatim, so that only what would break the entry is encoded there.
_UNSAFE_IN_URL = re.compile(r"[\\{}\s]")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO_MONTH = re.compile(r"^\d{4}-(\d{2})")
_MONTH_LENGTH = 7


def _write(record: Record, links: Links) -> Written:
    cited = citation(record, links)
    # @misc is the one type of data that every style knows; @dataset is biblatex's alone.
    lines = [f"  {name} = {value}" for name, value in _fields(cited).items() if value]
    text = "@misc{" + ",\n".join([cited.key, *lines]) + "\n}\n"
    carried = ("abstract", "concepts.label", "language")
    return Written(text.encode(), FORMAT.media_types[0], lost(record, cited, carried, _MONTH_LENGTH))


def _fields(cited: Citation) -> dict[str, str]:
    month = _ISO_MONTH.match(cited.date)
    return {
        "author": _braced(" and ".join(map(_author, cited.creators))),
        # The second pair of braces keeps capitals as they are.
        "title": _braced(f"{{{_escaped(cited.title)}}}") if cited.title else "",
        "year": _braced(cited.year),
        "month": _MONTHS[int(month[1]) - 1] if month else "",
        "publisher": _braced(_escaped(cited.publisher)),
        "version": _braced(_escaped(cited.version)),
        "howpublished": _braced(_escaped(cited.type)),
        "doi": _braced(_verbatim(cited.doi)),
        "url": _braced(_verbatim(cited.url)),
        "language": _braced(_escaped(cited.language)),
        "keywords": _braced(_escaped(", ".join(cited.keywords))),
        "abstract": _braced(_escaped(cited.abstract)),
    }


def _author(creator: Creator) -> str:
    name = _escaped(str(creator))
    whole = creator.organisation or (
        creator.literal and re.search(r",|\band\b", creator.literal, re.IGNORECASE)
    )
    return f"{{{name}}}" if whole else re.sub(r"\band\b", "{and}", name)


def _braced(words: str) -> str:
    return f"{{{words}}}" if words else ""


def _escaped(words: str) -> str:
    return _SPECIAL.sub(lambda found: _SPECIALS[found[0]], words)


def _verbatim(address: str) -> str:
    return _UNSAFE_IN_URL.sub(lambda found: f"%{ord(found[0]):02X}", address)


FORMAT = Format(
    name="bibtex",
    title="BibTeX",
    media_types=("application/x-bibtex",),
    write=_write,
    suffix=".bib",
)

"""A citation for word processors (RTF), in DataCite's recommended form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost, sentences

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Record

_HEADER = r"{\rtf1\ansi\ansicpg1252\deff0\uc1{\fonttbl{\f0\froman Times New Roman;}}\f0\fs24 "
_LAST_ASCII = 127
_SIGN = 0x8000


def _write(record: Record, links: Links) -> Written:
    cited = citation(record, links)
    body = ". ".join(_styled(name, words) for name, words in sentences(cited))
    losses = lost(record, cited, (), date_length=4)
    return Written(f"{_HEADER}{body}\\par}}\n".encode("ascii"), FORMAT.media_types[0], losses)


def _styled(name: str, words: str) -> str:
    if name == "title":
        return f"{{\\i {_escaped(words)}}}"
    if name == "url":
        target = words.replace("\\", "%5C").replace('"', "%22")
        return f'{{\\field{{\\*\\fldinst{{HYPERLINK "{_escaped(target)}"}}}}{{\\fldrslt {_escaped(words)}}}}}'
    return _escaped(words)


def _escaped(words: str) -> str:
    """Words in 7-bit RTF: UTF-16 units as signed numbers, each with "?" for readers without Unicode."""
    safe = re.sub(r"([\\{}])", r"\\\1", words)
    return "".join(char if ord(char) <= _LAST_ASCII else _units(char) for char in safe)


def _units(char: str) -> str:
    code = char.encode("utf-16-le")
    units = (int.from_bytes(code[i : i + 2], "little") for i in range(0, len(code), 2))
    return "".join(f"\\u{unit - 0x10000 if unit >= _SIGN else unit}?" for unit in units)


FORMAT = Format(
    name="citation-rtf",
    title="Citation as RTF",
    media_types=("application/rtf", "text/rtf"),
    write=_write,
    suffix=".rtf",
)

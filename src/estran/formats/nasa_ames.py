"""NASA-Ames and ICARTT: tables of what aircraft, sondes and stations measured in the air.

The file format indexes 1001, 1010, 1020, 2010, 2110, 2160 and 2310. An axis of time gives the times, from midnight of
the file's date; an axis of altitude, height, depth or pressure is the vertical. A file whose only axis is vertical
is one profile of that date. ICARTT's flags of detection limits are flags of values that are missing.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from estran.formats import Format, Refusal
from estran.formats._ames.header import Header, first_line, header
from estran.formats._ames.reading import Reading
from estran.formats._ames.records import records
from estran.formats._summary import summary
from estran.formats._text import numbered, opened, plain
from estran.model import Constraint, Distribution, Party, Record, Text, date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Observed

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN = 0.95


def recognise(head: bytes, _name: str) -> float:
    """By its first line, or the second where an archive put one above it: lines of the header, format index."""
    lines = head[:400].decode("latin-1").splitlines()[:2]
    return _CERTAIN if len(lines) > 1 and any(first_line(line) for line in lines) else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of a file.

    Raises:
        Invalid: its header cannot be read, or its index is none of those that are.
    """
    made = _header(document)
    variables, extent = summary(observe(document))
    name = PurePath(document.name).name
    told = made.told
    use = told.get("STIPULATIONS_ON_USE", "")
    yield Record(
        title=Text.of(" – ".join(filter(None, (made.source, made.mission))) or name),
        abstract=Text.of(told.get("DATA_INFO", "")),
        supplement=Text.of("\n".join((*made.special, *(() if made.is_icartt else made.normal))).strip()),
        lineage=Text.of("\n".join(filter(None, (told.get("INSTRUMENT_INFO"), told.get("UNCERTAINTY"))))),
        version=told.get("REVISION", ""),
        revised=date(made.revised.date().isoformat()) if made.revised else "",
        metadata_standard="ICARTT" if made.is_icartt else f"NASA-Ames {made.index}",
        parties=_parties(made),
        variables=variables,
        extent=extent,
        distributions=(
            Distribution(function="download", format="ICARTT" if made.is_icartt else "NASA-Ames", name=name),
        ),
        constraints=(Constraint(kind="use", text=Text.of(use)),) if use else (),
    )


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a file and their values.

    Raises:
        Invalid: its header cannot be read, or none of its axes is a time or a vertical.
    """
    made = _header(document)
    reading = Reading(made, document.name)
    yield from reading.streams()
    with opened(document) as text:
        for one in records(made, numbered(text), document.name):
            if isinstance(one, Refusal):
                yield one
            else:
                yield from reading.take(one)
    yield from reading.finish()


def explain(document: Document) -> str:
    """How a file would be understood."""
    made = _header(document)
    reading = Reading(made, document.name)
    title = "ICARTT" if made.is_icartt else "NASA-Ames"
    lines = [f"{title}, file format index {made.index}, of {made.begins:%Y-%m-%d}; {reading.told()}"]
    lines += [f"  {column.name:40} {column.unit}" for column in (*made.columns, *made.auxiliary)]
    return "\n".join(lines)


def _header(document: Document) -> Header:
    with opened(document) as text:
        return header(numbered(text), document.name)


def _parties(made: Header) -> tuple[Party, ...]:
    name, organisation = made.people
    contact = plain(made.told.get("PI_CONTACT_INFO", ""))
    email = re.search(r"[\w.+-]+@[\w.-]+\.\w+", contact)
    if not name and not organisation:
        return ()
    return (
        Party(
            role="principalInvestigator",
            name=name,
            organisation=Text.of(organisation),
            email=email[0] if email else "",
        ),
    )


FORMAT = Format(
    name="nasa-ames",
    title="NASA-Ames and ICARTT",
    media_types=("text/x-nasa-ames", "text/plain"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    suffix=".na",
)

"""miniSEED, versions 2 and 3: the waves of seismic channels as envelopes, the lowest, highest and mean of each minute.

The waves themselves stay in their files: a sample a hundredth of a second is what seismologists fetch from their
data centres. What a minute saw is what one looks at, and what crosses with other observations. Values are counts of
the digitiser, as the files hold them; what is known of a station and its instruments comes from StationXML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.errors import Invalid
from estran.formats import Dataset, Format, Refusal
from estran.formats._seed.channels import dataset_of, envelopes, key_of
from estran.formats._summary import summary
from estran.model import Concept, Record, Text, Thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Observed
    from estran.formats._seed.envelope import Envelope

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN = 0.95
# Six digits of a sequence number, or blanks; the quality; a blank.
_VERSION_2 = re.compile(rb"[0-9 \0]{6}[DRQM][ \0]")
_VERSION_3 = b"MS\x03"
_MOST_MINUTES = 2_000_000
_LONGEST = 5_000_000


class _Held(NamedTuple):
    """What a file holds: envelopes by (network, station, location, channel), and what was refused."""

    envelopes: dict[tuple[str, str, str, str], Envelope]
    refused: list[Refusal]


def recognise(head: bytes, _name: str) -> float:
    """By the first record."""
    is_seed = bool(_VERSION_2.match(head)) and len(head) >= 48 or head.startswith(_VERSION_3)  # noqa: PLR2004, RUF021
    return _CERTAIN if is_seed else 0.0


def read(document: Document) -> Iterator[Record | Refusal]:
    """A record for each network of a file, with what it adds to it.

    Raises:
        Invalid: no record of miniSEED is found in it.
    """
    held = _held(document)
    for network in sorted({channel[0] for channel in held.envelopes}):
        _, extent = summary(_observed(held, network))
        names = sorted({key[3] for key in held.envelopes if key[0] == network})
        yield Record(
            identifier=dataset_of(network),
            title=Text.of(f"Seismic network {network}"),
            metadata_standard="FDSN",
            concepts=(Concept(label=Text.of("seismometer"), role="instrument"),),
            variables=tuple(next(envelopes(f"x.{name}", Thing(key="x"))).variable for name in names),
            extent=extent,
        )


def observe(document: Document) -> Iterator[Observed]:
    """The envelopes of the channels of a file.

    Raises:
        Invalid: no record of miniSEED is found in it.
    """
    held = _held(document)
    yield from held.refused
    for network in sorted({channel[0] for channel in held.envelopes}):
        yield Dataset(dataset_of(network))
        yield from _observed(held, network)


def explain(document: Document) -> str:
    """How a file would be understood."""
    held = _held(document)
    lines = ["miniSEED: the lowest, highest and mean count of each minute"]
    lines += [
        f"  {key_of(*channel):20} {envelope.rate:g} samples a second, {len(envelope.minutes):,} minutes"
        for channel, envelope in sorted(held.envelopes.items())
    ]
    return "\n".join(lines)


def _observed(held: _Held, network: str) -> Iterator[Observed]:
    for channel, envelope in sorted(held.envelopes.items()):
        if channel[0] == network and envelope.minutes:
            key = key_of(*channel)
            yield from envelopes(key, Thing(key=".".join(channel[:2]), name=Text.of(channel[1])))
            yield from envelope.rows(key)


def _held(document: Document) -> _Held:
    """All records of a file; the library's error at one of them ends it, and what came before is kept."""
    from pymseed import MS3Record  # noqa: PLC0415 - of C
    from pymseed.exceptions import MiniSEEDError  # noqa: PLC0415

    found: Any = (
        MS3Record.from_file(str(document.path), unpack_data=True)
        if document.path is not None
        else MS3Record.from_buffer(document.body, unpack_data=True)
    )
    held, count = _Held({}, []), 0
    try:
        for one in found:
            count += 1
            _take(one, held, document.name, count)
    except MiniSEEDError as error:
        said = " ".join(str(error).split())[:200]
        if not count:
            raise Invalid(f"no record of miniSEED is found in it ({said})", document.name) from None
        why = f"what follows record {count:,} is no miniSEED that could be read ({said}); what came before is kept"
        held.refused.append(Refusal(document.name, why))
    except (ValueError, OSError) as error:
        raise Invalid(f"it could not be read as miniSEED ({error})", document.name) from None
    return held


def _take(one: Any, held: _Held, name: str, count: int) -> None:
    """A record; what holds no samples of numbers is refused."""
    from pymseed import sourceid2nslc  # noqa: PLC0415

    from estran.formats._seed.envelope import Envelope  # noqa: PLC0415

    try:
        channel = sourceid2nslc(one.sourceid)
    except ValueError:
        held.refused.append(Refusal(name, f"record {count:,} is of no channel: “{one.sourceid}”"))
        return
    if not channel[0] or not channel[1]:
        held.refused.append(
            Refusal(name, f"record {count:,} does not name its network and station: “{one.sourceid}”")
        )
        return
    if not one.numsamples:
        return
    if one.sampletype not in ("i", "f", "d") or one.samprate <= 0:
        why = f"record {count:,} of {key_of(*channel)} holds a log or words, not samples; envelopes are of numbers"
        if not any(refusal.why.partition(" of ")[2] == why.partition(" of ")[2] for refusal in held.refused):
            held.refused.append(Refusal(name, why))
        return
    if one.numsamples > _LONGEST:
        raise Invalid(f"record {count:,} says that it holds {one.numsamples:,} samples", name)
    envelope = held.envelopes.setdefault(channel, Envelope(one.samprate))
    envelope.take(one.starttime, np.asarray(one.np_datasamples, np.float64))
    if sum(len(each.minutes) for each in held.envelopes.values()) > _MOST_MINUTES:
        raise Invalid(f"it holds more than {_MOST_MINUTES:,} minutes; split it by year", name)


FORMAT = Format(
    name="miniseed",
    title="miniSEED",
    media_types=("application/vnd.fdsn.mseed",),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    parts=True,
    names_only=True,
    suffix=".mseed",
)

"""Observations as they were at an instant: which version that is, and what was said of them then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from estran.errors import Conflict, Invalid
from estran.model import instant_us, moment_us
from estran.observations.quality import Judging
from estran.observations.store.registry import datastream_of
from estran.observations.told import KIND_URIS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from estran.model import Datastream
    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream
    from estran.observations.store.sensing import Observed

__all__ = ["Then", "described_then", "version_of"]


def version_of(store: SeriesStore, as_of: str, records: Mapping[int, str]) -> int | None:
    """The version that an instant means for some datastreams, None for now.

    Args:
        store: in which they lie.
        as_of: an instant; "" for now.
        records: number of each datastream -> id of the record of its dataset.

    Raises:
        Invalid: it is no instant, or one that is still to come.
        Conflict: a dataset does not keep its history, or not since so long.
    """
    if not as_of:
        return None
    version, settled = instant_us(as_of, "as_of"), store.settled()
    if version > settled:
        raise Invalid(f"what will be is not known; ask for {moment_us(settled)} or earlier", "as_of")
    since = store.history(list(records))
    for number, record in records.items():
        if number not in since:
            raise Conflict(
                f"the dataset “{record}” does not keep what it said before; “estran observations history {record}” "
                "lets it, from then on"
            )
        if version < since[number]:
            raise Conflict(
                f"the dataset “{record}” keeps what it said before since {moment_us(since[number])}; ask for a later "
                "instant"
            )
    return version


def described_then(
    store: SeriesStore, streams: Sequence[HeldDatastream], version: int
) -> list[HeldDatastream]:
    """Datastreams as they were described at a version."""
    former = {
        record: store.described_then(record, version)
        for record in dict.fromkeys(one.record for one in streams)
    }
    return [
        replace(one, described=datastream_of(former[one.record][one.number].document))
        if one.number in former[one.record]
        else one
        for one in streams
    ]


@dataclass(frozen=True, slots=True)
class Then:
    """What was said of some datastreams at a version.

    Attributes:
        described: those that are described otherwise now, by number, as they were.
    """

    version: int
    judging: Judging
    described: Mapping[int, Datastream]

    @classmethod
    def at(cls, store: SeriesStore, streams: Sequence[HeldDatastream], version: int) -> Then:
        """It, of datastreams as they are described now."""
        before = described_then(store, streams, version)
        pairs = zip(streams, before, strict=True)
        changed = {now.number: then.described for now, then in pairs if now is not then}
        return cls(version, Judging.of(before, store.quality, version), changed)

    def judged(self, rows: pa.Table) -> pa.Table:
        """Rows with their ``quality`` as it was."""
        return self.judging.told(rows)

    def known(self, now: Mapping[int, Observed]) -> dict[int, Observed]:
        """What is needed to tell observations, where it is otherwise now."""
        return {
            number: one
            if (was := self.described.get(number)) is None
            else one._replace(
                kind=KIND_URIS[was.kind], vertical=(was.vertical.name or "vertical") if was.vertical else ""
            )
            for number, one in now.items()
        }

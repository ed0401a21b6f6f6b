"""Versions of one series side by side: in real time, adjusted, in delayed mode, and which of them is best."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from estran.observations.store.columns import array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.store.registry import HeldDatastream

__all__ = ["best", "rank", "versions"]

# What is known of a processing level by its words, the worst first.
_RANKS = tuple(
    re.compile(sign)
    for sign in (
        r"raw|brut|unprocessed|\bl0\b|level 0",
        r"real.?time|temps.r[ée]el|provisional|provisoire|preliminary|\bnrt\b|near.real",
        r"adjusted|corrected|corrig|ajust",
        r"delayed|diff[ée]r[ée]|final|(?<!not )(?<!non )(?<!pre)valid(ated|[ée])|qualified|definitive|d[ée]finiti|reprocessed",
    )
)


def rank(level: str) -> int | None:
    """How far the values of a processing level were worked on, None where its words do not tell."""
    plain = level.lower().replace("_", " ").replace("-", " ")
    found = [n for n, sign in enumerate(_RANKS) if sign.search(plain)]
    return found[-1] if found else None


def versions(streams: Sequence[HeldDatastream]) -> list[list[HeldDatastream]]:
    """Datastreams that are versions of one series, the best of each first; those that stand alone are left out.

    They are of one thing, sensor and property in one dataset, are described alike, and were worked on to
    different, known, levels.
    """
    groups: dict[object, list[HeldDatastream]] = {}
    for one in streams:
        of = one.described
        if rank(of.processing_level) is not None:
            same = (
                one.record, of.thing.key, of.variable.name, of.variable.standard_name, of.variable.unit,
                of.sampling, of.cell_method, of.description, of.sensor.key if of.sensor else "",
            )  # fmt: skip
            groups.setdefault(same, []).append(one)
    found: list[list[HeldDatastream]] = []
    for group in groups.values():
        ranks = [rank(one.described.processing_level) or 0 for one in group]
        if len(group) > 1 and len(set(ranks)) == len(group):
            found.append(
                [one for _, one in sorted(zip(ranks, group, strict=True), key=lambda pair: -pair[0])]
            )
    return found


def best(rows: pa.Table, series: Sequence[Sequence[HeldDatastream]]) -> NDArray[np.bool_]:
    """Which rows are to be read: of each series at each instant those of the best version that has some."""
    datastream, time = array(rows, "datastream"), array(rows, "time")
    found = np.ones(rows.num_rows, bool)
    for group in series:
        better: NDArray[np.int64] = np.empty(0, np.int64)
        for one in group:
            own = datastream == one.number
            found[own] = ~np.isin(time[own], better)
            better = np.union1d(better, time[own])
    return found

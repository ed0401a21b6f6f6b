"""Sorting rows, and picking some of each group, with Arrow and numpy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["Key", "closest", "distinct", "extreme", "first", "ordered", "stepped"]


class Key(NamedTuple):
    """A column to group or sort by; of numbers, `step` of them are one group from multiples of it on."""

    name: str
    step: float = 0.0


def _codes(rows: pa.Table, key: Key) -> Any:
    """A column as numbers that sort as it does, what is missing last."""
    pc: Any = import_module("pyarrow.compute")
    import pyarrow as pa  # noqa: PLC0415

    cells: Any = (
        rows[key.name].combine_chunks() if rows[key.name].num_chunks != 1 else rows[key.name].chunk(0)
    )
    if pa.types.is_string(cells.type):
        cells = cells.dictionary_encode()
    if pa.types.is_dictionary(cells.type):
        words = np.asarray(cells.dictionary.to_pylist(), object)
        order = {word: n for n, word in enumerate(sorted(set(words.tolist())))}
        ranks = np.array([order[word] for word in words.tolist()] + [len(order)], np.int64)
        return ranks[pc.fill_null(cells.indices, len(words)).to_numpy(zero_copy_only=False)]
    if pa.types.is_floating(cells.type):
        found = pc.fill_null(cells, float("nan")).to_numpy(zero_copy_only=False)
        return np.floor(found / key.step) if key.step else found
    found = pc.fill_null(cells, np.iinfo(np.int64).max).to_numpy(zero_copy_only=False)
    return np.floor_divide(found, key.step) if key.step else found


def ordered(rows: pa.Table, keys: Sequence[Key], *, is_down: bool = False) -> pa.Table:
    """Rows in the order of some columns."""
    import pyarrow as pa  # noqa: PLC0415

    codes = [_codes(rows, key) for key in reversed(keys)]
    return rows.take(pa.array(np.lexsort([-one for one in codes] if is_down else codes)))


def _heads(codes: Sequence[Any], order: Any) -> Any:
    """Which of rows in an order begin a group."""
    fresh = np.ones(len(order), bool)
    if len(order):
        fresh[1:] = False
    for one in codes:
        ordered = one[order]
        with np.errstate(invalid="ignore"):
            differ = ordered[1:] != ordered[:-1]
        if ordered.dtype.kind == "f":
            differ &= ~(np.isnan(ordered[1:]) & np.isnan(ordered[:-1]))
        fresh[1:] |= differ
    return fresh


def distinct(rows: pa.Table) -> pa.Table:
    """The different rows, in the order of their columns."""
    import pyarrow as pa  # noqa: PLC0415

    keys = [Key(name) for name in rows.column_names]
    codes = [_codes(rows, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    return rows.take(pa.array(order[_heads(codes, order)]))


def extreme(rows: pa.Table, keys: Sequence[Key], name: str) -> pa.Table:
    """The first and the last row of each group in the order of the last key; groups are of the others."""
    import pyarrow as pa  # noqa: PLC0415

    known = rows.filter(rows[keys[-1].name].is_valid())
    codes = [_codes(known, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    heads = _heads(codes[:-1], order)
    lasts = np.append(heads[1:], True)[: len(order)]
    which = {"orderByMin": heads, "orderByMax": lasts}.get(name, heads | lasts)
    return known.take(pa.array(order[which]))


def first(rows: pa.Table, keys: Sequence[Key], most: int) -> pa.Table:
    """The first rows of each group, as they come."""
    import pyarrow as pa  # noqa: PLC0415

    if not keys:
        return rows.slice(0, most)
    codes = [_codes(rows, key) for key in keys]
    order = np.lexsort(list(reversed(codes)))
    heads = _heads(codes, order)
    begins = np.flatnonzero(heads)[np.cumsum(heads) - 1]
    return rows.take(pa.array(order[np.arange(len(order)) - begins < most]))


def closest(rows: pa.Table, keys: Sequence[Key], step: float) -> pa.Table:
    """Of each group the row that is closest to each multiple of a step."""
    import pyarrow as pa  # noqa: PLC0415

    known = rows.filter(rows[keys[-1].name].is_valid())
    at = _codes(known, keys[-1]).astype(np.float64)
    multiple = np.round(at / step)
    codes = [*(_codes(known, key) for key in keys[:-1]), multiple]
    order = np.lexsort([at, np.abs(at - multiple * step), *reversed(codes)])
    return known.take(pa.array(order[_heads(codes, order)]))


def stepped(rows: pa.Table, key: Key) -> Any:
    """A column to group by: of steps, where each begins."""
    import pyarrow as pa  # noqa: PLC0415

    cells = rows[key.name]
    if pa.types.is_dictionary(cells.type):
        return cells.cast(pa.string())
    if not key.step:
        return cells
    is_none = cells.is_null().to_numpy()
    begins = np.where(is_none, 0, _codes(rows, key) * key.step)
    kind = pa.int64() if pa.types.is_integer(cells.type) else pa.float64()
    return pa.array(begins.astype(np.int64 if kind == pa.int64() else np.float64), mask=is_none)

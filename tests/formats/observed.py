"""What the tests of data formats share: observations of a file by datastream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.formats import Document, Format, Refusal, Rows
from estran.model import Datastream

if TYPE_CHECKING:
    from pathlib import Path

    from estran.formats import Observed


class Held(NamedTuple):
    """What a document holds."""

    streams: dict[str, Datastream]
    rows: dict[str, Rows]
    refused: list[Refusal]

    def told(self, key: str) -> list[tuple[str, float]]:
        """(time, value) pairs of a datastream."""
        rows = self.rows[key]
        assert rows.value is not None
        times = np.datetime_as_string(rows.time.astype("M8[us]"), "s").tolist()
        return list(zip(times, rows.value.tolist(), strict=True))


def held(form: Format, document: Document) -> Held:
    """All of a document; a datastream comes before its rows."""
    found = Held({}, {}, [])
    assert form.observe is not None
    for one in form.observe(document):
        _take(one, found)
    return found


def held_in(form: Format, path: Path) -> Held:
    return held(form, Document(str(path), path=path))


def _take(one: Observed, found: Held) -> None:
    if isinstance(one, Refusal):
        found.refused.append(one)
    elif isinstance(one, Datastream):
        found.streams[one.key] = one
    elif isinstance(one, Rows):
        assert one.datastream in found.streams
        before = found.rows.get(one.datastream)
        found.rows[one.datastream] = one if before is None else _joined(before, one)


def _joined(a: Rows, b: Rows) -> Rows:
    def both(name: str) -> Any:
        x, y = getattr(a, name), getattr(b, name)
        if x is None:
            return None
        return np.concatenate([x, y]) if isinstance(x, np.ndarray) else [*x, *y]

    return Rows(datastream=a.datastream, **{n: both(n) for n in Rows.__slots__ if n != "datastream"})

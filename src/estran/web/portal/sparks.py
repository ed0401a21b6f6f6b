"""Small curves in lists: what a series looks like as a whole, as shapes of a picture and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.web.portal import telling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from estran.observations.outline import Outline, Piece
    from estran.observations.store.registry import HeldDatastream
    from estran.web.portal.i18n import Words

__all__ = ["HEIGHT", "WIDTH", "Spark", "sparks"]

WIDTH, HEIGHT = 128, 32
_EDGE = 3.0


@dataclass(frozen=True, kw_only=True)
class Spark:
    """A small curve.

    Attributes:
        said: what it shows, in words; open: how often it breaks off.
        bands: from the lowest to the highest values; lines: through the means; each a path of SVG.
        dots: what stands alone, as (x, y).
    """

    said: str
    open: str
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]


def sparks(
    streams: Mapping[int, HeldDatastream], outlines: Mapping[int, Outline], w: Words
) -> dict[int, Spark]:
    """Number of a datastream -> its small curve, of those that have numbers."""
    return {
        number: _spark(outline, streams[number].described.variable.unit, w)
        for number, outline in outlines.items()
    }


def _spark(of: Outline, unit: str, w: Words) -> Spark:
    lowest, highest, mean = (telling.result(v, None, unit, w) for v in (of.lowest, of.highest, of.mean))
    long = [piece for piece in of.pieces if len(piece.time) > 1]
    return Spark(
        said=w.text("series.range", lowest=lowest, highest=highest, mean=mean),
        open=w.count("series.open", len(of.pieces) - 1),
        bands=tuple(f"M{_path(of, piece, piece.high)}L{_path(of, piece, piece.low, back=True)}Z" for piece in long),
        lines=tuple(f"M{_path(of, piece, piece.mean)}" for piece in long),
        dots=tuple(next(_points(of, piece, piece.mean)) for piece in of.pieces if len(piece.time) == 1),
    )  # fmt: skip


def _path(of: Outline, piece: Piece, values: NDArray[np.float64], *, back: bool = False) -> str:
    points = [f"{x} {y}" for x, y in _points(of, piece, values)]
    return "L".join(reversed(points) if back else points)


def _points(of: Outline, piece: Piece, values: NDArray[np.float64]) -> Iterator[tuple[str, str]]:
    """Within the frame, less its edge; what never changes lies in the middle."""
    across, rise = max(of.last - of.first, 1), of.highest - of.lowest
    for time, value in zip(piece.time.tolist(), values.tolist(), strict=True):
        up = (value - of.lowest) / rise if rise else 0.5
        x = _EDGE + (time - of.first) / across * (WIDTH - 2 * _EDGE)
        yield f"{x:.1f}", f"{HEIGHT - _EDGE - up * (HEIGHT - 2 * _EDGE):.1f}"

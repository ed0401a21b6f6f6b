"""Parts of space: places on the earth's surface, and values of the third coordinate."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.model import EVER_US, NEVER_US

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Inside", "Levels", "Near", "Place", "Where", "great_circle"]

_KM_A_DEGREE = 111.195
_HALF_TURN = 180


@dataclass(frozen=True, slots=True)
class Levels:
    """Values of the third coordinate: in a range, or one of a list; all where neither is given."""

    low: float = -math.inf
    high: float = math.inf
    listed: tuple[float, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not self.listed and self.low == -math.inf and self.high == math.inf

    def hold(self, at: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which values are meant."""
        if self.listed:
            return np.isclose(at[:, None], np.array(self.listed), rtol=1e-9, atol=1e-9).any(axis=1)
        return (at >= self.low) & (at <= self.high)


class Place(ABC):
    """A part of the earth's surface."""

    @abstractmethod
    def hold(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie in it."""


@dataclass(frozen=True, slots=True)
class Near(Place):
    """What lies around a geometry, so far away and no farther.

    Attributes:
        nearest: whether of what stands still only the nearest is meant, however far away.
    """

    geometry: Any
    within_km: float
    nearest: bool = False

    def distance(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Kilometres from the geometry, on a plane that is true around each point's latitude."""
        import shapely  # noqa: PLC0415 - heavy

        if shapely.get_num_coordinates(self.geometry) == shapely.get_num_geometries(self.geometry):
            coordinates = shapely.get_coordinates(self.geometry)
            return np.min([great_circle(x, y, px, py) for px, py in coordinates], axis=0)
        found = np.full(len(x), np.inf)
        # One plane a degree of latitude: between, cosines hardly differ.
        for band in np.unique(np.round(y[~np.isnan(y)])):
            mine = np.flatnonzero(np.round(y) == band)
            scale = float(np.cos(np.radians(np.clip(band, -89.9, 89.9))))
            flat = shapely.transform(self.geometry, lambda c, s=scale: c * [s, 1.0])
            points = shapely.points(x[mine] * scale, y[mine])
            found[mine] = shapely.distance(points, flat) * _KM_A_DEGREE
        return found

    def hold(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie near."""
        with np.errstate(invalid="ignore"):
            return self.distance(x, y) <= self.within_km


@dataclass(frozen=True, slots=True)
class Inside(Place):
    """What lies inside of polygons, or on their edges."""

    geometry: Any

    def hold(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points lie inside."""
        import shapely  # noqa: PLC0415 - heavy

        shapely.prepare(self.geometry)
        west, _, east, _ = shapely.bounds(self.geometry)
        found = shapely.intersects_xy(self.geometry, x, y)
        # Some count on beyond the antimeridian.
        if east > _HALF_TURN:
            found |= shapely.intersects_xy(self.geometry, x + 2 * _HALF_TURN, y)
        if west < -_HALF_TURN:
            found |= shapely.intersects_xy(self.geometry, x - 2 * _HALF_TURN, y)
        return found


def great_circle(x: NDArray[np.float64], y: NDArray[np.float64], px: float, py: float) -> NDArray[np.float64]:
    """Kilometres from points to another."""
    a, b = np.radians(y), np.radians(py)
    half = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(x - px) / 2) ** 2
    return 2 * 6371.0088 * np.arcsin(np.sqrt(np.clip(half, 0, 1)))


@dataclass(frozen=True, slots=True)
class Where:
    """A place with what its coordinates say of the third and of time."""

    place: Place | None = None
    levels: Levels = field(default_factory=Levels)
    span: tuple[int, int] = (EVER_US, NEVER_US)

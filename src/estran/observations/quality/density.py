"""Potential density by TEOS-10, of temperature and salinity that two datastreams of one thing have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.observations.store.columns import array
from estran.observations.units import converter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.model import Variable
    from estran.observations.store.registry import HeldDatastream

__all__ = ["WATER", "is_of_water", "partner_of", "profile_density"]

_TEMPERATURE, _SALINITY = "sea_water_temperature", ("sea_water_practical_salinity", "sea_water_salinity")
WATER = (_TEMPERATURE, *_SALINITY)
"""The standard names of which a density is made."""
_PRESSURE = ("sea_water_pressure", "sea_water_pressure_due_to_sea_water")
_DEPTH = ("depth",)


def is_of_water(one: HeldDatastream) -> bool:
    """Whether it is a temperature or salinity with depth or pressure, of which a density can be made."""
    vertical = one.described.vertical
    return one.described.variable.standard_name in WATER and vertical is not None and _kind(vertical) != ""


def partner_of(one: HeldDatastream, others: Sequence[HeldDatastream]) -> HeldDatastream | None:
    """The salinity that belongs to a temperature, or the other way round; the first where there are several.

    It is of the same thing and dataset, and its name differs from the other's in the name of the variable only,
    if there is one such.
    """
    is_warm = one.described.variable.standard_name == _TEMPERATURE
    wanted = _SALINITY if is_warm else (_TEMPERATURE,)
    found = [
        other
        for other in others
        if other.record == one.record
        and other.described.thing.key == one.described.thing.key
        and other.described.variable.standard_name in wanted
        and is_of_water(other)
    ]
    return min(found, key=lambda other: (_apart(one, other), other.number), default=None)


def _apart(one: HeldDatastream, other: HeldDatastream) -> bool:
    """Whether two were made differently: adjusted values go with adjusted ones."""
    level = one.described.processing_level == other.described.processing_level
    return not level or _suffix(one) != _suffix(other)


def _suffix(one: HeldDatastream) -> str:
    return one.described.variable.name.lower().partition("_")[2]


def profile_density(
    rows: pa.Table, others: pa.Table, one: HeldDatastream, other: HeldDatastream
) -> NDArray[np.float64]:
    """Potential density of each row, in kg m-3; NaN where its partner has no value at its time and vertical.

    Only differences between levels that lie beside each other mean something: they are of potential densities that
    are referred to the pressure between both, as Argo's test of density inversions wants it, and summed up.

    Args:
        rows: of a temperature or salinity, in the order of time and vertical.
        others: of its partner, likewise.
        one: the datastream of the rows.
        other: that of the partner.
    """
    theirs = np.full(rows.num_rows, np.nan)
    mine, there = _met(rows, others)
    theirs[mine] = _brought(array(others, "value")[there], other.described.variable)
    own = _brought(array(rows, "value"), one.described.variable)
    is_warm = one.described.variable.standard_name == _TEMPERATURE
    temperature, salinity = (own, theirs) if is_warm else (theirs, own)
    found = np.full(rows.num_rows, np.nan)
    known = np.flatnonzero(np.isfinite(temperature) & np.isfinite(salinity))
    if len(known):
        where = _placed(rows, one, known)
        found[known] = _summed(temperature[known], salinity[known], array(rows, "time")[known], where, one)
    return found


def _summed(
    temperature: NDArray[np.float64],
    salinity: NDArray[np.float64],
    time: NDArray[np.int64],
    where: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    one: HeldDatastream,
) -> NDArray[np.float64]:
    import gsw  # noqa: PLC0415 - heavy

    longitude, latitude, vertical = where
    told: Any = one.described.vertical
    if _kind(told) == "depth":
        convert = converter(told.unit or "m", "m")
        depth = vertical if convert is None else convert(vertical)
        pressure = gsw.p_from_z(-depth, np.where(np.isfinite(latitude), latitude, 45.0))
    else:
        convert = converter(told.unit or "dbar", "dbar")
        pressure = vertical if convert is None else convert(vertical)
    absolute = gsw.SA_from_SP(salinity, pressure, longitude, latitude)
    # Where the place is not known, salinity is that of sea water of the reference composition.
    absolute = np.where(np.isfinite(absolute), absolute, gsw.SR_from_SP(salinity))
    conservative = gsw.CT_from_t(absolute, temperature, pressure)
    between = (pressure[1:] + pressure[:-1]) / 2
    above = gsw.rho(absolute[:-1], conservative[:-1], between)
    below = gsw.rho(absolute[1:], conservative[1:], between)
    steps = np.where(time[1:] == time[:-1], below - above, 0.0)
    return 1000.0 + np.append(0.0, np.cumsum(np.nan_to_num(steps)))


def _met(one: pa.Table, other: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of two datastreams that are of one time and vertical; each has such a pair once."""
    kinds = [("time", np.int64), ("vertical", np.float64)]
    keys: list[NDArray[Any]] = []
    for rows in (one, other):
        key = np.empty(rows.num_rows, kinds)
        for name, _ in kinds:
            key[name] = array(rows, name)
        keys.append(key)
    _, mine, theirs = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    return mine, theirs


def _placed(
    rows: pa.Table, one: HeldDatastream, known: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    thing, places = one.described.thing, list[Any]()
    for name in ("longitude", "latitude"):
        own, fixed = array(rows, name)[known], getattr(thing, name)
        places.append(np.where(np.isfinite(own), own, np.nan if fixed is None else fixed))
    return places[0], places[1], array(rows, "vertical")[known]


def _brought(value: NDArray[np.float64], variable: Variable) -> NDArray[np.float64]:
    """Temperatures in degrees Celsius; practical salinity has no unit whatever is written."""
    if variable.standard_name != _TEMPERATURE or not variable.unit:
        return value
    try:
        convert = converter(variable.unit, "degree_C")
    except Invalid:
        return np.full(len(value), np.nan)
    return value if convert is None else convert(value)


def _kind(vertical: Variable) -> str:
    name = vertical.standard_name
    if name in _PRESSURE or (not name and vertical.name.upper().startswith("PRES")):
        return "pressure"
    return "depth" if name in _DEPTH or (not name and vertical.name.upper().startswith("DEPH")) else ""

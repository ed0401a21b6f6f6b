"""The feature type of a file of discrete samples, as CF names it: told by its attributes, or by how it is laid out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.formats._netcdf.extent import SINCE, is_latitude, is_longitude, is_time
from estran.formats._netcdf.values import attributes, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    import netCDF4

__all__ = ["is_since", "sampling", "untold"]

_SAMPLINGS = {
    name.lower(): name
    for name in ("point", "timeSeries", "profile", "trajectory", "timeSeriesProfile", "trajectoryProfile")
} | {
    "station": "timeSeries",
    "mooring": "timeSeries",
    "verticalprofile": "profile",
    "stationprofile": "timeSeriesProfile",
}


def sampling(given: Mapping[str, Any]) -> str:
    """The feature type that the attributes of a file name, "" for none that CF knows."""
    told = (re.sub(r"[^a-z]", "", words(given.get(key)).lower()) for key in ("featuretype", "cdm_data_type"))
    return next((_SAMPLINGS[one] for one in told if one in _SAMPLINGS), "")


def untold(dataset: netCDF4.Dataset) -> str:
    """The feature type of a file that tells none, where all lies at one place or on one way; "" of grids."""
    told = {key: attributes(variable) for key, variable in dataset.variables.items()}
    times = [dataset.variables[key] for key, about in told.items() if is_time(about) or is_since(about)]
    y = [dataset.variables[key] for key, about in told.items() if is_latitude(key, about)]
    x = [dataset.variables[key] for key, about in told.items() if is_longitude(key, about)]
    if len(times) != 1 or len(x) != 1 or len(y) != 1 or times[0].ndim > 1:
        return ""
    if x[0].size == y[0].size == 1:
        is_deep = any(words(about.get("axis")).upper() == "Z" for about in told.values())
        return "timeSeries" if times[0].size > 1 and not is_deep else "profile" if times[0].size == 1 else ""
    return "trajectory" if x[0].dimensions == y[0].dimensions == times[0].dimensions else ""


def is_since(about: Mapping[str, Any]) -> bool:
    """Whether a variable counts the time from an instant."""
    return bool(SINCE.match(words(about.get("units"))))

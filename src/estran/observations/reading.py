"""Observations as xarray: a contiguous ragged array of CF chapter 9, whatever was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from estran.model import moment, moment_us, now
from estran.observations.quality import in_scheme, of_producer
from estran.observations.quality.schemes import QARTOD
from estran.observations.store.columns import array
from estran.observations.units import converter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    import xarray as xr
    from numpy.typing import NDArray

    from estran.model import Variable
    from estran.observations.quality import Scheme
    from estran.observations.store.registry import HeldDatastream

__all__ = ["SHOWN", "dataset"]

SHOWN = ("datastream", "time", "vertical", "value", "words", "longitude", "latitude", "flag", "tested")
"""The columns that are needed of rows, and ``quality``, which is made of them."""
_CONVENTIONS = "CF-1.11, ACDD-1.3"


def dataset(
    streams: Sequence[HeldDatastream], rows: pa.Table, scheme: Scheme = QARTOD, made_at: int | None = None
) -> xr.Dataset:
    """Rows of datastreams of one property, with the attributes that CF asks for.

    Along ``obs`` lie the values, their quality as flags of a scheme (the variable whose name ends with ``_qc``), their
    times and, where they have any, verticals, places and the producers' own flags; along ``datastream`` what they
    are of. ``row_size`` says how many each has, in this order; the coordinate
    ``datastream_index`` says the same for each value.

    Raises:
        Invalid: the datastreams are in units that cannot be brought to one.
    """
    import xarray as xr  # noqa: PLC0415 - heavy

    variable = streams[0].described.variable
    name = variable.standard_name or variable.name or "value"
    numbers = np.array([one.number for one in streams])
    datastream = array(rows, "datastream")
    index = np.searchsorted(numbers, datastream)
    values, brought = _of_one_unit(streams, rows, index)
    data: dict[str, Any] = {
        name: ("obs", values, _attributes(variable)),
        "row_size": (
            "datastream",
            np.bincount(index, minlength=len(streams)),
            {"long_name": "number of observations of each datastream", "sample_dimension": "obs"},
        ),
    }
    if rows["words"].null_count < rows.num_rows:
        data[f"{name}_text"] = ("obs", np.array(rows["words"].to_pylist(), object))
    if rows["flag"].null_count < rows.num_rows:
        flags = [flag or "" for flag in rows["flag"].to_pylist()]
        told = {"long_name": f"flag of {name} as the producer gave it", "standard_name": "quality_flag"}
        data[f"{name}_flag"] = ("obs", np.array(flags), told)
    data[f"{name}_qc"] = ("obs", *_quality(streams, rows, scheme, name))
    flagging = [one for one in (f"{name}_qc", f"{name}_flag") if one in data]
    data[name][2]["ancillary_variables"] = " ".join(flagging)
    found = xr.Dataset(data, _coordinates(streams, rows, index))
    at = moment(now()) if made_at is None else moment_us(made_at)
    found.attrs = {
        "Conventions": _CONVENTIONS,
        "title": f"{str(variable.label) or name} of {len(streams)} datastreams",
        "featureType": _feature(streams, found),
        "history": "; ".join(
            [
                f"{at} read from {len({one.record for one in streams})} datasets by Estran",
                *brought,
            ]
        ),
    }
    return found


def _quality(
    streams: Sequence[HeldDatastream], rows: pa.Table, scheme: Scheme, name: str
) -> tuple[NDArray[np.integer[Any]], dict[str, Any]]:
    """How good each value is in the words of a scheme, and what CF asks to say of it."""
    schemes = {one.number: of_producer(one.described) for one in streams}
    codes = [flag.code for flag in scheme.flags]
    kind = np.int8 if min(codes) >= -128 and max(codes) < 128 else np.int16  # noqa: PLR2004 - what a byte holds
    told = {
        "long_name": f"quality of {name}: a verdict, else the worst of tests and producer's flag",
        "standard_name": "aggregate_quality_flag",
        "conventions": scheme.title,
        "references": scheme.reference,
        "flag_values": np.array(codes, kind),
        "flag_meanings": " ".join(flag.words for flag in scheme.flags),
        "comment": "; ".join(
            loss.why for one in dict.fromkeys(schemes.values()) for loss in one.losses(scheme)
        ),
    }
    return in_scheme(rows, schemes, scheme).astype(kind), {
        key: said for key, said in told.items() if len(said)
    }


def _feature(streams: Sequence[HeldDatastream], found: xr.Dataset) -> str:
    """The CF feature type of the ragged array: of what moves a trajectory, with verticals that differ too."""
    if found["longitude"].dims == ("obs",):
        return "trajectory"
    return "timeSeries" if all(one.described.sampling == "timeSeries" for one in streams) else "point"


def _of_one_unit(
    streams: Sequence[HeldDatastream], rows: pa.Table, index: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[str]]:
    """The values in the unit of the first datastream, and which others were brought to it."""
    values, wanted = array(rows, "value"), streams[0].described.variable.unit
    brought: list[str] = []
    for unit in dict.fromkeys(one.described.variable.unit for one in streams):
        if (convert := converter(unit, wanted)) is None:
            continue
        own = np.isin(index, [n for n, one in enumerate(streams) if one.described.variable.unit == unit])
        values = values.copy()
        values[own] = convert(values[own])
        brought.append(f"values in {unit} brought to {wanted}")
    return values, brought


def _coordinates(
    streams: Sequence[HeldDatastream], rows: pa.Table, index: np.ndarray[Any, Any]
) -> dict[str, Any]:
    things = [one.described.thing for one in streams]
    moves = rows["longitude"].null_count < rows.num_rows
    role = "trajectory_id" if moves else "timeseries_id"
    time = array(rows, "time").astype("datetime64[us]").astype("datetime64[ns]")
    made: dict[str, Any] = {
        "time": (
            "obs",
            time,
            {
                "standard_name": "time",
                "long_name": "time",
                "axis": "T",
                "units_metadata": "leap_seconds: utc",
            },
        ),
        "datastream_index": ("obs", index, {"long_name": "which datastream an observation is of"}),
        "datastream": (
            "datastream",
            np.array([one.number for one in streams]),
            {"long_name": "number of the datastream on its node"},
        ),
        "datastream_key": (
            "datastream",
            np.array([one.described.key for one in streams]),
            {"cf_role": role, "long_name": "name of the datastream within its dataset"},
        ),
        "processing_level": (
            "datastream",
            np.array([one.described.processing_level for one in streams]),
            {"long_name": "how far the values were worked on"},
        ),
        "dataset": (
            "datastream",
            np.array([one.record for one in streams]),
            {"long_name": "record of its dataset"},
        ),
    }
    vertical = next((one.described.vertical for one in streams if one.described.vertical), None)
    if vertical is not None:
        made["vertical"] = ("obs", array(rows, "vertical"), {**_attributes(vertical), "axis": "Z"})
    for name, axis in (("longitude", "X"), ("latitude", "Y")):
        told = {"standard_name": name, "units": f"degrees_{'east' if axis == 'X' else 'north'}"}
        fixed = np.array([np.nan if (at := getattr(thing, name)) is None else at for thing in things])
        if moves:
            own = array(rows, name)
            made[name] = ("obs", np.where(np.isnan(own), fixed[index], own), {**told, "axis": axis})
        else:
            made[name] = ("datastream", fixed, told)
    return made


def _attributes(variable: Variable) -> dict[str, Any]:
    told = {
        "long_name": str(variable.label) or variable.name,
        "standard_name": variable.standard_name,
        "units": variable.unit,
        # Of a temperature the scale is meant, not a difference.
        "units_metadata": "temperature: on_scale" if "temperature" in variable.standard_name else "",
    }
    return {name: value for name, value in told.items() if value}

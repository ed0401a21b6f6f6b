"""Profiles and trajectories of an Argo file as datastreams: the versions of one series side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from estran.errors import Invalid
from estran.formats import Rows
from estran.formats._argo.floats import ADJUSTED, DELAYED, REAL_TIME
from estran.formats._netcdf.values import attributes, is_numeric, numbers, strings, words
from estran.model import Datastream, Text, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import netCDF4
    from numpy.typing import NDArray

    from estran.formats import Observed
    from estran.formats._argo.floats import Float

__all__ = ["profiles", "trajectory"]

_FLAGS = "Argo reference table 2"
_EPOCH_DAYS = 7305  # of 1970 since 1950
_DAY_US = 86_400_000_000
_MOST_VALUES = 50_000_000
# What counts or places the values of others.
_NO_VALUES = frozenset({"PRES", "MTIME", "NB_SAMPLE_CTD", ""})


class _Part(NamedTuple):
    """One version of one parameter, laid flat."""

    value: NDArray[np.float64]
    vertical: NDArray[np.float64] | None
    flag: NDArray[Any] | None
    chosen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Axes:
    """When and where each row of the arrays was made."""

    time: NDArray[np.float64]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]


def profiles(dataset: netCDF4.Dataset, of: Float, name: str, *, synthetic: bool) -> Iterator[Observed]:
    """The datastreams of profiles: of each parameter, sampling scheme and version one.

    Args:
        dataset: opened.
        of: the float.
        name: of the file, for messages.
        synthetic: whether its levels were put together of several sensors.
    """
    axes = _Axes(*(_held(dataset, key) for key in ("JULD", "LONGITUDE", "LATITUDE")))
    count = len(axes.time)
    listed = _table(dataset, "STATION_PARAMETERS", count)
    schemes = _schemes(dataset, count, synthetic=synthetic)
    modes = _modes(dataset, listed, count)
    for parameter in dict.fromkeys(word for row in listed for word in row if word not in _NO_VALUES):
        if not _is_profile(dataset, parameter):
            continue
        if dataset.variables[parameter].size > _MOST_VALUES:
            raise Invalid(
                f"“{parameter}” holds more than {_MOST_VALUES:,} values; split the file by cycles", name
            )
        for scheme in dict.fromkeys(schemes):
            own = np.array([one == scheme for one in schemes])
            mode = np.array([modes[n].get(parameter, "R") for n in range(count)])
            for version, suffix, chosen in (
                (REAL_TIME, "", own),
                (ADJUSTED, "_ADJUSTED", own & (mode == "A")),
                (DELAYED, "_ADJUSTED", own & (mode == "D")),
            ):
                part = _profile_part(dataset, parameter, suffix, chosen)
                if part is not None:
                    stream = _stream(
                        dataset, of, parameter, version, scheme=scheme, sampling="trajectoryProfile"
                    )
                    yield from _rows(stream, part, axes, spread=True)


def trajectory(dataset: netCDF4.Dataset, of: Float, *, delayed: bool) -> Iterator[Observed]:
    """The datastreams of a trajectory: what was measured on the way, and the fixes with their codes."""
    axes = _Axes(*(_held(dataset, key) for key in ("JULD", "LONGITUDE", "LATITUDE")))
    everything = np.ones(len(axes.time), bool)
    later = axes
    if "JULD_ADJUSTED" in dataset.variables:
        moved = _held(dataset, "JULD_ADJUSTED")
        # What was not placed in time again keeps its time.
        later = replace(axes, time=np.where(np.isfinite(moved), moved, axes.time))
    version = DELAYED if delayed else ADJUSTED
    listed = [word for word in _table(dataset, "TRAJECTORY_PARAMETERS", 1)[0] if word not in _NO_VALUES]
    for parameter in dict.fromkeys(listed):
        for level, suffix, on in ((REAL_TIME, "", axes), (version, "_ADJUSTED", later)):
            part = _flat_part(dataset, parameter, suffix, everything)
            if part is not None:
                yield from _rows(
                    _stream(dataset, of, parameter, level, scheme="trajectory", sampling="trajectory"),
                    part,
                    on,
                    spread=False,
                )
    if "MEASUREMENT_CODE" in dataset.variables:
        fixed = np.isfinite(axes.longitude) & np.isfinite(axes.latitude)
        flag = strings(dataset.variables["POSITION_QC"]) if "POSITION_QC" in dataset.variables else None
        part = _Part(_held(dataset, "MEASUREMENT_CODE"), None, flag, fixed)
        stream = _stream(
            dataset,
            of,
            "MEASUREMENT_CODE",
            DELAYED if delayed else REAL_TIME,
            scheme="trajectory",
            sampling="trajectory",
        )
        code = replace(stream.variable, label=Text.of("Event of a fix, as in Argo reference table 15"))
        yield from _rows(
            replace(stream, kind="category", vertical=None, variable=code), part, axes, spread=False
        )


def _held(dataset: netCDF4.Dataset, key: str) -> NDArray[np.float64]:
    variable: Any = dataset.variables[key]
    return np.atleast_1d(numbers(variable, attributes(variable)))


def _table(dataset: netCDF4.Dataset, key: str, count: int) -> list[list[str]]:
    """Words of each profile."""
    if key not in dataset.variables:
        return [[] for _ in range(count)]
    found = np.atleast_2d(strings(dataset.variables[key]))
    return [row.tolist() for row in found]


def _schemes(dataset: netCDF4.Dataset, count: int, *, synthetic: bool) -> list[str]:
    """How the levels of each profile were sampled, "" for the primary way."""
    if synthetic:
        return ["synthetic"] * count
    if "VERTICAL_SAMPLING_SCHEME" not in dataset.variables:
        return [""] * count
    told = np.atleast_1d(strings(dataset.variables["VERTICAL_SAMPLING_SCHEME"])).tolist()
    plain = [str(one).partition(":")[0].strip().lower() for one in told]
    return ["" if one.startswith("primary") else one.partition(",")[0] for one in plain]


def _modes(dataset: netCDF4.Dataset, listed: list[list[str]], count: int) -> list[dict[str, str]]:
    """Of each profile the mode of its parameters: R, A or D."""
    if "PARAMETER_DATA_MODE" in dataset.variables:
        modes = np.atleast_2d(_letters(dataset, "PARAMETER_DATA_MODE"))
        return [dict(zip(row, mode.tolist(), strict=False)) for row, mode in zip(listed, modes, strict=False)]
    whole = _letters(dataset, "DATA_MODE") if "DATA_MODE" in dataset.variables else np.full(count, "R")
    return [dict.fromkeys(row, str(mode)) for row, mode in zip(listed, whole, strict=False)]


def _letters(dataset: netCDF4.Dataset, key: str) -> NDArray[Any]:
    variable: Any = dataset.variables[key]
    variable.set_auto_maskandscale(False)
    variable.set_auto_chartostring(False)
    return np.char.strip(np.char.decode(np.asarray(variable[...]), "latin-1"))


def _is_profile(dataset: netCDF4.Dataset, parameter: str) -> bool:
    variable: Any = dataset.variables.get(parameter)
    return variable is not None and is_numeric(variable) and variable.dimensions == ("N_PROF", "N_LEVELS")


def _profile_part(
    dataset: netCDF4.Dataset, parameter: str, suffix: str, chosen: NDArray[np.bool_]
) -> _Part | None:
    key, level = f"{parameter}{suffix}", f"PRES{suffix}"
    level = level if level in dataset.variables else "PRES"
    if not chosen.any() or key not in dataset.variables or level not in dataset.variables:
        return None
    flag = _letters(dataset, f"{key}_QC") if f"{key}_QC" in dataset.variables else None
    wide = np.broadcast_to(chosen[:, None], dataset.variables[key].shape)
    return _Part(
        _held(dataset, key).ravel(), _held(dataset, level).ravel(),
        None if flag is None else flag.ravel(), wide.ravel(),
    )  # fmt: skip


def _flat_part(
    dataset: netCDF4.Dataset, parameter: str, suffix: str, chosen: NDArray[np.bool_]
) -> _Part | None:
    key, level = f"{parameter}{suffix}", f"PRES{suffix}"
    variable: Any = dataset.variables.get(key)
    if variable is None or not is_numeric(variable) or variable.shape != chosen.shape:
        return None
    flag = _letters(dataset, f"{key}_QC") if f"{key}_QC" in dataset.variables else None
    vertical = _held(dataset, level) if level in dataset.variables else None
    return _Part(_held(dataset, key), vertical, flag, chosen)


def _stream(
    dataset: netCDF4.Dataset, of: Float, parameter: str, version: str, *, scheme: str, sampling: str
) -> Datastream:
    about = attributes(dataset.variables[parameter])
    said = "/".join(filter(None, (scheme, "" if version == REAL_TIME else version)))
    pressure = dataset.variables.get("PRES")
    return Datastream(
        key=f"{of.wmo}/{parameter}" + (f" ({said})" if said else ""),
        thing=of.thing(),
        variable=_variable(parameter, about),
        sensor=of.sensors.get(parameter),
        description=Text.of(f"Sampled by the scheme “{scheme}”" if scheme else ""),
        sampling=sampling,
        processing_level=version,
        vertical=_variable("PRES", attributes(pressure)) if pressure is not None else None,
        flags=_FLAGS,
    )


def _variable(name: str, about: dict[str, Any]) -> Variable:
    return Variable(
        name=name,
        label=Text.of(words(about.get("long_name"))),
        standard_name=words(about.get("standard_name")).strip(" -"),
        unit=words(about.get("units")),
    )


def _rows(stream: Datastream, part: _Part, axes: _Axes, *, spread: bool) -> Iterator[Observed]:
    """The datastream and its rows, none where no value has a time."""
    value = part.value
    wide = len(value) // max(len(axes.time), 1) if spread else 1
    time, x, y = (np.repeat(one, wide) for one in (axes.time, axes.longitude, axes.latitude))
    keep = part.chosen & np.isfinite(value) & np.isfinite(time) & (np.abs(time) < 1e6)  # noqa: PLR2004 - days
    level = part.vertical
    if level is not None and spread:
        keep &= np.isfinite(level)
    if not keep.any():
        return
    yield stream
    yield Rows(
        datastream=stream.key,
        time=np.round((time[keep] - _EPOCH_DAYS) * _DAY_US).astype(np.int64),
        value=value[keep],
        vertical=None if level is None else np.where(np.isfinite(level), level, 0.0)[keep],
        longitude=x[keep], latitude=y[keep],
        flag=None if part.flag is None else [str(one) or None for one in part.flag[keep]],
    )  # fmt: skip

"""Observations in NetCDF: the discrete sampling geometries of CF chapter 9, in every layout, and Argo's files.

A value belongs to the time, place and vertical whose variables can be spread over its dimensions: one by one, as a
part of an orthogonal or incomplete array, or through the counts or indexes of a ragged one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.formats import Refusal, Rows
from estran.formats._netcdf.extent import is_latitude, is_longitude, is_time
from estran.formats._netcdf.features import is_since, sampling, untold
from estran.formats._netcdf.flagging import as_words, meanings_of, scheme_of
from estran.formats._netcdf.values import attributes, is_numeric, numbers, strings, words
from estran.model import Datastream, Text, Thing, Variable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import netCDF4
    from numpy.typing import NDArray

    from estran.formats import Observed
    from estran.model import FlagMeaning


__all__ = ["observed"]

_CALENDARS = ("", "standard", "gregorian", "proleptic_gregorian")
_US = {"microsecond": 1, "millisecond": 1000, "msec": 1000, "second": 1_000_000, "sec": 1_000_000, "s": 1_000_000,
       "minute": 60_000_000, "min": 60_000_000, "hour": 3_600_000_000, "hr": 3_600_000_000, "h": 3_600_000_000,
       "day": 86_400_000_000, "d": 86_400_000_000}  # fmt: skip
_VERTICALS = frozenset(
    {"depth", "altitude", "height", "sea_water_pressure", "air_pressure", "height_above_mean_sea_level",
     "height_above_reference_ellipsoid"}
)  # fmt: skip
_ROLES = ("timeseries_id", "trajectory_id")
_PLATFORMS = ("platform_number", "platform_code", "station_id", "station_name")
_FLAG = re.compile(r"(^|_)(qc|flag|quality)(_|$)", re.IGNORECASE)
_MOST_VALUES = 50_000_000
_POLE, _HALF_TURN = 90.0, 180.0
_MODIFIERS = (" status_flag", " standard_error", " number_of_observations", " detection_minimum")
_POINTERS = ("bounds", "climatology", "grid_mapping")


def observed(dataset: netCDF4.Dataset, name: str) -> Iterator[Observed]:
    """The datastreams of a file and their values; nothing if it is not of discrete samples.

    Raises:
        Invalid: it says that it is, but there is no time in it that could be read.
    """
    given = attributes(dataset)
    kind = sampling(given) or untold(dataset)
    if kind:
        file = _File.of(dataset, given, kind, name)
        for variable in file.measured:
            yield from file.series(variable)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of discrete samples, its variables by what they are for."""

    kind: str
    name: str
    given: dict[str, Any]
    held: dict[str, netCDF4.Variable[Any]]
    told: dict[str, dict[str, Any]]
    # Of a dimension along which samples lie: the dimension of what they belong to, and the index of each in it.
    parents: dict[str, tuple[str, NDArray[np.int64]]]
    measured: tuple[str, ...]

    @classmethod
    def of(cls, dataset: netCDF4.Dataset, given: dict[str, Any], kind: str, name: str) -> _File:
        held = dict(dataset.variables)
        told = {key: attributes(variable) for key, variable in held.items()}
        parents: dict[str, tuple[str, NDArray[np.int64]]] = {}
        for key, about in told.items():
            dims = held[key].dimensions
            if (samples := words(about.get("sample_dimension"))) and len(dims) == 1:
                counts = np.nan_to_num(numbers(held[key], about)).astype(np.int64)
                parents[samples] = (dims[0], np.repeat(np.arange(len(counts)), counts))
            elif (instances := words(about.get("instance_dimension"))) and len(dims) == 1:
                parents[dims[0]] = (instances, np.nan_to_num(numbers(held[key], about)).astype(np.int64))
        file = cls(kind, name, given, held, told, parents, ())
        measured = tuple(key for key in held if file._is_measured(key))
        return cls(kind, name, given, held, told, parents, measured)

    def _is_measured(self, key: str) -> bool:
        about, variable = self.told[key], self.held[key]
        pointed = {words(other.get(pointer)) for other in self.told.values() for pointer in _POINTERS}
        return (
            is_numeric(variable)
            and bool(variable.dimensions)
            and not (is_latitude(key, about) or is_longitude(key, about) or self._is_time(key))
            and not self._is_vertical(key)
            and key not in pointed
            and not {"cf_role", "sample_dimension", "instance_dimension", "flag_values", "flag_masks"}
            & about.keys()
            and not _FLAG.search(key)
            and not key.upper().endswith("_ERROR")
            and not words(about.get("standard_name")).endswith(_MODIFIERS)
            and (bool(about.get("units")) or bool(about.get("standard_name")))
            and self._found("time", key) is not None
            and self._is_placed(key)
        )

    def _is_placed(self, key: str) -> bool:
        """Whether coordinates tell the values along every dimension apart."""
        told: set[str] = set()
        for what in ("time", "vertical", "longitude", "latitude"):
            found = self._found(what, key)
            told.update(self.held[found].dimensions if found else ())
        variable = self.held[key]
        return all(
            d in told or d in self.parents or size == 1
            for d, size in zip(variable.dimensions, variable.shape, strict=True)
        )

    def _is_time(self, key: str) -> bool:
        return is_time(self.told[key]) or is_since(self.told[key])

    def _is_vertical(self, key: str) -> bool:
        about = self.told[key]
        if words(about.get("axis")).upper() == "Z":
            return True
        return words(about.get("standard_name")) in _VERTICALS and not self.kind.endswith("ies")

    def _found(self, what: str, key: str) -> str | None:
        """The variable that says when, where or how deep the values of another are, the likeliest first."""
        test = {
            "time": self._is_time,
            "longitude": lambda k: is_longitude(k, self.told[k]),
            "latitude": lambda k: is_latitude(k, self.told[k]),
            "vertical": self._is_vertical,
        }[what]
        axis = {"time": "T", "longitude": "X", "latitude": "Y", "vertical": "Z"}[what]
        named = words(self.told[key].get("coordinates")).replace(",", " ").split()
        dims = self.held[key].dimensions

        def rank(k: str) -> tuple[bool, ...]:
            # What Argo adjusted belongs to the pressure that was adjusted.
            adjusted = k.endswith("_ADJUSTED") != key.endswith("_ADJUSTED")
            return (k not in named, words(self.told[k].get("axis")).upper() != axis, adjusted, k not in dims)

        fitting = [
            k for k in self.held if k != key and is_numeric(self.held[k]) and test(k) and self._fits(k, key)
        ]
        return min(fitting, key=rank, default=None)

    def _fits(self, key: str, other: str) -> bool:
        target, variable = self.held[other].dimensions, self.held[key]
        return all(
            size == 1 or d in target or any(self._index(s, d) is not None for s in target)
            for d, size in zip(variable.dimensions, variable.shape, strict=True)
        )

    def _index(self, samples: str, dimension: str) -> NDArray[np.int64] | None:
        """Of each sample the index along a dimension that it belongs to, however many steps away."""
        if (beside := self._beside(samples, dimension)) is not None:
            return beside
        index: NDArray[np.int64] | None = None
        seen: set[str] = set()
        while samples in self.parents and samples not in seen:
            seen.add(samples)
            samples, own = self.parents[samples]
            index = own if index is None else own[index]
            if samples == dimension:
                return index
        return None

    def _beside(self, samples: str, dimension: str) -> NDArray[np.int64] | None:
        """The same where both are samples of the same things, and each thing has as many of both, or none."""
        if samples == dimension or samples not in self.parents or dimension not in self.parents:
            return None
        (parent, own), (other_parent, other) = self.parents[samples], self.parents[dimension]
        if parent != other_parent or not len(own):
            return None
        most = int(max(own.max(), other.max(initial=0))) + 1
        counts, others = np.bincount(own, minlength=most), np.bincount(other, minlength=most)
        in_order = bool((np.diff(own) >= 0).all() and (np.diff(other) >= 0).all())
        if not in_order or not bool(((counts == others) | (counts == 0)).all()):
            return None
        first_own, first_other = (np.append(0, np.cumsum(n))[:-1] for n in (counts, others))
        return first_other[own] + np.arange(len(own)) - first_own[own]

    def _spread(self, values: NDArray[Any], dims: Sequence[str], key: str) -> NDArray[Any]:
        """Values of a coordinate over the dimensions of a variable, as one list."""
        target, shape = self.held[key].dimensions, self.held[key].shape
        alone = tuple(n for n, d in enumerate(dims) if values.shape[n] == 1 and d not in target)
        values, dims = values.squeeze(alone), [d for n, d in enumerate(dims) if n not in alone]
        placed = list(dims)
        for axis, dimension in enumerate(dims):
            if dimension not in target:
                samples, index = next(
                    (s, index) for s in target if (index := self._index(s, dimension)) is not None
                )
                values = np.take(values, index, axis=axis)
                placed[axis] = samples
        order = sorted(range(len(placed)), key=lambda axis: target.index(placed[axis]))
        values = values.transpose(order)
        wide = [1] * len(target)
        for axis, place in enumerate(order):
            wide[target.index(placed[place])] = values.shape[axis]
        return np.broadcast_to(values.reshape(wide), shape).ravel()

    def _coordinate(self, what: str, key: str) -> NDArray[np.float64] | None:
        found = self._found(what, key)
        if found is None:
            return None
        return self._spread(numbers(self.held[found], self.told[found]), self.held[found].dimensions, key)

    def series(self, key: str) -> Iterator[Observed]:
        """The datastreams of a variable, one for each thing, with their rows."""
        variable, about = self.held[key], self.told[key]
        if variable.size > _MOST_VALUES:
            raise Invalid(
                f"“{key}” holds {variable.size:,} values; up to {_MOST_VALUES:,} are read of one variable, "
                "so split the file by time",
                self.name,
            )
        value = numbers(variable, about).ravel()
        time = self._time(key)
        vertical = self._coordinate("vertical", key)
        keep = np.isfinite(value) & (time != np.iinfo(np.int64).min)
        if vertical is not None:
            keep &= np.isfinite(vertical)
        longitude, latitude = self._coordinate("longitude", key), self._coordinate("latitude", key)
        if longitude is not None:
            longitude = np.where(longitude > _HALF_TURN, longitude - 2 * _HALF_TURN, longitude)
        flag, scheme, meanings = self._flags(key)
        things, of_thing = self._things(key)
        for number, thing in enumerate(things):
            own = np.flatnonzero(keep & (of_thing == number))
            if not len(own):
                continue
            levels = np.zeros(len(own)) if vertical is None else vertical[own]
            distinct = len(np.unique(np.stack([time[own].astype("f8"), levels]), axis=1).T)
            if 2 * distinct < len(own):
                why = f"“{key}” has {len(own):,} values at {distinct:,} times and levels, and nothing tells them apart"
                yield Refusal(self.name, why)
                continue
            fixed = self._fixed(longitude, latitude, own)
            stream = replace(self._described(key, thing, fixed), flags=scheme, flag_meanings=meanings)
            yield stream
            moves = fixed is None and longitude is not None and latitude is not None
            yield Rows(
                datastream=stream.key, time=time[own], value=value[own],
                vertical=None if vertical is None else vertical[own],
                longitude=longitude[own] if moves and longitude is not None else None,
                latitude=latitude[own] if moves and latitude is not None else None,
                flag=None if flag is None else flag[own].tolist(),
            )  # fmt: skip

    def _time(self, key: str) -> NDArray[np.int64]:
        """Microseconds since 1970 of each value, the lowest number where its time is missing."""
        found = self._found("time", key)
        if found is None:
            raise Invalid(f"nothing says when “{key}” was observed", self.name)
        about = self.told[found]
        raw = self._spread(numbers(self.held[found], about), self.held[found].dimensions, key)
        first, unit = _origin(words(about.get("units")), words(about.get("calendar")), self.name)
        scaled = np.where(np.isfinite(raw), raw, 0.0) * unit
        fits = np.isfinite(raw) & (np.abs(scaled) < 2**61)
        return np.where(
            fits, first + np.round(np.where(fits, scaled, 0)).astype(np.int64), np.iinfo(np.int64).min
        )

    def _flags(self, key: str) -> tuple[NDArray[Any] | None, str, tuple[FlagMeaning, ...]]:
        """The flag of each value, the name of their scheme, and what they mean."""
        named = words(self.told[key].get("ancillary_variables")).split()
        usual = [f"{key}_QC", f"{key}_qc", f"qc_{key}", f"QC_{key}", f"{key}_quality_control", f"{key}_flag"]
        for name in [*named, *usual]:
            flag = self.held.get(name)
            if flag is None or flag.dimensions != self.held[key].dimensions:
                continue
            about = self.told[name]
            if flag.dtype.kind == "S":
                return strings(flag).ravel(), scheme_of(about), meanings_of(about)
            if flag.dtype.kind in "iu":
                flag.set_auto_maskandscale(False)
                values = np.asarray(flag[...]).ravel()
                return as_words(values, about), scheme_of(about), meanings_of(about)
        return None, "", ()

    def _things(self, key: str) -> tuple[list[str], NDArray[np.int64]]:
        """The names of what carried the sensors, and which of them each value belongs to."""
        size = int(self.held[key].size)
        candidates = [k for k, about in self.told.items() if words(about.get("cf_role")).lower() in _ROLES]
        candidates += [k for k in self.held if k.lower() in _PLATFORMS and k not in candidates]
        for candidate in candidates:
            variable = self.held[candidate]
            if is_numeric(variable):
                names = numbers(variable, self.told[candidate])
                names = np.array([f"{n:g}" for n in names.ravel()]).reshape(names.shape)
                dims = variable.dimensions
            else:
                names = strings(variable)
                dims = variable.dimensions[: names.ndim]
            if names.ndim == 0:
                return [str(names) or self._own_name()], np.zeros(size, np.int64)
            if all(d in self.held[key].dimensions or self._reaches(d, key) for d in dims):
                spread = self._spread(names, dims, key)
                unique, index = np.unique(spread, return_inverse=True)
                return [str(one) or self._own_name() for one in unique], index
        instance = next((d for d in self.held[key].dimensions if self._is_station(d, key)), "")
        if instance:
            count = self.held[key].shape[self.held[key].dimensions.index(instance)]
            return [f"{n + 1}" for n in range(count)], self._spread(np.arange(count), (instance,), key)
        return [self._own_name()], np.zeros(size, np.int64)

    def _reaches(self, dimension: str, key: str) -> bool:
        return any(self._index(s, dimension) is not None for s in self.held[key].dimensions)

    def _is_station(self, dimension: str, key: str) -> bool:
        """Whether a dimension of a time series counts stations: places lie along it, times do not alone."""
        latitude, time = self._found("latitude", key), self._found("time", key)
        return (
            self.kind.startswith("timeSeries")
            and latitude is not None
            and self.held[latitude].dimensions == (dimension,)
            and (time is None or self.held[time].dimensions != (dimension,))
        )

    def _own_name(self) -> str:
        for attribute in ("platform_code", "wmo_platform_code", "station_id", "platform_id", "id"):
            if name := words(self.given.get(attribute)).strip():
                return name
        return PurePath(self.name).stem

    def _fixed(
        self,
        longitude: NDArray[np.float64] | None,
        latitude: NDArray[np.float64] | None,
        own: NDArray[np.int64],
    ) -> tuple[float, float] | None:
        """The place of a station, None of what moves or lies nowhere."""
        if longitude is None or latitude is None or not self.kind.startswith("timeSeries"):
            return None
        places = {(float(x), float(y)) for x, y in zip(longitude[own], latitude[own], strict=True)}
        if len(places) != 1:
            return None
        x, y = places.pop()
        if not np.isfinite(x) or abs(y) > _POLE:
            return None
        return (x if abs(x) <= _HALF_TURN else (x + _HALF_TURN) % (2 * _HALF_TURN) - _HALF_TURN, y)

    def _described(self, key: str, thing: str, fixed: tuple[float, float] | None) -> Datastream:
        about = self.told[key]
        vertical = self._found("vertical", key)
        return Datastream(
            key=f"{thing}/{key}",
            thing=Thing(
                key=thing, name=Text.of(thing),
                longitude=fixed[0] if fixed else None, latitude=fixed[1] if fixed else None,
            ),
            variable=_variable(key, about),
            sampling=self.kind,
            cell_method=words(about.get("cell_methods")),
            vertical=_variable(vertical, self.told[vertical]) if vertical else None,
        )  # fmt: skip


def _variable(key: str, about: Mapping[str, Any]) -> Variable:
    return Variable(
        name=key,
        label=Text.of(words(about.get("long_name"))),
        standard_name=words(about.get("standard_name")).split(" ")[0],
        unit=words(about.get("units")),
    )


def _origin(units: str, calendar: str, name: str) -> tuple[int, float]:
    """Microseconds since 1970 of the instant from which time is counted, and those of its unit."""
    import cftime  # noqa: PLC0415

    unit = units.split(" ", 1)[0].lower().strip()
    size = _US.get(unit) or _US.get(unit.rstrip("s"))
    if size is None or calendar.lower() not in _CALENDARS:
        raise Invalid(f"time in “{units}” of the calendar “{calendar or 'standard'}” is not read", name)
    try:
        first = cftime.num2date(0, units, calendar.lower() or "standard", only_use_cftime_datetimes=True)
        at = np.datetime64(first.isoformat(), "us").astype(np.int64)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"time in “{units}” is not read ({error})", name) from None
    return int(at), float(size)

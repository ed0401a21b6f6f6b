"""The machine's tests, by ioos_qc.

What is missing is left out before: neighbours of a value are the nearest that are there, whether those between were
not observed or not written down. Neighbours are told apart by runs: values at one vertical in the order of time,
values at one time in the order of verticals, or all of a track.

A test that looks at the nearest values, or at a window of time, is run once on all runs one behind the other, be they
of one datastream or of many: what it says where two runs meet is put right after, or windows are kept from reaching
over. So a hundred short runs cost as much as one of their length.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.observations.quality.meanings import BAD, GOOD, MISSING, NOT_EVALUATED, SUSPECT
from estran.observations.quality.outcomes import packed
from estran.observations.store.columns import array
from estran.observations.units import converter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.quality.plans import Tests
    from estran.observations.store.registry import HeldDatastream

__all__ = ["PLACED", "Runs", "Subject", "evaluated", "is_on_earth", "runs_of", "subject_of"]

PLACED = ("location_test", "speed_test")
_ONLY_IN_TIME = ("rate_of_change_test", "attenuated_signal_test")
# What depends on a run as a whole is told of profiles only: a series grows.
_ONLY = (*_ONLY_IN_TIME, "pressure_increasing_test", "density_inversion_test")
_POLE, _HALF_TURN = 90, 180
# So long may runs be together of which windows of time are made: their nanoseconds are to fit into 64 bits.
_LONGEST_US = 2**60 // 1000


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a datastream besides its rows.

    Attributes:
        convert: unit -> how values are brought into it; nothing for their own.
        place: longitude and latitude of what stands.
        has_vertical: whether verticals mean something.
        density: potential density of each row, as far as it can be told; NaN elsewhere.
    """

    convert: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]
    place: tuple[float, float] | None = None
    has_vertical: bool = False
    density: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """Values in the order in which they are neighbours.

    Attributes:
        order: the rows, of those that have a value.
        starts: where each run begins, and the end of the last.
    """

    order: NDArray[np.int64]
    starts: list[int]
    time: NDArray[np.datetime64]
    vertical: NDArray[np.float64]


def subject_of(one: HeldDatastream, tests: Tests) -> Subject:
    """What is known of a datastream besides its rows, but for its density."""
    thing, unit = one.described.thing, one.described.variable.unit
    converters = {wanted: converter(unit, wanted) for wanted in tests.units.values() if wanted}
    place = (thing.longitude, thing.latitude)
    return Subject(
        {wanted: convert for wanted, convert in converters.items() if convert is not None},
        (place[0], place[1]) if place[0] is not None and place[1] is not None else None,
        one.described.vertical is not None,
    )


def evaluated(rows: pa.Table, tests: Tests, subject: Subject) -> NDArray[np.int64]:
    """Outcomes of all tests for each row, packed.

    Args:
        rows: of one datastream, in the order of time and vertical; or, where no test asks where they were made, of
            several, one after the other.
        tests: of them all.
        subject: what is known of them all.
    """
    value = array(rows, "value")
    runs = runs_of(rows, tests.along)
    found: dict[str, NDArray[Any]] = {}
    with warnings.catch_warnings():
        # Of what is divided by nothing or compared with NaN the tests make something themselves.
        warnings.simplefilter("ignore")
        for test, arguments in tests.by_name.items():
            if test in PLACED:
                codes = _placed(test, rows, arguments, subject)
            elif (test in _ONLY_IN_TIME) == (tests.along == "vertical") and test in _ONLY:
                continue
            else:
                convert = subject.convert.get(tests.units[test])
                codes = np.full(len(value), MISSING, np.uint8)
                given = value if convert is None else convert(value)
                if len(runs.order):
                    codes[runs.order] = _RUN[test](given[runs.order], runs, arguments, subject)
            if codes is not None:
                found[test] = codes
    return packed(found, len(value))


@cache
def _qartod() -> Any:
    """Heavy, and typed as if it took no arrays."""
    from ioos_qc import qartod  # noqa: PLC0415

    return qartod


@cache
def _argo() -> Any:
    from ioos_qc import argo  # noqa: PLC0415

    return argo


def runs_of(rows: pa.Table, along: str) -> Runs:
    """The values of rows that are there, each beside its neighbours."""
    present = np.flatnonzero(np.isfinite(array(rows, "value")))
    names = {"time": ("datastream", "vertical"), "vertical": ("datastream", "time"), "track": ("datastream",)}
    apart = [array(rows, name)[present] for name in names[along]]
    if along == "time" and len(apart[1]) and (apart[1] != apart[1][0]).any():
        order = np.lexsort(apart[::-1])
        present, apart = present[order], [one[order] for one in apart]
    changes = np.zeros(max(len(present) - 1, 0), bool)
    for one in apart:
        changes |= one[1:] != one[:-1]
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(present)]
    time, vertical = (array(rows, name)[present] for name in ("time", "vertical"))
    return Runs(present, starts, time.astype("datetime64[us]"), vertical)


def _each(runs: Runs, test: Callable[[slice], Any]) -> NDArray[np.uint8]:
    """What a test says of one run after the other."""
    found = np.empty(len(runs.order), np.uint8)
    for start, end in zip(runs.starts[:-1], runs.starts[1:], strict=True):
        # What ioos_qc gives is masked or not, and of several types.
        found[start:end] = np.ma.getdata(test(slice(start, end)))
    return found


def _gross_range(value: NDArray[np.float64], _: Runs, told: dict[str, Any], __: Subject) -> NDArray[Any]:
    return np.ma.getdata(_qartod().gross_range_test(value, **told))


def _climatology(
    value: NDArray[np.float64], runs: Runs, told: dict[str, Any], subject: Subject
) -> NDArray[Any]:
    vertical = runs.vertical if subject.has_vertical else np.full(len(value), np.nan)
    return np.ma.getdata(_qartod().climatology_test(told["config"], value, runs.time, vertical))


def _spike(value: NDArray[np.float64], runs: Runs, told: dict[str, Any], _: Subject) -> NDArray[np.uint8]:
    """As ioos_qc's, which looks at each value in turn to learn whether it is missing; here none is."""
    apart = np.zeros(len(value))
    before, here, after = value[:-2], value[1:-1], value[2:]
    if told.get("method") == "differential":
        way_in, way_out = here - before, after - here
        apart[1:-1] = np.minimum(np.abs(way_in), np.abs(way_out))
        apart[1:-1][way_in * way_out >= 0] = 0
    else:
        apart[1:-1] = np.abs(here - (before + after) / 2)
    found = np.full(len(value), GOOD, np.uint8)
    found[apart > told["suspect_threshold"]] = SUSPECT
    found[apart > told["fail_threshold"]] = BAD
    found[~np.isfinite(apart)] = NOT_EVALUATED
    # The first and the last of a run stand beside one value only.
    found[runs.starts[:-1]] = found[np.array(runs.starts[1:]) - 1] = NOT_EVALUATED
    return found


def _rate_of_change(
    value: NDArray[np.float64], runs: Runs, told: dict[str, Any], _: Subject
) -> NDArray[np.uint8]:
    found = np.ma.getdata(_qartod().rate_of_change_test(value, runs.time, **told))
    found[runs.starts[:-1]] = GOOD
    return found


def _flat_line(value: NDArray[np.float64], runs: Runs, told: dict[str, Any], _: Subject) -> NDArray[np.uint8]:
    """As ioos_qc's, where one observation takes a second; that one holds as many windows in memory as there are values."""
    run = np.repeat(np.arange(len(runs.starts) - 1), np.diff(runs.starts))
    found = np.full(len(value), GOOD, np.uint8)
    for code, count in ((SUSPECT, told["suspect_count"]), (BAD, told["fail_count"])):
        if count < len(value):
            is_flat = _extreme(np.maximum, value, count + 1) - _extreme(np.minimum, value, count + 1)
            found[count:][(is_flat < told["tolerance"]) & (run[count:] == run[:-count])] = code
    return found


def _extreme(of: np.ufunc, value: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The highest or lowest of each window of so many consecutive values, by windows of twice the width each time."""
    span, found = 1, value
    while 2 * span <= width:
        found, span = of(found[:-span], found[span:]), 2 * span
    rest = width - span
    return of(found[:-rest], found[rest:]) if rest else found


def _attenuated_signal(
    value: NDArray[np.float64], runs: Runs, told: dict[str, Any], _: Subject
) -> NDArray[np.uint8]:
    found = np.empty(len(value), np.uint8)
    for part, time in _apart(runs, int(told["test_period"] * 1_000_000) + 1):
        found[part] = np.ma.getdata(_qartod().attenuated_signal_test(value[part], time, **told))
    return found


def _apart(runs: Runs, window_us: int) -> Iterator[tuple[slice, NDArray[np.datetime64]]]:
    """Runs one behind the other, so that no window reaches from one into the one before; a few parts of them."""
    starts, time = np.array(runs.starts), runs.time.astype(np.int64)
    lengths = time[starts[1:] - 1] - time[starts[:-1]] + window_us + 1
    begins = np.append(0, np.cumsum(lengths)[:-1])
    part = begins // _LONGEST_US
    heads = [*np.flatnonzero(np.append(True, part[1:] != part[:-1])).tolist(), len(lengths)]
    for first, after in pairwise(heads):
        rows = slice(starts[first], starts[after])
        if after - first == 1:
            yield rows, runs.time[rows]
            continue
        own = slice(first, after)
        moved = np.repeat(begins[own] - begins[first] - time[starts[own]], np.diff(starts)[own])
        yield rows, (time[rows] + moved).astype("datetime64[us]")


def _pressure_increasing(
    value: NDArray[np.float64], runs: Runs, _: dict[str, Any], __: Subject
) -> NDArray[np.uint8]:
    def test(run: slice) -> Any:
        # The mean of no differences is none.
        return (
            _argo().pressure_increasing_test(value[run])
            if run.stop - run.start > 1
            else np.array([NOT_EVALUATED])
        )

    return _each(runs, test)


def _density_inversion(
    value: NDArray[np.float64], runs: Runs, told: dict[str, Any], subject: Subject
) -> NDArray[np.uint8]:
    density = np.full(len(value), np.nan) if subject.density is None else subject.density[runs.order]

    def test(run: slice) -> Any:
        own, found = density[run], np.full(run.stop - run.start, NOT_EVALUATED, np.uint8)
        # Where temperature or salinity is missing, the levels beside it are neighbours.
        known = np.flatnonzero(np.isfinite(own))
        if len(known) > 1:
            vertical = runs.vertical[run][known]
            found[known] = np.ma.getdata(_qartod().density_inversion_test(own[known], vertical, **told))
        return found

    return _each(runs, test)


def _placed(
    test: str, rows: pa.Table, told: dict[str, Any], subject: Subject
) -> NDArray[np.uint8] | None:  # fmt: skip
    """Tests of where it was observed: of each time the first row that tells; None where what stands cannot be fast."""
    if subject.place is not None:
        code = GOOD if is_on_earth(*subject.place) else BAD
        return None if test == "speed_test" else np.full(rows.num_rows, code, np.uint8)
    longitude, latitude = array(rows, "longitude"), array(rows, "latitude")
    found = np.full(rows.num_rows, NOT_EVALUATED, np.uint8)
    known = np.flatnonzero(np.isfinite(longitude) & np.isfinite(latitude))
    _, first = np.unique(array(rows, "time")[known], return_index=True)
    at = known[first]
    if len(at):
        where = (longitude[at], latitude[at])
        time = array(rows, "time")
        said = _TRACK[test](where, time[at].astype("datetime64[us]"), told)
        # All rows of one time say the same place.
        near = np.searchsorted(time[at], time)
        inside = near < len(at)
        inside[inside] = time[at][near[inside]] == time[inside]
        found[inside] = said[near[inside]]
    return found


def is_on_earth(longitude: float, latitude: float) -> bool:
    """Whether there is such a place."""
    return abs(longitude) <= _HALF_TURN and abs(latitude) <= _POLE


def _location(where: tuple[Any, Any], _: NDArray[Any], told: dict[str, Any]) -> NDArray[np.uint8]:
    return np.ma.getdata(_qartod().location_test(*where, **told))


def _speed(where: tuple[Any, Any], time: NDArray[Any], told: dict[str, Any]) -> NDArray[np.uint8]:
    return np.ma.getdata(_argo().speed_test(*where, time, **told))


_RUN = {
    "gross_range_test": _gross_range,
    "climatology_test": _climatology,
    "spike_test": _spike,
    "rate_of_change_test": _rate_of_change,
    "flat_line_test": _flat_line,
    "attenuated_signal_test": _attenuated_signal,
    "pressure_increasing_test": _pressure_increasing,
    "density_inversion_test": _density_inversion,
}
_TRACK = {"location_test": _location, "speed_test": _speed}

"""What each of the machine's tests may be told: the arguments that ioos_qc has for it, checked before any is run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from estran.errors import Invalid
from estran.observations.quality.outcomes import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["checked"]

type _Check = Callable[[Any], Any]
_MOST_SPANS = 5000
_PERIODS = ("dayofweek", "dayofyear", "hour", "month", "quarter", "week", "weekofyear", "year")


def checked(test: str, given: Any, where: str) -> dict[str, Any]:
    """The arguments of a test as ioos_qc takes them.

    Args:
        test: its name, one of `TESTS`.
        given: what a plan says of it.
        where: in the plan, for messages.

    Raises:
        Invalid: there is no such test or argument, one is missing, or a value does not fit.
    """
    if test not in _ARGUMENTS:
        raise Invalid(f"there is no such test; choose among {', '.join(TESTS)}", f"{where}.{test}")
    if not isinstance(given, dict):
        raise Invalid("a test is a table of its arguments, or false", f"{where}.{test}")
    told, known = cast("dict[str, Any]", given), _ARGUMENTS[test]
    _names(told, known, f"{where}.{test}")
    found: dict[str, Any] = {}
    for name, value in told.items():
        try:
            found[name] = known[name][0](value)
        except (ValueError, TypeError) as error:
            raise Invalid(str(error), f"{where}.{test}.{name}") from None
    return _AFTER.get(test, lambda same, _: same)(found, f"{where}.{test}")


def _names(told: Mapping[str, Any], known: Mapping[str, tuple[_Check, bool]], where: str) -> None:
    for name in told:
        if name not in known:
            raise Invalid(
                f"it has no such argument; it takes {', '.join(known) or 'none'}", f"{where}.{name}"
            )
    for name, (_, is_needed) in known.items():
        if is_needed and name not in told:
            raise Invalid("it is needed", f"{where}.{name}")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number is needed")
    return value


def _positive(value: Any) -> float:
    if _number(value) <= 0:
        raise ValueError("a number above 0 is needed")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10_000:  # noqa: PLR2004
        raise ValueError("a whole number from 1 to 10,000 is needed")
    return value


def _span(value: Any) -> list[float]:
    if not isinstance(value, list | tuple) or len(cast("list[Any]", value)) != 2:  # noqa: PLR2004
        raise ValueError("the lowest and the highest are needed, such as [-2, 40]")
    low, high = (_number(one) for one in cast("list[Any]", value))
    return [low, high] if low <= high else [high, low]


def _among(*words: str) -> _Check:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"choose among {', '.join(words)}")
        return value

    return check


def _climate(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not 1 <= len(cast("list[Any]", value)) <= _MOST_SPANS:
        raise ValueError(
            f"up to {_MOST_SPANS:,} tables of tspan, vspan and perhaps fspan, zspan, period are needed"
        )
    found: list[dict[str, Any]] = []
    for n, one in enumerate(cast("list[Any]", value)):
        if not isinstance(one, dict):
            raise TypeError(f"number {n + 1} is no table of tspan and vspan")
        found.append(_season(cast("dict[str, Any]", one), n))
    return found


def _season(one: dict[str, Any], n: int) -> dict[str, Any]:
    kinds: dict[str, _Check] = {"vspan": _span, "fspan": _span, "zspan": _span, "period": _among(*_PERIODS)}
    kinds["tspan"] = _span if "period" in one else _dates
    if not {"tspan", "vspan"} <= one.keys() <= kinds.keys():
        raise ValueError(f"number {n + 1} takes tspan, vspan and perhaps fspan, zspan, period")
    made: dict[str, Any] = {}
    for name, value in one.items():
        try:
            made[name] = kinds[name](value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"number {n + 1}, {name}: {error}") from None
    return made


def _dates(value: Any) -> list[str]:
    import numpy as np  # noqa: PLC0415

    try:
        low, high = (str(np.datetime64(str(one), "s")) for one in value)
    except (ValueError, TypeError):
        raise ValueError("two dates are needed, such as ['2020-01-01', '2020-06-30'], or a period") from None
    return [low, high]


def _in_counts(found: dict[str, Any], where: str) -> dict[str, Any]:
    """The flat line counts observations; seconds, as ioos_qc has them, become counts by the interval."""
    if "suspect_threshold" in found or "fail_threshold" in found:
        interval = found.pop("time_interval", None)
        if interval is None:
            raise Invalid(
                "thresholds in seconds need the seconds from one observation to the next (time_interval); "
                "or say suspect_count and fail_count",
                where,
            )
        for name in ("suspect", "fail"):
            if f"{name}_threshold" in found:
                found[f"{name}_count"] = max(int(int(found.pop(f"{name}_threshold")) / interval), 1)
    missing = [name for name in ("suspect_count", "fail_count") if name not in found]
    if missing:
        raise Invalid("it is needed", f"{where}.{missing[0]}")
    return found


def _within(found: dict[str, Any], where: str) -> dict[str, Any]:
    fail, suspect = found["fail_span"], found.get("suspect_span")
    if suspect and not fail[0] <= suspect[0] <= suspect[1] <= fail[1]:
        raise Invalid("it lies outside of fail_span", f"{where}.suspect_span")
    return found


_ARGUMENTS: dict[str, dict[str, tuple[_Check, bool]]] = {
    "gross_range_test": {"fail_span": (_span, True), "suspect_span": (_span, False)},
    "climatology_test": {"config": (_climate, True)},
    "spike_test": {
        "suspect_threshold": (_positive, True), "fail_threshold": (_positive, True),
        "method": (_among("average", "differential"), False),
    },
    "rate_of_change_test": {"threshold": (_positive, True), "fail_threshold": (_positive, False)},
    "flat_line_test": {
        "suspect_count": (_count, False), "fail_count": (_count, False), "tolerance": (_positive, True),
        "suspect_threshold": (_positive, False), "fail_threshold": (_positive, False),
        "time_interval": (_positive, False),
    },
    "attenuated_signal_test": {
        "suspect_threshold": (_positive, True), "fail_threshold": (_positive, True),
        "test_period": (_positive, True), "min_obs": (_count, False),
        "check_type": (_among("std", "range"), False),
    },
    "location_test": {"range_max": (_positive, False)},
    "pressure_increasing_test": {},
    "speed_test": {"suspect_threshold": (_positive, True), "fail_threshold": (_positive, True)},
    "density_inversion_test": {"suspect_threshold": (_number, False), "fail_threshold": (_number, False)},
}  # fmt: skip
"""Test -> argument -> how it is checked, and whether it is needed."""
_AFTER: dict[str, Callable[[dict[str, Any], str], dict[str, Any]]] = {
    "flat_line_test": _in_counts,
    "gross_range_test": _within,
}

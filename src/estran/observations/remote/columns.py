"""What the columns of an ERDDAP table are: where, when, what, how good, of which thing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats._netcdf.features import sampling
from estran.formats._netcdf.flagging import meanings_of, scheme_of
from estran.formats._netcdf.values import words
from estran.model import Text, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from estran.model import FlagMeaning

__all__ = ["Measured", "TableColumns", "columns_of"]

_NUMERIC = frozenset({"byte", "ubyte", "short", "ushort", "int", "uint", "long", "ulong", "float", "double"})
_PLATFORMS = (
    "platform", "platform_number", "platform_code", "platform_id", "wmo_platform_code", "station", "station_id",
    "station_code", "stationid", "station_name", "buoy", "site", "site_id", "trajectory",
)  # fmt: skip
_LABEL = re.compile(r"(platform|station|site|buoy)_?(long_?)?(name|title)$", re.IGNORECASE)
_FLAG = re.compile(r"(^|_)(qc|flag|flags|quality|qartod)(_|$)|_qc_", re.IGNORECASE)
_FLAG_NAMES = ("aggregate_quality_flag", "quality_flag", "status_flag")
_CATEGORIES = frozenset({"identifier", "quality", "location", "time"})
_SINCE = re.compile(r"\bsince\b", re.IGNORECASE)
_GROUPS = ("cdm_timeseries_variables", "cdm_trajectory_variables", "cdm_profile_variables")
_NOTHING_SAID = "not told"


@dataclass(frozen=True, slots=True)
class Measured:
    """A column of what was observed.

    Attributes:
        name: of the column; variable: what it is, with its unit.
        kind: one of `estran.model.observation.KINDS`.
        flag: name of the column of its flags, "" without one; scheme and meanings are theirs.
        there: name of the column that has something wherever there is an observation, also a missing one.
        missing: numbers that stand for nothing.
    """

    name: str
    variable: Variable
    kind: str = "measurement"
    cell_method: str = ""
    flag: str = ""
    scheme: str = ""
    meanings: tuple[FlagMeaning, ...] = ()
    there: str = ""
    missing: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumns:
    """The columns of a table by what they are for; "" for what it lacks.

    Attributes:
        given: attributes of the table, by lower-case name; told: those of each column, with its type as ``type``.
        verticals: columns of third coordinates; left_out: columns that are not taken.
    """

    given: Mapping[str, Any]
    told: Mapping[str, Mapping[str, Any]]
    sampling: str
    time: str
    longitude: str
    latitude: str
    platform: str
    label: str
    verticals: tuple[str, ...]
    measured: tuple[Measured, ...]
    left_out: tuple[str, ...] = field(default=())

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the columns that are asked for."""
        fixed = (self.time, self.longitude, self.latitude, self.platform, self.label, *self.verticals)
        own = [name for one in self.measured for name in (one.name, one.flag, one.there)]
        return tuple(dict.fromkeys(name for name in (*fixed, *own) if name))

    @property
    def span(self) -> tuple[float, float] | None:
        """First and last time in seconds since 1970, where the table tells them."""
        ends = self.told[self.time].get("actual_range")
        ends = ends if isinstance(ends, list) else []
        return (ends[0], ends[1]) if len(ends) == 2 and ends[0] == ends[0] else None  # noqa: PLR2004

    def vertical(self, name: str) -> Variable:
        """What a third coordinate is."""
        return _variable(name, self.told[name])


def columns_of(rows: Iterable[Sequence[Any]], where: str) -> TableColumns:
    """The columns that ERDDAP's list of information describes.

    Args:
        rows: row type, variable, attribute, data type and value of each.
        where: its address.

    Raises:
        Invalid: there is no time in the table, or nothing that was observed.
    """
    given: dict[str, Any] = {}
    told: dict[str, dict[str, Any]] = {}
    for kind, variable, name, type_, value in (row[:5] for row in rows if len(row) >= 5):  # noqa: PLR2004
        if kind == "variable":
            told[variable] = {"type": str(type_), **told.get(variable, {})}
        elif kind == "attribute":
            place = given if variable == "NC_GLOBAL" else told.setdefault(variable, {})
            if value != _NOTHING_SAID:
                place[str(name).lower()] = _value(str(type_), value)
    return _sorted(given, told, where)


def _value(type_: str, value: Any) -> Any:
    if type_ not in _NUMERIC:
        return words(value)
    found = [_number(part) for part in str(value).split(",")]
    return found if len(found) > 1 else found[0]


def _number(part: str) -> float | int:
    try:
        return int(part)
    except ValueError:
        pass
    try:
        return float(part)
    except ValueError:
        return float("nan")


def _sorted(given: Mapping[str, Any], told: Mapping[str, Mapping[str, Any]], where: str) -> TableColumns:
    time = "time" if "time" in told else next((n for n, a in told.items() if _is_time(a)), "")
    if not time:
        raise Invalid("it has no column of times, so it holds no observations", where)
    grouped = {name for key in _GROUPS for name in re.split(r"[\s,]+", words(given.get(key))) if name}
    verticals = tuple(n for n, a in told.items() if _is_vertical(n, a))
    platform = _platform(told, grouped)
    fixed = {time, "longitude", "latitude", platform, *verticals}
    names = [
        name for name, about in told.items() if name not in fixed | grouped and _is_measured(name, about)
    ]
    measured = tuple(_measured(name, told) for name in names)
    if not measured:
        raise Invalid(
            "it has no column of what was observed: no number that has a unit and is no flag", where
        )
    found = TableColumns(
        given=given, told=told, sampling=sampling(given), time=time,
        longitude="longitude" if "longitude" in told else "", latitude="latitude" if "latitude" in told else "",
        platform=platform, label=next((n for n in told if _LABEL.search(n) and n != platform), ""),
        verticals=verticals, measured=measured,
    )  # fmt: skip
    return replace(found, left_out=tuple(name for name in told if name not in found.wanted))


def _is_time(about: Mapping[str, Any]) -> bool:
    return bool(_SINCE.search(words(about.get("units"))))


def _is_vertical(name: str, about: Mapping[str, Any]) -> bool:
    if about.get("type") not in _NUMERIC:
        return False
    axis = words(about.get("axis")).upper() == "Z" or words(about.get("_coordinateaxistype")) in (
        "Height",
        "Pressure",
    )
    return axis or name in ("depth", "altitude")


def _platform(told: Mapping[str, Mapping[str, Any]], grouped: Iterable[str]) -> str:
    """The column that names things: by its role in CF, else by its own name."""
    roles = [
        n for n, a in told.items() if words(a.get("cf_role")).lower() in ("timeseries_id", "trajectory_id")
    ]
    if roles:
        return roles[0]
    usual = [n for n in told if n.lower() in _PLATFORMS]
    return min(usual, key=lambda n: (n not in set(grouped), _PLATFORMS.index(n.lower())), default="")


def _is_measured(name: str, about: Mapping[str, Any]) -> bool:
    category, standard = words(about.get("ioos_category")).lower(), words(about.get("standard_name"))
    if category in _CATEGORIES or "cf_role" in about or _is_time(about) or _is_flag(name, about):
        return False
    if about.get("type") in _NUMERIC:
        return True
    return bool(standard) or words(about.get("coverage_content_type")) == "physicalMeasurement"


def _is_flag(name: str, about: Mapping[str, Any]) -> bool:
    standard = words(about.get("standard_name"))
    return (
        standard.endswith(_FLAG_NAMES)
        or "flag_values" in about
        or "flag_masks" in about
        or (bool(_FLAG.search(name)) and not words(about.get("units")))
    )


def _measured(name: str, told: Mapping[str, Mapping[str, Any]]) -> Measured:
    about = told[name]
    there = f"{name}_id" if words(told.get(f"{name}_id", {}).get("ioos_category")) == "Identifier" else ""
    flag = _flag_of(name, told, is_own=bool(there))
    of = _as_whole(told.get(flag, {}))
    missing = [about.get("_fillvalue"), about.get("missing_value")]
    return Measured(
        name, _variable(name, about), "measurement" if about.get("type") in _NUMERIC else "text",
        words(about.get("cell_methods")), flag, scheme_of(of) if flag else "", meanings_of(of) if flag else (), there,
        tuple(float(m) for m in missing if isinstance(m, int | float) and m == m),  # noqa: PLR0124 - NaN
    )  # fmt: skip


def _as_whole(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes of flags, whose whole numbers are written as such, whatever their type."""
    held = about.get("flag_values")
    if not isinstance(held, list | float):
        return about
    values = [int(v) if float(v).is_integer() else v for v in (held if isinstance(held, list) else [held])]
    return {**about, "flag_values": values}


def _flag_of(name: str, told: Mapping[str, Mapping[str, Any]], *, is_own: bool) -> str:
    """The column of the flags of another; of Estran's own tables it is that of the producer's, or none.

    The quality beside it is what a node makes of these, and of its tests.
    """
    if is_own:
        return f"{name}_flag" if f"{name}_flag" in told else ""
    named = words(told[name].get("ancillary_variables")).split()
    usual = (
        f"{name}_qc_agg", f"{name}_qc", f"{name}_QC", f"qc_{name}", f"{name}_flag", f"{name}_quality",
        f"{name}_qartod_agg", f"qartod_{name}_primary_flag", f"{name}_status_flag", f"{name}_quality_flag",
    )  # fmt: skip
    found = [one for one in dict.fromkeys((*named, *usual)) if one in told and not one.endswith("_qc_tests")]

    def rank(one: str) -> int:
        standard = words(told[one].get("standard_name"))
        return next((n for n, sign in enumerate(_FLAG_NAMES) if standard.endswith(sign)), len(_FLAG_NAMES))

    flags = [one for one in found if _is_flag(one, told[one]) or _FLAG.search(one)]
    return min(flags, key=rank, default="")


def _variable(name: str, about: Mapping[str, Any]) -> Variable:
    unit = words(about.get("units"))
    label = words(about.get("long_name"))
    return Variable(
        name=name, label=Text.of(label), description=Text.of(words(about.get("comment") or about.get("description"))),
        standard_name=words(about.get("standard_name")), unit="" if unit.lower() in ("none", "unitless") else unit,
        uri=_address(about),
    )  # fmt: skip


def _address(about: Mapping[str, Any]) -> str:
    for name in ("sdn_parameter_uri", "definition", "vocabulary_uri"):
        said = words(about.get(name))
        if said.startswith(("http://", "https://")) and "standard_name" not in said:
            return said
    return ""

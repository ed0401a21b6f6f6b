"""What the columns of a Sea-Bird file are: by the short names that the maker's software gives them."""

from __future__ import annotations

import re

from estran.model import Text, Variable

__all__ = ["pressure_rank", "role", "variable"]

# Of the short name, without the digits that number a sensor.
_STANDARD = (
    (r"pr(d|s)?(m|e)?|prdm|prsm", "sea_water_pressure"),
    (r"dep(s|sm|h|f|fm)?", "depth"),
    (r"t(v2|nc|v|n)?(90|68)c?|t\d*(90|68)c|tv2?\d*90c|t068|t090", "sea_water_temperature"),
    (r"potemp\d*c?", "sea_water_potential_temperature"),
    (r"c\d?(s/m|ms/cm|us/cm)|cond\d*", "sea_water_electrical_conductivity"),
    (r"sal\d*", "sea_water_practical_salinity"),
    (r"sigma-[^t]?.?\d*|sigma-.*00|sigma-.*11", "sea_water_sigma_theta"),
    (r"sigma-t\d*", "sea_water_sigma_t"),
    (r"density\d*", "sea_water_density"),
    (r"svc?m?", "speed_of_sound_in_sea_water"),
    (r"sbo?e?x?\d*mm/kg", "moles_of_oxygen_per_unit_mass_in_sea_water"),
    (r"sbo?e?x?\d*mm/l", "mole_concentration_of_dissolved_molecular_oxygen_in_sea_water"),
    (r"sbo?e?x?\d*ps", "fractional_saturation_of_oxygen_in_sea_water"),
    (r"turb.*|obs.*", "sea_water_turbidity"),
    (r"alt(m|f)?", "height_above_sea_floor"),
)
_UNITS = {
    "db": "dbar", "deg c": "degree_C", "its-90, deg c": "degree_C", "its-68, deg c": "degree_C",
    "s/m": "S m-1", "ms/cm": "mS cm-1", "us/cm": "uS cm-1", "psu": "1", "m/s": "m s-1", "ml/l": "ml l-1",
    "mg/l": "mg l-1", "umol/kg": "umol kg-1", "umol/l": "umol l-1", "mg/m^3": "mg m-3", "ug/l": "ug l-1",
    "kg/m^3": "kg m-3", "salt water, m": "m", "1/m": "m-1", "% saturation": "%", "v": "V", "seconds": "s",
}  # fmt: skip
_BRACKETED = re.compile(r"^(.*?)\s*\[([^\]]*)\](.*)$")
_TIMES = {
    "timej": "julian", "times": "seconds", "timeh": "hours", "timem": "minutes", "timeq": "since 2000",
    "timek": "since 2000", "timen": "since 1970", "timejv2": "julian", "timey": "since 1970",
}  # fmt: skip
_PRESSURE = ("prdm", "prm", "prsm", "prde", "pr", "pre", "prde", "depsm", "deps", "dep", "depf", "depsf")
# Counts of scans and the like, which measure nothing; what is derived of the same scan stays.
_NOTHING = re.compile(r"(scan|nbin|nbf|flag|pumps|bpos|newpos|modservoltageword)", re.IGNORECASE)


def role(short: str) -> str:
    """What a column is for: a kind of time, latitude, longitude, flag, "" for what is left out, else value."""
    plain = short.lower()
    if plain in _TIMES:
        return _TIMES[plain]
    if plain in ("latitude", "longitude", "flag"):
        return plain
    return "" if _NOTHING.fullmatch(plain) else "value"


def pressure_rank(short: str) -> int:
    """How well a column serves as the vertical, the lowest best; -1 where it cannot."""
    plain = short.lower()
    return _PRESSURE.index(plain) if plain in _PRESSURE else -1


def variable(short: str, words: str) -> Variable:
    """The observed property of a column."""
    found = _BRACKETED.match(words)
    told = found[2].strip() if found else ""
    unit = _UNITS.get(told.lower())
    if unit is None:
        # Such as “Chen-Millero, m/s” or “sigma-theta, Kg/m^3”: the method, then the unit.
        unit = _UNITS.get(told.rpartition(",")[2].strip().lower(), told.rpartition(",")[2].strip())
    bare = re.sub(r"(?<=[a-z])[01](?=90|68)", "", short.lower())
    standard = next((name for pattern, name in _STANDARD if re.fullmatch(pattern, bare)), "")
    return Variable(name=short, label=Text.of(words), standard_name=standard, unit=unit)

"""How a table of observations is laid out: what each of its columns is for, and what stands above them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["About", "Column", "Layout"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it is for.

    Attributes:
        role: time, until, clock, year, month, day, hour, minute, second, yday, years (with their fraction), zone, station,
            latitude, longitude, elevation, vertical, value, variable (what a row is of), unit, flag, or "" for what is
            left out.
        of: of a flag, the position of the column that it judges; -1 for all that have no other.
        missing: numbers that stand for no value.
        words: other words that do.
        standard_name: that of CF, where it is told.
        uri: of what is observed, where it is told.
    """

    position: int
    name: str
    role: str = ""
    unit: str = ""
    of: int = -1
    missing: frozenset[float] = frozenset()
    words: frozenset[str] = frozenset()
    standard_name: str = ""
    uri: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What stands above a table.

    Attributes:
        zone: of its times, "" where none is told.
        at_us: when a cast was made, in microseconds since 1970 UTC.
        missing: numbers that stand for no value.
        unit: of the only values.
    """

    station: str = ""
    longitude: float | None = None
    latitude: float | None = None
    elevation_m: float | None = None
    zone: str = ""
    at_us: int | None = None
    missing: frozenset[float] = frozenset()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read the table.

    Attributes:
        skipped: lines before the first row of data.
        decimal: the decimal sign of its numbers.
        zone: of its times where they do not say; "" for UTC.
        month_first: whether 03/04/2024 is of March.
        carries: whether what a row leaves out of its time and place is that of the row before.
        doubts: what is guessed and may be wrong, for people.
    """

    separator: str
    decimal: str
    skipped: int
    columns: tuple[Column, ...]
    zone: str = ""
    about: About = About()
    month_first: bool = False
    carries: bool = False
    doubts: tuple[str, ...] = ()

    def of(self, role: str) -> tuple[Column, ...]:
        """The columns of a role."""
        return tuple(column for column in self.columns if column.role == role)

    def told(self) -> str:
        """What is understood, for people."""
        signs = {"\t": "tab", " ": "blanks"}
        separator = signs.get(self.separator, self.separator)
        lines = [f"separator {separator}, decimal {self.decimal}, data from line {self.skipped + 1}"]
        if self.about.at_us is not None and not self.of("time"):
            from estran.model import moment_us  # noqa: PLC0415

            lines.append(f"one profile, of {moment_us(self.about.at_us)} as told above the table")
        else:
            lines.append(f"times in {self.zone}" if self.zone else "times in UTC where they do not say")
        lines += [*self._told_above(), *self.doubts]
        for column in self.columns:
            unit = f" in {column.unit}" if column.unit else ""
            nothing = ", ".join([*(f"{one:g}" for one in sorted(column.missing)), *sorted(column.words)])
            missing = f", {nothing} for missing" if nothing else ""
            lines.append(f"  {column.name:30} {_WORDS.get(column.role, column.role)}{unit}{missing}")
        return "\n".join(lines)

    def _told_above(self) -> list[str]:
        about = self.about
        found = [f"station {about.station}"] if about.station and not self.of("station") else []
        if about.latitude is not None and not self.of("latitude"):
            found.append(f"at latitude {about.latitude:g}, longitude {about.longitude:g}")
        return [f"above the table: {', '.join(found)}"] if found else []


_WORDS = {
    "": "left out",
    "until": "end of the time",
    "years": "time in years",
    "zone": "time zone",
    "variable": "name of the variable",
    "unit": "unit of the value",
}

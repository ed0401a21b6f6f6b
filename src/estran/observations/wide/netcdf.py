"""Rows of a wide table as NetCDF: a plain table, or the discrete sampling geometries of CF chapter 9.

The classic format with 64-bit offsets is written, which every reader has.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.observations.store.columns import array
from estran.observations.wide.attributes import of_column, of_extent

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from estran.observations.wide.columns import Column, WideTable
    from estran.observations.wide.spool import Group, Spool

__all__ = ["geometry", "grouping", "write_padded", "write_ragged", "write_table"]

_NO_QUALITY = -127
_HEIGHT = "height"
_US = 1_000_000
_MOST_CELLS = 50_000_000
"""So many cells a variable has at most that is filled up to the longest of its platforms."""


def geometry(table: WideTable) -> str:
    """The CF feature type that rows of a table are written as."""
    kind = table.sampling
    if kind in ("timeSeries", "point"):
        return "trajectory" if table.moves else "timeSeries"
    if kind == "timeSeriesProfile" and table.moves:
        return "trajectoryProfile"
    return kind


def grouping(kind: str) -> tuple[str, ...]:
    """Roles of the columns that differ from group to group: platforms, or profiles."""
    return ("platform", "time") if "rofile" in kind else ("platform",)


def write_table(spool: Spool, path: Path, table: WideTable, told: Mapping[str, Any]) -> None:
    """A plain table: one dimension, `row`."""
    with _made(path, spool, table, told, "") as file:
        file.made.createDimension("row", spool.count)
        file.along(spool.columns, "row")


def write_ragged(spool: Spool, path: Path, table: WideTable, told: Mapping[str, Any]) -> None:
    """A contiguous ragged array: groups one after the other, and how long each is."""
    with _made(path, spool, table, told, geometry(table)) as file:
        levels, instance = file.instances()
        file.made.createDimension("obs", spool.count)
        sizes = file.made.createVariable("rowSize", "i4", (instance,))
        sizes.long_name, sizes.sample_dimension = f"Number of observations of this {_word(instance)}", "obs"
        sizes[:] = [group.count for group in spool.groups]
        file.along([column for column in spool.columns if column.name not in levels], "obs")


def write_padded(spool: Spool, path: Path, table: WideTable, told: Mapping[str, Any]) -> None:
    """A multidimensional array: a line a group, filled up to the longest.

    Raises:
        Invalid: it would be too large; what would do is said.
    """
    longest = max((group.count for group in spool.groups), default=0)
    if longest * len(spool.groups) > _MOST_CELLS:
        raise Invalid(
            f"{len(spool.groups):,} groups of up to {longest:,} rows would be more than {_MOST_CELLS:,} cells a "
            "variable; ask for ncCF, which is not filled up, or for less time",
            "query",
        )
    # Profiles of platforms would have three dimensions, mostly empty; each says which platform it is of instead.
    kind = "profile" if "rofile" in geometry(table) else geometry(table)
    with _made(path, spool, table, told, kind) as file:
        levels, instance = file.instances()
        file.made.createDimension("obs", longest)
        rest = [column for column in spool.columns if column.name not in levels]
        for column in rest:
            file.variable(column, instance, "obs")
        file.fill(rest)


@contextmanager
def _made(path: Path, spool: Spool, table: WideTable, told: Mapping[str, Any], kind: str) -> Generator[_File]:
    import netCDF4  # noqa: PLC0415 - heavy

    spans: dict[str, tuple[float, float] | None] = {
        column.role: spool.spans.get(column.name)
        for column in reversed(spool.columns)
        if column.role in ("longitude", "latitude", "time", "vertical")
    }
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET") as made:
        whole = {**told, **of_extent(spans, table), "featureType": kind}
        made.setncatts({name: value for name, value in whole.items() if value != ""})
        if "vertical" not in spans:
            _at_its_thing(made)
        yield _File(made, spool, table, kind)


def _at_its_thing(made: Any) -> None:
    """The vertical coordinate that catalogues ask for, where the rows have none."""
    height = made.createVariable(_HEIGHT, "f8", ())
    height.standard_name, height.long_name, height.units = "height", "Height", "m"
    height.axis, height.positive, height.coverage_content_type = "Z", "up", "coordinate"
    height.comment = "No vertical position is told; 0 stands for that of the platform's sensor."
    height[...] = 0.0


def _word(dimension: str) -> str:
    return {"timeseries": "time series"}.get(dimension, dimension)


@dataclass(frozen=True, slots=True)
class _File:
    """A file while it is written.

    Attributes:
        kind: its CF feature type, "" for a plain table.
    """

    made: Any
    spool: Spool
    table: WideTable
    kind: str

    # The groups, and what each has once

    def instances(self) -> tuple[set[str], str]:
        """Write what each platform or profile has once; gives the names of those columns, and the groups' dimension."""
        groups, kind = self.spool.groups, self.kind
        outer = {"timeSeriesProfile": "timeseries", "trajectoryProfile": "trajectory"}.get(kind, "")
        dimension = outer or kind.lower()
        of_platform = (
            list({group.key[0]: group for group in reversed(groups)}.values())[::-1] if outer else groups
        )
        self.made.createDimension(dimension, len(of_platform))
        if outer:
            self.made.createDimension("profile", len(groups))
            self._index(outer, groups)
        found: set[str] = set()
        for column in self.spool.columns:
            if column.is_of_thing or (
                column.role in ("longitude", "latitude") and kind.startswith("timeSeries")
            ):
                self._once(column, dimension, of_platform)
            elif column.role in ("longitude", "latitude", "time") and "rofile" in kind:
                self._once(column, "profile", groups)
            else:
                continue
            found.add(column.name)
        if kind == "profile":
            profile = self.made.createVariable("profile", "i4", ("profile",))
            profile.long_name, profile.cf_role = "Number of the profile in this file", "profile_id"
            profile[:] = np.arange(len(groups))
        return found, "profile" if outer else dimension

    def _index(self, outer: str, groups: Sequence[Group]) -> None:
        """Which platform each profile is of."""
        platforms = {name: n for n, name in enumerate(dict.fromkeys(group.key[0] for group in groups))}
        index = self.made.createVariable(f"{outer}Index", "i4", ("profile",))
        index.long_name, index.instance_dimension = f"Which {_word(outer)} this profile is of", outer
        index[:] = [platforms[group.key[0]] for group in groups]

    def _once(self, column: Column, dimension: str, groups: Sequence[Group]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - heavy

        variable = self.variable(column, dimension)
        if column.role == "platform" and self.kind != "profile":
            variable.cf_role = "timeseries_id" if self.kind.startswith("timeSeries") else "trajectory_id"
        typed = {"text": pa.string(), "time": pa.int64()}.get(column.kind, pa.float64())
        cells = pa.table({column.name: pa.array([group.first[column.name] for group in groups], typed)})
        self._put((slice(0, len(groups)),), column, cells)

    # Columns

    def along(self, columns: Sequence[Column], dimension: str) -> None:
        """Write columns with a cell a row."""
        for column in columns:
            self.variable(column, dimension)
        for at, part in self.spool.parts():
            for column in columns:
                self._put((slice(at, at + part.num_rows),), column, part)

    def fill(self, columns: Sequence[Column]) -> None:
        """Write columns with a line a group."""
        groups = self.spool.groups
        ends = np.cumsum([group.count for group in groups])
        for at, part in self.spool.parts():
            n = int(np.searchsorted(ends, at, side="right"))
            while n < len(ends) and (begin := int(ends[n]) - groups[n].count) < at + part.num_rows:
                low, high = max(begin, at), min(int(ends[n]), at + part.num_rows)
                piece = part.slice(low - at, high - low)
                for column in columns:
                    self._put((n, slice(low - begin, high - begin)), column, piece)
                n += 1

    def variable(self, column: Column, *dimensions: str) -> Any:
        """A variable without its cells."""
        told = of_column(column, self.table)
        there = {one.name for one in self.spool.columns}
        beside = [name for name in told.pop("ancillary_variables", "").split() if name in there]
        if beside:
            told["ancillary_variables"] = " ".join(beside)
        is_text = column.kind == "text"
        variable = self._words(column, dimensions) if is_text else self._numbers(column, dimensions, told)
        variable.setncatts(told)
        return variable

    def _words(self, column: Column, dimensions: tuple[str, ...]) -> Any:
        width = f"{column.name}_strlen"
        self.made.createDimension(width, self.spool.widths.get(column.name, 1))
        return self.made.createVariable(column.name, "S1", (*dimensions, width))

    def _numbers(self, column: Column, dimensions: tuple[str, ...], told: dict[str, Any]) -> Any:
        is_quality = column.role == "quality"
        kind = np.int8 if is_quality else np.float64
        # CF lets no coordinate of a group be missing.
        fill = None if column.role == "time" and self.kind else _NO_QUALITY if is_quality else np.nan
        variable = self.made.createVariable(column.name, kind, dimensions, fill_value=fill)
        if is_quality:
            told["flag_values"] = np.array(told["flag_values"], np.int8)
        if column.role == "value":
            roles = ("time", "latitude", "longitude", "vertical")
            told["coordinates"] = " ".join(
                c.name for role in roles for c in self.spool.columns if c.role == role
            )
        if span := self.spool.spans.get(column.name):
            ends = np.array(span, np.float64) / (_US if column.kind == "time" else 1)
            told["actual_range"] = ends.astype(kind)
        return variable

    def _put(self, where: tuple[Any, ...], column: Column, part: pa.Table) -> None:
        import pyarrow as pa  # noqa: PLC0415

        variable, cells = self.made[column.name], part[column.name]
        if column.kind == "text":
            width = self.spool.widths.get(column.name, 1)
            words = [(word or "").encode() for word in cells.to_pylist()]
            variable[(*where, slice(None))] = (
                np.array(words, f"S{width}").view("S1").reshape(len(words), width)
            )
        elif column.role == "quality":
            variable[where] = cells.fill_null(_NO_QUALITY).to_numpy().astype(np.int8)
        else:
            real = array(pa.table({"c": cells.cast(pa.float64(), safe=False)}), "c")
            variable[where] = real / _US if column.kind == "time" else real

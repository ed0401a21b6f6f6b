"""Rows as CoverageJSON: a coverage for each series, profile or path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.model import moment_us
from estran.observations.store.columns import array
from estran.observations.wide.attributes import QUALITY, positive

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from estran.observations.wide import Column, WideTable

__all__ = ["MEDIA_TYPE", "MOST_COVERAGES", "MOST_READ", "MOST_ROWS", "coverages", "gathered", "parameter"]

MEDIA_TYPE = "application/prs.coverage+json"
MOST_ROWS = 100_000
"""CoverageJSON knows no pages: of more rows every second, third… is given."""
MOST_READ = 2_000_000
MOST_COVERAGES = 10_000
_STANDARD_NAMES = "http://vocab.nerc.ac.uk/standard_name/"
_UDUNITS = "https://docs.unidata.ucar.edu/udunits/current/"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rows that are answered at once.

    Attributes:
        count: how many rows were found.
        every: which of them are given: each so many.
    """

    rows: pa.Table
    count: int
    every: int


def gathered(found: Iterator[pa.Table]) -> Gathered | None:
    """Rows for one answer; of too many each so many, counted for each platform from its first; None without any.

    Raises:
        Invalid: there are more than are read for an answer that cannot be cut in pages.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy

    parts: list[pa.Table] = []
    count = 0
    for part in found:
        parts.append(part)
        count += part.num_rows
        if count > MOST_READ:
            raise Invalid(
                f"CoverageJSON has no pages, and more than {MOST_READ:,} rows are found; ask for less space or time, or "
                "for f=CSV or f=NetCDF",
                "f",
            )
    if not parts:
        return None
    rows = pa.concat_tables(parts).unify_dictionaries().combine_chunks()
    every = -(-count // MOST_ROWS)
    if every > 1:
        begins = _begins(rows, ("platform",))
        since = np.arange(count) - np.repeat(begins, np.diff(np.append(begins, count)))
        rows = rows.filter(pa.array(since % every == 0))
    return Gathered(rows, count, every)


def _begins(rows: pa.Table, names: Sequence[str]) -> np.ndarray[Any, Any]:
    """Where rows begin that agree in some columns."""
    fresh = np.zeros(rows.num_rows, bool)
    fresh[:1] = True
    for name in names:
        cells: Any = rows[name].combine_chunks()
        cells = cells.chunk(0) if hasattr(cells, "num_chunks") else cells
        codes = cells.indices.to_numpy() if name == "platform" else cells.to_numpy(zero_copy_only=False)
        fresh[1:] |= codes[1:] != codes[:-1]
    return np.flatnonzero(fresh)


def coverages(
    table: WideTable, columns: Sequence[Column], found: Gathered, *, crs: str = _CRS84
) -> dict[str, Any]:
    """The document of rows; in a reference system whose first axis is latitude if it is not CRS84."""
    made = [one for part in _platforms(found.rows) for one in _of_platform(table, columns, part)]
    if len(made) > MOST_COVERAGES:
        raise Invalid(
            f"{len(made):,} profiles are found, and up to {MOST_COVERAGES:,} are given at once; ask for less space or time",
            "f",
        )
    shared: dict[str, Any] = {
        "parameters": {column.name: parameter(column) for column in columns},
        "referencing": _referencing(table, crs),
    }
    if found.every > 1:
        shared["estran:decimated"] = {"rows": found.count, "every": found.every}
    if len(made) == 1:
        [one] = made
        domain = {**one["domain"], "referencing": shared.pop("referencing")}
        return {**one, "domain": domain, **shared}
    kinds = {one["domain"]["domainType"] for one in made}
    whole: dict[str, Any] = {"type": "CoverageCollection"}
    if len(kinds) == 1:
        whole["domainType"] = kinds.pop()
    return {**whole, **shared, "coverages": made}


def _platforms(rows: pa.Table) -> Iterator[pa.Table]:
    begins = _begins(rows, ("platform",))
    for begin, after in zip(begins, np.append(begins[1:], rows.num_rows), strict=True):
        yield rows.slice(int(begin), int(after - begin))


def _of_platform(table: WideTable, columns: Sequence[Column], rows: pa.Table) -> Iterator[dict[str, Any]]:
    """A series where place and level stay, a profile for each time where the level does not, else a path."""
    stays = _is_one(rows, "longitude") and _is_one(rows, "latitude")
    level = table.vertical.name if table.vertical else ""
    if stays and (not level or _is_one(rows, level)):
        yield _coverage(
            rows, columns, "PointSeries", {**_point(rows, level), "t": _values(_moments(rows))}, "t"
        )
    elif level and ("rofile" in table.sampling or stays):
        begins = _begins(rows, ("time",))
        for begin, after in zip(begins, np.append(begins[1:], rows.num_rows), strict=True):
            part = rows.slice(int(begin), int(after - begin))
            axes = {"z": _values(part[level].to_pylist())}
            fixed = {**_point(part, ""), "t": _values(_moments(part.slice(0, 1)))}
            yield _coverage(part, columns, "VerticalProfile", {**fixed, **axes}, "z")
    else:
        names = ["t", "x", "y", *(["z"] if level else [])]
        cells = [
            _moments(rows),
            *(rows[name].to_pylist() for name in ("longitude", "latitude", *([level] if level else []))),
        ]
        composite = {
            "dataType": "tuple",
            "coordinates": names,
            "values": [list(one) for one in zip(*cells, strict=True)],
        }
        yield _coverage(rows, columns, "Trajectory", {"composite": composite}, "composite")


def _is_one(rows: pa.Table, name: str) -> bool:
    cells = array(rows, name)
    return bool((cells == cells[0]).all()) or bool(np.isnan(cells).all())


def _values(values: list[Any]) -> dict[str, Any]:
    return {"values": values}


def _moments(rows: pa.Table) -> list[str]:
    return [moment_us(at) for at in rows["time"].to_pylist()]


def _point(rows: pa.Table, level: str) -> dict[str, Any]:
    first = rows.slice(0, 1)
    made = {"x": _values(first["longitude"].to_pylist()), "y": _values(first["latitude"].to_pylist())}
    if level:
        made["z"] = _values(first[level].to_pylist())
    return made


def _coverage(
    rows: pa.Table, columns: Sequence[Column], kind: str, axes: dict[str, Any], along: str
) -> dict[str, Any]:
    platform = str(rows["platform"][0].as_py())
    return {
        "type": "Coverage",
        "id": f"{platform}/{axes['t']['values'][0]}" if kind == "VerticalProfile" else platform,
        "domain": {"type": "Domain", "domainType": kind, "axes": axes},
        "ranges": {column.name: _range(rows, column, along) for column in columns},
    }


def _range(rows: pa.Table, column: Column, along: str) -> dict[str, Any]:
    kind = {"text": "string", "whole": "integer"}.get(column.kind, "float")
    # What is no number is null.
    values = [None if value != value else value for value in rows[column.name].to_pylist()]  # noqa: PLR0124
    return {
        "type": "NdArray",
        "dataType": kind,
        "axisNames": [along],
        "shape": [rows.num_rows],
        "values": values,
    }


def parameter(column: Column) -> dict[str, Any]:
    """What a column is, as CoverageJSON and EDR describe it."""
    variable = column.variable
    if column.role in ("flag", "quality", "id"):
        return _companion(column)
    label = str(variable.label) or variable.name or variable.standard_name or column.name
    uri = variable.uri or (f"{_STANDARD_NAMES}{variable.standard_name}/" if variable.standard_name else "")
    made: dict[str, Any] = {
        "type": "Parameter",
        "description": {"en": f"{label} ({column.note})" if column.note else label},
        "observedProperty": {"id": uri, "label": {"en": label}} if uri else {"label": {"en": label}},
    }
    if variable.unit:
        made["unit"] = {"label": {"en": variable.unit}, "symbol": {"value": variable.unit, "type": _UDUNITS}}
    return made


def _companion(column: Column) -> dict[str, Any]:
    words = {
        "flag": f"Flag of {column.of} as its producer gave it",
        "quality": f"Quality of {column.of}, in the codes of QARTOD",
        "id": f"Identifier of the observation of {column.of}",
    }[column.role]
    observed: dict[str, Any] = {"label": {"en": words}}
    made: dict[str, Any] = {"type": "Parameter", "description": {"en": words}, "observedProperty": observed}
    if column.role == "quality":
        root = "http://mmisw.org/ont/ioos/qartod/"
        observed["categories"] = [
            {"id": f"{root}{word}", "label": {"en": word.replace("_", " ")}} for word in QUALITY.values()
        ]
        made["categoryEncoding"] = {f"{root}{word}": code for code, word in QUALITY.items()}
    return made


def _referencing(table: WideTable, crs: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        # In the order of the system's axes.
        {
            "coordinates": ["x", "y"] if crs == _CRS84 else ["y", "x"],
            "system": {"type": "GeographicCRS", "id": crs},
        },
        {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
    ]
    if table.vertical is not None:
        variable = table.vertical.variable
        axis = {
            "name": {"en": variable.standard_name or variable.name or "vertical"},
            "direction": positive(table.vertical),
            "unit": {"symbol": variable.unit},
        }
        found.append({"coordinates": ["z"], "system": {"type": "VerticalCRS", "cs": {"csAxes": [axis]}}})
    return found

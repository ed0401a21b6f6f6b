"""Tables as files for whoever takes them away: CSV, NetCDF of CF, Parquet."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.observations.wide import files, texts
from estran.observations.wide.rows import rows
from estran.observations.wide.texts import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from estran.observations.wide.columns import Column, WideTable

__all__ = ["FORMS", "given"]

FORMS = {"csv": "text/csv", "nc": "application/x-netcdf", "parquet": "application/vnd.apache.parquet"}
"""Endings of the files and their media types."""


def given(table: WideTable, form: str, told: Mapping[str, Any], start: int, end: int) -> Iterator[bytes]:
    """The bytes of a file of all columns of a table, made as they are asked for; nothing where there is no row.

    A CSV has one line of names, and behind each variable a column with its unit, so that any reader of tables takes
    it as it is.

    Args:
        table: the observations.
        form: one of `FORMS`.
        told: attributes of the whole, as `estran.observations.wide.attributes.of_dataset` gives them.
        start: microseconds since 1970 UTC.
        end: the same, just after the last.

    Raises:
        Invalid: there is no such form.
    """
    if form not in FORMS:
        raise Invalid(f"“{form[:20]}” is not written here; choose among {', '.join(FORMS)}", "form")
    found = rows(table, [column.name for column in table.columns], start=start, end=end)
    if form == "csv":
        return texts.written("csv", _shown(table.columns), _with_units(found, table.columns))
    first = next(found, None)
    if first is None:
        return iter(())
    found = chain([first], found)
    return files.written("ncCF" if form == "nc" else form, table, table.columns, found, told)


def _unit(column: Column) -> str:
    return column.variable.unit if column.role in ("value", "vertical") else ""


def _shown(columns: tuple[Column, ...]) -> list[Shown]:
    shown: list[Shown] = []
    for column in columns:
        shown.append(Shown(column.name, column.name, column.kind, None))
        if _unit(column):
            shown.append(Shown(f"{column.name}_unit", f"{column.name}_unit", "text", None))
    return shown


def _with_units(found: Iterator[pa.Table], columns: tuple[Column, ...]) -> Iterator[pa.Table]:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    for part in found:
        made = part
        for column in columns:
            if unit := _unit(column):
                index = pa.repeat(pa.scalar(0, pa.int32()), part.num_rows)
                made = made.append_column(
                    f"{column.name}_unit", pa.DictionaryArray.from_arrays(index, pa.array([unit]))
                )
        yield made

"""Tables as text: CSV, TSV, JSON, JSON lines, GeoJSON and HTML, portion by portion.

Each portion is made by Arrow as a whole: cells to text, joined to lines, whose buffer is what is sent.
"""

from __future__ import annotations

import html
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

__all__ = ["TYPES", "Shown", "written"]

TYPES = {
    "csv": "text/csv", "csvp": "text/csv", "csv0": "text/csv", "tsv": "text/tab-separated-values",
    "tsvp": "text/tab-separated-values", "tsv0": "text/tab-separated-values", "json": "application/json",
    "jsonlCSV1": "application/jsonl", "jsonlCSV": "application/jsonl", "jsonlKVP": "application/jsonl",
    "geoJson": "application/geo+json", "htmlTable": "text/html", "xhtml": "application/xhtml+xml",
}  # fmt: skip


class Shown(NamedTuple):
    """A column as it is written.

    Attributes:
        name: under which it is shown.
        cells: name of the column in the rows.
        kind: "text", "real", "whole" or "time".
        unit: "" for none, None where the table has no line of units.
    """

    name: str
    cells: str
    kind: str
    unit: str | None = ""


def written(
    form: str, columns: Sequence[Shown], rows: Iterator[pa.Table], title: str = ""
) -> Iterator[bytes]:
    """A table in one of `TYPES`."""
    if form in ("csv", "csvp", "csv0", "tsv", "tsvp", "tsv0"):
        return _separated(form, columns, rows)
    if form == "json":
        return _json(columns, rows)
    if form == "geoJson":
        return _geojson(columns, rows)
    if form.startswith("jsonl"):
        return _json_lines(form, columns, rows)
    return _html(columns, rows, title)


# What cells are as text


def _texts(part: pa.Table, column: Shown, quoted: Callable[[str], str], none: str, none_text: str) -> Any:
    """Cells as text; words that need it are quoted, each different one once."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    pc: Any = import_module("pyarrow.compute")
    cells: Any = part[column.cells].combine_chunks()
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.chunk(0) if cells.num_chunks else pa.nulls(0, cells.type)
    if column.kind == "text" and (pa.types.is_string(cells.type) or pa.types.is_dictionary(cells.type)):
        coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
        words = pa.array(
            [None if word is None else quoted(word) for word in coded.dictionary.to_pylist()], pa.string()
        )
        return pc.fill_null(words.take(coded.indices), none_text)
    if pa.types.is_floating(cells.type):
        cells = pc.if_else(pc.is_nan(cells), pa.scalar(None, cells.type), cells)
    elif column.kind == "time":
        return pc.fill_null(_times(cells, quoted, pc), none)
    return pc.fill_null(cells.cast(pa.string()), none)


def _times(cells: Any, quoted: Callable[[str], str], pc: Any) -> Any:
    """Instants in ISO 8601, with parts of seconds where a portion has some."""
    import pyarrow as pa  # noqa: PLC0415

    whole = not cells.null_count and not bool(
        cells.to_numpy(zero_copy_only=False).astype("int64").__mod__(1_000_000).any()
    )
    instants = cells.cast(pa.timestamp("us"))
    text = (
        instants.cast(pa.timestamp("s")) if whole else instants.cast(pa.timestamp("ms"), safe=False)
    ).cast(pa.string())
    around = quoted("").strip() or ""
    before, after = (around[:1], around[1:]) if around else ("", "")
    joined = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(text, 0, 10),
        pc.utf8_slice_codeunits(text, 11),
        "T",
        null_handling="emit_null",
    )
    return pc.binary_join_element_wise(before, joined, f"Z{after}", "", null_handling="emit_null")


def _lines(cells: Sequence[Any], before: str, between: str, after: str) -> bytes:
    """Cells joined to lines."""
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    big = [one.cast(pa.large_string()) for one in cells]
    lines = (
        pc.binary_join_element_wise(*big, pa.scalar(between, pa.large_string())) if len(big) > 1 else big[0]
    )
    ends = [pa.scalar(one, pa.large_string()) for one in (before, after, "")]
    lines = pc.binary_join_element_wise(ends[0], lines, ends[1], ends[2])
    return bytes(lines.buffers()[2] or b"") if lines.offset == 0 else "".join(lines.to_pylist()).encode()


def _of_json(word: str) -> str:
    return json.dumps(word, ensure_ascii=False)


def _json_cells(part: pa.Table, columns: Sequence[Shown]) -> list[Any]:
    return [_texts(part, column, _of_json, "null", "null") for column in columns]


# CSV and TSV


def _separated(form: str, columns: Sequence[Shown], rows: Iterator[pa.Table]) -> Iterator[bytes]:
    separator = "," if form.startswith("csv") else "\t"
    quoted = _csv_word if separator == "," else _tsv_word
    units = [column.unit for column in columns]
    names = [
        f"{column.name} ({column.unit})" if form.endswith("p") and column.unit else column.name
        for column in columns
    ]
    head = ""
    if not form.endswith("0"):
        head = separator.join(map(quoted, names)) + "\n"
    if form in ("csv", "tsv") and any(unit is not None for unit in units):
        head += separator.join(quoted(unit or "") for unit in units) + "\n"
    if head:
        yield head.encode()
    for part in rows:
        cells = [_texts(part, column, quoted, "NaN", "") for column in columns]
        yield _lines(cells, "", separator, "\n")


def _csv_word(word: str) -> str:
    if any(character in word for character in ',"\n\r') or word != word.strip():
        return '"' + word.replace('"', '""') + '"'
    return word


def _tsv_word(word: str) -> str:
    return word.replace("\t", " ").replace("\n", " ").replace("\r", " ")


# JSON

_JSON_TYPES = {"text": "String", "real": "double", "whole": "long", "time": "String"}


def _json(columns: Sequence[Shown], rows: Iterator[pa.Table]) -> Iterator[bytes]:
    head = {
        "columnNames": [column.name for column in columns],
        "columnTypes": [_JSON_TYPES[column.kind] for column in columns],
    }
    if any(column.unit is not None for column in columns):
        head["columnUnits"] = [column.unit or None for column in columns]  # type: ignore[assignment]
    listed = ",\n    ".join(
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()
    )
    yield f'{{\n  "table": {{\n    {listed},\n    "rows": ['.encode()
    yield from _comma(_lines(_json_cells(part, columns), "[", ", ", "],\n") for part in rows)
    yield b"\n    ]\n  }\n}\n"


def _comma(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Portions that each end with a comma and a line, but for the last."""
    kept = b""
    for part in parts:
        if part:
            yield kept + b"\n" + part[:-2]
            kept = b","


def _json_lines(form: str, columns: Sequence[Shown], rows: Iterator[pa.Table]) -> Iterator[bytes]:
    if form == "jsonlCSV1":
        yield (json.dumps([column.name for column in columns], ensure_ascii=False) + "\n").encode()
    for part in rows:
        cells = _json_cells(part, columns)
        if form == "jsonlKVP":
            cells = [_named(column, one) for column, one in zip(columns, cells, strict=True)]
        before, after = ("{", "}\n") if form == "jsonlKVP" else ("[", "]\n")
        yield _lines(cells, before, ", ", after)


def _named(column: Shown, cells: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    return pc.binary_join_element_wise(pa.scalar(f"{_of_json(column.name)}:"), cells, "")


def _geojson(columns: Sequence[Shown], rows: Iterator[pa.Table]) -> Iterator[bytes]:
    """A point a row; the columns of its place are its coordinates, the others its properties."""
    at = {column.cells: column for column in columns if column.cells in ("longitude", "latitude")}
    others = [column for column in columns if column.cells not in at]
    told = {
        "propertyNames": [column.name for column in others],
        "propertyUnits": [column.unit or None for column in others],
    }
    yield b'{\n  "type": "FeatureCollection",\n'
    for name, value in told.items():
        yield f'  "{name}": {json.dumps(value, ensure_ascii=False)},\n'.encode()
    yield b'  "features": ['
    yield from _comma(_features(part, at, others) for part in rows)
    yield b"\n  ]\n}\n"


def _features(part: pa.Table, at: dict[str, Shown], others: Sequence[Shown]) -> bytes:
    import pyarrow as pa  # noqa: PLC0415

    pc: Any = import_module("pyarrow.compute")
    x, y = (_texts(part, at[name], _of_json, "null", "null") for name in ("longitude", "latitude"))
    points = pc.binary_join_element_wise('{"type": "Point", "coordinates": [', x, ", ", y, "]}", "")
    nowhere = pc.or_(pc.equal(x, "null"), pc.equal(y, "null"))
    points = pc.if_else(nowhere, pa.scalar("null"), points)
    cells = [_named(column, _texts(part, column, _of_json, "null", "null")) for column in others]
    inner = pc.binary_join_element_wise(*cells, ", ") if len(cells) > 1 else cells[0] if cells else None
    middle = [', "properties": {', inner, "}},\n"] if inner is not None else [', "properties": {}},\n']
    return _lines(
        [pc.binary_join_element_wise('{"type": "Feature", "geometry": ', points, *middle, "")], "", "", ""
    )


# HTML


def _html(columns: Sequence[Shown], rows: Iterator[pa.Table], title: str) -> Iterator[bytes]:
    shown = html.escape(title)
    names = "".join(f"<th>{html.escape(column.name)}</th>" for column in columns)
    units = "".join(f"<th>{html.escape(column.unit or '')}</th>" for column in columns)
    has_units = any(column.unit is not None for column in columns)
    yield (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8"/>'
        f"<title>{shown}</title></head>\n<body><h1>{shown}</h1>\n<table>\n<thead><tr>{names}</tr>"
        + (f"\n<tr>{units}</tr>" if has_units else "")
        + "</thead>\n<tbody>\n"
    ).encode()
    for part in rows:
        cells = [_texts(part, column, html.escape, "", "") for column in columns]
        yield _lines(cells, "<tr><td>", "</td><td>", "</td></tr>\n")
    yield b"</tbody></table></body></html>\n"

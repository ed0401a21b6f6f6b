"""DAP 2: the structure (DDS), the attributes (DAS) and the rows (DODS) of a table as a sequence."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.wide.texts import Shown

__all__ = ["TYPES", "attributes", "data", "structure"]

TYPES = {"text": "String", "real": "Float64", "whole": "Float64", "time": "Float64"}
"""DAP 2 has no integers of 64 bits; ids fit into its doubles as they are."""
_START, _END = b"\x5a\0\0\0", b"\xa5\0\0\0"
_US = 1_000_000


def structure(columns: Sequence[Shown]) -> str:
    """The DDS."""
    inner = "".join(f"    {TYPES[column.kind]} {column.name};\n" for column in columns)
    return f"Dataset {{\n  Sequence {{\n{inner}  }} s;\n}} s;\n"


def attributes(of_columns: Mapping[str, Mapping[str, Any]], of_all: Mapping[str, Any]) -> str:
    """The DAS."""
    parts = [f"  {name} {{\n{_attributes(told)}  }}\n" for name, told in of_columns.items()]
    return f"Attributes {{\n s {{\n{''.join(parts)} }}\n  NC_GLOBAL {{\n{_attributes(of_all)}  }}\n}}\n"


def _attributes(told: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for name, value in told.items():
        values = list(value) if isinstance(value, list | tuple) else [value]
        if all(isinstance(one, int) for one in values):
            kind, written = "Int32", ", ".join(str(one) for one in values)
        elif all(isinstance(one, int | float) for one in values):
            kind, written = "Float64", ", ".join(repr(float(one)) for one in values)
        else:
            kind, written = "String", ", ".join(_quoted(str(one)) for one in values)
        lines.append(f"    {kind} {re.sub(r'[^A-Za-z0-9_]', '_', name)} {written};\n")
    return "".join(lines)


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "")
    return f'"{escaped}"'


def data(columns: Sequence[Shown], rows: Iterator[pa.Table]) -> Iterator[bytes]:
    """The DODS: the DDS, then the rows in XDR."""
    yield structure(columns).encode() + b"\nData:\n"
    for part in rows:
        yield _rows(columns, part)
    yield _END


def _rows(columns: Sequence[Shown], part: pa.Table) -> bytes:
    """Rows in XDR, each after its mark: all cells of a column are put in their places at once."""
    cells = [_cells(part, column) for column in columns]
    length = np.full(part.num_rows, 4, np.int64)
    for one in cells:
        length += 8 if isinstance(one, np.ndarray) else one[1][one[0]]
    ends = np.cumsum(length)
    at = ends - length
    made = np.zeros(int(ends[-1]) if len(ends) else 0, np.uint8)
    made[at] = _START[0]
    at += 4
    for one in cells:
        if isinstance(one, np.ndarray):
            made[at[:, None] + np.arange(8)] = one.view(np.uint8).reshape(-1, 8)
            at += 8
            continue
        codes, lengths, words = one
        for n, word in enumerate(words):
            mine = at[codes == n]
            if len(mine):
                made[mine[:, None] + np.arange(len(word))] = np.frombuffer(word, np.uint8)
        at += lengths[codes]
    return made.tobytes()


type _Words = tuple[NDArray[np.int64], NDArray[np.int64], list[bytes]]


def _cells(part: pa.Table, column: Shown) -> NDArray[np.float64] | _Words:
    """A column as doubles of XDR; or, of words, which of some each cell is, their lengths, and their bytes."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    pc: Any = import_module("pyarrow.compute")
    cells: Any = part[column.cells].combine_chunks()
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.chunk(0) if cells.num_chunks else pa.nulls(0, cells.type)
    if column.kind != "text":
        numbers = pc.fill_null(cells.cast(pa.float64(), safe=False), float("nan")).to_numpy(
            zero_copy_only=False
        )
        return (numbers / _US if column.kind == "time" else numbers).astype(">f8")
    coded = cells if pa.types.is_dictionary(cells.type) else cells.cast(pa.string()).dictionary_encode()
    words = [_xdr(word or "") for word in [*coded.dictionary.to_pylist(), ""]]
    codes = pc.fill_null(coded.indices, len(words) - 1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, np.array([len(word) for word in words], np.int64), words


def _xdr(word: str) -> bytes:
    given = word.encode()
    return len(given).to_bytes(4, "big") + given + b"\0" * (-len(given) % 4)

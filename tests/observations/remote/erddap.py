"""A small ERDDAP that behaves as real ones do where that is awkward."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from estran.model import instant_us, moment_us
from tests.fetching.serving import Answer

if TYPE_CHECKING:
    from tests.fetching.serving import Asked

_BOUND = re.compile(r"time(>=|<)([^&]+)")


@dataclass
class Erddap:
    """A server of tables.

    Attributes:
        tables: dataset -> (attributes by variable, type by variable, rows as dictionaries with time in microseconds).
        most: rows of an answer; more is 413.
        fails: number of the request for rows from which on it fails.
        slow: microseconds of a slice from which on it is too slow.
        slices: (start, end, status) of the requests for rows.
    """

    tables: dict[str, tuple[dict[str, dict[str, Any]], dict[str, str], list[dict[str, Any]]]]
    most: int = 1_000_000
    fails: int = 1_000_000
    slow: int = 10**18
    slices: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])

    def __call__(self, asked: Asked) -> Answer | bytes:
        """The answer to a request."""
        path = asked.path.removeprefix("/erddap/")
        if path == "version":
            return b"ERDDAP_version=2.23\n"
        if path == "info/index.json":
            rows = [["", f"/tabledap/{name}", name] for name in ("allDatasets", *self.tables)]
            return _table(["griddap", "tabledap", "Dataset ID"], [*rows, ["/griddap/g", "", "g"]])
        if found := re.fullmatch(r"info/(\w+)/index\.json", path):
            return self._info(found[1])
        if found := re.fullmatch(r"tabledap/(\w+)\.(csv|json)", path):
            query = "&".join(f"{n}={v}" if v else n for n, v in asked.query.items())
            return self._rows(found[1], found[2], unquote(query))
        return _error(404, "Not Found: Currently unknown datasetID")

    def _info(self, name: str) -> Answer | bytes:
        if name not in self.tables:
            return _error(404, f"Not Found: Currently unknown datasetID={name}")
        about, types, _ = self.tables[name]
        rows: list[list[Any]] = []
        for variable, given in about.items():
            if variable != "NC_GLOBAL":
                rows.append(["variable", variable, "", types[variable], ""])
            for key, value in given.items():
                type_ = "String" if isinstance(value, str) else "double"
                told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                rows.append(["attribute", variable, key, type_, told])
        return _table(["Row Type", "Variable Name", "Attribute Name", "Data Type", "Value"], rows)

    def _rows(self, name: str, form: str, query: str) -> Answer | bytes:
        about, _, rows = self.tables[name]
        names = re.split(r"&|$", query)[0].split(",")
        bounds = dict(_BOUND.findall(query))
        if "distinct()" in query:
            told = list(dict.fromkeys(tuple(row[n] for n in names) for row in rows))
            return _table(names, [list(one) for one in told])
        start, end = (
            instant_us(bounds.get(sign, at)) for sign, at in ((">=", "0001-01-01"), ("<", "9000-01-01"))
        )
        found = [row for row in rows if start <= row["time"] < end]
        status = 200 if found else 404
        if len(found) > self.most:
            status = 413
        if len(self.slices) + 1 >= self.fails:
            status = 500
        if found and min(end, found[-1]["time"]) - max(start, found[0]["time"]) >= self.slow:
            status = 504
        self.slices.append((start, end, status))
        if status == 504:
            return _error(504, "Gateway Timeout")
        if status == 500:
            return _error(500, "Internal Server Error: java.lang.OutOfMemoryError")
        if status == 413:
            return _error(
                413, "Payload Too Large: Your query produced too much data. Try to request less data."
            )
        if status == 404:
            return _error(404, "Not Found: Your query produced no matching results. (nRows = 0)")
        assert form == "csv"
        lines = [",".join(names), ",".join(str(about[n].get("units", "")) for n in names)]
        lines += [",".join(_cell(n, row[n]) for n in names) for row in found]
        return "\n".join(lines).encode()


def _cell(name: str, value: Any) -> str:
    if name == "time":
        return moment_us(value)
    if value is None:
        return "NaN"
    return f'"{value}"' if isinstance(value, str) and set(value) & set(' ,"') else str(value)


def _table(names: list[str], rows: list[list[Any]]) -> bytes:
    return json.dumps({"table": {"columnNames": names, "rows": rows}}).encode()


def _error(status: int, message: str) -> Answer:
    return Answer(f'Error {{\n    code={status};\n    message="{message}";\n}}\n'.encode(), status)

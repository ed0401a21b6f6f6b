"""From a producer's files to datastreams and their observations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from estran import formats
from estran.catalogue.documents import files
from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.model import Datastream, now_us
from estran.observations.store import Counts, columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.formats import Observed, Rows
    from estran.observations.store import SeriesStore

__all__ = ["IngestReport", "ingest"]

_ROWS_AT_ONCE = 1_000_000
_HEAD_BYTES, _LIKELY = 4096, 0.5
# Clocks that run fast are believed for a day; a forecast is no observation.
_AHEAD_US = 86_400_000_000


@dataclass(slots=True)
class IngestReport:
    """What became of observations. Everything counted here is on the disk.

    Attributes:
        files: that held observations.
        datastreams: that were not known before.
        rows: new, changed and unchanged observations.
        refused: what could not be read or stored, with file and reason.
    """

    files: int = 0
    datastreams: int = 0
    rows: Counts = field(default_factory=Counts)
    refused: list[Refusal] = field(default_factory=list)


def ingest(
    store: SeriesStore,
    paths: Iterable[Path],
    record_of: Callable[[Document], str],
    progress: Callable[[IngestReport], None] | None = None,
) -> IngestReport:
    """Store the observations of all files that hold some; the others are left alone.

    Args:
        store: where they go.
        paths: files and folders.
        record_of: id of the record that describes the dataset of a document, "" where there is none.
        progress: told after each batch.
    """
    report = IngestReport()
    for path, size in files(paths):
        if isinstance(size, Refusal):
            continue
        document = Document(str(path), path=path)
        try:
            found = _observed(document)
            if found is None:
                continue
            record = record_of(document)
            if not record:
                continue
            before = report.rows.new + report.rows.changed + report.rows.unchanged
            for batch in _batches(found, report):
                _store(store, record, batch, report)
                if progress:
                    progress(report)
            report.files += report.rows.new + report.rows.changed + report.rows.unchanged > before
        except Invalid as error:
            report.refused.append(Refusal(document.name, error.why))
        except (ValueError, TypeError, LookupError, ArithmeticError, OSError, RuntimeError) as error:
            # A reader's own mistake on a strange file: it is named, the others are read.
            why = f"its observations could not be understood ({type(error).__name__}: {error})"[:500]
            report.refused.append(Refusal(document.name, why))
    return report


def _observed(document: Document) -> Iterator[Observed] | None:
    """What a document holds of observations, None where it is in no format that has some."""
    if document.path is None:
        return None
    with document.path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for form in formats.every():
        if form.observe is not None and form.recognise(head, document.name) > _LIKELY:
            return form.observe(document)
    return None


@dataclass(slots=True)
class _Batch:
    streams: dict[str, Datastream] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)
    count: int = 0


def _batches(found: Iterator[Observed], report: IngestReport) -> Iterator[_Batch]:
    batch = _Batch()
    for one in found:
        if isinstance(one, Refusal):
            report.refused.append(one)
        elif isinstance(one, Datastream):
            batch.streams[one.key] = one
        else:
            batch.rows.append(one)
            batch.count += len(one.time)
            if batch.count >= _ROWS_AT_ONCE:
                yield batch
                batch = _Batch(dict(batch.streams))
    if batch.rows:
        yield batch


def _store(store: SeriesStore, record: str, batch: _Batch, report: IngestReport) -> None:
    numbers, new = store.enter(record, list(batch.streams.values()))
    report.datastreams += new
    parts = [_table(numbers[rows.datastream], rows, report, record) for rows in batch.rows]
    import pyarrow as pa  # noqa: PLC0415 - heavy

    report.rows.add(store.put(pa.concat_tables(parts)))


def _table(number: int, rows: Rows, report: IngestReport, record: str) -> pa.Table:
    """Rows as they are stored; those that cannot be are refused."""
    good = rows.time <= now_us() + _AHEAD_US
    if rows.value is not None:
        good &= ~np.isinf(rows.value)
    refused = int((~good).sum())
    if refused:
        why = (
            f"{refused:,} observations of “{rows.datastream}” are more than a day in the future, or infinite; "
            "mend the clock or the values and load it again"
        )
        report.refused.append(Refusal(record, why))
    return _columns(number, rows, good)


def _columns(number: int, rows: Rows, good: NDArray[np.bool_]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    kinds, count = columns.schema(), int(good.sum())
    given: dict[str, NDArray[np.float64] | NDArray[np.int64] | Sequence[str | None] | None] = {
        "time": rows.time, "vertical": rows.vertical, "value": rows.value, "words": rows.words,
        "until": rows.until, "longitude": rows.longitude, "latitude": rows.latitude, "flag": rows.flag,
    }  # fmt: skip
    arrays: list[pa.Array] = []
    for kind in kinds:
        values = given.get(kind.name)
        if values is None:
            zero = {"datastream": number, "vertical": 0, "number": 0, "version": 0}.get(kind.name)
            made = pa.repeat(pa.scalar(zero, kind.type), count)
        elif isinstance(values, np.ndarray):
            # What is no number is missing.
            made = pa.array(values[good], kind.type, from_pandas=True)
        else:
            made = pa.array(
                [value for value, is_good in zip(values, good, strict=True) if is_good], kind.type
            )
        arrays.append(made)
    return pa.Table.from_arrays(arrays, schema=kinds)

"""Citations as a spreadsheet (Office Open XML), one row for each record."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.formats import Links
    from estran.formats._citation import Citation
    from estran.model import Record

_LONGEST = 32_767  # characters that a cell can hold
_DAY_LENGTH = 10
_WIDTHS = {
    "Identifier": 24, "Creators": 40, "Date": 12, "Title": 60, "Version": 10, "Publisher": 30, "Type": 14,
    "DOI": 26, "Address": 40, "Language": 10, "Keywords": 40, "Abstract": 60, "Citation": 80,
}  # fmt: skip
# Set by us, so that the same records give the same bytes.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def workbook(records: Iterable[Record], links: Links) -> bytes:
    """A workbook with one sheet, a heading and a row for each record."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - heavy, for this format alone

    out = BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        book.set_properties({"title": f"Citations, {links.publisher}", "created": _CREATED})
        sheet = book.add_worksheet("Citations")
        sheet.freeze_panes(1, 0)
        heading = book.add_format({"bold": True})
        for column, (name, width) in enumerate(_WIDTHS.items()):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, heading)
        for row, record in enumerate(records, 1):
            for column, words in enumerate(_row(record, citation(record, links))):
                # write_string, never write: a title that begins with "=" is no formula.
                sheet.write_string(
                    row, column, words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
                )
    return out.getvalue()


def _row(record: Record, cited: Citation) -> tuple[str, ...]:
    return (
        record.id or record.identifier,
        "; ".join(map(str, cited.creators)),
        cited.date[:_DAY_LENGTH],
        cited.title,
        cited.version,
        cited.publisher,
        cited.type,
        cited.doi,
        cited.url,
        cited.language,
        "; ".join(cited.keywords),
        cited.abstract,
        ". ".join(words for _, words in sentences(cited)),
    )


def _write(record: Record, links: Links) -> Written:
    carried = ("abstract", "concepts.label", "language")
    losses = lost(record, citation(record, links), carried, _DAY_LENGTH)
    return Written(workbook((record,), links), FORMAT.media_types[0], losses)


FORMAT = Format(
    name="citation-xlsx",
    title="Citation as spreadsheet",
    media_types=("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    write=_write,
    suffix=".xlsx",
)

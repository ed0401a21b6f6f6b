"""A citation as one line of text, in DataCite's recommended form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran.formats import Format, Written
from estran.formats._citation import citation, lost, sentences

if TYPE_CHECKING:
    from estran.formats import Links
    from estran.model import Record


def cite(record: Record, links: Links, language: str = "") -> str:
    """The citation of a record: Creator (Year). Title. Version. Publisher. ResourceType. Identifier.

    Args:
        record: what to cite.
        links: addresses of the node, for records without a DOI.
        language: of title, names and words ("fr" or "en"); "" takes the record's own and English words.
    """
    return ". ".join(words for _, words in sentences(citation(record, links, language), language))


def _write(record: Record, links: Links) -> Written:
    return Written(
        f"{cite(record, links)}\n".encode(),
        FORMAT.media_types[0],
        lost(record, citation(record, links), (), date_length=4),
    )


FORMAT = Format(
    name="citation-text",
    title="Citation as text",
    media_types=("text/plain",),
    write=_write,
    suffix=".txt",
)

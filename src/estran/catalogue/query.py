"""What may be asked of the catalogue, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from estran.catalogue.expressions import Node
    from estran.catalogue.grids import Grid, Spots
    from estran.catalogue.timelines import Timeline
    from estran.model import Box, Record

FACETS = (
    "hub", "centre", "kind", "topic", "theme", "variable", "platform", "instrument", "project", "level",
    "format", "licence", "access", "source", "keyword", "place", "language", "visibility", "concept",
    "application", "service", "link", "organisation", "related", "series",
)  # fmt: skip
"""Fields that can be counted and filtered by; values are the words shown to people, or codes."""

SERIES = ("any", "station", "moving")
"""Values of the facet "series": records with observations on this node; of what stands, or of what moves."""

SORTS = ("relevance", "updated", "title", "published", "start", "end", "id")
"""Names to sort by; a minus in front turns the order around. All end with the id: a total order."""

Words = Literal["all", "records"]
"""How `Query.text` is read: "all": every word, anywhere, quotes make a phrase; "records": OGC API Records
(a comma is OR, blanks make a phrase in order)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question to the catalogue.

    Attributes:
        text: words to find; words says how they are read.
        meaning: whether a word is also found by what it means: by concepts of the node's vocabularies that it
            names, whatever is narrower, and their other labels.
        bbox: only records that touch this box.
        time: only records that overlap this interval, [start, end) in microseconds since 1970 UTC.
        where: facet field -> values; values of one field are alternatives, fields add up. A ``concept`` is
            an address, and stands for all that is narrower too.
        ids: only these records.
        external_ids: only records that carry one of these foreign identifiers: ``scheme:value``, a bare
            value, or ``scheme:``.
        unknown: whether a record passes bbox and time where nothing is known of its place or time.
        filter: a CQL2 expression, as text or as parsed JSON, or a tree of `estran.catalogue.expressions`.
        sort: one of `SORTS`, with "-" for descending; several by comma. "" is relevance where there is
            text, else the newest first.
        limit: records on a page; cursor: where a page starts, from `Results.next`.
        skip: how many records to pass over, for protocols that count positions: instead of cursor, and
            without counts. No sort then means the order in which the records came, which later ones do
            not disturb. None where pages follow cursors.
        every: whether records that describe one dataset are all found, instead of one that stands for them;
            so they are where `ids` names records.
        within: another question, only among whose records this one looks: its words, places and filters.
        counts: facet fields to count.
        count_values: at most so many values of a field, the most frequent first.
        trees: fields whose concepts are counted as trees, open down to those that ``where["concept"]`` names.
        bars: at most so many bars of years to count, whatever time is asked; 0 for none.
        grid: the map on which to gather the places of all records.
    """

    text: str = ""
    words: Words = "all"
    meaning: bool = False
    bbox: Box | None = None
    time: tuple[int, int] | None = None
    unknown: bool = False
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    external_ids: tuple[str, ...] = ()
    filter: str | dict[str, Any] | Node = ""
    sort: str = ""
    limit: int = 20
    cursor: str = ""
    skip: int | None = None
    every: bool = False
    within: Query | None = None
    counts: tuple[str, ...] = ()
    count_values: int = 50
    trees: tuple[str, ...] = ()
    bars: int = 0
    grid: Grid | None = None


How = Literal["text", "identifier", "concept", "same", "narrower", "label", "translation"]
"""How words led to a record; see `Reason`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why some words of a query led to a record.

    Attributes:
        words: of the query.
        how: "text": they stand in it; "identifier": it is called so; "concept", "same", "narrower": it carries
            a concept that they name, one that is the same, or something narrower; "label": it carries a
            concept that is called by them among others; "translation": another label of what they name
            stands in it.
        fields: where in the text: "title", "subject" (keywords and variables) or "body".
        field, value: the word or address of the record that means the concept.
        concept: address of that concept; label: what it is called, or the label that stands in the text.
        scheme, local: name of its vocabulary, and its own there.
        through: what the words name, where that is another concept.
    """

    words: str
    how: How
    fields: tuple[str, ...] = ()
    field: str = ""
    value: str = ""
    concept: str = ""
    label: Text = Text()
    scheme: str = ""
    local: str = ""
    through: Text = Text()


class Bucket(NamedTuple):
    """A facet's value and how many records (or datasets of several records) of the answer carry it."""

    value: str
    count: int  # pyright: ignore[reportIncompatibleMethodOverride] - the word of everyone for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A concept in the tree of a facet, and how many records of the answer carry it or something narrower.

    Attributes:
        scheme, local: its vocabulary, and its name there.
        opened: whether all that is under it is listed, each with the first that is under that.
        narrower: what is under it, the most frequent first.
    """

    uri: str
    count: int
    label: Text = Text()
    scheme: str = ""
    local: str = ""
    opened: bool = False
    narrower: tuple[Counted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One page of an answer; iterate over it for its records.

    Attributes:
        matched: how many records the query has, exactly; those that describe one dataset count once.
        facets: counts per field, each ignoring the query's own restriction on that field.
        others: id of a record -> those that it stands for, as they describe the same dataset.
        next: cursor of the following page, "" at the end.
        trees: field -> the concepts of the answer's records in their trees.
        reasons: id of a record -> why the words of the query led to it, where `Query.meaning` was asked for.
        timeline: the bars, where `Query.bars` was asked for; they ignore the query's own time.
        places: the marks, where `Query.grid` was asked for.
    """

    records: tuple[Record, ...]
    matched: int
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    facets: Mapping[str, tuple[Bucket, ...]] = field(default_factory=dict)
    next: str = ""
    reasons: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    trees: Mapping[str, tuple[Counted, ...]] = field(default_factory=dict)
    timeline: Timeline | None = None
    places: Spots | None = None

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

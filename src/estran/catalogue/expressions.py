"""A filter as a small tree of checked values: what `filters` makes of CQL2 and the store turns into SQL.

    Node = And | Or | Not | Compare | In | Like | IsNull | Spatial | Temporal | Array | Words

What stands in a tree is safe to use: names are those of `queryables.RECORDS`, operators those of each
class, and each literal has the type of its property and is a bound value, never a piece of SQL. What
could be said in two ways is said in one: the property stands left, ``<>`` is Not of ``=``, BETWEEN is And
of two Compares, TRUE is ``And(())`` and FALSE is ``Or(())``, and tests of instants (``created``,
``updated``…) are Compares ``>=`` and ``<`` with microseconds since 1970 UTC, because a date means its
whole day.

Logic is three-valued, as in SQL: a record that lacks the property satisfies neither a test nor its
negation, only IsNull.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estran.model import Box


@dataclass(frozen=True, slots=True)
class And:
    """All of them; none at all is TRUE."""

    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them at least; none at all is FALSE."""

    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary; unknown stays unknown."""

    arg: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """A text, number or instant against a value.

    Attributes:
        op: "=", "<", "<=", ">" or ">="; of instants only ">=" and "<".
        value: text, number, or microseconds since 1970 UTC.
        casei, accenti: case, accents do not count; fold both sides.
    """

    name: str
    op: Literal["=", "<", "<=", ">", ">="]
    value: str | float
    casei: bool = False
    accenti: bool = False


@dataclass(frozen=True, slots=True)
class In:
    """A text or number that equals one of the values."""

    name: str
    values: tuple[str | float, ...]
    casei: bool = False
    accenti: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    r"""A text, or any text of an array, that matches a pattern.

    Attributes:
        pattern: ``%`` stands for any characters, ``_`` for one, ``\`` takes the meaning from the next.
    """

    name: str
    pattern: str
    casei: bool = False
    accenti: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """A record that lacks the property."""

    name: str


@dataclass(frozen=True, slots=True)
class Spatial:
    """The record's geometry against another, on the plane of longitude and latitude.

    Attributes:
        op: "intersects", "within", "contains", "disjoint", "equals", "touches", "overlaps", "crosses".
        wkt: the other geometry.
        boxes: around it; two where it is a bounding box over the antimeridian.
        exact: whether the boxes are the geometry.
    """

    name: str
    op: str
    wkt: str
    boxes: tuple[Box, ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class Temporal:
    """The record's interval against [start, end) in microseconds; open ends are EVER_US, NEVER_US.

    Attributes:
        op: "after", "before", "disjoint", "equals", "intersects", "contains", "during", "finishedby",
            "finishes", "meets", "metby", "overlappedby", "overlaps", "startedby", "starts", as `ALLEN`
            defines them.
    """

    name: str
    op: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Array:
    """The record's values of a property, as a set, against others.

    Attributes:
        op: "contains" (all of them), "containedby" (only these), "equals" (exactly these) or "overlaps"
            (one of them at least).
    """

    name: str
    op: str
    values: tuple[str, ...]
    casei: bool = False
    accenti: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A record that holds words anywhere, one after the other in one field; of records only.

    CQL2 has no such test: it is what AnyText of the catalogue services means. Case, accents and endings
    do not count.

    Attributes:
        text: the words.
        prefix: whether the last one may go on, so that “turbid” finds turbidity.
    """

    text: str
    prefix: bool = False


Node = And | Or | Not | Compare | In | Like | IsNull | Spatial | Temporal | Array | Words

_Test = tuple[Literal["start", "end"], Literal["=", "<", "<=", ">", ">="], Literal["start", "end"]]
ALLEN: Mapping[str, tuple[_Test, ...]] = {
    "after": (("start", ">=", "end"),),
    "before": (("end", "<=", "start"),),
    "intersects": (("start", "<", "end"), ("end", ">", "start")),
    "equals": (("start", "=", "start"), ("end", "=", "end")),
    "contains": (("start", "<", "start"), ("end", ">", "end")),
    "during": (("start", ">", "start"), ("end", "<", "end")),
    "finishedby": (("start", "<", "start"), ("end", "=", "end")),
    "finishes": (("start", ">", "start"), ("end", "=", "end")),
    "meets": (("end", "=", "start"),),
    "metby": (("start", "=", "end"),),
    "overlappedby": (("start", ">", "start"), ("start", "<", "end"), ("end", ">", "end")),
    "overlaps": (("start", "<", "start"), ("end", ">", "start"), ("end", "<", "end")),
    "startedby": (("start", "=", "start"), ("end", ">", "end")),
    "starts": (("start", "=", "start"), ("end", "<", "end")),
}
"""Each temporal operator as tests of half-open intervals, all of which must hold: (end of the record's
interval, comparison, end of the filter's). "disjoint" is Not of "intersects"."""

"""The other records of a dataset, on the page of one of them or of all together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estran.catalogue.members import Member
    from estran.web.datasets import Asked
    from estran.web.portal.views import Viewer

__all__ = ["Described", "Together", "together"]


@dataclass(frozen=True, kw_only=True)
class Described:
    """A record that describes the dataset; here says that it is the one shown."""

    id: str
    title: str
    tongue: str
    href: str
    detail: str
    here: bool = False


@dataclass(frozen=True, kw_only=True)
class Together:
    """The records of a dataset.

    Attributes:
        records: all of them, the one that stands for all first; none where there is one only.
        other: address of the other view: the complete one, or that of the record alone.
        is_merged: whether the complete view is shown.
        given: (field that was lacking, title of the record that gave it, its address).
    """

    records: tuple[Described, ...] = ()
    other: str = ""
    is_merged: bool = False
    given: tuple[tuple[str, str, str], ...] = ()


def together(found: Asked, viewer: Viewer) -> Together:
    """What a page tells of the other records."""
    if len(found.whole.members) == 1:
        return Together()
    records = {one.id: _described(one, found, viewer) for one in found.whole.members}
    here = f"/{viewer.words.language}/data/{found.record.id}"
    given = tuple((name, records[id_].detail, records[id_].href) for name, id_ in found.whole.given.items())
    return Together(
        records=tuple(records.values()),
        other=here if found.is_merged else f"{here}?merged=true",
        is_merged=found.is_merged,
        given=given if found.is_merged else (),
    )


def _described(one: Member, found: Asked, viewer: Viewer) -> Described:
    w = viewer.words
    date = w.date(one.date[:10] or one.updated[:10])
    said = (viewer.name(one.centre) if one.centre else "", one.source, one.standard, date)
    return Described(
        id=one.id, title=w.of(one.title) or one.id, tongue=w.tongue(one.title),
        href=f"/{w.language}/data/{one.id}", detail=" · ".join(x for x in said if x),
        here=one.id == found.record.id and not found.is_merged,
    )  # fmt: skip

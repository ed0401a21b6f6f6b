"""All values of one facet within a search: to look through, to search in, to choose from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from estran.catalogue.words import folded
from estran.errors import Invalid, NotFound
from estran.web.portal.asking import FACETS

if TYPE_CHECKING:
    from estran.node import Node
    from estran.web.portal.asking import Asked
    from estran.web.portal.views import Choice, Viewer

__all__ = ["Pick", "Values", "values"]

_PAGE = 100
# What one search carries of one field at most, to be looked through.
_MOST = 20_000


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A value, and the address of the search with it, or without it where it is chosen."""

    choice: Choice
    href: str


@dataclass(frozen=True, kw_only=True)
class Values:
    """The values of a facet.

    Attributes:
        field, label: of the facet.
        find: letters that the values shown have; total: how many values have them.
        picks: those of this page.
        back: address of the search; previous, next: of the pages around this one.
        kept: what the form for letters sends along.
    """

    field: str
    label: str
    find: str
    total: int
    picks: tuple[Pick, ...]
    back: str
    previous: str = ""
    next: str = ""
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The values alone."""
        return tuple(pick.choice for pick in self.picks)


def values(node: Node, asked: Asked, viewer: Viewer, field: str, find: str, start: int) -> Values:  # noqa: PLR0917
    """A page of a facet's values, the most frequent first.

    Raises:
        NotFound: there is no such facet.
        Invalid: the search cannot be read.
    """
    if field not in FACETS:
        raise NotFound("facet", field)
    if asked.wrong:
        raise Invalid("a part of the search cannot be read; go back and correct it", asked.wrong[0].field)
    language = viewer.words.language
    asked = asked.first()
    found = node.ask(asked.query(limit=0, counts=(field,), count_values=_MOST))
    facet = viewer.facet(replace(found, trees={}), asked, field)
    letters = folded(find)
    listed = [c for c in facet.choices if letters in folded(c.label.replace("_", " "))]
    here = f"/{language}/search/values/{field}"

    def page(first: int) -> str:
        asks = [
            *asked.params(),
            *((name, value) for name, value in (("find", find), ("start", str(first or ""))) if value),
        ]
        return f"{here}?{urlencode(asks, safe=',:/')}" if asks else here

    def pick(choice: Choice) -> Pick:
        other = (
            asked.without_value(field, choice.value)
            if choice.chosen
            else asked.with_value(field, choice.value)
        )
        return Pick(choice=choice, href=other.address(f"/{language}/search"))

    return Values(
        field=field, label=facet.label, find=find, total=len(listed), back=asked.address(f"/{language}/search"),
        picks=tuple(pick(choice) for choice in listed[start : start + _PAGE]),
        previous=page(max(0, start - _PAGE)) if start else "",
        next=page(start + _PAGE) if len(listed) > start + _PAGE else "", kept=tuple(asked.params()),
    )  # fmt: skip

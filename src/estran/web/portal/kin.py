"""What a record is related to: what it names itself, what names it, and what is about the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from estran.catalogue.query import Query
from estran.web.portal.views import doi_link, link, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from estran.model import Record, Relation
    from estran.node import Node
    from estran.web.portal.i18n import Words

__all__ = ["Kin", "Tie", "kin_of"]

_MOST_RELATIONS = 100
_MOST_KIN, _MOST_ALIKE = 12, 4
_MOST_NAMES = 20
# How a tie looks from its other end.
_INVERSE = {
    "IsPartOf": "HasPart", "IsVersionOf": "HasVersion", "IsNewVersionOf": "IsPreviousVersionOf",
    "IsVariantFormOf": "IsOriginalFormOf", "IsDerivedFrom": "IsSourceOf", "IsSupplementTo": "IsSupplementedBy",
    "IsMetadataFor": "HasMetadata", "IsContinuedBy": "Continues", "Continues": "IsContinuedBy",
    "Describes": "IsDescribedBy", "Documents": "IsDocumentedBy", "Requires": "IsRequiredBy",
    "Compiles": "IsCompiledBy", "IsCompiledBy": "Compiles",
}  # fmt: skip
_ABOUT = ("variable", "theme", "project")


@dataclass(frozen=True, kw_only=True)
class Tie:
    """A relation; here says that its target is on this node."""

    kind: str
    title: str
    href: str = ""
    here: bool = False
    tongue: str = ""


@dataclass(frozen=True, kw_only=True)
class Kin:
    """What a record is related to.

    Attributes:
        ties: what it names, and what names it.
        more: address of all that belongs to it, where that is more than is listed; count: how many.
        about: what others share that are listed in `alike`, such as a variable; search: address of all of them.
    """

    ties: tuple[Tie, ...]
    more: str = ""
    count: int = 0
    about: str = ""
    alike: tuple[Tie, ...] = ()
    search: str = ""


def kin_of(node: Node, record: Record, w: Words) -> Kin:
    """All that a page tells of other records."""
    named = _named(node, record.relations[:_MOST_RELATIONS], w)
    names = tuple(dict.fromkeys(n for n in (record.identifier, *(i.value for i in record.identifiers)) if n))
    names = names[:_MOST_NAMES]
    where = {"related": names}
    found = node.ask(Query(where=where, every=True, limit=_MOST_KIN, sort="title")) if names else None
    naming = tuple(_from_there(other, names, w) for other in found or () if other.id != record.id)
    shown = {tie.href for tie in named}
    ties = (*named, *(tie for tie in naming if tie.href not in shown))
    more = found is not None and found.matched > len(found)
    about, alike, search = _alike(node, record, {record.id, *(t.href.rpartition("/")[2] for t in ties)}, w)
    return Kin(
        ties=ties, more=_search(w, where) if more else "", count=found.matched if found is not None else 0,
        about=about, alike=alike, search=search,
    )  # fmt: skip


def _named(node: Node, relations: Sequence[Relation], w: Words) -> tuple[Tie, ...]:
    targets = tuple(dict.fromkeys(r.target for r in relations if r.target))
    known = _here(node, targets, w) if targets else {}
    found: list[Tie] = []
    for r in relations:
        kind, title = w.label("relation", r.kind), w.of(r.title) or r.target
        if r.target in known:
            href, own = known[r.target]
            found.append(Tie(kind=kind, title=title if r.title else own, href=href, here=True))
        elif title:
            href = doi_link(r.target) if r.scheme == "doi" else link(r.target)
            found.append(Tie(kind=kind, title=title, href=href))
    return tuple(found)


def _here(node: Node, targets: tuple[str, ...], w: Words) -> dict[str, tuple[str, str]]:
    """Which of these identifiers are records of this node: target -> (address, title)."""
    found = node.ask(Query(external_ids=targets, every=True, limit=_MOST_RELATIONS))
    return {
        name: (_page(record, w), w.of(record.title) or name)
        for record in found
        for name in (record.identifier, *(i.value for i in record.identifiers))
        if name in targets
    }


def _from_there(other: Record, names: Iterable[str], w: Words) -> Tie:
    """The tie that another record says it has to one of these names, as one sees it from here."""
    said = next((r.kind for r in other.relations if r.target in names and r.kind in _INVERSE), "")
    kind = (
        w.text("data.served_by") if other.kind == "service" else w.label("relation", _INVERSE.get(said, ""))
    )
    return _tie(other, kind, w)


def _alike(node: Node, record: Record, known: set[str], w: Words) -> tuple[str, tuple[Tie, ...], str]:
    """Others about the same thing: the first variable, theme or project of the record that has others."""
    for field in _ABOUT:
        for value in _values(record, field)[:2]:
            where = {field: (value,)}
            found = node.ask(Query(where=where, limit=_MOST_ALIKE + len(known), sort="-updated"))
            others = [other for other in found if other.id not in known][:_MOST_ALIKE]
            if others:
                ties = tuple(_tie(other, "", w) for other in others)
                return value.rpartition(" > ")[2].replace("_", " "), ties, _search(w, where)
    return "", (), ""


def _values(record: Record, field: str) -> list[str]:
    """The values of a facet that a record has, as the catalogue counts them."""
    if field == "variable":
        listed = [v.standard_name or str(v.label) or v.name for v in record.variables]
    else:
        listed = [str(c.label) for c in record.words(field)]
    return [value for value in dict.fromkeys(listed) if value]


def _tie(other: Record, kind: str, w: Words) -> Tie:
    title = title_of(other)
    return Tie(
        kind=kind, title=w.of(title) or other.id, href=_page(other, w), here=True, tongue=w.tongue(title)
    )


def _page(record: Record, w: Words) -> str:
    return f"/{w.language}/data/{record.id}"


def _search(w: Words, where: Mapping[str, tuple[str, ...]]) -> str:
    asked = [(field, value) for field, values in where.items() for value in values]
    return f"/{w.language}/search?{urlencode(asked, safe=',:/')}"

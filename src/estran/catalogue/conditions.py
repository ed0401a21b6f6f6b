"""CQL2 conditions as sets of records.

Logic is three-valued: a test gives the records for which it is true and those for which it is false;
records that lack the property are in neither. The sets are then joined as the expression says, which
needs no SQL beyond the single test and is the same on every engine.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from estran.catalogue import filters
from estran.catalogue.applications import applications
from estran.catalogue.expressions import (
    ALLEN,
    And,
    Array,
    Compare,
    In,
    IsNull,
    Like,
    Node,
    Not,
    Or,
    Spatial,
    Temporal,
    Words,
)
from estran.catalogue.query import SERIES
from estran.errors import Invalid
from estran.model import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from estran.catalogue.store import View
    from estran.catalogue.store.view import Column

_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}

# Properties with few values, which the facets hold: property -> facet fields.
_FACETS: Mapping[str, tuple[str, ...]] = {
    "type": ("kind",),
    "language": ("language",),
    "license": ("licence",),
    "access": ("access",),
    "centre": ("centre",),
    "source": ("source",),
    "hub": ("hub",),
    "keywords": ("keyword",),
    "themes": ("theme", "topic"),
    "theme": ("theme",),
    "topic": ("topic",),
    "applications": ("application",),
    "places": ("place",),
    "variables": ("variable",),
    "platforms": ("platform",),
    "instruments": ("instrument",),
    "projects": ("project",),
    "level": ("level",),
    "formats": ("format",),
    "services": ("service",),
    "links": ("link",),
    "series": ("series",),
    "subjects": ("keyword", "theme", "topic", "variable", "platform", "instrument", "project"),
}
# Properties with a value of their own for each record: property -> column.
_COLUMNS: Mapping[str, Column] = {
    "id": "id", "title": "title", "description": "description", "externalId": "externalId", "time": "start",
    "created": "added", "recordCreated": "added", "updated": "updated", "recordUpdated": "updated",
    "published": "published",
}  # fmt: skip
_GLOBE = Box(-180, -90, 180, 90)


@dataclass(frozen=True, slots=True)
class _Truth:
    """The records for which a condition is true, and those for which it is false."""

    true: BitMap
    false: BitMap


def matching(
    view: View,
    expression: str | dict[str, Any] | Node,
    carrying: Callable[[str, Iterable[str]], BitMap],
    holding: Callable[[Words], BitMap],
    hubs: Iterable[str],
) -> BitMap:
    """The records for which an expression is true.

    Args:
        view: of the catalogue.
        expression: CQL2 text, decoded CQL2 JSON, or a tree.
        carrying: (facet, values) -> records that carry one of them.
        holding: words -> records that hold them.
        hubs: all that there are.

    Raises:
        Invalid: the expression is not one; see `filters.parse`.
    """
    tree = filters.parse(expression) if isinstance(expression, str | dict) else expression
    return _Judge(view, carrying, holding, tuple(hubs)).judge(tree).true


class _Judge:
    """Evaluates a tree over one view of the catalogue."""

    def __init__(
        self,
        view: View,
        carrying: Callable[[str, Iterable[str]], BitMap],
        holding: Callable[[Words], BitMap],
        hubs: tuple[str, ...],
    ) -> None:
        self._view, self._facets = view, view.facets
        self._carrying, self._holding, self._hubs = carrying, holding, hubs

    def judge(self, node: Node) -> _Truth:
        """The truth of any condition."""
        match node:
            case And(args):
                parts = [self.judge(arg) for arg in args]
                return _Truth(
                    BitMap.intersection(self._facets.everything, *(p.true for p in parts)),
                    _union(p.false for p in parts),
                )
            case Or(args):
                parts = [self.judge(arg) for arg in args]
                return _Truth(
                    _union(p.true for p in parts),
                    BitMap.intersection(self._facets.everything, *(p.false for p in parts)),
                )
            case Not(arg):
                inner = self.judge(arg)
                return _Truth(inner.false, inner.true)
            case Words():
                found = self._holding(node)
                return _Truth(found, self._facets.everything - found)
            case IsNull(name):
                present = self._present(name)
                return _Truth(self._facets.everything - present, present)
            case _:
                found = self._test(node)
                return _Truth(found, self._present(node.name) - found)

    def _test(self, node: Compare | In | Like | Array | Spatial | Temporal) -> BitMap:
        match node:
            case Spatial():
                return self._spatial(node)
            case Temporal():
                return self._temporal(node)
            case Array() if node.name != "externalId":
                return self._array(node)
            case Compare() | In() | Like() | Array():
                if node.name in _FACETS:
                    return self._values(node.name, _accepts(node))
                return self._column(node)

    def _present(self, name: str) -> BitMap:
        if name in _FACETS:
            return self._values(name, lambda _value: True)
        return self._view.touching(_GLOBE) if name == "geometry" else self._view.having(_COLUMNS[name])

    def _values(self, name: str, accept: Callable[[str], bool]) -> BitMap:
        """The records with a facet value that is accepted."""
        return _union(
            self._carrying(field, [value for value in self._known(field) if accept(value)])
            for field in _FACETS[name]
        )

    def _known(self, field: str) -> Iterable[str]:
        # None is marked on records: hubs follow from centres, applications from words, series from what is observed.
        if field in ("application", "series"):
            return applications() if field == "application" else SERIES
        return self._hubs if field == "hub" else self._facets.values(field)

    def _array(self, node: Array) -> BitMap:
        fold = _folding(node)
        wanted = [fold(value) for value in node.values]
        if node.op == "overlaps":
            return self._values(node.name, lambda value: fold(value) in wanted)
        each = [self._values(node.name, lambda value, one=one: fold(value) == one) for one in wanted]
        has_all = BitMap.intersection(self._facets.everything, *each)
        has_only = self._present(node.name) - self._values(node.name, lambda value: fold(value) not in wanted)
        match node.op:
            case "contains":
                return has_all
            case "containedby":
                return has_only
            case _:
                return has_all & has_only

    def _column(self, node: Compare | In | Like | Array) -> BitMap:
        column = _COLUMNS[node.name]
        plain = not (node.casei or node.accenti)
        match node:
            case Compare() if plain:
                return self._view.compared(column, node.op, node.value)
            case In() if plain:
                return self._view.among(column, node.values)
            case Array():
                return self._identifiers(node)
            case _:
                # What engines disagree about (case, accents, LIKE) is compared here.
                return self._view.accepted(column, _accepts(node))

    def _identifiers(self, node: Array) -> BitMap:
        if node.casei or node.accenti:
            raise Invalid(
                "identifiers are compared letter by letter; leave CASEI and ACCENTI out", "externalId"
            )
        has_one = self._view.among("externalId", node.values)
        if node.op == "overlaps":
            return has_one
        each = [self._view.compared("externalId", "=", value) for value in node.values]
        has_all = BitMap.intersection(self._facets.everything, *each)
        has_only = has_one - self._view.among("externalId", node.values, outside=True)
        return {"contains": has_all, "containedby": has_only}.get(node.op, has_all & has_only)

    def _temporal(self, node: Temporal) -> BitMap:
        if node.op == "intersects":
            return self._view.overlapping(node.start, node.end)
        theirs = {"start": node.start, "end": node.end}
        return self._view.spanning((mine, op, theirs[yours]) for mine, op, yours in ALLEN[node.op])

    def _spatial(self, node: Spatial) -> BitMap:
        touching = _union(self._view.touching(box) for box in node.boxes)
        if node.op == "disjoint":
            return self._present(node.name) - self._related(node, touching, "intersects")
        if node.op == "intersects" and node.exact:
            return touching
        return self._related(node, touching, node.op)

    def _related(self, node: Spatial, candidates: BitMap, op: str) -> BitMap:
        import numpy as np  # noqa: PLC0415 - only exact geometry needs them
        import shapely  # noqa: PLC0415

        if not candidates:
            return candidates
        rows = self._view.boxes(candidates)
        pks = np.array([pk for pk, _ in rows])
        shapes = _shapes(np.array([box for _, box in rows], dtype=float))
        order = np.argsort(pks, kind="stable")
        pks, shapes = pks[order], shapes[order]
        single, first, count = np.unique(pks, return_index=True, return_counts=True)
        for at in np.flatnonzero(count > 1):  # several boxes are one geometry
            shapes[first[at]] = shapely.union_all(shapes[first[at] : first[at] + count[at]])
        theirs = shapely.from_wkt(node.wkt)
        shapely.prepare(theirs)
        relation = getattr(shapely, op)
        inverse = {"within": "contains", "contains": "within", "intersects": "intersects"}
        # Prepared geometries are quick on the left side only.
        held = (
            getattr(shapely, inverse[op])(theirs, shapes[first])
            if op in inverse
            else relation(shapes[first], theirs)
        )
        return BitMap(single[held].tolist())


def _shapes(corners: Any) -> Any:
    """Boxes as polygons; those without width or height as lines and points, which are valid."""
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    west, south, east, north = corners.T
    shapes = shapely.box(west, south, east, north)
    flat = (west == east) | (south == north)
    if flat.any():
        ends = np.stack([corners[flat][:, :2], corners[flat][:, 2:]], axis=1)
        shapes[flat] = shapely.linestrings(ends)
    point = (west == east) & (south == north)
    if point.any():
        shapes[point] = shapely.points(corners[point][:, :2])
    return shapes


def _union(sets: Iterable[BitMap]) -> BitMap:
    listed = list(sets)
    return BitMap.union(*listed) if listed else BitMap()


def _folding(node: Compare | In | Like | Array) -> Callable[[str], str]:
    def fold(text: str) -> str:
        if node.accenti:
            text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        return text.casefold() if node.casei else text

    return fold if node.casei or node.accenti else str


def _accepts(node: Compare | In | Like | Array) -> Callable[[str], bool]:
    """The test of one text value."""
    fold = _folding(node)
    match node:
        case Compare(op=op, value=value):
            right = fold(str(value))
            return lambda text: _COMPARE[op](fold(text), right)
        case Like(pattern=pattern):
            like = pattern_test(fold(pattern))
            return lambda text: like(fold(text))
        case In(values=values) | Array(values=values):
            wanted = {fold(str(value)) for value in values}
            return lambda text: fold(text) in wanted


def pattern_test(pattern: str) -> Callable[[str], bool]:
    r"""The test of a LIKE pattern, in time that grows with the text and never explodes.

    The pieces between the ``%`` are found from left to right, each as early as it can be; ``_`` stands for
    one character and ``\`` takes the meaning from the next.
    """
    pieces: list[str] = [""]
    escaped = False
    for c in pattern:
        if escaped or c not in "\\%_":
            pieces[-1] += re.escape(c)
            escaped = False
        elif c == "\\":
            escaped = True
        elif c == "_":
            pieces[-1] += "."
        else:
            pieces.append("")
    compiled = [re.compile(piece, re.DOTALL) for piece in pieces]
    if len(compiled) == 1:
        return lambda text: compiled[0].fullmatch(text) is not None
    last = re.compile(f"(?:{pieces[-1]})\\Z", re.DOTALL)

    def test(text: str) -> bool:
        found = compiled[0].match(text)
        for piece in compiled[1:-1]:
            found = found and piece.search(text, found.end())
        return bool(found) and last.search(text, found.end()) is not None

    return test

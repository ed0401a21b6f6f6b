"""Conditions on entities as SQL; what SQL has no word for is looked at in the rows that may fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sqlalchemy import and_, false, func, literal, not_, or_, select, true

from estran.errors import Invalid
from estran.observations.entities import prefix, resolve
from estran.observations.evaluating import geometry, holds
from estran.observations.expressions import COMPARISONS, Call, Expression, Path, Value, further, paths
from estran.observations.store.areas import Reach, reaches
from estran.observations.store.entities import TABLES, Asker, time_columns, times_of
from estran.observations.vectors import Vector, listed, times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import sqlalchemy as sa
    from numpy.typing import NDArray

    from estran.observations.entities import Resolved
    from estran.storage import Engine

__all__ = ["asker"]

_DECODE = msgspec.json.Decoder(dict[str, Any]).decode
# These cannot hold for what lies apart.
_NEAR = frozenset({"geo.intersects", *(f"st_{name}" for name in (
    "equals", "touches", "within", "overlaps", "crosses", "intersects", "contains",
))})  # fmt: skip
# It stands in no column: it is made of the places of things.
_AREA = ("Datastreams", "observedArea")
_REACHED = frozenset({_AREA, ("Datastreams", "resultTime")})
_BESIDE = {"Datastreams": ("first", "last"), "HistoricalLocations": ("time",)}
_NEEDLES = frozenset({"contains", "startswith", "endswith", "substringof"})


def asker(
    connection: sa.Connection,
    engine: Engine,
    sets: Sequence[int] | None,
    observed: Callable[[Expression, str], Sequence[int]],
) -> Asker:
    """Questions for entities of some datasets.

    Args:
        connection: in a transaction.
        engine: of the database.
        sets: numbers of the datasets that may be seen; None for all.
        observed: (condition on observations, "Datastreams" or "FeaturesOfInterest") -> the numbers of those that
            have such observations.
    """

    def condition(expression: Expression, kind: str, rows: Any) -> Any:
        return _compiled(held, observed, expression, kind, rows)

    held = Asker(connection, engine, sets, condition)
    return held


type _Observed = Callable[[Expression, str], Sequence[int]]


def _compiled(ask: Asker, observed: _Observed, expression: Expression, kind: str, rows: Any) -> Any:
    if isinstance(expression, Call) and expression.name in {"and", "or", "not"}:
        parts = [_compiled(ask, observed, part, kind, rows) for part in expression.given]
        if expression.name == "not":
            return not_(parts[0])
        return (and_ if expression.name == "and" else or_)(*parts)
    links = prefix(kind, expression)
    if "MultiDatastreams" in links:
        raise Invalid("MultiDatastreams are not asked through others; ask for them themselves", "$filter")
    if "Observations" in links:
        return _of_observations(ask, observed, expression, kind, rows, links)

    def atom(at: str, theirs: Any) -> Any:
        return _atom(ask, further(expression, len(links)), at, theirs)

    return ask.behind(kind, links, rows, atom)


def _of_observations(  # noqa: PLR0917 - the parts of the question
    ask: Asker, observed: _Observed, expression: Expression, kind: str, rows: Any, links: tuple[str, ...]
) -> Any:
    """A condition on the observations of datastreams or features."""
    before = links.index("Observations")

    def of(at: str, theirs: Any) -> Any:
        return ask.engine.within(theirs.c.number, observed(further(expression, before + 1), at))

    return ask.behind(kind, links[:before], rows, of)


def _atom(ask: Asker, expression: Expression, kind: str, rows: Any) -> Any:
    """One condition on the rows of one set."""
    if isinstance(expression, Value):
        return true() if expression.value is True else false()
    if isinstance(expression, Call) and len(expression.given) == 2:  # noqa: PLR2004 - sides
        one, other = expression.given
        if expression.name == "substringof":
            one, other = other, one
        if isinstance(one, Path) and isinstance(other, Value):
            found = resolve(kind, one)
            if (kind, found.name) == _AREA:
                made = None
            elif expression.name in COMPARISONS:
                made = _comparison(ask, expression.name, found, other, rows)
            elif expression.name in _NEEDLES and other.kind == "text" and found.type in {"text", "json"}:
                made = _needle(ask, expression.name, found, other.value, rows)
            else:
                made = None
            if made is not None:
                return func.coalesce(made, false())
    return _looked_at(ask, expression, kind, rows)


def _comparison(ask: Asker, name: str, found: Resolved, value: Value, rows: Any) -> Any:
    """A property beside a value; None where SQL cannot tell."""
    kinds = {"id": ("number",), "text": ("text",), "json": ("text", "number", "truth"), "time": ("time",)}
    kind = "json" if found.inside else found.type
    if value.kind == "null":
        if name not in {"eq", "ne"}:
            return false()
        there = _there(ask, found, rows)
        return not_(there) if name == "eq" else there
    if value.kind not in kinds.get(kind, ()):
        return None
    if kind == "time":
        return _of_times(name, time_columns(found.kind, found.name, rows), value.value)
    if kind == "id":
        return _related(name, rows.c.number, literal(value.value))
    held = ask.engine.member(rows.c.told, (found.name, *found.inside), value.kind)
    return _related(name, held, literal(value.value))


def _there(ask: Asker, found: Resolved, rows: Any) -> Any:
    if found.type == "id":
        return true()
    if found.type == "time" and not found.inside:
        columns = time_columns(found.kind, found.name, rows)
        return columns[0].is_not(None) if columns else false()
    return ask.engine.member(rows.c.told, (found.name, *found.inside), "any").is_not(None)


def _related(name: str, held: Any, value: Any) -> Any:
    match name:
        case "eq":
            return held == value
        case "ne":
            return or_(held != value, held.is_(None))
        case "lt":
            return held < value
        case "le":
            return held <= value
        case "gt":
            return held > value
        case _:
            return held >= value


def _of_times(name: str, columns: Sequence[Any], value: tuple[int, int]) -> Any:  # noqa: PLR0911 - a relation each
    """As `vectors.compared` has it."""
    if not columns:
        return true() if name == "ne" else false()
    start, end, (first, last) = columns[0], columns[-1], value
    match name:
        case "eq":
            return and_(start == first, end == last)
        case "ne":
            return or_(start != first, end != last, start.is_(None))
        case "lt":
            return and_(end <= first, start < first)
        case "le":
            return and_(start <= first, end <= last)
        case "gt":
            return and_(start >= last, end > last)
        case _:
            return and_(start >= first, end >= last)


def _needle(ask: Asker, name: str, found: Resolved, needle: str, rows: Any) -> Any:
    """Letter by letter, as neither engine's LIKE does."""
    text = ask.engine.member(rows.c.told, (found.name, *found.inside), "text")
    if not needle:
        return text.is_not(None)
    if name == "startswith":
        return func.substr(text, 1, len(needle)) == needle
    if name == "endswith":
        tail = func.substr(text, func.length(text) - len(needle) + 1)
        return and_(func.length(text) >= len(needle), tail == needle)
    return func.replace(text, needle, "") != text


def _looked_at(ask: Asker, expression: Expression, kind: str, rows: Any) -> Any:
    """The rows themselves are looked at: of those that may be seen, and lie near where that matters."""
    table = TABLES[kind].alias()
    reached = {(kind, path.steps[0]) for path in paths(expression)} & _REACHED
    names = ("number", "told", *_BESIDE.get(kind, ()), *(("thing",) if reached else ()))
    columns = [table.c[name] for name in names]
    chosen = select(*columns).where(ask.visible(kind, table))
    if "west" in table.c and (bounds := _bounds(expression)) is not None:
        west, south, east, north = bounds
        chosen = chosen.where(
            table.c.west <= east, table.c.east >= west, table.c.south <= north, table.c.north >= south
        )
    rows_ = ask.connection.execute(chosen).all()
    known = reaches(ask.connection, ask.engine, rows_) if reached else {}
    if _AREA in reached and (bounds := _bounds(expression)) is not None:
        rows_ = [row for row in rows_ if _is_near(known.get(row.number), bounds)]
    looked = _Rows(kind, rows_, known)
    which = holds(expression, looked)
    return ask.engine.within(rows.c.number, looked.numbers[which].tolist())


def _is_near(reach: Reach | None, bounds: tuple[float, float, float, float]) -> bool:
    return reach is not None and reach.area is not None and reach.area.overlaps(bounds)


def _bounds(expression: Expression) -> tuple[float, float, float, float] | None:
    """In which a place must have a share, so that a condition may hold."""
    if not isinstance(expression, Call) or expression.name not in _NEAR:
        return None
    places = [part for part in expression.given if isinstance(part, Value) and part.kind == "place"]
    if len(places) != 1:
        return None
    found = geometry(places[0].value)
    return None if found.is_empty else found.bounds


class _Rows:
    """Rows of a set as columns."""

    def __init__(self, kind: str, rows: Sequence[Any], known: Mapping[int, Reach]) -> None:
        self._kind, self._rows, self._known = kind, rows, known
        self._told = [_DECODE(row.told or "{}") for row in rows]
        for told, row in zip(self._told, rows if known else (), strict=False):
            if (reach := known.get(row.number)) is not None:
                told.update(reach.told())
        self.numbers = np.array([row.number for row in rows], np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def met(self, condition: Expression) -> NDArray[np.bool_] | None:
        """None is known."""
        del condition

    def column(self, path: Path) -> Vector:
        """A property of each row."""
        found = resolve(self._kind, path)
        if found.type == "id":
            return Vector("number", self.numbers.astype(np.float64), np.zeros(len(self), bool))
        if found.type == "time":
            return self._times(times_of(found.kind, found.name))
        values = [told.get(found.name) for told in self._told]
        for name in found.inside:
            values = [value.get(name) if isinstance(value, dict) else None for value in values]
        if found.type == "text":
            return listed("text", [value if isinstance(value, str) else None for value in values])
        if found.type == "place" and not found.inside:
            return listed("place", [_shape(value) for value in values])
        return listed("json", values)

    def _time(self, row: Any, name: str) -> int | None:
        if not name.startswith("result_"):
            return getattr(row, name)
        reach = self._known.get(row.number)
        return None if reach is None or reach.results is None else reach.results[name == "result_last"]

    def _times(self, columns: Sequence[str]) -> Vector:
        ends = [
            [self._time(row, name) for row in self._rows]
            for name in (columns[:1], columns[-1:])
            for name in name
        ]
        if not ends:
            none = np.zeros(len(self), np.int64)
            return times(none, none, np.ones(len(self), bool))
        missing = np.array([at is None for at in ends[0]], bool)
        start, end = (np.array([at or 0 for at in column], np.int64) for column in ends)
        return times(start, end, missing)


def _shape(place: Any) -> Any:
    """A geometry of GeoJSON, None where it is none."""
    import shapely  # noqa: PLC0415 - heavy

    if isinstance(place, dict) and place.get("type") == "Feature":
        place = place.get("geometry")
    if not isinstance(place, dict):
        return None
    return shapely.from_geojson(msgspec.json.encode(place), on_invalid="ignore")

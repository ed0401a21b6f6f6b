"""Which observations a question means: those of datastreams, in a time, for which something holds, in an order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US
from estran.observations.entities import prefix, resolve
from estran.observations.evaluating import evaluate, holds
from estran.observations.expressions import (
    COMPARISONS,
    Call,
    Path,
    Value,
    conjuncts,
    further,
    leaves,
    paths,
)
from estran.observations.quality import NEEDED, judged
from estran.observations.rows import Rows, id_of, ranks
from estran.observations.store.columns import KEY, NAMES, array, empty, kept
from estran.observations.then import Then, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from estran.observations.entities import Order
    from estran.observations.expressions import Expression
    from estran.observations.store import Extent, SeriesStore
    from estran.observations.store.entities import Asker
    from estran.observations.store.sensing import Observed

__all__ = ["Observing", "is_natural", "is_span", "key_of", "span_of", "then_of"]

_LONGEST_TOP = 200_000
_WIDER = 8
_PATIENCE_S = 60.0
_FIRST_SPAN_US = 3_600_000_000


def is_natural(order: Sequence[Order]) -> bool:
    """Whether observations are wanted in the order in which they lie."""
    return not order


def _by_time(order: Sequence[Order]) -> bool | None:
    """Whether they are wanted by their time, falling or not; None for another order."""
    if not order or not isinstance(order[0].by, Path) or order[0].by.steps != ("phenomenonTime",):
        return None
    return order[0].descending


@dataclass(frozen=True)
class Observing:
    """The observations that are meant.

    Args:
        store: in which they lie.
        extents: of their datastreams.
        where: what holds for them.
        known: datastream -> what is needed to tell its observations; asked for what `where` needs.
        sets: condition on other entities -> the numbers for which it holds.
        feature: the feature of interest that they are of, None for any.
        then: what was said at the instant as of which they are wanted; None for now.
        until: when looking for a page of them, or counting them, ends.
    """

    store: SeriesStore
    extents: Sequence[Extent]
    where: Expression | None
    known: Mapping[int, Observed]
    sets: Mapping[Expression, NDArray[np.int64]]
    feature: int | None = None
    then: Then | None = None
    until: float = field(default_factory=lambda: monotonic() + _PATIENCE_S)

    @classmethod
    def of(
        cls, store: SeriesStore, ask: Asker, streams: Sequence[int] | None, where: Expression | None,
        feature: int | None = None, *, as_of: str = "",
    ) -> Observing:  # fmt: skip
        """Look up what conditions on entities mean, and leave out what they rule out.

        Raises:
            Invalid: a condition does not fit.
            Conflict: a dataset does not keep what it said at the instant as of which it is asked.
        """
        sets: dict[Expression, NDArray[np.int64]] = {}
        for leaf in leaves(where) if where is not None else ():
            links = prefix("Observations", leaf)
            if links and links[0] == "MultiDatastream":
                raise Invalid("ask for MultiDatastreams(1)/Observations themselves", "$filter")
            if links:
                kind = "Datastreams" if links[0] == "Datastream" else "FeaturesOfInterest"
                sets[leaf] = np.array(ask.numbers(kind, further(leaf)), np.int64)
        extents = store.sensing.extents(ask, streams, is_former=bool(as_of))
        for leaf in conjuncts(where):
            if leaf in sets and prefix("Observations", leaf)[0] == "Datastream":
                held = set(sets[leaf].tolist())
                extents = [one for one in extents if one.datastream in held]
        then = then_of(store, ask, [one.datastream for one in extents], as_of)
        start, end = span_of(where)
        extents = [
            replace(one, first=max(one.first, start), last=min(one.last, end - 1))
            for one in extents
            if one.first < end and one.last >= start
        ]
        wants_known = feature is not None or any(
            str(path).startswith("FeatureOfInterest") for path in _paths(where)
        )
        known = store.sensing.observed(ask, [one.datastream for one in extents]) if wants_known else {}
        return cls(store, extents, where, known, sets, feature, then)

    def batches(
        self,
        names: Sequence[str] = NAMES,
        extents: Sequence[Extent] | None = None,
        *,
        is_passed_on: bool = False,
    ) -> Iterator[pa.Table]:
        """They, in the order of datastream, time and vertical.

        Args:
            names: the columns that are needed.
            extents: of the datastreams, where not all are meant.
            is_passed_on: whether each portion is sent on as it comes, so that it may take as long as it takes.

        Raises:
            Invalid: it takes too long.
        """
        needed = {*KEY, "number", *names, *_needed(self.where)}
        if self.feature is not None:
            needed |= {"feature", "longitude"}
        columns = tuple(name for name in NAMES if name in needed)
        version = self.then and self.then.version
        for rows in self.store.batches(
            self.extents if extents is None else extents, columns, version=version
        ):
            if not is_passed_on and monotonic() > self.until:
                raise Invalid(
                    "the question takes too long to answer; narrow it: name a datastream, a time", "$filter"
                )
            which = self._which(rows)
            found = rows if which is None else kept(rows, which)
            if found.num_rows:
                yield found

    def _which(self, rows: pa.Table) -> NDArray[np.bool_] | None:
        held = holds(self.where, Rows(rows, self)) if self.where is not None else None
        if self.feature is not None:
            of = self.features(rows) == self.feature
            held = of if held is None else held & of
        return held

    def features(self, rows: pa.Table) -> NDArray[np.int64]:
        """The id of the feature of interest of each: what it names, else the place where it was made, else its thing."""
        named = array(rows, "feature").astype(np.int64)
        streams, index = np.unique(array(rows, "datastream"), return_inverse=True)
        own = np.array([(k.feature or 0) if (k := self.known.get(int(s))) else 0 for s in streams], np.int64)
        made_there = ~np.isnan(array(rows, "longitude"))
        return np.where(named > 0, named, np.where(made_there, id_of(rows), own[index] if len(own) else 0))

    def judged(self, rows: pa.Table) -> pa.Table:
        """Rows with their ``quality``."""
        return self.then.judged(rows) if self.then else judged(rows, self.store.quality)

    def verticals(self, rows: pa.Table) -> Mapping[int, str]:
        """Datastream -> name of its third coordinate, "" without one."""
        known = self.observed(None, np.unique(array(rows, "datastream")).tolist())
        return {number: one.vertical for number, one in known.items()}

    def observed(self, ask: Asker | None, numbers: Sequence[int]) -> dict[int, Observed]:
        """What is needed to tell the observations of some datastreams."""
        known = self.store.sensing.observed(ask, numbers)
        return self.then.known(known) if self.then else known

    def said(self, rows: pa.Table) -> Mapping[int, dict[str, Any]]:
        """What is said of observations beside their rows, by their id; what was said before is not kept."""
        return {} if self.then else self.store.sensing.said(None, rows)

    def count(self) -> int:
        """How many there are."""
        if self.where is None and self.feature is None and self.then is None:
            return sum(one.count for one in self.extents)
        return sum(rows.num_rows for rows in self.batches(KEY))

    def first(
        self, order: Sequence[Order], skip: int, most: int, after: tuple[Any, ...] | None
    ) -> tuple[pa.Table, tuple[Any, ...] | None]:
        """The first of them in an order, and what names the last where more follow."""
        if skip + most > _LONGEST_TOP:
            raise Invalid(f"at most {_LONGEST_TOP:,} observations are skipped and given at once", "$skip")
        wanted = skip + most + 1
        falling = _by_time(order)
        if is_natural(order):
            found = self._as_they_lie(wanted, after)
        elif falling is not None:
            found = self._by_time(wanted, after, falling=falling)
        else:
            found = self._sorted(order, wanted)
        more = found.num_rows > skip + most
        page = found.slice(skip, most)
        if not more or not page.num_rows:
            return page, None
        if not is_natural(order) and falling is None:
            return page, ("skip", skip + most)
        return page, key_of(page)

    def lying(self, after: tuple[Any, ...] | None, *, is_passed_on: bool = True) -> Iterator[pa.Table]:
        """They in the order in which they lie, behind the one that is named."""
        extents = self.extents
        if after is not None:
            stream, time, _ = _key(after)
            extents = [
                replace(one, first=max(one.first, time)) if one.datastream == stream else one
                for one in extents
                if one.datastream > stream or (one.datastream == stream and one.last >= time)
            ]
        for rows in self.batches(extents=extents, is_passed_on=is_passed_on):
            found = rows if after is None else kept(rows, _beyond(rows, KEY, _key(after)))
            if found.num_rows:
                yield found

    def _as_they_lie(self, wanted: int, after: tuple[Any, ...] | None) -> pa.Table:
        parts: list[pa.Table] = []
        count = 0
        for found in self.lying(after, is_passed_on=False):
            parts.append(found)
            count += found.num_rows
            if count >= wanted:
                break
        return _joined(parts).slice(0, wanted)

    def _by_time(self, wanted: int, after: tuple[Any, ...] | None, *, falling: bool) -> pa.Table:
        """From one end of time on, in spans that widen until enough is found."""
        if not self.extents:
            return _joined([])
        low, high = min(one.first for one in self.extents), max(one.last for one in self.extents) + 1
        names, key = ("time", "datastream", "vertical"), None
        if after is not None:
            stream, time, vertical = _key(after)
            key = (time, stream, vertical)
            low, high = (low, min(high, time + 1)) if falling else (max(low, time), high)
        span, found = self._span_of(wanted), _joined([])
        while low < high and found.num_rows < wanted:
            start, end = (max(low, high - span), high) if falling else (low, min(high, low + span))
            parts = [found]
            for rows in self.batches(extents=_clipped(self.extents, start, end)):
                fitting = rows if key is None else kept(rows, _beyond(rows, names, key, falling=falling))
                parts.append(fitting)
                if sum(part.num_rows for part in parts) > _WIDER * wanted + _LONGEST_TOP:
                    parts = [_ranked(_joined(parts), names, wanted, falling=falling)]
            found = _ranked(_joined(parts), names, wanted, falling=falling)
            low, high = (low, start) if falling else (end, high)
            span *= _WIDER
        return found

    def _span_of(self, wanted: int) -> int:
        """A span of time that should hold about so many."""
        rate = sum(one.count / max(one.last - one.first, 1) for one in self.extents)
        return max(int(2 * wanted / rate), 1) if rate > 0 else _FIRST_SPAN_US

    def _sorted(self, order: Sequence[Order], wanted: int) -> pa.Table:
        """All are looked at, and only the best kept."""
        best: pa.Table = _joined([])
        pool: list[pa.Table] = []
        for rows in self.batches():
            pool.append(rows)
            if sum(part.num_rows for part in pool) > _WIDER * wanted + _LONGEST_TOP:
                best, pool = self._best([best, *pool], order, wanted), []
        return self._best([best, *pool], order, wanted)

    def _best(self, parts: Sequence[pa.Table], order: Sequence[Order], wanted: int) -> pa.Table:
        rows = _joined(parts)
        keys: list[NDArray[Any]] = []
        columns = Rows(rows, self)
        for one in order:
            found = resolve("Observations", one.by, "$orderby") if isinstance(one.by, Path) else None
            if found is not None and found.links:
                raise Invalid(
                    "observations are sorted by what stands in them; sort the Datastreams instead", "$orderby"
                )
            keys += [-key if one.descending else key for key in ranks(evaluate(one.by, columns))]
        keys += [id_of(rows)]
        return rows.take(np.lexsort(keys[::-1])[:wanted])


def then_of(store: SeriesStore, ask: Asker, numbers: Sequence[int], as_of: str) -> Then | None:
    """What was said of datastreams at an instant, None for now.

    Raises:
        Invalid: it is no instant.
        Conflict: a dataset does not keep what it said then.
    """
    if not as_of:
        return None
    streams = store.sensing.held(ask, numbers)
    version = version_of(store, as_of, {one.number: one.record for one in streams})
    return None if version is None else Then.at(store, streams, version)


def _paths(where: Expression | None) -> list[Path]:
    return [] if where is None else list(paths(where))


_COLUMNS = {
    "phenomenonTime": ("until",), "resultTime": ("result_time",), "result": ("value", "words"),
    "resultQuality": NEEDED, "FeatureOfInterest": ("feature", "longitude", "latitude"),
}  # fmt: skip


def _needed(where: Expression | None) -> set[str]:
    return {name for path in _paths(where) for name in _COLUMNS.get(path.steps[0], ())}


def span_of(where: Expression | None) -> tuple[int, int]:
    """The time outside of which a condition cannot hold."""
    start, end = EVER_US, NEVER_US
    for leaf in conjuncts(where):
        match leaf:
            case Call(name, (Path(("phenomenonTime",)), Value("time", (first, last)))) if name in COMPARISONS:
                if name in {"gt", "ge", "eq"}:
                    start = max(start, last if name == "gt" else first)
                if name in {"lt", "le", "eq"}:
                    end = min(end, first if name == "lt" else last + 1)
            case Call("during", (Path(("phenomenonTime",)), Value("time", (first, last)))):
                start, end = max(start, first), min(end, last + 1)
            case _:
                pass
    return start, end


def is_span(condition: Expression) -> bool:
    """Whether a condition is on the time alone."""
    match condition:
        case Call(name, (Path(("phenomenonTime",)), Value("time"))) if (
            name in COMPARISONS - {"ne"} or name == "during"
        ):
            return True
        case _:
            return False


def key_of(rows: pa.Table) -> tuple[Any, ...]:
    """What names the last of some observations."""
    last = rows.slice(rows.num_rows - 1).select(list(KEY)).to_pylist()[0]
    return tuple(last[name] for name in KEY)


def _key(after: tuple[Any, ...]) -> tuple[int, int, float]:
    try:
        stream, time, vertical = after
        return int(stream), int(time), float(vertical)
    except (TypeError, ValueError, OverflowError):
        raise Invalid("it belongs to another question; start from the first page", "$skiptoken") from None


def _beyond(
    rows: pa.Table, names: Sequence[str], key: tuple[float, ...], *, falling: bool = False
) -> NDArray[np.bool_]:
    """Which rows come after a key."""
    found, level = np.zeros(rows.num_rows, bool), np.ones(rows.num_rows, bool)
    for name, value in zip(names, key, strict=True):
        held = array(rows, name)
        found |= level & ((held < value) if falling else (held > value))
        level &= held == value
    return found


def _ranked(rows: pa.Table, names: Sequence[str], wanted: int, *, falling: bool) -> pa.Table:
    order = np.lexsort([array(rows, name) for name in reversed(names)])
    return rows.take((order[::-1] if falling else order)[:wanted])


def _clipped(extents: Sequence[Extent], start: int, end: int) -> list[Extent]:
    return [
        replace(one, first=max(one.first, start), last=min(one.last, end - 1))
        for one in extents
        if one.first < end and one.last >= start
    ]


def _joined(parts: Sequence[pa.Table]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    filled = [part for part in parts if part.num_rows]
    return pa.concat_tables(filled) if filled else empty()

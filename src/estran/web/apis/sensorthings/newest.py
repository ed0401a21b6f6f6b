"""The newest value of each of many datastreams, and no more of them: written without making entities."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from estran.model import moment_us
from estran.observations.rows import ID_STEP, result
from estran.observations.sensing import is_newest

if TYPE_CHECKING:
    from collections.abc import Callable

    from estran.observations.entities import Query
    from estran.observations.sensing import Sensing
    from estran.observations.store.newest import Row
    from estran.web.apis.sensorthings.asking import Options

__all__ = ["MOST", "is_narrow", "newest"]

MOST = 10_000
"""So many datastreams stand on such a page."""
_OF_DATASTREAMS = frozenset({"id", "name"})
_OF_OBSERVATIONS = frozenset({"id", "phenomenonTime", "resultTime", "result"})


def is_narrow(query: Query, options: Options) -> bool:
    """Whether ids or names of datastreams are asked for, each with its newest observation."""
    if query.kind != "Datastreams" or query.parent is not None or query.order:
        return False
    if options.count or options.form or options.top == 0 or len(options.expand) != 1:
        return False
    [(link, inner)] = options.expand
    return (
        link == "Observations"
        and _is_within(options.select, _OF_DATASTREAMS)
        and _is_within(inner.select, _OF_OBSERVATIONS)
        and is_newest(inner.where, inner.order, inner.skip, inner.top)
        and not (inner.count or inner.expand)
    )


def _is_within(names: tuple[str, ...], known: frozenset[str]) -> bool:
    return bool(names) and known.issuperset(names)


def newest(
    sensing: Sensing, query: Query, options: Options
) -> tuple[list[dict[str, Any]], tuple[Any, ...] | None]:
    """The datastreams of a page, and what names its end where more follow."""
    found, after = sensing.newest(query)
    outer, wanted = options.select, frozenset(options.expand[0].options.select)
    moment = lru_cache(maxsize=1024)(moment_us)
    written: list[dict[str, Any]] = []
    for number, name, kind, row in found:
        one: dict[str, Any] = {"@iot.id": number} if "id" in outer else {}
        if "name" in outer:
            one["name"] = name
        one["Observations"] = [] if row is None else [_observation(number, kind, row, wanted, moment)]
        written.append(one)
    return written, after


def _observation(
    stream: int, kind: str, row: Row, wanted: frozenset[str], moment: Callable[[int], str]
) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if "id" in wanted:
        written["@iot.id"] = stream * ID_STEP + row.number
    if "phenomenonTime" in wanted:
        start = moment(row.time)
        written["phenomenonTime"] = start if row.until is None else f"{start}/{moment(row.until)}"
    if "result" in wanted:
        written["result"] = result(kind, row.value, row.words)
    if "resultTime" in wanted:
        written["resultTime"] = None if row.result_time is None else moment(row.result_time)
    return written

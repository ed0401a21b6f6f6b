"""Observations of SensorThings, as objects or as data arrays, as columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from estran.errors import Invalid
from estran.formats import Refusal, Rows
from estran.observations.given import said
from estran.observations.remote.sensing import obj, place, span, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from estran.model import Datastream

__all__ = ["Column", "Gathered", "axis_of", "entries"]

_AXES = {"depth": "m", "altitude": "m", "height": "m", "elevation": "m", "z": "m", "pressure": "dbar"}
_NUMERIC = frozenset({"measurement", "count"})
_NOTHING = frozenset({"", "nan", "null", "none", "n/a", "-"})
_CODES = ("code", "flag", "value", "DQ_Status", "DQ_Result", "result")
_SAME_PLACE = 1e-9
_TOLD = 5
"""So many refused observations are named one by one."""


def entries(page: Any) -> list[Mapping[str, Any]] | None:
    """The observations of a page, whether it holds objects or data arrays; None where it holds neither."""
    listed = obj(page).get("value")
    if not isinstance(listed, list):
        return None
    found: list[Mapping[str, Any]] = []
    for one in listed:
        rows, names = obj(one).get("dataArray"), obj(one).get("components")
        if isinstance(rows, list) and isinstance(names, list):
            found += [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]
        elif isinstance(one, dict):
            found.append(one)
    return found


def axis_of(found: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """(name, unit) of the parameter that all of some observations have as their third coordinate; "" for none."""
    sample = list(islice(found, 50))
    for name in _AXES if sample else ():
        for spelt in (name, name.capitalize(), name.upper()):
            if all(_number(obj(one.get("parameters")).get(spelt)) is not None for one in sample):
                return spelt, _AXES[name]
    return "", ""


@dataclass(slots=True)
class Column:
    """One datastream that observations of a page are of: all of it, or of a MultiDatastream one of its results.

    Attributes:
        stream: what it is.
        part: which of the results; None where there is one.
    """

    stream: Datastream
    part: int | None = None


@dataclass(slots=True)
class Gathered:
    """The observations of one page, and what of them could not be read.

    Attributes:
        series: what the server calls what they are of.
        newest: the latest time; result_time: the latest time of a result.
        is_sorted: whether none is before the one that it follows.
        refused: reason -> how often; shown: those that are named.
    """

    series: str
    newest: int | None = None
    result_time: int | None = None
    is_sorted: bool = True
    refused: Counter[str] = field(default_factory=Counter[str])
    shown: list[Refusal] = field(default_factory=list[Refusal])

    def rows(self, found: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Iterator[Rows]:
        """The values of a page, of each column."""
        kept: list[tuple[Mapping[str, Any], int, int | None]] = []
        for one in found:
            time = span(one.get("phenomenonTime"))
            if time is None:
                time = self._by_result_time(one)
            if time is None:
                self._refuse(one, f"its phenomenonTime “{words(one.get('phenomenonTime'))[:60]}” is no time")
                continue
            start, end = time
            if end < start:
                self._refuse(one, "its phenomenonTime ends before it starts")
                continue
            self.is_sorted = self.is_sorted and (self.newest is None or start >= self.newest)
            self.newest = start if self.newest is None else max(self.newest, start)
            kept.append((one, start, end if "/" in str(one.get("phenomenonTime")) else None))
        for column in columns if kept else ():
            yield from self._of(column, kept)

    def _by_result_time(self, one: Mapping[str, Any]) -> tuple[int, int] | None:
        """Observations without a time of their own are of when their result came."""
        return span(one.get("resultTime")) if one.get("phenomenonTime") in (None, "") else None

    def _of(
        self, column: Column, kept: Sequence[tuple[Mapping[str, Any], int, int | None]]
    ) -> Iterator[Rows]:
        stream, made = column.stream, list[tuple[Any, ...]]()
        numeric = stream.kind in _NUMERIC
        for one, start, end in kept:
            result = one.get("result")
            if column.part is not None:
                if not isinstance(result, list) or column.part >= len(result):
                    self._refuse(
                        one, f"it has no result number {column.part + 1}, of “{stream.variable.name}”"
                    )
                    continue
                result = result[column.part]
            at = span(one.get("resultTime"))
            if at is not None:
                self.result_time = at[0] if self.result_time is None else max(self.result_time, at[0])
            level = self._level(one, stream)
            if level is None:
                continue
            value, text = _result(result, numeric=numeric)
            if numeric and text is not None:
                self._refuse(one, f"its result “{text[:60]}” is no number, and “{stream.key}” is of numbers")
                continue
            flag = _flag(one.get("resultQuality"), column.part)
            more = self._more(one, stream)
            made.append((start, end, value, text, flag, at and at[0], level, *_where(one, stream), more))
        if made:
            yield _columns(stream, made)

    def _more(self, one: Mapping[str, Any], stream: Datastream) -> str | None:
        """What is said of an observation that its row has no room for."""
        if one.get("validTime") is None and not one.get("parameters"):
            return None
        axis = stream.vertical.name if stream.vertical else ""
        told = {"validTime": one.get("validTime"), "parameters": obj(one.get("parameters"))}
        try:
            return said(told, axis) or None
        except Invalid as error:
            self._refuse(one, f"{error}; the observation itself is taken")
            return said({"parameters": told["parameters"]}, axis) or None

    def _level(self, one: Mapping[str, Any], stream: Datastream) -> float | None:
        """The third coordinate; None where it is needed and missing."""
        if stream.vertical is None:
            return 0.0
        level = _number(obj(one.get("parameters")).get(stream.vertical.name))
        if level is None:
            self._refuse(
                one, f"its parameters tell no “{stream.vertical.name}”, which others of “{stream.key}” have"
            )
        return level

    def _refuse(self, one: Mapping[str, Any], why: str) -> None:
        reason = why if len(self.refused) < 100 else "others"  # noqa: PLR2004 - no more are told apart
        self.refused[reason] += 1
        if len(self.shown) < _TOLD:
            id_ = one.get("@iot.id", one.get("id"))
            where = (
                f"Observations({id_})" if id_ is not None else f"of {words(one.get('phenomenonTime'))[:60]}"
            )
            self.shown.append(Refusal(f"{self.series}/{where}", why))

    def refusals(self, server: str) -> Iterator[Refusal]:
        """What could not be read: some by name, and how many others."""
        for one in self.shown:
            yield Refusal(f"{server}/{one.file}", one.why)
        if (more := self.refused.total() - len(self.shown)) > 0:
            yield Refusal(
                f"{server}/{self.series}", f"{more:,} more of its observations were refused for such reasons"
            )


def _columns(stream: Datastream, made: Sequence[tuple[Any, ...]]) -> Rows:
    time, until, value, texts, flag, at, level, x, y, more = zip(*made, strict=True)
    has_until, has_at = any(e is not None for e in until), any(a is not None for a in at)
    return Rows(
        datastream=stream.key, time=np.array(time, np.int64),
        value=np.array([np.nan if v is None else v for v in value], np.float64),
        words=texts if any(t is not None for t in texts) else None,
        vertical=np.array(level, np.float64) if stream.vertical else None,
        until=until if has_until else None, result_time=at if has_at else None,
        longitude=np.array(x, np.float64) if any(v == v for v in x) else None,  # noqa: PLR0124 - NaN
        latitude=np.array(y, np.float64) if any(v == v for v in y) else None,  # noqa: PLR0124
        flag=flag if any(f is not None for f in flag) else None,
        more=more if any(m is not None for m in more) else None,
    )  # fmt: skip


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _result(value: Any, *, numeric: bool) -> tuple[float | None, str | None]:
    """A number, else words; numbers that are written as words are numbers where these are expected."""
    match value:
        case None:
            return None, None
        case bool() | int() | float():
            return float(value), None
        case str() if numeric:
            return _measured(value)
        case str():
            return None, value
        case _:
            return None, words(value)


def _measured(text: str) -> tuple[float | None, str | None]:
    plain = text.strip().lower()
    if plain in _NOTHING:
        return None, None
    try:
        return float(plain), None
    except ValueError:
        return None, text


def _flag(told: Any, part: int | None) -> str | None:
    """A producer's flag as it was given; of an object the code in it, where it is one of a code and its surroundings."""
    if part is not None and isinstance(told, list):
        told = told[part] if part < len(told) else None
    if isinstance(told, dict) and isinstance(told.get("quality"), int):
        # Estran's own: the flag as its producer gave it, and QARTOD's code, which is not the producer's.
        rest = {name: value for name, value in told.items() if name != "quality"}
        told = rest.get("flag") if set(rest) <= {"flag"} else rest
    if isinstance(told, dict) and ("nameOfMeasure" in told or "DQ_Result" in told or "DQ_Status" in told):
        told = _code(told) or told
    if told is None or told in ("", {}, []):
        return None
    return told if isinstance(told, str) else msgspec.json.encode(told).decode()


def _code(told: Mapping[str, Any]) -> Any:
    for name in _CODES:
        held = told.get(name)
        if isinstance(held, dict):
            return _code(held)
        if held is not None:
            return held
    return None


def _where(one: Mapping[str, Any], stream: Datastream) -> tuple[float, float]:
    """Where an observation was made, NaN where that is where its thing stands."""
    at = place(obj(one.get("FeatureOfInterest")).get("feature"))
    thing = stream.thing
    if at is None or not at[3]:
        return np.nan, np.nan
    if thing.longitude is None or thing.latitude is None:
        return at[0], at[1]
    is_same = abs(at[0] - thing.longitude) < _SAME_PLACE and abs(at[1] - thing.latitude) < _SAME_PLACE
    return (np.nan, np.nan) if is_same else (at[0], at[1])


def checked(page: Any, where: str) -> list[Mapping[str, Any]]:
    """The observations of a page.

    Raises:
        Invalid: it holds none that could be read.
    """
    found = entries(page)
    if found is None:
        raise Invalid("what it answers holds no observations of SensorThings", where)
    return found

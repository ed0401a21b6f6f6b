"""What columns JSON values need: seen one by one, then settled as Arrow types.

Where values of one name differ in kind (a number here, a text there), or a number is larger than a column
holds, the column keeps JSON: Parquet has a type of its own for that, which readers know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TRUTH, _WHOLE, _WIDE, _HUGE, _REAL, _TEXT, _LIST, _OBJECT, _MANY = (1 << n for n in range(9))
_SAFE, _LARGEST = 1 << 53, 1 << 63
# An object with more names than this has no columns but keys, such as dates; so has one nested deeper.
_MOST_NAMES, _DEEPEST = 500, 24
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Seen:
    """Which values of one name there are."""

    kinds: int = 0
    names: dict[str, Seen] = field(default_factory=dict)
    within: Seen | None = None

    def see(self, value: Any, depth: int = 0) -> None:
        """Take a JSON value in, which stands so deep in its item."""
        kind = type(value)
        if kind is str:
            self.kinds |= _TEXT
        elif kind is dict:
            self._see_object(value, depth)
        elif kind is list:
            self.kinds |= _LIST if depth < _DEEPEST else _LIST | _MANY
            if self.kinds & _MANY:
                return
            if value and self.within is None:
                self.within = Seen()
            for one in value:
                self.within.see(one, depth + 1)  # pyright: ignore[reportOptionalMemberAccess] - made above
        elif kind is float:
            self.kinds |= _REAL
        elif kind is bool:
            self.kinds |= _TRUTH
        elif kind is int:
            size = abs(value)
            self.kinds |= _WHOLE | (_WIDE if size > _SAFE else 0) | (_HUGE if size >= _LARGEST else 0)

    def _see_object(self, value: dict[str, Any], depth: int) -> None:
        self.kinds |= _OBJECT if depth < _DEEPEST else _OBJECT | _MANY
        if self.kinds & _MANY:
            return
        names = self.names
        for key, one in value.items():
            held = names.get(key)
            if held is None:
                held = names[key] = Seen()
            held.see(one, depth + 1)
        if len(names) > _MOST_NAMES:
            self.kinds |= _MANY
            self.names = {}


@dataclass(frozen=True, slots=True)
class Settled:
    """A column: what Arrow builds, what is written, and how a value comes to it (None: as it is)."""

    built: Any
    written: Any
    convert: Callable[[Any], Any] | None = None
    leaves: int = 1


def settle(seen: Seen, depth: int = 0) -> Settled | None:
    """The column for values of one name, None where there are none but null."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    kinds = seen.kinds
    simple = {
        _TRUTH: pa.bool_(), _WHOLE: pa.int64(), _WHOLE | _WIDE: pa.int64(), _REAL: pa.float64(),
        _WHOLE | _REAL: pa.float64(), _TEXT: pa.string(),
    }  # fmt: skip
    if not kinds:
        return None
    if kinds in simple:
        return Settled(simple[kinds], simple[kinds])
    if depth < _DEEPEST and kinds == _LIST:
        return _list(settle(seen.within, depth + 1) if seen.within else None)
    if depth < _DEEPEST and kinds == _OBJECT:
        parts = {name: part for name, one in seen.names.items() if (part := settle(one, depth + 1))}
        if parts and "" not in parts:
            return _struct(parts)
    return Settled(pa.string(), pa.json_(), as_json)


def as_json(value: Any) -> str | None:
    """A value as JSON, null as itself."""
    return None if value is None else _encode(value).decode()


def _list(part: Settled | None) -> Settled:
    import pyarrow as pa  # noqa: PLC0415

    part = part or Settled(pa.string(), pa.string())
    each = part.convert
    return Settled(
        pa.list_(part.built),
        pa.list_(part.written),
        (lambda value: None if value is None else [each(one) for one in value]) if each else None,
        part.leaves,
    )


def _struct(parts: dict[str, Settled]) -> Settled:
    import pyarrow as pa  # noqa: PLC0415

    converted = {name: part.convert for name, part in parts.items() if part.convert}

    def convert(value: Any) -> Any:
        if value is None:
            return None
        return {name: each(one) if (each := converted.get(name)) else one for name, one in value.items()}

    return Settled(
        pa.struct([(name, part.built) for name, part in parts.items()]),
        pa.struct([(name, part.written) for name, part in parts.items()]),
        convert if converted else None,
        sum(part.leaves for part in parts.values()),
    )


def array(values: Iterable[Any], column: Settled) -> Any:
    """The Arrow array of a column's values."""
    import pyarrow as pa  # noqa: PLC0415

    built = pa.array(map(column.convert, values) if column.convert else values, column.built)
    return built if column.written is column.built else built.cast(column.written)

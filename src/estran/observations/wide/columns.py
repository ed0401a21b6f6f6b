"""The columns of a dataset's table, and the things whose rows it has."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from estran.model import Variable

if TYPE_CHECKING:
    import pyarrow as pa

    from estran.model import Datastream, Thing
    from estran.observations.store.registry import HeldDatastream

__all__ = ["KINDS", "Column", "Standing", "WideTable", "level_key", "wide_table"]

KINDS = ("text", "real", "whole", "time")
"""What cells are: words, float64, int64, or microseconds since 1970 UTC in int64."""

type Read = Callable[[Sequence[HeldDatastream], int, int, Sequence[str]], Iterator[pa.Table]]
"""Columns of the rows of datastreams in [start, end), in the order of datastream, time and vertical, in portions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a wide table.

    Attributes:
        name: letters, digits and underscores, one of its table.
        kind: one of `KINDS`.
        role: "platform", "platform_name", "longitude", "latitude", "time", "vertical", "value", "flag",
            "quality" or "id".
        of: name of the value column that a flag, a quality or an id belongs to.
        variable: what the values are of; its unit is that of all cells.
        cell_method: how the values were made of what was measured.
        note: what tells its values from others of the same variable, such as "delayed mode".
    """

    name: str
    kind: str
    role: str
    of: str = ""
    variable: Variable = Variable()  # noqa: RUF009 - frozen
    cell_method: str = ""
    note: str = ""

    @property
    def is_of_thing(self) -> bool:
        """Whether each thing has one cell, whatever the row."""
        return self.role in ("platform", "platform_name")


@dataclass(frozen=True, slots=True)
class Standing:
    """A thing of the table.

    Attributes:
        streams: name of a value column -> the datastream whose values stand there.
    """

    thing: Thing
    streams: Mapping[str, HeldDatastream]

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last time of any of its observations, None where it has none."""
        firsts = [one.first for one in self.streams.values() if one.first is not None]
        lasts = [one.last for one in self.streams.values() if one.last is not None]
        return (min(firsts), max(lasts)) if firsts and lasts else None

    @property
    def count(self) -> int:
        """How many observations it has."""
        return sum(one.count for one in self.streams.values())


@dataclass(frozen=True, slots=True)
class WideTable:
    """The observations of one dataset, row by row.

    Attributes:
        record: id of its record.
        columns: all of them, coordinates first.
        things: in the order of their keys.
        sampling: how the observations lie, one of `estran.model.observation.SAMPLINGS`.
    """

    record: str
    columns: tuple[Column, ...]
    things: tuple[Standing, ...]
    sampling: str
    read: Read = field(repr=False)

    def column(self, name: str) -> Column | None:
        """The column of a name; case does not count where no other differs by case alone."""
        for column in self.columns:
            if column.name == name:
                return column
        alike = [column for column in self.columns if column.name.lower() == name.lower()]
        return alike[0] if len(alike) == 1 else None

    @property
    def values(self) -> tuple[Column, ...]:
        """The columns of what was observed."""
        return tuple(column for column in self.columns if column.role == "value")

    @property
    def vertical(self) -> Column | None:
        """The first column of a third coordinate, None where no observation has one."""
        return next((column for column in self.columns if column.role == "vertical"), None)

    @property
    def moves(self) -> bool:
        """Whether something of it has no place of its own, so that each row says where it was made."""
        return any(one.thing.longitude is None for one in self.things)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last time of any observation, None where there is none."""
        spans = [span for one in self.things if (span := one.span)]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def wide_table(record: str, streams: Sequence[HeldDatastream], read: Read) -> WideTable:
    """The table of a dataset.

    The datastreams of one thing are joined on time and vertical. A variable is known by its name and unit; where one
    thing has several datastreams of one variable, each has a column of its own: named with what their keys tell, such
    as `TEMP_delayed_mode`, else with `_2` behind the name of the second.
    """
    named = _Names()
    verticals = {
        level_key(one.described.vertical): one.described.vertical for one in streams if one.described.vertical
    }
    columns = _coordinates(named, verticals.values())
    standing: dict[str, tuple[Thing, dict[str, HeldDatastream]]] = {}
    made: dict[tuple[str, str, str, bool, int], str] = {}
    for one in streams:
        described = one.described
        _, own = standing.setdefault(described.thing.key, (described.thing, {}))
        is_text = described.kind in ("category", "text")
        name = described.variable.name or described.variable.standard_name or "value"
        note = _note(described, name)
        for rank in range(len(own) + 1):
            key = (name, note, described.variable.unit, is_text, rank)
            if key not in made:
                made[key] = named.free(f"{name} {note}".strip())
                columns += _of_variable(made[key], one, note)
            if made[key] not in own:
                own[made[key]] = one
                break
    columns = _with_flags(columns, streams, standing)
    sampling = Counter[str]()
    for one in streams:
        sampling[one.described.sampling] += one.count + 1
    things = tuple(Standing(thing, own) for _, (thing, own) in sorted(standing.items()))
    return WideTable(
        record, tuple(columns), things, sampling.most_common(1)[0][0] if streams else "timeSeries", read
    )


class _Names:
    """Names that are taken."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        """A name like the one that is wanted, which no other column has, whatever its case."""
        plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode()
        made = re.sub(r"\W+", "_", plain, flags=re.ASCII).strip("_") or "value"
        made = made if made[0].isalpha() else f"v_{made}"
        name, count = made, 1
        # What belongs to a column is called after it, so those names are taken with it.
        while any(f"{name}{after}".lower() in self._taken for after in ("", "_flag", "_quality", "_id")):
            count += 1
            name = f"{made}_{count}"
        self._taken.update(f"{name}{after}".lower() for after in ("", "_flag", "_quality", "_id"))
        return name


_DEGREES = {"longitude": "degrees_east", "latitude": "degrees_north"}


def level_key(vertical: Variable) -> tuple[str, str]:
    """What two third coordinates must share to be one column: depths and pressures are not."""
    return vertical.name or vertical.standard_name, vertical.unit


def _coordinates(named: _Names, verticals: Iterable[Variable]) -> list[Column]:
    columns = [
        Column(name=named.free("platform"), kind="text", role="platform"),
        Column(name=named.free("platform_name"), kind="text", role="platform_name"),
    ]
    columns += [
        Column(
            name=named.free(name),
            kind="real",
            role=name,
            variable=Variable(name=name, standard_name=name, unit=unit),
        )
        for name, unit in _DEGREES.items()
    ]
    columns.append(
        Column(
            name=named.free("time"),
            kind="time",
            role="time",
            variable=Variable(name="time", standard_name="time"),
        )
    )
    for vertical in verticals:
        name = vertical.name or vertical.standard_name or "vertical"
        columns.append(Column(name=named.free(name), kind="real", role="vertical", variable=vertical))
    return columns


def _note(described: Datastream, name: str) -> str:
    """What the key of a datastream tells beside its thing and variable: of `13857/TEMP (delayed mode)` the mode."""
    local = described.key.removeprefix(described.thing.key).lstrip("/")
    rest = local.removeprefix(name)
    return rest.strip(" ()") if rest.startswith(" (") and local != rest else ""


def _of_variable(name: str, one: HeldDatastream, note: str) -> list[Column]:
    described = one.described
    kind = "text" if described.kind in ("category", "text") else "real"
    return [
        Column(
            name=name,
            kind=kind,
            role="value",
            variable=described.variable,
            cell_method=described.cell_method,
            note=note,
        ),
        Column(name=f"{name}_flag", kind="text", role="flag", of=name),
        Column(name=f"{name}_quality", kind="whole", role="quality", of=name),
        Column(name=f"{name}_id", kind="whole", role="id", of=name),
    ]


def _with_flags(
    columns: Sequence[Column],
    streams: Sequence[HeldDatastream],
    standing: Mapping[str, tuple[Thing, dict[str, HeldDatastream]]],
) -> list[Column]:
    """The columns but for flags of what no producer gave flags."""
    flagged = {one.number for one in streams if one.described.flags}
    wanted = {name for _, own in standing.values() for name, one in own.items() if one.number in flagged}
    return [column for column in columns if column.role != "flag" or column.of in wanted]

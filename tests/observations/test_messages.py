"""Messages of a row each of many datastreams: few statements, whatever their number."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from sqlalchemy import event

from estran.errors import Invalid
from tests.observations.conftest import rows, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from estran.node import Node
    from estran.observations.store import SeriesStore

MOST = 12
"""Statements of a message that SQLAlchemy sees; a few others go past it."""


@contextmanager
def statements(store: SeriesStore) -> Generator[list[str]]:
    """What a store asks of its database, where a statement put for many rows one by one counts for each."""
    found: list[str] = []

    def noted(_connection: Any, _cursor: Any, text: str, params: Any, *_: object) -> None:
        is_apart = store.database.engine.apart
        found.extend([text] * (len(params) if is_apart and isinstance(params, list) else 1))

    pool = store.database._writers  # pyright: ignore[reportPrivateUsage]
    event.listen(pool, "before_cursor_execute", noted)
    yield found
    event.remove(pool, "before_cursor_execute", noted)


def message(numbers: Sequence[int], hour: int, value: float) -> pa.Table:
    return pa.concat_tables([rows(n, [hour * 3_600_000_000], [value + n]) for n in numbers])


def test_a_message_of_many_datastreams_takes_few_statements(store: SeriesStore) -> None:
    entered, _ = store.enter("record", streams(150))
    numbers = sorted(entered.values())
    store.put(message(numbers, 0, 0.0))
    for what, hour, value in (("new", 1, 1.0), ("changed", 1, 2.0), ("said before", 1, 2.0)):
        with statements(store) as asked:
            counts = store.put(message(numbers, hour, value))
        assert len(asked) <= MOST, (what, asked)
        assert (counts.new, counts.changed, counts.unchanged)[
            ("new", "changed", "said before").index(what)
        ] == 150


def test_many_are_taken_out_at_once_and_come_again(store: SeriesStore) -> None:
    entered, _ = store.enter("record", streams(150))
    numbers = sorted(entered.values())
    for hour in (0, 1):
        store.put(message(numbers, hour, hour))
    assert store.remove(message(numbers, 1, 0.0)) == 150
    held = store.datastreams([1])
    assert {(one.count, one.last, one.last_value == one.number) for one in held} == {(1, 0, True)}
    assert store.put(message(numbers, 1, 5.0)).new == 150
    found = store.read(numbers, 0, 2 * 3_600_000_000, ["datastream", "time", "vertical", "value", "number"])
    assert found["value"].to_pylist() == [value for n in numbers for value in (float(n), n + 5.0)]
    assert found["number"].to_pylist() == [1, 3] * 150, "a number is not given twice"


def test_observations_of_many_datastreams_take_few_statements(
    open_node: Callable[[Path], Node], tmp_path: Path
) -> None:
    lines = "".join(f"2025-01-01T00:00:00Z;s{n};48;{n / 100};1.5\n" for n in range(120))
    (tmp_path / "a.csv").write_text("time;station;lat;lon;air_temperature (degC)\n" + lines)
    with open_node(tmp_path / "node") as node:
        assert node.observations.load([tmp_path / "a.csv"], all_of_them=True).datastreams == 120
        numbers = [one.number for one in node.observations.datastreams()]
        sensing = node.observations.sensing

        def send(hour: int, **more: Any) -> list[list[int | Invalid]]:
            at = {"phenomenonTime": f"2025-01-02T{hour:02}:00:00Z", **more}
            groups = [(number, [at | {"result": number + hour}], [{}]) for number in numbers]
            return sensing.change(lambda making: making.many(groups))

        send(0)
        with statements(node.observations._store) as asked:  # pyright: ignore[reportPrivateUsage]
            made = send(1, parameters={"by": "hand"})
        assert len(asked) <= 2 * MOST, asked
        assert made == [[number * 2**32 + 3] for number in numbers]
        found = [sensing.one("Observations", one).told for [one] in made[:3] if isinstance(one, int)]
        assert [(one["result"], one["parameters"]) for one in found] == [
            (number + 1, {"by": "hand"}) for number in numbers[:3]
        ]
        assert send(1) == made, "the same observations"
        again = sensing.one("Observations", numbers[0] * 2**32 + 3)
        assert not again.told.get("parameters"), "what is no more said is not kept"
        strange = [(number, [{"result": 1}], [{}]) for number in (numbers[0], numbers[-1] + 1000, 2**40)]
        with pytest.raises(Invalid, match=f"no Datastream {numbers[-1] + 1000}"):
            sensing.change(lambda making: making.many(strange))

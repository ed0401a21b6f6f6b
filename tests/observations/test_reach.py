"""What is known of where observations were made and when their results came, as they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from estran.storage import schema
from tests.web.sensorthings.conftest import HOUR, START, rows, streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def node(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    with open_node(tmp_path / "node") as opened:
        yield opened


def known(node: Node) -> dict[int, tuple[Any, ...]]:
    with node._house.database.read() as connection:  # pyright: ignore[reportPrivateUsage]
        return {row[0]: tuple(row[1:]) for row in connection.execute(select(schema.datastream_reach))}


def test_it_grows_with_what_comes_wherever_that_goes(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = node._house.series()  # pyright: ignore[reportPrivateUsage]
    numbers, _ = store.enter("r", streams())
    one, other, still = (numbers[key] for key in ("float/temp", "brest/temp", "nice/temp"))
    time = [START + n * HOUR for n in range(3)]
    store.put(rows(still, time, value=[1.0] * 3))
    assert known(node) == {}, "what says nothing takes nothing"
    store.put(rows(one, time, value=[1.0] * 3, longitude=[1.0, None, 3.0], latitude=[5.0, None, 4.0]))
    store.put(rows(other, time, value=[1.0] * 3, result_time=[None, time[2], time[1]]))
    area, results = (1.0, 4.0, 3.0, 5.0), (time[1], time[2])
    assert known(node) == {one: (*area, None, None, True), other: (*[None] * 4, *results, True)}
    # Straight into the files as well, and for what is there already.
    monkeypatch.setattr("estran.observations.store._INTO_FILES", 1)
    late = [time[0] + HOUR // 2]
    store.put(rows(one, late, value=[2.0], longitude=[-7.0], latitude=[4.5], result_time=time[:1]))
    assert known(node)[one] == (-7.0, 4.0, 3.0, 5.0, time[0], time[0], True)
    monkeypatch.undo()
    store.settle()
    assert known(node)[one] == (-7.0, 4.0, 3.0, 5.0, time[0], time[0], True)
    store.remove(rows(other, time[:1]))
    assert known(node)[other] == (*[None] * 4, *results, True)
    store.remove(rows(other, time[1:]))
    assert other not in known(node), "nothing is left"


def test_of_series_that_were_there_before_nothing_is_known(
    tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    moving = {"longitude": [1.0], "latitude": [2.0]}
    with open_node(tmp_path / "node") as node:
        store: Any = node._house.series()  # pyright: ignore[reportPrivateUsage]
        number = store.enter("r", streams())[0]["float/temp"]
        store.put(rows(number, [START], value=[1.0], **moving))
        with node._house.database.write() as connection:  # pyright: ignore[reportPrivateUsage]
            schema.datastream_reach.drop(connection)
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0025'")
    with open_node(tmp_path / "node") as node:
        assert known(node) == {number: (*[None] * 6, False)}
        store = node._house.series()  # pyright: ignore[reportPrivateUsage]
        store.put(rows(number, [START + HOUR], value=[1.0], **moving))
        assert known(node) == {number: (*[None] * 6, False)}

"""Bad input: refused or kept as it is said, by file and row, and never at the price of the rest."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from estran.formats import Document, Refusal, Rows, table
from estran.observations import ingest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node


@pytest.fixture
def own(tmp_path: Path, open_node: Callable[[Path], Node]) -> Iterator[Node]:
    with open_node(tmp_path / "node") as node:
        yield node


def written(path: Path, *rows: str, unit: str = "degree_C") -> Path:
    path.write_text("\n".join([f"time;station;temp ({unit})", *rows]) + "\n")
    return path


def values(node: Node) -> list[float]:
    return node.observations.read("temp")["temp"].values.tolist()


def test_one_time_with_two_values_is_told_and_the_last_is_kept(own: Node, tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", *(f"2024-01-0{day};brest;{day}" for day in (1, 2, 2, 3)), "2024-01-03;brest;9"
    )
    report = own.load(path, kind="observations")
    assert values(own) == [1.0, 2.0, 9.0]
    (refusal,) = report.refused
    assert refusal.file == str(path)
    assert refusal.why.startswith("1 observations of “brest/temp” come under a time and level")


def test_another_unit_is_brought_to_the_one_before_or_refused(own: Node, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    own.load(written(path, "2024-01-01;brest;10", "2024-01-02;brest;11"), kind="observations")
    report = own.load(
        written(path, "2024-01-02;brest;285.15", "2024-01-03;brest;286.15", unit="K"), kind="observations"
    )
    assert report.refused == []
    assert values(own) == pytest.approx([10.0, 12.0, 13.0])
    assert [one.described.variable.unit for one in own.observations.datastreams()] == ["degree_C"]
    report = own.load(
        written(path, "2024-01-04;brest;5", "2024-01-05;brest;6", unit="m"), kind="observations"
    )
    assert any("comes in “m” and was in “degree_C” before" in one.why for one in report.refused)
    assert values(own) == pytest.approx([10.0, 12.0, 13.0])


def test_all_parts_of_a_long_file_are_brought_to_the_unit(
    own: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    own.load(written(path, "2024-01-01;brest;10", "2024-01-02;brest;11"), kind="observations")
    monkeypatch.setattr(ingest, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(table, "_ROWS_AT_ONCE", 2)
    own.load(
        written(path, *(f"2024-02-0{day};brest;{273.15 + day}" for day in range(1, 8)), unit="K"),
        kind="observations",
    )
    assert values(own) == pytest.approx([10.0, 11.0, *range(1, 8)])


def test_what_is_no_number_is_left_out_and_what_is_not_meant_is_refused(own: Node, tmp_path: Path) -> None:
    rows = ["2024-01-01;brest;NaN", "2024-01-02;brest;-9999", "2024-01-03;brest;", "2024-01-04;brest;inf", "2024-01-05;brest;5",
            "2024-01-06;brest;6", "2999-01-01;brest;7", *(f"2024-02-{day:02d};brest;{day}" for day in range(1, 21))]  # fmt: skip
    report = own.load(written(tmp_path / "a.csv", *rows), kind="observations")
    assert values(own) == [5.0, 6.0, *map(float, range(1, 21))]
    said = {one.line: one.why for one in report.refused}
    assert set(said) == {5, 0}
    assert "inf" in said[5]
    assert "1 observations of “brest/temp” are more than a day in the future" in said[0]
    assert "2999-01-01" in said[0]


def test_a_long_table_is_read_in_flat_memory_and_one_broken_line_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_ROWS_AT_ONCE", 1000)

    def peak(count: int) -> tuple[int, int, list[Refusal]]:
        path = tmp_path / f"{count}.csv"
        with path.open("w") as file:
            file.write("time;level\n")
            for n in range(count):
                minute, day = n % 60, n // 1440
                file.write(
                    f"{1980 + day // 300}-{day // 25 % 12 + 1:02d}-{day % 25 + 1:02d}T{n // 60 % 24:02d}:{minute:02d}:00Z;{n % 977}\n"
                )
                if n == count // 2:
                    file.write("a broken line\n")
        read, refused = 0, list[Refusal]()
        tracemalloc.start()
        for one in table.observe(Document(str(path), path=path)):
            if isinstance(one, Rows):
                read += len(one.time)
            elif isinstance(one, Refusal):
                refused.append(one)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read == count
        return most, count // 2 + 3, refused

    peak(1_000)  # what is loaded once counts for nothing
    small, _, _ = peak(15_000)
    large, line, refused = peak(45_000)
    # All of its rows together are three times those of the small one.
    assert large < 1.5 * small
    assert [one.line for one in refused] == [line]


def test_batches_are_bounded_however_long_a_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ingest, "_ROWS_AT_ONCE", 50_000)
    path = tmp_path / "a.csv"
    path.write_text("time;t\n" + "".join(f"{1_500_000_000 + n};{n % 7}\n" for n in range(170_000)))
    found = table.observe(Document(str(path), path=path))
    sizes = [batch.count for _, batch in ingest._batches(found, ingest.IngestReport())]  # pyright: ignore[reportPrivateUsage]
    assert sizes == [50_000, 50_000, 50_000, 20_000]

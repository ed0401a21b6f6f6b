"""Observations to look at: three stations in a table, a probe with events and doubtful values, a profiler."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from estran import formats
from estran.formats import Links
from estran.model import (
    Box,
    Datastream,
    Extent,
    Licence,
    Period,
    Record,
    Sensor,
    SensorEvent,
    Text,
    Thing,
    Variable,
)
from tests.observations.conftest import rows

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node

HOUR_US = 3_600_000_000
DAYS = 50
STATIONS = {"Brest": (48.38, -4.49), "Sète": (43.4, 3.7), "Marseille": (43.3, 5.36)}
GAP = range(300, 380)
"""Hours that are missing at Brest."""
PROBE, CASTS = "probe", "casts"
"""Identifiers of the records that are written here."""
MANY = 130
"""Datastreams of the record that has many."""


@cache
def newest() -> datetime:
    """The hour of the newest values: as of a station that sends; the same for all tests of a run."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)


def table(file: Path) -> None:
    """Three stations, hour by hour; Sète stopped twenty days ago."""
    last, hours = newest(), 24 * DAYS
    lines = ["station;date;latitude;longitude;temperature (degC);salinity (1)"]
    for n, (name, (lat, lon)) in enumerate(STATIONS.items()):
        for hour in range(hours):
            if (name == "Brest" and hour in GAP) or (name == "Sète" and hour > hours - 480):
                continue
            at = last - timedelta(hours=hours - 1 - hour)
            values = f"{13 + 2 * n + 3 * math.sin(hour / 24):.3f};{35 + math.cos(hour / 50):.3f}"
            lines.append(f"{name};{at:%Y-%m-%dT%H:%M:%SZ};{lat};{lon};{values}")
    file.write_text("\n".join(lines), encoding="utf-8")


def described(identifier: str, title: str) -> Record:
    return Record(
        identifier=identifier, kind="dataset", title=Text.of(title, "en"), licences=(Licence(spdx="CC-BY-4.0"),),
        extent=Extent(boxes=(Box(-5, 48, -4, 49),), periods=(Period("2025", "2026"),)),
        variables=(Variable(name="T", standard_name="sea_water_temperature", unit="degree_C"),),
    )  # fmt: skip


def probe(last: datetime, buoy: str) -> Datastream:
    """A sensor with a history and text that attacks the page."""
    day = (last - timedelta(days=3)).strftime("%Y-%m-%d")
    return Datastream(
        key="probe/T", flags="argo", cell_method="time: mean", lineage=Text.of("Calibrated each year.", "en"),
        variable=Variable(
            name="T", label=Text((("en", "Water temperature"), ("fr", "Température de l’eau"))),
            standard_name="sea_water_temperature", unit="degree_C",
        ),
        thing=Thing(
            key="B-01", name=Text.of(buoy, "en"), description=Text.of("</script><script>alert(1)</script>"),
            longitude=-4.4, latitude=48.3, elevation_m=-2.0, properties=(("owner", "IUEM"),),
        ),
        sensor=Sensor(
            key="S", name=Text.of("Thermistor", "en"), model="SBE-39", maker="Sea-Bird", serial="0042",
            documents=("https://example.org/sheet.pdf", "javascript:alert(2)"), periods=(Period("2024", ""),),
            events=(
                SensorEvent(day, "calibration", "In the laboratory."), SensorEvent("1999-01-01", "exchange"),
                SensorEvent("some day", "unreadable"),
            ),
        ),
    )  # fmt: skip


def casts() -> Datastream:
    """Profiles of a probe that is lowered."""
    return Datastream(
        key="cast/T", flags="argo", sampling="timeSeriesProfile", thing=Thing(key="C-01", longitude=-4.6, latitude=48.1),
        variable=Variable(name="T", standard_name="sea_water_temperature", unit="degree_C"),
        vertical=Variable(name="depth", standard_name="depth", unit="m"),
    )  # fmt: skip


def keep(node: Node, folder: Path, record: Record) -> str:
    """Load a record; gives its id."""
    write = formats.find("estran-json").write
    assert write
    file = folder / f"{record.identifier}.json"
    file.write_bytes(write(record, Links()).body)
    assert node.load(file).new == 1
    return next(r.id for r in node.scan(limit=100)[0] if r.identifier == record.identifier)


def put(node: Node, record: str, streams: list[Datastream], tables: list[pa.Table]) -> None:
    """Datastreams of a record and their rows, whose datastream is told by its place."""
    store = node.observations._store  # pyright: ignore[reportPrivateUsage] - what a producer sends comes through files otherwise
    numbers, _ = store.enter(record, streams)
    for one, held in zip(streams, tables, strict=True):
        at = held.schema.get_field_index("datastream")
        number = pa.repeat(pa.scalar(numbers[one.key], pa.int32()), held.num_rows)
        store.put(held.set_column(at, held.schema.field(at), number))


def fill(node: Node, folder: Path, *, buoy: str = "Buoy <one>") -> dict[str, str]:
    """Give a node all of it; names -> numbers of datastreams and ids of records."""
    folder.mkdir(exist_ok=True)
    table(folder / "stations.csv")
    node.load(folder / "stations.csv", kind="observations")
    last = newest()
    last_us = int(last.timestamp()) * 1_000_000
    probed, cast, many = (
        keep(node, folder, described(name, title))
        for name, title in (
            (PROBE, "Probe of the bay"),
            (CASTS, "Casts of the bay"),
            ("many", "Many stations"),
        )
    )
    hours = 24 * DAYS
    values = rows(0, [last_us - n * HOUR_US for n in reversed(range(hours))], [10 + math.sin(n / 30) for n in range(hours)])  # fmt: skip
    flags = pa.array(["4" if n in range(600, 610) else "1" for n in range(hours)])
    values = values.set_column(values.schema.get_field_index("flag"), values.schema.field("flag"), flags)
    put(node, probed, [probe(last, buoy)], [values])
    levels = [float(z) for z in range(0, 100, 5)]
    times = np.repeat([last_us - n * 24 * HOUR_US for n in reversed(range(12))], len(levels)).tolist()
    warm = [18 - z / 10 + n / 4 for n in range(12) for z in levels]
    cast_rows = rows(0, times, warm, levels * 12)
    poor = pa.array(["4" if n == 11 * len(levels) + 3 else "1" for n in range(len(times))])
    at = cast_rows.schema.get_field_index("flag")
    put(node, cast, [casts()], [cast_rows.set_column(at, cast_rows.schema.field(at), poor)])
    spiked = keep(node, folder, described("spiked", "Spikes of the bay"))
    spikes = rows(0, [last_us - n * HOUR_US for n in reversed(range(48))], [9e4 if n == 20 else n / 10 for n in range(48)])  # fmt: skip
    put(
        node,
        spiked,
        [
            Datastream(
                key="spiked",
                flags="argo",
                thing=Thing(key="S-01"),
                variable=Variable(name="T", unit="degree_C"),
            )
        ],
        [
            spikes.set_column(
                at, spikes.schema.field(at), pa.array(["4" if n == 20 else "1" for n in range(48)])
            )
        ],
    )
    streams = [
        Datastream(key=f"m{n:03d}", thing=Thing(key=f"M-{n:03d}"), variable=Variable(name="level", unit="m"))
        for n in range(MANY)
    ]
    put(node, many, streams, [rows(0, [last_us - HOUR_US, last_us], [1.0, float(n)]) for n in range(MANY)])
    held = {one.described.key: f"{one.number}" for one in node.observations.datastreams()}
    return {
        "brest": held["Brest/temperature"], "salt": held["Brest/salinity"], "sete": held["Sète/temperature"],
        "probe": held["probe/T"], "cast": held["cast/T"], "spiked": held["spiked"], "probed": probed, "casts": cast, "many": many,
        "stations": node.observations.overview.datastream(int(held["Brest/temperature"])).record,
    }  # fmt: skip

"""Waves of miniSEED as envelopes, and the stations and instruments of StationXML."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran import formats
from estran.errors import Invalid
from estran.formats import Document, Record, Refusal, miniseed, stationxml
from estran.formats._seed.envelope import Envelope
from tests.formats.observed import held, held_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

# The lowest and the highest sample, and how many there are, as ObsPy 1.5.1 reads them; each within one minute.
OBSPY = {
    "IU.ADK.00.BHZ": (-17282, 15179, 1200), "IU.ADK.10.BHZ": (-6992, 8877, 2400), "IU.AFI.00.BHZ": (-16504, 5899, 1200),
    "IU.AFI.10.BHZ": (-69207, 70071, 2400), "IU.ANMO.00.BHZ": (-52206, -46320, 1200),
    "IU.ANMO.10.BHZ": (70944, 122703, 2400), "IU.ANTO.00.BHZ": (-82, 415, 1200),
}  # fmt: skip


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "observations" / "seismic"


def test_envelopes_are_those_of_another_reader(folder: Path) -> None:
    found = held_in(miniseed.FORMAT, folder / "fdsnws/dataselect_example_wildcards.mseed")
    assert found.refused == []
    assert {key.rpartition("/")[0] for key in found.streams} == set(OBSPY)
    for channel, (low, high, _) in OBSPY.items():
        assert [value for _, value in found.told(f"{channel}/minimum")] == [low]
        assert [value for _, value in found.told(f"{channel}/maximum")] == [high]
        ((at, mean),) = found.told(f"{channel}/mean")
        assert low < mean < high
        assert at.endswith(":00")
    one = found.streams["IU.ANMO.00.BHZ/minimum"]
    assert (one.cell_method, one.variable.unit) == ("time: minimum (interval: 1 minute)", "count")
    assert str(one.variable.label) == "ground velocity, high gain, vertical"


def test_minutes_against_all_samples_at_once(folder: Path) -> None:
    """A day of three channels, sample by sample."""
    from pymseed import MS3TraceList  # noqa: PLC0415

    path = folder / "miniseed/SRO_encoding.mseed"
    found = held_in(miniseed.FORMAT, path)
    checked = 0
    for trace in MS3TraceList.from_file(str(path), unpack_data=True):
        (segment,) = list(trace)
        samples = np.asarray(segment.np_datasamples, float)
        minute = (segment.starttime + np.arange(len(samples)) * 1_000_000_000) // 60_000_000_000
        rows = found.rows[f"AS.CTAO..{trace.sourceid[-5:].replace('_', '')}/mean"]
        assert rows.value is not None
        for at, mean in zip((rows.time // 60_000_000).tolist(), rows.value.tolist(), strict=True):
            assert mean == pytest.approx(samples[minute == at].mean())
            checked += 1
    assert checked >= 95


def test_every_real_file_gives_envelopes_or_a_reason(folder: Path) -> None:
    read = refused = 0
    for path in sorted([*(folder / "miniseed").rglob("*.*"), *folder.rglob("*.xml")]):
        head = path.read_bytes()[:4096] if path.is_file() else b""
        for form in (miniseed.FORMAT, stationxml.FORMAT):
            if form.recognise(head, path.name) < 0.5:
                continue
            try:
                found = held_in(form, path)
            except Invalid:
                refused += 1
                continue
            read += bool(found.streams)
            refused += bool(found.refused)
    assert read > 35
    assert refused >= 9


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("brokenlastrecord.mseed", "what follows record 1 is no miniSEED"),
        ("encoding/fullASCII_bigEndian.mseed", "holds a log or words"),
        ("encoding/nan_float32.mseed", "does not name its network"),
    ],
)
def test_what_is_refused_says_where(folder: Path, name: str, why: str) -> None:
    found = held_in(miniseed.FORMAT, folder / "miniseed" / name)
    assert any(why in refusal.why for refusal in found.refused)


def test_half_a_minute_at_the_edge_is_left_to_the_file_beside() -> None:
    envelope = Envelope(1.0)
    start = 1_700_000_000 * 10**9 // (60 * 10**9) * (60 * 10**9)
    envelope.take(start - 10 * 10**9, np.arange(10.0))
    envelope.take(start, np.arange(120.0))
    lows = next(rows for rows in envelope.rows("k") if rows.datastream == "k/minimum")
    assert lows.value is not None
    assert lows.value.tolist() == [0.0, 60.0]
    assert lows.until is not None
    assert (lows.until - lows.time).tolist() == [60_000_000] * 2
    alone = Envelope(1.0)
    alone.take(start - 10 * 10**9, np.array([np.nan, 5.0, 7.0]))
    assert [rows.value.tolist() for rows in alone.rows("k") if rows.value is not None] == [
        [5.0],
        [7.0],
        [6.0],
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.lists(st.integers(-1000, 1000), min_size=1, max_size=200)),
        max_size=4,
    ),
    st.sampled_from([0.1, 1.0, 20.0]),
)
def test_envelopes_hold_for_any_records(records: list[tuple[int, list[int]]], rate: float) -> None:
    """However samples are cut into records, a minute has the lowest, highest and mean of its own."""
    envelope, samples = Envelope(rate), dict[int, list[int]]()
    for second, values in records:
        envelope.take(second * 10**9, np.array(values, float))
        for n, value in enumerate(values):
            samples.setdefault(int((second * 10**9 + n * (1e9 / rate)) // (60 * 10**9)), []).append(value)
    assert {at: (low, high, count) for at, (low, high, _, count) in envelope.minutes.items()} == {
        at: (min(own), max(own), len(own)) for at, own in samples.items()
    }
    for at, own in samples.items():
        assert envelope.minutes[at][2] == pytest.approx(sum(own))


def test_a_station(folder: Path) -> None:
    path = folder / "stationxml/core/tests/data/IU_ANMO_00_BHZ.xml"
    found = held_in(stationxml.FORMAT, path)
    assert set(found.streams) == {f"IU.ANMO.00.BHZ/{kind}" for kind in ("minimum", "maximum", "mean")}
    one = found.streams["IU.ANMO.00.BHZ/mean"]
    assert (one.thing.key, str(one.thing.description)) == ("IU.ANMO", "Albuquerque, New Mexico, USA")
    assert (one.thing.longitude, one.thing.latitude, one.thing.elevation_m) == (-106.4572, 34.94591, 1820.0)
    assert one.sensor is not None
    assert str(one.sensor.name) == "Geotech KS-54000 Borehole Seismometer"
    assert one.sensor.periods[0].start == "2012-03-12T20:28:00Z"
    assert one.sensor.periods[0].end == ""
    assert str(one.description) == "20 samples a second, azimuth 0°, dip -90°, 145 m deep"
    assert str(one.lineage) == "Counts of the digitiser: 3.27508e+09 counts are 1 M/S at 0.02 Hz"
    (record,) = formats.read(Document("x.xml", path.read_bytes()))
    assert isinstance(record, Record)
    assert (record.identifier, str(record.title)) == (
        "fdsn:IU",
        "Global Seismograph Network (GSN - IRIS/USGS)",
    )
    assert record.extent.periods[0].end == ""
    assert stationxml.FORMAT.explain is not None
    assert "network IU: 1 stations, 1 channels" in stationxml.FORMAT.explain(Document("x", path.read_bytes()))


@pytest.mark.parametrize(
    "prolog",
    [
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
    ],
)
def test_hostile_xml_is_refused(prolog: bytes) -> None:
    body = (
        prolog
        + b'<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1"><Network code="X">&b;</Network></FDSNStationXML>'
    )
    with pytest.raises(Invalid):
        held(stationxml.FORMAT, Document("x.xml", body))
    (refusal,) = formats.read(Document("x.xml", body), stationxml.FORMAT)
    assert isinstance(refusal, Refusal)
    deep = b'<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1">' + b"<Network code='X'>" * 5000
    with pytest.raises(Invalid):
        held(stationxml.FORMAT, Document("x.xml", deep))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nonsense_is_refused_and_never_crashes(data: st.DataObject) -> None:
    words = st.sampled_from(["nan", "inf", "1e999", "", "-", "2020-13-40", "abc", "12", "\u20ac"])
    body = f"""<FDSNStationXML xmlns="http://www.fdsn.org/xml/station/1"><Created>{data.draw(words)}</Created>
    <Network code="{data.draw(words)}" startDate="{data.draw(words)}"><Station code="{data.draw(words)}">
    <Latitude>{data.draw(words)}</Latitude><Longitude>{data.draw(words)}</Longitude>
    <Channel code="{data.draw(words)}" endDate="{data.draw(words)}"><Depth>{data.draw(words)}</Depth>
    <Sensor><CalibrationDate>{data.draw(words)}</CalibrationDate></Sensor></Channel></Station></Network>
    </FDSNStationXML>"""
    document = Document("x.xml", body.encode())
    with contextlib.suppress(Invalid):
        held(stationxml.FORMAT, document)
    seed = b"000001D " + data.draw(st.binary(min_size=100, max_size=600))
    with contextlib.suppress(Invalid):
        held(miniseed.FORMAT, Document("x.mseed", seed))


def test_values_come_under_what_stationxml_told(
    folder: Path, tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    """Whichever comes first: the network is one dataset, and names alone take nothing away."""
    xml = folder / "stationxml/core/tests/data/IU_ANMO_00_BHZ.xml"
    waves = folder / "fdsnws/dataselect_example_wildcards.mseed"
    again = tmp_path / "again.mseed"
    again.write_bytes(waves.read_bytes())
    for n, order in enumerate((([xml], [waves]), ([waves], [xml]), ([waves, xml, again],))):
        with open_node(tmp_path / f"node{n}") as node:
            for paths in order:
                assert node.load(paths).refused == []
            streams = {one.described.key: one for one in node.observations.datastreams()}
            assert len(streams) == 21
            one = streams["IU.ANMO.00.BHZ/maximum"]
            assert one.described.thing.latitude == 34.94591
            assert one.last_value == -46320
            # A channel that StationXML did not name stands at the station that it did.
            if n == 0:
                assert streams["IU.ANMO.10.BHZ/maximum"].described.thing.latitude == 34.94591
            (record,) = {one.record for one in streams.values()}
            shown = node.show(record)
            assert str(shown.title).startswith("Global Seismograph Network")
            assert shown.extent.periods[0].start.startswith("1988")
            assert [one.count for one in node.observations.datastreams()] == [1] * 21

"""Theia/OZCAR's pivot with its data files: in a folder, in a zip with zips in it, and what is wrong with some."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estran.errors import Invalid
from estran.formats import Document, Refusal
from estran.formats._theia.data import Reading
from estran.formats.theia_pivot import FORMAT
from tests.formats.observed import held

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

HEAD = """#Date_of_extraction;2020-01-01T00:00:00Z;
#Observation_ID;{id};
#Dataset_title;;
#Variable_name;Discharge;
dateBeg;dateEnd;latitude;longitude;altitude;value;qualityFlags;{more}
"""


def data(name: str, rows: list[str], more: str = "") -> bytes:
    return (HEAD.format(id=name, more=more) + "\n".join(rows) + "\n").encode()


@pytest.fixture
def producer(shared_data: Path) -> dict[str, bytes]:
    """The real description of two datasets of four observations, with data files for three of them."""
    folder = shared_data / "catalogue/theia-ozcar/pivot/zipProducer/TEST/tmp/123/unzip"
    said = json.loads((folder / "TEST_en.json").read_bytes())
    first, second = said["datasets"][0]["observations"]
    second["observationId"], second["result"]["dataFile"]["name"] = "TEST_OBS_DAT_1_2", "TEST_OBS_DAT_1_2.txt"
    first["result"]["qualityFlags"] = [{"code": "13", "description": "checked data"}]
    first["result"]["additionalValues"] = [{"name": "spread", "columnName": "delta", "unit": "g.l-1"}]
    first["observedProperty"]["theiaVariable"] = {"uri": "https://w3id.org/ozcar-theia/variables/spm"}
    first["procedure"] = {
        "dataProduction": {
            "method": "Filtered",
            "sensors": [
                {"manufacturer": "OTT", "model": "Thalimedes", "serialNumber": "7", "calibration": "against weights",
                 "documents": [{"type": "Manual", "url": "https://example.org/manual.pdf"}],
                 "activityPeriods": [{"dateBeg": "2001-05-11T00:00:00Z", "dateEnd": "2008-01-01T00:00:00Z"}]},
                {"manufacturer": "OTT", "model": "Orpheus",
                 "activityPeriods": [{"dateBeg": "2008-01-01T00:00:00Z", "dateEnd": "2014-09-25T00:00:00Z"}]},
            ],
        },
        "lineageInformations": [{"processingDescription": "Cleaned by hand"}],
    }  # fmt: skip
    place = "19.8525;102.169139;400"
    return {
        "TEST_en.json": json.dumps(said).encode(),
        "TEST_OBS_DAT_1_1.txt": data(
            "TEST_OBS_DAT_1_1",
            [
                f";2001-05-10T00:00:00Z;{place};1.5;13;0.1;",
                f"2001-05-11T00:00:00Z;2001-05-12T00:00:00Z;{place};2.5;13;-99999.99;",
                f";2001-05-13T00:00:00Z;{place};-99999.99;;;",
                f";2001-13-14T00:00:00Z;{place};3.5;;;",
                f";2001-05-15T00:00:00Z;{place};much;;;",
            ],
            "delta;",
        ),
        "TEST_OBS_DAT_1_2.txt": data("TEST_OBS_DAT_1_2", [f";2002-01-01T00:00:00Z;{place};7;;"]),
        "TEST_OBS_DAT_2_1.txt": data("TEST_OBS_DAT_2_1", [f";2003-01-01T00:00:00Z;{place};8,25;;"]),
    }


def in_zips(producer: dict[str, bytes], path: Path) -> Path:
    """As producers send it: a zip of the description and of a zip for each dataset."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("TEST_en.json", producer["TEST_en.json"])
        for dataset in ("1", "2"):
            inner = io.BytesIO()
            with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as part:
                for name, body in producer.items():
                    if f"DAT_{dataset}_" in name:
                        part.writestr(name, body)
            whole.writestr(f"TEST_DAT_{dataset}.zip", inner.getvalue())
    return path


def in_folder(producer: dict[str, bytes], path: Path) -> Path:
    path.mkdir()
    for name, body in producer.items():
        (path / name).write_bytes(body)
    return path


@pytest.mark.parametrize("packed", [in_zips, in_folder])
def test_a_producer_s_delivery(
    packed: Callable[[dict[str, bytes], Path], Path],
    producer: dict[str, bytes],
    tmp_path: Path,
    open_node: Callable[[Path], Node],
) -> None:
    given = packed(producer, tmp_path / "TEST.zip")
    with open_node(tmp_path / "node") as node:
        report = node.load(given, source="test")
        assert report.new == 3
        assert report.observations == {"datastreams": 4, "new": 5, "changed": 0, "unchanged": 0}
        why = {(one.file.rpartition("/")[2], one.line): one.why for one in report.refused}
        assert sorted(why) == [("TEST_OBS_DAT_1_1.txt", 9), ("TEST_OBS_DAT_1_1.txt", 10), ("TEST_en.json", 0)]
        assert "TEST_OBS_DAT_2_2.txt do not lie beside it" in why[("TEST_en.json", 0)]
        assert "“much” is no number" in why[("TEST_OBS_DAT_1_1.txt", 10)]
        streams = {one.described.key: one for one in node.observations.datastreams()}
        one = streams["TEST_OBS_DAT_1_1"].described
        assert (str(one.variable.label), one.variable.unit) == ("Suspended particulate matter", "g.l-1")
        assert one.variable.uri == "https://w3id.org/ozcar-theia/variables/spm"
        assert (one.processing_level, str(one.lineage), str(one.description)) == (
            "Quality-controlled data", "Cleaned by hand", "Filtered",
        )  # fmt: skip
        assert [(m.flag, m.words) for m in one.flag_meanings] == [("13", "checked data")]
        assert str(one.thing.name) == "Hydrological station, S4"
        assert (one.thing.longitude, one.thing.latitude) == (102.169139, 19.8525)
        sensor = one.sensor
        assert sensor is not None
        assert (sensor.maker, sensor.model, sensor.serial) == ("OTT", "Thalimedes", "7")
        assert len(sensor.periods) == 2
        assert {(e.at[:4], e.kind) for e in sensor.events} == {
            ("2001", "installation"), ("2001", "calibration"), ("2008", "installation"),
        }  # fmt: skip
        assert sensor.documents == ("https://example.org/manual.pdf",)
        assert streams["TEST_OBS_DAT_1_1/delta"].count == 1
        assert streams["TEST_OBS_DAT_2_1"].last_value == 8.25
        # Each dataset has its own datastreams.
        titles = {key: node.show(one.record).identifier for key, one in streams.items()}
        assert titles["TEST_OBS_DAT_1_2"] == titles["TEST_OBS_DAT_1_1"] != titles["TEST_OBS_DAT_2_1"]
        again = node.load(given, source="test")
        assert again.observations == {"datastreams": 0, "new": 0, "changed": 0, "unchanged": 5}
        assert again.changed == 0
        assert any(
            "4 observations of 2 datasets" in words for _, words in node.observations.explained([given])
        )


def test_metadata_alone_are_no_mistake(
    shared_data: Path, tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    path = shared_data / "catalogue/theia-ozcar/pivot/jsonlight/CATC_en.json"
    with open_node(tmp_path / "node") as node:
        report = node.load(path)
        assert (report.new, report.refused, report.observations) == (2, [], {})
        (refusal,) = node.load(path, kind="observations").refused
        assert "holds no observations" in refusal.why


def test_a_bomb_is_refused(
    producer: dict[str, bytes], tmp_path: Path, open_node: Callable[[Path], Node]
) -> None:
    """A data file that unpacks to 400 times its size, and a name that leads out."""
    producer["TEST_OBS_DAT_2_1.txt"] += b";2003-01-01T00:00:00Z;1;1;1;" + b"0" * 80_000_000
    path = in_zips(producer, tmp_path / "bomb.zip")
    assert path.stat().st_size < 200_000
    with zipfile.ZipFile(path, "a") as whole:
        whole.writestr("../../outside.txt", b"x")
    with open_node(tmp_path / "node") as node:
        report = node.load(path, kind="observations")
        said = [one.why for one in report.refused]
        assert any("unpacks to more than 300 times" in why or "it unpacks to more" in why for why in said)
        assert any("leads out of the archive" in why for why in said)
        assert {one.described.key for one in node.observations.datastreams()} <= {
            "TEST_OBS_DAT_1_1", "TEST_OBS_DAT_1_1/delta", "TEST_OBS_DAT_1_2", "TEST_OBS_DAT_2_1",
        }  # fmt: skip


def read(body: bytes, **given: Any) -> list[Any]:
    options: dict[str, Any] = {"texts": False, "missing": "-9999", "fixed": (2.0, 1.0)} | given
    reading = Reading("x.txt", {"value": "k"}, **options)
    return list(reading.rows(io.TextIOWrapper(io.BytesIO(body), newline="")))


def test_rows_of_data_files() -> None:
    places = data(
        "x", [";2001-01-01T00:00:00Z;1;2;5;1;;", ";2001-01-01T00:00:00Z;1;2;9;2;;", ";2001-01-02;3;4;9;3;;"]
    )
    (rows,) = read(places)
    assert rows.vertical.tolist() == [5, 9, 9]
    assert rows.longitude.tolist() == [2, 2, 4]
    (rows,) = read(data("x", [";2001-01-01T00:00:00Z;;;;dry;;"]), texts=True)
    assert (rows.words, rows.value) == (["dry"], None)
    (rows,) = read(data("x", ["2001-01-01;2001-01-02;1;2;5;1;3;"]))
    assert (np.diff([rows.time[0], rows.until[0]]).tolist(), rows.flag) == ([86_400_000_000], ["3"])
    (refusal,) = read(b"a;b\n1;2\n")
    assert isinstance(refusal, Refusal)
    assert "its columns are not those" in refusal.why


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=40), st.just(";2001-01-01T00:00:00Z;1;2;5;1;;")), max_size=8))
def test_nonsense_is_refused_by_its_line(rows: list[str]) -> None:
    for one in read(data("x", rows)):
        if isinstance(one, Refusal):
            assert one.line


def test_strange_descriptions_never_crash(producer: dict[str, bytes]) -> None:
    said = json.loads(producer["TEST_en.json"])
    for way in (
        "featureOfInterest",
        "observedProperty",
        "procedure",
        "result",
        "temporalExtent",
        "observationId",
    ):
        for odd in (
            3,
            None,
            [],
            {},
            "x",
            [[1]],
            {"sensors": 3},
            {"dataFile": []},
            {"dataProduction": {"sensors": [3, {}]}},
        ):
            said["datasets"][0]["observations"][0][way] = odd
            document = Document("TEST_en.json", json.dumps(said).encode(), beside=lambda: iter(()))
            assert held(FORMAT, document).rows == {}
    with pytest.raises(Invalid):
        held(FORMAT, Document("TEST_en.json", b'{"producer": {"producerId": 3}'))

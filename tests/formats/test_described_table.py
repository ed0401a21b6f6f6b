"""Tables whose layout is described beside them, as CSV on the Web does: what is said goes before what is guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from estran.errors import Invalid
from estran.formats import Document, Refusal, Rows, table
from estran.model import Datastream, instant_us

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from estran.node import Node

LOGGER = """Exported by a logger
Serial 4711
01.02.2024 00:00;7,25;x;A12;-99,9
01.02.2024 00:10;7,30;12,5;A12;3
02.02.2024 00:20;7,35;oups;A12;4,5
"""
STANDARD = "http://vocab.nerc.ac.uk/standard_name/sea_water_temperature/"
SAID: dict[str, Any] = {
    "@context": "http://www.w3.org/ns/csvw",
    "url": "sonde.txt",
    "schema:scheduleTimezone": "Europe/Paris",
    "dialect": {"delimiter": ";", "skipRows": 2, "header": False},
    "tableSchema": {
        "columns": [
            {"name": "moment", "datatype": {"base": "datetime", "format": "dd.MM.yyyy HH:mm"}},
            {
                "name": "temperature",
                "datatype": {"base": "number", "format": {"decimalChar": ","}},
                "propertyUrl": STANDARD,
                "schema:unitText": "degC",
            },
            {"titles": {"en": "oxygen"}, "datatype": "number", "null": ["x"], "schema:unitText": "mg/L"},
            {"name": "probe", "datatype": "string", "propertyUrl": "sosa:hasFeatureOfInterest"},
            {"titles": ["turbidity", "NTU"], "datatype": "number", "null": "-99.9"},
        ]
    },
}


def put(folder: Path, said: Any, text: str = LOGGER, name: str = "sonde.txt", beside: str = "") -> Path:
    (folder / name).write_text(text, "utf-8")
    told = said if isinstance(said, str) else json.dumps(said)
    (folder / (beside or f"{name}-metadata.json")).write_text(told, "utf-8")
    return folder / name


def read(path: Path) -> tuple[dict[str, Datastream], dict[str, list[tuple[int, float]]], list[Refusal]]:
    found = list(table.observe(Document(str(path), path=path)))
    streams = {one.key: one for one in found if isinstance(one, Datastream)}
    rows = {
        one.datastream: list(zip(one.time.tolist(), one.value.tolist(), strict=True))
        for one in found
        if isinstance(one, Rows)
    }
    return streams, rows, [one for one in found if isinstance(one, Refusal)]


def at(*times: str) -> list[int]:
    return [instant_us(one) for one in times]


def test_what_is_described_is_read_so(tmp_path: Path) -> None:
    streams, rows, refused = read(put(tmp_path, SAID))
    # In Paris it is an hour later.
    first, second, third = at("2024-01-31T23:00:00Z", "2024-01-31T23:10:00Z", "2024-02-01T23:20:00Z")
    assert rows == {
        "A12/temperature": [(first, 7.25), (second, 7.3), (third, 7.35)],
        "A12/oxygen": [(second, 12.5)],
        "A12/turbidity": [(second, 3.0), (third, 4.5)],
    }
    one = streams["A12/temperature"].variable
    assert (one.standard_name, one.unit, one.uri) == ("sea_water_temperature", "degC", STANDARD)
    assert streams["A12/oxygen"].variable.unit == "mg/L"
    assert [(one.line, one.why) for one in refused] == [(5, "“oups” in “oxygen” is no number")]


def test_what_is_not_said_is_guessed(tmp_path: Path) -> None:
    text = "when;what;Latitude;Longitude;code;depth (m)\n03/04/2024;1.5;48;-4;77;10\n"
    columns: Sequence[Any] = [
        {"titles": "when", "datatype": {"base": "date", "format": "MM/dd/yyyy"}},
        {"titles": "what", "schema:unitText": "1"},
        *({"titles": title} for title in ("Latitude", "Longitude")),
        {"titles": "code", "datatype": "number", "suppressOutput": True},
        {"titles": "depth (m)"},
        {"name": "node", "virtual": True},
    ]
    said = {"dialect": {"delimiter": ";"}, "tableSchema": {"columns": columns}}
    streams, rows, refused = read(put(tmp_path, said, text))
    assert not refused
    assert rows == {"sonde/what": [(at("2024-03-04")[0], 1.5)]}
    one = streams["sonde/what"]
    assert (one.thing.longitude, one.thing.latitude) == (-4.0, 48.0)
    assert one.vertical is not None


def test_the_tables_of_a_folder_may_be_described_together(tmp_path: Path) -> None:
    alone = {key: value for key, value in SAID.items() if key not in ("dialect", "schema:scheduleTimezone")}
    group = {
        "dialect": SAID["dialect"],
        "schema:scheduleTimezone": "Etc/GMT-2",
        "tables": [{**alone, "url": "https://example.org/other.txt"}, alone],
    }
    path = put(tmp_path, group, beside="csv-metadata.json")
    _, rows, _ = read(path)
    assert rows["A12/temperature"][0][0] == at("2024-01-31T22:00:00Z")[0]
    # Of what is not named nothing is said.
    (tmp_path / "b.csv").write_text("time,level\n2024-01-01,1.5\n", "utf-8")
    _, rows, _ = read(tmp_path / "b.csv")
    assert rows == {"b/level": [(at("2024-01-01")[0], 1.5)]}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{", "does not describe a table as CSV on the Web"),
        (SAID | {"dialect": {"delimiter": ";;"}}, "delimiter"),
        (SAID | {"dialect": {"delimiter": ";", "skipRows": -1}}, "skipRows"),
        (SAID | {"dialect": {"delimiter": ";", "skipRows": 2, "header": False, "encoding": 5}}, "“A12"),
        (SAID | {"dialect": {"delimiter": ";", "skipRows": 90}}, "below the first 91 lines"),
        (SAID | {"tableSchema": {"columns": SAID["tableSchema"]["columns"][:4]}}, "names 4 columns"),
        (SAID | {"dialect": {"delimiter": ",", "skipRows": 2, "header": False}}, "names 5 columns"),
        (
            SAID | {"tableSchema": {"columns": [{"suppressOutput": True}, *SAID["tableSchema"]["columns"][1:]]}},
            "no column of times",
        ),
    ],
)  # fmt: skip
def test_a_description_that_does_not_fit_says_why(said: Any, why: str, tmp_path: Path) -> None:
    path = put(tmp_path, said)
    if why.startswith("“"):
        # What is unknown or of no use here is left aside.
        assert why[1:] in " ".join(read(path)[0])
        return
    with pytest.raises(Invalid, match=why):
        read(path)


def test_a_folder_is_loaded_with_its_descriptions(node: Node, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    put(folder, SAID)
    report = node.load(folder, kind="observations")
    assert report.observations is not None
    assert [one.line for one in report.refused] == [5]
    found = node.observations.read("sea_water_temperature")
    assert found["sea_water_temperature"].values.tolist() == pytest.approx([7.25, 7.3, 7.35])
    assert [one.file for one in node.load(folder).refused] == [str(folder / "sonde.txt")]

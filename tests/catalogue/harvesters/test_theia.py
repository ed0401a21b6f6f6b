"""Files of Theia/OZCAR's pivot: one, a zip, a folder, a list; and what is broken among them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.catalogue.harvesters import Found
from estran.catalogue.harvesters.theia import HARVESTER
from estran.errors import Invalid
from estran.model import Record
from estran.testing.contracts import check_harvester
from tests.catalogue.harvesters.visiting import as_json, found, missed, visiting
from tests.fetching.serving import Answer, Asked, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def pivot(producer: str, *datasets: str) -> bytes:
    listed = [
        {"datasetId": name, "metadata": {"title": f"About {name}"}, "observations": []} for name in datasets
    ]
    return as_json(
        {"version": "1.0", "producer": {"producerId": producer, "name": producer}, "datasets": listed}
    )


def zipped(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "."), body)
    return held.getvalue()


def page(*names: str) -> bytes:
    return "<html><body>{}</body></html>".format(
        "".join(f'<a href="{name}">x</a>' for name in names)
    ).encode()


FILES: dict[str, bytes | Answer] = {
    "/pivot/": page("../", "A_en.json", "A_fr.json", "B_en.zip", "deep/", "?C=M;O=D", "read.me", "A_en.json"),
    "/pivot/A_en.json": pivot("A", "A1", "A2"),
    "/pivot/A_fr.json": pivot("A", "A1"),
    "/pivot/B_en.zip": zipped(B_en__json=pivot("B", "B1"), read__me=b"x", files__txt=b"x"),
    "/pivot/deep/": page("C.json", "/pivot/", "https://elsewhere.example/x/"),
    "/pivot/deep/C.json": pivot("C", "C1"),
}
ALL = ["A@en", "A1@en", "A2@en", "A@fr", "A1@fr", "B@en", "B1@en", "C", "C1"]


def folder(files: dict[str, bytes | Answer]) -> Callable[[Asked], bytes | Answer]:
    return lambda asked: files[asked.path]


def test_holds_its_contract_in_a_folder() -> None:
    with serving(folder(FILES)) as server, visiting(f"{server.url}/pivot/", "theia") as visit:
        events = check_harvester(HARVESTER, visit)
    assert found(events) == ALL
    assert not missed(events)
    assert "/read.me" not in server.paths()


@pytest.mark.parametrize(
    ("path", "names"), [("A_en.json", ALL[:3]), ("B_en.zip", ALL[5:7]), ("deep/C.json", ALL[7:])]
)
def test_one_file(path: str, names: list[str]) -> None:
    with serving(folder(FILES)) as server, visiting(f"{server.url}/pivot/{path}", "theia") as visit:
        assert found(check_harvester(HARVESTER, visit)) == names


@pytest.mark.parametrize(
    "body",
    [
        b'["A_en.json", "deep/C.json"]',
        b'{"files": ["A_en.json", "deep/C.json"]}',
        b"A_en.json\ndeep/C.json\n",
    ],
)
def test_a_list(body: bytes) -> None:
    files = FILES | {"/pivot/list": body}
    with serving(folder(files)) as server, visiting(f"{server.url}/pivot/list", "theia") as visit:
        assert found(HARVESTER.changes(visit)) == ALL[:3] + ALL[7:]


def test_one_language() -> None:
    with (
        serving(folder(FILES)) as server,
        visiting(f"{server.url}/pivot/", "theia", {"language": "en"}) as visit,
    ):
        assert found(HARVESTER.changes(visit)) == [name for name in ALL if not name.endswith("@fr")]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Answer(b"", 404), "404"), (Answer(b"", 503), "503"), (FILES["/pivot/A_en.json"][:-9], "not JSON"),  # type: ignore[index]
        (b"{}", "neither a producer nor a dataset"), (b"PK\x03\x04xxxx", "cannot be unpacked"), (b"<html/>", "not JSON"),
    ],
)  # fmt: skip
def test_a_broken_file_is_missed_by_itself(fault: bytes | Answer, why: str) -> None:
    files = FILES | {"/pivot/A_en.json": fault}
    with serving(folder(files)) as server, visiting(f"{server.url}/pivot/", "theia") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ALL[3:]
    (line,) = missed(events)
    assert line.startswith(f"{server.url}/pivot/A_en.json")
    assert why in line


def test_a_bomb_and_a_broken_member_do_not_hide_the_rest() -> None:
    archive = zipped(a__json=b"0" * (65 << 20), b__json=b"{", c__json=pivot("C", "C1"))
    with serving(lambda _: archive) as server, visiting(f"{server.url}/x.zip", "theia") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["C", "C1"]
    assert len(missed(events)) == 2


def test_a_dataset_without_its_name_is_missed() -> None:
    value: dict[str, Any] = json.loads(pivot("A", "A1", "A2"))
    value["datasets"][0].pop("datasetId")
    value["datasets"].insert(0, 3)
    with serving(lambda _: as_json(value)) as server, visiting(f"{server.url}/A.json", "theia") as visit:
        events = list(HARVESTER.changes(visit))
    assert found(events) == ["A", "A2"]
    assert len(missed(events)) == 2


@pytest.mark.parametrize("body", [b"words", b"[]", page("a.txt"), b'{"a": 1}', b"{"])
def test_what_leads_nowhere_is_refused(body: bytes) -> None:
    with serving(lambda _: body) as server, visiting(server.url, "theia") as visit, pytest.raises(Invalid):
        list(HARVESTER.changes(visit))


def test_the_real_observatories(shared_data: Path) -> None:
    root = shared_data / "catalogue" / "theia-ozcar" / "pivot"
    real = {"CRYO_en.json": root / "mongodb-repository" / "src" / "test" / "resources" / "CRYO_en.json"}
    real |= {
        "CATC_en.json": root / "jsonlight" / "CATC_en.json",
        "X.json": root / "json" / "CATC_en_invalidJsonFile.json",
    }
    files: dict[str, bytes | Answer] = {f"/{name}": path.read_bytes() for name, path in real.items()}
    files["/"] = page(*real)
    with serving(folder(files)) as server, visiting(f"{server.url}/", "theia") as visit:
        events = check_harvester(HARVESTER, visit)
    assert len(found(events)) == 11
    assert len(missed(events)) == 1
    for event in events:
        if isinstance(event, Found):
            (record,) = formats.read(event.document)
            assert isinstance(record, Record)
            assert record.identifier == event.key.removesuffix("@en")


def test_guesses() -> None:
    assert HARVESTER.recognise("https://x", pivot("A")) > 0.9
    assert HARVESTER.recognise("https://x", b'{"type": "Feature"}') == 0.0

"""ISO records of real catalogues: read, or refused with a reason; a dozen of them looked at closely."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.model import Box, Period, Record
from tests.formats.iso_documents import NEWER, OLDER, code, older, text

if TYPE_CHECKING:
    from pathlib import Path

# What is refused of the official examples: fragments for validators, which describe nothing.
_EXAMPLES = "tc211"


def records(folder: Path, pattern: str = "*.xml") -> tuple[dict[str, list[Record]], dict[str, str]]:
    """Records by file, and reasons by refused file, of all that the formats recognise."""
    found: dict[str, list[Record]] = {}
    refused: dict[str, str] = {}
    for path in sorted(folder.rglob(pattern)):
        document = Document(str(path.relative_to(folder)), path.read_bytes())
        form = max((OLDER, NEWER), key=lambda f: f.recognise(document.head, document.name))
        if form.recognise(document.head, document.name) < 0.4:
            continue
        for one in formats.read(document, form):
            if isinstance(one, Refusal):
                refused[document.name] = one.why
            else:
                assert isinstance(one, Record)
                found.setdefault(document.name, []).append(one)
    return found, refused


def one(path: Path) -> Record:
    (record,) = formats.read(Document(path.name, path.read_bytes()), OLDER)
    assert isinstance(record, Record), record
    return record


def test_all_of_iso_19139_load(shared_data: Path) -> None:
    found, refused = records(shared_data / "catalogue" / "iso19139")
    assert len(found) > 340
    assert refused == {
        "ckanext-spatial/gemini2.1/error_bad_xml.xml": "not well-formed XML at line 16, column 1: Premature end of data "
        "in tag MD_Metadata line 2; correct it there and load it again"
    }


def test_of_iso_19115_3_only_what_describes_nothing_is_refused(shared_data: Path) -> None:
    found, refused = records(shared_data / "catalogue" / "iso19115-3")
    assert len(found) >= 70
    reasons = Counter(why.split(",")[0].split(";")[0] for name, why in refused.items() if _EXAMPLES in name)
    assert set(reasons) == {
        "it has neither a title nor an identifier",
        "it is an ISO 19110 feature catalogue",
        "it is an ISO 19157 catalogue of quality measures",
        "it is an ISO 19157 quality report on its own",
    }
    others = {name: why for name, why in refused.items() if _EXAMPLES not in name}
    assert list(others) == ["geonetwork5/iso19110_datamodel.xml"]
    assert "feature catalogue" in others["geonetwork5/iso19110_datamodel.xml"]
    real = [name for name in found if _EXAMPLES not in name]
    assert len(real) / (len(real) + len(others)) >= 0.97


@pytest.mark.parametrize("folder", ["theia-ozcar", "dcat", "stac", "csw"])
def test_records_among_other_kinds_load(shared_data: Path, folder: str) -> None:
    found, refused = records(shared_data / "catalogue" / folder)
    assert refused == {}
    assert found or folder == "csw"


def test_most_records_say_most_things(shared_data: Path) -> None:
    found, _ = records(shared_data / "catalogue" / "iso19139")
    every = [record for listed in found.values() for record in listed]
    share = {
        name: sum(1 for record in every if getattr(record, name)) / len(every)
        for name in (
            "identifier",
            "title",
            "abstract",
            "parties",
            "concepts",
            "distributions",
            "metadata_date",
            "language",
        )
    }
    assert min(share.values()) > 0.8, share
    assert sum(1 for record in every if record.extent.boxes) / len(every) > 0.5
    assert sum(1 for record in every if record.doi) > 100
    assert sum(1 for record in every if record.warnings) / len(every) < 0.1


def test_what_aodn_makes_of_its_records(shared_data: Path) -> None:
    """Another reader's view of the same files: titles, boxes and years agree."""
    folder = shared_data / "catalogue" / "iso19115-3"
    compared = 0
    for path in sorted((folder / "aodn-expected-stac").glob("sample*_stac.json")):
        source = folder / "aodn" / path.name.replace("_stac.json", ".xml")
        if not source.exists():
            continue
        expected, record = json.loads(path.read_text()), one(source)
        assert str(record.title) == expected["title"]
        assert record.identifier == expected["id"]
        boxes = expected["extent"]["bbox"]
        if boxes:
            assert record.extent.box == pytest.approx(boxes[0])
            assert {tuple(map(round, b)) for b in record.extent.boxes} == {
                tuple(map(round, b)) for b in boxes[1:]
            }
        temporal = expected["extent"]["temporal"][0]
        period = record.extent.period or Period()
        # They move local days to UTC: within a day of ours.
        assert [bool(end) for end in period] == [bool(end) for end in temporal]
        assert [end[:4] for end in period if end] == [end[:4] for end in temporal if end]
        compared += 1
    assert compared >= 9


def test_a_record_of_sextant(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19115-3/geonetwork-ui/sextant.iso19115-3.dataset.xml")
    assert record.title.within("en") == "Position of the Antarctic Circumpolar Current fronts"
    assert record.title.language == record.metadata_language == "fr"
    assert record.doi == "10.24400/527896/a01-2023.004"
    assert record.extent.boxes == (Box(-180, -66, 180, -35),)
    assert record.extent.periods == (Period("1993-01", "2023-12"),)
    assert record.quality.step == "P7D"
    assert {str(c.label) for c in record.words("instrument")} >= {"AltiKa", "POSEIDON"}
    assert {str(c.label) for c in record.words("platform")} >= {"SARAL", "TOPEX/Poseidon"}
    variable = next(c for c in record.words("variable") if str(c.label) == "Courants")
    assert variable.uri == "http://vocab.nerc.ac.uk/collection/OD1/current/CURR/"
    assert sum(1 for d in record.distributions if d.function == "service") == 3


def test_a_record_of_geo_ide(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19139/geonetwork-ui/geoide.iso19139.dataset.xml")
    assert record.crs == ("EPSG:2154",)
    assert record.quality.scale_denominator == 25000
    assert [licence.spdx for licence in record.licences] == ["etalab-2.0"]
    assert record.access == "open"
    assert [c.scheme for c in record.words("theme")] == ["GEMET - INSPIRE themes, version 1.0"]
    assert record.extent.box == pytest.approx((0.6297406, 45.437603, 1.9095546, 46.40159607))
    assert "other way round" in record.warnings[0]


def test_a_record_of_geocat_in_five_languages(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19139/geonetwork-ui/geocat-ch.iso19139.dataset.xml")
    assert [language for language, _ in record.title.variants] == ["de", "fr", "it", "en", "rm"]
    assert record.title.within("it") == "Convenzione delle alpi"
    assert record.parties[0].organisation.within("fr") == "Office fédéral du développement territorial"
    assert record.extent.geometries[0].startswith("POLYGON((6.777075 45.827119,")


def test_a_record_of_ncar(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19139/ncar/rda/d010054.xml")
    assert record.doi == "10.5065/x2xa-xv33"
    assert record.of_role("author")[0].identifier == "http://orcid.org/0000-0001-6113-1002"
    assert record.of_role("author")[0].name == "Currier, William Ryan"
    assert str(record.of_role("publisher")[0].organisation) == "NSF National Center for Atmospheric Research"
    assert record.extent.periods == (Period("1950", "2099"),)


def test_a_bilingual_record_of_canada(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19139/open.canada.ca/d3028ad0-b0d0-47ff-bcc3-d383881e17cd.xml")
    assert record.title.within("fr").startswith("Habitat essentiel")
    assert record.representation == ("vector",)
    assert record.parties[0].role == "pointOfContact"
    assert record.parties[0].organisation.within("fr").startswith("Gouvernement du Canada")


def test_wrong_encodings_of_real_files(shared_data: Path) -> None:
    record = one(shared_data / "catalogue/iso19139/ncar/cisl/Cloud_Collection/cesm-lens-aws.xml")
    assert "Windows-1252" in record.warnings[0]
    assert str(record.title)


def test_polygons_that_cross_themselves_leave_their_box(shared_data: Path) -> None:
    folder = shared_data / "catalogue/iso19115-3/aodn"
    warned = [
        name
        for name in ("sample_self_intersect2.xml", "sample_complex_area.xml")
        if one(folder / name).warnings
    ]
    assert warned
    assert all(one(folder / name).extent.boxes for name in warned)


def test_records_are_read_fast() -> None:
    """Half a millisecond of CPU for a record of a few kilobytes, with room for a busy machine."""
    words = code("hierarchyLevel", "MD_ScopeCode", "dataset") + text("fileIdentifier", "x")
    document = Document("x", older(text("abstract", "words " * 200), words))
    took: list[float] = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(40):
            list(OLDER.read(document) if OLDER.read else ())
        took.append((time.process_time() - start) / 40)
    assert min(took) < 0.0015

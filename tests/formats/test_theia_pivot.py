"""Theia/OZCAR's pivot: real files of observatories, and what is odd in others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.theia_pivot import FORMAT, language_of, pieces
from estran.model import Box, Period, Record

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> list[Any]:
    return list(formats.read(Document(path.name, path.read_bytes())))


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "catalogue" / "theia-ozcar"


def test_a_real_observatory(folder: Path) -> None:
    producer, *datasets = read(
        folder / "pivot" / "mongodb-repository" / "src" / "test" / "resources" / "CRYO_en.json"
    )
    assert (producer.identifier, producer.kind, producer.metadata_language) == ("CRYO", "collection", "en")
    assert len(producer.fundings) == 5
    assert len(datasets) == 8
    for dataset in datasets:
        assert isinstance(dataset, Record)
        assert dataset.title
        assert dataset.extent.box
        assert dataset.extent.periods
        assert dataset.variables
        assert any(party.role == "principalInvestigator" for party in dataset.parties)
        assert any(concept.role == "topic" and concept.uri for concept in dataset.concepts)
        # One DOI for all eight is that of the whole.
        assert dataset.doi == ""
        assert dataset.relations[0].target == "10.17178/cryobsclim.clb.all"
    assert sum(len(dataset.variables) for dataset in datasets) < 642
    assert "instrument" in {concept.role for concept in datasets[0].concepts}


def test_what_a_dataset_says(folder: Path) -> None:
    producer, dataset = read(folder / "pivot" / "jsonlight" / "CATC_en.json")
    assert producer.doi == "10.17178/amma-catch.all"
    assert dataset.identifier == "CATC_DAT_CE.WChem_Od"
    assert dataset.doi == "10.5072/amma-catch.ae.ce.wchem_od"
    assert dataset.extent.box == Box(1.5623, 9.6875, 1.9479, 9.8892)
    assert dataset.extent.periods == (Period("2002-07-28T09:45:00Z", "2003-02-12T12:51:00Z"),)
    assert [str(place) for place in dataset.extent.places] == ["SANKORO (PUITS)", "TCHAKPAISSA (PUITS)"]
    (variable,) = dataset.variables
    assert (str(variable.label), variable.unit, str(variable.description)) == (
        "Silicon",
        "g.m-3",
        "DISSOLVED",
    )
    assert [licence.spdx for licence in dataset.licences] == ["CC-BY-4.0"]
    assert dataset.parties[0].name == "Séguis, Luc"
    assert [party.role for party in dataset.parties] == ["principalInvestigator", "custodian", "publisher"]
    assert dataset.relations[0].kind == "IsPartOf"
    assert "https://w3id.org/ozcar-theia/groundwaterMetallicTraceElements" in {
        c.uri for c in dataset.concepts
    }
    assert str(dataset.lineage).startswith("Dataset acquired")
    assert dataset.fundings[0].funder.startswith("Institut")


def test_the_portal_s_own_document_of_one_observation_in_several_languages(folder: Path) -> None:
    (record,) = read(folder / "datasets" / "sampleObservation.json")
    assert record.identifier == "TOUR_DAT_frn-meteosol-meteosol"
    assert record.title.language == "en"
    assert [str(variable.label) for variable in record.variables] == ["TS_2_3_1"]
    assert record.doi == "10.5281/zenodo.3763341"
    assert "level" in {concept.role for concept in record.concepts}


def test_single_parts(folder: Path) -> None:
    (dataset,) = read(folder / "pivot" / "json-schema" / "dataset_good.json")
    assert dataset.kind == "dataset"
    (producer,) = read(folder / "pivot" / "json-schema" / "producer_good.json")
    assert producer.kind == "collection"
    (untitled,) = read(folder / "pivot" / "json-schema" / "dataset_missingDatasetTitle.json")
    assert str(untitled.title) == untitled.identifier
    for name in ("json/CATC_en_invalidJsonFile.json", "json-schema/observation_good.json"):
        assert isinstance(read(folder / "pivot" / name)[0], Refusal)


def test_pieces_say_the_same_as_the_whole(folder: Path) -> None:
    path = folder / "pivot" / "mongodb-repository" / "src" / "test" / "resources" / "CRYO_en.json"
    cut = list(pieces(json.loads(path.read_bytes())))
    assert len(cut) == 9
    again = [one for piece in cut for one in formats.read(Document("x_en.json", piece.body))]
    assert again == read(path)


def test_languages_of_names() -> None:
    assert [language_of(name) for name in ("CATC_fr.json", "a/B_EN.json", "x.json", "a_b.json")] == [
        "fr",
        "en",
        "",
        "",
    ]


def test_a_file_of_several_languages() -> None:
    metadata = {"title": [{"lang": "en", "text": "Rain"}, {"lang": "fr", "text": "Pluie"}]}
    body = json.dumps({"datasets": [{"datasetId": "x", "metadata": metadata}]}).encode()
    (record,) = formats.read(Document("all_fr.json", body))
    assert isinstance(record, Record)
    assert record.title.variants == (("fr", "Pluie"), ("en", "Rain"))


@pytest.mark.parametrize(
    "odd", [3, None, [], {}, "x", [[1]], {"a": {"b": [2]}}, True, [None, 3, "x"], {"type": "Point"}]
)
@pytest.mark.parametrize(
    "path",
    ["producer", "producer.contacts", "producer.fundings", "producer.onlineResource", "datasets.0.metadata.contacts",
     "datasets.0.metadata.spatialExtent", "datasets.0.metadata.keywords", "datasets.0.metadata.topicCategories",
     "datasets.0.metadata.dataConstraint", "datasets.0.metadata.onlineResource", "datasets.0.observations",
     "datasets.0.observations.0.observedProperty", "datasets.0.observations.0.temporalExtent", "datasets.0.metadata.title",
     "datasets.0.observations.0.featureOfInterest", "datasets.0.observations.0.procedure", "datasets.0.metadata"],
)  # fmt: skip
def test_a_member_of_any_kind_costs_no_more_than_itself(path: str, odd: Any, folder: Path) -> None:
    value = json.loads((folder / "pivot" / "jsonlight" / "CATC_en.json").read_bytes())
    value["datasets"][0]["observations"][0]["procedure"] = {}
    *way, last = path.split(".")
    part = value
    for step in way:
        part = part[int(step)] if isinstance(part, list) else part[step]
    part[int(last) if isinstance(part, list) else last] = odd
    found = list(formats.read(Document("x_en.json", json.dumps(value).encode()), FORMAT))
    assert sum(isinstance(one, Record) for one in found) >= 1
    assert all("could not be understood" not in one.why for one in found if isinstance(one, Refusal))

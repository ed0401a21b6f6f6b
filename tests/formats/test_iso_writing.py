"""ISO records written: read back the same, understood by OWSLib, and honest about what is lost."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from owslib.iso import MD_Metadata
from owslib.iso3 import MD_Metadata as MD_Metadata3

from estran import formats
from estran.formats import Document, Format, Links, Refusal, Written
from estran.formats._iso import forms
from estran.model import (
    Box,
    Concept,
    Distribution,
    Extent,
    Funding,
    Identifier,
    Licence,
    Party,
    Period,
    Quality,
    Record,
    Relation,
    Text,
    Variable,
)
from estran.testing.strategies import records
from tests.formats.iso_documents import NEWER, OLDER

if TYPE_CHECKING:
    from pathlib import Path

BOTH = pytest.mark.parametrize("form", [OLDER, NEWER], ids=["iso19139", "iso19115-3"])
# Records are large: making a failing one smaller takes minutes, and the field's name says enough.
_PATIENT = settings(
    deadline=None,
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


FULL = Record(
    identifier="11111111-2222-4333-8444-555555555555",
    identifiers=(Identifier("10.12770/abc", "doi"),),
    kind="dataset",
    title=Text((("fr", "Température de surface"), ("en", "Surface temperature"))),
    abstract=Text((("fr", "Un résumé."), ("en", "A summary."))),
    lineage=Text.of("Fait avec soin", "fr"),
    version="2.1",
    language=("fr", "en"),
    metadata_language="fr",
    status="onGoing",
    frequency="monthly",
    access="open",
    representation=("grid",),
    crs=("EPSG:4326",),
    created="2019",
    published="2020-03-01",
    revised="2021-05-06T07:08:09Z",
    metadata_date="2022-01-01T10:00:00Z",
    landing_page="https://data.example.org/sst",
    parties=(
        Party(
            role="author",
            name="Curie, M.",
            organisation=Text.of("IRD", "fr"),
            identifier="https://orcid.org/0000-0002-1825-0097",
        ),
        Party(
            role="pointOfContact",
            organisation=Text.of("Ifremer", "fr"),
            email="sst@example.org",
            city="Brest",
        ),
    ),
    metadata_parties=(
        Party(role="pointOfContact", organisation=Text.of("Odatis", "fr"), email="meta@example.org"),
    ),
    concepts=(
        Concept(label=Text.of("océan", "fr")),
        Concept(label=Text.of("Iroise", "fr"), role="place"),
        Concept(
            label=Text.of("sst", "fr"),
            role="variable",
            uri="https://v.example.org/sst",
            scheme="CF Standard Names",
        ),
    ),
    variables=(
        Variable(
            name="sst", label=Text.of("Température", "fr"), standard_name="sea_surface_temperature", unit="K"
        ),
    ),
    extent=Extent(
        boxes=(Box(-5.5, 47.0, -4.0, 48.5), Box(170.0, -20.0, -170.0, -10.0)),
        places=(Text.of("mer d’Iroise", "fr"),),
        periods=(Period("2001-01-01", "2019-12"), Period("2020")),
    ),
    quality=Quality(distance_m=1000, distance_degrees=0.01, step="P1D"),
    distributions=(
        Distribution(
            url="https://data.example.org/sst.nc",
            title=Text.of("Le fichier", "fr"),
            function="download",
            format="NetCDF",
            media_type="application/x-netcdf",
            size_bytes=5_000_000,
        ),
        Distribution(url="https://data.example.org/wms", name="sst", function="service", protocol="OGC:WMS"),
    ),
    thumbnails=("https://data.example.org/sst.png",),
    licences=(
        Licence(
            name=Text.of("CC-BY-4.0", "fr"),
            uri="https://creativecommons.org/licenses/by/4.0/",
            spdx="CC-BY-4.0",
        ),
    ),
    relations=(
        Relation(kind="IsPartOf", target="10.12770/whole", scheme="doi", title=Text.of("Le tout", "fr")),
    ),
)


def write(form: Format, record: Record) -> Written:
    assert form.write is not None
    return form.write(record, Links())


def read(form: Format, written: Written) -> Record:
    found = list(formats.read(Document("d.xml", written.body), form))
    assert len(found) == 1
    (record,) = found
    assert isinstance(record, Record), record
    return record


def lost(written: Written) -> set[str]:
    return {loss.field for loss in written.losses}


@BOTH
def test_a_full_record_comes_back(form: Format) -> None:
    written = write(form, FULL)
    expected = replace(
        FULL, metadata_standard="ISO 19115:2003/19139" if form is OLDER else "ISO 19115-3", warnings=()
    )
    if form is OLDER:
        assert lost(written) == {"quality.step"}
        expected = replace(expected, quality=replace(FULL.quality, step=""))
    else:
        assert written.losses == ()
    assert read(form, written) == expected


def canonical(value: Any, language: str) -> Any:
    """A value without what ISO does not keep: the order of lists, and the language of texts that do not say it."""
    if isinstance(value, Text):
        named = [(code or language, words) for code, words in value.variants]
        return tuple(sorted(dict(reversed(named)).items()))
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return sorted((canonical(part, language) for part in value), key=repr)
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: canonical(getattr(value, field.name), language) for field in fields(value)}
    return value


@BOTH
@_PATIENT
@given(record=records())
def test_what_differs_after_a_round_trip_is_said_to_be_lost(form: Format, record: Record) -> None:
    written = write(form, record)
    again = read(form, written)
    language = record.title.language
    said = {field.partition(".")[0].partition("@")[0] for field in lost(written)}
    # Read anew, the kind has the standard's word, and the document its own standard and language.
    expected = replace(record, kind_label=again.kind_label, metadata_standard=again.metadata_standard)
    if not record.metadata_language:
        expected = replace(expected, metadata_language=language)
    if not record.access:
        # Licences and codes tell the access where the record does not.
        expected = replace(expected, access=again.access)
    if record.extent.geometries and not record.extent.boxes:
        expected = replace(expected, extent=replace(record.extent, boxes=again.extent.boxes))
    expected = replace(
        expected,
        identifiers=tuple(i for i in record.identifiers if i.value != record.identifier or i.scheme == "doi"),
    )
    for field in fields(Record):
        if field.name not in said and field.name != "warnings":
            ours, theirs = (canonical(getattr(one, field.name), language) for one in (expected, again))
            assert ours == theirs, field.name
    assert again.warnings == ()


PLAIN = records(
    kind=st.just("dataset"),
    fundings=st.just(()),
    distributions=st.just(()),
    variables=st.just(()),
    metadata_language=st.just(""),
    concepts=st.just(()),
    relations=st.just(()),
    quality=st.just(Quality(distance_m=10)),
    metadata_standard=st.just(""),
)


@BOTH
@_PATIENT
@given(record=PLAIN)
def test_plain_records_lose_nothing_but_units_of_height(form: Format, record: Record) -> None:
    assert lost(write(form, record)) <= {"extent.vertical.unit"}


@BOTH
def test_losses_have_reasons(form: Format) -> None:
    written = write(form, replace(FULL, fundings=(Funding(funder="ANR"),), service_type="view"))
    reasons = {loss.field: loss.why for loss in written.losses}
    assert "ISO" in reasons["fundings.funder"]
    assert "service_type" in reasons


@BOTH
def test_a_record_of_little_is_written_all_the_same(form: Format) -> None:
    for record in (
        Record(identifier="x"),
        Record(title=Text.of("A title")),
        Record(identifier="s", kind="service"),
    ):
        again = read(form, write(form, record))
        assert (again.identifier, str(again.title), again.kind) == (
            record.identifier,
            str(record.title),
            record.kind,
        )


@BOTH
def test_characters_that_xml_forbids_are_left_out(form: Format) -> None:
    record = Record(
        identifier="x\x00y", title=Text.of("a\x0bb\ufffe & <c>", "en"), landing_page="https://x.org/?a=1&b=2"
    )
    again = read(form, write(form, record))
    assert (again.identifier, str(again.title), again.landing_page) == (
        "xy",
        "ab & <c>",
        "https://x.org/?a=1&b=2",
    )


@pytest.mark.parametrize(
    ("form", "owslib"), [(OLDER, MD_Metadata), (NEWER, MD_Metadata3)], ids=["iso19139", "iso19115-3"]
)
def test_owslib_understands_it(form: Format, owslib: Any) -> None:
    parsed = owslib(etree.fromstring(write(form, FULL).body))
    assert parsed.identifier == FULL.identifier
    assert parsed.datestamp == "2022-01-01T10:00:00Z"
    assert parsed.contact[0].email == "meta@example.org"
    (about,) = parsed.identification
    assert about.title == "Température de surface"
    assert about.abstract == "Un résumé."
    assert (about.bbox.minx, about.bbox.miny, about.bbox.maxx, about.bbox.maxy) == (
        "-5.5",
        "47",
        "-4",
        "48.5",
    )
    assert {(date.date, date.type) for date in about.date} == {
        ("2019", "creation"),
        ("2020-03-01", "publication"),
        ("2021-05-06T07:08:09Z", "revision"),
    }
    assert {(c.name, c.organization, c.role) for c in about.contact} >= {(None, "Ifremer", "pointOfContact")}
    assert {word.name for group in about.keywords for word in group.keywords} == {"océan", "Iroise", "sst"}
    assert [way.url for way in parsed.distribution.online] == [way.url for way in FULL.distributions]
    assert about.useconstraints == ["license"]
    if form is OLDER:
        assert (about.temporalextent_start, about.temporalextent_end) == ("2001-01-01", "2019-12")


@BOTH
def test_elements_stand_in_the_order_of_the_schema(form: Format) -> None:
    """Each class that is written has all its properties in the order that the tables give."""
    order = (forms.FORM_2003 if form is OLDER else forms.FORM_2014).order
    for element in etree.fromstring(write(form, FULL).body).iter():
        name = etree.QName(element).localname
        if name in order:
            found = [etree.QName(child).localname for child in element]
            assert found == sorted(found, key=order[name].index)


@BOTH
def test_real_records_come_back(form: Format, shared_data: Path) -> None:
    """What is read from real files, written and read again, is the same but for what is said to be lost."""
    compared = 0
    for folder in ("iso19139", "iso19115-3"):
        for path in sorted((shared_data / "catalogue" / folder).rglob("*.xml"))[::3]:
            for record in formats.read(Document(path.name, path.read_bytes()), OLDER):
                if isinstance(record, Refusal):
                    continue
                assert isinstance(record, Record)
                written = write(form, record)
                again = read(form, written)
                said = {field.partition(".")[0] for field in lost(written)} | {
                    "warnings",
                    "metadata_standard",
                }
                language = record.title.language or record.metadata_language
                for field in fields(Record):
                    if field.name not in said:
                        ours, theirs = (
                            canonical(getattr(one, field.name), language) for one in (record, again)
                        )
                        assert ours == theirs, (path.name, field.name)
                compared += 1
    assert compared > 100

"""The CF standard name table: our own small file, and the whole table of compliance-checker."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from estran.errors import Invalid
from estran.vocabulary import cf_standard_names

SMALL = """<?xml version="1.0"?>
<standard_name_table>
  <version_number>7</version_number>
  <first_published>2026-03-17T10:53:20Z</first_published>
  <institution> A centre </institution>
  <entry id="sea_water_salinity">
    <canonical_units>1</canonical_units><grib>88</grib>
    <description>How much
      salt.</description>
  </entry>
  <entry id="air_temperature"><canonical_units>K</canonical_units><description/></entry>
  <entry><canonical_units>K</canonical_units></entry>
  <alias id="salinity"><entry_id>sea_water_salinity</entry_id></alias>
</standard_name_table>"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.xml"
    file.write_text(SMALL)
    return file


def test_reads_entries_units_and_aliases(table: Path) -> None:
    scheme, (air, salinity) = cf_standard_names.read(table)
    assert (scheme.version, scheme.published, scheme.publisher) == ("7", "2026-03-17T10:53:20Z", "A centre")
    assert (air.name, air.unit, str(air.definition)) == ("air_temperature", "K", "")
    assert str(salinity.definition) == "How much salt."
    assert str(salinity.label) == "sea water salinity"
    assert salinity.uri == "http://vocab.nerc.ac.uk/standard_name/sea_water_salinity/"
    assert salinity.aliases == ("salinity",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "cannot be read as XML"),
        ("<a", "cannot be read as XML"),
        ("<a/>", "it is a <a>"),
        ("<standard_name_table/>", "no entry"),
        (
            '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><standard_name_table>&a;</standard_name_table>',
            "no entry",
        ),
    ],
)
def test_anything_else_is_refused_with_its_name(tmp_path: Path, body: str, reason: str) -> None:
    file = tmp_path / "strange.xml"
    file.write_text(body)
    with pytest.raises(Invalid, match=reason) as caught:
        cf_standard_names.read(file)
    assert caught.value.where == "strange.xml"


def test_the_whole_table_reads() -> None:
    spec = importlib.util.find_spec("compliance_checker")
    if spec is None or spec.origin is None:
        pytest.skip("compliance-checker, of the demo group, is not installed")
    scheme, entries = cf_standard_names.read(Path(spec.origin).parent / "data/cf-standard-name-table.xml")
    assert int(scheme.version) >= 93
    assert len(entries) > 5000
    by_name = {entry.name: entry for entry in entries}
    assert by_name["sea_surface_temperature"].unit == "K"
    assert "skin" in str(by_name["sea_surface_temperature"].definition)
    assert (
        "chlorophyll_concentration_in_sea_water"
        in by_name["mass_concentration_of_chlorophyll_in_sea_water"].aliases
    )

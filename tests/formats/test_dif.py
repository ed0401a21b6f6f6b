"""DIF 9 and DIF 10: the same facts in the elements of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estran import formats
from estran.formats import Document, Refusal
from estran.formats.dif import FORMAT
from estran.model import Box, Period, Quality, Record, Relation, Vertical

if TYPE_CHECKING:
    from pathlib import Path


def read(inside: str) -> Record:
    body = f'<DIF xmlns="http://gcmd.gsfc.nasa.gov/Aboutus/xml/dif/">{inside}</DIF>'.encode()
    document = Document("d.xml", body)
    assert FORMAT.recognise(document.head, "d.xml") == 1.0
    (record,) = formats.read(document, FORMAT)
    assert isinstance(record, Record), record
    return record


TEN = """
<Entry_ID><Short_Name>ICE_1</Short_Name><Version>2</Version></Entry_ID><Entry_Title>Sea ice</Entry_Title>
<Dataset_Citation><Dataset_Creator>Curie, M.</Dataset_Creator><Dataset_Release_Date>2015-06</Dataset_Release_Date>
<Dataset_Publisher>Ice Centre</Dataset_Publisher><Persistent_Identifier><Type>DOI</Type><Identifier>10.5067/ICE1</Identifier>
</Persistent_Identifier><Online_Resource>https://example.org/ice</Online_Resource></Dataset_Citation>
<Personnel><Role>TECHNICAL CONTACT</Role><Contact_Person><First_Name>Bo</First_Name><Last_Name>Ng</Last_Name>
<Email>ng@example.org</Email></Contact_Person></Personnel>
<Science_Keywords><Category>EARTH SCIENCE</Category><Topic>CRYOSPHERE</Topic><Term>SEA ICE</Term>
<Variable_Level_1>ICE EXTENT</Variable_Level_1></Science_Keywords>
<ISO_Topic_Category>IMAGERY/BASE MAPS/EARTH COVER</ISO_Topic_Category><Ancillary_Keyword>floes</Ancillary_Keyword>
<Platform><Short_Name>Aqua</Short_Name><Long_Name>Earth Observing System, Aqua</Long_Name><Instrument>
<Short_Name>AMSR-E</Short_Name></Instrument></Platform>
<Temporal_Coverage><Range_DateTime><Beginning_Date_Time>2002-06-01</Beginning_Date_Time><Ending_Date_Time>present
</Ending_Date_Time></Range_DateTime><Single_DateTime>1999</Single_DateTime></Temporal_Coverage>
<Dataset_Progress>IN WORK</Dataset_Progress>
<Spatial_Coverage><Geometry><Bounding_Rectangle><Southernmost_Latitude>60</Southernmost_Latitude><Northernmost_Latitude>90
</Northernmost_Latitude><Westernmost_Longitude>-180</Westernmost_Longitude><Easternmost_Longitude>180</Easternmost_Longitude>
<Minimum_Depth>0 m</Minimum_Depth><Maximum_Depth>12 m</Maximum_Depth></Bounding_Rectangle><Polygon><Center_Point><Point>
<Point_Longitude>80</Point_Longitude><Point_Latitude>80</Point_Latitude></Point></Center_Point><Boundary><Point>
<Point_Longitude>1</Point_Longitude><Point_Latitude>2</Point_Latitude></Point><Point><Point_Longitude>3</Point_Longitude>
<Point_Latitude>4</Point_Latitude></Point></Boundary></Polygon></Geometry></Spatial_Coverage>
<Location><Location_Category>OCEAN</Location_Category><Location_Type>ARCTIC OCEAN</Location_Type></Location>
<Data_Resolution><Latitude_Resolution>25 km</Latitude_Resolution><Longitude_Resolution>0.25 degrees</Longitude_Resolution>
<Temporal_Resolution>Daily</Temporal_Resolution></Data_Resolution><Project><Short_Name>EOS</Short_Name></Project>
<Use_Constraints><Description>Cite it.</Description><License_URL><URL>https://creativecommons.org/licenses/by/4.0/</URL>
</License_URL></Use_Constraints><Access_Constraints>None</Access_Constraints>
<Organization><Organization_Type>DISTRIBUTOR</Organization_Type><Organization_Type>ARCHIVER</Organization_Type>
<Organization_Name><Short_Name>NSIDC</Short_Name><Long_Name>Snow and Ice Centre</Long_Name></Organization_Name></Organization>
<Reference><Title>On ice</Title><Persistent_Identifier><Identifier>10.1000/onice</Identifier></Persistent_Identifier></Reference>
<Summary><Abstract>Extent of the ice.</Abstract><Purpose>To know.</Purpose></Summary>
<Related_URL><URL_Content_Type><Type>USE SERVICE API</Type><Subtype>OPENDAP DATA</Subtype></URL_Content_Type>
<URL>https://example.org/dap</URL></Related_URL>
<Metadata_Association><Entry_ID><Short_Name>ICE_ALL</Short_Name></Entry_ID><Type>Parent</Type></Metadata_Association>
<Metadata_Dates><Metadata_Creation>2010-01-01</Metadata_Creation><Metadata_Last_Revision>2020-05-06</Metadata_Last_Revision>
<Data_Creation>2002</Data_Creation><Data_Last_Revision>present</Data_Last_Revision></Metadata_Dates>
"""

NINE = """
<Entry_ID>ICE_9</Entry_ID><Entry_Title>Sea ice</Entry_Title><Parameters><Category>EARTH SCIENCE</Category>
<Topic>CRYOSPHERE</Topic><Term>SEA ICE</Term></Parameters><Source_Name><Short_Name>Aqua</Short_Name></Source_Name>
<Sensor_Name><Short_Name>AMSR-E</Short_Name></Sensor_Name><Temporal_Coverage><Start_Date>2002-06-01</Start_Date>
<Stop_Date>2011-10-04</Stop_Date></Temporal_Coverage><Spatial_Coverage><Southernmost_Latitude>60</Southernmost_Latitude>
<Northernmost_Latitude>90</Northernmost_Latitude><Westernmost_Longitude>-180</Westernmost_Longitude><Easternmost_Longitude>180
</Easternmost_Longitude></Spatial_Coverage><Spatial_Coverage><Southernmost_Latitude>-70</Southernmost_Latitude>
<Northernmost_Latitude>-60</Northernmost_Latitude><Westernmost_Longitude>170</Westernmost_Longitude><Easternmost_Longitude>-170
</Easternmost_Longitude></Spatial_Coverage><Data_Center><Data_Center_Name><Short_Name>NSIDC</Short_Name></Data_Center_Name>
<Personnel><Role>DATA CENTER CONTACT</Role><Last_Name>Desk</Last_Name></Personnel></Data_Center><Summary>Extent.</Summary>
<Parent_DIF>ICE_ALL</Parent_DIF><DIF_Creation_Date>2009-09-03</DIF_Creation_Date>
"""


def test_dif_10_identity_people_and_dates() -> None:
    record = read(TEN)
    assert (record.identifier, record.version, record.doi) == ("ICE_1", "2", "10.5067/ice1")
    assert (str(record.title), str(record.abstract), str(record.purpose)) == (
        "Sea ice",
        "Extent of the ice.",
        "To know.",
    )
    assert (record.created, record.published, record.revised, record.metadata_date) == (
        "2002",
        "2015-06",
        "",
        "2020-05-06",
    )
    assert [(p.role, p.name or str(p.organisation)) for p in record.parties] == [
        ("author", "Curie, M."), ("publisher", "Ice Centre"), ("pointOfContact", "Ng, Bo"),
        ("distributor", "Snow and Ice Centre"), ("custodian", "Snow and Ice Centre"),
    ]  # fmt: skip
    assert record.status == "onGoing"
    assert record.landing_page == "https://example.org/ice"
    assert record.warnings == ()


def test_dif_10_words() -> None:
    record = read(TEN)
    assert [str(c.label) for c in record.words("variable")] == [
        "EARTH SCIENCE > CRYOSPHERE > SEA ICE > ICE EXTENT"
    ]
    assert [str(c.label) for c in record.words("platform")] == ["Aqua > Earth Observing System, Aqua"]
    assert [str(c.label) for c in record.words("instrument")] == ["AMSR-E"]
    assert [str(c.label) for c in record.words("project")] == ["EOS"]
    assert [str(c.label) for c in record.words("keyword")] == ["floes"]
    (topic,) = record.words("topic")
    assert topic.uri.endswith("/imageryBaseMapsEarthCover")


def test_dif_10_where_and_when() -> None:
    extent = read(TEN).extent
    assert extent.boxes == (Box(-180, 60, 180, 90), Box(1, 2, 3, 4))
    assert extent.vertical == (Vertical(-12, 0),)
    assert [str(place) for place in extent.places] == ["OCEAN > ARCTIC OCEAN"]
    assert extent.periods == (Period("2002-06-01", ""), Period("1999", "1999"))
    assert read(TEN).quality == Quality(distance_m=25_000, distance_degrees=0.25, step="P1D")


def test_dif_10_rights_links_and_relations() -> None:
    record = read(TEN)
    assert [one.spdx for one in record.licences] == ["CC-BY-4.0"]
    assert [(c.kind, str(c.text)) for c in record.constraints] == [("use", "Cite it.")]
    assert [(d.url, d.function, d.protocol) for d in record.distributions] == [
        ("https://example.org/dap", "service", "OPeNDAP")
    ]
    assert [(r.kind, r.target) for r in record.relations] == [
        ("IsPartOf", "ICE_ALL"),
        ("References", "10.1000/onice"),
    ]


def test_dif_9() -> None:
    record = read(NINE)
    assert (record.identifier, record.version, str(record.abstract)) == ("ICE_9", "", "Extent.")
    assert record.extent.boxes == (Box(-180, 60, 180, 90), Box(170, -70, -170, -60))
    assert record.extent.periods == (Period("2002-06-01", "2011-10-04"),)
    assert [str(c.label) for c in record.words("platform")] == ["Aqua"]
    assert [str(c.label) for c in record.words("instrument")] == ["AMSR-E"]
    assert [(p.role, p.name, str(p.organisation)) for p in record.parties] == [
        ("distributor", "", "NSIDC"), ("pointOfContact", "Desk", "NSIDC"),
    ]  # fmt: skip
    assert record.relations == (Relation(kind="IsPartOf", target="ICE_ALL"),)
    assert record.metadata_date == "2009-09-03"


def test_bad_dates_and_boxes_are_warnings() -> None:
    record = read(
        "<Entry_ID>X</Entry_ID><Temporal_Coverage><Start_Date>August 1995</Start_Date></Temporal_Coverage><Spatial_Coverage>"
        "<Southernmost_Latitude>50</Southernmost_Latitude><Northernmost_Latitude>40</Northernmost_Latitude>"
        "<Westernmost_Longitude>0</Westernmost_Longitude><Easternmost_Longitude>1</Easternmost_Longitude></Spatial_Coverage>"
    )
    assert record.extent.boxes == ()
    assert record.extent.periods == ()
    assert any("south 50 lies above north 40" in warning for warning in record.warnings)
    assert any("August 1995" in warning for warning in record.warnings)


def test_without_title_and_identifier_it_is_refused() -> None:
    (refusal,) = formats.read(Document("d.xml", b"<DIF><Summary>x</Summary></DIF>"), FORMAT)
    assert isinstance(refusal, Refusal)
    assert "Entry_Title" in refusal.why


def test_real_record(shared_data: Path) -> None:
    (path,) = (shared_data / "catalogue/dif-fgdc-gm03").glob("*_dif.xml")
    (record,) = formats.read(Document(path.name, path.read_bytes(), path), FORMAT)
    assert isinstance(record, Record)
    assert str(record.title) == "ALLSPECIES"
    assert len(record.words("topic")) == 6
    assert len(record.words("keyword")) > 30
    assert record.language == ("en",)
    assert record.warnings == ()

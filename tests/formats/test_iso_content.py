"""ISO records: terms, ways to the data, ties, quality and variables."""

from __future__ import annotations

import pytest

from estran.model import Constraint, Licence, Quality, Relation, Text, Variable
from tests.formats.iso_documents import code, mdb, older, read, text


def online(url: str, **parts: str) -> str:
    function = parts.pop("function", "")
    inside = "".join(text(name, words) for name, words in parts.items())
    return (
        f"<onLine><CI_OnlineResource><linkage><URL>{url}</URL></linkage>{inside}"
        f"{code('function', 'CI_OnLineFunctionCode', function) if function else ''}</CI_OnlineResource></onLine>"
    )


def distribution(*options: str, form: str = "") -> bytes:
    named = (
        f"<distributionFormat><MD_Format>{text('name', form)}</MD_Format></distributionFormat>"
        if form
        else ""
    )
    inside = "".join(
        f"<transferOptions><MD_DigitalTransferOptions>{option}</MD_DigitalTransferOptions></transferOptions>"
        for option in options
    )
    return older(
        top=f"<distributionInfo><MD_Distribution>{named}{inside}</MD_Distribution></distributionInfo>"
    )


def legal(*parts: str) -> str:
    return f"<resourceConstraints><MD_LegalConstraints>{''.join(parts)}</MD_LegalConstraints></resourceConstraints>"


class TestConstraints:
    @pytest.mark.parametrize(
        ("words", "address", "spdx"),
        [
            ("Creative Commons Attribution 4.0 International License", "", "CC-BY-4.0"),
            ("CC BY-NC-SA 3.0", "", "CC-BY-NC-SA-3.0"),
            ("See the licence", "https://creativecommons.org/licenses/by-sa/4.0/deed.fr", "CC-BY-SA-4.0"),
            ("https://creativecommons.org/publicdomain/zero/1.0/", "", "CC0-1.0"),
            ("Licence Ouverte (version 2.0 d'avril 2017), définie par Etalab", "", "etalab-2.0"),
            ("ODbL", "", "ODbL-1.0"),
            ("Open Government Licence v3", "", "OGL-UK-3.0"),
            ("Open Government Licence - Canada", "", "OGL-Canada-2.0"),
            ("Licence d'utilisation du producteur", "", ""),
        ],
    )
    def test_licences(self, words: str, address: str, spdx: str) -> None:
        said = f'<otherConstraints><gmx:Anchor xlink:href="{address}">{words}</gmx:Anchor></otherConstraints>'
        record = read(older(legal(code("useConstraints", "MD_RestrictionCode", "license"), said)))
        (found,) = record.licences
        assert found.spdx == spdx
        assert record.constraints == ()
        assert record.access == ("" if not spdx or "NC" in spdx else "open")

    def test_a_long_text_about_a_licence_stays_a_constraint(self) -> None:
        words = (
            "The data are made available under a Creative Commons Attribution 4.0 International Licence. "
            + "They are supplied as is. " * 9
        )
        record = read(
            older(
                f"<resourceConstraints><MD_Constraints>{text('useLimitation', words)}</MD_Constraints></resourceConstraints>"
            )
        )
        assert record.licences == (Licence(name=Text.of("CC-BY-4.0", "en"), spdx="CC-BY-4.0"),)
        assert record.constraints == (Constraint(text=Text.of(words.strip(), "en")),)

    def test_the_reference_of_the_newer_form(self) -> None:
        link = f"<onlineResource><CI_OnlineResource>{text('linkage', 'http://creativecommons.org/licenses/by/2.5/au/')}</CI_OnlineResource></onlineResource>"
        record = read(
            mdb(
                legal(
                    f"<reference><CI_Citation>{text('title', 'Attribution 2.5 Australia')}{link}</CI_Citation></reference>"
                )
            )
        )
        assert [one.spdx for one in record.licences] == ["CC-BY-2.5-AU"]

    @pytest.mark.parametrize(
        ("constraint", "access"),
        [
            ('<otherConstraints><gmx:Anchor xlink:href="http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations">x</gmx:Anchor></otherConstraints>', "open"),
            ('<otherConstraints><gmx:Anchor xlink:href="http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/INSPIRE_Directive_Article13_1d">x</gmx:Anchor></otherConstraints>', "restricted"),
            (text("otherConstraints", "Pas de restriction d'accès public"), "open"),
            (text("otherConstraints", "No limitations on public access"), "open"),
            (text("otherConstraints", "Sur demande"), ""),
        ],
    )  # fmt: skip
    def test_access(self, constraint: str, access: str) -> None:
        assert (
            read(
                older(legal(code("accessConstraints", "MD_RestrictionCode", "otherRestrictions"), constraint))
            ).access
            == access
        )

    def test_codes_and_words_stay_together(self) -> None:
        record = read(older(
            legal(code("useConstraints", "MD_RestrictionCode", "copyright"), text("otherConstraints", "© IGN"))
            + legal(code("accessConstraints", "MD_RestrictionCode", "restricted"), code("useConstraints", "MD_RestrictionCode", "intellectualPropertyRights"))
            + f"<resourceConstraints><MD_SecurityConstraints>{code('classification', 'MD_ClassificationCode', 'unclassified')}{text('userNote', 'Note')}</MD_SecurityConstraints></resourceConstraints>"
            + legal(text("useLimitation", "None"))
        ))  # fmt: skip
        assert record.constraints == (
            Constraint(code="copyright", text=Text.of("© IGN", "en")),
            Constraint(code="intellectualPropertyRights"),
            Constraint(kind="access", code="restricted"),
            Constraint(kind="security", code="unclassified", text=Text.of("Note", "en")),
        )
        assert record.access == "restricted"


class TestDistributions:
    @pytest.mark.parametrize(
        ("link", "function"),
        [
            (online("https://x.org/a.zip"), "download"),
            (online("https://x.org/", protocol="WWW:DOWNLOAD-1.0-http--download"), "download"),
            (
                online("https://x.org/wms", protocol="OGC:WMS-1.3.0-http-get-map", function="download"),
                "service",
            ),
            (
                online(
                    "https://x.org/wfs?request=GetFeature&amp;typename=a",
                    protocol="OGC:WFS",
                    function="download",
                ),
                "download",
            ),
            (online("https://x.org/", function="offlineAccess"), "offline"),
            (online("https://x.org/", function="order"), "order"),
            (online("https://x.org/", protocol="WWW:LINK-1.0-http--metadata-URL"), "metadata"),
            (online("https://x.org/page"), ""),
        ],
    )
    def test_functions(self, link: str, function: str) -> None:
        (found,) = read(distribution(link)).distributions
        assert found.function == function

    def test_layers_files_sizes_and_formats(self) -> None:
        size = "<transferSize><gco:Real>1.5</gco:Real></transferSize>"
        record = read(distribution(
            size + online("https://x.org/a.nc", name="Monthly means"),
            online("https://x.org/wms", protocol="OGC:WMS", name="ns:layer", description="A map"),
            online("https://x.org/readme.pdf", function="download", protocol="application/pdf"),
            form="NetCDF",
        ))  # fmt: skip
        file, layer, paper = record.distributions
        assert (file.format, file.size_bytes, str(file.title)) == ("NetCDF", 1_500_000, "Monthly means")
        assert (layer.name, str(layer.title), str(layer.description), layer.format) == (
            "ns:layer",
            "",
            "A map",
            "",
        )
        assert (paper.media_type, paper.format) == ("application/pdf", "")

    def test_a_format_of_no_link_stands_alone(self) -> None:
        (found,) = read(distribution(form="Shapefile")).distributions
        assert (found.url, found.format) == ("", "Shapefile")

    def test_services_have_connect_points_and_data(self) -> None:
        point = f"<srv:connectPoint><CI_OnlineResource><linkage><URL>https://x.org/wms?</URL></linkage>{text('protocol', 'OGC:WMS')}</CI_OnlineResource></srv:connectPoint>"
        operation = f"<srv:containsOperations><srv:SV_OperationMetadata>{text('srv:operationName', 'GetCapabilities')}{point}</srv:SV_OperationMetadata></srv:containsOperations>"
        inside = f"<srv:serviceType><gco:LocalName>view</gco:LocalName></srv:serviceType>{operation}<srv:operatesOn uuidref='0a1b2c3d-0000-4000-8000-000000000000' xlink:href='https://x.org/csw?id=1'/>"
        body = older(inside).replace(b"MD_DataIdentification", b"srv:SV_ServiceIdentification")
        record = read(body)
        assert (record.kind, record.service_type) == ("service", "view")
        assert [(d.url, d.function, str(d.title)) for d in record.distributions] == [
            ("https://x.org/wms?", "service", "GetCapabilities")
        ]
        assert record.relations == (
            Relation(
                kind="References",
                target="0a1b2c3d-0000-4000-8000-000000000000",
                scheme="uuid",
                type="Dataset",
            ),
        )

    def test_pictures_need_an_address(self) -> None:
        def picture(name: str) -> str:
            return f"<graphicOverview><MD_BrowseGraphic>{text('fileName', name)}</MD_BrowseGraphic></graphicOverview>"

        assert read(older(picture("thumb_s.png") + picture("https://x.org/t.png"))).thumbnails == (
            "https://x.org/t.png",
        )


def test_relations() -> None:
    aggregate = (
        f"<aggregationInfo><MD_AggregateInformation><aggregateDataSetName><CI_Citation>{text('title', 'Whole')}</CI_Citation></aggregateDataSetName>"
        f"<aggregateDataSetIdentifier><MD_Identifier>{text('code', 'doi:10.1234/w')}</MD_Identifier></aggregateDataSetIdentifier>"
        f"{code('associationType', 'DS_AssociationTypeCode', 'largerWorkCitation')}{code('initiativeType', 'DS_InitiativeTypeCode', 'collection')}</MD_AggregateInformation></aggregationInfo>"
    )
    assert read(older(aggregate, text("parentIdentifier", "p-1"))).relations == (
        Relation(kind="IsPartOf", target="p-1"),
        Relation(
            kind="IsPartOf", target="10.1234/w", scheme="doi", title=Text.of("Whole", "en"), type="Collection"
        ),
    )


def test_lineage_and_conformity() -> None:
    step = f"<processStep><LI_ProcessStep>{text('description', 'Filtered')}<dateTime><gco:DateTime>2001-02-03T00:00:00</gco:DateTime></dateTime></LI_ProcessStep></processStep>"
    source = f"<source><LI_Source>{text('description', 'Altimeter')}</LI_Source></source>"
    title = '<title><gmx:Anchor xlink:href="https://eli.eu/1089">INSPIRE</gmx:Anchor></title>'
    report = f"<report><DQ_DomainConsistency><result><DQ_ConformanceResult><specification><CI_Citation>{title}</CI_Citation></specification>{text('explanation', 'seen')}<pass><gco:Boolean>true</gco:Boolean></pass></DQ_ConformanceResult></result></DQ_DomainConsistency></report>"
    record = read(
        older(
            top=f"<dataQualityInfo><DQ_DataQuality>{report}<lineage><LI_Lineage>{text('statement', 'Made')}{step}{source}</LI_Lineage></lineage></DQ_DataQuality></dataQualityInfo>"
        )
    )
    assert str(record.lineage) == "Made\n2001-02-03T00:00:00Z: Filtered\nAltimeter"
    (found,) = record.conformities
    assert (str(found.title), found.uri, found.passed, str(found.explanation)) == (
        "INSPIRE",
        "https://eli.eu/1089",
        "yes",
        "seen",
    )


@pytest.mark.parametrize(
    ("uom", "value", "found"),
    [
        ("m", "10", Quality(distance_m=10)), ("km", "0.5", Quality(distance_m=500)), ("urn:ogc:def:uom:EPSG::9001", "5", Quality(distance_m=5)),
        ("degrees_north", "0.25", Quality(distance_degrees=0.25)), ("http://x.org/uom#deg", "1", Quality(distance_degrees=1)),
        ("arcsec", "36", Quality(distance_degrees=0.01)), ("furlongs", "3", Quality()), ("m", "-- texte --", Quality()),
    ],
)  # fmt: skip
def test_resolutions(uom: str, value: str, found: Quality) -> None:
    inside = f"<spatialResolution><MD_Resolution><distance><gco:Distance uom='{uom}'>{value}</gco:Distance></distance></MD_Resolution></spatialResolution>"
    assert read(older(inside)).quality == found


def test_scale_and_step() -> None:
    scale = "<spatialResolution><MD_Resolution><equivalentScale><MD_RepresentativeFraction><denominator><gco:Integer>25000</gco:Integer></denominator></MD_RepresentativeFraction></equivalentScale></MD_Resolution></spatialResolution>"
    step = "<temporalResolution><gco:TM_PeriodDuration>P0Y0M7DT0H0M0S</gco:TM_PeriodDuration></temporalResolution>"
    assert read(mdb(scale + step)).quality == Quality(scale_denominator=25000, step="P7D")


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        (text("code", "EPSG:2154"), "EPSG:2154"), (text("code", "urn:ogc:def:crs:EPSG:6.11:4326"), "EPSG:4326"),
        (text("code", "http://www.opengis.net/def/crs/EPSG/0/3035"), "EPSG:3035"), (text("code", "WGS 84 (EPSG:4326)"), "EPSG:4326"),
        (text("code", "27700") + text("codeSpace", "urn:ogc:def:crs:EPSG"), "EPSG:27700"), (text("code", "WGS 1984"), "EPSG:4326"),
        (text("code", "EPSG: 2056"), "EPSG:2056"), (text("code", "Lambert Azimuthal"), "Lambert Azimuthal"),
        ('<code><gmx:Anchor xlink:href="http://www.opengis.net/def/crs/EPSG/0/2154">RGF93</gmx:Anchor></code>', "EPSG:2154"),
    ],
)  # fmt: skip
def test_reference_systems(identifier: str, found: str) -> None:
    top = f"<referenceSystemInfo><MD_ReferenceSystem><referenceSystemIdentifier><RS_Identifier>{identifier}</RS_Identifier></referenceSystemIdentifier></MD_ReferenceSystem></referenceSystemInfo>"
    assert read(older(top=top)).crs == (found,)


def test_variables() -> None:
    older_band = f"<dimension><MD_Band><sequenceIdentifier><gco:MemberName><gco:aName><gco:CharacterString>sst</gco:CharacterString></gco:aName></gco:MemberName></sequenceIdentifier>{text('descriptor', 'Sea surface temperature (sea_surface_temperature)')}<units xlink:href='http://x.org/units#mg%20m-3'/></MD_Band></dimension>"
    top = f"<contentInfo><MD_CoverageDescription>{older_band}</MD_CoverageDescription></contentInfo>"
    assert read(older(top=top)).variables == (
        Variable(
            name="sst",
            label=Text.of("Sea surface temperature", "en"),
            standard_name="sea_surface_temperature",
            unit="mg m-3",
        ),
    )
    names = (
        "<name><MD_Identifier><code><gcx:Anchor xlink:href='http://vocab.nerc.ac.uk/x'>Temperature of the water</gcx:Anchor></code></MD_Identifier></name>"
        f"<name><MD_Identifier>{text('code', 'temp')}</MD_Identifier></name>"
        f"<name><MD_Identifier>{text('code', 'sea_water_temperature')}{text('codeSpace', 'CF standard names')}</MD_Identifier></name>"
    )
    unit = "<units><gml:BaseUnit><gml:identifier>unknown</gml:identifier><gml:name>degC</gml:name></gml:BaseUnit></units>"
    group = f"<attributeGroup><MD_AttributeGroup><attribute><MD_SampleDimension>{text('description', 'At 4 m')}{names}{unit}</MD_SampleDimension></attribute></MD_AttributeGroup></attributeGroup>"
    (found,) = read(
        mdb(top=f"<contentInfo><MD_CoverageDescription>{group}</MD_CoverageDescription></contentInfo>")
    ).variables
    assert found == Variable(
        name="temp", label=Text.of("Temperature of the water", "en"), description=Text.of("At 4 m", "en"),
        standard_name="sea_water_temperature", unit="degC", uri="http://vocab.nerc.ac.uk/x",
    )  # fmt: skip

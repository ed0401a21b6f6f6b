"""ISO 19139 and ISO 19115-3: recognised, refused, and what texts, names, dates and words become."""

from __future__ import annotations

import pytest

from estran import formats
from estran.formats import Document, Refusal
from estran.model import Concept, Identifier, Party, Text
from tests.formats.iso_documents import NEWER, OLDER, code, mdb, older, read, text


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


def keywords(words: str, kind: str = "", thesaurus: str = "", words_of: str = "") -> str:
    named = (
        f"<thesaurusName><CI_Citation>{text('title', thesaurus)}</CI_Citation></thesaurusName>"
        if thesaurus
        else ""
    )
    type_ = code("type", "MD_KeywordTypeCode", kind, words_of) if kind else ""
    return f"<descriptiveKeywords><MD_Keywords>{text('keyword', words)}{type_}{named}</MD_Keywords></descriptiveKeywords>"


class TestRecognising:
    @pytest.mark.parametrize(
        "body",
        [
            older(),
            b"\xef\xbb\xbf" + older(),
            b"<?xml version='1.0'?>\n<!-- a comment -->\n" + older(),
            ('<?xml version="1.0" encoding="UTF-16"?>' + older().decode()).encode("utf-16"),
            older().replace(b"MD_Metadata", b"gmi:MI_Metadata"),
        ],
    )
    def test_the_older_form(self, body: bytes) -> None:
        assert OLDER.recognise(body[:4096], "x") == 1.0
        assert NEWER.recognise(body[:4096], "x") == 0.0
        assert str(read(body).title) == "A title"

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    def test_the_newer_form(self, version: str) -> None:
        body = mdb(version=version)
        assert NEWER.recognise(body[:4096], "x") == 1.0
        assert OLDER.recognise(body[:4096], "x") == 0.0
        assert str(read(body).title) == "A title"

    @pytest.mark.parametrize("head", [b"{}", b"<a/>", b"<html>", b"", b"<MD_Metadata/>"])
    def test_neither(self, head: bytes) -> None:
        assert OLDER.recognise(head, "x.xml") == NEWER.recognise(head, "x.xml") == 0.0


class TestRefusing:
    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (
                b'<gfc:FC_FeatureCatalogue xmlns:gfc="http://www.isotc211.org/2005/gfc"/>',
                "ISO 19110 feature catalogue",
            ),
            (b"<a/>", "a document of a"),
            (older("<citation></citation>"), "neither a title nor an identifier"),
            (older()[:-20], "line 1"),
            (
                b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
                + older().replace(b"A title", b"&b;"),
                "DTD",
            ),
            (b"<a>" * 5000, "deep"),
        ],
    )
    def test_says_why(self, body: bytes, why: str) -> None:
        (refused,) = formats.read(Document("d.xml", body), OLDER)
        assert isinstance(refused, Refusal)
        assert refused.file == "d.xml"
        assert why in refused.why

    def test_deep_nesting_inside_a_record_is_no_crash(self) -> None:
        deep = "<extent>" * 240 + "</extent>" * 240
        assert str(read(older(deep)).title) == "A title"

    def test_an_identifier_is_enough(self) -> None:
        assert read(older("<citation/>", text("fileIdentifier", "x-1"))).identifier == "x-1"


def test_an_envelope_gives_all_its_records() -> None:
    body = (
        b'<r xmlns="urn:r">'
        + older(top=text("fileIdentifier", "a"))
        + mdb()
        + older(top=text("fileIdentifier", "b"))
        + b"</r>"
    )
    found = list(formats.read(Document("d", body), OLDER))
    assert [getattr(one, "identifier", one) for one in found] == ["a", "", "b"]


class TestText:
    def test_translations_by_locale(self) -> None:
        locale = (
            f'<locale><PT_Locale id="l2">{code("languageCode", "LanguageCode", "fre")}</PT_Locale></locale>'
        )
        free = '<PT_FreeText><textGroup><LocalisedCharacterString locale="#l2">Un titre</LocalisedCharacterString></textGroup></PT_FreeText>'
        title = f"<title><gco:CharacterString>A title</gco:CharacterString>{free}</title>"
        record = read(older(f"<citation><CI_Citation>{title}</CI_Citation></citation>", locale))
        assert record.title == Text((("en", "A title"), ("fr", "Un titre")))
        assert record.metadata_language == "en"

    def test_the_original_may_be_in_another_language(self) -> None:
        free = '<PT_FreeText><textGroup><LocalisedCharacterString locale="#DE">Titel</LocalisedCharacterString></textGroup></PT_FreeText>'
        title = f"<title><gco:CharacterString>Titel</gco:CharacterString>{free}</title>"
        assert read(older(f"<citation><CI_Citation>{title}</CI_Citation></citation>")).title == Text(
            (("de", "Titel"),)
        )

    @pytest.mark.parametrize("word", ["fre", "fra", "fr", "fr-CA", "French", "fre; CAN"])
    def test_languages_however_written(self, word: str) -> None:
        record = read(older(top=f"<language><LanguageCode codeListValue='{word}'/></language>"))
        assert record.metadata_language == "fr"
        assert record.title.language == "fr"

    def test_indentation_is_not_part_of_a_text(self) -> None:
        record = read(
            older(text("abstract", "\n   One\n   line.\n\n\n   Two.  \n"), text("fileIdentifier", " a\n  b "))
        )
        assert str(record.abstract) == "One\nline.\n\nTwo."
        assert record.identifier == "a b"

    def test_codes_of_canada_hide_the_word(self) -> None:
        record = read(
            older(
                code("status", "MD_ProgressCode", "RI_596", "onGoing; enContinue"),
                code("hierarchyLevel", "MD_ScopeCode", "RI_623", "series; série"),
            )
        )
        assert (record.status, record.kind, record.kind_label) == ("onGoing", "collection", "series")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("dataset", ("dataset", "")), ("series", ("collection", "series")), ("application", ("software", "application")),
        ("nonGeographicDataset", ("dataset", "nonGeographicDataset")), ("fieldSession", ("event", "fieldSession")),
        ("document", ("publication", "document")), ("collectionHardware", ("other", "collectionHardware")),
        ("http://x.org/codes#MD_ScopeCode_service".replace("MD_ScopeCode_", ""), ("service", "")),
    ],
)  # fmt: skip
def test_kinds(word: str, kind: tuple[str, str]) -> None:
    record = read(older(top=code("hierarchyLevel", "MD_ScopeCode", word)))
    assert (record.kind, record.kind_label) == kind


class TestIdentifiers:
    @pytest.mark.parametrize(
        "words",
        ["https://doi.org/10.1234/ABC", "doi:10.1234/abc", "10.1234/aBc", "http://dx.doi.org/10.1234/ABC"],
    )
    def test_a_doi_is_bare(self, words: str) -> None:
        cited = f"<citation><CI_Citation>{text('title', 'T')}<identifier><MD_Identifier>{text('code', words)}</MD_Identifier></identifier></CI_Citation></citation>"
        assert read(older(cited)).doi == "10.1234/abc"
        anchored = cited.replace(
            f"<gco:CharacterString>{words}</gco:CharacterString>",
            '<gmx:Anchor xlink:href="https://doi.org/10.1234/ABC">DOI</gmx:Anchor>',
        )
        assert read(older(anchored)).identifiers == (Identifier("10.1234/abc", "doi"),)

    def test_a_code_space_that_is_an_address_is_part_of_the_name(self) -> None:
        one = f"<identifier><RS_Identifier>{text('code', '42')}{text('codeSpace', 'http://x.org/so')}</RS_Identifier></identifier>"
        record = read(older(f"<citation><CI_Citation>{text('title', 'T')}{one}</CI_Citation></citation>"))
        assert record.identifiers == (Identifier("http://x.org/so/42", "uri"),)

    def test_the_doi_among_the_links(self) -> None:
        link = online(
            "https://doi.org/10.1234/X", protocol="WWW:LINK", name="Digital Object Identifier (DOI)"
        )
        assert read(distribution(link)).doi == "10.1234/x"
        assert read(distribution(online("https://doi.org/10.1234/X", name="A paper"))).doi == ""

    def test_metadata_identifier(self) -> None:
        top = f"<metadataIdentifier><MD_Identifier>{text('code', 'abc')}{text('codeSpace', 'urn:uuid')}</MD_Identifier></metadataIdentifier>"
        assert read(mdb(top=top)).identifier == "abc"


class TestDates:
    def test_kinds_of_dates(self) -> None:
        dates = "".join(
            f"<date><CI_Date><date><gco:Date>{day}</gco:Date></date>{code('dateType', 'CI_DateTypeCode', kind)}</CI_Date></date>"
            for kind, day in (
                ("creation", "2001"),
                ("Publication", "2002-02"),
                ("revision", "2003-03-03"),
                ("lastUpdate", "2004"),
                ("released", "2005"),
            )
        )
        record = read(older(f"<citation><CI_Citation>{text('title', 'T')}{dates}</CI_Citation></citation>"))
        assert (record.created, record.published, record.revised, record.available) == (
            "2001",
            "2002-02",
            "2004",
            "2005",
        )

    def test_a_date_of_no_calendar_is_a_warning(self) -> None:
        record = read(older(top="<dateStamp><gco:Date>2024-02-30</gco:Date></dateStamp>"))
        assert record.metadata_date == ""
        assert "2024-02-30" in record.warnings[0]
        assert "line 1" in record.warnings[0]

    def test_the_newer_form_dates_the_metadata_by_its_revision(self) -> None:
        infos = "".join(
            f"<dateInfo><CI_Date><date><gco:DateTime>{day}T00:00:00</gco:DateTime></date>{code('dateType', 'CI_DateTypeCode', kind)}</CI_Date></dateInfo>"
            for kind, day in (("creation", "2024-01-01"), ("revision", "2023-01-01"))
        )
        assert read(mdb(top=infos)).metadata_date == "2023-01-01T00:00:00Z"


class TestParties:
    def test_the_older_form(self) -> None:
        address = (
            text("deliveryPoint", "1 rue X")
            + text("city", "Brest")
            + text("postalCode", "29200")
            + text("country", "FR")
            + text("electronicMailAddress", "a@b.fr")
        )
        contact = f"<contactInfo><CI_Contact><phone><CI_Telephone>{text('voice', '02')}</CI_Telephone></phone><address><CI_Address>{address}</CI_Address></address></CI_Contact></contactInfo>"
        name = '<individualName><gmx:Anchor xlink:href="https://orcid.org/0000-0002-1825-0097">Curie, M.</gmx:Anchor></individualName>'
        inside = f"<pointOfContact><CI_ResponsibleParty>{name}{text('organisationName', 'Lab')}{contact}{code('role', 'CI_RoleCode', 'Principal Investigator')}</CI_ResponsibleParty></pointOfContact>"
        assert read(older(inside)).parties == (
            Party(role="principalInvestigator", name="Curie, M.", organisation=Text.of("Lab", "en"), email="a@b.fr", phone="02",
                  address="1 rue X, 29200", city="Brest", country="FR", identifier="https://orcid.org/0000-0002-1825-0097"),
        )  # fmt: skip

    def test_the_newer_form_has_individuals_in_organisations(self) -> None:
        identifier = f"<partyIdentifier><MD_Identifier>{text('code', '0000-0002-1825-0097')}{text('codeSpace', 'ORCID')}</MD_Identifier></partyIdentifier>"
        ror = f"<partyIdentifier><MD_Identifier>{text('code', 'https://ror.org/05q3vnk25')}</MD_Identifier></partyIdentifier>"
        people = f"<individual><CI_Individual>{text('name', 'Ng, Bo')}{identifier}</CI_Individual></individual><individual><CI_Individual>{text('positionName', 'Curator')}</CI_Individual></individual>"
        role = code("role", "CI_RoleCode", "author")
        inside = (
            f"<pointOfContact><CI_Responsibility>{role}<party><CI_Organisation>{text('name', 'IRD')}{ror}{people}</CI_Organisation></party></CI_Responsibility></pointOfContact>"
            f"<pointOfContact><CI_Responsibility>{role}<party><CI_Organisation>{text('name', 'IRD')}{ror}</CI_Organisation></party></CI_Responsibility></pointOfContact>"
            f"<pointOfContact><CI_Responsibility><party><CI_Individual>{text('name', 'Öz, E.')}</CI_Individual></party></CI_Responsibility></pointOfContact>"
        )
        ird = Text.of("IRD", "en")
        assert read(mdb(inside)).parties == (
            Party(
                role="author",
                name="Ng, Bo",
                organisation=ird,
                identifier="https://orcid.org/0000-0002-1825-0097",
            ),
            Party(role="author", organisation=ird, position=Text.of("Curator", "en")),
            Party(role="author", organisation=ird, identifier="https://ror.org/05q3vnk25"),
            Party(role="pointOfContact", name="Öz, E."),
        )

    def test_empty_parties_are_nobody(self) -> None:
        inside = f"<pointOfContact><CI_ResponsibleParty>{code('role', 'CI_RoleCode', 'owner')}</CI_ResponsibleParty></pointOfContact><pointOfContact/>"
        assert read(older(inside)).parties == ()


class TestKeywords:
    @pytest.mark.parametrize(
        ("kind", "thesaurus", "role"),
        [
            ("theme", "", "keyword"), ("place", "", "place"), ("temporal", "", "time"), ("platform", "GCMD", "platform"),
            ("theme", "GEMET - INSPIRE themes, version 1.0", "theme"), ("theme", "external.theme.inspire-theme", "theme"),
            ("theme", "GEMET", "keyword"), ("theme", "CF Standard Names", "variable"),
            ("theme", "NASA/GCMD Earth Science Keywords", "variable"), ("", "SeaDataNet P01", "variable"),
            ("theme", "AODN Platform Vocabulary", "platform"), ("theme", "Capteurs", "instrument"),
            ("theme", "Paramètres Sextant", "variable"), ("theme", "Thesaurus géographique", "place"),
            ("project", "", "project"), ("equipment", "", "instrument"), ("taxon", "", "taxon"), ("stratum", "", "stratum"),
            ("discipline", "", "discipline"), ("dataCentre", "", "keyword"),
        ],
    )  # fmt: skip
    def test_type_and_thesaurus_make_the_role(self, kind: str, thesaurus: str, role: str) -> None:
        (found,) = read(older(keywords("Words", kind, thesaurus))).concepts
        assert found == Concept(label=Text.of("Words", "en"), role=role, scheme=thesaurus)

    def test_anchors_are_concepts(self) -> None:
        word = '<keyword><gmx:Anchor xlink:href="http://vocab.nerc.ac.uk/x/TEMP">Temperature</gmx:Anchor></keyword>'
        name = '<thesaurusName><CI_Citation><title><gmx:Anchor xlink:href="http://vocab.nerc.ac.uk/x">BODC parameters</gmx:Anchor></title></CI_Citation></thesaurusName>'
        (found,) = read(
            older(f"<descriptiveKeywords><MD_Keywords>{word}{name}</MD_Keywords></descriptiveKeywords>")
        ).concepts
        assert found == Concept(
            label=Text.of("Temperature", "en"), role="variable", uri="http://vocab.nerc.ac.uk/x/TEMP",
            scheme="BODC parameters", scheme_uri="http://vocab.nerc.ac.uk/x",
        )  # fmt: skip

    def test_topics_have_names_and_addresses(self) -> None:
        (found,) = read(
            older("<topicCategory><MD_TopicCategoryCode>inlandWaters</MD_TopicCategoryCode></topicCategory>")
        ).concepts
        assert (found.role, found.label.within("fr")) == ("topic", "Eaux intérieures")
        assert found.uri.endswith("/inlandWaters")

    def test_platforms_and_instruments_of_the_acquisition(self) -> None:
        instrument = f"<instrument><MI_Instrument><identifier><MD_Identifier>{text('code', 'OLCI')}</MD_Identifier></identifier></MI_Instrument></instrument>"
        platform = f"<platform><MI_Platform><identifier><MD_Identifier>{text('code', 'Sentinel-3A')}</MD_Identifier></identifier>{instrument}</MI_Platform></platform>"
        top = f"<acquisitionInformation><MI_AcquisitionInformation>{platform}</MI_AcquisitionInformation></acquisitionInformation>"
        assert [(c.role, str(c.label)) for c in read(mdb(top=top)).concepts] == [
            ("platform", "Sentinel-3A"),
            ("instrument", "OLCI"),
        ]

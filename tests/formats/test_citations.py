"""Citations: the recommended form, what each file format escapes, and what is left out."""

from __future__ import annotations

import json
import re
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings

from estran.formats import Format, Links, bibtex, citation_rtf, citation_text, citation_xlsx, csl_json, ris
from estran.formats.citation_text import cite
from estran.formats.citation_xlsx import workbook
from estran.model import Concept, Identifier, Party, Record, Text
from estran.testing.strategies import records

LINKS = Links("https://data.example.org", "Example node")
FORMATS = [m.FORMAT for m in (bibtex, ris, csl_json, citation_text, citation_rtf, citation_xlsx)]

TURBIDITY = Record(
    id="turbidite-ab12",
    title=Text.many([("fr", "Turbidité de l’estuaire"), ("en", "Turbidity of the estuary")]),
    abstract=Text.of("Mesures & méthodes."),
    version="2.1",
    published="2020-03-01",
    identifiers=(Identifier("10.17882/ab_12", "doi"), Identifier("LAB_7")),
    parties=(
        Party(role="author", name="Le Goff, Anne", organisation=Text.of("CNRS")),
        Party(role="author", organisation=Text.of("Institute of Sea and Land")),
        Party(role="publisher", organisation=Text.of("Ifremer")),
        Party(role="pointOfContact", name="Ng, Bo", email="ng@example.org"),
    ),
    concepts=(Concept(label=Text.of("eau, trouble")), Concept(label=Text.of("Gironde"), role="place")),
    language=("fr",),
)


def written(form: Format, record: Record) -> str:
    assert form.write is not None
    body = form.write(record, LINKS).body
    return body.decode("ascii" if form is citation_rtf.FORMAT else "utf-8")


def test_recommended_form_of_datacite() -> None:
    assert cite(TURBIDITY, LINKS) == (
        "Le Goff, Anne; Institute of Sea and Land (2020). Turbidité de l’estuaire. Version 2.1. Ifremer. Dataset. "
        "https://doi.org/10.17882/ab_12"
    )


def test_words_of_the_citation_follow_the_language() -> None:
    assert "Turbidity of the estuary" in cite(TURBIDITY, LINKS, "en")
    french = cite(TURBIDITY, LINKS, "fr")
    assert "Turbidité de l’estuaire" in french
    assert "Jeu de données" in french


def test_bare_record_is_cited_by_its_title_and_page() -> None:
    bare = Record(id="x-1", title=Text.of("Relevés"), kind="other")
    assert cite(bare, LINKS) == "Relevés (n.d.). https://data.example.org/data/x-1"
    assert cite(bare, LINKS, "fr") == "Relevés (s. d.). https://data.example.org/data/x-1"


def test_creators_are_those_of_the_nearest_role() -> None:
    record = Record(
        title=Text.of("T"),
        created="1999",
        parties=(
            Party(role="pointOfContact", name="Nobody, N"),
            Party(role="custodian", organisation=Text.of("Keeper")),
            Party(role="principalInvestigator", name="Curie, Marie"),
        ),
    )
    assert cite(record, LINKS).startswith("Curie, Marie (1999). T")


def test_bibtex_keeps_unicode_and_escapes_what_tex_reads() -> None:
    hostile = Record(
        id="h-1",
        title=Text.of("50 % of {ice} & $snow$ #1 a_b ~ ^ \\end é 🌊"),
        parties=(
            Party(role="author", organisation=Text.of("Sea and Land")),
            Party(role="author", name="Smith, A, Jr., X"),
            Party(role="author", name="Brand, Ola"),
        ),
    )
    text = written(bibtex.FORMAT, hostile)
    assert r"50 \% of \textbraceleft{}ice\textbraceright{} \& \$snow\$ \#1 a\_b" in text
    assert r"\textasciitilde{} \textasciicircum{} \textbackslash{}end é 🌊" in text
    assert "author = {{Sea and Land} and {Smith, A, Jr., X} and Brand, Ola}" in text
    assert text.startswith("@misc{h-1,\n")


@settings(deadline=None, max_examples=40)
@given(records())
def test_bibtex_braces_always_balance(record: Record) -> None:
    depth = 0
    for sign in re.findall(r"\\[{}]|[{}]", written(bibtex.FORMAT, record)):
        # BibTeX counts a brace even behind a backslash.
        depth += 1 if sign.endswith("{") else -1
        assert depth >= 0
    assert depth == 0


@settings(deadline=None, max_examples=40)
@given(records())
def test_ris_lines_are_tags_with_one_end(record: Record) -> None:
    lines = written(ris.FORMAT, record).split("\r\n")
    assert lines[0].startswith("TY  - ")
    assert lines[-2:] == ["ER  - ", ""]
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])
    assert not any("\n" in line for line in lines)


def test_ris_gives_each_author_and_keyword_a_line() -> None:
    lines = written(ris.FORMAT, TURBIDITY).split("\r\n")
    assert [line for line in lines if line[:2] in ("AU", "KW")] == [
        "AU  - Le Goff, Anne", "AU  - Institute of Sea and Land", "KW  - eau, trouble", "KW  - Gironde",
    ]  # fmt: skip
    assert "DA  - 2020/03/01/" in lines
    assert "DO  - 10.17882/ab_12" in lines


@settings(deadline=None, max_examples=40)
@given(records())
def test_csl_json_is_one_entry_with_parts_of_a_date(record: Record) -> None:
    (entry,) = json.loads(written(csl_json.FORMAT, record))
    assert entry["id"]
    assert entry["type"]
    for name in entry.get("author", []):
        assert set(name) in ({"family", "given"}, {"literal"})
    for parts in entry.get("issued", {}).get("date-parts", []):
        assert all(isinstance(part, int) for part in parts)


def test_rtf_is_ascii_with_signed_units() -> None:
    text = written(citation_rtf.FORMAT, Record(title=Text.of("é — 地 🌊 {x} \\par")))
    assert text.startswith("{\\rtf1\\ansi")
    assert "\\u233? \\u8212? \\u22320? \\u-10180?\\u-8438? \\{x\\} \\\\par" in text


def test_rtf_link_cannot_be_left() -> None:
    record = Record(title=Text.of("T"), landing_page='https://example.org/"}{\\field x}')
    text = written(citation_rtf.FORMAT, record)
    assert 'HYPERLINK "https://example.org/%22\\}\\{%5Cfield x\\}"' in text


def test_spreadsheet_holds_no_formula_and_a_row_for_each_record() -> None:
    hostile = [
        Record(id=f"r-{i}", title=Text.of(t))
        for i, t in enumerate(("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2"))
    ]
    archive = zipfile.ZipFile(BytesIO(workbook(hostile, LINKS)))
    sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count("<row ") == len(hostile) + 1
    strings = archive.read("xl/sharedStrings.xml").decode()
    assert "<t>=1+1</t>" in strings
    assert not [name for name in archive.namelist() if "hyperlink" in name.lower()]


def test_spreadsheet_shortens_what_no_cell_can_hold() -> None:
    body = workbook([Record(title=Text.of("T"), abstract=Text.of("a" * 40_000))], LINKS)
    strings = zipfile.ZipFile(BytesIO(body)).read("xl/sharedStrings.xml").decode()
    assert "a" * 32_766 + "…" in strings
    assert "a" * 32_767 not in strings


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_same_record_gives_same_bytes(form: Format) -> None:
    assert form.write is not None
    assert form.write(TURBIDITY, LINKS) == form.write(TURBIDITY, LINKS)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(deadline=None, max_examples=15)
@given(record=records())
def test_every_record_can_be_cited(form: Format, record: Record) -> None:
    assert form.write is not None
    result = form.write(record, LINKS)
    assert result.body
    assert result.media_type == form.media_types[0]


def test_losses_name_what_is_not_cited() -> None:
    assert citation_text.FORMAT.write is not None
    assert csl_json.FORMAT.write is not None
    of_text = {loss.field for loss in citation_text.FORMAT.write(TURBIDITY, LINKS).losses}
    assert {"published", "abstract", "concepts.label", "parties.email", "identifiers", "title@*"} <= of_text
    # The affiliation of an author is lost, the organisation that is an author is not.
    assert "parties.organisation" in of_text
    of_csl = {loss.field for loss in csl_json.FORMAT.write(TURBIDITY, LINKS).losses}
    assert not {"published", "abstract", "version"} & of_csl
    complete = Record(title=Text.of("T"), version="1", published="2020", parties=TURBIDITY.parties[1:3])
    assert citation_text.FORMAT.write(complete, LINKS).losses == ()

"""Small ISO documents for the tests of both forms."""

from __future__ import annotations

from estran import formats
from estran.formats import Document
from estran.formats.iso19115_3 import FORMAT as NEWER
from estran.formats.iso19139 import FORMAT as OLDER
from estran.model import Record

__all__ = ["NEWER", "OLDER", "code", "mdb", "older", "read", "text"]

_GMD = (
    'xmlns="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco" '
    'xmlns:gmx="http://www.isotc211.org/2005/gmx" xmlns:srv="http://www.isotc211.org/2005/srv" '
    'xmlns:gmi="http://www.isotc211.org/2005/gmi" xmlns:xlink="http://www.w3.org/1999/xlink"'
)
# The prefixes of ISO 19115-3 matter to nobody who reads by local names; one stands for all of them.
_MDB = (
    'xmlns="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:gco="http://standards.iso.org/iso/19115/-3/gco/1.0" '
    'xmlns:gcx="http://standards.iso.org/iso/19115/-3/gcx/1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:gml="http://www.opengis.net/gml/3.2"'
)


def text(name: str, words: str, attributes: str = "") -> str:
    return f"<{name}{attributes}><gco:CharacterString>{words}</gco:CharacterString></{name}>"


def code(name: str, kind: str, value: str, words: str = "") -> str:
    return f'<{name}><{kind} codeList="x#{kind}" codeListValue="{value}">{words}</{kind}></{name}>'


def older(inside: str = "", top: str = "", gml: str = "http://www.opengis.net/gml") -> bytes:
    """ISO 19139: elements of the identification, and of the metadata before it."""
    title = f"<citation><CI_Citation>{text('title', 'A title')}</CI_Citation></citation>"
    start = "" if "<citation>" in inside else title
    language = "" if "<language>" in top else text("language", "eng")
    return (
        f'<MD_Metadata {_GMD} xmlns:gml="{gml}">{language}{top}<identificationInfo><MD_DataIdentification>'
        f"{start}{inside}</MD_DataIdentification></identificationInfo></MD_Metadata>"
    ).encode()


def mdb(inside: str = "", top: str = "", version: str = "2.0") -> bytes:
    """ISO 19115-3."""
    title = f"<citation><CI_Citation>{text('title', 'A title')}</CI_Citation></citation>"
    start = "" if "<citation>" in inside else title
    locale = (
        f"<defaultLocale><PT_Locale>{code('language', 'LanguageCode', 'eng')}</PT_Locale></defaultLocale>"
    )
    return (
        (
            f"<MD_Metadata {_MDB}>{'' if '<defaultLocale>' in top else locale}{top}"
            f"<identificationInfo><MD_DataIdentification>{start}{inside}</MD_DataIdentification></identificationInfo>"
            "</MD_Metadata>"
        )
        .replace("mdb/2.0", f"mdb/{version}")
        .encode()
    )


def read(body: bytes) -> Record:
    """The one record of a document, in the format that recognises it."""
    document = Document("d.xml", body)
    form = max((OLDER, NEWER), key=lambda f: f.recognise(document.head, "d.xml"))
    (record,) = formats.read(document, form)
    assert isinstance(record, Record), record
    return record

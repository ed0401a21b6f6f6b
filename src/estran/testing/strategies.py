"""Hypothesis strategies for the pivot: values as readers give them, canonical and legal in XML and JSON.

Every strategy draws what a careful reader could have made: texts without blanks at their ends, canonical
dates, boxes that `Box.checked` leaves alone, bare lower-case DOIs. Records vary in every field that a
format may carry; the node's own fields keep their defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from estran.model import (
    CONCEPT_ROLES,
    KINDS,
    ROLES,
    Box,
    Concept,
    Conformity,
    Constraint,
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
    Vertical,
)

if TYPE_CHECKING:
    from datetime import date, datetime

    from hypothesis.strategies import SearchStrategy

__all__ = [
    "boxes", "concepts", "conformities", "constraints", "dates", "distributions", "dois", "extents",
    "fundings", "geometries", "identifiers", "languages", "licences", "parties", "periods", "qualities",
    "records", "relations", "texts", "urls", "uuids", "variables", "verticals", "words",
]  # fmt: skip

_REAL_WORDS = (
    "Température de surface de l’océan", "Sea surface temperature", "Données d’altimétrie – Méditerranée",
    "Turbidité (FNU) à l'estuaire de la Gironde", "Précipitations < 5 mm & neige", "Ozone O₃ 10⁻⁶ mol/m²",
    "地表温度", "Бассейн реки Лена", "Ærø, Ængelholm, Łódź", "درجة الحرارة", "“Quoted”, 'single', \"double\"",
    "Salinity; conductivity, depth: CTD", "100 % of the time", "a\\b {c} [d] #e", "emoji 🌊 tide",
)  # fmt: skip
_LANGUAGES = ("fr", "en", "de", "it", "es", "pt", "nl", "el", "sv", "ja", "gsw")
_SPDX = ("CC-BY-4.0", "CC-BY-SA-4.0", "CC0-1.0", "ODbL-1.0", "etalab-2.0", "OGL-UK-3.0")
_RELATIONS = (
    "IsPartOf",
    "HasPart",
    "References",
    "IsDerivedFrom",
    "IsNewVersionOf",
    "Documents",
    "IsSupplementTo",
)
_FUNCTIONS = ("download", "information", "service", "search", "order", "offline", "")
_MEDIA = (("NetCDF", "application/x-netcdf"), ("CSV", "text/csv"), ("GeoTIFF", "image/tiff"), ("", ""))

# Letters, marks, numbers, punctuation, symbols and the plain space; no control or private character.
_CHARACTERS = st.characters(
    codec="utf-8",
    categories=("L", "Mn", "N", "P", "S"),
    include_characters=" ",
    exclude_characters="\ufffe\uffff",
)


def words(max_size: int = 40) -> SearchStrategy[str]:
    """A few words in any script, on one line, without blanks at the ends."""
    free = st.text(_CHARACTERS, min_size=1, max_size=max_size).map(lambda t: " ".join(t.split())).filter(bool)
    return st.one_of(st.sampled_from(_REAL_WORDS), free)


def _names() -> SearchStrategy[str]:
    return st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)


def languages() -> SearchStrategy[str]:
    """An ISO 639-1 code, or a longer one where there is none."""
    return st.sampled_from(_LANGUAGES)


@st.composite
def texts(draw: st.DrawFn, first: str | None = None, *, most: int = 3, empty: bool = False) -> Text:
    """A text in one to `most` languages.

    Args:
        draw: given by Hypothesis.
        first: language of the original; drawn where it is None.
        most: at most so many languages.
        empty: whether the empty text may be drawn.
    """
    if empty and draw(st.booleans()):
        return Text()
    original = draw(languages()) if first is None else first
    others = draw(st.lists(languages(), max_size=most - 1, unique=True)) if most > 1 else []
    chosen = dict.fromkeys((original, *others))
    return Text.many((language, draw(words())) for language in chosen)


def dates() -> SearchStrategy[str]:
    """A canonical date of any precision."""

    def day(at: date) -> str:
        return at.isoformat()

    def instant(at: datetime) -> str:
        return at.replace(microsecond=0).isoformat() + "Z"

    return st.one_of(
        st.integers(1600, 2100).map(str),
        st.dates().map(lambda at: day(at)[:7]),
        st.dates().map(day),
        st.datetimes().map(instant),
    )


def urls() -> SearchStrategy[str]:
    """An absolute address without blanks; some carry a query."""
    path = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_/.", max_size=20)
    query = st.sampled_from(("", "", "?service=WMS&request=GetCapabilities", "?q=a%20b&x=1", "#part"))
    host = st.sampled_from(("example.org", "data.example.fr", "sub.data.example.net:8080"))
    return st.builds(lambda h, p, q: f"https://{h}/{p.lstrip('/')}{q}", host, path, query)


def dois() -> SearchStrategy[str]:
    """A bare DOI in lower case."""
    return st.from_regex(r"10\.[1-9][0-9]{3,4}/[a-z0-9]{1,4}[a-z0-9._-]{0,8}[a-z0-9]", fullmatch=True)


def uuids() -> SearchStrategy[str]:
    """A UUID in lower case."""
    return st.uuids().map(str)


def identifiers() -> SearchStrategy[Identifier]:
    """A DOI, a UUID, an address or a word of some institute."""
    return st.one_of(
        dois().map(lambda v: Identifier(v, "doi")),
        uuids().map(lambda v: Identifier(v, "uuid")),
        urls().map(lambda v: Identifier(v, "uri")),
        _names().map(lambda v: Identifier(f"LAB_{v}")),
    )


def parties(role: SearchStrategy[str] | None = None) -> SearchStrategy[Party]:
    """A person, an organisation, or a person of an organisation, always with a role."""
    persons = st.builds(
        lambda family, given: f"{family}, {given}", *[st.sampled_from(("Le Goff", "Ng", "Émile", "Öz"))] * 2
    )
    common = {
        "role": st.sampled_from(ROLES) if role is None else role,
        "email": st.sampled_from(("", "data@example.org")),
        "phone": st.sampled_from(("", "+33 2 98 00 00 00")),
        "address": st.sampled_from(("", "12 rue de la Grève")),
        "city": st.sampled_from(("", "Plouzané")),
        "country": st.sampled_from(("", "France")),
        "url": st.one_of(st.just(""), urls()),
    }
    orcid = st.sampled_from(("", "https://orcid.org/0000-0002-1825-0097"))
    ror = st.sampled_from(("", "https://ror.org/02feahw73"))
    person = st.builds(
        Party,
        name=persons,
        organisation=texts(empty=True),
        position=texts(empty=True),
        identifier=orcid,
        **common,
    )
    return st.one_of(person, st.builds(Party, organisation=texts(), identifier=ror, **common))


def concepts(role: SearchStrategy[str] | None = None) -> SearchStrategy[Concept]:
    """A keyword or a concept of a vocabulary."""
    roles = st.sampled_from(CONCEPT_ROLES) if role is None else role
    free = st.builds(Concept, label=texts(), role=roles)
    known = st.builds(
        Concept,
        label=texts(),
        role=roles,
        uri=urls(),
        scheme=words(20),
        scheme_uri=st.one_of(st.just(""), urls()),
    )
    return st.one_of(free, known)


def variables() -> SearchStrategy[Variable]:
    """A variable with its name in the data."""
    return st.builds(
        Variable,
        name=_names(),
        label=texts(empty=True),
        description=texts(empty=True),
        standard_name=st.sampled_from(("", "sea_surface_temperature", "air_temperature")),
        unit=st.sampled_from(("", "K", "degree_Celsius", "mg m-3", "1")),
        uri=st.one_of(st.just(""), urls()),
    )


def _degrees(lowest: float, highest: float) -> SearchStrategy[float]:
    return st.integers(int(lowest * 1000), int(highest * 1000)).map(lambda n: n / 1000)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """A box on the globe: points, polar caps, the whole turn and the antimeridian included."""
    special = draw(st.integers(0, 9))
    if special == 0:
        return Box(-180.0, -90.0, 180.0, 90.0)
    west, east = draw(_degrees(-180, 180)), draw(_degrees(-180, 180))
    south, north = sorted((draw(_degrees(-90, 90)), draw(_degrees(-90, 90))))
    if special == 1:
        return Box.checked(west, south, west, south)
    return Box.checked(west, south, east, 90.0 if special == 2 else north)  # noqa: PLR2004 - one in ten


@st.composite
def geometries(draw: st.DrawFn) -> str:
    """WKT of a point, a line or a triangle in longitude and latitude."""
    corners = [(draw(_degrees(-170, 170)), draw(_degrees(-80, 80))) for _ in range(3)]
    x, y = corners[0]
    match draw(st.integers(0, 2)):
        case 0:
            return f"POINT({x:.10g} {y:.10g})"
        case 1:
            return f"LINESTRING({x:.10g} {y:.10g},{x + 1:.10g} {y + 1:.10g})"
        case _:
            ring = ((x, y), (x + 1, y), (x, y + 1), (x, y))
            return f"POLYGON(({','.join(f'{a:.10g} {b:.10g}' for a, b in ring)}))"


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """A period with at least one end, in order."""
    first, second = draw(dates()), draw(dates())
    if Period(first).bounds()[0] > Period(second).bounds()[0]:
        first, second = second, first
    match draw(st.integers(0, 4)):
        case 0:
            return Period(first)
        case 1:
            return Period("", second)
        case 2:
            return Period(first, first)
        case _:
            return Period(first, second)


@st.composite
def verticals(draw: st.DrawFn) -> Vertical:
    """A range of heights or depths."""
    low, high = sorted((draw(_degrees(-6000, 9000)), draw(_degrees(-6000, 9000))))
    return Vertical(
        low, high, draw(st.sampled_from(("", "m", "hPa"))), draw(st.sampled_from(("", "EPSG:5714")))
    )


def _few(strategy: SearchStrategy[Any], most: int = 2) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most, unique=True).map(tuple)


def extents() -> SearchStrategy[Extent]:
    """Where and when; any part may be missing."""
    return st.builds(
        Extent,
        boxes=_few(boxes()),
        geometries=_few(geometries(), 1),
        places=_few(texts()),
        periods=_few(periods()),
        vertical=_few(verticals(), 1),
    )


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    """A file, a service or a page."""
    named, media_type = draw(st.sampled_from(_MEDIA))
    return Distribution(
        url=draw(urls()),
        title=draw(texts(empty=True)),
        description=draw(texts(empty=True)),
        function=draw(st.sampled_from(_FUNCTIONS)),
        protocol=draw(
            st.sampled_from(("", "OGC:WMS", "WWW:LINK-1.0-http--link", "WWW:DOWNLOAD-1.0-http--download"))
        ),
        media_type=media_type,
        format=named,
        name=draw(st.one_of(st.just(""), _names())),
        size_bytes=draw(st.sampled_from((-1, -1, 0, 1024, 5_000_000))),
    )


def licences() -> SearchStrategy[Licence]:
    """A licence that SPDX knows, or terms of one's own."""
    known = st.builds(
        lambda spdx: Licence(name=Text.of(spdx), uri=f"https://spdx.org/licenses/{spdx}", spdx=spdx),
        st.sampled_from(_SPDX),
    )
    return st.one_of(known, st.builds(Licence, name=texts(), uri=urls()))


def constraints() -> SearchStrategy[Constraint]:
    """A limit on use, access or security, with a code, words or both."""
    codes = {
        "use": ("", "copyright", "intellectualPropertyRights"),
        "access": ("restricted", "otherRestrictions"),
        "security": ("unclassified", "confidential"),
    }
    return st.sampled_from(tuple(codes)).flatmap(
        lambda kind: st.builds(
            Constraint, kind=st.just(kind), code=st.sampled_from(codes[kind]), text=texts()
        )
    )


def relations() -> SearchStrategy[Relation]:
    """A tie to another resource, by DOI or address."""
    kinds = st.sampled_from(_RELATIONS)
    by_doi = st.builds(Relation, kind=kinds, target=dois(), scheme=st.just("doi"), title=texts(empty=True))
    return st.one_of(
        by_doi, st.builds(Relation, kind=kinds, target=urls(), scheme=st.just("uri"), title=texts(empty=True))
    )


def fundings() -> SearchStrategy[Funding]:
    """A grant of some funder."""
    return st.builds(
        Funding,
        funder=words(20),
        funder_identifier=st.sampled_from(("", "https://ror.org/00rbzpz17")),
        award=st.sampled_from(("", "ANR-20-CE01-0001")),
        award_title=st.one_of(st.just(""), words()),
        award_uri=st.one_of(st.just(""), urls()),
    )


def conformities() -> SearchStrategy[Conformity]:
    """The outcome of a check."""
    return st.builds(
        Conformity,
        title=texts(),
        uri=st.one_of(st.just(""), urls()),
        date=st.one_of(st.just(""), dates()),
        explanation=texts(empty=True),
        passed=st.sampled_from(("yes", "no", "")),
    )


def qualities() -> SearchStrategy[Quality]:
    """Resolutions of the data, mostly none."""
    number = st.sampled_from((0.0, 0.0, 0.25, 10.0, 1000.0))
    return st.builds(
        Quality,
        distance_m=number,
        distance_degrees=number,
        scale_denominator=st.sampled_from((0.0, 25000.0)),
        step=st.sampled_from(("", "P1D", "PT6H")),
    )


def _some(strategy: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(st.just(""), strategy)


def records(**fixed: SearchStrategy[Any]) -> SearchStrategy[Record]:
    """A record with an identifier and a title.

    Args:
        fixed: strategies by field name that replace the drawn ones.
    """
    drawn: dict[str, SearchStrategy[Any]] = {
        "identifier": st.one_of(uuids(), urls(), _names()),
        "identifiers": _few(identifiers()),
        "kind": st.sampled_from(KINDS),
        "title": texts(),
        "alternate_titles": _few(texts(), 1),
        "abstract": texts(empty=True),
        "purpose": texts(empty=True),
        "supplement": texts(empty=True),
        "credit": texts(empty=True),
        "lineage": texts(empty=True),
        "version": st.sampled_from(("", "1.0", "2023-11")),
        "language": _few(languages()),
        "metadata_language": _some(languages()),
        "status": st.sampled_from(("", "completed", "onGoing", "planned")),
        "frequency": st.sampled_from(("", "daily", "monthly", "asNeeded")),
        "access": st.sampled_from(("", "open", "restricted", "embargoed", "closed")),
        "representation": _few(st.sampled_from(("vector", "grid", "textTable", "tin"))),
        "crs": _few(st.sampled_from(("EPSG:4326", "EPSG:2154", "http://example.org/crs/1"))),
        "created": _some(dates()),
        "published": _some(dates()),
        "revised": _some(dates()),
        "available": _some(dates()),
        "metadata_date": _some(dates()),
        "metadata_standard": st.sampled_from(("", "ISO 19115:2003/19139")),
        "landing_page": _some(urls()),
        "parties": _few(parties(), 3),
        "metadata_parties": _few(parties(st.just("pointOfContact")), 1),
        "concepts": _few(concepts(), 4),
        "variables": _few(variables()),
        "extent": extents(),
        "quality": qualities(),
        "distributions": _few(distributions()),
        "thumbnails": _few(urls(), 1),
        "licences": _few(licences(), 1),
        "constraints": _few(constraints()),
        "relations": _few(relations()),
        "fundings": _few(fundings(), 1),
        "conformities": _few(conformities(), 1),
    }
    return st.builds(Record, **(drawn | fixed))

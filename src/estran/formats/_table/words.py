"""What the name of a column says that it is for, in English and French, however it is written."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = [
    "clock_part",
    "is_changed",
    "is_later",
    "is_no_value",
    "is_of_days",
    "is_place",
    "is_quality",
    "is_result",
    "names_time",
    "place_rank",
    "station_rank",
    "tokens",
    "unit_rank",
    "variable_rank",
    "vertical_rank",
]


def _these(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_TIME = re.compile(
    r"date|time|heure|horodat|jour|day|peildatum|utc|tstamp|aaaa|yyyy|temps|datum|fecha|zeitpunkt|moment|periode|\bwhen\b"
)
# Of when something was done to the data, or not yet begun.
_LATER = _these(
    "validation qualification analyse analysis update updated maj insert inserted creation created "
    "modified production published end fin stop arret received validated import export upload quality"
)
# Of when a description was changed: no observation was made then.
_CHANGED = _these("maj creation created modified modification")
_STATION = (
    _these("staid stnnbr samplingpoint station stations stationname poste sta usaf stn stationid"),
    _these(
        "site sites platform plateforme buoy bouee mooring mouillage gauge wmo well piezometre bss borehole "
        "plot float procedure"
    ),
    _these("lieu location localisation device sensor capteur logger node id"),
)
_CODED = _these("code id identifiant identifier num numero number no nr numer ref reference cd")
_NAMED = _these("name nom libelle label usuel mnemonique title")
_AROUND = _these("de du of the la le surveillance monitoring mesure measurement observation")
_NOT_STATION = _these(
    "quality flag type status comment remark pressure press height elevation kind source altitude depth"
)
_VARIABLE = _these(
    "parameter parametre variable variables element characteristic analyte grandeur property species "
    "pollutant polluant measurand determinand"
)
_AROUND_VARIABLE = (
    _CODED | _NAMED | _these("air observed hydro short long result resultat mesure measured the name of")
)
_UNIT = _these("unit units unite unites uom")
_RESULT = _these("value valeur values val resultat result results reading measure")
_DETECTION = _these("detection quantification limit limite saturation incertitude uncertainty depth sample")
_QUALITY = _these(
    "flag flags qc quality qualite qualifier qualification remark remarks status statut validity "
    "validation verification qf qv qa qualityindex"
)
_AROUND_QUALITY = (
    _these(
        "data code q v result resultat value valeur row overall control of de la measurement level niveau "
        "seadatanet"
    )
    | _NAMED
    | _CODED
)
_LATITUDE = _these("lat latitude latitudes ylat lats")
_LONGITUDE = _these("lon long longitude longitudes lng xlon lons")
_PLACE = (
    _LATITUDE
    | _LONGITUDE
    | _these("coordonnee coordonnees coordinate coordinates easting northing lambert utm")
)
_NOT_PLACE = _these(
    "max min end error accuracy precision sd std dev quality standardized flag datum source type seconds"
)
_VERTICAL = _these(
    "depth profondeur immersion depsm prdm pressure pression pres press z altitude height prsm depsf ctdprs ctddepth"
)
_AROUND_VERTICAL = _these(
    "sea water sensor sample sampling measured prelevement activity measure value m meter metre meters "
    "metres mesure db dbar below surface of"
)
# Of the vocabulary P01 of SeaDataNet.
_VERTICAL_CODES = ("ADEPZZ", "DEPHPR", "PRESPR", "PRESPS")
_ELEVATION = _these("elevation elev alti altitude")
# Numbers that name rather than measure, wherever their word stands.
_NAMING = _these(
    "code codes cod identifier identifiant identifiers postal postcode postalcode zipcode zip cedex insee "
    "wban fips huc edmo siret siren uuid guid objectid ogc url uri doi serial version firmware expocode "
    "fid gid recno rowid cdi wbanno usaf callsign orcid cas ean source souid castno sensorid deviceid pointid"
)
_NAMING_LAST = _these(
    "cd id ids num numero number no nr type typ key rec record records index cycle cast profile scan seq"
)
_COUNTED = _these("year years annee annees month months mois jours insee departement commune region")
_CLOCKS = _these(
    "year month day hour minute second annee mois jour heure minutes hours seconds doy julian yday jday date"
)
_PARTS = {
    "year": _these("year yr yy yyyy annee aaaa jahr ano"),
    "month": _these("month mo mm mois mon"),
    "day": _these("day dd dy jour da"),
    "hour": _these("hour hr hh heure heures hours"),
    "minute": _these("minute min mn mi mm minutes"),
    "second": _these("second sec ss seconde seconds"),
    "yday": _these("doy yday jday julian"),
}


@lru_cache(maxsize=4096)
def tokens(title: str) -> tuple[str, ...]:
    """The words of a name without accents: ``Location_CountyCode`` is location, county, code."""
    name = title.rpartition(":")[2] if title.lower().startswith("urn:") else title
    folded = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return tuple(token.lower() for token in _TOKEN.findall(folded))


def names_time(title: str) -> bool:
    """Whether it may be of times."""
    return _TIME.search(" ".join(tokens(title))) is not None or _TIME.search(title.lower()) is not None


def is_later(title: str) -> bool:
    """Whether it tells when something was done to the data, or ended, rather than when they were observed."""
    return bool(_LATER & {*tokens(title)})


def is_changed(title: str) -> bool:
    """Whether it tells when a description was made or changed."""
    return bool(_CHANGED & {*tokens(title)})


def is_of_days(title: str) -> bool:
    """Whether it may hold hours of the day as plain numbers."""
    return bool({"hour", "heure", "hh", "hhmm", "hr", "time"} & {*tokens(title)})


def station_rank(title: str, *, is_text: bool) -> int | None:
    """How likely it names what the observations are of, the lowest first; None for what does not."""
    words = tokens(title)
    words = words[2:] if words[:2] == ("air", "quality") else words
    found = next((n for n, names in enumerate(_STATION) if names & {*words}), None)
    if found is None or _NOT_STATION & {*words}:
        return None
    if words == ("id",):
        return 50 if is_text else None
    own = {*words} - _STATION[0] - _STATION[1] - _STATION[2] - _AROUND
    if own - _CODED - _NAMED and not (is_text and len(own) == 1 and not own & (_PLACE | _NAMING | _UNIT)):
        return None
    if found == 2 and words in (("location",), ("id",)):  # noqa: PLR2004
        return 45
    return 10 * found + (0 if own & _CODED or not own else 1 if own & _NAMED else 2)


def variable_rank(title: str) -> int | None:
    """How well it names what was measured, names before codes; None for what does not."""
    words = {*tokens(title)}
    if not words & _VARIABLE or words - _VARIABLE - _AROUND_VARIABLE:
        return None
    return 0 if words & _NAMED else 2 if words & _CODED else 1


def unit_rank(title: str, value: str) -> int | None:
    """How likely it holds the units of another column, the lowest first; None for what holds none."""
    words = tokens(title)
    if not _UNIT & {*words}:
        return None
    own, other = {*words} - _UNIT, {*tokens(value)}
    if own & _VERTICAL or (own & _DETECTION and not other & _DETECTION):
        return None
    return -4 * len(own & other) + (2 if own & _CODED else 1 if own & _NAMED else 0)


def is_result(title: str) -> bool:
    """Whether it says no more than that it holds values."""
    words = {*tokens(title)}
    return bool(words & _RESULT) and not words & (_DETECTION | _UNIT | _QUALITY | _NAMING)


def is_quality(title: str) -> bool:
    """Whether it judges values without saying of which column."""
    words = {*tokens(title)}
    return bool(words & _QUALITY) and not words - _QUALITY - _AROUND_QUALITY


def is_place(title: str) -> bool:
    """Whether it says something of a place."""
    return bool(_PLACE & {*tokens(title)})


def place_rank(title: str, role: str) -> int | None:
    """How likely it is the latitude or longitude, the lowest first; None for what is neither."""
    words = tokens(title)
    wanted = _LATITUDE if role == "latitude" else _LONGITUDE
    corner = "miny" if role == "latitude" else "minx"
    axis = "y" if role == "latitude" else "x"
    if any(word.startswith("coordonn") for word in words) and corner in words:
        return 3
    if words[:2] == (axis, "wgs"):
        return 2
    if not wanted & {*words} or _NOT_PLACE & {*words}:
        return None
    return min(len(words) - 1, 9)


def vertical_rank(title: str) -> int | None:
    """How likely it is the depth, height or pressure of each value, the lowest first; None for what is not."""
    if title.upper().startswith(_VERTICAL_CODES):
        return 1
    words = {*tokens(title)}
    if words & _ELEVATION and words <= _ELEVATION | {"m", "station", "site", "of"}:
        return 5
    if not words & _VERTICAL or words - _VERTICAL - _AROUND_VERTICAL:
        return None
    return 0 if words & {"depth", "profondeur", "immersion"} else 1 if words <= _VERTICAL else 2


def is_no_value(title: str) -> bool:
    """Whether numbers under it name or count rather than measure."""
    words = tokens(title)
    if not words:
        return title.strip() in ("#", "n°", "N°", "№")
    if {*words} & _NAMING or {*words} <= _CLOCKS | {"utc", "of", "local", "lst"}:
        return True
    if words[0] in ("id", "num", "numero", "type", "typ") or words in (
        ("record",),
        ("number",),
        ("no",),
        ("rn",),
    ):
        return words != ("no",)
    is_number = words[-1] in _NAMING_LAST and len(words) > 1 and words[-1] not in ("no", "index", "profile")
    is_number |= (
        len(words) > 1
        and words[-1] == "no"
        and words[-2] in ("site", "station", "serial", "sample", "line", "cast", "cruise")
    )
    is_counted = bool({*words} & _COUNTED) and not {*words} & {"month", "day"}
    return is_number or (len(words) == 1 and words[0] in _NAMING_LAST - {"no", "index"}) or is_counted


def clock_part(title: str) -> tuple[str, ...]:
    """The parts of a time that it may be: year, month, day, hour, minute, second, yday."""
    own = [word for word in tokens(title) if word not in ("utc", "g") and not word.isdigit()]
    if own in (["day", "of", "year"], ["jour", "julien"]):
        return ("yday",)
    word = own[0] if len(own) == 1 else ""
    return tuple(part for part, names in _PARTS.items() if word in names)

"""Metadata records to measure with: half ISO 19139, half ISO 19115-3, the same for the same seed.

    uv run python bench/records.py 300000 records.zip

Words come from themes with their own vocabulary, in French or English, and from a tail of rarer words whose
frequency falls as in real texts, so that a search may match anything from one record to most of them.
"""

from __future__ import annotations

import argparse
import random
import zipfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_260_301
_PORTION = 5_000

# (French, English, ISO topic, variables, platforms, instruments)
THEMES = (
    ("température de surface de la mer", "sea surface temperature", "oceans", ("sea_surface_temperature",), ("Sentinel-3A", "MetOp-B", "NOAA-20"), ("SLSTR", "AVHRR", "VIIRS")),
    ("salinité", "salinity", "oceans", ("sea_water_salinity",), ("SMOS", "Argo float", "ship"), ("MIRAS", "CTD", "thermosalinograph")),
    ("couleur de l'océan", "ocean colour", "oceans", ("mass_concentration_of_chlorophyll_a_in_sea_water",), ("Sentinel-3B", "Aqua"), ("OLCI", "MODIS")),
    ("niveau de la mer", "sea level", "oceans", ("sea_surface_height_above_geoid",), ("Jason-3", "SWOT", "tide gauge"), ("Poseidon-3B", "KaRIn")),
    ("vagues", "waves", "oceans", ("sea_surface_wave_significant_height",), ("CFOSAT", "buoy"), ("SWIM", "Datawell")),
    ("turbidité", "turbidity", "oceans", ("sea_water_turbidity",), ("mooring", "Sentinel-2A"), ("OBS", "MSI")),
    ("oxygène dissous", "dissolved oxygen", "oceans", ("mole_concentration_of_dissolved_molecular_oxygen_in_sea_water",), ("glider", "Argo float"), ("optode",)),
    ("glace de mer", "sea ice", "oceans", ("sea_ice_area_fraction",), ("AMSR2", "CryoSat-2"), ("SIRAL", "AMSR")),
    ("trait de côte", "shoreline", "oceans", (), ("drone", "Pléiades"), ("lidar", "RGB camera")),
    ("bathymétrie", "bathymetry", "elevation", ("sea_floor_depth_below_geoid",), ("ship",), ("multibeam echosounder",)),
    ("occupation des sols", "land cover", "imageryBaseMapsEarthCover", (), ("Sentinel-2A", "Sentinel-2B"), ("MSI",)),
    ("humidité du sol", "soil moisture", "geoscientificInformation", ("volume_fraction_of_condensed_water_in_soil",), ("Sentinel-1A", "SMAP"), ("C-SAR", "TDR probe")),
    ("neige", "snow", "climatologyMeteorologyAtmosphere", ("surface_snow_area_fraction",), ("Sentinel-2B", "Terra"), ("MSI", "MODIS")),
    ("glaciers", "glaciers", "geoscientificInformation", ("land_ice_surface_mass_balance_flux",), ("Pléiades", "SPOT 5"), ("HRS",)),
    ("hauteur des forêts", "forest height", "biota", ("canopy_height",), ("GEDI", "SPOT 6"), ("lidar",)),
    ("débit des rivières", "river discharge", "inlandWaters", ("water_volume_transport_in_river_channel",), ("gauging station", "SWOT"), ("ADCP", "KaRIn")),
    ("évapotranspiration", "evapotranspiration", "climatologyMeteorologyAtmosphere", ("water_evapotranspiration_flux",), ("flux tower", "Landsat 8"), ("TIRS", "eddy covariance")),
    ("albédo de surface", "surface albedo", "climatologyMeteorologyAtmosphere", ("surface_albedo",), ("Sentinel-2A", "PROBA-V"), ("MSI", "Vegetation")),
    ("indice de végétation", "vegetation index", "biota", ("normalized_difference_vegetation_index",), ("Sentinel-2A", "Terra"), ("MSI", "MODIS")),
    ("îlot de chaleur urbain", "urban heat island", "climatologyMeteorologyAtmosphere", ("surface_temperature",), ("ECOSTRESS", "station"), ("thermometer",)),
    ("aérosols", "aerosols", "climatologyMeteorologyAtmosphere", ("atmosphere_optical_thickness_due_to_ambient_aerosol_particles",), ("PARASOL", "AERONET"), ("POLDER", "sun photometer")),
    ("ozone", "ozone", "climatologyMeteorologyAtmosphere", ("atmosphere_mass_content_of_ozone",), ("Sentinel-5P", "balloon"), ("TROPOMI", "ozonesonde")),
    ("qualité de l'air", "air quality", "environment", ("mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air",), ("station",), ("TEOM",)),
    ("précipitations", "precipitation", "climatologyMeteorologyAtmosphere", ("precipitation_amount",), ("rain gauge", "GPM"), ("DPR", "weather radar")),
    ("vent", "wind", "climatologyMeteorologyAtmosphere", ("wind_speed",), ("MetOp-A", "mast"), ("ASCAT", "anemometer")),
    ("gaz à effet de serre", "greenhouse gases", "climatologyMeteorologyAtmosphere", ("mole_fraction_of_carbon_dioxide_in_air",), ("aircraft", "tower"), ("CRDS",)),
    ("nuages", "clouds", "climatologyMeteorologyAtmosphere", ("cloud_area_fraction",), ("CALIPSO", "Meteosat"), ("CALIOP", "SEVIRI")),
    ("déformation du sol", "ground deformation", "geoscientificInformation", (), ("Sentinel-1A", "GNSS station"), ("C-SAR", "GNSS receiver")),
    ("sismicité", "seismicity", "geoscientificInformation", (), ("seismic station",), ("broadband seismometer",)),
    ("champ de gravité", "gravity field", "geoscientificInformation", (), ("GRACE-FO", "ship"), ("gravimeter",)),
    ("inventaire floristique", "plant inventory", "biota", (), ("field survey",), ("observer",)),
    ("phytoplancton", "phytoplankton", "biota", (), ("ship", "coastal station"), ("flow cytometer", "microscope")),
    ("oiseaux marins", "seabirds", "biota", (), ("aircraft", "GPS tag"), ("observer",)),
    ("ADN environnemental", "environmental DNA", "biota", (), ("ship",), ("sequencer",)),
)  # fmt: skip
# Names with west, south, east and north.
PLACES = (
    ("Golfe de Gascogne", -10.0, 43.0, -1.0, 48.5), ("Mer d'Iroise", -5.6, 47.9, -4.2, 48.8), ("Golfe du Lion", 3.0, 42.2, 6.0, 43.7),
    ("Méditerranée", -6.0, 30.0, 36.5, 46.0), ("Manche", -5.5, 48.4, 2.0, 51.2), ("Gironde", -1.4, 44.8, -0.3, 45.8),
    ("Baie du Mont-Saint-Michel", -2.1, 48.5, -1.3, 48.8), ("Camargue", 4.1, 43.3, 4.9, 43.8), ("Alpes", 5.5, 43.8, 13.0, 47.7),
    ("Pyrénées", -2.0, 42.2, 3.2, 43.4), ("Vosges", 6.7, 47.7, 7.5, 48.7), ("Massif central", 1.8, 43.8, 4.7, 46.2),
    ("Bretagne", -5.2, 47.2, -1.0, 48.9), ("Seine", 0.0, 47.9, 4.9, 49.7), ("Loire", -2.3, 44.8, 4.6, 48.0), ("Rhône", 3.9, 43.3, 7.2, 46.6),
    ("Guyane", -54.6, 2.1, -51.6, 5.8), ("La Réunion", 55.2, -21.4, 55.9, -20.8), ("Polynésie", -155.0, -28.0, -134.0, -7.0),
    ("Nouvelle-Calédonie", 163.5, -22.9, 168.2, -19.5), ("Antilles", -63.2, 14.3, -60.8, 18.2), ("Kerguelen", 68.0, -50.0, 71.0, -48.0),
    ("Terre Adélie", 136.0, -67.5, 142.0, -66.0), ("Sahel", -17.0, 10.0, 35.0, 18.0), ("Amazonie", -79.0, -15.0, -50.0, 5.0),
    ("Atlantique Nord", -80.0, 20.0, 0.0, 65.0), ("Arctique", -180.0, 66.0, 180.0, 90.0), ("Pacifique", 150.0, -40.0, -90.0, 40.0),
    ("monde entier", -180.0, -90.0, 180.0, 90.0), ("Mer du Nord", -4.0, 51.0, 9.0, 61.0), ("Mékong", 98.0, 8.5, 107.5, 22.0), ("Fidji", 176.0, -20.0, -178.0, -15.0),
)  # fmt: skip
ORGANISATIONS = tuple(
    f"{what} {where}"
    for what in ("Observatoire", "Laboratoire d'océanographie", "Institut de géophysique", "Station biologique", "Unité de télédétection", "Centre de données")
    for where in ("de l'Ouest", "du Sud", "de la Rade", "des Alpes", "de l'Estuaire", "du Large", "des Îles", "du Plateau", "de la Plaine", "du Cap")
)  # fmt: skip
FAMILIES = tuple(
    "Abgrall Bonnet Carpentier Delmas Etcheverry Fournier Guillou Hamon Ibarra Jaouen Kerouanton Lebrun Marchand Nedelec Ollivier Perrin Quéré Roussel Simon Tanguy Urvoy Vidal Wagner Yvon".split()
)
_COMMON = {
    "fr": "données mesures série observation produit niveau qualité contrôle jeu site campagne capteur résolution journalière mensuelle annuelle validé traitement carte réseau long terme station zone étude projet évolution variabilité climat".split(),
    "en": "data measurements series observation product level quality control dataset site campaign sensor resolution daily monthly yearly validated processing map network long term station area study project change variability climate".split(),
}  # fmt: skip
_LINK = {
    "fr": "de la du des et pour sur dans avec par".split(),
    "en": "of the a and for over in with by from".split(),
}
_SYLLABLES = "ba bra co cla de dri e fa fro ga gli ho i ja ki la li ma mer mo na ni o pa pri qua ra ro sa sta ta ti tra u va vi xe zo".split()
_TAIL = 20_000


@dataclass(frozen=True)
class Made:
    """What a record says, before it is written in a standard."""

    number: int
    language: str
    title: str
    other_title: str
    abstract: str
    theme: tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    place: str
    box: tuple[float, float, float, float]
    start: str
    end: str
    published: str
    organisation: str
    family: str
    keywords: tuple[str, ...]
    licence: bool


def tail_word(rank: int) -> str:
    """The rare word of that rank: pronounceable, and the same in every run."""
    parts = []
    while True:
        rank, digit = divmod(rank, len(_SYLLABLES))
        parts.append(_SYLLABLES[digit])
        if not rank:
            return "".join(parts) + "x"


def make(number: int) -> Made:
    """Record `number`, always the same."""
    r = random.Random(f"{SEED}-{number}")
    language = r.choice(("fr", "fr", "en"))
    theme, place = THEMES[int(len(THEMES) * r.random() ** 1.6)], r.choice(PLACES)
    year, years = r.randint(1960, 2024), r.choice((0, 1, 1, 5, 20))
    words = [
        r.choice(_COMMON[language]) if r.random() < 0.5 else r.choice(_LINK[language])
        for _ in range(r.randint(40, 110))
    ]
    for _ in range(r.randint(3, 12)):
        words.insert(r.randrange(len(words)), tail_word(min(_TAIL, int(r.paretovariate(0.6)))))
    other = r.choice(THEMES)
    names = (theme[0], other[0]) if language == "fr" else (theme[1], other[1])
    by, noun = (("de", "Série") if language == "fr" else ("of", "Series")), r.choice(_COMMON[language])
    w, s, e, n = place[1:]
    fine = r.random() < 0.7
    wide = (e - w) % 360 or 360
    left = w + wide * r.random() * 0.5
    box = (
        (left, s + (n - s) * r.random() * 0.5, left + wide * 0.4, s + (n - s) * (0.55 + r.random() * 0.45))
        if fine
        else (w, s, e, n)
    )
    return Made(
        number=number,
        language=language,
        title=f"{names[0].capitalize()} — {noun}, {place[0]}, {year}",
        other_title=f"{(theme[1] if language == 'fr' else theme[0]).capitalize()} — {place[0]}, {year}",
        abstract=f"{by[1]} {by[0]} {names[0]} ({place[0]}). {' '.join(words)}. {names[1].capitalize()}.",
        theme=theme,
        place=place[0],
        box=tuple(
            round((v + 180) % 360 - 180 if i % 2 == 0 and abs(v) > 180 else v, 4) for i, v in enumerate(box)
        ),  # type: ignore[arg-type]
        start=f"{year}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
        end=f"{year + years}-12-31",
        published=f"{min(2025, year + years + 1)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}",
        organisation=r.choice(ORGANISATIONS),
        family=r.choice(FAMILIES),
        keywords=(names[0], names[1], *theme[3], *(r.choice(part) for part in theme[4:6])),
        licence=r.random() < 0.6,
    )


def identifier(number: int) -> str:
    """The identifier of record `number`."""
    return f"urn:x-bench:record:{number:07d}"


def iso19139(m: Made) -> str:
    """The record as gmd:MD_Metadata."""

    def cs(name: str, words: str, ns: str = "gmd") -> str:
        return f"<{ns}:{name}><gco:CharacterString>{escape(words)}</gco:CharacterString></{ns}:{name}>"

    def code(name: str, kind: str, value: str) -> str:
        return f'<gmd:{name}><gmd:{kind} codeList="http://standards.iso.org/iso/19139/resources/gmxCodelists.xml#{kind}" codeListValue="{value}">{value}</gmd:{kind}></gmd:{name}>'

    def party(element: str, role: str) -> str:
        return (
            f"<gmd:{element}><gmd:CI_ResponsibleParty>{cs('individualName', m.family)}{cs('organisationName', m.organisation)}<gmd:contactInfo><gmd:CI_Contact><gmd:address><gmd:CI_Address>"
            f"{cs('city', m.place)}{cs('electronicMailAddress', f'{m.family.lower()}@example.org')}</gmd:CI_Address></gmd:address></gmd:CI_Contact></gmd:contactInfo>{code('role', 'CI_RoleCode', role)}</gmd:CI_ResponsibleParty></gmd:{element}>"
        )

    def date(value: str, kind: str) -> str:
        return f"<gmd:date><gmd:CI_Date><gmd:date><gco:Date>{value}</gco:Date></gmd:date>{code('dateType', 'CI_DateTypeCode', kind)}</gmd:CI_Date></gmd:date>"

    def words(kind: str, listed: tuple[str, ...]) -> str:
        return f"<gmd:descriptiveKeywords><gmd:MD_Keywords>{''.join(cs('keyword', w) for w in listed)}{code('type', 'MD_KeywordTypeCode', kind)}</gmd:MD_Keywords></gmd:descriptiveKeywords>"

    def online(address: str, protocol: str, name: str, function: str) -> str:
        return f"<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage><gmd:URL>{address}</gmd:URL></gmd:linkage>{cs('protocol', protocol)}{cs('name', name)}{code('function', 'CI_OnLineFunctionCode', function)}</gmd:CI_OnlineResource></gmd:onLine>"

    def side(name: str, value: float) -> str:
        return f"<gmd:{name}><gco:Decimal>{value}</gco:Decimal></gmd:{name}>"

    first, second = ("fre", "eng") if m.language == "fr" else ("eng", "fre")
    translated = (
        f'<gmd:title xsi:type="gmd:PT_FreeText_PropertyType"><gco:CharacterString>{escape(m.title)}</gco:CharacterString><gmd:PT_FreeText><gmd:textGroup>'
        f'<gmd:LocalisedCharacterString locale="#{second}">{escape(m.other_title)}</gmd:LocalisedCharacterString></gmd:textGroup></gmd:PT_FreeText></gmd:title>'
    )
    licence = (
        f"<gmd:resourceConstraints><gmd:MD_LegalConstraints>{code('useConstraints', 'MD_RestrictionCode', 'license')}{cs('otherConstraints', 'https://creativecommons.org/licenses/by/4.0/')}</gmd:MD_LegalConstraints></gmd:resourceConstraints>"
        if m.licence
        else ""
    )
    base = f"https://data.example.org/{m.number}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:gco="http://www.isotc211.org/2005/gco" xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'{cs("fileIdentifier", identifier(m.number))}<gmd:language><gmd:LanguageCode codeList="http://www.loc.gov/standards/iso639-2/" codeListValue="{first}">{first}</gmd:LanguageCode></gmd:language>'
        f"{code('hierarchyLevel', 'MD_ScopeCode', 'dataset')}{party('contact', 'pointOfContact')}<gmd:dateStamp><gco:Date>{m.published}</gco:Date></gmd:dateStamp>{cs('metadataStandardName', 'ISO 19115')}"
        f'<gmd:locale><gmd:PT_Locale id="{second}"><gmd:languageCode><gmd:LanguageCode codeList="http://www.loc.gov/standards/iso639-2/" codeListValue="{second}"/></gmd:languageCode></gmd:PT_Locale></gmd:locale>'
        f"<gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>{translated}{date(m.start, 'creation')}{date(m.published, 'publication')}</gmd:CI_Citation></gmd:citation>"
        f"{cs('abstract', m.abstract)}{code('status', 'MD_ProgressCode', 'completed')}{party('pointOfContact', 'author')}{words('theme', m.keywords)}{words('place', (m.place,))}{licence}"
        f'<gmd:language><gmd:LanguageCode codeList="http://www.loc.gov/standards/iso639-2/" codeListValue="{first}"/></gmd:language><gmd:topicCategory><gmd:MD_TopicCategoryCode>{m.theme[2]}</gmd:MD_TopicCategoryCode></gmd:topicCategory>'
        f"<gmd:extent><gmd:EX_Extent><gmd:geographicElement><gmd:EX_GeographicBoundingBox>{side('westBoundLongitude', m.box[0])}{side('eastBoundLongitude', m.box[2])}{side('southBoundLatitude', m.box[1])}{side('northBoundLatitude', m.box[3])}</gmd:EX_GeographicBoundingBox></gmd:geographicElement>"
        f'<gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent><gml:TimePeriod gml:id="t{m.number}"><gml:beginPosition>{m.start}</gml:beginPosition><gml:endPosition>{m.end}</gml:endPosition></gml:TimePeriod></gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>'
        f"</gmd:MD_DataIdentification></gmd:identificationInfo><gmd:distributionInfo><gmd:MD_Distribution><gmd:distributionFormat><gmd:MD_Format>{cs('name', 'NetCDF')}{cs('version', '4')}</gmd:MD_Format></gmd:distributionFormat><gmd:transferOptions><gmd:MD_DigitalTransferOptions>"
        f"{online(base + '.nc', 'WWW:DOWNLOAD-1.0-http--download', 'data', 'download')}{online(base, 'WWW:LINK-1.0-http--link', 'page', 'information')}</gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>"
        f"<gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:scope><gmd:DQ_Scope>{code('level', 'MD_ScopeCode', 'dataset')}</gmd:DQ_Scope></gmd:scope><gmd:lineage><gmd:LI_Lineage>{cs('statement', m.abstract[:120])}</gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality></gmd:dataQualityInfo></gmd:MD_Metadata>"
    )


def iso19115_3(m: Made) -> str:
    """The record as mdb:MD_Metadata."""

    def cs(name: str, words: str) -> str:
        return f"<{name}><gco:CharacterString>{escape(words)}</gco:CharacterString></{name}>"

    def code(name: str, kind: str, value: str) -> str:
        return f'<{name}><{kind} codeList="http://standards.iso.org/iso/19115/resources/Codelists/cat/codelists.xml#{kind.partition(":")[2]}" codeListValue="{value}"/></{name}>'

    def party(element: str, role: str) -> str:
        return (
            f"<{element}><cit:CI_Responsibility>{code('cit:role', 'cit:CI_RoleCode', role)}<cit:party><cit:CI_Organisation>{cs('cit:name', m.organisation)}<cit:contactInfo><cit:CI_Contact><cit:address><cit:CI_Address>"
            f"{cs('cit:city', m.place)}{cs('cit:electronicMailAddress', f'{m.family.lower()}@example.org')}</cit:CI_Address></cit:address></cit:CI_Contact></cit:contactInfo><cit:individual><cit:CI_Individual>{cs('cit:name', m.family)}</cit:CI_Individual></cit:individual></cit:CI_Organisation></cit:party></cit:CI_Responsibility></{element}>"
        )

    def date(element: str, value: str, kind: str) -> str:
        return f"<{element}><cit:CI_Date><cit:date><gco:Date>{value}</gco:Date></cit:date>{code('cit:dateType', 'cit:CI_DateTypeCode', kind)}</cit:CI_Date></{element}>"

    def words(kind: str, listed: tuple[str, ...]) -> str:
        return f"<mri:descriptiveKeywords><mri:MD_Keywords>{''.join(cs('mri:keyword', w) for w in listed)}{code('mri:type', 'mri:MD_KeywordTypeCode', kind)}</mri:MD_Keywords></mri:descriptiveKeywords>"

    def online(address: str, protocol: str, name: str, function: str) -> str:
        return f"<mrd:onLine><cit:CI_OnlineResource>{cs('cit:linkage', address)}{cs('cit:protocol', protocol)}{cs('cit:name', name)}{code('cit:function', 'cit:CI_OnLineFunctionCode', function)}</cit:CI_OnlineResource></mrd:onLine>"

    def side(name: str, value: float) -> str:
        return f"<gex:{name}><gco:Decimal>{value}</gco:Decimal></gex:{name}>"

    first, second = ("fre", "eng") if m.language == "fr" else ("eng", "fre")

    def locale(element: str, language: str) -> str:
        return f'<{element}><lan:PT_Locale id="{language}">{code("lan:language", "lan:LanguageCode", language)}</lan:PT_Locale></{element}>'

    translated = (
        f'<cit:title xsi:type="lan:PT_FreeText_PropertyType"><gco:CharacterString>{escape(m.title)}</gco:CharacterString><lan:PT_FreeText><lan:textGroup>'
        f'<lan:LocalisedCharacterString locale="#{second}">{escape(m.other_title)}</lan:LocalisedCharacterString></lan:textGroup></lan:PT_FreeText></cit:title>'
    )
    licence = (
        f"<mri:resourceConstraints><mco:MD_LegalConstraints>{code('mco:useConstraints', 'mco:MD_RestrictionCode', 'licence')}{cs('mco:otherConstraints', 'https://creativecommons.org/licenses/by/4.0/')}</mco:MD_LegalConstraints></mri:resourceConstraints>"
        if m.licence
        else ""
    )
    iso = "http://standards.iso.org/iso/19115/-3"
    spaces = " ".join(f'xmlns:{p}="{iso}/{p}/{v}"' for p, v in (("mdb", "2.0"), ("mcc", "1.0"), ("cit", "2.0"), ("gco", "1.0"), ("lan", "1.0"), ("mri", "1.0"), ("gex", "1.0"), ("mrd", "1.0"), ("mrl", "2.0"), ("mco", "1.0")))  # fmt: skip
    base = f"https://data.example.org/{m.number}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<mdb:MD_Metadata {spaces} xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><mdb:metadataIdentifier><mcc:MD_Identifier>{cs("mcc:code", identifier(m.number))}</mcc:MD_Identifier></mdb:metadataIdentifier>'
        f"{locale('mdb:defaultLocale', first)}<mdb:metadataScope><mdb:MD_MetadataScope>{code('mdb:resourceScope', 'mcc:MD_ScopeCode', 'dataset')}</mdb:MD_MetadataScope></mdb:metadataScope>{party('mdb:contact', 'pointOfContact')}{date('mdb:dateInfo', m.published, 'revision')}{locale('mdb:otherLocale', second)}"
        f"<mdb:identificationInfo><mri:MD_DataIdentification><mri:citation><cit:CI_Citation>{translated}{date('cit:date', m.start, 'creation')}{date('cit:date', m.published, 'publication')}</cit:CI_Citation></mri:citation>"
        f"{cs('mri:abstract', m.abstract)}{code('mri:status', 'mcc:MD_ProgressCode', 'completed')}{party('mri:pointOfContact', 'author')}<mri:topicCategory><mri:MD_TopicCategoryCode>{m.theme[2]}</mri:MD_TopicCategoryCode></mri:topicCategory>"
        f"<mri:extent><gex:EX_Extent><gex:geographicElement><gex:EX_GeographicBoundingBox>{side('westBoundLongitude', m.box[0])}{side('eastBoundLongitude', m.box[2])}{side('southBoundLatitude', m.box[1])}{side('northBoundLatitude', m.box[3])}</gex:EX_GeographicBoundingBox></gex:geographicElement>"
        f'<gex:temporalElement><gex:EX_TemporalExtent><gex:extent><gml:TimePeriod gml:id="t{m.number}"><gml:beginPosition>{m.start}</gml:beginPosition><gml:endPosition>{m.end}</gml:endPosition></gml:TimePeriod></gex:extent></gex:EX_TemporalExtent></gex:temporalElement></gex:EX_Extent></mri:extent>'
        f"{words('theme', m.keywords)}{words('place', (m.place,))}{licence}{locale('mri:defaultLocale', first)}</mri:MD_DataIdentification></mdb:identificationInfo>"
        f"<mdb:distributionInfo><mrd:MD_Distribution><mrd:distributionFormat><mrd:MD_Format><mrd:formatSpecificationCitation><cit:CI_Citation>{cs('cit:title', 'NetCDF')}</cit:CI_Citation></mrd:formatSpecificationCitation></mrd:MD_Format></mrd:distributionFormat><mrd:transferOptions><mrd:MD_DigitalTransferOptions>"
        f"{online(base + '.nc', 'WWW:DOWNLOAD-1.0-http--download', 'data', 'download')}{online(base, 'WWW:LINK-1.0-http--link', 'page', 'information')}</mrd:MD_DigitalTransferOptions></mrd:transferOptions></mrd:MD_Distribution></mdb:distributionInfo>"
        f"<mdb:resourceLineage><mrl:LI_Lineage>{cs('mrl:statement', m.abstract[:120])}</mrl:LI_Lineage></mdb:resourceLineage></mdb:MD_Metadata>"
    )


def document(number: int) -> bytes:
    """Record `number` in its standard: even ones in ISO 19139, odd ones in ISO 19115-3."""
    made = make(number)
    return (iso19115_3 if number % 2 else iso19139)(made).encode()


def _portion(first: int, count: int) -> list[tuple[str, bytes]]:
    return [
        (f"{number // 1000:04d}/{number:07d}.xml", document(number)) for number in range(first, first + count)
    ]


def documents(count: int) -> Iterator[tuple[str, bytes]]:
    """Names and bodies of `count` records, made by all cores, in order."""
    starts = iter(range(0, count, _PORTION))
    with ProcessPoolExecutor() as pool:
        while wave := list(islice(starts, 4)):
            for portion in [pool.submit(_portion, first, min(_PORTION, count - first)) for first in wave]:
                yield from portion.result()


def write(count: int, target: Path) -> int:
    """Write `count` records into a .zip, or into folders of a thousand files; gives their bytes."""
    size = 0
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, body in documents(count):
                archive.writestr(name, body)
                size += len(body)
        return size
    for name, body in documents(count):
        path = target / name
        if name.endswith("000.xml"):
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        size += len(body)
    return size


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("target", type=Path, help="a .zip, or a folder")
    given = parser.parse_args()
    written = write(given.count, given.target)
    print(f"{given.count} records, {written / given.count / 1000:.1f} kB each, in {given.target}")

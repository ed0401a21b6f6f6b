"""Code lists of ISO 19115 and what the pivot calls them.

Producers write codes in any case, with blanks, as addresses, or in two languages ("RI_414: contact;
contact"). A table maps the squeezed word (letters and digits in lower case) to the code of the standard.
"""

from __future__ import annotations

import re
from functools import lru_cache

from estran.formats import _languages
from estran.model import KINDS, ROLES, Concept, Text

__all__ = [
    "ASSOCIATIONS", "DATE_TYPES", "FREQUENCIES", "KEYWORD_ROLES", "PROGRESS", "REPRESENTATIONS",
    "RESTRICTIONS", "ROLE_CODES", "SCOPES", "bibliographic", "known", "language", "squeezed", "topic",
]  # fmt: skip

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_TOPIC_ADDRESS = "http://inspire.ec.europa.eu/metadata-codelist/TopicCategory/"


@lru_cache(maxsize=4096)
def squeezed(word: str) -> str:
    """Letters and digits of a word, in lower case: the key of all tables here."""
    return _NOT_WORD.sub("", word.lower())


def _table(words: str) -> dict[str, str]:
    return {squeezed(word): word for word in words.split()}


def known(word: str, table: dict[str, str]) -> str:
    """The code that a word stands for in a table, the word itself where the table has none."""
    return table.get(squeezed(word), word) if word else ""


ROLE_CODES = {squeezed(role): role for role in ROLES} | {
    "pointcontact": "pointOfContact",
    "contact": "pointOfContact",
    "contactpoint": "pointOfContact",
    "orginator": "originator",
    "creator": "author",
    "coauthors": "coAuthor",
    "pi": "principalInvestigator",
    "distributer": "distributor",
}

PROGRESS = _table(
    "completed historicalArchive obsolete onGoing planned required underDevelopment final pending "
    "retired superseded tentative valid accepted notAccepted withdrawn proposed deprecated"
) | {"complete": "completed", "inprogress": "onGoing", "inwork": "onGoing"}

FREQUENCIES = _table(
    "continual daily weekly fortnightly monthly quarterly biannually annually asNeeded irregular "
    "notPlanned unknown periodic semimonthly biennially"
) | {"yearly": "annually", "annual": "annually", "none": "notPlanned", "continuous": "continual"}

REPRESENTATIONS = _table("vector grid textTable tin stereoModel video point") | {
    "raster": "grid",
    "text": "textTable",
}

RESTRICTIONS = _table(
    "copyright patent patentPending trademark license intellectualPropertyRights restricted "
    "otherRestrictions unrestricted licenceUnrestricted licenceEndUser licenceDistributor private "
    "statutory confidential sensitiveButUnclassified in-confidence secret topSecret sensitive "
    "unclassified limitedDistribution"
) | {"licence": "license", "otherrestictions": "otherRestrictions"}

DATE_TYPES = {
    "creation": "created", "created": "created", "creationdate": "created", "publication": "published",
    "published": "published", "issued": "published", "publicationdate": "published", "revision": "revised",
    "revised": "revised", "lastrevision": "revised", "lastupdate": "revised", "lastupdated": "revised",
    "update": "revised", "updated": "revised", "modified": "revised", "released": "available",
    "available": "available", "distribution": "available", "validitybegins": "available",
}  # fmt: skip

SCOPES = {kind: kind for kind in KINDS} | {
    "dataset": "dataset", "series": "collection", "collection": "collection",
    "nongeographicdataset": "dataset", "service": "service", "application": "software",
    "software": "software", "model": "model", "document": "publication", "fieldsession": "event",
    "collectionsession": "event", "campaign": "event", "event": "event", "survey": "event",
    "initiative": "project", "project": "project", "program": "project", "sample": "sample",
    "feature": "dataset", "featuretype": "dataset", "attribute": "dataset", "attributetype": "dataset",
    "propertytype": "dataset", "dimensiongroup": "dataset", "tile": "dataset", "coverage": "dataset",
    "product": "dataset", "map": "image", "interactivemap": "service", "staticmap": "image",
    "aggregate": "collection", "repository": "collection", "publication": "publication", "image": "image",
    "item": "item",
}  # fmt: skip

KEYWORD_ROLES = {
    "discipline": "discipline", "place": "place", "stratum": "stratum", "temporal": "time",
    "taxon": "taxon", "platform": "platform", "instrument": "instrument", "equipment": "instrument",
    "sensor": "instrument", "project": "project", "survey": "project", "campaign": "project",
    "dataparameter": "variable", "parameter": "variable", "variable": "variable", "level": "level",
    "processinglevel": "level", "infrastructure": "infrastructure",
    "researchinfrastructure": "infrastructure",
}  # fmt: skip

# DS_AssociationTypeCode to DataCite's relationType; DataCite's own words are taken as they are.
ASSOCIATIONS = {
    "largerworkcitation": "IsPartOf", "partofseamlessdatabase": "IsPartOf", "collectivetitle": "IsPartOf",
    "series": "IsPartOf", "iscomposedof": "HasPart", "crossreference": "References",
    "source": "IsDerivedFrom", "dependency": "Requires", "revisionof": "IsNewVersionOf",
} | _table(
    "IsCitedBy Cites IsSupplementTo IsSupplementedBy IsContinuedBy Continues IsDescribedBy Describes "
    "HasMetadata IsMetadataFor HasVersion IsVersionOf IsNewVersionOf IsPreviousVersionOf IsPartOf "
    "HasPart IsPublishedIn IsReferencedBy References IsDocumentedBy Documents IsCompiledBy Compiles "
    "IsVariantFormOf IsOriginalFormOf IsIdenticalTo IsReviewedBy Reviews IsDerivedFrom IsSourceOf "
    "IsRequiredBy Requires IsObsoletedBy Obsoletes IsCollectedBy Collects IsTranslationOf "
    "HasTranslation"
)  # fmt: skip

_TOPICS = """
farming:Farming:Agriculture
biota:Biota:Biote
boundaries:Boundaries:Limites
climatologyMeteorologyAtmosphere:Climatology, meteorology, atmosphere:Climatologie, météorologie, atmosphère
economy:Economy:Économie
elevation:Elevation:Altitude
environment:Environment:Environnement
geoscientificInformation:Geoscientific information:Informations géoscientifiques
health:Health:Santé
imageryBaseMapsEarthCover:Imagery, base maps, Earth cover:Imagerie, cartes de base, occupation des terres
intelligenceMilitary:Intelligence, military:Renseignement, secteur militaire
inlandWaters:Inland waters:Eaux intérieures
location:Location:Localisation
oceans:Oceans:Océans
planningCadastre:Planning, cadastre:Planification, cadastre
society:Society:Société
structure:Structure:Structures
transportation:Transportation:Transports
utilitiesCommunication:Utilities, communication:Services d'utilité publique, communication
extraTerrestrial:Extraterrestrial:Extraterrestre
disaster:Disaster:Catastrophes
"""


def _concept(line: str) -> tuple[str, Concept]:
    code, english, french = line.split(":")
    label = Text((("en", english), ("fr", french)))
    return squeezed(code), Concept(
        label=label, role="topic", uri=_TOPIC_ADDRESS + code, scheme="ISO 19115 topic category"
    )


_TOPIC = dict(_concept(line) for line in _TOPICS.strip().splitlines())


def topic(code: str) -> Concept | None:
    """The concept of a MD_TopicCategoryCode, or of its address; None where ISO has no such topic."""
    word = code.rpartition("/")[2]
    # The Canadian profile writes planningCadastre_Planning.
    return _TOPIC.get(squeezed(word)) or _TOPIC.get(squeezed(word.partition("_")[0]))


@lru_cache(maxsize=1024)
def language(word: str) -> str:
    """The pivot's code of a language as ISO records write it: ``eng; USA``, ``fre``, an address."""
    return _languages.code(word.rpartition("/")[2])


_BIBLIOGRAPHIC = {
    "sq": "alb", "hy": "arm", "eu": "baq", "my": "bur", "zh": "chi", "cs": "cze", "nl": "dut", "fr": "fre",
    "ka": "geo", "de": "ger", "el": "gre", "is": "ice", "mk": "mac", "mi": "mao", "ms": "may", "fa": "per",
    "ro": "rum", "sk": "slo", "bo": "tib", "cy": "wel",
}  # fmt: skip


def bibliographic(code: str) -> str:
    """The ISO 639-2/B code of a language, which catalogues expect in ISO records."""
    return _BIBLIOGRAPHIC.get(code) or _languages.three_letters(code)

"""What the words of a JSON-LD document mean when their context lies elsewhere: nothing is fetched.

Publishers of DCAT refer to a handful of contexts whose words are the local names of DCAT, Dublin Core, FOAF
and vCard. One table of these names serves for all of them.
"""

from __future__ import annotations

from typing import Any

from estran.formats._rdf import PREFIXES

__all__ = ["known"]

# Part of the address of contexts that say DCAT: those of W3C, SEMIC and national profiles, and data.json.
_SIGNS = ("dcat", "project-open-data", "resources.data.gov", "data.europa.eu/r5r", "data.europa.eu/930")
_WORDS = {
    "dcat": """
        Catalog CatalogRecord DataService Dataset DatasetSeries Distribution Relationship Resource Role accessService
        accessURL bbox byteSize catalog centroid compressFormat contactPoint dataset distribution downloadURL endDate
        endpointDescription endpointURL hadRole hasVersion inSeries isVersionOf keyword landingPage mediaType
        packageFormat previousVersion qualifiedRelation record resource servesDataset service
        spatialResolutionInMeters startDate temporalResolution theme themeTaxonomy version
    """,
    "dct": """
        Frequency LicenseDocument LinguisticSystem Location MediaType MediaTypeOrExtent PeriodOfTime ProvenanceStatement
        RightsStatement Standard abstract accessRights accrualPeriodicity alternative available conformsTo created
        creator description format hasPart identifier isPartOf isReferencedBy isReplacedBy isRequiredBy issued language
        license modified provenance publisher references relation replaces requires rights rightsHolder source spatial
        subject temporal title
    """,
    "foaf": "Agent Document Organization Person givenName familyName homepage mbox name page primaryTopic isPrimaryTopicOf",
    "vcard": "Kind Individual fn hasEmail hasTelephone hasAddress hasURL hasUID locality postal-code street-address region",
    "adms": "Identifier representationTechnique sample status versionNotes",
    "skos": "Concept inScheme notation prefLabel",
    "spdx": "Checksum algorithm checksum checksumValue",
    "locn": "Address geometry adminUnitL1 adminUnitL2 postCode postName thoroughfare",
    "prov": "Activity Attribution agent generated qualifiedAttribution used wasDerivedFrom wasGeneratedBy wasUsedBy",
}
# Words of the contexts that are not local names.
_OTHERS = {
    "id": "@id", "type": "@type", "contactpoint": "dcat:contactPoint", "accessLevel": "dct:accessRights",
    "country-name": "vcard:country-name", "organization-name": "vcard:organization-name", "label": "rdfs:label",
    "hasValue": "vcard:hasValue",
}  # fmt: skip
_CONTEXT: dict[str, Any] = (
    dict(PREFIXES)
    | {"dcterms": PREFIXES["dct"], "pod": "https://project-open-data.cio.gov/v1.1/schema#"}
    | {word: f"{prefix}:{word}" for prefix, listed in _WORDS.items() for word in listed.split()}
    | _OTHERS
)


def known(address: str) -> dict[str, Any] | None:
    """The context to read a document with whose own is at `address`; None for one that is not DCAT's."""
    return _CONTEXT if any(sign in address.lower() for sign in _SIGNS) else None

"""The controlled lists of DataCite 4 and the words of the pivot that they stand for, read both ways.

A contributor type that ISO's role codes have no word for is kept as it is; both lists may stand in
`Party.role`. A general type says the kind; where several share one kind, or the type is told in words,
`Record.kind_label` keeps them as DataCite cites them, ``DataPaper/Fact sheet``.
"""

from __future__ import annotations

__all__ = [
    "ACCESS",
    "ACCESS_ADDRESSES",
    "CONTRIBUTORS",
    "GENERAL_TYPES",
    "IDENTIFIER_TYPES",
    "KINDS",
    "RELATIONS",
    "ROLES",
    "TYPE_OF_KIND",
]

ROLES = {
    "ContactPerson": "pointOfContact",
    "DataCurator": "custodian",
    "Distributor": "distributor",
    "Editor": "editor",
    "HostingInstitution": "resourceProvider",
    "Producer": "originator",
    "ProjectLeader": "principalInvestigator",
    "RightsHolder": "rightsHolder",
    "Sponsor": "sponsor",
    "Other": "contributor",
}
_ONLY_DATACITE = (
    "DataCollector",
    "DataManager",
    "ProjectManager",
    "ProjectMember",
    "RegistrationAgency",
    "RegistrationAuthority",
    "RelatedPerson",
    "ResearchGroup",
    "Researcher",
    "Supervisor",
    "Translator",
    "WorkPackageLeader",
)
CONTRIBUTORS = {role: kind for kind, role in ROLES.items()} | {kind: kind for kind in _ONLY_DATACITE}

KINDS = {
    "Audiovisual": "other",
    "Award": "project",
    "Book": "publication",
    "BookChapter": "publication",
    "Collection": "collection",
    "ComputationalNotebook": "software",
    "ConferencePaper": "publication",
    "ConferenceProceeding": "publication",
    "DataPaper": "publication",
    "Dataset": "dataset",
    "Dissertation": "publication",
    "Event": "event",
    "Film": "other",
    "Image": "image",
    "Instrument": "other",
    "InteractiveResource": "other",
    "Journal": "publication",
    "JournalArticle": "publication",
    "Model": "model",
    "Other": "other",
    "OutputManagementPlan": "publication",
    "PeerReview": "publication",
    "PhysicalObject": "sample",
    "Poster": "publication",
    "Preprint": "publication",
    "Presentation": "publication",
    "Project": "project",
    "Report": "publication",
    "Service": "service",
    "Software": "software",
    "Sound": "other",
    "Standard": "publication",
    "StudyRegistration": "publication",
    "Text": "publication",
    "Workflow": "software",
}
TYPE_OF_KIND = {
    "collection": "Collection",
    "dataset": "Dataset",
    "event": "Event",
    "image": "Image",
    "item": "Dataset",
    "model": "Model",
    "other": "Other",
    "project": "Project",
    "publication": "Text",
    "sample": "PhysicalObject",
    "service": "Service",
    "software": "Software",
}
# Those that kernel 4.6 has; 4.7 added two.
GENERAL_TYPES = frozenset(KINDS) - {"Film", "Poster", "Presentation"}

_PAIRS = """
IsCitedBy Cites IsCollectedBy Collects IsSupplementTo IsSupplementedBy IsContinuedBy Continues
IsDescribedBy Describes HasMetadata IsMetadataFor HasVersion IsVersionOf IsNewVersionOf
IsPreviousVersionOf IsPartOf HasPart IsPublishedIn IsReferencedBy References IsDocumentedBy
Documents IsCompiledBy Compiles IsVariantFormOf IsOriginalFormOf IsIdenticalTo IsReviewedBy Reviews
IsDerivedFrom IsSourceOf Requires IsRequiredBy Obsoletes IsObsoletedBy IsTranslationOf
HasTranslation
"""
RELATIONS = frozenset(_PAIRS.split())

IDENTIFIER_TYPES = {
    name.lower(): name
    for name in (
        "ARK",
        "arXiv",
        "bibcode",
        "CSTR",
        "DOI",
        "EAN13",
        "EISSN",
        "Handle",
        "IGSN",
        "ISBN",
        "ISSN",
        "ISTC",
        "LISSN",
        "LSID",
        "PMID",
        "PURL",
        "RRID",
        "UPC",
        "URL",
        "URN",
        "w3id",
    )
} | {"uri": "URL", "hdl": "Handle"}

ACCESS = {
    "openaccess": "open",
    "embargoedaccess": "embargoed",
    "restrictedaccess": "restricted",
    "closedaccess": "closed",
    "c_abf2": "open",
    "c_f1cf": "embargoed",
    "c_16ec": "restricted",
    "c_14cb": "closed",
}
ACCESS_ADDRESSES = {
    "open": ("Open access", "http://purl.org/coar/access_right/c_abf2"),
    "embargoed": ("Embargoed access", "http://purl.org/coar/access_right/c_f1cf"),
    "restricted": ("Restricted access", "http://purl.org/coar/access_right/c_16ec"),
    "closed": ("Metadata only access", "http://purl.org/coar/access_right/c_14cb"),
}

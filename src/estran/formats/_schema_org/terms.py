"""Words of schema.org and those of the pivot, side by side, for reading and for writing."""

from __future__ import annotations

__all__ = ["ACCESS", "KINDS", "PARTIES", "RELATIONS", "STANDARD_NAMES", "TYPES"]

KINDS = {
    "Dataset": "dataset", "DataFeed": "dataset", "DataCatalog": "collection", "Collection": "collection",
    "Service": "service", "WebAPI": "service", "SoftwareSourceCode": "software", "SoftwareApplication": "software",
    "WebApplication": "software", "ScholarlyArticle": "publication", "Article": "publication", "Report": "publication",
    "TechArticle": "publication", "Book": "publication", "Thesis": "publication", "BlogPosting": "publication",
    "NewsArticle": "publication", "DigitalDocument": "publication", "ImageObject": "image", "Event": "event",
    "Project": "project", "ResearchProject": "project", "CreativeWork": "other", "MediaObject": "other",
}  # fmt: skip
"""Types that are resources of a catalogue, and the pivot's kind of each."""

TYPES = {
    "dataset": "Dataset", "collection": "DataCatalog", "service": "Service", "software": "SoftwareSourceCode",
    "publication": "DigitalDocument", "image": "ImageObject", "event": "Event", "project": "Project",
    "other": "CreativeWork",
}  # fmt: skip
"""The type of each kind; what is not here is written as a Dataset with its kind beside."""

PARTIES = {
    "creator": "author", "author": "author", "publisher": "publisher", "contributor": "contributor", "editor": "editor",
    "funder": "funder", "sponsor": "sponsor", "provider": "resourceProvider", "maintainer": "custodian",
    "copyrightHolder": "rightsHolder", "sourceOrganization": "originator", "translator": "contributor",
}  # fmt: skip
"""Properties that name a party, and its role."""

RELATIONS = {
    "isPartOf": "IsPartOf", "hasPart": "HasPart", "isBasedOn": "IsDerivedFrom", "isBasedOnUrl": "IsDerivedFrom",
    "citation": "References", "exampleOfWork": "IsVersionOf", "workExample": "HasVersion",
    "translationOfWork": "IsTranslationOf", "workTranslation": "HasTranslation",
}  # fmt: skip
"""Properties that tie a resource to another, and DataCite's type of the tie."""

ACCESS = {
    "open": "http://purl.org/coar/access_right/c_abf2",
    "embargoed": "http://purl.org/coar/access_right/c_f1cf",
    "restricted": "http://purl.org/coar/access_right/c_16ec",
    "closed": "http://purl.org/coar/access_right/c_14cb",
}
"""Access rights by their address at COAR."""

STANDARD_NAMES = "http://vocab.nerc.ac.uk/standard_name/"
"""Where CF standard names have their addresses."""

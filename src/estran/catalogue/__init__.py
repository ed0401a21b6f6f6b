"""Records: loaded, searched, counted, kept with their originals and their history."""

from estran.catalogue.catalogue import VISIBILITIES, Catalogue
from estran.catalogue.load import LoadReport, Progress
from estran.catalogue.query import FACETS, SORTS, Bucket, Query, Reason, Results
from estran.catalogue.store import OriginalDocument
from estran.storage.changes import Change

__all__ = [
    "FACETS", "SORTS", "VISIBILITIES", "Bucket", "Catalogue", "Change", "LoadReport", "OriginalDocument",
    "Progress", "Query", "Reason", "Results",
]  # fmt: skip

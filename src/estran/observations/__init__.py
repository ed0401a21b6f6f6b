"""In-situ observations: datastreams, their values, and what comes of them."""

from estran.observations.door import Observations
from estran.observations.ingest import IngestReport
from estran.observations.quality.machine import Machine
from estran.observations.store import Counts, SeriesStore
from estran.observations.store.registry import HeldDatastream

__all__ = ["Counts", "HeldDatastream", "IngestReport", "Machine", "Observations", "SeriesStore"]

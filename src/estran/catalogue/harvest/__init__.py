"""Other catalogues, read into this one: sources, runs that go on where they were cut, and what they gave.

`door.Harvest` is what a node shows; `runner` reads and stores; `estran.catalogue.harvesters` speak the protocols.
"""

from estran.catalogue.harvest.values import (
    EntryPage,
    HarvestEntry,
    HarvestSource,
    MissedDocument,
    RunReport,
    RunState,
)

__all__ = ["EntryPage", "HarvestEntry", "HarvestSource", "MissedDocument", "RunReport", "RunState"]

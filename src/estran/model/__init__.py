"""The pivot model: frozen values that every room shares, on the standard library alone."""

from estran.model.document import plain
from estran.model.item import Item
from estran.model.observation import Datastream, FlagMeaning, Sensor, SensorEvent, Thing
from estran.model.organisation import ORGANISATION_KINDS, STATUSES, Organisation
from estran.model.place import Box, hull
from estran.model.record import (
    CONCEPT_ROLES,
    KINDS,
    NODE_FIELDS,
    ROLES,
    Concept,
    Conformity,
    Constraint,
    Distribution,
    Extent,
    Funding,
    Identifier,
    Licence,
    Party,
    Quality,
    Record,
    Relation,
    Variable,
    Vertical,
)
from estran.model.text import Text
from estran.model.time import (
    EVER_US,
    NEVER_US,
    Period,
    bounds,
    date,
    instant_us,
    interval,
    moment,
    moment_us,
    now,
    now_us,
)

__all__ = [
    "CONCEPT_ROLES", "EVER_US", "KINDS", "NEVER_US", "NODE_FIELDS", "ORGANISATION_KINDS", "ROLES",
    "STATUSES", "Box", "Concept", "Conformity", "Constraint", "Datastream", "Distribution", "Extent", "FlagMeaning",
    "Funding", "Identifier", "Item", "Licence", "Organisation", "Party", "Period", "Quality", "Record",
    "Relation", "Sensor", "SensorEvent", "Text", "Thing", "Variable", "Vertical", "bounds", "date", "hull",
    "instant_us", "interval", "moment", "moment_us", "now", "now_us", "plain",
]  # fmt: skip

"""The tables of a node, the same on every engine; text and place indexes are the engine's own.

Instants are microseconds since 1970 UTC. `pk` is a small number that never leaves the store: sets of
records are Roaring bitmaps of it.
"""

from estran.storage.schema.base import metadata
from estran.storage.schema.concepts import (
    concept,
    concept_label,
    concept_name,
    concept_relation,
    concept_scheme,
    concept_source,
    concept_token,
    facet_concept,
    facet_word,
)
from estran.storage.schema.feeds import feed, feed_file, feed_refusal
from estran.storage.schema.harvest import harvest_entry, harvest_missed, harvest_run, harvest_source
from estran.storage.schema.items import item, item_body, item_collection, item_queryable, item_value
from estran.storage.schema.nodes import meta, organisation, session, source
from estran.storage.schema.observations import (
    datastream,
    doubtful_tile,
    former_description,
    former_observation,
    observation,
    observed_block,
    observed_dataset,
    observed_property,
    observed_tile,
    sensor,
    thing,
    thing_word,
)
from estran.storage.schema.quality import test_plan, tested_datastream, verdict
from estran.storage.schema.records import (
    blob,
    change,
    external_id,
    facet_bits,
    facet_value,
    link_check,
    link_use,
    original,
    period,
    record,
    record_cluster,
    record_document,
    record_identity,
    token,
)
from estran.storage.schema.remote import copied_series
from estran.storage.schema.sensing import (
    feature,
    historical_location,
    historical_place,
    location,
    observation_said,
    thing_location,
)
from estran.storage.schema.views import saved_view

__all__ = [
    "blob",
    "change",
    "concept",
    "concept_label",
    "concept_name",
    "concept_relation",
    "concept_scheme",
    "concept_source",
    "concept_token",
    "copied_series",
    "datastream",
    "doubtful_tile",
    "external_id",
    "facet_bits",
    "facet_concept",
    "facet_value",
    "facet_word",
    "feature",
    "feed",
    "feed_file",
    "feed_refusal",
    "former_description",
    "former_observation",
    "harvest_entry",
    "harvest_missed",
    "harvest_run",
    "harvest_source",
    "historical_location",
    "historical_place",
    "item",
    "item_body",
    "item_collection",
    "item_queryable",
    "item_value",
    "link_check",
    "link_use",
    "location",
    "meta",
    "metadata",
    "observation",
    "observation_said",
    "observed_block",
    "observed_dataset",
    "observed_property",
    "observed_tile",
    "organisation",
    "original",
    "period",
    "record",
    "record_cluster",
    "record_document",
    "record_identity",
    "saved_view",
    "sensor",
    "session",
    "source",
    "test_plan",
    "tested_datastream",
    "thing",
    "thing_location",
    "thing_word",
    "token",
    "verdict",
]

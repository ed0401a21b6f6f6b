"""The tables of a node, the same on every engine; text and place indexes are the engine's own.

Instants are microseconds since 1970 UTC. `pk` is a small number that never leaves the store: sets of
records are Roaring bitmaps of it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# Text compares by code point on every engine.
_Text = String().with_variant(String(collation="C"), "postgresql")

meta = Table(
    "meta", metadata, Column("key", _Text, primary_key=True), Column("value", LargeBinary, nullable=False)
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("centre", _Text, nullable=False),
    Column("visibility", _Text, nullable=False),
    Column("added", BigInteger, nullable=False),
)

# A catalogue of somebody else that is read from time to time.
harvest_source = Table(
    "harvest_source",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("protocol", _Text, nullable=False),
    Column("url", _Text, nullable=False),
    # JSON object.
    Column("options", LargeBinary, nullable=False),
    Column("centre", _Text, nullable=False),
    Column("visibility", _Text, nullable=False),
    # A cron expression, empty for none.
    Column("schedule", _Text, nullable=False),
    Column("precedence", Integer, nullable=False),
    Column("active", Integer, nullable=False),
    Column("added", BigInteger, nullable=False),
    # When the last visits began that were complete: of any kind, and of the whole source.
    Column("complete", BigInteger),
    Column("complete_full", BigInteger),
    # Who harvests it now, and until when that is believed without a further sign of life.
    Column("holder", _Text, nullable=False),
    Column("lease", BigInteger, nullable=False),
)

harvest_run = Table(
    "harvest_run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("source", Integer, ForeignKey("harvest_source.number", ondelete="CASCADE"), nullable=False),
    Column("state", _Text, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    # Instant (RFC 3339) from which changes are asked for, empty for everything.
    Column("since", _Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    # Of the last mark that the protocol gave, as JSON; and whether it came to its end.
    Column("position", LargeBinary),
    Column("visited", Integer, nullable=False),
    # How many things the source had when it began.
    Column("had", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("announced", Integer),
    Column("note", _Text, nullable=False),
    Index("harvest_run_source", "source", "id"),
)

# One row a thing that the source named: what it gave last, and what became of it here.
harvest_entry = Table(
    "harvest_entry",
    metadata,
    Column("source", Integer, ForeignKey("harvest_source.number", ondelete="CASCADE"), primary_key=True),
    Column("key", _Text, primary_key=True),
    # Of the document's bytes, missing where it is to be read again.
    Column("sha256", LargeBinary),
    # The source's word for its version.
    Column("stamp", _Text, nullable=False),
    # The last run that saw it, and what that run did: new, changed, unchanged, refused or removed.
    Column("run", Integer, nullable=False),
    Column("outcome", _Text, nullable=False),
    # held, refused (what was held before stays) or gone.
    Column("state", _Text, nullable=False),
    # The records and items that it became, as JSON.
    Column("became", LargeBinary, nullable=False),
    Column("why", _Text),
    sqlite_with_rowid=False,
)
Index(
    "harvest_entry_state", harvest_entry.c.source, harvest_entry.c.state, harvest_entry.c.key,
    sqlite_where=harvest_entry.c.state != "held", postgresql_where=harvest_entry.c.state != "held",
)  # fmt: skip
Index("harvest_entry_sha256", harvest_entry.c.sha256, sqlite_where=harvest_entry.c.state == "refused",
    postgresql_where=harvest_entry.c.state == "refused",
)  # fmt: skip

# What a source named and did not give.
harvest_missed = Table(
    "harvest_missed",
    metadata,
    Column("run", Integer, ForeignKey("harvest_run.id", ondelete="CASCADE"), primary_key=True),
    Column("place", _Text, primary_key=True),
    Column("why", _Text, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("id", _Text, nullable=False, unique=True),
    Column("source", _Text, nullable=False),
    # What names it within its source: the identifier, else the path.
    Column("key", _Text, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("title", _Text),
    Column("centre", _Text, nullable=False),
    Column("visibility", _Text, nullable=False),
    Column("owner", _Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # Dates of the description and of the resource, for sorting and for "the newest wins".
    Column("modified", BigInteger),
    Column("created", BigInteger),
    Column("published", BigInteger),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("language", _Text),
    Column("access", _Text),
    Column("licence", _Text),
    # Number of the load that wrote it last.
    Column("run", Integer, nullable=False),
    UniqueConstraint("source", "key"),
    Index("record_updated", "updated", "id"),
    Index("record_title", "title", "id"),
    Index("record_published", "published", "id"),
    Index("record_start", "start", "id"),
    Index("record_end", "end", "id"),
)

# Apart from the narrow row, so that scans never touch documents.
record_document = Table(
    "record_document",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    # The pivot as JSON, zstd; marks: ids of the facet values that it carries, as little-endian uint32.
    Column("document", LargeBinary, nullable=False),
    Column("marks", LargeBinary, nullable=False),
    Column("description", _Text),
)

original = Table(
    "original",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("format", _Text, nullable=False),
    Column("name", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("original_sha256", "sha256"),
)

# Bytes as they came, zstd; one catalogue file may be the original of a thousand records.
blob = Table(
    "blob",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

external_id = Table(
    "external_id",
    metadata,
    Column("value", _Text, primary_key=True),
    Column("scheme", _Text, primary_key=True),
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    Index("external_id_pk", "pk"),
)

# Keys by which records are known to describe one dataset; the source stands in each row, so that a key is
# judged by the index alone.
record_identity = Table(
    "record_identity",
    metadata,
    Column("key", _Text, primary_key=True),
    Column("source", _Text, primary_key=True),
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    # Of the record, in short: what one source calls differently is not the same.
    Column("title", _Text, nullable=False),
    Index("record_identity_pk", "pk"),
    sqlite_with_rowid=False,
)

# Records that describe one dataset together, the best of them first; also those that once did.
record_cluster = Table(
    "record_cluster",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # The smallest pk of them.
    Column("cluster", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    # Newest change that touched it, as in facet_bits.
    Column("seq", Integer, nullable=False),
    Index("record_cluster_cluster", "cluster", "rank"),
    Index("record_cluster_seq", "seq"),
)

period = Table(
    "period",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Index("period_span", "start", "end", "pk"),
)

facet_value = Table(
    "facet_value",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("field", _Text, nullable=False),
    Column("value", _Text, nullable=False),
    UniqueConstraint("field", "value"),
)

# Which records carry a value: one Roaring bitmap per 65,536 pks, so that a batch rewrites little.
facet_bits = Table(
    "facet_bits",
    metadata,
    Column("value", Integer, ForeignKey("facet_value.id"), primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("bits", LargeBinary, nullable=False),
    # Newest change that touched it: readers fetch only what is newer than what they hold.
    Column("seq", Integer, nullable=False),
    Index("facet_bits_seq", "seq"),
)

# An address that records lead to, and what came of asking it; the key is a hash of what is asked and expected.
link_check = Table(
    "link_check",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("url", _Text, nullable=False),
    Column("host", _Text, nullable=False),
    Column("kind", _Text, nullable=False),
    # Family of the format that is claimed.
    Column("family", _Text, nullable=False),
    Column("state", _Text, nullable=False),
    Column("reason", _Text, nullable=False),
    Column("detail", _Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", _Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("checked", BigInteger),
    Column("last_ok", BigInteger),
    # Since when it is in this state; failing and dead count together.
    Column("since", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    # JSON: the last changes of its state.
    Column("history", LargeBinary),
    Index("link_check_due", "due", "key"),
    Index("link_check_state", "state"),
)

# Which records lead there, and to which layer of a service; missing where the service does not have it.
link_use = Table(
    "link_use",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("link", LargeBinary, ForeignKey("link_check.key", ondelete="CASCADE"), primary_key=True),
    Column("layer", _Text, primary_key=True),
    Column("missing", Integer, nullable=False),
    Index("link_use_link", "link", "layer"),
)

change = Table(
    "change",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", _Text, nullable=False),
    Column("id", _Text, nullable=False),
    Column("op", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", _Text, nullable=False),
    # Of items there are millions, and nobody asks what became of one.
    Index(
        "change_id", "id", "seq", sqlite_where=text("kind <> 'item'"), postgresql_where=text("kind <> 'item'")
    ),
)

token = Table(
    "token",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("name", _Text, nullable=False),
    Column("role", _Text, nullable=False),
    Column("centre", _Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

# A vocabulary. Its concepts and labels have consecutive numbers, from the first to the last.
concept_scheme = Table(
    "concept_scheme",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", _Text, nullable=False, unique=True),
    Column("uri", _Text, nullable=False, unique=True),
    Column("document", LargeBinary, nullable=False),
    # What was found when it was taken in: counts and defects.
    Column("holding", LargeBinary, nullable=False),
    Column("loaded", BigInteger, nullable=False),
    Column("first_concept", Integer, nullable=False),
    Column("last_concept", Integer, nullable=False),
    Column("first_label", Integer, nullable=False),
    Column("last_label", Integer, nullable=False),
)

# The bytes that it came as, zstd.
concept_source = Table(
    "concept_source",
    metadata,
    Column("scheme", Integer, ForeignKey("concept_scheme.number", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("format", _Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

concept = Table(
    "concept",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("scheme", Integer, ForeignKey("concept_scheme.number", ondelete="CASCADE"), nullable=False),
    Column("uri", _Text, nullable=False),
    Column("local", _Text, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("deprecated", Integer, nullable=False),
    # 1 where a tree begins: a top concept, or one that no other leads to.
    Column("top", Integer, nullable=False),
    # Its first label, folded: the order of lists.
    Column("title", _Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("scheme", "uri"),
    UniqueConstraint("scheme", "local"),
    Index("concept_uri", "uri"),
    Index("concept_title", "scheme", "top", "title", "pk"),
)

# Names by which data call a concept: notations, standard names, names that stood for it before.
concept_name = Table(
    "concept_name",
    metadata,
    Column("name", _Text, primary_key=True),
    Column("concept", Integer, ForeignKey("concept.pk", ondelete="CASCADE"), primary_key=True),
    Index("concept_name_concept", "concept"),
)

concept_label = Table(
    "concept_label",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("concept", Integer, ForeignKey("concept.pk", ondelete="CASCADE"), nullable=False),
    Column("language", _Text, nullable=False),
    # 0 preferred, 1 alternative, 2 hidden, 3 a name.
    Column("kind", Integer, nullable=False),
    Column("words", _Text, nullable=False),
    Index("concept_label_concept", "concept"),
)

# The words of labels, stemmed; rank stands in the key, so that the best come first without sorting.
concept_token = Table(
    "concept_token",
    metadata,
    Column("token", _Text, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("label", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

concept_relation = Table(
    "concept_relation",
    metadata,
    Column("subject", _Text, primary_key=True),
    Column("predicate", _Text, primary_key=True),
    Column("object", _Text, primary_key=True),
    # Which vocabulary says so.
    Column(
        "scheme",
        Integer,
        ForeignKey("concept_scheme.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Index("concept_relation_object", "object", "predicate", "subject"),
    Index("concept_relation_scheme", "scheme"),
    sqlite_with_rowid=False,
)

# What the words and addresses that records carry mean: concepts, whether a vocabulary here has them or not.
facet_concept = Table(
    "facet_concept",
    metadata,
    Column("value", Integer, ForeignKey("facet_value.id"), primary_key=True, autoincrement=False),
    Column("concept", _Text, primary_key=True),
    # uri: the record says it; label, stem: by a label as written or in stems; replaced: took its place.
    Column("how", _Text, nullable=False),
    Column("deprecated", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# The words of all labels of those concepts, stemmed, in French ("f…") and in English ("e…").
facet_word = Table(
    "facet_word",
    metadata,
    Column("token", _Text, primary_key=True),
    Column("value", Integer, ForeignKey("facet_value.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

item_collection = Table(
    "item_collection",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", _Text, nullable=False, unique=True),
    # Zstandard dictionary of its items' bodies, made from the first of them.
    Column("dictionary", LargeBinary),
    # No item of it was ever longer, in microseconds: an item that reaches into a time starts no earlier.
    Column("longest", BigInteger, nullable=False, server_default="0"),
)

# Narrow rows to filter and to order by; whatever else an item says stands in its body.
item = Table(
    "item",
    metadata,
    Column("pk", BigInteger, primary_key=True, autoincrement=False),
    Column("collection", Integer, ForeignKey("item_collection.number"), nullable=False),
    Column("id", _Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # Its instant, or the ends of its interval: [start, end) in microseconds.
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    # The corners of its box; missing where it has no geometry.
    Column("west", Float),
    Column("south", Float),
    Column("east", Float),
    Column("north", Float),
    # Its geometry as WKB, where it is not its box.
    Column("shape", LargeBinary),
    Column("cloud_cover", Float),
    Column("gsd", Float),
    Column("orbit", Integer),
    Column("platform", _Text),
    Column("constellation", _Text),
    Column("instrument", _Text),
    Column("level", _Text),
    Column("tile", _Text),
    # In this order, so that an id is found whatever its collection.
    UniqueConstraint("id", "collection"),
)
Index("item_newest", item.c.start, item.c.id, item.c.collection)

item_body = Table(
    "item_body",
    metadata,
    Column("pk", BigInteger, ForeignKey("item.pk", ondelete="CASCADE"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("links", LargeBinary, nullable=False),
)

# Properties that the operator declared, beside those that have a column of their own.
item_queryable = Table(
    "item_queryable",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", _Text, nullable=False, unique=True),
    Column("kind", _Text, nullable=False),
    Column("title", _Text, nullable=False),
    # "filling" until all items are entered, then "ready"; "leaving" while they are taken out.
    Column("state", _Text, nullable=False),
)

# Their values: one row an item and property that it has, several where it is a list. Property 0 stands for the
# instruments of items that have more than one. The key begins with pk, for an item's rows go with it.
item_value = Table(
    "item_value",
    metadata,
    Column("pk", BigInteger, ForeignKey("item.pk", ondelete="CASCADE"), primary_key=True),
    Column("property", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False, server_default="0"),
    # One of the two: a number, or microseconds of an instant, or a text.
    Column("number", Float),
    Column("text", _Text),
    sqlite_with_rowid=False,
)
for _column in (item_value.c.number, item_value.c.text):
    _given = _column.is_not(None)
    Index(
        f"item_value_{_column.name}", item_value.c.property, _column, item_value.c.pk,
        sqlite_where=_given, postgresql_where=_given,
    )  # fmt: skip

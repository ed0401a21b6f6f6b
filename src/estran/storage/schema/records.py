"""Records, what they carry and where they lead; the change log and tokens."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)

from estran.storage.schema.base import Text, metadata

record = Table(
    "record",
    metadata,
    Column("pk", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    # What names it within its source: the identifier, else the path.
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text),
    Column("centre", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    # Dates of the description and of the resource, for sorting and for "the newest wins".
    Column("modified", BigInteger),
    Column("created", BigInteger),
    Column("published", BigInteger),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("language", Text),
    Column("access", Text),
    Column("licence", Text),
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
    Column("description", Text),
)

original = Table(
    "original",
    metadata,
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("format", Text, nullable=False),
    Column("name", Text, nullable=False),
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
    Column("value", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    Index("external_id_pk", "pk"),
)

# Keys by which records are known to describe one dataset; the source stands in each row, so that a key is
# judged by the index alone.
record_identity = Table(
    "record_identity",
    metadata,
    Column("key", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("pk", Integer, ForeignKey("record.pk", ondelete="CASCADE"), primary_key=True),
    # Of the record, in short: what one source calls differently is not the same.
    Column("title", Text, nullable=False),
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
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
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
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # Family of the format that is claimed.
    Column("family", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
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
    Column("layer", Text, primary_key=True),
    Column("missing", Integer, nullable=False),
    Index("link_use_link", "link", "layer"),
)

change = Table(
    "change",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    # Of items there are millions, and nobody asks what became of one.
    Index(
        "change_id", "id", "seq", sqlite_where=text("kind <> 'item'"), postgresql_where=text("kind <> 'item'")
    ),
)

token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("centre", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)

"""Catalogues of others: sources, runs, and what each thing they named became."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from estran.storage.schema.base import Text, metadata

# A catalogue of somebody else that is read from time to time.
harvest_source = Table(
    "harvest_source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("protocol", Text, nullable=False),
    Column("url", Text, nullable=False),
    # JSON object.
    Column("options", LargeBinary, nullable=False),
    Column("centre", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    # A cron expression, empty for none.
    Column("schedule", Text, nullable=False),
    Column("precedence", Integer, nullable=False),
    Column("active", Integer, nullable=False),
    Column("added", BigInteger, nullable=False),
    # When the last visits began that were complete: of any kind, and of the whole source.
    Column("complete", BigInteger),
    Column("complete_full", BigInteger),
    # Who harvests it now, and until when that is believed without a further sign of life.
    Column("holder", Text, nullable=False),
    Column("lease", BigInteger, nullable=False),
)

harvest_run = Table(
    "harvest_run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("source", Integer, ForeignKey("harvest_source.number", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),
    Column("whole", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    # Instant (RFC 3339) from which changes are asked for, empty for everything.
    Column("since", Text, nullable=False),
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
    Column("note", Text, nullable=False),
    Index("harvest_run_source", "source", "id"),
)

# One row a thing that the source named: what it gave last, and what became of it here.
harvest_entry = Table(
    "harvest_entry",
    metadata,
    Column("source", Integer, ForeignKey("harvest_source.number", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    # Of the document's bytes, missing where it is to be read again.
    Column("sha256", LargeBinary),
    # The source's word for its version.
    Column("stamp", Text, nullable=False),
    # The last run that saw it, and what that run did: new, changed, unchanged, refused or removed.
    Column("run", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    # held, refused (what was held before stays) or gone.
    Column("state", Text, nullable=False),
    # The records and items that it became, as JSON.
    Column("became", LargeBinary, nullable=False),
    Column("why", Text),
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
    Column("place", Text, primary_key=True),
    Column("why", Text, nullable=False),
)

"""Quality of observations: what experts say of a period, what is tested, and what waits for its tests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from estran.storage.schema.base import Text, metadata

verdict = Table(
    "verdict",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("datastream", Integer, ForeignKey("datastream.number", ondelete="CASCADE"), nullable=False),
    # Microseconds since 1970 UTC; from the start, before the end.
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    # QARTOD's.
    Column("code", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", BigInteger),
)
Index("verdict_datastream", verdict.c.datastream)

test_plan = Table(
    "test_plan",
    metadata,
    Column("name", Text, primary_key=True),
    # JSON: its rules, in order.
    Column("document", LargeBinary, nullable=False),
    Column("hash", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# Datastreams that are tested.
tested_datastream = Table(
    "tested_datastream",
    metadata,
    Column("datastream", Integer, ForeignKey("datastream.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    # Of the tests that its outcomes come from, "" before the first.
    Column("hash", Text, nullable=False),
    # First and last instant at which something was written since; nothing where nothing was.
    Column("first", BigInteger),
    Column("last", BigInteger),
    # The newest write of those that wait.
    Column("version", BigInteger, nullable=False, server_default="0"),
)  # fmt: skip

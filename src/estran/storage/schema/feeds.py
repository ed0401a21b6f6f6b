"""Feeds of observations: where they come from by themselves, what was read of them, and what was refused."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table

from estran.storage.schema.base import Text, metadata

feed = Table(
    "feed",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    # A folder, or the address of a server or broker; "" for what is pushed.
    Column("address", Text, nullable=False),
    # JSON object.
    Column("options", LargeBinary, nullable=False),
    # The record of the dataset that everything goes to; "" for one that is made of the feed.
    Column("record", Text, nullable=False),
    Column("centre", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    # A cron expression, empty for none.
    Column("schedule", Text, nullable=False),
    Column("added", BigInteger, nullable=False),
    # When something came last, and what came since the feed was added.
    Column("heard", BigInteger),
    Column("messages", BigInteger, nullable=False, server_default="0"),
    Column("new", BigInteger, nullable=False, server_default="0"),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    # What kept it from being read at all, the last time it was; "" where nothing did.
    Column("error", Text, nullable=False, server_default=""),
    Column("failed", BigInteger),
    # When the record that is made of it was described last.
    Column("described", BigInteger),
)

# Files of folders that were read.
feed_file = Table(
    "feed_file",
    metadata,
    Column("feed", Text, ForeignKey("feed.name", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    # In nanoseconds since 1970, as the folder tells it.
    Column("modified", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("read", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What could not be stored, the newest of each feed.
feed_refusal = Table(
    "feed_refusal",
    metadata,
    Column("feed", Text, ForeignKey("feed.name", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    # The file, topic or address that it came by.
    Column("place", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("why", Text, nullable=False),
    # How what was refused begins, where it is not in a file.
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

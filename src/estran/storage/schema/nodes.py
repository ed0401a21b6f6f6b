"""What a node is: its notebook, its organisations, where its records come from."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from estran.storage.schema.base import Text, metadata

meta = Table(
    "meta", metadata, Column("key", Text, primary_key=True), Column("value", LargeBinary, nullable=False)
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("centre", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("added", BigInteger, nullable=False),
)

# Who is signed in through a browser: a hash of what their cookie says, the token that they showed, and the end in
# seconds since 1970.
session = Table(
    "session",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("token", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("session_token", "token"),
)

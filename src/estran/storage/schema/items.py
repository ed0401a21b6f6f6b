"""Items (granules), and the properties that an operator declared."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from estran.storage.schema.base import Text, metadata

item_collection = Table(
    "item_collection",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
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
    Column("id", Text, nullable=False),
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
    Column("platform", Text),
    Column("constellation", Text),
    Column("instrument", Text),
    Column("level", Text),
    Column("tile", Text),
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
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    # "filling" until all items are entered, then "ready"; "leaving" while they are taken out.
    Column("state", Text, nullable=False),
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
    Column("text", Text),
    sqlite_with_rowid=False,
)
for _column in (item_value.c.number, item_value.c.text):
    _given = _column.is_not(None)
    Index(
        f"item_value_{_column.name}", item_value.c.property, _column, item_value.c.pk,
        sqlite_where=_given, postgresql_where=_given,
    )  # fmt: skip

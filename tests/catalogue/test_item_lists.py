"""Values of lists in a node that an older Estran wrote."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from sqlalchemy import text

from estran.catalogue.items import ItemQuery
from estran.storage import Database
from tests.catalogue.test_items import item

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.node import Node

_BEFORE = (
    "ALTER TABLE item_value RENAME TO item_value_now",
    (
        "CREATE TABLE item_value (pk BIGINT NOT NULL REFERENCES item (pk) ON DELETE CASCADE,"
        " property INTEGER NOT NULL, number FLOAT, text VARCHAR, PRIMARY KEY (pk, property))"
    ),
    "INSERT INTO item_value SELECT pk, property, number, text FROM item_value_now WHERE position = 0",
    "DROP TABLE item_value_now",
    "CREATE INDEX item_value_number ON item_value (property, number, pk)",
    "CREATE INDEX item_value_text ON item_value (property, text, pk)",
    "UPDATE alembic_version SET version_num = '0004'",
)


def test_declared_values_outlive_the_migration(open_node: Callable[[Path], Node], tmp_path: Path) -> None:
    document = item(1, random.Random(1))
    document["properties"] |= {"view:sun": 3.5, "instruments": ["msi", "olci"], "eo:tags": ["a", "b"]}
    file = tmp_path / "a.ndjson"
    file.write_text(json.dumps(document), "utf-8")
    with open_node(tmp_path / "node") as node:
        node.items.declare("view:sun", "number")
        node.load(file)
        url, name = node._house.database.url, node._house.database.engine.scheme
    old = Database(url)
    with old.write() as connection:
        if name == "postgresql":
            connection.execute(text("ALTER INDEX item_value_pkey RENAME TO item_value_now_pkey"))
        for statement in _BEFORE:
            connection.execute(text(statement))
    old.close()
    with open_node(tmp_path / "node") as node:
        node.items.declare("eo:tags", "list")
        for asked in ("view:sun = 3.5", "a_contains(eo:tags, ('b', 'a'))"):
            assert [i.id for i in node.items.search(ItemQuery(filter=asked))] == ["item-1"]
        # What the older program did not keep comes with the item.
        olci = ItemQuery(filter="a_contains(instruments, ('olci'))")
        assert not node.items.search(olci)
        document["properties"]["title"] = "again"
        file.write_text(json.dumps(document), "utf-8")
        node.load(file)
        assert node.items.search(olci)

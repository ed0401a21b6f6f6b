"""What belongs to a record, and what an organisation took part in, are found from their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from estran.catalogue.query import Query
from estran.catalogue.store.inbound import numbers, packed
from estran.formats import Links, find
from estran.model import Party, Record, Relation, Text
from estran.storage import put_meta, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

RECORDS = (
    Record(identifier="whole", kind="collection", title=Text.of("Whole"), parties=(Party(role="owner", organisation=Text.of("Ifremer")),)),
    Record(identifier="part", kind="dataset", title=Text.of("Part"), relations=(Relation(kind="IsPartOf", target="whole"),)),
    Record(identifier="cites", kind="dataset", title=Text.of("Cites"), relations=(Relation(kind="References", target="whole", type="Dataset"),)),
    Record(identifier="serves", kind="service", title=Text.of("Serves"), relations=(Relation(kind="References", target="whole", type="Dataset"),)),
)  # fmt: skip


@pytest.fixture
def held(open_node: Callable[[Path], Node], tmp_path: Path) -> Iterator[Node]:
    write = find("estran-json").write
    assert write
    files = tmp_path / "files"
    files.mkdir()
    for record in RECORDS:
        (files / f"{record.identifier}.json").write_bytes(write(record, Links()).body)
    with open_node(tmp_path / "node") as node:
        node.load(files)
        yield node


def found(node: Node, **where: str) -> set[str]:
    return {r.identifier for r in node.ask(Query(where={f: (v,) for f, v in where.items()}))}


def test_parts_and_services_of_a_record(held: Node):
    assert found(held, related="whole") == {"part", "serves"}
    assert found(held, organisation="Ifremer") == {"whole"}
    assert dict(held.ask(Query(counts=("organisation",))).facets["organisation"]) == {"Ifremer": 1}


def test_records_of_before_are_marked(held: Node, open_node: Callable[[Path], Node], tmp_path: Path):
    with held._house.database.write() as connection:
        v, d, b = schema.facet_value, schema.record_document, schema.facet_bits
        ours = set(
            connection.execute(select(v.c.id).where(v.c.field.in_(("related", "organisation")))).scalars()
        )
        for pk, marks in connection.execute(select(d.c.pk, d.c.marks)).all():
            kept = packed(numbers(marks) - ours)
            connection.execute(update(d).where(d.c.pk == pk).values(marks=kept))
        connection.execute(delete(b).where(b.c.value.in_(ours)))
        put_meta(connection, "concepts-unmarked", b"")
    with open_node(tmp_path / "node") as node:
        assert found(node, related="whole") == {"part", "serves"}
        assert found(node, organisation="Ifremer") == {"whole"}

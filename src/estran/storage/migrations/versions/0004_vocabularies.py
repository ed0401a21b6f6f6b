"""Vocabularies with labels, relations and words to search by, in place of a list of concepts."""

import json

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    schema.concept_scheme,
    schema.concept_source,
    schema.concept,
    schema.concept_name,
    schema.concept_label,
    schema.concept_token,
    schema.concept_relation,
)


def upgrade() -> None:
    """Make the tables; what the old one held waits in the node's notebook for the vocabularies' own door."""
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    if inspector.has_table("concept") and "name" in {c["name"] for c in inspector.get_columns("concept")}:
        rows = connection.execute(sa.text("SELECT uri, scheme, document FROM concept")).all()
        kept = [(uri, scheme, bytes(document).decode()) for uri, scheme, document in rows]
        if kept:
            connection.execute(
                sa.insert(schema.meta).values(key="vocabularies-before", value=json.dumps(kept).encode())
            )
        connection.execute(sa.text("DROP TABLE concept"))
    schema.metadata.create_all(connection, tables=_TABLES)

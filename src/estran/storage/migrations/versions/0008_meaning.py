"""What the words of records mean."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; records that are there are to be marked with their concepts by the catalogue."""
    connection = op.get_bind()
    for table in (schema.facet_concept, schema.facet_word):
        table.create(connection, checkfirst=True)
    if connection.execute(sa.select(schema.record.c.pk).limit(1)).first():
        noted = sa.insert(schema.meta).values(key="concepts-unmarked", value=b"")
        connection.execute(noted)

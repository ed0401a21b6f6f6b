"""Views of the catalogue that projects have; ties and organisations of records as marks."""

import sqlalchemy as sa
from alembic import op

from estran.storage import get_meta, put_meta, schema

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; records that are there are to be marked by the catalogue."""
    connection = op.get_bind()
    schema.saved_view.create(connection, checkfirst=True)
    held = connection.execute(sa.select(schema.record.c.pk).limit(1)).first()
    if held and get_meta(connection, "concepts-unmarked") is None:
        put_meta(connection, "concepts-unmarked", b"")

"""Feeds of observations."""

from alembic import op

from estran.storage import schema

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    for table in (schema.feed, schema.feed_file, schema.feed_refusal):
        table.create(op.get_bind(), checkfirst=True)

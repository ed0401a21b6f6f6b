"""Sources that are harvested, their runs, and what they gave."""

from alembic import op

from estran.storage import schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables where they are not there."""
    connection = op.get_bind()
    for table in (schema.harvest_source, schema.harvest_run, schema.harvest_entry, schema.harvest_missed):
        table.create(connection, checkfirst=True)

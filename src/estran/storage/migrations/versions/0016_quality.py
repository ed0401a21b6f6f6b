"""What experts say of periods, what is tested, and what waits for its tests."""

from alembic import op

from estran.storage import schema

revision = "0016"
down_revision = "0015a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    for table in (schema.verdict, schema.test_plan, schema.tested_datastream):
        table.create(connection, checkfirst=True)

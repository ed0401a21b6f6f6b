"""Which records describe one dataset."""

from alembic import op

from estran.storage import schema

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the catalogue fills them from its records when it is opened."""
    schema.metadata.create_all(op.get_bind(), tables=(schema.record_identity, schema.record_cluster))

"""Which addresses records lead to, and what came of asking them."""

from alembic import op

from estran.storage import schema

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; the first check of links fills them from the records."""
    schema.metadata.create_all(op.get_bind(), tables=(schema.link_check, schema.link_use))

"""What was taken of series of other servers."""

from alembic import op

from estran.storage import schema

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    schema.copied_series.create(op.get_bind(), checkfirst=True)

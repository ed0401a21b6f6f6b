"""Views of the catalogue that projects have."""

from alembic import op

from estran.storage import schema

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    schema.saved_view.create(op.get_bind(), checkfirst=True)

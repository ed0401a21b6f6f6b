"""What is said of single observations that their rows have no room for."""

from alembic import op

from estran.storage import schema

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    schema.observation_said.create(op.get_bind(), checkfirst=True)

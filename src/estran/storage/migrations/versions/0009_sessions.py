"""Who is signed in through a browser."""

from alembic import op

from estran.storage import schema

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; whoever was signed in signs in anew."""
    schema.session.create(op.get_bind(), checkfirst=True)

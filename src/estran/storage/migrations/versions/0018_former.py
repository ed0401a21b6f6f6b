"""What observations said before, of datasets that keep it."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column."""
    connection = op.get_bind()
    schema.former_observation.create(connection, checkfirst=True)
    held = {column["name"] for column in sa.inspect(connection).get_columns("observed_dataset")}
    if "history_since" not in held:
        op.add_column("observed_dataset", sa.Column("history_since", sa.BigInteger()))

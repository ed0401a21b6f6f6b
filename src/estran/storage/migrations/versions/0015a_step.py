"""How far apart the observations of a datastream usually are."""

import sqlalchemy as sa
from alembic import op

revision = "0015a"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it is filled with what is written from now on."""
    if "step" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("datastream")}:
        op.add_column("datastream", sa.Column("step", sa.BigInteger()))

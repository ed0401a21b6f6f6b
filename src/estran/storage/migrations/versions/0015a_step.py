"""How far apart the observations of a datastream usually are, and where the newest was made."""

import sqlalchemy as sa
from alembic import op

revision = "0015a"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; they are filled with what is written from now on."""
    held = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("datastream")}
    kinds = {"step": sa.BigInteger(), "last_longitude": sa.Float(), "last_latitude": sa.Float()}
    for name, kind in kinds.items():
        if name not in held:
            op.add_column("datastream", sa.Column(name, kind))

"""How good the observations of a tile are."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table and the column, which says of tiles made before that nothing is known."""
    connection = op.get_bind()
    schema.doubtful_tile.create(connection, checkfirst=True)
    held = {column["name"] for column in sa.inspect(connection).get_columns("observed_tile")}
    if "worst" not in held:
        op.add_column("observed_tile", sa.Column("worst", sa.Integer))

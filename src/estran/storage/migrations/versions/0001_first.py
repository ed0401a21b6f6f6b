"""The first tables."""

from alembic import context, op

from estran.storage import schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and the engine's own indexes."""
    connection = op.get_bind()
    schema.metadata.create_all(connection)
    engine = context.config.attributes["engine"]
    engine.place_index.create(connection)
    engine.text_index.create(connection)
    engine.item_index.create(connection)

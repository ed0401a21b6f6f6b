"""Datastreams and their observations."""

from alembic import op

from estran.storage import schema

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    for table in (
        schema.observed_dataset, schema.thing, schema.sensor, schema.observed_property, schema.datastream,
        schema.observation, schema.observed_tile,
    ):  # fmt: skip
        table.create(connection, checkfirst=True)

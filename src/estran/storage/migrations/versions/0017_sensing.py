"""Places of things, features of interest, and what SensorThings says of each entity."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema
from estran.storage.schema.base import Text

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TOLD = ("thing", "sensor", "observed_property", "datastream")


def upgrade() -> None:
    """Make the tables and add the columns; what they tell of what is there is written when it is first asked for."""
    connection = op.get_bind()
    for table in (
        schema.location, schema.thing_location, schema.historical_location, schema.historical_place, schema.feature,
    ):  # fmt: skip
        table.create(connection, checkfirst=True)
    for table, name, kind in (
        *((table, "told", Text) for table in _TOLD),
        ("observed_property", "dataset", sa.Integer()),
        ("datastream", "newest", Text),
    ):
        held = {column["name"] for column in sa.inspect(connection).get_columns(table)}
        if name not in held:
            op.add_column(table, sa.Column(name, kind))
    for index in ("datastream_sensor",):
        if index not in {one["name"] for one in sa.inspect(connection).get_indexes("datastream")}:
            op.create_index(index, "datastream", ["sensor"])

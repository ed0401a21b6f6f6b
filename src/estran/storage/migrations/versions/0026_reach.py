"""Where observations of datastreams were made, and when their results came."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; of series that are there it is not known, and does not become known by what comes."""
    connection = op.get_bind()
    if sa.inspect(connection).has_table("datastream_reach"):
        return
    schema.datastream_reach.create(connection)
    of, streams = schema.datastream_reach, schema.datastream
    some = sa.select(streams.c.number, sa.false()).where(streams.c.count > 0)
    connection.execute(sa.insert(of).from_select(["datastream", "whole"], some))

"""The blocks of the files, and tiles that no year bounds."""

import sqlalchemy as sa
from alembic import op

from estran.storage import schema

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_PLACED = "datastream, level, year, position"
_JOINED = " AND ".join(f"tile.{name} = poor.{name}" for name in _PLACED.split(", "))


def upgrade() -> None:
    """Make the table, and key tiles by their first time; blocks come as files are written."""
    connection = op.get_bind()
    schema.observed_block.create(connection, checkfirst=True)
    if "year" not in {column["name"] for column in sa.inspect(connection).get_columns("observed_tile")}:
        return
    op.execute(
        "CREATE TABLE doubtful_before AS SELECT poor.*, tile.first AS first "  # noqa: S608 - fixed names
        f"FROM doubtful_tile AS poor JOIN observed_tile AS tile ON {_JOINED}"
    )
    op.execute("CREATE TABLE tile_before AS SELECT * FROM observed_tile")
    for table, before in ((schema.doubtful_tile, "doubtful_before"), (schema.observed_tile, "tile_before")):
        op.execute(sa.schema.DropTable(table))
        table.create(connection)
        names = [column.name for column in table.columns]
        held = sa.table(before, *(sa.column(name) for name in names))
        connection.execute(sa.insert(table).from_select(names, sa.select(*held.c)))
        op.execute(sa.text(f"DROP TABLE {before}"))

"""Several values of one property of an item."""

from alembic import op
from sqlalchemy import inspect, text

from estran.storage import schema

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each value a position in its list; those that are there were the first."""
    connection = op.get_bind()
    table = schema.item_value
    if "position" in {column["name"] for column in inspect(connection).get_columns(table.name)}:
        return
    # The position belongs to the key, which no engine changes in place.
    connection.execute(text("ALTER TABLE item_value RENAME TO item_value_before"))
    for index in table.indexes:
        connection.execute(text(f"DROP INDEX {index.name}"))
    if connection.dialect.name == "postgresql":
        connection.execute(text("ALTER INDEX item_value_pkey RENAME TO item_value_before_pkey"))
    table.create(connection)
    connection.execute(
        text(
            "INSERT INTO item_value (pk, property, position, number, text)"
            " SELECT pk, property, 0, number, text FROM item_value_before"
        )
    )
    connection.execute(text("DROP TABLE item_value_before"))

"""How datasets that keep what they said were described before, and the words by which their stations find them."""

import msgspec
import sqlalchemy as sa
from alembic import op

from estran.model import Thing
from estran.storage import schema, unpack
from estran.words import split

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and note the words of the stations that there are."""
    connection = op.get_bind()
    schema.former_description.create(connection, checkfirst=True)
    schema.thing_word.create(connection, checkfirst=True)
    found: set[tuple[int, str]] = set()
    things = connection.execute(sa.select(schema.thing.c.dataset, schema.thing.c.document))
    for dataset, document in things:
        thing = msgspec.json.decode(unpack(document), type=Thing) if document else Thing(key="")
        names = " ".join([thing.key, *(words for _, words in thing.name.variants)])
        found |= {(dataset, word) for word in split(names)}
    held = set(
        connection.execute(sa.select(schema.thing_word.c.dataset, schema.thing_word.c.word)).fetchall()
    )
    rows = [
        {"dataset": dataset, "word": word} for dataset, word in sorted(found - {tuple(row) for row in held})
    ]
    if rows:
        connection.execute(sa.insert(schema.thing_word), rows)

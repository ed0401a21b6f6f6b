"""What observations were made of, and what the tests of their quality said."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    held = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("observation")}
    for name, kind in (("feature", sa.Integer()), ("tested", sa.BigInteger())):
        if name not in held:
            op.add_column("observation", sa.Column(name, kind))

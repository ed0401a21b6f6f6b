"""Alembic's entry: the connection comes from `storage.versions`, inside its transaction."""

from alembic import context

from estran.storage import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    transactional_ddl=False,
)
context.run_migrations()

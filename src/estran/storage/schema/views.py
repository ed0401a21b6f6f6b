"""Views of the catalogue that projects have."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from estran.storage.schema.base import Text, metadata

saved_view = Table(
    "saved_view",
    metadata,
    Column("name", Text, primary_key=True),
    # JSON, as the model has it.
    Column("document", LargeBinary, nullable=False),
)

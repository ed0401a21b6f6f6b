"""What all tables share."""

from __future__ import annotations

from sqlalchemy import MetaData, String

metadata = MetaData()

# Text compares by code point on every engine.
Text = String().with_variant(String(collation="C"), "postgresql")

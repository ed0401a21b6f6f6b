"""pyarrow, which takes a while to load."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def pyarrow() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet."""
    return import_module("pyarrow"), import_module("pyarrow.parquet")

"""State: one schema through SQLAlchemy Core, on the engine that a node's URL names."""

from estran.storage.engine import (
    Database,
    Engine,
    ItemIndex,
    PlaceIndex,
    TextIndex,
    get_meta,
    put_meta,
    take_numbers,
)
from estran.storage.packing import pack, unpack
from estran.storage.versions import prepare

__all__ = [
    "Database", "Engine", "ItemIndex", "PlaceIndex", "TextIndex", "get_meta", "pack", "prepare", "put_meta",
    "take_numbers", "unpack",
]  # fmt: skip

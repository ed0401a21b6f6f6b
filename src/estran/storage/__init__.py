"""State: one schema through SQLAlchemy Core, on the engine that a node's URL names."""

from estran.storage.engine import (
    Database,
    Engine,
    ItemIndex,
    PlaceIndex,
    Spelling,
    TextIndex,
    get_meta,
    put_meta,
    take_meta,
    take_numbers,
)
from estran.storage.functions import fold
from estran.storage.packing import pack, unpack
from estran.storage.urls import check_url, has_secret, shown
from estran.storage.versions import prepare, upgrade

__all__ = [
    "Database", "Engine", "ItemIndex", "PlaceIndex", "Spelling", "TextIndex", "check_url", "fold", "get_meta",
    "has_secret", "pack", "prepare", "put_meta", "shown", "take_meta", "take_numbers", "unpack", "upgrade",
]  # fmt: skip

"""State: one schema through SQLAlchemy Core, on the engine that a node's URL names."""

from estran.storage.engine import Database, Engine, PlaceIndex, TextIndex, get_meta, put_meta, take_numbers

__all__ = ["Database", "Engine", "PlaceIndex", "TextIndex", "get_meta", "put_meta", "take_numbers"]

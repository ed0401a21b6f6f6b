"""STAC: Items and Collections read, Collections written."""

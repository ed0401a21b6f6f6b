"""OGC API Records: features read and written."""

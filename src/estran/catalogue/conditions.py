"""CQL2 conditions as sets of records."""

"""Vocabularies in the database: the SQL of the room."""

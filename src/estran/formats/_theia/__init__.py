"""Theia/OZCAR's pivot: its parts, and what its observations say together."""

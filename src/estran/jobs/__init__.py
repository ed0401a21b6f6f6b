"""Durable work: what has to be finished whatever happens to the process that does it."""

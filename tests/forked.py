"""Processes for tests to kill: each comes from one that has loaded everything, so that its start takes no time."""

from __future__ import annotations

import multiprocessing

__all__ = ["PROCESSES"]

PROCESSES = multiprocessing.get_context("forkserver")
"""Makes them; what it preloads is said before the first, so here for all tests."""
PROCESSES.set_forkserver_preload(
    ["estran.jobs.working", "estran.node", "tests.catalogue.harvest.killed", "tests.jobs.works"]
)

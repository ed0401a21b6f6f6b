"""Ports of loopback for programs that must be told one."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

__all__ = ["free_port"]

# Below those that the system gives out by itself, so that nobody is given one before its program takes it.
_PORTS = range(10_000, 32_000)
_chance = random.SystemRandom()


def free_port() -> int:
    """A port where nobody listens now."""
    while True:
        port = _chance.choice(_PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port

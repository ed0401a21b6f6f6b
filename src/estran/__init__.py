"""Estran: find, look at, get, cross, compute on, publish and cite Earth-system data.

A node is a folder; you act as its operator::

    import estran
    node = estran.open("my-node")
    for record in node.search("salinity", bbox=(3, 42, 6, 44)):
        print(record.title)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.errors import (
    Conflict,
    EstranError,
    Invalid,
    LicenceRequired,
    NotAllowed,
    NotFound,
    QuotaExceeded,
    Unavailable,
)

if TYPE_CHECKING:
    from os import PathLike

    from estran.node import Node

__all__ = [
    "Conflict",
    "EstranError",
    "Invalid",
    "LicenceRequired",
    "NotAllowed",
    "NotFound",
    "QuotaExceeded",
    "Unavailable",
    "open",
]


def open(path: str | PathLike[str] = "estran-node", **settings: Any) -> Node:  # noqa: A001 - estran.open reads well
    """A node in a folder, created if absent; you act as its operator.

    Args:
        path: the node's folder.
        **settings: values that win over ``estran.toml`` and the environment.
    """
    from estran.node import Node  # noqa: PLC0415 - heavy rooms load when a node is opened

    return Node.open(path, **settings)

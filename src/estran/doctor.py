"""What is well with a node and what is not, with advice."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran import formats
from estran.errors import EstranError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path

__all__ = ["Check", "checks"]

_LOW_ROOM_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `Node.doctor` looked at; advice says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def checks(folder: Path, contents: Callable[[], str], home: str, known: Container[str]) -> Iterator[Check]:
    """What is well with a node and what is not.

    Args:
        folder: where it lives.
        contents: asks its database and says what is in it, in words.
        home: id of its own centre, "" for none.
        known: ids of the organisations in its registry.
    """
    yield Check(
        "python", sys.version_info >= (3, 12), sys.version.split()[0], "Estran needs Python 3.12 or newer."
    )
    free = shutil.disk_usage(folder).free
    yield Check(
        "room",
        free > _LOW_ROOM_BYTES,
        f"{free / 2**30:.1f} GiB free in {folder}",
        "Make room, or move the node's folder.",
    )
    try:
        yield Check("database", ok=True, detail=contents())
    except EstranError as error:
        yield Check(
            "database",
            ok=False,
            detail=str(error),
            advice="Look at the disk and at who else holds the database.",
        )
    yield Check(
        "centre",
        ok=not home or home in known,
        detail=f"the node's own centre is “{home}”" if home else "the node has no centre of its own",
        advice="Set “centre” in estran.toml to an id of “estran centre list”.",
    )
    for name in formats.names():
        try:
            formats.find(name)
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way
            yield Check(
                f"format {name}",
                ok=False,
                detail=f"{type(error).__name__}: {error}",
                advice="Reinstall or remove the package that brings it.",
            )

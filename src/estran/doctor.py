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

    from estran.jobs import Attendance

__all__ = ["Check", "checks"]

_LOW_ROOM_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `Node.doctor` looked at; advice says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def checks(
    folder: Path,
    contents: Callable[[], str],
    home: str,
    known: Container[str],
    attendance: Callable[[], Attendance],
) -> Iterator[Check]:
    """What is well with a node and what is not.

    Args:
        folder: where it lives.
        contents: asks its database and says what is in it, in words.
        home: id of its own centre, "" for none.
        known: ids of the organisations in its registry.
        attendance: asks whether somebody does the jobs that wait.
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
    yield _worker(attendance)
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


def _worker(attendance: Callable[[], Attendance]) -> Check:
    """Whether a worker is there where jobs wait for one."""
    try:
        found = attendance()
    except EstranError as error:
        return Check("worker", ok=False, detail=str(error), advice="Look at the database of the jobs.")
    jobs = "1 job waits" if found.waiting == 1 else f"{found.waiting or 'no'} jobs wait"
    return Check(
        "worker",
        ok=bool(found.workers or not found.waiting),
        detail=f"{jobs}; {str(found).partition(':')[0]}",
        advice="Start “estran work”, or serve with --work; “estran work --once” does what waits and ends.",
    )

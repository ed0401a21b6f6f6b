"""Orders as jobs: a part is a step, whose file is there as a whole or not at all; and files that go again."""

from __future__ import annotations

import errno
import hashlib
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from estran.errors import Conflict, Invalid
from estran.formats import Links
from estran.jobs import Work
from estran.model import moment, now
from estran.observations.store.registry import property_key
from estran.observations.wide.attributes import of_dataset
from estran.observations.wide.giving import given
from estran.orders.parts import Part, parts, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from estran.jobs import Step
    from estran.model import Variable
    from estran.observations import Observations
    from estran.orders.door import Orders

__all__ = ["EXPIRY", "NAME", "chosen", "expiring", "ordering", "removed", "room"]

NAME, EXPIRY = "order", "order-expiry"
_DAILY = "17 3 * * *"
_NAMED = 20


def ordering(orders: Callable[[], Orders]) -> Work:
    """The work that makes an order ready.

    Args:
        orders: gives the node's orders, as its operator.
    """

    def do(
        step: Step, *, record: str, datastreams: list[int], time: str, form: str, as_of: str,
        base: str, publisher: str, variables: Sequence[str] = (), **_: Any,
    ) -> Mapping[str, Any]:  # fmt: skip
        links = Links(base, publisher)

        def plan() -> list[Part]:
            seen = orders().observations
            table = seen.table(record, chosen(seen, record, datastreams, variables), as_of=as_of)
            return parts(table, *span(time))

        def made(n: int, of: int, datastreams: list[int], start: int, end: int) -> dict[str, Any] | None:
            door = orders()
            table = door.observations.table(record, datastreams, as_of=as_of)
            told = of_dataset(
                door.observations.description(door.record(record), as_of),
                table,
                links,
                door.email,
                made_at=as_of,
            )
            name = f"{record}.{form}" if of == 1 else f"{record}-{n + 1:03}.{form}"
            return _written(door.folder / step.job / name, given(table, form, told, start, end))

        planned: list[list[Any]] = step(plan)
        step.tell(done=0, parts=len(planned))
        files: list[dict[str, Any]] = []
        for n, (numbers, start, end) in enumerate(planned):
            file = step(made, n, len(planned), numbers, start, end)
            files += [file] if file else []
            step.tell(done=n + 1, parts=len(planned))
        return step(finish, step.job, files)

    def finish(job: str, files: list[dict[str, Any]]) -> dict[str, Any]:
        if not files:
            raise Invalid("there is no observation in this time", "time")
        _only(orders().folder / job, {file["name"] for file in files})
        expires = moment(now().replace(microsecond=0) + timedelta(days=orders().days))
        return {"files": files, "expires": expires}

    return Work(NAME, do)


def expiring(orders: Callable[[], Orders]) -> Work:
    """The work that takes away files whose time is over."""

    def do(step: Step) -> Mapping[str, Any]:
        return {"removed": step(lambda: orders().sweep())}

    return Work(EXPIRY, do, lambda: {"all": (_DAILY, {})})


def chosen(
    observations: Observations, record: str, datastreams: Sequence[int], variables: Sequence[str]
) -> list[int]:
    """The datastreams that an order is of; none where it is all of the dataset.

    Raises:
        Invalid: none of them is of these variables.
    """
    if not variables:
        return list(datastreams)
    streams = observations.datastreams(record=record, numbers=datastreams)
    wanted = set(variables)
    found = [one.number for one in streams if wanted & _names(one.described.variable)]
    if not found and streams:
        there = sorted({property_key(one.described.variable) for one in streams})
        more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
        raise Invalid(f"there is none of these; there are {', '.join(there[:_NAMED])}{more}", "variables")
    return found


def _names(of: Variable) -> set[str]:
    return {property_key(of), of.name, of.standard_name, of.uri} - {""}


def room(folder: Path) -> int:
    """Bytes that can still be written where orders are made ready."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return shutil.disk_usage(there).free


def _written(path: Path, bytes_: Iterable[bytes]) -> dict[str, Any] | None:
    """A file of what comes; None where nothing does.

    Raises:
        Conflict: there is no room for it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Its own name for each try: who was taken for dead may still write.
    begun = path.with_name(f".{path.name}.{uuid4().hex}")
    sum_, size = hashlib.sha256(), 0
    try:
        with begun.open("xb") as file:
            for part in bytes_:
                file.write(part)
                sum_.update(part)
                size += len(part)
        if size:
            begun.replace(path)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Conflict(
            f"the node has no room left for {path.name}; its operator can free some, then order again"
        ) from error
    finally:
        begun.unlink(missing_ok=True)
    return {"name": path.name, "size": size, "sha256": sum_.hexdigest()} if size else None


def _only(folder: Path, names: set[str]) -> None:
    """Take away what tries that were cut left beside the files of an order."""
    for path in folder.iterdir():
        if path.name not in names:
            path.unlink(missing_ok=True)


def removed(folder: Path) -> None:
    """Take an order's files away."""
    shutil.rmtree(folder, ignore_errors=True)

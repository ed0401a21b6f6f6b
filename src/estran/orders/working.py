"""Orders as jobs: a part is a step, whose file is there as a whole or not at all; and files that go again."""

from __future__ import annotations

import hashlib
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.formats import Links
from estran.jobs import Work
from estran.model import moment, now
from estran.observations.wide.attributes import of_dataset
from estran.observations.wide.giving import given
from estran.orders.parts import Part, parts, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from estran.jobs import Step
    from estran.orders.door import Orders

__all__ = ["EXPIRY", "NAME", "expiring", "ordering", "removed"]

NAME, EXPIRY = "order", "order-expiry"
_DAILY = "17 3 * * *"


def ordering(orders: Callable[[], Orders]) -> Work:
    """The work that makes an order ready.

    Args:
        orders: gives the node's orders, as its operator.
    """

    def do(
        step: Step, *, record: str, datastreams: list[int], time: str, form: str, as_of: str,
        base: str, publisher: str, **_: Any,
    ) -> Mapping[str, Any]:  # fmt: skip
        links = Links(base, publisher)

        def plan() -> list[Part]:
            table = orders().observations.table(record, datastreams, as_of=as_of)
            return parts(table, *span(time))

        def made(n: int, of: int, datastreams: list[int], start: int, end: int) -> dict[str, Any] | None:
            door = orders()
            table = door.observations.table(record, datastreams, as_of=as_of)
            told = of_dataset(door.record(record), table, links, door.email, made_at=as_of)
            name = f"{record}.{form}" if of == 1 else f"{record}-{n + 1:03}.{form}"
            return _written(door.folder / step.job / name, given(table, form, told, start, end))

        planned: list[list[Any]] = step(plan)
        step.tell(done=0, parts=len(planned))
        files: list[dict[str, Any]] = []
        for n, (numbers, start, end) in enumerate(planned):
            file = step(made, n, len(planned), numbers, start, end)
            files += [file] if file else []
            step.tell(done=n + 1, parts=len(planned))
        return step(finish, files)

    def finish(files: list[dict[str, Any]]) -> dict[str, Any]:
        if not files:
            raise Invalid("there is no observation in this time", "time")
        expires = moment(now().replace(microsecond=0) + timedelta(days=orders().days))
        return {"files": files, "expires": expires}

    return Work(NAME, do)


def expiring(orders: Callable[[], Orders]) -> Work:
    """The work that takes away files whose time is over."""

    def do(step: Step) -> Mapping[str, Any]:
        return {"removed": step(lambda: orders().sweep())}

    return Work(EXPIRY, do, lambda: {"all": (_DAILY, {})})


def _written(path: Path, bytes_: Any) -> dict[str, Any] | None:
    """A file of what comes; None where nothing does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.begun")
    sum_, size = hashlib.sha256(), 0
    with begun.open("wb") as file:
        for part in bytes_:
            file.write(part)
            sum_.update(part)
            size += len(part)
    if not size:
        begun.unlink()
        return None
    begun.replace(path)
    return {"name": path.name, "size": size, "sha256": sum_.hexdigest()}


def removed(folder: Path) -> None:
    """Take an order's files away."""
    shutil.rmtree(folder, ignore_errors=True)

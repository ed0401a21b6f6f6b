"""When a schedule is due: cron expressions, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELDS = 5
_EXAMPLE = "five fields are needed: minute, hour, day of the month, month, day of the week; “0 3 * * *” is each day at 3:00 UTC"


def check_cron(cron: str) -> str:
    """The expression with single blanks.

    Raises:
        Invalid: it is none, or never due.
    """
    expression = " ".join(cron.split())
    if len(expression.split(" ")) != _FIELDS and not expression.startswith("@"):
        raise Invalid(_EXAMPLE, f"cron “{cron}”")
    next(times(expression, datetime.now(UTC)))
    return expression


def times(cron: str, after: datetime) -> Iterator[datetime]:
    """When it is due after a moment, without end.

    Raises:
        Invalid: it is no cron expression, or never due.
    """
    from croniter import CroniterError, croniter  # noqa: PLC0415 - only schedules need it

    try:
        clock: Any = croniter(cron, after.astimezone(UTC))
        while True:
            yield clock.get_next(datetime)
    except CroniterError as error:
        raise Invalid(f"{error}; {_EXAMPLE}", f"cron “{cron}”") from None

"""Everything that Estran raises on purpose.

    EstranError
    ├── NotFound          no such thing, or none that the actor may know of
    ├── NotAllowed        the actor may not do this
    │   ├── QuotaExceeded     ... any more, for now
    │   └── LicenceRequired   ... before accepting a licence
    ├── Invalid           what was given cannot be used: why, where
    ├── Conflict          it clashes with what is there
    └── Unavailable       not now; retry_after_s says when

No status code stands here: `web.problems` maps the tree to HTTP, `cli` to exit codes.
A message says what is wrong, where, and what to do next.
"""

from __future__ import annotations


class EstranError(Exception):
    """What is wrong, where, and what to do next."""


class NotFound(EstranError):
    """No such thing, or none that the actor may know of.

    Attributes:
        kind: what was looked for, such as ``record`` or ``centre``.
        id: the identifier that was asked for.
    """

    def __init__(self, kind: str, id: str, hint: str = "") -> None:  # noqa: A002 - the word of the model
        self.kind, self.id = kind, id
        super().__init__(f"There is no {kind} “{id}” here.{' ' + hint if hint else ''}")


class NotAllowed(EstranError):
    """The actor may not do this."""


class QuotaExceeded(NotAllowed):
    """The actor's quota is used up."""


class LicenceRequired(NotAllowed):
    """A licence must be accepted first."""


class Invalid(EstranError):
    """What was given cannot be used.

    Attributes:
        why: the reason and what to do next.
        where: the parameter, file, line or element at fault; empty when it is the whole.
    """

    def __init__(self, why: str, where: str = "") -> None:
        self.why, self.where = why, where
        super().__init__(f"{where}: {why}" if where else why)


class Conflict(EstranError):
    """It clashes with what is already there."""


class Unavailable(EstranError):
    """Not now.

    Attributes:
        retry_after_s: seconds after which to try again.
    """

    def __init__(self, why: str, retry_after_s: float = 5.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(why)

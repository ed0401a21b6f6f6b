"""What whoever orders is asked, where a dataset or its centre asks: kept beside the order, and removable.

Nothing is asked unless the node's settings say so, nothing is kept that was not asked, and an e-mail address only of
who agreed to be written to, with the words and the instant of that.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estran.model import Record

__all__ = ["REQUIRED", "STATUSES", "Said", "asked_of", "checked"]

REQUIRED = ("status", "organisation", "usage")
"""Questions that are answered where they are asked."""
STATUSES = ("research", "education", "student", "authority", "company", "association", "individual", "other")
"""What whoever orders may be."""
_ALL = "*"
_LONGEST = 2000
_EMAIL = re.compile(r"[^\s@<>]{1,64}@([^\s@<>.]+\.)+[^\s@<>.]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said when they ordered.

    Attributes:
        status: one of `STATUSES`; organisation: of theirs; usage: what the data are for; description: what else.
        name: by which they want to be called.
        email: where producers may write to them; "" without consent.
        consent: the words that they agreed to, "" if they did not.
    """

    status: str = ""
    organisation: str = ""
    usage: str = ""
    description: str = ""
    name: str = ""
    email: str = ""
    consent: str = ""

    def as_note(self) -> dict[str, Any]:
        """What is kept of it: what was said and no more."""
        return {name: value for name, value in asdict(self).items() if value}


def asked_of(record: Record, ask: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The questions that go with a record: its own, else those of its centre, else those of all."""
    found = next((ask[key] for key in (record.id, record.centre, _ALL) if key in ask), ())
    return tuple(dict.fromkeys(found))


def checked(said: Said, questions: Sequence[str]) -> Said:
    """What is kept of what was said.

    Raises:
        Invalid: an answer is missing, or does not fit.
    """
    plain = {name: getattr(said, name).strip()[:_LONGEST] for name in Said.__slots__}
    for name in (*REQUIRED, "description"):
        if name not in questions:
            plain[name] = ""
        elif name in REQUIRED and not plain[name]:
            raise Invalid(f"this dataset is ordered with an answer to “{name}”; give one", name)
    if plain["status"] and plain["status"] not in STATUSES:
        raise Invalid(f"choose one of {', '.join(STATUSES)}", "status")
    if "contact" not in questions or not plain["consent"]:
        return replace(said, **plain | {"name": "", "email": "", "consent": ""})
    if not _EMAIL.fullmatch(plain["email"]):
        raise Invalid(
            "give an e-mail address where one may write to you, or do not agree to be written to", "email"
        )
    return replace(said, **plain)

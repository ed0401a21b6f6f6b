"""Why a record was found, for a terminal and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.model import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.catalogue import Reason

_SAID = {
    "text": "{words}: {fields}",
    "identifier": "{words}: identifier",
    "concept": "{words} → {label}",
    "same": "{words} → {label}, the same as {through}",
    "narrower": "{words} → {label}, narrower than {through}",
    "label": "{words} → {label}, which is called so too",
    "translation": "{words} → “{label}”: {fields}",
}


def sentence(reason: Reason) -> str:
    """A reason in a line."""
    said = _SAID[reason.how].format(
        words=reason.words,
        fields=", ".join(reason.fields),
        label=str(reason.label) or reason.value or reason.concept,
        through=reason.through,
    )
    return f"{said} ({reason.scheme})" if reason.scheme else said


def why(reasons: Iterable[Reason]) -> dict[str, Any]:
    """What JSON says of them; nothing where nothing was asked in words."""
    listed = [plain(reason) for reason in reasons]
    return {"why": listed} if listed else {}

"""Why a record was found, in a line for each word of the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estran.catalogue import Reason
    from estran.web.portal.i18n import Words

_SAID = {
    "text": "why.text",
    "identifier": "why.identifier",
    "concept": "why.concept",
    "same": "why.same",
    "narrower": "why.narrower",
    "label": "why.label",
    "translation": "why.translation",
}


@dataclass(frozen=True, kw_only=True)
class Why:
    """A reason in words, and the address of the concept that it is about."""

    said: str
    href: str = ""


def whys(reasons: Iterable[Reason], w: Words) -> tuple[Why, ...]:
    """The reasons of one record; those that only say where a word stands are told together."""
    return tuple(dict.fromkeys(_why(reason, w) for reason in reasons))


def _why(reason: Reason, w: Words) -> Why:
    said = w.text(
        _SAID[reason.how],
        words=reason.words,
        fields=", ".join(w.label("field", field) for field in reason.fields),
        label=w.of(reason.label) or reason.value or reason.concept,
        through=w.of(reason.through),
    )
    href = f"/{w.language}/vocabulary/{quote(reason.scheme)}/{quote(reason.local)}" if reason.local else ""
    return Why(said=f"{said} ({reason.scheme})" if reason.scheme else said, href=href)

"""What the room speaks of: an address that is checked, what came of it, and which records lead there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

LinkState = Literal["new", "ok", "moved", "login", "wrong", "gone", "failing", "dead", "refused"]
"""What came of the last checks of an address.

"new": not checked yet; "ok": it works; "moved": it works and redirects elsewhere for good; "login": it wants
one; "wrong": something else came; "gone": the server says that there is nothing; "failing": it could not be
asked, lately; "dead": it could not be asked for days; "refused": the server or this node's rules forbid asking.
"""

STATES: tuple[LinkState, ...] = ("new", "ok", "moved", "login", "wrong", "gone", "failing", "dead", "refused")

FACET: Mapping[str, tuple[LinkState, ...]] = {
    "ok": ("ok", "moved"),
    "login": ("login",),
    "wrong": ("wrong",),
    "dead": ("gone", "dead"),
    "unknown": ("new", "failing", "refused"),
}
"""Values of the facet "link" -> states of the addresses."""

FACET_OF: Mapping[str, str] = {state: value for value, states in FACET.items() for state in states}
"""State -> value of the facet."""

Reason = Literal[
    "", "status", "redirected", "form", "portal", "instead", "empty", "not_service", "exception", "broken",
    "not_cog", "layer", "robots", "closed", "unreachable", "redirects",
]  # fmt: skip
"""Why an address is in its state.

"status": by the status of the answer; "redirected": sent to where one signs in; "form": a form to sign in came;
"portal": the address is that of one; "instead": another format came; "empty": nothing came; "not_service":
what came is not of the service; "exception": the service answered with an error; "broken": what came cannot be
read; "not_cog": a TIFF that is not cloud-optimised; "layer": the service does not have the layer; "robots":
robots.txt forbids it; "closed": a private network; "unreachable": no answer; "redirects": without end.
"""


class Outcome(NamedTuple):
    """What one check found.

    Attributes:
        state: one of `LinkState`, never "new" and never "dead", which takes several.
        reason: why; detail: what came, as the server or the network said it.
        status: of HTTP, 0 without an answer; size: in bytes, -1 where it is not known.
        layers: what a service has, None where that is not known or not all of it.
    """

    state: LinkState
    reason: Reason = ""
    detail: str = ""
    status: int = 0
    media_type: str = ""
    size: int = -1
    layers: frozenset[str] | None = None


class Link(NamedTuple):
    """An address that is checked; key names it and what is expected there."""

    key: bytes
    url: str
    kind: str
    family: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """What is known of an address.

    Attributes:
        url: the address; kind: of `estran.catalogue.resources.SERVICES`.
        state, reason, detail, status, media_type, size: see `Outcome`.
        checked: when it was asked last, "" if never; last_ok: when it worked last.
        since: since when it is in this state; failing and dead count together.
        failures: checks in a row that did not work.
        due: when it is asked next.
        history: the last changes of its state, the newest first: (when, state, reason).
    """

    url: str
    kind: str
    state: LinkState = "new"
    reason: Reason = ""
    detail: str = ""
    status: int = 0
    media_type: str = ""
    size: int = -1
    checked: str = ""
    last_ok: str = ""
    since: str = ""
    failures: int = 0
    due: str = ""
    history: tuple[tuple[str, str, str], ...] = ()

    @property
    def facet(self) -> str:
        """The value of the facet "link" that it gives to its records."""
        return FACET_OF[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLink:
    """An address as one record names it.

    Attributes:
        record, title, centre, source: of the record; layer: what of the service it names.
        check: what is known of the address, with the state "wrong" where the layer is missing.
    """

    record: str
    title: str
    centre: str
    source: str
    layer: str = ""
    check: LinkCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """Some links, by centre, source and record; the cursor of the next page, "" on the last."""

    links: tuple[RecordLink, ...]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkReport:
    """What a check did.

    Attributes:
        checked: how many addresses were asked; states: how many ended in each state.
        waiting: how many are due that were not asked.
        gathered: how many records were looked through for addresses.
    """

    checked: int = 0
    states: Mapping[str, int] = field(default_factory=dict[str, int])
    waiting: int = 0
    gathered: int = 0

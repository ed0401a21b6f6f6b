"""What a harvester asks by OAI-PMH: verbs, their arguments, dates; and the errors of the protocol."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from estran.catalogue.updates import Walk
from estran.errors import EstranError, Invalid
from estran.model import bounds, date

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["VERBS", "Asked", "Refused", "asked", "form_pairs", "walk_of"]

VERBS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(required.split()), frozenset(optional.split()))
    for name, required, optional in (
        ("Identify", "", ""),
        ("ListMetadataFormats", "", "identifier"),
        ("ListSets", "", "resumptionToken"),
        ("GetRecord", "identifier metadataPrefix", ""),
        ("ListIdentifiers", "metadataPrefix", "from until set resumptionToken"),
        ("ListRecords", "metadataPrefix", "from until set resumptionToken"),
    )
}
"""Verb -> the arguments that it needs, and those that it may have."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?")
_SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")
_MOST_FIELDS = 50
_TOKEN = "resumptionToken"  # noqa: S105 - the standard's word


class Refused(EstranError):
    """A request that the protocol answers by an error.

    Attributes:
        code: of the protocol, such as ``badArgument``; why: what is wrong and what to do.
    """

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code, self.why = code, why


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose arguments fit its verb."""

    verb: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])

    def get(self, name: str) -> str:
        """An argument, "" where it is not given."""
        return self.arguments.get(name, "")


def form_pairs(body: bytes, media_type: str) -> list[tuple[str, str]]:
    """The arguments of a request by POST.

    Raises:
        Refused: it is no form.
    """
    if media_type and media_type != "application/x-www-form-urlencoded":
        raise Refused("badArgument", "send the arguments as application/x-www-form-urlencoded")
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Refused("badArgument", f"more than {_MOST_FIELDS} arguments are given") from None


def asked(pairs: Sequence[tuple[str, str]]) -> Asked:
    """The request that some arguments make.

    Raises:
        Refused: badVerb or badArgument.
    """
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in VERBS:
        why = "it is given more than once" if len(verbs) > 1 else f"choose one of {', '.join(VERBS)}"
        raise Refused("badVerb", f"the verb is missing or not one of OAI-PMH 2.0; {why}")
    arguments = [(name, value) for name, value in pairs if name != "verb"]
    held = dict(arguments)
    needed, possible = VERBS[verbs[0]]
    if len(held) < len(arguments):
        raise Refused("badArgument", "an argument is given more than once")
    if unknown := sorted(held.keys() - needed - possible):
        listed = ", ".join(sorted(needed | possible)) or "none"
        raise Refused("badArgument", f"“{unknown[0][:40]}” is no argument of {verbs[0]}; it has {listed}")
    if _TOKEN in held and len(held) > 1:
        raise Refused("badArgument", "a resumptionToken stands alone; it holds the other arguments")
    if (missing := sorted(needed - held.keys())) and _TOKEN not in held:
        raise Refused("badArgument", f"{verbs[0]} needs {', '.join(missing)}")
    return Asked(verbs[0], held)


def walk_of(request: Asked) -> Walk:
    """The walk that from, until and set describe; metadataPrefix is its note.

    Raises:
        Refused: badArgument.
    """
    first, last, spec = request.get("from"), request.get("until"), request.get("set")
    start, end = _span("from", request), _span("until", request)
    if first and last and len(first) != len(last):
        raise Refused(
            "badArgument", "from and until are of different granularity; give both as days or seconds"
        )
    if start and end and start[0] >= end[1]:
        raise Refused("badArgument", "from lies after until")
    if "set" in request.arguments and not _SET.fullmatch(spec):
        raise Refused("badArgument", "set is no setSpec; ListSets lists them")
    return Walk(
        note=request.get("metadataPrefix"),
        spec=spec,
        start=start[0] if start else None,
        end=end[1] if end else None,
    )


def _span(name: str, request: Asked) -> tuple[int, int] | None:
    """First microsecond of a day or second, and the first after it."""
    if name not in request.arguments:
        return None
    given = request.arguments[name]
    try:
        if _DATE.fullmatch(given) and given.isascii():
            return bounds(date(given, name))
    except Invalid:
        pass
    raise Refused("badArgument", f"{name} is no date; write 2026-01-31 or 2026-01-31T12:00:00Z")

"""Who runs what: hubs, centres, expert groups, infrastructures, services and networks."""

from __future__ import annotations

from dataclasses import dataclass

from estran.model.text import Text

ORGANISATION_KINDS = ("hub", "centre", "group", "infrastructure", "service", "network")
STATUSES = ("active", "under-construction", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One member of the registry.

    Attributes:
        id: lower-case word of letters, digits and hyphens.
        kind: one of `ORGANISATION_KINDS`.
        parents: ids of the organisations that it belongs to; a centre's hubs, directly or through others.
        contact: an e-mail address or URL.
        colour: name of the hub's stratum (land, atmosphere, ocean, earth, life) or ``#rrggbb``.
        claims: words that give it a record which no source assigns: the record's organisations,
            their e-mail domains and its identifier prefixes are compared with them, without case.
    """

    id: str
    kind: str = "centre"
    name: Text = Text()
    description: Text = Text()
    parents: tuple[str, ...] = ()
    contact: str = ""
    url: str = ""
    status: str = "active"
    colour: str = ""
    claims: tuple[str, ...] = ()

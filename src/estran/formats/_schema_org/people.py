"""People and organisations in schema.org, read to parties and written from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estran.formats import _json
from estran.formats._iso.codes import ROLE_CODES, known
from estran.formats._json import obj, seq
from estran.formats._schema_org.terms import PARTIES
from estran.model import Party, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._schema_org.tree import Tree

__all__ = ["parties"]

_NAMING = (
    "https://orcid.org/",
    "http://orcid.org/",
    "https://ror.org/",
    "https://isni.org/",
    "https://doi.org/10.13039/",
)


def parties(tree: Tree, node: dict[str, Any]) -> tuple[Party, ...]:
    """Everyone who played a part, each once a role."""
    found: dict[tuple[str, str, str, str], Party] = {}
    for name, role in PARTIES.items():
        for part in tree.follow(node.get(name)):
            for party in _parties(tree, part, name, role):
                found.setdefault((party.role, party.name, str(party.organisation), party.email), party)
    return tuple(found.values())


def _parties(tree: Tree, part: Any, name: str, role: str) -> Iterator[Party]:
    if "Role" in seq(obj(part).get("@type")):
        spoken = tree.word(part.get("roleName"))
        for inner in tree.follow(part.get(name) or part.get("creator") or part.get("contributor")):
            yield from _parties(tree, inner, name, known(spoken, ROLE_CODES) if spoken else role)
        return
    if not isinstance(part, dict) or "@value" in part:
        if words := tree.text(part):
            yield Party(role=role, organisation=words)
        return
    found = _party(tree, part, role)
    if found != Party(role=role):
        yield found


def _party(tree: Tree, part: dict[str, Any], role: str) -> Party:
    person = "Person" in seq(part.get("@type")) or "familyName" in part or "givenName" in part
    names = [tree.word(part.get(name)) for name in ("familyName", "givenName")]
    whole = tree.text(part.get("name")) or tree.text(part.get("legalName"))
    address = next(iter(tree.follow(part.get("address"))), None)
    contact = obj(next(iter(tree.follow(part.get("contactPoint"))), None))
    employers = tree.follow(part.get("affiliation") or part.get("worksFor") or part.get("memberOf"))
    return Party(
        role=role,
        name=(", ".join(names) if all(names) else str(whole)) if person else "",
        organisation=(next((name for one in employers if (name := tree.text(one))), Text()))
        if person
        else whole,
        position=tree.text(part.get("jobTitle")),
        email=(tree.word(part.get("email")) or tree.word(contact.get("email"))).removeprefix("mailto:"),
        phone=tree.word(part.get("telephone")) or tree.word(contact.get("telephone")),
        address=_json.text(address) or tree.word(obj(address).get("streetAddress")),
        city=tree.word(obj(address).get("addressLocality")),
        country=tree.word(obj(address).get("addressCountry")),
        url=_json.text(part.get("url")),
        identifier=_identifier(tree, part),
    )


def _identifier(tree: Tree, part: dict[str, Any]) -> str:
    """The address that names a party: an ORCID, a ROR, or another one."""
    listed = [
        tree.address(one) or tree.word(obj(one).get("value")) for one in tree.follow(part.get("identifier"))
    ]
    names = [
        _json.text(part.get("@id")),
        *listed,
        *(tree.address(one) for one in tree.follow(part.get("sameAs"))),
    ]
    known_ones = (
        name for name in names if name.startswith(_NAMING) and len(name) > len("https://orcid.org/")
    )
    return next(known_ones, "") or next(
        (n for n in names[:-1] or names if n.startswith("http") and "orcid.org/" not in n), ""
    )

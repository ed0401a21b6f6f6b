"""What a resource is tied to in RDF: other resources, and the specifications that it was checked against."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats._dcat import words
from estran.formats._identifiers import identifier
from estran.formats._rdf import tail
from estran.model import Conformity, Relation, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.formats._rdf import Term, Thing

__all__ = ["agency", "conformities", "relations"]


def agency(thing: Thing) -> str:
    """The scheme of an identifier, if its agency is given as a short word."""
    word = thing.word("adms:schemaAgency").lower()
    return word if re.fullmatch(r"[a-z][a-z0-9+.-]{1,19}", word) else ""


def relations(resource: Thing) -> Iterator[Relation]:
    """The resources that it is tied to, by a property of its own or a qualified relation."""
    for kind, predicate in (*words.RELATIONS.items(), *_MORE_RELATIONS):
        for term in resource.all(predicate):
            yield from _relation(resource, term, kind)
    for term in resource.all("dcat:servesDataset"):
        yield from (replace(one, type="Dataset") for one in _relation(resource, term, "References"))
    for qualified in resource.things("dcat:qualifiedRelation"):
        kind = words.relation(qualified.word("dcat:hadRole"))
        for term in qualified.all("dct:relation"):
            yield from _relation(qualified, term, kind)


_MORE_RELATIONS = (
    ("IsPartOf", "dcat:inSeries"), ("IsVersionOf", "dct:isVersionOf"), ("HasVersion", "dct:hasVersion"),
    ("IsDerivedFrom", "prov:wasDerivedFrom"), ("IsReferencedBy", "schema:subjectOf"),
)  # fmt: skip


def _relation(resource: Thing, term: Term, kind: str) -> Iterator[Relation]:
    thing = resource.at(term)
    if thing is None:
        value, title = str(resource.label(term)), Text()
    else:
        value = thing.iri or thing.word("dct:identifier", "owl:sameAs")
        title = thing.text("rdfs:label", "dct:title")
    if value or title:
        one = identifier(value, agency(thing) if thing else "")
        yield Relation(kind=kind, target=one.value, scheme=one.scheme, title=title)


def conformities(resource: Thing) -> Iterator[Conformity]:
    """Checks against specifications, then what the resource says to conform to without more."""
    checked: set[str] = set()
    for activity in resource.things("prov:wasUsedBy"):
        found = _check(activity)
        if found is not None:
            checked |= {found.uri, str(found.title)}
            yield found
    for term in resource.all("dct:conformsTo"):
        thing = resource.at(term)
        uri = thing.iri if thing else ""
        title = thing.text("dct:title", "rdfs:label") if thing else resource.label(term)
        system = words.crs(uri) or (thing and words.CRS_TYPE in thing.words("dct:type"))
        known = (uri and uri in checked) or (title and str(title) in checked)
        if not system and not words.protocol(uri) and not known and (uri or title):
            yield Conformity(
                title=title, uri=uri, date=thing.date("dct:issued") if thing else "", passed="yes"
            )


def _check(activity: Thing) -> Conformity | None:
    plans = [activity, *activity.things("prov:qualifiedAssociation")]
    plans += [plan for one in plans for plan in one.things("prov:hadPlan")]
    result = next(iter(activity.things("prov:generated")), None)
    degree = tail(result.word("dct:type")) if result else ""
    passed = next((p for p, name in words.DEGREES.items() if name == degree), "")
    explanation = result.text("dct:description") if result else Text()
    for specification in _first(plans, "prov:wasDerivedFrom"):
        title = specification.text("dct:title", "rdfs:label")
        if specification.iri or title or explanation:
            day = specification.date("dct:issued", "dct:created", "dct:modified")
            return Conformity(
                title=title, uri=specification.iri, date=day, explanation=explanation, passed=passed
            )
    return None


def _first(things: Iterable[Thing], predicate: str) -> Iterator[Thing]:
    for thing in things:
        yield from thing.things(predicate)

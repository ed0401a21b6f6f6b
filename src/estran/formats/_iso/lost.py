"""What of a record ISO 19115 cannot carry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from estran.formats import Loss, losses
from estran.formats._iso import gml, parts
from estran.formats._iso.constraints import recognise, says_nothing
from estran.formats._iso.content import ends_in_standard, names_standard, parenthesised
from estran.formats._iso.distribution import function_of, is_name, share_formats
from estran.formats._iso.forms import FORM_2003
from estran.formats._iso.keywords import of_word, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats._iso.forms import Form
    from estran.model import Distribution, Record

__all__ = ["document_language", "lost"]

_CARRIED = frozenset((
    "@*", "identifier", "identifiers", "kind", "kind_label", "title", "alternate_titles", "abstract", "purpose",
    "supplement", "credit", "lineage", "version", "language", "metadata_language", "metadata_standard",
    "status", "frequency", "access",
    "representation", "crs", "service_type", "created", "published", "revised", "available", "metadata_date",
    "landing_page", "parties", "metadata_parties", "concepts", "variables.name", "variables.label", "variables.standard_name",
    "variables.unit", "extent.boxes", "extent.geometries", "extent.places", "extent.periods",
    "extent.vertical.minimum", "extent.vertical.maximum", "extent.vertical.crs", "quality.distance_m",
    "quality.distance_degrees", "quality.scale_denominator", "distributions.url", "distributions.title",
    "distributions.description", "distributions.function", "distributions.protocol", "distributions.media_type",
    "distributions.format", "distributions.name", "distributions.size_bytes", "thumbnails", "licences",
    "constraints", "relations", "conformities",
))  # fmt: skip
_ONLY_2014 = frozenset(("quality.step", "variables.description", "variables.uri"))
# A service has no place for these in ISO 19139, nor for the last two in 19115-3.
_NOT_OF_SERVICES_2003 = frozenset(
    ("representation", "quality.distance_m", "quality.distance_degrees", "quality.scale_denominator")
)
_NOT_OF_SERVICES = frozenset(("language", "supplement"))


def lost(record: Record, form: Form) -> tuple[Loss, ...]:
    """The losses of writing a record in one form."""
    older = form is FORM_2003
    carried = _CARRIED if older else _CARRIED | _ONLY_2014
    if record.kind == "service":
        carried -= _NOT_OF_SERVICES | (_NOT_OF_SERVICES_2003 if older else frozenset())
    else:
        carried -= {"service_type"}
    why = f"{'ISO 19139' if older else 'ISO 19115-3'} has no place for it"
    found = dict.fromkeys(losses(record, carried, why))
    found.update(dict.fromkeys(_concepts(record, older=older)))
    found.update(dict.fromkeys(_ways(record, older=older)))
    found.update(dict.fromkeys(_variables(record, older=older)))
    found.update(dict.fromkeys(_terms(record)))
    found.update(dict.fromkeys(_rest(record)))
    return tuple(found)


def document_language(record: Record) -> str:
    """The language that a record is written in: texts that do not say another are taken to be in it."""
    return record.title.language or record.metadata_language or record.abstract.language


def _concepts(record: Record, *, older: bool) -> Iterator[Loss]:
    for concept in record.concepts:
        if parts.topic_code(concept):
            if older and record.kind == "service":
                yield Loss("concepts", "a service has no topic category in ISO 19139")
            continue
        type_ = "" if concept.role == "keyword" else parts.keyword_type(concept.role)
        if of_word(role_of(type_, concept.scheme), concept.label) != concept.role:
            yield Loss("concepts.role", f"ISO has no type of keyword that says {concept.role}")


def _ways(record: Record, *, older: bool) -> Iterator[Loss]:
    alone = [way for way in record.distributions if not way.url and way.function != "offline"]
    if sum(1 for way in alone if way.size_bytes >= 0) > 1:
        yield Loss("distributions.size_bytes", "sizes without address cannot be told apart")
    for way in alone:
        if way.title or way.description or way.protocol or way.name or way.media_type or way.function:
            yield Loss("distributions", "a way to the data without address is carried by its format alone")
    for way in record.distributions:
        if way.url:
            yield from _link(way)
        elif older and way.function == "offline" and way.title:
            yield Loss("distributions.title", "a medium has no name in ISO 19139")
    if older:
        linked = [way for way in record.distributions if way.url or way.function == "offline"]
        bare = [replace(way, format="") for way in linked]
        if share_formats(bare, parts.formats(record.distributions))[: len(linked)] != linked:
            yield Loss("distributions.format", "ISO 19139 names the formats of the whole, not of each file")


def _link(way: Distribution) -> Iterator[Loss]:
    said = "" if way.function == "service" else way.function
    if function_of(said, way.protocol, way.url) != way.function:
        yield Loss("distributions.function", "its protocol says otherwise, or ISO has no code for it")
    if way.name and way.title and way.description:
        yield Loss(
            "distributions.title", "an online resource has one name, and that is the layer's or file's"
        )
    elif way.name and way.title:
        yield Loss("distributions.title", "it becomes the description: an online resource has one name")
    # The one name reads as that of a layer or file, or as a title for people, by its looks.
    if way.name and not is_name(way.name, way.function):
        yield Loss(
            "distributions.name", "it looks like a title, and an online resource has one name for both"
        )
    elif not way.name and len(way.title.variants) == 1 and is_name(str(way.title), way.function):
        yield Loss(
            "distributions.title", "it looks like the name of a layer or file, and there is one name for both"
        )


def _rest(record: Record) -> Iterator[Loss]:
    if record.metadata_standard and not record.metadata_standard.startswith("ISO 1911"):
        yield Loss("metadata_standard", "the document names its own standard")
    if record.metadata_language not in ("", document_language(record)):
        yield Loss("metadata_language", "the document is in the language of its title")
    for relation in record.relations:
        if (
            relation.type
            and relation.type not in ("Project", "Collection")
            and not parts.operated(record, relation)
        ):
            yield Loss("relations.type", "ISO tells the types of projects and collections alone")
    for wkt in record.extent.geometries:
        if gml.element(wkt, "shape") is None:
            yield Loss("extent.geometries", "GML of ISO records has no such geometry")


def _variables(record: Record, *, older: bool) -> Iterator[Loss]:
    for variable in record.variables:
        if names_standard(variable.uri) and not variable.standard_name:
            yield Loss("variables.uri", "the address of a standard name stands with the standard name alone")
        if older and variable.standard_name and not parenthesised(variable.standard_name):
            yield Loss("variables.standard_name", "ISO 19139 has no place for it")
        if older and not variable.standard_name and ends_in_standard(str(variable.label)):
            yield Loss("variables.label", "its end reads as a standard name")


def _terms(record: Record) -> Iterator[Loss]:
    for constraint in record.constraints:
        if constraint.kind == "security":
            if constraint.uri:
                yield Loss("constraints.uri", "a security constraint has no address")
            continue
        if recognise(str(constraint.text), constraint.uri)[0]:
            yield Loss("constraints", "it names a licence, and reads as one")
        if constraint.text and says_nothing(constraint.text):
            yield Loss("constraints.text", "it says that there is nothing to say")

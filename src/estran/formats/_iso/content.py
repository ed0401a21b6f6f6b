"""What the data hold: bands, dimensions and attributes as variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from estran.formats._iso.values import LOCAL, Reading, children, first, href, inner, objects
from estran.model import Text, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

    from estran.formats._iso.values import Children

__all__ = ["ends_in_standard", "names_standard", "parenthesised", "variables"]

# What ncISO makes of a variable: "Temperature (sea_water_temperature)".
_PARENTHESISED = re.compile(
    r"\s*\(([a-z][a-z0-9]*(?:_[a-z0-9]+)+|latitude|longitude|time|depth|altitude|height)\)$"
)
_STANDARD_NAMES = ("standard_name", "cf-standard", "cf standard", "/p07/")


def variables(reading: Reading, props: Iterable[_Element]) -> Iterator[Variable]:
    """The variables of contentInfo: coverages, images, and the attributes of feature catalogues."""
    for prop in props:
        for held in prop:
            inside = children(held)
            bands = list(objects(inside, "dimension"))
            for group in objects(inside, "attributeGroup"):
                bands.extend(objects(children(group), "attribute"))
            for band in bands:
                if (found := _band(reading, children(band))) != Variable():
                    yield found
            for catalogue in objects(inside, "featureCatalogue"):
                for part in catalogue.iter():
                    if LOCAL[part.tag] == "FC_FeatureAttribute":
                        yield _attribute(reading, children(part))


def parenthesised(standard_name: str) -> str:
    """How a descriptor ends that tells the standard name as well, "" where it would not be understood."""
    words = f" ({standard_name})"
    return words if _PARENTHESISED.fullmatch(words) else ""


def ends_in_standard(words: str) -> bool:
    """Whether words end in a standard name in parentheses."""
    return bool(_PARENTHESISED.search(words))


def names_standard(space: str) -> bool:
    """Whether a code space or an address is that of CF standard names."""
    low = space.lower()
    return any(mark in low for mark in _STANDARD_NAMES)


def _band(reading: Reading, inside: Children) -> Variable:
    """A MD_Band, MD_RangeDimension or MD_SampleDimension.

    The sequence identifier is the name in the data; 19115-1 adds names of which the first is the longest
    or a vocabulary's, the last the shortest.
    """
    name = ""
    for member in objects(inside, "sequenceIdentifier"):
        name = reading.string(first(children(member), "aName"))
    label, uri, standard = Text(), "", ""
    names: list[Text] = []
    for identifier in objects(inside, "name"):
        parts = children(identifier)
        code = first(parts, "code")
        words, address = reading.line(code), href(code)
        uri = uri or address
        if words and names_standard(f"{reading.string(first(parts, 'codeSpace'))} {address}"):
            standard = str(words)
            continue
        label = label or reading.line(first(parts, "description"))
        if words:
            names.append(words)
    description = reading.text(first(inside, "description"))
    descriptor = reading.line(first(inside, "descriptor"))
    if not standard and (found := _PARENTHESISED.search(str(descriptor))):
        standard = found[1]
        descriptor = Text.many((code, _PARENTHESISED.sub("", words)) for code, words in descriptor.variants)
    if names:
        name = name or str(names[-1])
        if not label and str(names[0]) != name:
            label = names[0]
    label = label or descriptor
    if descriptor and descriptor != label and not description:
        description = descriptor
    return Variable(
        name=name,
        label=label,
        description=description,
        standard_name=standard,
        unit=_unit(reading, first(inside, "units")),
        uri=uri if uri.startswith("http") else "",
    )


def _unit(reading: Reading, prop: _Element | None) -> str:
    """The unit of a band: its symbol or name, or what its address ends in."""
    held = inner(prop)
    if held is None:
        address = href(prop)
        return unquote(address.rpartition("#")[2] if "#" in address else address.rpartition("/")[2])
    inside = children(held)
    for name in ("catalogSymbol", "name", "identifier"):
        for part in inside.get(name, ()):
            words = (part.text or "").strip() or reading.string(part)
            if words and words.lower() not in ("unknown", "missing"):
                return words
    return ""


def _attribute(reading: Reading, inside: Children) -> Variable:
    """An attribute of a feature type (ISO 19110)."""
    unit = ""
    for held in objects(inside, "valueMeasurementUnit"):
        parts = children(held)
        unit = reading.string(first(parts, "identifier")) or reading.string(first(parts, "name"))
    name = first(inside, "memberName")
    held = inner(name)
    words = reading.string(name) or ((held.text or "").strip() if held is not None else "")
    return Variable(name=words, description=reading.text(first(inside, "definition")), unit=unit)

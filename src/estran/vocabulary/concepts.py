"""A vocabulary's values: the scheme and the concepts that it defines."""

from __future__ import annotations

from dataclasses import dataclass

from estran.model import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptScheme:
    """A vocabulary (skos:ConceptScheme).

    Attributes:
        uri: its permanent address.
        name: the short word that the node knows it by, such as ``cf-standard-names``.
        version: as its publisher counts; published: the date of that version.
    """

    uri: str
    name: str
    title: Text = Text()
    version: str = ""
    published: str = ""
    publisher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A concept as its vocabulary defines it; records refer to it by a `model.Concept` or a standard name.

    Attributes:
        uri: its permanent address.
        scheme: name of its vocabulary.
        name: the word that data carry for it (skos:notation), such as ``sea_water_salinity``.
        label: the words shown to people.
        unit: the canonical unit in UDUNITS notation, "" where a unit means nothing.
        aliases: names that stood for it before.
    """

    uri: str
    scheme: str
    name: str
    label: Text = Text()
    definition: Text = Text()
    unit: str = ""
    aliases: tuple[str, ...] = ()

"""The French and the English word of one concept find the same records, whatever these are labelled by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.model import Concept, Record, Text, Variable
from tests.catalogue.records import put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from estran.node import Node

# Words that a variable may be called by; all stand in the real vocabularies below.
FIFTY = """
pluie=rain neige=snow glace=ice sol=soil air=air humidité=moisture pression=pressure rayonnement=radiation
érosion=erosion ruissellement=runoff infiltration=infiltration évapotranspiration=evapotranspiration
transpiration=transpiration conductivité=conductivity chlorophylle=chlorophyll biomasse=biomass azote=nitrogen
nitrate=nitrate nitrite=nitrite ammonium=ammonium ammoniac=ammonia phosphore=phosphorus phosphate=phosphate
carbone=carbon méthane=methane ozone=ozone oxygène=oxygen hydrogène=hydrogen calcium=calcium cadmium=cadmium
plomb=lead zinc=zinc cuivre=copper nickel=nickel chrome=chromium fer=iron bore=boron strontium=strontium
chlorure=chloride chlore=chlorine sable=sand limon=silt végétation=vegetation espèce=species plancton=plankton
phytoplancton=phytoplankton pollen=pollen température_de_l'air=air_temperature humidité_du_sol=soil_moisture
rayonnement_solaire=solar_radiation oxygène_dissous=dissolved_oxygen dioxyde_de_carbone=carbon_dioxide
"""
# A “climatic region” is also called as much as that in a vocabulary of themes, and has other things under it there.
UNEQUAL = {("type de climat", "climatic region")}


@pytest.fixture(scope="module")
def pairs(
    shared_data: Path, open_node: Callable[[Path], Node], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Node, list[tuple[str, str]]]]:
    """A node with three records a concept: its French label, its English one, and its address alone."""
    folder = shared_data / "vocabularies"
    with open_node(tmp_path_factory.mktemp("pairs") / "node") as node:
        node.load([folder / name for name in ("envthes", "inspire", "cf", "eu-publications")])
        found: list[tuple[str, str, str]] = []
        for scheme in ("envthes", "gemet-theme"):
            for entry in node.vocabulary.every(scheme):
                said = dict(entry.label.variants)
                if not entry.deprecated and {"fr", "en"} <= said.keys():
                    found.append((said["fr"], said["en"], entry.uri))
        put(node, [record for n, one in enumerate(found) for record in three(n, *one)])
        yield node, [(french, english) for french, english, _ in found]


def three(n: int, french: str, english: str, uri: str) -> list[Record]:
    def made(name: str, **more: object) -> Record:
        return Record(
            identifier=f"{name}{n}", title=Text.of(f"Fiche {n}"), source="test", visibility="public", **more  # type: ignore[arg-type]
        )  # fmt: skip

    return [
        made("f", concepts=(Concept(label=Text.of(french, "fr")),)),
        made("e", variables=(Variable(label=Text.of(english, "en")),)),
        made("u", concepts=(Concept(uri=uri, role="theme"),)),
    ]


def found(node: Node, words: str) -> set[str]:
    return {r.identifier for r in node.search(words, limit=500)}


def test_both_words_find_the_same(pairs: tuple[Node, list[tuple[str, str]]]) -> None:
    node, listed = pairs
    unequal: set[tuple[str, str]] = set()
    for n, (french, english) in enumerate(listed):
        one, other = found(node, french), found(node, english)
        assert {f"f{n}", f"e{n}", f"u{n}"} <= one & other, (french, english)
        if one != other:
            unequal.add((french, english))
    assert unequal <= UNEQUAL
    assert len(listed) > 200


def test_the_words_of_fifty_variables_do(pairs: tuple[Node, list[tuple[str, str]]]) -> None:
    node, _ = pairs
    words = [pair.replace("_", " ").split("=") for pair in FIFTY.split()]
    assert len(words) >= 50
    for french, english in words:
        one = found(node, french)
        assert one == found(node, english), (french, english)
        assert len(one) >= 3, french

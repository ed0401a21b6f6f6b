"""Tokens and the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from estran.access import ANYONE, Actor
from estran.errors import Conflict, Invalid, NotAllowed, NotFound
from estran.model import Organisation, Text

if TYPE_CHECKING:
    from pathlib import Path

    from estran.node import Node


def test_a_token_names_its_holder_until_it_is_revoked(node: Node) -> None:
    token = node.tokens.create("Ana", "reader", "coriolis", 30)
    assert node.tokens.actor(token.secret) == Actor(name="Ana", role="reader", centres=("coriolis",))
    assert [t.secret for t in node.tokens.all()] == [""]
    node.tokens.revoke(token.id)
    with pytest.raises(NotAllowed):
        node.tokens.actor(token.secret)
    with pytest.raises(NotAllowed):
        node.tokens.actor("estran_guess")
    with pytest.raises(NotFound):
        node.tokens.revoke("nothing")


def test_the_secret_is_nowhere_on_the_disk(node: Node, tmp_path: Path) -> None:
    token = node.tokens.create("Ana", "operator")
    node.close()
    held = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert token.secret.encode() not in held


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "king"},
        {"role": "reader"},
        {"role": "operator", "days": 0},
        {"role": "operator", "name": " "},
    ],
)
def test_a_token_that_does_not_fit_says_why(node: Node, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        node.tokens.create(**{"name": "x", **wrong})  # type: ignore[arg-type]


def test_only_the_operator_sees_tokens_and_changes_the_registry(node: Node) -> None:
    guest = node.acting_as(ANYONE)
    with pytest.raises(NotAllowed):
        _ = guest.tokens
    with pytest.raises(NotAllowed):
        guest.organisations.add(Organisation(id="x", name=Text.of("X")))
    assert guest.organisations.show("coriolis").kind == "centre"


def test_the_registry_grows_and_changes(node: Node) -> None:
    registry = node.organisations
    registry.add(Organisation(id="mine", name=Text.of("Mine"), parents=("coriolis",)))
    assert registry.hubs_of("mine") == registry.hubs_of("coriolis") != ()
    assert registry.edit("mine", status="closed").status == "closed"
    assert "mine" in [o.id for o in registry.children("coriolis")]
    with pytest.raises(Conflict):
        registry.add(Organisation(id="mine", name=Text.of("Again")))
    with pytest.raises(NotFound):
        registry.edit("nobody", status="closed")


@pytest.mark.parametrize(
    "wrong",
    [
        Organisation(id="Été", name=Text.of("x")),
        Organisation(id="x"),
        Organisation(id="x", name=Text.of("x"), kind="club"),
        Organisation(id="x", name=Text.of("x"), status="asleep"),
        Organisation(id="x", name=Text.of("x"), parents=("nobody",)),
        Organisation(id="x", name=Text.of("x"), parents=("x",)),
    ],
)
def test_an_organisation_that_does_not_fit_says_why(node: Node, wrong: Organisation) -> None:
    with pytest.raises(Invalid):
        node.organisations.add(wrong)


def test_nobody_becomes_their_own_parent_through_others(node: Node) -> None:
    node.organisations.add(Organisation(id="a", name=Text.of("A")))
    node.organisations.add(Organisation(id="b", name=Text.of("B"), parents=("a",)))
    with pytest.raises(Invalid, match="own parent"):
        node.organisations.edit("a", parents=("b",))

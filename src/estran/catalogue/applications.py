"""What records are used for: planning, risks, health… a second way into the catalogue, beside the sciences."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from estran.catalogue.words import split
from estran.model import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Application", "applications"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A use of data.

    Attributes:
        id: its name in addresses.
        words: of it, as people write them; phrases: the same as the indexes know them.
    """

    id: str
    name: Text
    phrases: tuple[tuple[str, ...], ...]
    words: tuple[str, ...] = ()


@cache
def applications() -> Mapping[str, Application]:
    """All applications by id, in the order of their file."""
    body = resources.files("estran.catalogue").joinpath("applications.toml").read_text("utf-8")
    return {
        id_: Application(
            id=id_,
            name=Text.many(told["name"].items()),
            phrases=tuple(dict.fromkeys(words for said in told["words"] if (words := tuple(split(said))))),
            words=tuple(told["words"]),
        )
        for id_, told in tomllib.loads(body).items()
    }

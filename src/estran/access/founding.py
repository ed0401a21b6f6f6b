"""The organisations that a new node knows, and the form in which a file lists organisations.

One TOML table an organisation, its name the id::

    [coriolis]
    kind = "centre"
    name.fr = "Coriolis"
    parents = ["ocean"]
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from estran.errors import Invalid
from estran.model import Organisation, Text

__all__ = ["founding", "parse"]

_TEXTS = ("name", "description")
_LISTS = ("parents", "claims")
_KNOWN = frozenset(field.name for field in fields(Organisation)) - {"id"}


@cache
def founding() -> tuple[Organisation, ...]:
    """Hubs, centres, infrastructures, services, groups and networks that a node starts with."""
    file = files("estran.access") / "founding.toml"
    return parse(file.read_text("utf-8"), "founding.toml")


def parse(text: str, where: str = "organisations") -> tuple[Organisation, ...]:
    """The organisations that a TOML text lists, in its order; the registry checks how they fit together.

    Args:
        text: one table an organisation; names and descriptions are a string or a table by language.
        where: name of the file, for messages.

    Raises:
        Invalid: not TOML, an unknown key, or a value of another type.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"it is not TOML ({error})", where) from None
    return tuple(_organisation(id_, table, where) for id_, table in tables.items())


def _organisation(id_: str, table: Any, where: str) -> Organisation:
    at = f"{where} [{id_}]"
    if not isinstance(table, dict):
        raise Invalid(f"write a table, [{id_}], with kind, name, parents…", at)
    for key in table:
        if key not in _KNOWN:
            raise Invalid(f"“{key}” is not known; an organisation has {', '.join(sorted(_KNOWN))}", at)
    return Organisation(id=id_, **{key: _value(key, value, at) for key, value in table.items()})


def _value(key: str, value: Any, at: str) -> Any:
    if key in _TEXTS:
        if isinstance(value, str):
            return Text.of(value)
        if isinstance(value, dict) and all(isinstance(words, str) for words in value.values()):
            return Text.many(value.items())
    elif key in _LISTS:
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
    elif isinstance(value, str):
        return value
    expected = (
        "words, or a table by language" if key in _TEXTS else "a list of words" if key in _LISTS else "words"
    )
    raise Invalid(f"{key} takes {expected}", at)

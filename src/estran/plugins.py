"""Entry points: the only way in for formats, APIs, engines and harvesters, Estran's own included."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from estran.errors import NotFound

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def _points(kind: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"estran.{kind}")}


def names(kind: str) -> list[str]:
    """The plugins of one kind (``format``, ``api``, ``engine``…) that are installed, sorted by name."""
    return sorted(_points(kind))


@cache
def load[T](kind: str, name: str, type_: type[T]) -> T:
    """One plugin's value.

    Raises:
        NotFound: no plugin of that kind has this name.
        TypeError: the entry point does not give a value of type `type_`.
    """
    point = _points(kind).get(name)
    if point is None:
        raise NotFound(kind, name, f"Installed: {', '.join(names(kind))}.")
    value = point.load()
    if not isinstance(value, type_):
        raise TypeError(f"{point.value} is a {type(value).__name__}, not a {type_.__name__}.")
    return value


@cache
def working[T](kind: str, type_: type[T]) -> tuple[T, ...]:
    """The values of all plugins of one kind, by name; one that fails to load is left out with a warning."""
    found: list[T] = []
    for name in names(kind):
        try:
            found.append(load(kind, name, type_))
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and must not take the others along
            warnings.warn(f"the {kind} plugin “{name}” is left out: {error}", RuntimeWarning, stacklevel=2)
    return tuple(found)

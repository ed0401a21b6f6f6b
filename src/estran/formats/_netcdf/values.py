"""Attributes and values of NetCDF variables, read with care: any encoding, any type, bounded sizes.

Masking and scaling are done here: the library's own warns about, or stumbles over, attributes of the
wrong type.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from estran.formats._json import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import netCDF4
    import numpy as np

__all__ = ["Named", "attributes", "is_numeric", "values", "words"]

# Variables by name, each with its attributes.
type Named = Mapping[str, tuple[netCDF4.Variable[Any], dict[str, Any]]]

MOST_VALUES = 2_000_000
_NO_UTF8 = "\ufffd"


def attributes(holder: netCDF4.Dataset | netCDF4.Variable[Any]) -> dict[str, Any]:
    """The attributes by lower-case name: words, numbers and lists of them."""
    found: dict[str, Any] = {}
    for name in holder.ncattrs():
        value = _attribute(holder, name)
        if value is not None:
            found.setdefault(name.lower(), value)
    return found


def _attribute(holder: netCDF4.Dataset | netCDF4.Variable[Any], name: str) -> Any:
    try:
        value: Any = holder.getncattr(name)
        if _NO_UTF8 in str(value):
            # Not in UTF-8: the library put a mark for each byte that it did not know.
            older: Any = holder.getncattr(name, encoding="cp1252")
            value = value if _NO_UTF8.encode().decode("cp1252") in older else older
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        # A type of its own, which says nothing to people.
        return None
    plain = value.tolist() if hasattr(value, "tolist") else value
    return plain if isinstance(plain, str | int | float | list) else None


def words(value: Any) -> str:
    """The words of an attribute; a list of them becomes one text."""
    if isinstance(value, list):
        return ", ".join(part for part in map(text, value) if part)
    return text(value)


def is_numeric(variable: netCDF4.Variable[Any]) -> bool:
    """Whether a variable holds plain numbers, and not characters, strings or structures."""
    return getattr(variable.dtype, "kind", "") in ("i", "u", "f")


def values(variable: netCDF4.Variable[Any], given: Mapping[str, Any]) -> np.ndarray:
    """The valid values of a variable as one list of floats; of a very large one a sample with its edges."""
    import numpy as np  # noqa: PLC0415 - heavy

    variable.set_auto_maskandscale(False)
    parts = [np.asarray(variable[index]).astype("f8").ravel() for index in _indices(variable.shape)]
    raw = np.concatenate(parts) if parts else np.empty(0)
    keep = np.isfinite(raw)
    for name in ("_fillvalue", "missing_value"):
        for missing in _numbers(given.get(name)):
            keep &= raw != missing
    # Fill values that no attribute names: what the library writes where nothing was written.
    keep &= np.abs(raw) < 9.9e36  # noqa: PLR2004
    scale, offset = _numbers(given.get("scale_factor")), _numbers(given.get("add_offset"))
    kept = raw[keep]
    if scale:
        kept = kept * scale[0]
    return kept + offset[0] if offset else kept


def _numbers(value: Any) -> list[float]:
    listed = value if isinstance(value, list) else [value]
    return [float(part) for part in listed if isinstance(part, int | float) and math.isfinite(part)]


def _indices(shape: tuple[int, ...]) -> list[Any]:
    size = math.prod(shape)
    if size == 0:
        return []
    if size <= MOST_VALUES or not shape:
        return [...]
    step = math.ceil((size / MOST_VALUES) ** (1 / len(shape)))
    strided = tuple(slice(None, None, step) for _ in shape)
    edges = [(*strided[:axis], slice(-1, None), *strided[axis + 1 :]) for axis in range(len(shape))]
    return [strided, *edges]

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
    from numpy.typing import NDArray

__all__ = ["Named", "attributes", "is_numeric", "numbers", "strings", "values", "words"]

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
    return _scaled(raw[_is_valid(raw, given)], given)


def numbers(variable: netCDF4.Variable[Any], given: Mapping[str, Any]) -> NDArray[np.float64]:
    """All values of a variable in its shape, NaN for what is missing."""
    import numpy as np  # noqa: PLC0415

    variable.set_auto_maskandscale(False)
    raw = np.asarray(variable[...]).astype("f8")
    return np.where(_is_valid(raw, given), _scaled(raw, given), np.nan)


def strings(variable: netCDF4.Variable[Any]) -> NDArray[Any]:
    """The texts of a variable of strings or characters, without blanks at their ends."""
    import netCDF4  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    variable.set_auto_maskandscale(False)
    variable.set_auto_chartostring(False)
    held = np.asarray(variable[...])
    if held.dtype.kind == "S" and held.dtype.itemsize == 1 and held.ndim and not _is_flag(variable):
        held = np.asarray(netCDF4.chartostring(held, encoding="bytes"))
    if held.dtype.kind == "S":
        held = np.char.decode(held, "latin-1")
    return np.char.strip(held.astype(str), " \0")


def _is_flag(variable: netCDF4.Variable[Any]) -> bool:
    """Whether single characters stand for themselves: the last dimension is not the length of a string."""
    last = variable.dimensions[-1].lower() if variable.dimensions else ""
    return not ("str" in last or "len" in last or last.startswith(("char", "date_time")))


def _is_valid(raw: NDArray[np.float64], given: Mapping[str, Any]) -> NDArray[np.bool_]:
    import numpy as np  # noqa: PLC0415

    keep = np.isfinite(raw)
    for name in ("_fillvalue", "missing_value"):
        for missing in _numbers(given.get(name)):
            keep &= raw != missing
    # Fill values that no attribute names: what the library writes where nothing was written.
    keep &= np.abs(raw) < 9.9e36  # noqa: PLR2004
    return keep


def _scaled(kept: NDArray[np.float64], given: Mapping[str, Any]) -> NDArray[np.float64]:
    scale, offset = _numbers(given.get("scale_factor")), _numbers(given.get("add_offset"))
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

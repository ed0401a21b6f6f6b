"""What the flags of a CF flag variable mean: its attributes flag_values, flag_meanings and conventions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from estran.formats._netcdf.values import words
from estran.model import FlagMeaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["as_words", "meanings_of", "scheme_of"]

_CHARACTERS = {*range(48, 58), 65, 66, 81}
"""SeaDataNet writes its flags as the codes of their characters."""


def scheme_of(about: Mapping[str, Any]) -> str:
    """The name of a scheme, “producer” where none is told."""
    for attribute in ("conventions", "Conventions", "sdn_conventions", "references", "long_name"):
        said = words(about.get(attribute))
        if re.search(r"argo|seadatanet|oceansites|copernicus marine|qartod", said, re.IGNORECASE):
            return said
    return words(about.get("conventions")) or "producer"


def meanings_of(about: Mapping[str, Any]) -> tuple[FlagMeaning, ...]:
    """Flags and their meanings, nothing where these are not told, or not as many."""
    values, said = about.get("flag_values"), words(about.get("flag_meanings"))
    if values is None or not said:
        return ()
    if isinstance(values, str):
        flags = re.findall(r"[^\s,;]+", values)
        flags = [re.sub(r"(?<=\d)[bsl]$", "", flag, flags=re.IGNORECASE) for flag in flags]
    else:
        flags = [str(one) for one in as_words(np.atleast_1d(np.asarray(values)), about).tolist()]
    told = said.split()
    if len(told) != len(flags):
        told = [part.strip() for part in said.split(",")]
    if len(told) != len(flags):
        return ()
    return tuple(FlagMeaning(flag, meaning) for flag, meaning in zip(flags, told, strict=True))


def as_words(values: NDArray[Any], about: Mapping[str, Any]) -> NDArray[np.str_]:
    """Numbers of a flag variable as its scheme writes them."""
    codes = np.unique(np.atleast_1d(np.asarray(about.get("flag_values", []))))
    is_coded = "seadatanet" in scheme_of(about).lower() and codes.dtype.kind in "iu" and len(codes)
    if is_coded and set(codes.tolist()) <= _CHARACTERS:
        letters = np.array([chr(n) for n in range(128)])
        return letters[np.where(np.isin(values, list(_CHARACTERS)), values, ord("0"))]
    return values.astype(str)

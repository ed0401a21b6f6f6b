"""Argo: the files of one float are one dataset, whatever centre and version they are of.

Profiles (R, D, B, S, and those of all cycles) and trajectories (Rtraj, Dtraj) give datastreams: of each parameter
one in real time, one adjusted in real time and one in delayed mode, side by side. The files of metadata and of
technical data tell of the float alone.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from estran.errors import Invalid
from estran.formats import Format
from estran.formats._netcdf.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.formats import Document, Observed
    from estran.model import Record

__all__ = ["FORMAT", "observe", "read", "recognise"]

_CERTAIN, _LIKELY = 0.99, 0.9
_CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_NAME = re.compile(r"([SBM]{0,2}[RD])?\d{5,8}_(\d{3,4}D?|[SBM]?prof|B?[RD]traj|meta|tech)\.nc", re.IGNORECASE)
_SIGNS = (b"N_PROF", b"N_MEASUREMENT", b"N_LEVELS")


def recognise(head: bytes, name: str) -> float:
    """By the names of its dimensions, which the classic format has at its start; of HDF5 by the name of the file."""
    if head.startswith(_CLASSIC):
        is_argo = b"DATE_TIME" in head and (b"Argo float" in head or any(sign in head for sign in _SIGNS))
        return _CERTAIN if is_argo else 0.0
    return _LIKELY if head.startswith(_HDF5) and _NAME.fullmatch(PurePath(name).name) else 0.0


def read(document: Document) -> Iterator[Record]:
    """The record of the float, with what this file adds to it.

    Raises:
        Invalid: it cannot be opened, or is of no float, or of several.
    """
    from dataclasses import replace  # noqa: PLC0415

    from estran.formats._argo.floats import float_of  # noqa: PLC0415 - heavy
    from estran.formats._summary import summary  # noqa: PLC0415

    with opened(document) as dataset:
        record = float_of(dataset, document).record()
    variables, extent = summary(observe(document))
    yield replace(record, variables=variables, extent=extent)


def observe(document: Document) -> Iterator[Observed]:
    """The datastreams of a file and their values; none of metadata and technical data.

    Raises:
        Invalid: it cannot be opened, or is of no float, or of several.
    """
    from estran.formats._argo.floats import float_of  # noqa: PLC0415 - heavy
    from estran.formats._argo.series import profiles, trajectory  # noqa: PLC0415

    name = PurePath(document.name).name.upper()
    with opened(document) as dataset:
        of = float_of(dataset, document)
        held = dataset.variables
        if not {"JULD", "LATITUDE", "LONGITUDE"} <= held.keys():
            return
        try:
            if "N_PROF" in dataset.dimensions:
                yield from profiles(
                    dataset, of, document.name, synthetic=name.startswith(("SR", "SD")) or "SPROF" in name
                )
            elif "N_MEASUREMENT" in dataset.dimensions:
                yield from trajectory(dataset, of, delayed="DTRAJ" in name)
        except (IndexError, KeyError) as error:
            raise Invalid(
                f"its arrays do not fit each other ({error}); fetch it again", document.name
            ) from None


def explain(document: Document) -> str:
    """How a file would be understood."""
    from estran.formats._argo.floats import float_of  # noqa: PLC0415 - heavy
    from estran.formats._summary import told  # noqa: PLC0415

    with opened(document) as dataset:
        wmo = float_of(dataset, document).wmo
        if not {"N_PROF", "N_MEASUREMENT"} & dataset.dimensions.keys():
            what = "technical data or metadata, which tell of the float; they hold no observations"
            return f"Argo float {wmo}: {what}"
    return told(f"Argo float {wmo}, added to its dataset", observe(document))


FORMAT = Format(
    name="argo",
    title="Argo NetCDF",
    media_types=("application/netcdf", "application/x-netcdf"),
    recognise=recognise,
    read=read,
    observe=observe,
    explain=explain,
    parts=True,
    suffix=".nc",
)

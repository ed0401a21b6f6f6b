"""Opening of NetCDF files: from the disk, or out of memory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from estran.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Generator

    import netCDF4

    from estran.formats import Document

__all__ = ["opened"]


@contextmanager
def opened(document: Document) -> Generator[netCDF4.Dataset]:
    """The file, closed at the end.

    Raises:
        Invalid: it cannot be opened.
    """
    import netCDF4  # noqa: PLC0415 - heavy

    try:
        if document.path is not None:
            dataset = netCDF4.Dataset(str(document.path), "r")
        else:
            dataset = netCDF4.Dataset("memory.nc", "r", memory=document.body)
    except (OSError, RuntimeError, ValueError) as error:
        raise Invalid(
            f"it cannot be opened as NetCDF ({error}); it may be cut short or another HDF5", document.name
        ) from None
    try:
        yield dataset
    finally:
        dataset.close()

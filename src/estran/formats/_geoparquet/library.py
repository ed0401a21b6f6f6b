"""pyarrow, which only those install who need it."""

from __future__ import annotations

from typing import Any

from estran.errors import Invalid


def pyarrow() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet.

    Raises:
        Invalid: it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - heavy, and an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise Invalid(
            "Parquet is read and written with pyarrow, which is not installed: pip install 'estran[parquet]'"
        ) from None
    return pa, parquet

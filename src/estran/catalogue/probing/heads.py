"""What the first bytes of an answer are: the family of its format, a page that wants a login, a COG."""

from __future__ import annotations

import re
import struct

__all__ = ["FIRST_BYTES", "fits", "has_login_form", "is_cog", "recognise"]

FIRST_BYTES = 32 << 10
"""Enough to tell a format, to find a form and to see the layout of a TIFF."""

_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"CDF\x01", "NetCDF"), (b"CDF\x02", "NetCDF"), (b"CDF\x05", "NetCDF"), (b"\x89HDF\r\n\x1a\n", "HDF"),
    (b"\x0e\x03\x13\x01", "HDF"), (b"II*\x00", "TIFF"), (b"MM\x00*", "TIFF"), (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"), (b"PK\x03\x04", "ZIP"), (b"PK\x05\x06", "ZIP"), (b"\x1f\x8b", "GZIP"),
    (b"BZh", "GZIP"), (b"\xfd7zXZ\x00", "GZIP"), (b"7z\xbc\xaf\x27\x1c", "ZIP"), (b"Rar!", "ZIP"),
    (b"%PDF", "PDF"), (b"\x89PNG\r\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"), (b"\xff\x4f\xff\x51", "JPEG 2000"), (b"GRIB", "GRIB"),
    (b"BUFR", "BUFR"), (b"PAR1", "Parquet"), (b"SQLite format 3\x00", "GeoPackage"), (b"\xd0\xcf\x11\xe0", "Office"),
)  # fmt: skip
_TEXTS = frozenset({"HTML", "XML", "JSON", "CSV", "Text"})
_PACKED = frozenset({"ZIP", "GZIP"})
# Family that is claimed -> others that are the same thing in another coat.
_ALSO: dict[str, frozenset[str]] = {
    "NetCDF": frozenset({"HDF"}),
    "HDF": frozenset({"NetCDF"}),
    "Office": frozenset({"ZIP", "Office"}),
    "JSON": frozenset({"Text"}),
    "CSV": frozenset({"Text"}),
    "Text": frozenset({"CSV", "JSON", "XML"}),
    "XML": frozenset({"ZIP"}),
}
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_PASSWORD = re.compile(rb"""<input\b[^>]{0,500}\btype\s*=\s*["']?password""", re.IGNORECASE)
_STARTS_AS_JSON = re.compile(rb"\s*[\[{]")
_TILE_WIDTH, _ENTRY = 322, 12
_GDAL = b"GDAL_STRUCTURAL_METADATA_SIZE"


def recognise(head: bytes) -> str:
    """The family of a format, "HTML" or "Text"; "" for what is neither text nor known."""
    for mark, family in _MARKS:
        if head.startswith(mark):
            return family
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return "HTML" if _HTML.search(text[:4096]) else "XML"
    if _STARTS_AS_JSON.match(text):
        return "JSON"
    return "" if b"\x00" in head[:4096] else "Text"


def fits(claimed: str, found: str) -> bool:
    """Whether what came can be what was claimed; what is not known is believed."""
    if not claimed or not found or claimed == found:
        return True
    if found in _ALSO.get(claimed, ()) or found in _PACKED:
        return True
    # A packed thing is claimed by what is in it as often as by its coat.
    return claimed in _PACKED and found not in _TEXTS


def has_login_form(head: bytes) -> bool:
    """Whether a page asks for a password."""
    return bool(_PASSWORD.search(head))


def is_cog(head: bytes) -> bool:
    """Whether a TIFF begins as a cloud-optimised one: its first directory is near, and it is tiled."""
    if _GDAL in head[:200]:
        return True
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in {b"+\x00", b"\x00+"}
    try:
        at = (
            struct.unpack_from(f"{order}Q", head, 8)[0]
            if big
            else struct.unpack_from(f"{order}I", head, 4)[0]
        )
        count = struct.unpack_from(f"{order}{'Q' if big else 'H'}", head, at)[0]
        first, step = at + (8 if big else 2), 20 if big else _ENTRY
        tags = {struct.unpack_from(f"{order}H", head, first + n * step)[0] for n in range(min(count, 200))}
    except struct.error:  # its directory stands further back
        return False
    return _TILE_WIDTH in tags

"""Why a file gives no observations, in words that say what it is and what to do with it."""

from __future__ import annotations

import re
import zlib
from pathlib import PurePath

__all__ = ["reason"]

_NETCDF = "convert it to NetCDF with the maker's software, then load that"
_TABLE = "export it as a table with times (CSV) or as NetCDF, then load that"
_LATER = "it is not read yet; convert it to NetCDF or to a table with times"
_NO_SERIES = "it holds no series of observations"
_SIGNS = (
    (rb"\x7f\x7f", "raw ensembles of an RDI current profiler", _NETCDF),
    (rb"\xa5[\x05\x0a\x10\x12]", "raw records of a Nortek instrument", _NETCDF),
    (rb".{0,80}COMPACT RINEX", "compressed RINEX of GNSS receivers", _NO_SERIES),
    (rb".{0,80}RINEX VERSION", "RINEX of GNSS receivers or of their weather sensors", _LATER),
    (rb".{0,80}IONEX VERSION", "IONEX, maps of the ionosphere", _NO_SERIES),
    (rb"#[a-d][PV ]\d{4}", "SP3, orbits of satellites", _NO_SERIES),
    (rb"\d{6}[VAST] ", "a SEED volume with control headers", "ask the data centre for miniSEED and StationXML"),
    (rb"RESP|(?s:.{0,300}B050F03)", "a SEED response", "ask the data centre for StationXML"),
    (rb"(?s:.{0,300})<(\w+:)?quakeml", "QuakeML, a list of earthquakes", _NO_SERIES),
    (rb"(?s:.{0,300})<(\w+:)?application [^>]*wadl", "a description of a web service", _NO_SERIES),
    (rb"(XW01|(?s:.{0,100})WID2 |(?s:.{0,200})STA2 )", "GSE, waves of seismometers", "ask the data centre for miniSEED"),
    (rb"(?s:.{0,40})ODF_HEADER", "ODF of Fisheries and Oceans Canada", _LATER),
    (rb"\*IOS HEADER|(?s:.{0,100})\*FILE", "a file of the Institute of Ocean Sciences", _LATER),
    (rb"\[IDT;\*(DIF|WIF)\*", "DONAR's DIA or WIA of Rijkswaterstaat", _LATER),
    (rb"(?s:.{0,400})(MATROOS|hatyan)", "NOOS, a series of a tide gauge", "name its two columns above them and load it as .txt"),
    (rb"netcdf\s+[^{]{1,200}\{", "NetCDF as text (CDL)", "make NetCDF of it with ncgen, then load that"),
    (rb"(RDX|RDA)[23]\n", "a file of R", _TABLE),
    (rb"\x93NUMPY|PK\x03\x04(?s:.{26,80})\.npy", "arrays of numpy without names or times", _TABLE),
    (rb"PK\x03\x04(?s:.{26,100})(\[Content_Types\]|docProps|xl/)", "a spreadsheet", "save its table as CSV, then load that"),
    (rb"\s*[{\[]", "JSON of no kind that holds observations here", "of SensorThings and ERDDAP, load a table or NetCDF"),
    (rb"(?s:.{0,80})---\n|\w+:\s*\n\s+\w+:", "YAML, a description", _NO_SERIES),
)  # fmt: skip
_NAMES = {
    ".sac": ("SAC, waves of seismometers", "ask the data centre for miniSEED"),
    ".gz": ("packed", "unpack it, then load what is in it"),
    ".edf": ("a cast of an expendable probe", _LATER), ".cdl": ("NetCDF as text (CDL)", "make NetCDF of it with ncgen"),
    ".btl": ("a summary of bottles", "load the cast itself (.cnv)"), ".mat": ("a file of MATLAB", _TABLE),
    ".xls": ("a spreadsheet", "save its table as CSV, then load that"), ".rdata": ("a file of R", _TABLE),
}  # fmt: skip
_GZIP = b"\x1f\x8b"
_MOST = 8192


def reason(head: bytes, name: str) -> str:
    """What a file is, as far as its first bytes and its name tell, and what to do."""
    suffix = PurePath(name).suffix.lower()
    if head.startswith(_GZIP):
        head = _unpacked(head)
    if not head.strip():
        return "it is empty; give a file of observations"
    for pattern, what, advice in _SIGNS:
        if re.match(pattern, head):
            return f"it is {what}; {advice}"
    if suffix in _NAMES:
        what, advice = _NAMES[suffix]
        return f"it is {what}; {advice}"
    if b"\0" in head:
        return f"it is binary and of no kind known here; {_NETCDF}"
    return (
        "no observations are found in it; a table has a line that names its columns and a column of times, and a "
        "name that ends with .csv, .tsv or .txt"
    )


def _unpacked(head: bytes) -> bytes:
    """The first bytes of what is packed."""
    try:
        return zlib.decompressobj(31).decompress(head, _MOST)
    except zlib.error:
        return head

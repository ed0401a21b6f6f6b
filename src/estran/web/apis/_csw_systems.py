"""Reference systems that positions come in, and what they are in longitude and latitude.

Who names no reference system gives longitude first, as most clients do; so do CRS84 and the old ``EPSG:4326``. The
URN and the address of EPSG 4326 mean what the EPSG says: latitude first. ETRS89 (EPSG 4258) is the same to less
than a metre. Web Mercator (EPSG 3857, once 900913) is metres east and north.
"""

from __future__ import annotations

import math
import re
from enum import Enum

from estran.errors import Invalid
from estran.web.apis._csw_terms import shown

__all__ = ["System", "system"]

_EPSG = r"urn:(?:x-)?ogc:def:crs:EPSG:[\d.]*:(?:{0})|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/(?:{0})"
_SHORT = r"EPSG:(?:{0})|https?://www\.opengis\.net/gml/srs/epsg\.xml#(?:{0})"
_LATITUDE_FIRST = re.compile(_EPSG.format("4326|4258"), re.IGNORECASE)
_LONGITUDE_FIRST = re.compile(
    _SHORT.format("4326|4258") + r"|(?:OGC:)?CRS:?84|urn:(?:x-)?ogc:def:crs:OGC:[\d.]*:CRS84|"
    r"https?://www\.opengis\.net/def/crs/OGC/[\d.]+/CRS84",
    re.IGNORECASE,
)
_MERCATOR = re.compile("|".join((_EPSG.format("3857|900913"), _SHORT.format("3857|900913"))), re.IGNORECASE)
_RADIUS_M = 6_378_137.0
_EDGE_M = math.pi * _RADIUS_M
# A map that was turned shows the world again at its sides: longitudes beyond 180° are those of a box that crosses it.
_BEYOND_M = 2 * _EDGE_M


class System(Enum):
    """How positions are written."""

    LONGITUDE_FIRST = "longitude first"
    LATITUDE_FIRST = "latitude first"
    MERCATOR = "web mercator"

    def position(self, x: float, y: float, where: str) -> tuple[float, float]:
        """The longitude and latitude of a position.

        Raises:
            Invalid: it lies outside of what the reference system has.
        """
        match self:
            case System.LONGITUDE_FIRST:
                return x, y
            case System.LATITUDE_FIRST:
                return y, x
            case System.MERCATOR:
                return _unprojected(x, y, where)


def _unprojected(east_m: float, north_m: float, where: str) -> tuple[float, float]:
    """Longitude and latitude of a position in Web Mercator; longitudes go on beside the world as its maps do."""
    if abs(east_m) > _BEYOND_M or abs(north_m) > _BEYOND_M:
        raise Invalid(
            f"{east_m:g} {north_m:g} is no position in EPSG:3857, which has metres up to 40075016.68 either way",
            where,
        )
    longitude = math.degrees(east_m / _RADIUS_M)
    latitude = math.degrees(2 * math.atan(math.exp(north_m / _RADIUS_M)) - math.pi / 2)
    return longitude, latitude


def system(name: str, where: str = "srsName") -> System:
    """The reference system of a name.

    Raises:
        Invalid: positions in it are not read.
    """
    name = name.strip()
    if not name or _LONGITUDE_FIRST.fullmatch(name):
        return System.LONGITUDE_FIRST
    if _LATITUDE_FIRST.fullmatch(name):
        return System.LATITUDE_FIRST
    if _MERCATOR.fullmatch(name):
        return System.MERCATOR
    raise Invalid(
        f"the reference system “{shown(name)}” is not offered; give longitude and latitude in "
        "urn:ogc:def:crs:OGC:1.3:CRS84, latitude and longitude in urn:ogc:def:crs:EPSG::4326, or metres in EPSG:3857",
        where,
    )

"""What the definition says of the parameters of EDR queries."""

from __future__ import annotations

from typing import Any

from estran.web.apis.edr.asking import EPSG_4326, KM
from estran.web.apis.edr.collections import FORMS
from estran.web.asking import CRS84

__all__ = ["QUERY_PARAMETERS"]

_UNITS = [name for name in KM if name in ("km", "m", "mi", "nmi")]


def _parameter(
    name: str, description: str, *, required: bool = False, example: Any = None, **schema: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "style": "form",
        "explode": False,
        "schema": {"type": "string", **schema},
    }
    return made if example is None else {**made, "example": example}


_DATETIME = _parameter(
    "datetime",
    "An instant, an interval with a slash, or several with commas between; `..` leaves an end open.",
    example="2020/..",
)
_NAMES = _parameter(
    "parameter-name",
    "Names of parameters, with commas between; all values, flags and qualities if not given.",
)
_CRS = _parameter(
    "crs",
    "Reference system of coordinates, here and in the answer.",
    enum=[CRS84, "CRS84", EPSG_4326, "EPSG:4326"],
)
_FORM = _parameter("f", "The form of the answer; else the Accept header decides.", enum=list(FORMS))
_Z = _parameter("z", "A level, two around a slash, a list, or Rn/first/step.", example="0/100")
_RESOLUTIONS = [
    _parameter(
        f"resolution-{axis}", "Read and left alone: observations are where they were made.", example="0"
    )
    for axis in "xyz"
]
_AS_OF = _parameter(
    "as_of",
    "An instant: the observations as they were then, of datasets that keep it; the same as an instance of that name.",
)
_COMMON = [_DATETIME, _NAMES, _CRS, _FORM, _AS_OF]


def _coords(example: str) -> dict[str, Any]:
    return _parameter("coords", "A geometry in WKT, longitude first.", required=True, example=example)


_LINE = "LINESTRING(-6 48,-4 48.5,-2 49)"
QUERY_PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "position": [_coords("POINT(-4.5 48.4)"), _Z, *_COMMON],
    "radius": [
        _coords("POINT(-4.5 48.4)"),
        _parameter("within", "The radius.", required=True, example="20"),
        _parameter("within-units", "Its unit.", required=True, enum=_UNITS, example="km"),
        _Z,
        *_COMMON,
    ],
    "area": [_coords("POLYGON((-6 47,-3 47,-3 49,-6 49,-6 47))"), _Z, *_COMMON],
    "cube": [
        {
            **_parameter(
                "bbox",
                "West, south, east, north; heights may stand between.",
                required=True,
                example=[-6, 47, -3, 49],
            ),
            "schema": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        },
        _Z,
        *_COMMON,
        *_RESOLUTIONS,
    ],
    "trajectory": [_coords(_LINE), _Z, *_COMMON],
    "corridor": [
        _coords(_LINE),
        _parameter("corridor-width", "The whole width.", required=True, example="20"),
        _parameter("width-units", "Its unit.", required=True, enum=_UNITS, example="km"),
        _parameter(
            "corridor-height",
            "The whole height, around that of the line where it has one.",
            required=True,
            example="100",
        ),
        _parameter("height-units", "Its unit: that of the third coordinate.", required=True, example="m"),
        _Z,
        *_COMMON,
        *_RESOLUTIONS,
    ],
    "locations": [*_COMMON],
    "items": [_DATETIME, _FORM, _AS_OF],
}
"""Query -> its parameters."""

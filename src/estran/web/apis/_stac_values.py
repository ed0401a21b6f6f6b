"""What STAC clients write in addresses and bodies, one value after the other: read, or refused with the reason."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from estran.errors import Invalid
from estran.model import EVER_US, NEVER_US, Box, instant_us
from estran.web import asking
from estran.web.apis._stac_cql2 import both, of_every_node, of_query, plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.web.apis._stac_cql2 import Known

_MOST_VALUES = 10_000
_MOST_SORTS = 10
_LONGEST = 80
_CRS84 = (asking.CRS84, "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "CRS84")
_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?\d*(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_FRACTION = re.compile(r"(\.\d{9})\d+")


@dataclass(frozen=True, slots=True)
class Fields:
    """Which members of items are wanted: dotted paths.

    Attributes:
        include: only these; None means all, an empty tuple what makes an item.
        exclude: not these, unless `include` names the same or what lies in it.
    """

    include: tuple[str, ...] | None
    exclude: tuple[str, ...]


def words(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A member that holds texts, each once."""
    values = found.get(name, ())
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise Invalid("it is no list of texts", name)
    if len(values) > _MOST_VALUES:
        raise Invalid(f"{len(values)} values are given; at most {_MOST_VALUES} are read", name)
    return tuple(dict.fromkeys(values))


def text_of(found: Mapping[str, Any], name: str) -> str:
    """A member that holds a text, "" where it is absent."""
    value = found.get(name, "")
    if not isinstance(value, str):
        raise Invalid("it is no text", name)
    return value


def limit(value: Any, most: int) -> int:
    """How many a page holds: what is asked, cut to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Invalid(f"“{str(value)[:20]}” is not a whole number of 1 or more", "limit")
    return min(value, most)


def box(numbers: Any) -> Box:
    """A bounding box of four numbers, or of six with heights."""
    if not isinstance(numbers, list) or any(
        isinstance(n, bool) or not isinstance(n, int | float) for n in numbers
    ):
        raise Invalid("it is no list of numbers; give west, south, east, north", "bbox")
    try:
        corners = [float(n) for n in numbers]
    except OverflowError:
        raise Invalid("a number is out of range; give degrees", "bbox") from None
    match corners:
        case [west, south, east, north] | [west, south, _, east, north, _]:
            return Box.checked(west, south, east, north)
        case _:
            raise Invalid(f"{len(corners)} numbers given; give west, south, east, north", "bbox")


def geometry(value: Any) -> dict[str, Any]:
    """A GeoJSON geometry, of which only the form is checked."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Invalid("it is no GeoJSON geometry", "intersects")
    return value


def time(value: Any) -> tuple[int, int]:
    """An instant of RFC 3339, or an interval that holds both its ends."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Invalid("it is no text of an instant or an interval", "datetime")
    start, slash, end = value.partition("/")
    if not slash:
        at = _instant(start)
        return at, at + 1
    opened, closed = start in ("", ".."), end in ("", "..")
    if opened and closed:
        raise Invalid("both ends are open; give at least one, or leave datetime out", "datetime")
    first = EVER_US if opened else _instant(start)
    last = NEVER_US if closed else _instant(end) + 1
    if first >= last:
        raise Invalid(f"“{value}” ends before it starts", "datetime")
    return first, last


def _instant(text: str) -> int:
    if not _RFC_3339.fullmatch(text):
        raise Invalid(
            f"“{text}” is no instant of RFC 3339; write 2020-03-01T12:00:00Z, or two with a slash between",
            "datetime",
        )
    return instant_us(_FRACTION.sub(r"\1", text), "datetime")


def filter_of(found: Mapping[str, Any], known: Known = of_every_node) -> str | dict[str, Any]:
    """The members filter and query as one CQL2 filter; `known` gives what filters may name."""
    asked, language = found.get("filter"), text_of(found, "filter-lang")
    if language not in ("", "cql2-text", "cql2-json"):
        raise Invalid(f"“{language[:40]}” is not read here; choose cql2-text or cql2-json", "filter-lang")
    if text_of(found, "filter-crs") not in ("", *_CRS84):
        raise Invalid(f"only {asking.CRS84} is offered: longitude, latitude", "filter-crs")
    if isinstance(asked, bool):
        asked = {"op": "and", "args": [asked]}
    if asked is not None and not isinstance(asked, str | dict):
        raise Invalid("it is neither CQL2 text nor CQL2 JSON", "filter")
    return both(asked, of_query(found["query"], known) if "query" in found else None)


def order(value: Any) -> tuple[tuple[str, bool], ...]:
    """A list of sorts as (property, descending) pairs."""
    if not isinstance(value, list) or len(value) > _MOST_SORTS:
        raise Invalid(f"it is no list of at most {_MOST_SORTS} fields", "sortby")
    return tuple(_key(one) for one in value)


def _key(value: Any) -> tuple[str, bool]:
    match value:
        case {"field": str(field), "direction": "asc" | "desc" as direction} if field:
            return plain_name(field), direction == "desc"
        case {"field": str(field)} if field and "direction" not in value:
            return plain_name(field), False
        case _:
            raise Invalid('a sort is {"field": …, "direction": "asc" or "desc"}', "sortby")


def fields(value: Any) -> Fields:
    """A choice of members."""
    if not isinstance(value, dict) or not set(value) <= {"include", "exclude"}:
        raise Invalid('send {"include": […], "exclude": […]}', "fields")
    exclude = words({"fields": value.get("exclude") or []}, "fields")
    include = words({"fields": value.get("include") or []}, "fields")
    return Fields(None if exclude and "include" not in value else include, exclude)


def split(text: str) -> list[str]:
    """The parts of a text with commas between."""
    return [part for part in (piece.strip() for piece in text.split(",")) if part]


def numbers(text: str) -> list[float]:
    """The numbers of a text with commas between."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        raise Invalid(f"“{text[:_LONGEST]}” is no list of numbers", "bbox") from None
    if not all(math.isfinite(number) for number in found):
        raise Invalid("a corner is not a number", "bbox")
    return found


def sorts(text: str) -> list[dict[str, str]]:
    """The sorts of an address, as a body has them."""
    # A plus that nobody encoded arrives as a blank, which the split has cut off.
    return [
        {"field": part.lstrip("+-"), "direction": "desc" if part.startswith("-") else "asc"}
        for part in split(text)
    ]


def choice(text: str) -> dict[str, list[str]]:
    """The choice of members of an address, as a body has it."""
    parts = split(text)
    found = {
        "include": [part.removeprefix("+") for part in parts if not part.startswith("-")],
        "exclude": [part[1:] for part in parts if part.startswith("-")],
    }
    return {name: names for name, names in found.items() if names}


def json_of(name: str) -> Callable[[str], Any]:
    """What reads a parameter that holds JSON."""

    def read(text: str) -> Any:
        try:
            return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Invalid("it is not JSON", name) from None

    return read

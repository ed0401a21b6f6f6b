"""Which items of a collection an address asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.catalogue.items.query import ItemQuery
from estran.model import moment_us
from estran.web.portal import asking
from estran.web.portal.asking import PAGE, Asked, Wrong, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from starlette.datastructures import QueryParams

CLOUDS = "eo:cloud_cover"
_PERCENT = 100


@dataclass(frozen=True, kw_only=True)
class ItemsAsked(Asked):
    """What an address asks of a collection; `cloud` is the most cloud cover in percent, "" for any."""

    cloud: str = ""

    def items(self, collection: str, **more: Any) -> ItemQuery:
        """The question for the items of a collection."""
        asked = ItemQuery(
            collections=(collection,), bbox=self.box, time=self.time(), filter=self._filter(), limit=PAGE,
            cursor=self.cursor,
        )  # fmt: skip
        return replace(asked, **more)

    def _filter(self) -> str | dict[str, Any]:
        return {"op": "<=", "args": [{"property": CLOUDS}, float(self.cloud)]} if self.cloud else ""

    def params(self) -> list[tuple[str, str]]:
        """The address's parameters in their one order, empty ones left out."""
        listed = super().params()
        place = sum(name in ("bbox", "from", "to") for name, _ in listed)
        return [*listed[:place], *([("cloud", self.cloud)] if self.cloud else []), *listed[place:]]

    def filters(self) -> Iterator[tuple[str, str, Self]]:
        """Each active filter: its field, its value, and the question without it."""
        for name, value, rest in super().filters():
            # One month or day is one filter.
            if name == "from" and self.start == self.end:
                yield "period", value, self.first(start="", end="")
            elif name != "to" or self.start != self.end:
                yield name, value, rest
        if self.cloud:
            yield "cloud", self.cloud, self.first(cloud="")

    def interval(self) -> str:
        """The period with both ends in it, as STAC writes it; "" for all times."""
        time = self.time()
        if time is None:
            return ""
        start, end = _instant(time[0]), _instant(time[1] - 1)
        return "" if start == end == ".." else f"{start}/{end}"

    def api(self, items: str) -> str:
        """The address of the STAC API that finds the same, from that of the collection's items."""
        asks = (
            ("bbox", written(self.box) if self.box else ""),
            ("datetime", self.interval()),
            ("filter", f"{CLOUDS} <= {self.cloud}" if self.cloud else ""),
        )
        told = urlencode([(name, value) for name, value in asks if value], safe=",:/")
        return f"{items}?{told}" if told else items


def _instant(us: int) -> str:
    """An instant, ".." where RFC 3339 has none: an open end, or a year beyond its four digits."""
    try:
        return moment_us(us)
    except OverflowError:
        return ".."


def read(params: QueryParams) -> ItemsAsked:
    """The question of an address; what cannot be read is named in `wrong` and otherwise left out."""
    wrong: list[Wrong] = []
    narrowed = asking.within(params, wrong)
    return ItemsAsked(
        cloud=_cloud(params.get("cloud", ""), wrong), **narrowed, **asking.paged(params), wrong=tuple(wrong)
    )


def _cloud(given: str, wrong: list[Wrong]) -> str:
    text = given.strip().removesuffix("%").strip().replace(",", ".")
    if not text:
        return ""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _PERCENT:
        wrong.append(Wrong("cloud", "error.cloud", given[:40]))
        return ""
    return f"{round(value, 2):g}"

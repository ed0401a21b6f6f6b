"""A small SensorThings server that behaves as others do where that is awkward."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from estran.model import instant_us
from tests.fetching.serving import Answer

if TYPE_CHECKING:
    from tests.fetching.serving import Asked

_PATH = re.compile(r"(\w+)(?:\(('?)(.*?)\2\))?(?:/(\w+))?$")
SINGLE = {
    "Datastreams": {"Thing", "Sensor", "ObservedProperty"},
    "MultiDatastreams": {"Thing", "Sensor"},
    "Observations": {"FeatureOfInterest"},
    "HistoricalLocations": {"Thing"},
}
SETS = {
    "Thing": "Things",
    "Sensor": "Sensors",
    "ObservedProperty": "ObservedProperties",
    "FeatureOfInterest": "FeaturesOfInterest",
}


@dataclass
class Frost:
    """A server: its entities by set, each with the ids of what it is linked to under ``_links``.

    Attributes:
        root: path of its root; limit: entities on a page.
        says: the address that it believes to have, in its links.
        expands: "nested", "flat", "ignored" or "refused".
        arrays: whether it has data arrays.
        sorts: whether it sorts.
        filters: "results" with times of results, "times" without, "" for none.
        fails: number of the request for observations from which on it fails.
    """

    sets: dict[str, list[dict[str, Any]]]
    root: str = "/FROST-Server/v1.1"
    limit: int = 100
    says: str = "http://localhost:8080/FROST-Server/v1.1"
    expands: str = "nested"
    arrays: bool = True
    sorts: bool = True
    filters: str = "results"
    fails: int = 1_000_000
    asked: list[str] = field(default_factory=list[str])
    count: int = 0

    def __call__(self, asked: Asked) -> Answer | bytes:  # noqa: PLR0911 - an address each
        """The answer to a request."""
        path = asked.path.removeprefix(self.root).strip("/")
        if not asked.path.startswith(self.root):
            return Answer(b"<html>no such application</html>", 404)
        if not path:
            listed = [{"name": name, "url": f"{self.says}/{name}"} for name in self.sets]
            return _json({"value": listed})
        self.asked.append(path)
        found = _PATH.match(path)
        if found is None:
            return Answer(b'{"code":404,"message":"Nothing found."}', 404)
        kind, _, id_, link = found.groups()
        id_ = id_ and id_.replace("''", "'")
        if "Observations" in path:
            self.count += 1
            if self.count >= self.fails:
                return Answer(b'{"code":500,"message":"Failed to execute query."}', 500)
        if id_ is None:
            return self._page(kind, self.sets[kind], asked, path)
        one = next((e for e in self.sets.get(kind, []) if str(e["@iot.id"]) == id_), None)
        if one is None:
            return Answer(b'{"code":404,"message":"Nothing found."}', 404)
        if not link:
            return _json(self._written(kind, one, ""))
        if link in SINGLE.get(kind, set()):
            return _json(self._written(SETS[str(link)], self._linked(one, link)[0], ""))
        return self._page(SETS.get(link, link), self._linked(one, link), asked, path)

    def _linked(self, one: dict[str, Any], link: str) -> list[dict[str, Any]]:
        ids = one["_links"].get(link, [])
        ids = ids if isinstance(ids, list) else [ids]
        return [e for e in self.sets[SETS.get(link, link)] if e["@iot.id"] in ids]

    def _page(self, kind: str, listed: list[dict[str, Any]], asked: Asked, path: str) -> Answer | bytes:
        given = asked.query
        expand = given.get("$expand", "")
        is_array = given.get("$resultFormat") == "dataArray"
        refused = (expand and self.expands == "refused") or (";" in expand and self.expands == "flat")
        if (
            refused
            or (is_array and not self.arrays)
            or ("resultTime" in given.get("$filter", "") and self.filters != "results")
        ):
            return Answer(b'{"code":501,"message":"Not implemented."}', 501)
        listed = [one for one in listed if self._fits(one, given.get("$filter", ""))]
        if self.sorts and given.get("$orderby", "").startswith("phenomenonTime"):
            listed = sorted(listed, key=lambda one: str(one["phenomenonTime"]))
        skip, top = int(given.get("$skip", 0)), min(int(given.get("$top", self.limit)), self.limit)
        part = listed[skip : skip + top]
        page: dict[str, Any] = {}
        if given.get("$count") == "true":
            page["@iot.count"] = len(listed)
        if len(listed) > skip + top:
            more = "&".join(f"{n}={v}" for n, v in given.items() if n not in {"$skip", "$count"})
            page["@iot.nextLink"] = f"{self.says}/{path}?{more}&$skip={skip + top}".replace(" ", "%20")
        if is_array:
            names = ["id", "phenomenonTime", "result", "resultTime", "resultQuality", "parameters"]
            rows = [[one.get({"id": "@iot.id"}.get(n, n)) for n in names] for one in part]
            page["value"] = [{"components": names, "dataArray@iot.count": len(rows), "dataArray": rows}]
        else:
            page["value"] = [self._written(kind, one, expand) for one in part]
        return _json(page)

    def _fits(self, one: dict[str, Any], condition: str) -> bool:
        if not condition or not self.filters:
            return True
        start = instant_us(str(one["phenomenonTime"]).partition("/")[0])
        after = re.search(r"phenomenonTime ge (\S+)", condition)
        result = re.search(r"resultTime gt ([^\s)]+)", condition)
        fits = after is not None and start >= instant_us(after[1])
        return fits or bool(
            result and one.get("resultTime") and instant_us(one["resultTime"]) > instant_us(result[1])
        )

    def _written(self, kind: str, one: dict[str, Any], expand: str) -> dict[str, Any]:
        id_ = one["@iot.id"]
        literal = id_ if isinstance(id_, int) else "'{}'".format(id_.replace("'", "''"))
        home = f"{self.says}/{kind}({literal})"
        written = {"@iot.selfLink": home, **{n: v for n, v in one.items() if n != "_links"}}
        for link in one["_links"]:
            if self.expands != "ignored" and re.search(rf"(^|,){link}\b", expand):
                inner = re.search(rf"{link}\(\$expand=([^;)]*)", expand)
                found = [
                    self._written(SETS.get(str(link), str(link)), each, inner[1] if inner else "")
                    for each in self._linked(one, link)
                ]
                written[link] = found[0] if link in SINGLE.get(kind, set()) else found
            else:
                written[f"{link}@iot.navigationLink"] = f"{home}/{link}"
        return written


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()

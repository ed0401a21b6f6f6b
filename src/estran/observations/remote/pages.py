"""Questions to a SensorThings server, and the pages that it answers with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid
from estran.fetching import TooSlow
from estran.model import EVER_US, moment_us
from estran.observations.remote.asking import Declined, bare, query
from estran.observations.remote.results import checked
from estran.observations.remote.sensing import obj, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from estran.observations.remote.asking import Server
    from estran.observations.remote.values import Visit
    from estran.observations.store.copied import Bookmark

__all__ = ["LINKS", "Pages", "conditions", "id_of", "obj_list", "questions", "rest", "series_of", "ways"]

LINKS: dict[str, tuple[str, ...]] = {
    "Datastreams": ("Thing", "Sensor", "ObservedProperty"),
    "MultiDatastreams": ("Thing", "Sensor", "ObservedProperties"),
}
"""What is wanted with each kind of series."""
_ENTITIES = "200"
_ROWS = 5000
_MOST_ROWS = 1_000_000
_LEAST = 50
"""So short a page is given, or the server is away."""
_TOP = re.compile(r"([?&](?:\$|%24)top=)(\d{1,9})(?=&|$)")
_PAGES_ALIKE = (
    "its pages lead in a circle: a page names itself, or one before it, as the next; tell whoever runs it"
)
_WANTED = "phenomenonTime,resultTime,result,resultQuality,validTime,parameters"


class Pages:
    """Asks one server for sets of entities."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # What a server was too slow for is not asked of it again on this visit.
        self._most = _MOST_ROWS

    def listed(self, kind: str, ways: Sequence[Mapping[str, str]]) -> Iterator[Mapping[str, Any]]:
        """All entities of a set, in the first way of asking that the server understands."""
        for level, given in enumerate(ways):
            listed = self.entities(f"{self._server.root}/{kind}{query(given)}")
            try:
                first = next(listed, None)
            except Declined as error:
                if level + 1 == len(ways):
                    raise error.error() from None
                continue
            if first is not None:
                yield first
                yield from rest(listed)
            return

    def entities(self, url: str) -> Iterator[Mapping[str, Any]]:
        """The entities of a set, page after page, from an address on."""
        seen = set[str]()
        while url:
            seen.add(url)
            page, _ = self._page(url)
            listed = obj(page).get("value")
            if not isinstance(listed, list):
                raise Invalid("what it answers is no set of SensorThings", bare(url)[:300])
            yield from (one for one in listed if isinstance(one, dict))
            link = obj(page).get("@iot.nextLink")
            url = self._server.own(link) if isinstance(link, str) and link else ""
            if url in seen:
                raise Invalid(_PAGES_ALIKE, bare(url)[:300])

    def following(self, series: str, given: Mapping[str, str]) -> Iterator[Sequence[Mapping[str, Any]]]:
        """A page after the other: by what the server names as the next, or by time where it names none and has more."""
        top = min(int(given.get("$top", "0")), self._most)
        given = {**given, "$top": str(top)} if top else given
        here = f"{self._server.root}/{series}/Observations"
        url, seen = here + query(given), set[str]()
        while url:
            seen.add(url)
            page, asked = self._page(url)
            top = min(top, asked)
            found = checked(page, bare(url)[:300])
            yield found
            link = obj(page).get("@iot.nextLink")
            url = self._server.own(link) if isinstance(link, str) and link else ""
            if not url and top and len(found) >= top and "$orderby" in given:
                given, top = _from_last(given, found, top)
                url = here + query(given)
            if url in seen:
                raise Invalid(_PAGES_ALIKE, bare(url)[:300])

    def _page(self, url: str) -> tuple[Any, int]:
        """A page, half as long and again where the server is too slow for it; and for how many was asked.

        Raises:
            TooSlow: it is too slow for any page.
        """
        while True:
            found = _TOP.search(url)
            top = int(found[2]) if found else 0
            wanted = min(top, self._most)
            if found and wanted < top:
                url = f"{url[: found.start(2)]}{wanted}{url[found.end(2) :]}"
            try:
                return self._server.json(url, less=wanted > _LEAST), wanted
            except TooSlow:
                self._most = max(wanted // 2, _LEAST)

    def linked(self, kind: str, one: Mapping[str, Any], link: str) -> list[Mapping[str, Any]]:
        """What a link of an entity leads to: what stands in it, else what its address gives."""
        held = one.get(link)
        if isinstance(held, dict):
            return [held]
        if isinstance(held, list):
            rest = one.get(f"{link}@iot.nextLink")
            more = self.entities(self._server.own(rest)) if isinstance(rest, str) and rest else ()
            return [*(each for each in held if isinstance(each, dict)), *more]
        if kind == "Things" and link == "Locations" and f"{link}@iot.navigationLink" not in one:
            return []
        said = one.get(f"{link}@iot.navigationLink")
        url = said if isinstance(said, str) and said else f"{series_of(kind, one)}/{link}"
        found = self._server.json(self._server.own(url))
        listed = obj(found).get("value")
        if isinstance(listed, list):
            return [each for each in listed if isinstance(each, dict)]
        return [found] if isinstance(found, dict) and ("@iot.id" in found or "name" in found) else []

    def whole(self, kind: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
        """An entity of which perhaps only the id is told."""
        if "name" in one:
            return one
        return obj(self._server.json(f"{self._server.root}/{series_of(kind, one)}"))


def obj_list(value: Any) -> list[Any]:
    """A list, an empty one for what is none."""
    return value if isinstance(value, list) else []


def id_of(one: Mapping[str, Any]) -> Any:
    """The id of an entity, a number or a text.

    Raises:
        Invalid: it has none.
    """
    id_ = one.get("@iot.id", one.get("id"))
    if not isinstance(id_, int | str) or isinstance(id_, bool) or id_ == "":
        raise Invalid("an entity has no @iot.id")
    return id_


def series_of(kind: str, one: Mapping[str, Any]) -> str:
    """How an entity is addressed."""
    id_ = one.get("@iot.id", one.get("id"))
    literal = str(id_) if isinstance(id_, int) else "'{}'".format(str(id_).replace("'", "''"))
    return f"{kind}({literal})"


def rest[T](pages: Iterator[T]) -> Iterator[T]:
    """What follows a page that was answered: a question like those before is not asked otherwise."""
    try:
        yield from pages
    except Declined as error:
        raise error.error() from None


def ways(kind: str) -> list[dict[str, str]]:
    """Ways of asking for things or series, the one that says most first; servers understand different parts."""
    if kind == "Things":
        return [
            {"$top": _ENTITIES, "$expand": "Locations,HistoricalLocations($expand=Locations;$top=1000)"},
            {"$top": _ENTITIES, "$expand": "Locations,HistoricalLocations"},
            {"$top": _ENTITIES, "$expand": "Locations"},
            {},
        ]
    links = ",".join(LINKS[kind])
    short = links.replace("Thing,", "Thing($select=id),", 1)
    return [
        {"$top": _ENTITIES, "$orderby": "id", "$expand": short},
        {"$top": _ENTITIES, "$expand": links},
        {"$expand": links},
        {},
    ]


def conditions(mark: Bookmark | None, visit: Visit) -> list[str]:
    """Conditions on what is new since a bookmark, the widest first; one that is empty for everything."""
    if mark is None or mark.newest is None:
        return ["" if visit.since_us == EVER_US else f"phenomenonTime ge {moment_us(visit.since_us)}"]
    since = f"phenomenonTime ge {moment_us(max(mark.newest - visit.look_back_us, visit.since_us))}"
    if mark.result_time is None or visit.since_us != EVER_US:
        return [since]
    return [f"{since} or resultTime gt {moment_us(mark.result_time)}", since]


def questions(conditions: Sequence[str], *, moves: bool) -> Iterator[dict[str, str]]:
    """Ways of asking for observations, the quickest first."""
    for condition in conditions:
        basic = {"$filter": condition, "$orderby": "phenomenonTime asc", "$top": str(_ROWS)}
        if moves:
            yield basic | {"$expand": "FeatureOfInterest"}
        else:
            yield basic | {"$resultFormat": "dataArray", "$select": _WANTED}
        yield basic
    yield {"$filter": conditions[-1]}
    yield {}


def _from_last(
    given: Mapping[str, str], found: Sequence[Mapping[str, Any]], top: int
) -> tuple[dict[str, str], int]:
    """The same question for what follows a page, which begins again with the time of its last observation.

    Raises:
        Invalid: more observations have one time than can be asked for.
    """
    first, last = (words(found[n].get("phenomenonTime")).partition("/")[0] for n in (0, -1))
    if first == last:
        top *= 4
    if top > _MOST_ROWS or not last:
        raise Invalid(f"more than {_MOST_ROWS:,} observations have the time {last}, or none has one")
    before = given.get("$filter", "")
    condition = f"phenomenonTime ge {last}"
    # What was asked for stays asked for; of two lower ends the later one counts.
    whole = f"({before}) and {condition}" if " or " in before else condition
    if " or " in before and ") and phenomenonTime ge" in before:
        whole = f"{before.rpartition(' and ')[0]} and {condition}"
    return {**given, "$filter": whole, "$top": str(top)}, top

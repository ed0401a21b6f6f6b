"""What lies at an address, in the form that is asked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from estran.errors import Invalid
from estran.observations.entities import Query
from estran.web import replies
from estran.web.apis.sensorthings import addresses, results
from estran.web.apis.sensorthings.answers import Writer, following, self_link
from estran.web.apis.sensorthings.asking import Options, instant, options
from estran.web.apis.sensorthings.decimating import decimated
from estran.web.apis.sensorthings.newest import MOST, is_narrow, newest
from estran.web.problems import NotOffered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from estran.observations.sensing import Sensing

__all__ = ["Reading"]

_CSV = "text/csv; charset=utf-8; header=present"
_OF_ONE = frozenset({"$select", "$expand", "$resultFormat", "$as_of"})


class Reading:
    """Reads for one request.

    Args:
        sensing: what may be seen.
        root: address of the service.
        limit: most entities on a page.
    """

    def __init__(self, sensing: Sensing, root: str, limit: int) -> None:
        self._sensing, self._root, self._limit = sensing, root, limit

    def answer(self, path: str, items: Iterable[tuple[str, str]]) -> Response:
        """Whatever lies at an address."""
        items = tuple(items)
        target = addresses.found(self._sensing, path, instant(items))
        given = options(target.kind, items)
        if target.property:
            return self._property(target)
        if target.entity is not None:
            return self.entity(target, given)
        return self._set(target, given, f"{self._root}/{path.strip('/')}")

    def _property(self, target: addresses.Target) -> Response:
        value = target.value()
        if value is None:
            return Response(status_code=204)
        if not target.is_value:
            return replies.json({target.property[-1]: value})
        if isinstance(value, str):
            return Response(value, media_type="text/plain; charset=utf-8")
        return replies.json(value)

    def entity(self, target: addresses.Target, given: Options) -> Response:
        """One entity."""
        if target.entity is None:
            return Response(status_code=404)
        if target.is_links:
            return replies.json({"@iot.selfLink": self_link(self._root, target.kind, target.entity.number)})
        if wrong := next((name for name, _ in given.given if name not in _OF_ONE), ""):
            raise Invalid("of one entity only $select and $expand are asked", wrong)
        written = self._writer().entities(target.kind, [target.entity], given)
        if given.form == "GeoJSON":
            return replies.json(results.features(written, None, "")["features"][0], replies.GEOJSON)
        if given.form == "csv":
            return Response(results.csv_of_entities(target.kind, written), media_type=_CSV)
        if given.form:
            raise NotOffered("Data arrays are of observations: …/Observations?$resultFormat=dataArray.")
        return replies.json(written[0])

    def _set(  # noqa: PLR0911 - a form each
        self, target: addresses.Target, given: Options, here: str
    ) -> Response:
        query = Query(
            kind=target.kind, where=given.where, order=given.order, parent=target.parent, skip=given.skip,
            most=given.most(self._limit), after=given.after, as_of=given.as_of,
        )  # fmt: skip
        if target.is_links:
            return replies.json(self._writer().links(here, query, given))
        if is_narrow(query, given):
            return replies.json(self._newest(here, replace(query, most=given.most(MOST)), given))
        if given.decimate:
            if target.kind != "Observations" or given.form:
                raise NotOffered("$decimate is for observations in their usual form.")
            found = decimated(self._sensing, query, given.decimate)
            if found is not None:
                return replies.json(found)
        if target.kind == "Observations" and given.form in {"dataArray", "csv"}:
            return self._streamed(query, given, here)
        if given.form == "dataArray":
            raise NotOffered("Data arrays are of observations: …/Observations?$resultFormat=dataArray.")
        page = self._writer().page(here, query, given)
        if given.form == "csv":
            return Response(results.csv_of_entities(target.kind, page["value"]), media_type=_CSV)
        if given.form == "GeoJSON":
            count, following = page.get("@iot.count"), page.get("@iot.nextLink", "")
            return replies.json(results.features(page["value"], count, following), replies.GEOJSON)
        return replies.json(page)

    def _newest(self, here: str, query: Query, given: Options) -> dict[str, Any]:
        value, after = newest(self._sensing, query, given)
        return {"value": value} | ({} if after is None else {"@iot.nextLink": following(here, given, after)})

    def _streamed(self, query: Query, given: Options, here: str) -> Response:
        count = self._sensing.count(query) if given.count else None
        portions = results.Portions(self._sensing, query, given)
        parts = _begun(iter(portions))
        body: Iterator[bytes]
        if given.form == "csv":
            body, media_type = results.csv_rows(parts, given), _CSV
        else:

            def behind() -> str:
                return "" if portions.after is None else following(here, given, portions.after)

            body, media_type = (
                results.data_array(parts, given, self._root, count, behind),
                replies.JSON,
            )
        return StreamingResponse(_begun(body), media_type=media_type)

    def _writer(self) -> Writer:
        return Writer(self._sensing, self._root, self._limit)


def _begun[T](parts: Iterator[T]) -> Iterator[T]:
    """The same, the first made already: what is wrong with a question is said before anything is sent."""
    return chain(list(islice(parts, 1)), parts)

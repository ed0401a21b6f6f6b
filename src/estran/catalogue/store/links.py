"""The SQL of links: which addresses records lead to, when each is asked, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from pyroaring import BitMap
from sqlalchemy import and_, delete, func, insert, or_, select, tuple_, update

from estran.catalogue.probing.standing import Standing, stand
from estran.catalogue.probing.values import FACET, FACET_OF, Link, LinkCheck, RecordLink
from estran.catalogue.store.keyset import beyond
from estran.model import moment_us, now_us
from estran.storage import changes, get_meta, put_meta, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.probing.values import Outcome
    from estran.catalogue.store.view import View
    from estran.model import Record
    from estran.storage import Database

__all__ = ["LinkStore", "Use", "counts", "known", "leading", "listed", "missing", "without_layer"]

_L, _U, _R = schema.link_check.c, schema.link_use.c, schema.record.c
_GATHERED = "links-gathered"
_WORKS = FACET["ok"]
_ORDER = (_R.centre, _R.source, _R.id, _U.link, _U.layer)
_FETCHED, _MANY = 200, 10_000


class Use(NamedTuple):
    """An address that a record leads to, and the layer of it."""

    link: Link
    layer: str


class LinkStore:
    """The links of a node, and the only way to write them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Which records lead where

    def gather(
        self, view: View, limit: int, uses: Callable[[Record], Iterable[Use]], actor: str
    ) -> tuple[int, bool]:
        """Look through the records that changed since the last time.

        Args:
            view: of the catalogue.
            limit: changes that are looked at.
            uses: record -> where it leads.
            actor: for the change log.

        Returns:
            How many records were looked at, and whether more may follow.
        """
        connection = view.connection
        held = get_meta(connection, _GATHERED)
        position = int(held) if held else 0
        events = changes.after(connection, position, limit, ("record",))
        more = len(events) == limit
        position = events[-1].seq if more else changes.revision(connection)
        ids = {event.id for event in events if event.op != "remove"}
        pks = view.pks_of(sorted(ids))
        found = {pks[record.id]: set(uses(record)) for record in view.records(sorted(pks.values()))}
        if held is None or int(held) != position:
            self._note(found, position, actor)
        return len(found), more

    def _note(self, found: Mapping[int, set[Use]], position: int, actor: str) -> None:
        with self._database.write() as connection:
            engine = self._database.engine
            here = set(connection.execute(select(_R.pk).where(engine.within(_R.pk, list(found)))).scalars())
            wanted = {
                (pk, use.link.key, use.layer): use.link
                for pk, uses in found.items()
                if pk in here
                for use in uses
            }
            rows = connection.execute(
                select(_U.pk, _U.link, _U.layer).where(engine.within(_U.pk, list(found)))
            )
            held = {(pk, bytes(link), layer) for pk, link, layer in rows}
            if gone := held - wanted.keys():
                for part in _portions(sorted(gone)):
                    connection.execute(
                        delete(schema.link_use).where(tuple_(_U.pk, _U.link, _U.layer).in_(part))
                    )
            if fresh := wanted.keys() - held:
                self._insert(connection, {link.key: link for key, link in wanted.items() if key in fresh})
                rows = [{"pk": pk, "link": link, "layer": layer, "missing": 0} for pk, link, layer in fresh]
                connection.execute(insert(schema.link_use), rows)
            put_meta(connection, _GATHERED, str(position).encode())
            if gone or fresh:
                _tell(connection, actor)

    @staticmethod
    def _insert(connection: sa.Connection, links: Mapping[bytes, Link]) -> None:
        known: set[bytes] = set()
        for part in _portions(sorted(links)):
            known.update(map(bytes, connection.execute(select(_L.key).where(_L.key.in_(part))).scalars()))
        rows = [
            {
                **link._asdict(), "state": "new", "reason": "", "detail": "", "status": 0, "media_type": "",
                "size": -1, "failures": 0, "due": 0,
            }
            for key, link in links.items()
            if key not in known
        ]  # fmt: skip
        if rows:
            connection.execute(insert(schema.link_check), rows)

    def forget(self, limit: int) -> int:
        """Forget addresses that no record leads to any more, at most so many; gives how many."""
        unused = ~select(_U.pk).where(_U.link == _L.key).exists()
        with self._database.write() as connection:
            keys = list(connection.execute(select(_L.key).where(unused).limit(limit)).scalars())
            for part in _portions(keys):
                connection.execute(delete(schema.link_check).where(_L.key.in_(part)))
        return len(keys)

    # When each is asked

    def due(self, limit: int, host: str = "") -> list[Link]:
        """The addresses that are due, the longest waiting first; new ones come mixed over all hosts."""
        chosen = select(_L.key, _L.url, _L.kind, _L.family, _L.host).where(*_due(host))
        with self._database.read() as connection:
            rows = connection.execute(chosen.order_by(_L.due, _L.key).limit(limit))
            return [Link(bytes(row.key), row.url, row.kind, row.family, row.host) for row in rows]

    def waiting(self, host: str = "") -> int:
        """How many are due."""
        with self._database.read() as connection:
            counted = select(func.count()).select_from(schema.link_check).where(*_due(host))
            return connection.execute(counted).scalar_one()

    def again(self, host: str = "") -> None:
        """Make all due, or those of one host."""
        chosen = update(schema.link_check).where(_L.due > 0)
        with self._database.write() as connection:
            connection.execute((chosen.where(_L.host == host) if host else chosen).values(due=0))

    def postpone(self, links: Sequence[Link], until: int) -> None:
        """Leave addresses of a host that does not answer for later."""
        with self._database.write() as connection:
            for part in _portions([link.key for link in links]):
                connection.execute(update(schema.link_check).where(_L.key.in_(part)).values(due=until))

    # What came of it

    def enter(
        self, found: Sequence[tuple[Link, Outcome]], every_us: int, actor: str, now: int = 0
    ) -> dict[str, int]:
        """Write what checks found; gives how many addresses stand in each state now."""
        now = now or now_us()
        told = False
        states: dict[str, int] = {}
        with self._database.write() as connection:
            keys = [link.key for link, _ in found]
            rows = connection.execute(select(schema.link_check).where(_L.key.in_(keys)))
            held = {bytes(row.key): row for row in rows}
            for link, outcome in found:
                row = held.get(link.key)
                if row is None:  # no record leads there any more
                    continue
                before = _standing(row)
                after = stand(before, outcome, now, every_us, link.key)
                connection.execute(
                    update(schema.link_check).where(_L.key == link.key).values(_values(after, outcome))
                )
                told |= (before.state, before.reason) != (after.state, after.reason)
                if outcome.layers is not None:
                    told |= _enter_layers(connection, link.key, outcome.layers)
                states[after.state] = states.get(after.state, 0) + 1
            if told:
                _tell(connection, actor)
        return states


def _due(host: str) -> list[Any]:
    return [_L.due <= now_us(), *([_L.host == host] if host else [])]


def _enter_layers(connection: sa.Connection, key: bytes, layers: frozenset[str]) -> bool:
    """Mark uses of layers that a service does not have; gives whether any mark changed."""
    known = layers | {layer.rpartition(":")[2] for layer in layers}
    rows = connection.execute(
        select(_U.layer, _U.missing).where(_U.link == key, _U.layer != "").distinct()
    ).all()
    changed = False
    for layer, missing in rows:
        wanted = [one.strip() for one in layer.split(",") if one.strip()]
        # A workspace's own address names its layers without the workspace.
        lacks = int(not all(one in known or one.rpartition(":")[2] in layers for one in wanted))
        if lacks != missing:
            changed = True
            connection.execute(
                update(schema.link_use).where(_U.link == key, _U.layer == layer).values(missing=lacks)
            )
    return changed


def _tell(connection: sa.Connection, actor: str) -> None:
    """Facets follow from links: answers that were remembered are no more right."""
    changes.log(connection, [("link", "links", "change")], actor)


# What is known, as a view sees it


def leading(view: View, value: str) -> BitMap:
    """The records that carry a value of the facet "link"."""
    states = FACET.get(value, ())
    chosen = _L.state.in_(states)
    if value == "ok":
        chosen = and_(chosen, _U.missing == 0)
    if value == "wrong":
        chosen = or_(chosen, and_(_L.state.in_(_WORKS), _U.missing == 1))
    joined = schema.link_use.join(schema.link_check, _U.link == _L.key)
    found = select(_U.pk).select_from(joined).where(chosen).distinct()
    return BitMap(view.connection.execute(found.execution_options(yield_per=_MANY)).scalars())


def known(view: View, keys: Sequence[bytes]) -> dict[bytes, LinkCheck]:
    """What is known of some addresses."""
    found: dict[bytes, LinkCheck] = {}
    for part in _portions(list(keys)):
        rows = view.connection.execute(select(schema.link_check).where(_L.key.in_(part)))
        found.update((bytes(row.key), _check(row)) for row in rows)
    return found


def missing(view: View, pk: int) -> set[tuple[bytes, str]]:
    """The addresses and layers of a record that services do not have."""
    rows = view.connection.execute(select(_U.link, _U.layer).where(_U.pk == pk, _U.missing == 1))
    return {(bytes(link), layer) for link, layer in rows}


def counts(view: View, pool: BitMap) -> dict[tuple[str, str, str], int]:
    """(centre, source, value of the facet) -> links of the records of a set."""
    state = schema.link_check.c.state
    rows = view.connection.execute(
        select(_U.pk, _R.centre, _R.source, state, _U.missing, func.count())
        .select_from(_joined())
        .where(_L.state.in_((*FACET["login"], *FACET["wrong"], *FACET["dead"])) | (_U.missing == 1))
        .group_by(_U.pk, _R.centre, _R.source, state, _U.missing)
        .execution_options(yield_per=_FETCHED)
    )
    found: dict[tuple[str, str, str], int] = {}
    for pk, centre, source, held, lacks, count in rows:
        if pk in pool:
            place = (centre, source, _facet(held, lacks))
            found[place] = found.get(place, 0) + count
    return found


def listed(
    view: View, pool: BitMap, value: str, *, centre: str, source: str, after: Sequence[str], limit: int
) -> list[tuple[RecordLink, tuple[Any, ...]]]:
    """Links of the records of a set that have a value, by centre, source, record; with what comes after each."""
    chosen = (
        select(schema.link_check, _U.pk, _U.layer, _U.missing, _R.id, _R.title, _R.centre, _R.source)
        .select_from(_joined())
        .order_by(*_ORDER)
    )
    states = _L.state.in_(FACET[value])
    if value == "ok":
        states = and_(states, _U.missing == 0)
    if value == "wrong":
        states = or_(states, and_(_L.state.in_(_WORKS), _U.missing == 1))
    chosen = chosen.where(states)
    if centre:
        chosen = chosen.where(_R.centre == centre)
    if source:
        chosen = chosen.where(_R.source == source)
    if after:
        *places, key, layer = after
        behind = (*places, bytes.fromhex(key), layer)
        chosen = chosen.where(beyond([(column, False) for column in _ORDER], behind))
    found: list[tuple[RecordLink, tuple[Any, ...]]] = []
    with view.connection.execute(chosen.execution_options(yield_per=_FETCHED)) as rows:
        for row in rows:
            if row.pk in pool:
                found.append(
                    (_record_link(row), (row.centre, row.source, row.id, bytes(row.key).hex(), row.layer))
                )
                if len(found) >= limit:
                    break
    return found


def _joined() -> sa.FromClause:
    return schema.link_use.join(schema.link_check, _U.link == _L.key).join(schema.record, _U.pk == _R.pk)


def _facet(state: str, lacks: int) -> str:
    return "wrong" if lacks and state in _WORKS else FACET_OF[state]


def _record_link(row: Any) -> RecordLink:
    check = _check(row)
    if row.missing and check.state in _WORKS:
        check = without_layer(check)
    return RecordLink(
        record=row.id, title=row.title or row.id, centre=row.centre, source=row.source, layer=row.layer,
        check=check,
    )  # fmt: skip


def without_layer(check: LinkCheck) -> LinkCheck:
    """The same where the service works and does not have what the record names."""
    return replace(check, state="wrong", reason="layer", detail="")


def _check(row: Any) -> LinkCheck:
    return LinkCheck(
        url=row.url, kind=row.kind, state=row.state, reason=row.reason, detail=row.detail, status=row.status,
        media_type=row.media_type, size=row.size, checked=_instant(row.checked), last_ok=_instant(row.last_ok),
        since=_instant(row.since), failures=row.failures, due=_instant(row.due or None),
        history=tuple((moment_us(at), state, reason) for at, state, reason in _standing(row).history),
    )  # fmt: skip


def _standing(row: Any) -> Standing:
    history = msgspec.json.decode(row.history, type=tuple[tuple[int, str, str], ...]) if row.history else ()
    return Standing(
        row.state, row.reason, row.failures, row.checked, row.last_ok, row.since, row.due, history
    )


def _values(after: Standing, outcome: Outcome) -> dict[str, Any]:
    return {
        **after._asdict(), "history": msgspec.json.encode(after.history), "detail": outcome.detail,
        "status": outcome.status, "media_type": outcome.media_type, "size": outcome.size,
    }  # fmt: skip


def _instant(us: int | None) -> str:
    return "" if us is None else moment_us(us)


def _portions[T](items: Sequence[T], size: int = 300) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))

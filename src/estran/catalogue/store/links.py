"""The SQL of links: which addresses records lead to, when each is asked, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, delete, func, insert, or_, select, tuple_, update

from estran.catalogue.probing.standing import Standing, stand
from estran.catalogue.probing.values import FACET, FACET_OF, Link, LinkCheck, RecordLink
from estran.catalogue.store.inbound import enter_values, move_bits
from estran.model import moment_us, now_us
from estran.storage import changes, get_meta, put_meta, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import sqlalchemy as sa

    from estran.catalogue.probing.values import Outcome
    from estran.catalogue.store.view import View
    from estran.model import Record
    from estran.storage import Database, Engine

__all__ = ["LinkStore", "Use", "known", "listed", "missing", "without_layer"]

_L, _U, _R = schema.link_check.c, schema.link_use.c, schema.record.c
_GATHERED = "links-gathered"
_WORKS = FACET["ok"]
_FIELD = "link"
_MANY = 10_000


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
                # Whether a service has a layer that nobody named before is not known.
                for part in _portions(sorted({link for _, link, layer in fresh if layer})):
                    connection.execute(update(schema.link_check).where(_L.key.in_(part)).values(due=0))
            put_meta(connection, _GATHERED, str(position).encode())
            if gone or fresh:
                touched = {pk for pk, *_ in gone} | {pk for pk, *_ in fresh}
                _mark(connection, engine, sorted(touched & here), actor)

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
        told: list[bytes] = []
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
                moved = (before.state, before.reason) != (after.state, after.reason)
                if outcome.layers is not None:
                    moved |= _enter_layers(connection, link.key, outcome.layers)
                told += [link.key] if moved else []
                states[after.state] = states.get(after.state, 0) + 1
            if told:
                using = select(_U.pk).where(_U.link.in_(told)).distinct().order_by(_U.pk)
                _mark(connection, self._database.engine, list(connection.execute(using).scalars()), actor)
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


def _mark(connection: sa.Connection, engine: Engine, pks: Sequence[int], actor: str) -> None:
    """Bring the facet "link" of some records to what their links are now; their rows stay as they are."""
    values = enter_values(connection, engine, [(_FIELD, value) for value in FACET])
    having: dict[str, set[int]] = {value: set() for value in FACET}
    for part in _portions(pks, _MANY):
        rows = connection.execute(
            select(_U.pk, _L.state, _U.missing)
            .select_from(schema.link_use.join(schema.link_check, _U.link == _L.key))
            .where(engine.within(_U.pk, part))
            .distinct()
        )
        for pk, state, lacks in rows:
            having[_facet(state, lacks)].add(pk)
    every = set(pks)
    # A line of the log: whatever was remembered of before is no more right.
    seq = changes.log(connection, [("link", "links", "change")], actor)
    moves = {values[_FIELD, value]: (found, every - found) for value, found in having.items()}
    move_bits(connection, moves, seq)


# What is known, as a view sees it


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


def listed(
    view: View, pks: Sequence[int], value: str, after: Sequence[str]
) -> list[tuple[int, str, RecordLink]]:
    """Links of some records that have a value of the facet, by record: (pk, key, link).

    Args:
        view: of the catalogue.
        pks: of the records.
        value: of the facet.
        after: key and layer of the link that the first record goes on behind; () for its first.
    """
    states = _L.state.in_(FACET[value])
    if value == "ok":
        states = and_(states, _U.missing == 0)
    if value == "wrong":
        states = or_(states, and_(_L.state.in_(_WORKS), _U.missing == 1))
    rows = view.connection.execute(
        select(schema.link_check, _U.pk, _U.layer, _U.missing, _R.id, _R.title, _R.centre, _R.source)
        .select_from(_joined())
        .where(states, view.engine.within(_U.pk, pks))
        .order_by(_U.pk, _U.link, _U.layer)
    )
    places = {pk: n for n, pk in enumerate(pks)}
    found = [(row.pk, bytes(row.key).hex(), _record_link(row)) for row in rows]
    if after:
        found = [x for x in found if x[0] != pks[0] or (x[1], x[2].layer) > tuple(after)]
    return sorted(found, key=lambda x: places[x[0]])


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

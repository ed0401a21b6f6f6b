"""One run: the events of a protocol into the catalogue, and what is to be concluded at the end.

The position of the last mark is written with what came before it. Whatever a run has seen already it passes
over, so that what comes again after a cut is counted once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.catalogue.harvest.gathering import Gathering, key_of
from estran.catalogue.harvest.reading import Readers, read
from estran.catalogue.harvesters import Mark, Visit
from estran.catalogue.inbox import Inbox
from estran.catalogue.portions import Portion
from estran.catalogue.store.harvest_delivery import Arrival, Delivery
from estran.catalogue.store.harvest_leases import LEASE_S
from estran.errors import EstranError, Unavailable
from estran.formats import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from estran.catalogue.harvest.values import RunReport
    from estran.catalogue.harvesters import Event, Harvester
    from estran.catalogue.portions import Assignment
    from estran.catalogue.store import Store
    from estran.catalogue.store.harvest import HarvestStore, Standing
    from estran.catalogue.store.harvest_entries import EntryStore
    from estran.catalogue.store.harvest_leases import Leases
    from estran.catalogue.store.items import ItemStore
    from estran.fetching import Fetcher

__all__ = ["Run", "Stores", "staying_alive"]

# Of what a source had, the part that may be gone without anybody confirming it.
_MOST_LOSS = 0.2
_REMOVED_AT_ONCE = 2000
_MOST_UNDER_WAY = 3


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a run writes."""

    records: Store
    items: ItemStore
    harvests: HarvestStore
    entries: EntryStore


class _Stopped(Exception):
    """A source that cannot be read further: why, and whether that may be tried again from here."""

    def __init__(self, why: str, *, again: bool) -> None:
        self.why, self.again = why, again
        super().__init__(why)


@contextmanager
def staying_alive(leases: Leases, number: int, holder: str) -> Generator[None]:
    """Give signs of life while a source may be silent for long."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(LEASE_S / 4):
            try:
                leases.renew(number, holder)
            except EstranError:  # whoever took over is noticed at the next delivery
                continue

    thread = threading.Thread(target=beat, daemon=True, name=f"harvest {number}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Run:
    """A part of a run, for as long as this process goes on with it."""

    def __init__(
        self,
        stores: Stores,
        at: Standing,
        holder: str,
        *,
        harvester: Harvester,
        given: Assignment,
        actor: str,
        progress: Callable[[RunReport], None] | None,
    ) -> None:
        self._stores, self._at, self._holder, self._harvester = stores, at, holder, harvester
        self._given, self._actor, self._progress = given, actor, progress
        self._readers = Readers(given, stores.items.declared)
        self._under_way: deque[tuple[Gathering, Callable[[], dict[str, Portion]]]] = deque()
        self._inbox: Inbox | None = None
        self._announced = at.report.announced

    def advance(self, fetcher: Fetcher, seconds: float) -> bool:
        """Go on for so many seconds, up to the next mark; gives whether the run has ended.

        Raises:
            Conflict: another process took over.
            Unavailable: the node's own database is out of reach.
        """
        until = time.monotonic() + seconds
        try:
            if not self._at.visited:
                if not self._visit(fetcher, until):
                    return False
                self._stores.harvests.visited(self._at, self._holder)
            return self._conclude(until)
        except _Stopped as stopped:
            self._stop(stopped)
            return True
        finally:
            self._readers.close()
            if self._inbox is not None:
                self._inbox.close()
                self._inbox = None

    # The visit

    def _visit(self, fetcher: Fetcher, until: float) -> bool:
        """Take in what the source gives, to its end or to the first mark after `until`."""
        gathering = Gathering()
        with closing(self._events(fetcher)) as events:
            try:
                for event in events:
                    gathering.take(event)
                    is_enough = self._is_new_mark(event) and time.monotonic() >= until
                    if is_enough or gathering.full:
                        self._deliver(gathering)
                        gathering = Gathering()
                    if is_enough:
                        self._finish_deliveries()
                        return False
            except _Stopped:
                # What came before an error is as good as what comes before the end.
                self._deliver(gathering)
                self._finish_deliveries()
                raise
        self._deliver(gathering)
        self._finish_deliveries()
        return True

    def _is_new_mark(self, event: Event) -> bool:
        return isinstance(event, Mark) and event.position != self._at.position

    def _events(self, fetcher: Fetcher) -> Generator[Event]:
        source, at = self._at.source, self._at
        visit = Visit(
            source=source, fetcher=fetcher, since=at.report.since, position=at.position, stamps=self._stamps
        )
        try:
            yield from self._harvester.changes(visit)
        except Unavailable as error:
            raise _Stopped(str(error), again=True) from error
        except EstranError as error:
            raise _Stopped(str(error), again=False) from error
        except Exception as error:  # a protocol may fail in any way, and must not take other sources along
            why = f"{self._harvester.title} could not be understood ({type(error).__name__}: {error})"
            raise _Stopped(why[:1000], again=False) from error

    def _stamps(self, keys: Sequence[str]) -> dict[str, str]:
        held = self._stores.entries.stamps(self._at.number, [key_of(key) for key in keys])
        return {key: held[key_of(key)] for key in keys if key_of(key) in held}

    # Deliveries

    def _deliver(self, gathering: Gathering) -> None:
        """Begin to read what is not held as it is; what was begun long ago is stored."""
        if gathering.empty:
            return
        found = [arrival for arrival, document in gathering.told.values() if document]
        held = self._stores.entries.hashes(self._at.number, [arrival.key for arrival in found])
        documents = [
            (arrival.key, document)
            for arrival in found
            if held.get(arrival.key) != arrival.sha256 and (document := gathering.told[arrival.key][1])
        ]
        self._under_way.append((gathering, self._readers.begin(documents)))
        while len(self._under_way) > (_MOST_UNDER_WAY if documents else 0):
            self._store(*self._under_way.popleft())

    def _finish_deliveries(self) -> None:
        while self._under_way:
            self._store(*self._under_way.popleft())

    def _store(self, gathering: Gathering, portions: Callable[[], dict[str, Portion]]) -> None:
        done = portions()
        items = [item for portion in done.values() for item in portion.items]
        if items:
            self._put_items(Portion(items=items))

        def late(arrival: Arrival) -> Arrival:
            document = gathering.told[arrival.key][1]
            assert document is not None
            (portion,) = read([(arrival.key, document)], self._given)
            if portion.items:
                raise Unavailable("an item changed while it was read; run the harvest again")
            return arrival._replace(read=portion, body=document.body)

        arrivals = [
            arrival._replace(read=done[arrival.key], body=document.body)
            if document and arrival.key in done
            else arrival
            for arrival, document in gathering.told.values()
        ]
        if gathering.announced is not None:
            self._announced = max(gathering.announced, self._announced or 0)
        given = Delivery(arrivals, gathering.missed, gathering.position, self._announced)
        try:
            self._put(given, late)
        except EstranError:
            raise
        except Exception:  # noqa: BLE001 - no strange document may keep the others of its source out
            self._put_singly(given, late)
        if self._progress:
            self._progress(self._stores.harvests.run(self._at.report.id))

    def _put(self, given: Delivery, late: Callable[[Arrival], Arrival]) -> None:
        self._stores.entries.deliver(self._at, self._holder, given, self._actor, late)

    def _put_singly(self, given: Delivery, late: Callable[[Arrival], Arrival]) -> None:
        """One by one what could not be stored together: what cannot be stored alone is refused."""
        for arrival in given.arrivals:
            try:
                self._put(Delivery((arrival,), (), None, None), late)
            except EstranError:
                raise
            except Exception as error:
                if arrival.read is None:
                    raise
                why = f"the database cannot keep it ({type(error).__name__}: {error})"[:500]
                refused = arrival._replace(read=Portion(refused=[Refusal(arrival.key, why)]))
                self._put(Delivery((refused,), (), None, None), late)
        self._put(given._replace(arrivals=()), late)

    def _put_items(self, portion: Portion) -> None:
        """Items before their entries: what is cut between the two is done again to the same end."""
        if self._inbox is None:
            self._inbox = Inbox(self._stores.records, self._stores.items, self._given, self._actor)
        self._inbox.take(portion)
        self._inbox.finish()

    # The end

    def _stop(self, stopped: _Stopped) -> None:
        report = self._stores.harvests.run(self._at.report.id)
        goes_on = stopped.again and bool(report.seen or report.withdrawn or report.missed)
        self._stores.harvests.end(self._at, self._holder, "cut" if goes_on else "failed", stopped.why)

    def _conclude(self, until: float) -> bool:
        """Remove what a whole visit did not see, where that may be concluded; gives whether all is done."""
        self._at = at = self._stores.harvests.standing(self._at.report.id)
        report = at.report
        given = report.seen + report.withdrawn
        short = report.announced is not None and given < report.announced and not at.confirmed
        notes = [f"the source announced {report.announced} and gave {given}"] if short else []
        if report.missed:
            notes.append(f"{report.missed} could not be had")
        state = "done"
        if (
            report.full
            and self._harvester.tells_gone != "never"
            and (unseen := self._stores.entries.unseen(at))
        ):
            if notes:
                notes.append(f"{unseen} that it did not name stay here, because it was not read whole")
            elif unseen > report.had * _MOST_LOSS and not at.confirmed:
                state = "refused"
                notes.append(
                    f"{unseen} of {report.had} are gone at the source, which is more than a fifth, and stay here; "
                    "if that is meant, run it again and confirm the loss"
                )
            elif not self._remove_unseen(until):
                return False
        complete = state == "done" and not short and not report.missed
        self._stores.harvests.end(
            at, self._holder, state, "; ".join(notes), complete=complete, doubt=state == "refused"
        )
        return True

    def _remove_unseen(self, until: float) -> bool:
        remove = self._stores.entries.remove_unseen
        while remove(self._at, self._holder, _REMOVED_AT_ONCE, self._actor):
            if self._progress:
                self._progress(self._stores.harvests.run(self._at.report.id))
            if time.monotonic() >= until:
                return False
        return True

"""What a node shows of its links, and how they are checked."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from estran.catalogue import resources
from estran.catalogue.probing.places import parted, places
from estran.catalogue.probing.probes import probe
from estran.catalogue.probing.standing import HOUR_US
from estran.catalogue.probing.values import FACET, Link, LinkPage, LinkReport, Outcome
from estran.catalogue.store import links as rows
from estran.errors import Invalid, NotAllowed
from estran.model import now_us

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyroaring import BitMap

    from estran.access import Actor
    from estran.catalogue.cursors import Cursors
    from estran.catalogue.probing.values import LinkCheck, RecordLink
    from estran.catalogue.resources import Resource
    from estran.catalogue.store import Store, View
    from estran.fetching import Fetcher
    from estran.model import Distribution, Record

__all__ = ["Lead", "LinkChecks"]

# So many are asked at once, of so many hosts; what a kill costs is one such batch.
_BATCH, _AT_ONCE = 64, 8
_GATHERED_AT_ONCE, _FORGOTTEN_AT_ONCE = 500, 1000
# A host that did not answer so often in a row is left alone for an hour.
_PATIENCE, _LATER_US = 3, HOUR_US
_MOST_ON_PAGE = 1000
_DAY_US = 24 * HOUR_US


class Lead(NamedTuple):
    """Where a distribution leads: what it is, and what is known of it; None where nobody asks."""

    distribution: Distribution
    resource: Resource
    check: LinkCheck | None


class LinkChecks:
    """The addresses that records lead to; an actor sees those of the records that it sees."""

    def __init__(
        self, store: Store, links: rows.LinkStore, cursors: Cursors, actor: Actor, policy: Mapping[str, Any]
    ) -> None:
        """Args: policy is what fetching may do, and "days" after which what works is asked again."""
        self._store, self._links, self._cursors, self._actor = store, links, cursors, actor
        self._every_us = int(policy["days"] * _DAY_US)
        self._policy = {name: value for name, value in policy.items() if name != "days"}

    # Seeing

    def of(self, record: Record) -> tuple[Lead, ...]:
        """Where a record's distributions and its landing page lead."""
        found = list(resources.of_record(record))
        keys = [_link(one).key for _, one in found]
        with self._store.view() as view:
            checks = rows.known(view, list(dict.fromkeys(keys)))
            pk = view.pk_of(record.id)
            lacks = rows.missing(view, pk) if pk is not None else set()
        return tuple(
            Lead(distribution, one, _of_layer(checks.get(key), lacking=(key, one.layer) in lacks))
            for (distribution, one), key in zip(found, keys, strict=True)
        )

    def list(
        self, state: str = "dead", *, centre: str = "", source: str = "", cursor: str = "", limit: int = 100
    ) -> LinkPage:
        """Links of one state, by centre, source and record.

        Args:
            state: "dead", "wrong", "login", "unknown" or "ok".
            centre: only of its records.
            source: only of records from there.
            cursor: `LinkPage.next` of the page before.
            limit: links on a page.

        Raises:
            Invalid: a part does not fit.
        """
        if state not in FACET:
            raise Invalid(f"there is no state “{state[:40]}”; choose among {', '.join(FACET)}", "state")
        if not 1 <= limit <= _MOST_ON_PAGE:
            raise Invalid(f"a page holds from 1 to {_MOST_ON_PAGE} links", "limit")
        asked = ["links", state, centre, source]
        after = self._cursors.read(asked, cursor) or ()
        found: list[tuple[tuple[Any, ...], RecordLink]] = []
        with self._store.view() as view:
            for place, pks in places(view.facets, self._leading(view, state), centre, source, after):
                behind: tuple[Any, ...] = tuple(after[3:]) if after and pks[0] == after[2] else ()
                rows_ = rows.listed(view, pks, state, behind)
                found += [((*place, pk, key, link.layer), link) for pk, key, link in rows_]
                if len(found) > limit:
                    break
        page = found[:limit]
        more = self._cursors.write(asked, page[-1][0]) if len(found) > limit else ""
        return LinkPage(links=tuple(link for _, link in page), next=more)

    def counts(self) -> Mapping[tuple[str, str, str], int]:
        """(centre, source, state) -> how many records lead there to such a link."""
        with self._store.view() as view:
            return view.facets.remembered(("links", self._actor), lambda: self._counts(view))

    def _counts(self, view: View) -> dict[tuple[str, str, str], int]:
        return {
            (*place, state): len(pool)
            for state in FACET
            for place, pool in parted(view.facets, self._leading(view, state))
        }

    def _leading(self, view: View, state: str) -> BitMap:
        return view.facets.of("link", (state,)) & self._visible(view)

    def _visible(self, view: View) -> BitMap:
        return view.facets.visible(self._actor)

    # Checking

    def gather(self, end: float = float("inf")) -> tuple[int, bool]:
        """Look through the records that changed for where they lead, until an instant of `time.monotonic`.

        Returns:
            How many there were, and whether more are left.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        self._check_operator()
        total, more = 0, True
        while more and time.monotonic() < end:
            with self._store.view() as view:
                count, more = self._links.gather(view, _GATHERED_AT_ONCE, _uses, self._actor.name)
            total += count
        return total, more

    def check(
        self,
        *,
        limit: int = 0,
        host: str = "",
        again: bool = False,
        seconds: float = float("inf"),
        progress: Callable[[LinkReport], None] | None = None,
    ) -> LinkReport:
        """Ask the addresses that are due, each once for all records that lead there.

        What came of it is kept however this process ends; what is due stays due.

        Args:
            limit: so many at most; 0 for all that are due.
            host: only of this host.
            again: those that are not due as well.
            seconds: about how long it may take.
            progress: told after each batch.

        Raises:
            NotAllowed: the actor is not the operator.
            Unavailable: the node's own database is out of reach.
        """
        from estran.fetching import Fetcher, Policy  # noqa: PLC0415 - only who checks needs it

        self._check_operator()
        end = time.monotonic() + seconds
        gathered, more = self.gather(end)
        if again:
            self._links.again(host)
        states: Counter[str] = Counter()
        left = limit or float("inf")
        with Fetcher(Policy(**self._policy)) as fetcher:
            while left > 0 and time.monotonic() < end:
                batch = self._links.due(int(min(_BATCH, left)), host)
                asked, later = _ask(batch, fetcher, end)
                if not asked and not later:
                    break
                states.update(self._links.enter(asked, self._every_us, self._actor.name))
                self._links.postpone(later, now_us() + _LATER_US)
                left -= len(asked) + len(later)
                if progress:
                    progress(LinkReport(checked=states.total(), states=dict(states), gathered=gathered))
        waiting = max(int(more), self._links.waiting(host))
        # All addresses are looked through for it: once a check is done, not after each of its parts.
        while not waiting and self._links.forget(_FORGOTTEN_AT_ONCE):
            pass
        return LinkReport(checked=states.total(), states=dict(states), waiting=waiting, gathered=gathered)

    def _check_operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may check its links")


def _ask(batch: list[Link], fetcher: Fetcher, end: float) -> tuple[list[tuple[Link, Outcome]], list[Link]]:
    """What came of the addresses of a batch, hosts beside each other; and those that are left for later."""
    hosts: dict[str, list[Link]] = {}
    for link in batch:
        hosts.setdefault(link.host, []).append(link)
    asked: list[tuple[Link, Outcome]] = []
    later: list[Link] = []
    over = threading.Event()
    with ThreadPoolExecutor(_AT_ONCE, "links") as threads:
        try:
            for found, put_off in threads.map(lambda one: _ask_host(one, fetcher, end, over), hosts.values()):
                asked += found
                later += put_off
        except BaseException:
            # Whoever interrupts does not wait for all of them.
            over.set()
            raise
    return asked, later


def _ask_host(
    links: list[Link], fetcher: Fetcher, end: float, over: threading.Event
) -> tuple[list[tuple[Link, Outcome]], list[Link]]:
    found: list[tuple[Link, Outcome]] = []
    silent = 0
    for n, link in enumerate(links):
        if over.is_set() or (found and time.monotonic() >= end):
            break
        outcome = _safely(link, fetcher)
        found.append((link, outcome))
        silent = silent + 1 if outcome.reason == "unreachable" else 0
        if silent >= _PATIENCE:
            return found, links[n + 1 :]
    return found, []


def _safely(link: Link, fetcher: Fetcher) -> Outcome:
    try:
        return probe(link, fetcher)
    except Exception as error:  # noqa: BLE001 - what a stranger sends may break anything, and only itself
        return Outcome("failing", "broken", type(error).__name__)


def _uses(record: Record) -> Iterator[rows.Use]:
    for _, one in resources.of_record(record):
        if one.address:
            yield rows.Use(_link(one), one.layer[:300])


def _link(one: Resource) -> Link:
    asked = f"{one.kind}\n{one.family}\n{one.address}".encode("utf-8", "replace")
    host = (urlsplit(one.address).hostname or "") if one.address else ""
    return Link(hashlib.blake2b(asked, digest_size=16).digest(), one.address, one.kind, one.family, host)


def _of_layer(check: LinkCheck | None, *, lacking: bool) -> LinkCheck | None:
    works = check is not None and check.facet == "ok"
    return rows.without_layer(check) if check is not None and works and lacking else check

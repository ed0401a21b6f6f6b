"""What a node shows of the harvest: sources, runs, and what they gave. All of it is the operator's."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from estran.catalogue import harvesters
from estran.catalogue.harvest.gathering import key_of
from estran.catalogue.harvest.runner import Run, staying_alive
from estran.catalogue.harvest.values import HarvestSource
from estran.catalogue.portions import Assignment, claims
from estran.catalogue.store.harvest import Plan
from estran.errors import Conflict, EstranError, Invalid, NotAllowed
from estran.jobs.times import check_cron
from estran.model import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.access import Actor, Organisations
    from estran.catalogue.harvest.runner import Stores
    from estran.catalogue.harvest.values import EntryPage, MissedDocument, RunReport
    from estran.fetching import Fetcher

__all__ = ["Harvest"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_VISIBILITIES = ("public", "restricted", "draft")
# A source that only tells what changed is read whole now and then, to see what is gone.
_WHOLE_AFTER = timedelta(days=30)
# What was cut so long ago is begun anew: the source has moved on.
_GOES_ON_FOR = timedelta(days=7)
# Clocks differ, and a list may be made before it is given.
_OVERLAP = timedelta(hours=1)
_STATES = ("held", "refused", "gone", "new", "changed", "unchanged", "removed")
_REMOVED_AT_ONCE = 500
_ERRORS = frozenset(range(400, 600)) - {401, 403, 404, 429, 502, 503, 504}
_MOST_ON_PAGE = 1000


class Harvest:
    """The catalogues of others that a node reads."""

    def __init__(
        self,
        stores: Stores,
        organisations: Organisations,
        home: str,
        actor: Actor,
        policy: Mapping[str, Any],
    ) -> None:
        """Args: home is the centre of records that no rule assigns; policy is what fetching may do.

        Raises:
            NotAllowed: the actor is not the operator.
        """
        if not actor.is_operator:
            raise NotAllowed("only the node's operator may see and run its harvests")
        self._stores, self._organisations, self._home, self._actor = stores, organisations, home, actor
        self._policy = policy

    # Sources

    def add(
        self,
        name: str,
        url: str,
        protocol: str = "",
        *,
        options: Mapping[str, str] | None = None,
        centre: str = "",
        visibility: str = "public",
        schedule: str = "",
        precedence: int = 0,
    ) -> HarvestSource:
        """Set up a source; nothing is read of it yet.

        Args:
            name: a short word, which becomes the source of its records.
            url: where the protocol is spoken.
            protocol: name of an installed one; "" asks the address and guesses.
            options: what the protocol knows, such as ``set``.
            centre: of its records; "" lets the claims of the registry decide.
            visibility: of its records.
            schedule: a cron expression in UTC, such as ``0 3 * * *``.
            precedence: of several sources with the same dataset, the highest is believed first.

        Raises:
            Invalid: a value does not fit, or the protocol cannot be guessed.
            NotFound: there is no such protocol or centre.
            Conflict: there is a source of that name.
        """
        if not _NAME.fullmatch(name):
            raise Invalid("use small letters without accents, digits, dots and hyphens, 80 at most", "name")
        self._check(centre=centre, visibility=visibility, schedule=schedule)
        url = url.strip()
        if not url:
            raise Invalid("give the address of the source", "url")
        protocol = protocol or self._guess(url)
        self._check_options(protocol, options or {})
        source = HarvestSource(
            name=name, url=url, protocol=protocol, options=dict(options or {}), centre=centre,
            visibility=visibility, schedule=schedule.strip(), precedence=precedence,
        )  # fmt: skip
        self._stores.harvests.add(source)
        return self.source(name)

    def sources(self) -> tuple[HarvestSource, ...]:
        """All sources, by name."""
        return self._stores.harvests.sources()

    def source(self, name: str) -> HarvestSource:
        """One source.

        Raises:
            NotFound: there is none of that name.
        """
        return self._stores.harvests.source(name)

    def change(
        self,
        name: str,
        *,
        url: str | None = None,
        options: Mapping[str, str] | None = None,
        centre: str | None = None,
        visibility: str | None = None,
        schedule: str | None = None,
        precedence: int | None = None,
        active: bool | None = None,
    ) -> HarvestSource:
        """Change what is given; a new address, centre or visibility is applied to all by the next run.

        Raises:
            NotFound: there is no such source or centre.
            Invalid: a value does not fit.
        """
        held = self.source(name)
        self._check(centre=centre or "", visibility=visibility or "public", schedule=schedule or "")
        if options is not None:
            self._check_options(held.protocol, options)
        given: dict[str, Any] = {
            "url": url, "options": options, "centre": centre, "visibility": visibility,
            "schedule": schedule, "precedence": precedence, "active": active,
        }  # fmt: skip
        values = {key: value for key, value in given.items() if value is not None}
        anew = {key for key in ("url", "options", "centre", "visibility") if key in values}
        reread = any(values[key] != getattr(held, key) for key in anew)
        self._stores.harvests.change(name, values, reread=reread)
        return self.source(name)

    def remove(self, name: str, *, keep_records: bool) -> None:
        """Forget a source and its runs, and take out what it gave, unless that shall stay.

        Raises:
            NotFound: there is no such source.
            Conflict: it is being harvested.
        """
        harvests, entries = self._stores.harvests, self._stores.entries
        number, holder = harvests.number(name), self._holder()
        harvests.leases.hold(number, holder)
        try:
            after = ""
            while not keep_records and (portion := entries.portion(number, after, _REMOVED_AT_ONCE)):
                entries.bury_all(portion, self._actor.name)
                harvests.leases.renew(number, holder)
                after = portion[-1][0]
        finally:
            harvests.leases.release(number, holder)
        harvests.remove(name)

    # Runs

    def begin(
        self, name: str, *, full: bool = False, confirm_loss: bool = False, reread: bool = False
    ) -> int:
        """Begin a run, or go on with one that was cut; gives its number for `step`.

        Args:
            name: of the source.
            full: ask for everything, not only for what changed.
            confirm_loss: whatever the source does not name any more is removed, however much it is.
            reread: read every document again, those whose bytes are held as well.

        Raises:
            NotFound: there is no such source.
            Conflict: it is being harvested.
        """
        source = self.source(name)
        incremental = harvesters.find(source.protocol).incremental
        self._stores.records.begin_run(name, source.centre, source.visibility)

        def plan(source: HarvestSource, last: RunReport | None) -> Plan:
            whole = full or confirm_loss or reread or not incremental or _is_due(source)
            if last is not None and last.state in ("running", "cut") and not reread:
                fresh = now() - datetime.fromisoformat(last.started) < _GOES_ON_FOR
                if fresh and (last.full or not (full or confirm_loss)):
                    return Plan(last.id, last.full)
            since = (
                "" if whole else f"{datetime.fromisoformat(source.complete) - _OVERLAP:%Y-%m-%dT%H:%M:%SZ}"
            )
            return Plan(None, whole, since)

        return self._stores.harvests.begin(name, plan, confirmed=confirm_loss, reread=reread)

    def step(
        self,
        run: int,
        seconds: float = float("inf"),
        progress: Callable[[RunReport], None] | None = None,
    ) -> bool:
        """Go on with a run for about so many seconds; gives whether it has ended.

        What it did is kept however this process ends, and doing it again does no harm.

        Raises:
            NotFound: there is no such run.
            Conflict: another process harvests the source.
            Unavailable: the node's own database is out of reach.
        """
        harvests = self._stores.harvests
        at, holder = harvests.standing(run), self._holder()
        if harvests.has_ended(run):
            return True
        harvests.leases.hold(at.number, holder)
        try:
            if harvests.has_ended(run):  # by whoever held it until now
                return True
            with staying_alive(harvests.leases, at.number, holder), self._fetcher() as fetcher:
                part = Run(
                    self._stores, harvests.standing(run), holder,
                    harvester=harvesters.find(at.source.protocol), given=self._given(at.source),
                    actor=self._actor.name, progress=progress,
                )  # fmt: skip
                return part.advance(fetcher, seconds)
        except Conflict:
            raise
        except BaseException as error:
            with suppress(EstranError):
                harvests.end(harvests.standing(run), holder, "cut", f"it was interrupted ({_said(error)})")
            raise
        finally:
            harvests.leases.release(at.number, holder)

    def run(
        self,
        name: str,
        *,
        full: bool = False,
        confirm_loss: bool = False,
        reread: bool = False,
        progress: Callable[[RunReport], None] | None = None,
    ) -> RunReport:
        """Harvest a source, here and now; what was cut goes on. Trouble with the source is in the report.

        Args:
            name: of the source.
            full: as for `begin`.
            confirm_loss: as for `begin`.
            reread: as for `begin`.
            progress: called after each delivery.

        Raises:
            NotFound: there is no such source.
            Conflict: it is being harvested.
            Unavailable: the node's own database is out of reach.
        """
        number = self.begin(name, full=full, confirm_loss=confirm_loss, reread=reread)
        while not self.step(number, progress=progress):
            pass
        return self.show_run(number)

    def runs(self, name: str, limit: int = 20, before: int = 0) -> tuple[RunReport, ...]:
        """The runs of a source, the newest first; those before run `before` if it is given.

        Raises:
            NotFound: there is no such source.
        """
        return self._stores.harvests.runs(name, limit, before)

    def show_run(self, run: int) -> RunReport:
        """One run.

        Raises:
            NotFound: there is none of that number.
        """
        return self._stores.harvests.run(run)

    # What they gave

    def entries(self, of: str | int, state: str = "", cursor: str = "", limit: int = 100) -> EntryPage:
        """What a source gave, by key, a page at a time.

        Args:
            of: name of a source; or number of a run, for what it was the last to see.
            state: "held", "refused" or "gone"; or what the last run did: "new", "changed", "unchanged",
                "removed"; "" for all.
            cursor: `EntryPage.next` of the page before.
            limit: entries on a page.

        Raises:
            NotFound: there is no such source or run.
            Invalid: there is no such state.
        """
        if state and state not in _STATES:
            raise Invalid(f"there is no state “{state}”; choose one of {', '.join(_STATES)}", "state")
        number, run = self._of(of)
        limit = max(1, min(limit, _MOST_ON_PAGE))
        return self._stores.entries.entries(number, run=run, state=state, after=cursor, limit=limit)

    def missed(self, run: int, limit: int = 1000, after: str = "") -> tuple[MissedDocument, ...]:
        """What the source named in a run and did not give, with the reasons, from behind the place `after`.

        Raises:
            NotFound: there is no such run.
        """
        self.show_run(run)
        return self._stores.harvests.missed(run, limit, after)

    def tally(self, of: str | int) -> dict[str, int]:
        """How many things stand in each state: of a source, or of those that a run was the last to see.

        Raises:
            NotFound: there is no such source or run.
        """
        return self._stores.entries.tally(*self._of(of))

    def document(self, source: str, key: str) -> bytes:
        """The newest bytes of what a source calls `key`, as they came; those of a refused document as well.

        Raises:
            NotFound: there is no such source, or it gave nothing under that key.
        """
        return self._stores.entries.document(self._stores.harvests.number(source), key_of(key))

    # Within

    def _of(self, of: str | int) -> tuple[int, int | None]:
        harvests = self._stores.harvests
        return (harvests.number(of), None) if isinstance(of, str) else (harvests.standing(of).number, of)

    def _check(self, *, centre: str, visibility: str, schedule: str) -> None:
        if centre:
            self._organisations.show(centre)
        if visibility not in _VISIBILITIES:
            raise Invalid(
                f"there is no visibility “{visibility}”; choose one of {', '.join(_VISIBILITIES)}",
                "visibility",
            )
        if schedule.strip():
            try:
                check_cron(schedule)
            except Invalid as error:
                raise Invalid(error.why, "schedule") from None

    @staticmethod
    def _check_options(protocol: str, options: Mapping[str, str]) -> None:
        known = harvesters.find(protocol).options
        for name in options:
            if name not in known:
                offered = ", ".join(known) or "none"
                raise Invalid(f"{protocol} has no option “{name}”; it has {offered}", "options")

    def _guess(self, url: str) -> str:
        """The protocol that most probably is spoken at an address."""
        body = b""
        if url.startswith(("http://", "https://")):
            with self._fetcher() as fetcher:
                # Without a question some services answer with an error, which tells as much.
                body = fetcher.get(url, through=_ERRORS).body
        every = harvesters.every()
        best = max(every, key=lambda one: one.recognise(url, body), default=None)
        if best is None or best.recognise(url, body) <= 0:
            names = ", ".join(one.name for one in every)
            raise Invalid(f"it is not clear what is spoken there; name the protocol: {names}", url)
        return best.name

    def _fetcher(self) -> Fetcher:
        from estran.fetching import Fetcher, Policy  # noqa: PLC0415 - only who harvests needs it

        return Fetcher(Policy(**self._policy))

    def _given(self, source: HarvestSource) -> Assignment:
        return Assignment(
            source=source.name, centre=source.centre, home=self._home,
            claims=claims(self._organisations.all()), visibility=source.visibility, owner=self._actor.name,
        )  # fmt: skip

    def _holder(self) -> str:
        return f"{self._stores.harvests.leases.me}:{secrets.token_hex(8)}"


def _is_due(source: HarvestSource) -> bool:
    """Whether it is time to read the whole of a source."""
    if not source.complete or not source.complete_full:
        return True
    return now() - datetime.fromisoformat(source.complete_full) > _WHOLE_AFTER


def _said(error: BaseException) -> str:
    said = str(error) if isinstance(error, EstranError) else f"{type(error).__name__} {error}".strip()
    return said[:500]

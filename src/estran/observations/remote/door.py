"""Observations of other servers, for the operator who copies them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from estran.errors import Invalid, NotAllowed
from estran.fetching import Fetcher, Policy
from estran.formats import Document
from estran.model import EVER_US, instant_us
from estran.observations.describing import described
from estran.observations.remote import copying

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from estran.access import Actor
    from estran.catalogue import Catalogue
    from estran.model import Record
    from estran.observations.remote.copying import Copying
    from estran.observations.store import SeriesStore
    from estran.observations.store.registry import HeldDatastream

__all__ = ["LOOK_BACK_DAYS", "Remote"]

LOOK_BACK_DAYS = 7.0
_DAY_US = 86_400_000_000
_SILENCE_S, _ANSWER_BYTES, _ATTEMPTS = 120.0, 128 << 20, 4
"""Servers of observations think for longer than catalogues do, and say more at once."""


class Remote:
    """Copies SensorThings servers and ERDDAP tables into this node.

    Args:
        store: where observations go.
        catalogue: where their records go.
        actor: who copies.
        policy: what fetching may do.
        streams: the datastreams of a record.
    """

    def __init__(
        self,
        store: SeriesStore,
        catalogue: Catalogue,
        actor: Actor,
        policy: Mapping[str, Any],
        streams: Callable[[str], Sequence[HeldDatastream]],
    ) -> None:
        self._store, self._catalogue, self._actor = store, catalogue, actor
        self._policy, self._streams = policy, streams

    def copy(
        self,
        address: str,
        *,
        source: str = "local",
        centre: str = "",
        visibility: str = "",
        token: str = "",
        look_back_days: float = LOOK_BACK_DAYS,
        since: str = "",
        progress: Callable[[Copying], None] | None = None,
    ) -> Copying:
        """Take in the observations of a server: all the first time, later what is new or was corrected.

        What it breaks off at is where the next call goes on; nothing is doubled, however often it is called.

        Args:
            address: root of a SensorThings service, or a table of ERDDAP, or all of its tables; a name and a
                password in it are used, and never stored or told.
            source: as for `Node.load`, and so are centre and visibility.
            centre: of the records that are made.
            visibility: of the records that are made.
            token: told to that server with each question.
            look_back_days: so far before the newest that was taken observations are asked for again.
            since: a date, nothing before which is taken; "" for all.
            progress: told after each portion.

        Raises:
            NotAllowed: the actor is not the operator; the address may not be reached; the server does not want it.
            Invalid: there is no server of observations, or it answers what cannot be read.
            Unavailable: the server is out of reach, or fails; what came until then is stored.
        """
        self._operator()
        if not 0 <= look_back_days <= 36_600:  # noqa: PLR2004 - a hundred years
            raise Invalid("so many days are 0 or more", "look_back_days")

        def keep(record: Record) -> str:
            return self._catalogue.id_named(source, record.identifier) or self._keep(
                record, source, centre, visibility
            )

        with self._fetcher(address, token) as fetcher:
            report = copying.copied(
                self._store,
                fetcher,
                address,
                keep,
                look_back_us=int(look_back_days * _DAY_US),
                since_us=instant_us(since, "since") if since else EVER_US,
                progress=progress,
            )
        for record in report.homes:
            self._keep(self._told(record, report.homes[record]), source, centre, visibility)
        return report

    def explained(self, address: str, *, token: str = "") -> str:
        """What `copy` would take of a server, for people; nothing is stored. Raises as `copy` does."""
        self._operator()
        with self._fetcher(address, token) as fetcher:
            return copying.explained(fetcher, address)

    def _fetcher(self, address: str, token: str) -> Fetcher:
        held = Policy(**self._policy)
        policy = replace(
            held, timeout_s=max(held.timeout_s, _SILENCE_S), answer_bytes=_ANSWER_BYTES, attempts=_ATTEMPTS
        )
        return Fetcher(policy, token=token, trusted=address)

    def _keep(self, record: Record, source: str, centre: str, visibility: str) -> str:
        return self._catalogue.keep(
            record,
            Document(record.identifier),
            self._actor,
            source=source,
            centre=centre,
            visibility=visibility,
        )

    def _told(self, id_: str, record: Record) -> Record:
        """A record with what its datastreams tell."""
        made = described(record.identifier, self._streams(id_))
        return replace(
            record, variables=record.variables or made.variables,
            concepts=tuple(dict.fromkeys((*record.concepts, *made.concepts))),
            extent=replace(
                made.extent, boxes=made.extent.boxes or record.extent.boxes,
                periods=made.extent.periods or record.extent.periods, vertical=record.extent.vertical,
            ),
        )  # fmt: skip

    def _operator(self) -> None:
        if not self._actor.is_operator:
            raise NotAllowed("only the node's operator may copy other servers")

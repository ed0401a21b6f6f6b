"""Documents that have an address each: asked for with the stamp of the version at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.catalogue.harvesters import Missed
from estran.errors import Invalid, NotAllowed, Unavailable

if TYPE_CHECKING:
    from estran.catalogue.harvesters import Visit
    from estran.fetching import Reply

__all__ = ["Patience", "stamp_of"]

_NOT_MODIFIED = 304
_MOST_FAILURES = 5
_ETAG, _MODIFIED = "etag ", "modified "


def stamp_of(reply: Reply) -> str:
    """The stamp of a version: its ETag, else its Last-Modified, "" without either."""
    if etag := reply.headers.get("etag", ""):
        return f"{_ETAG}{etag}"
    modified = reply.headers.get("last-modified", "")
    return f"{_MODIFIED}{modified}" if modified else ""


@dataclass(slots=True)
class Patience:
    """Asks for one address after the other; gives up the visit when several in a row are out of reach.

    Attributes:
        visit: its fetcher is asked.
        failures: how many of the last answers did not come.
    """

    visit: Visit
    failures: int = 0

    def get(self, url: str, *, stamp: str = "", accept: str = "*/*") -> Reply | Missed | None:
        """What is there, None where it is still the version of that stamp.

        Raises:
            Unavailable: this and several before it were out of reach.
        """
        etag = stamp.removeprefix(_ETAG) if stamp.startswith(_ETAG) else ""
        modified = stamp.removeprefix(_MODIFIED) if stamp.startswith(_MODIFIED) else ""
        try:
            reply = self.visit.fetcher.get(url, accept=accept, etag=etag, modified=modified)
        except (Invalid, NotAllowed) as error:
            self.failures = 0
            return Missed(url, str(error))
        except Unavailable as error:
            self.failures += 1
            if self.failures >= _MOST_FAILURES:
                raise
            return Missed(url, str(error))
        self.failures = 0
        if reply.status == _NOT_MODIFIED or (stamp and stamp == stamp_of(reply)):
            return None
        return reply

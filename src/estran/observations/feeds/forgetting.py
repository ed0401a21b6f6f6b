"""A broker told to keep nothing more for a feed that is no more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from estran.errors import EstranError
from estran.fetching.brokers import broker

if TYPE_CHECKING:
    from paho.mqtt.client import Client

    from estran.observations.feeds.values import Feed

__all__ = ["forget"]

_PATIENCE_S = 10.0
_KEEPALIVE_S = 60
_TURN_S = 0.1


def forget(feed: Feed, *, password: str, authorities: str, patience_s: float = _PATIENCE_S) -> str:
    """End the session that a broker keeps for a feed, with all that waits in it.

    Args:
        feed: of the kind "mqtt".
        password: of the user that its address names.
        authorities: file of the certificates that are trusted; "" for those of the machine.
        patience_s: how long the broker may take.

    Returns:
        Why that could not be done, "" where it was.
    """
    try:
        where, _ = broker(feed.address, password=password, authorities=authorities)
        is_old = feed.options.get("protocol") == "3.1.1"
        # Who comes under the same name and wants nothing of what was ends it.
        client = where.client(feed.options["client"], is_old=is_old, is_clean=True)
        answers: list[str] = []

        def connected(_client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            answers.append(str(reason) if reason.is_failure else "")

        client.on_connect = connected
        more: dict[str, Any] = {} if is_old else {"clean_start": True}
        client.connect(where.host, where.port, _KEEPALIVE_S, **more)
        until = time.monotonic() + patience_s
        while not answers and time.monotonic() < until:
            if code := client.loop(_TURN_S):
                answers.append(code.name)
        client.disconnect()
        client.loop(0)
    except (OSError, EstranError) as error:
        return str(error) or type(error).__name__
    return answers[0] if answers else f"{where.url} does not answer"

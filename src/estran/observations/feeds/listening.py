"""A broker that is heard: messages are gathered, stored, and only then acknowledged.

One thread reads, stores and acknowledges, so that nothing is acknowledged on another connection than the one that it
came by. Who dies before leaves the message with the broker, which gives it again to whoever listens next under the
same name.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from estran.errors import Conflict, EstranError, NotFound, Unavailable
from estran.fetching.brokers import broker
from estran.observations.feeds.values import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paho.mqtt.client import Client, MQTTMessage

    from estran.observations.feeds.door import Feeds
    from estran.observations.feeds.receiving import Receiving
    from estran.observations.feeds.values import Feed
    from estran.observations.store.lease import Holder

__all__ = ["Listening", "listen"]

_KEEPALIVE_S = 60
_SESSION_S = 30 * 86_400
"""So long the broker keeps what comes while nobody listens."""
_MOST_MESSAGES, _MOST_BYTES = 1_000, 4 << 20
_GATHERED_S, _QUIET_S, _IDLE_S = 1.0, 0.02, 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 300.0
_SIGN_S, _LOOK_S = 10.0, 10.0
_ANSWER_S = 30.0


class _LostError(Exception):
    """The connection is gone, and why."""


class Listening:
    """Hears one feed.

    Args:
        feeds: the door, as the operator.
        feed: of the kind "mqtt".
        password: of the user that its address names.
        authorities: file of the certificates that are trusted; "" for those of the machine.
        stop: set it to end.
        say: told in words what happens.
    """

    def __init__(
        self, feeds: Feeds, feed: Feed, *, password: str, authorities: str, stop: threading.Event, say: Callable[[str], None]
    ) -> None:  # fmt: skip
        self._feeds, self._feed, self._stop, self._say = feeds, feed, stop, say
        self._broker, self._topic = broker(feed.address, password=password, authorities=authorities)
        self._waiting: list[MQTTMessage] = []
        self._bytes, self._since, self._last = 0, 0.0, 0.0
        self._lost, self._is_heard = "", False
        self._signed = 0.0

    def run(self) -> None:
        """Hear it until told to stop; whoever cannot be reached is tried again after growing pauses.

        Raises:
            NotFound: the feed was removed.
        """
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            self._is_heard = False
            try:
                with self._feeds.lease(self._feed.name, patience_s=0).held() as holder:
                    self._hear(holder)
            except NotFound:
                self._say(f"{self._feed.name} was removed.")
                raise
            except (Unavailable, Conflict) as error:
                why = str(error)
            except (OSError, EstranError, _LostError) as error:
                why = str(error) or type(error).__name__
                self._feeds.failed(self._feed.name, why)
            else:
                return
            pause = _FIRST_PAUSE_S if self._is_heard else pause
            self._say(f"{self._feed.name}: {why}; again in {pause:g} s.")
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _hear(self, holder: Holder) -> None:
        receiving = self._feeds.receiving(self._feed.name)
        client, fresh = self._client(), time.monotonic()
        self._waiting, self._bytes, self._lost, self._signed = [], 0, "", fresh
        self._connect(client)
        self._feeds.failed(self._feed.name, "")
        try:
            while not self._stop.is_set():
                self._turn(client)
                if self._is_full():
                    self._flush(client, receiving)
                if time.monotonic() - self._signed > _SIGN_S:
                    self._sign(holder)
                # What others changed of datastreams is seen now and then.
                if time.monotonic() - fresh > 6 * _SIGN_S:
                    receiving, fresh = self._feeds.receiving(self._feed.name), time.monotonic()
            self._flush(client, receiving)
        finally:
            client.disconnect()
            client.loop(0)

    def _client(self) -> Client:
        said = self._feed.options
        client = self._broker.client(said["client"], manual_ack=True, is_old=said.get("protocol") == "3.1.1")
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._arrived
        return client

    def _connect(self, client: Client) -> None:
        from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - only who listens needs it
        from paho.mqtt.properties import Properties  # noqa: PLC0415

        more: dict[str, Any] = {}
        if self._feed.options.get("protocol") != "3.1.1":
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = _SESSION_S
            more = {"clean_start": False, "properties": properties}
        client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S, **more)
        until = time.monotonic() + _ANSWER_S
        while not self._is_heard and not self._stop.is_set():
            self._turn(client)
            if time.monotonic() > until:
                raise _LostError(f"{self._broker.url} does not answer")

    def _turn(self, client: Client) -> None:
        """Read and write what there is.

        Raises:
            _LostError: the connection is gone.
        """
        code = client.loop(_QUIET_S if self._waiting else _IDLE_S)
        if self._lost or code:
            raise _LostError(f"{self._broker.url}: {self._lost or code.name}")

    # What the client tells

    def _connected(self, client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._lost = str(reason)
        else:
            client.subscribe(self._topic, qos=1)

    def _subscribed(
        self, _client: Client, _data: Any, _id: int, reasons: list[Any], _properties: Any
    ) -> None:
        if refused := next((one for one in reasons if one.is_failure), None):
            self._lost = f"“{self._topic}” is refused ({refused})"
        else:
            self._is_heard = True
            self._say(f"{self._feed.name} is heard.")

    def _disconnected(self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._lost = self._lost or str(reason)

    def _arrived(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(message)
        self._bytes += len(message.payload)
        self._last = time.monotonic()

    # Storing

    def _is_full(self) -> bool:
        """Whether enough was gathered, or nothing more comes."""
        if not self._waiting:
            return False
        now = time.monotonic()
        return (
            len(self._waiting) >= _MOST_MESSAGES
            or self._bytes >= _MOST_BYTES
            or now - self._since > _GATHERED_S
            or now - self._last > _QUIET_S / 2
        )

    def _flush(self, client: Client, receiving: Receiving) -> None:
        """Store what was gathered, then acknowledge it."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return
        receiving.take([Message(one.topic, bytes(one.payload)) for one in waiting])
        for one in waiting:
            if one.qos:
                client.ack(one.mid, one.qos)

    def _sign(self, holder: Holder) -> None:
        holder.renew()
        self._signed = time.monotonic()


def listen(
    feeds: Callable[[], Feeds],
    names: tuple[str, ...] = (),
    *,
    passwords: Mapping[str, str],
    authorities: str,
    stop: threading.Event,
    say: Callable[[str], None],
) -> None:
    """Hear feeds until told to stop: those that are named, or all that there are and those that come.

    Args:
        feeds: gives the door, as the operator.
        names: of feeds; nothing for all.
        passwords: of feeds, by name.
        authorities: file of the certificates that are trusted; "" for those of the machine.
        stop: set it to end.
        say: told in words what happens.
    """
    heard: dict[str, threading.Thread] = {}

    def hear(feed: Feed) -> None:
        try:
            Listening(
                feeds(),
                feed,
                password=passwords.get(feed.name, ""),
                authorities=authorities,
                stop=stop,
                say=say,
            ).run()
        except Exception as error:  # noqa: BLE001 - one feed does not take the others along; it is begun again
            say(f"{feed.name}: {error}")

    while not stop.is_set():
        try:
            for feed in feeds().list():
                running = heard.get(feed.name)
                is_meant = feed.kind == "mqtt" and (not names or feed.name in names)
                if is_meant and (running is None or not running.is_alive()):
                    heard[feed.name] = threading.Thread(target=hear, args=(feed,), name=f"estran-{feed.name}")
                    heard[feed.name].start()
        except Unavailable as error:
            say(str(error))
        stop.wait(_LOOK_S)
    for one in heard.values():
        one.join()

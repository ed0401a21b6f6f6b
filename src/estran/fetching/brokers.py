"""MQTT brokers: their addresses, and clients that are set up as they should be.

An address is mqtt://[user@]host[:port]/topic, or mqtts:// for TLS. The password never stands in it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from estran.errors import Invalid

if TYPE_CHECKING:
    from paho.mqtt.client import Client

__all__ = ["Broker", "broker"]

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_MOST_TOPIC_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker, and as whom it is asked.

    Attributes:
        host, port: where it listens.
        tls: whether the connection is encrypted, and the broker's certificate checked.
        user, password: as whom; "" for nobody in particular.
        authorities: file of the certificates that are trusted; "" for those of the machine.
    """

    host: str
    port: int
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str = ""

    @property
    def url(self) -> str:
        """Its address without user and topic."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}"

    def client(
        self, id_: str = "", *, manual_ack: bool = False, is_old: bool = False, is_clean: bool = False
    ) -> Client:
        """A client of MQTT 5 that is not connected yet: `connect(broker.host, broker.port, …)`.

        Args:
            id_: by which the broker knows it again; "" for one that the broker gives.
            manual_ack: whether messages count as delivered only when `ack` says so.
            is_old: whether it speaks MQTT 3.1.1, for brokers that know no later one; what comes while it is away
                is kept for it where it has an id.
            is_clean: whether that which speaks 3.1.1 wants nothing of what was kept; MQTT 5 says so when it connects.

        Raises:
            Invalid: the file of trusted certificates cannot be read.
        """
        from paho.mqtt.client import Client, MQTTv5, MQTTv311  # noqa: PLC0415 - only who hears or tells needs it
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

        made = Client(
            CallbackAPIVersion.VERSION2, id_, clean_session=(is_clean or not id_) if is_old else None,
            protocol=MQTTv311 if is_old else MQTTv5, manual_ack=manual_ack,
        )  # fmt: skip
        if self.user:
            made.username_pw_set(self.user, self.password or None)
        if self.tls:
            try:
                made.tls_set_context(ssl.create_default_context(cafile=self.authorities or None))
            except OSError as error:
                raise Invalid(f"the trusted certificates cannot be read: {error}", self.authorities) from None
        return made


def broker(address: str, *, password: str = "", authorities: str = "") -> tuple[Broker, str]:
    """The broker that an address names, and the topic behind it, "" where there is none.

    Raises:
        Invalid: it is not the address of a broker, or a password stands in it.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid(f"it is not an address: {error}", address) from None
    if parts.scheme not in _PORTS or not host:
        raise Invalid("a broker’s address is mqtt://host:port/topic, or mqtts:// for TLS", address)
    if parts.password is not None:
        raise Invalid(
            "the password of a broker does not stand in its address; the settings hold it",
            address.replace(f":{parts.password}@", ":…@"),
        )
    # “#” and “?” mean something in addresses, and other things in topics.
    topic = unquote(address.partition("://")[2].partition("/")[2])
    if "\0" in topic or len(topic.encode()) > _MOST_TOPIC_BYTES:
        raise Invalid("a topic has no zero character and 65,535 bytes at most", address)
    made = Broker(
        host,
        port or _PORTS[parts.scheme],
        parts.scheme == "mqtts",
        unquote(parts.username or ""),
        password,
        authorities,
    )
    return made, topic

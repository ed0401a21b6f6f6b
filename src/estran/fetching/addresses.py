"""Which addresses may be reached, decided at the moment of connecting.

A name is resolved here, its addresses are checked, and the connection goes to the very address that was
checked: a name that answers differently a second time gains nothing.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import httpcore2

from estran.errors import NotAllowed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterable

__all__ = ["Checked", "until", "within_reach"]

# Besides what the standard library calls private, for which its versions do not agree.
_CLOSED_V4 = tuple(
    ip_network(n)
    for n in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(ip_network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")


def within_reach(address: str) -> bool:
    """Whether an address is one of the public internet."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is None:
            return ip in _OPEN_V6 and ip.is_global and not any(ip in network for network in _CLOSED_V6)
        ip = inner
    return ip.is_global and not any(ip in network for network in _CLOSED_V4)


_deadline = threading.local()


@contextmanager
def until(instant: float) -> Generator[None]:
    """What this thread reads or writes meanwhile ends at that instant (`time.monotonic`) at the latest."""
    _deadline.at = instant
    try:
        yield
    finally:
        del _deadline.at


def _left(timeout: float | None) -> float | None:
    at: float | None = getattr(_deadline, "at", None)
    if at is None:
        return timeout
    left = at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the whole answer took too long")
    return left if timeout is None else min(left, timeout)


class Checked(httpcore2.NetworkBackend):
    """Connects to addresses that may be reached, and to no others."""

    def __init__(self, *, private: bool) -> None:
        self._private, self._plain = private, httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to one of the host's addresses.

        Raises:
            NotAllowed: none of them may be reached.
        """
        failed: Exception | None = None
        for address in self._addresses(host, port):
            try:
                stream = self._plain.connect_tcp(address, port, _left(timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Timed(stream)
        raise failed or httpcore2.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"its name is not known ({error})") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = [a for a in addresses if self._private or within_reach(a)]
        if addresses and not allowed:
            where = host if host == addresses[0] else f"{host} ({addresses[0]})"
            raise NotAllowed(
                f"{where} is no address of the public internet and is not asked; "
                "where this is meant, set “allow_private” in the settings’ table “harvest”, or “links” for links"
            )
        return allowed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        """There is no way into sockets of this machine."""
        del timeout, socket_options
        raise NotAllowed(f"{path} is a socket of this machine, which is not asked")


class _Timed(httpcore2.NetworkStream):
    """A connection whose thread may be bound by `until`."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

"""An MQTT broker for the tests: Mosquitto on a free port of loopback, with a configuration and a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.ports import free_port

__all__ = ["Mosquitto"]

_ROOT_USER = 0
_PATIENCE_S = 60.0


class Mosquitto:
    """A broker that listens on loopback only; what it holds for absent clients outlives `stop` and `start`.

    Args:
        program: the broker.
        user, password: whom it lets in; "" for everyone.
        certificate: files of its certificate and of the key, for TLS.
        more: further lines of its configuration.
    """

    def __init__(
        self,
        program: Path,
        *,
        user: str = "",
        password: str = "",
        certificate: tuple[Path, Path] | None = None,
        more: str = "",
    ) -> None:
        self._program, self._user, self._password, self._more = program, user, password, more
        self._certificate = certificate
        self._folder = Path()
        self._running: subprocess.Popen[bytes] | None = None
        self.port = 0

    @classmethod
    def found(cls) -> Path | None:
        """The program, which Debian keeps where only its administrator looks."""
        path = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
        return Path(path) if path else None

    @property
    def url(self) -> str:
        """Where it is, without a topic: mqtt://127.0.0.1:PORT, or mqtts with TLS."""
        scheme, host = ("mqtts", "localhost") if self._certificate else ("mqtt", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}"

    def start(self) -> None:
        """Start it, on the port that it had before if it had one."""
        log = (self._folder / "log").open("ab")
        self._running = subprocess.Popen(
            [str(self._program), "-c", str(self._folder / "mosquitto.conf")],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
        )
        log.close()
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until and self._running.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise AssertionError(f"mosquitto does not listen:\n{(self._folder / 'log').read_text()}")

    def stop(self) -> None:
        """Stop it; it writes down what it holds for others."""
        if self._running is not None:
            self._running.terminate()
            self._running.wait(_PATIENCE_S)
            self._running = None

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="estran-mosquitto-"))
        self.port = free_port()
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {self._folder}/",
            "max_queued_messages 100000",
        ]
        if os.geteuid() == _ROOT_USER:
            lines.append("user root")
        if self._user:
            held = self._folder / "passwords"
            held.write_text(f"{self._user}:{self._password}\n")
            subprocess.run([_passwd(), "-U", str(held)], check=True)
            lines += ["allow_anonymous false", f"password_file {held}"]
        else:
            lines.append("allow_anonymous true")
        if self._certificate:
            lines += [f"certfile {self._certificate[0]}", f"keyfile {self._certificate[1]}"]
        (self._folder / "mosquitto.conf").write_text("\n".join([*lines, self._more, ""]))
        try:
            self.start()
        except BaseException:
            self._away()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._away()

    def _away(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _passwd() -> str:
    return shutil.which("mosquitto_passwd") or "mosquitto_passwd"

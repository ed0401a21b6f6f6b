"""A node served by a process of its own, as an operator would."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

_PATIENCE_S = 120


@contextmanager
def serving(folder: Path, *flags: str, **environment: str) -> Generator[tuple[str, int]]:
    """Address and process id of a server of the node in a folder; it must end without a traceback."""
    port = free_port()
    program = str(Path(sys.executable).with_name("estran"))
    command = [program, "serve", "--node", str(folder), "--port", str(port), "--quiet", *flags]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(base, process)
            yield base, process.pid
        finally:
            process.terminate()
            said = process.communicate(timeout=_PATIENCE_S)[0]
    assert "Traceback" not in said


def _wait(base: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{base}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    process.terminate()
    raise AssertionError(process.communicate()[0])

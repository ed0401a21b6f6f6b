"""`estran` and `python` without their start: each command is a fork of a process that has loaded everything.

A command starts in some hundredths of a second instead of one or two. What it is given is its own: arguments, folder,
environment, input, output, signals and exit code.
"""

from __future__ import annotations

import ast
import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).resolve().parents[2]

# Runs with the bare interpreter: whoever asks hands over what is theirs, passes signals on, and ends as the command ends.
_ASKS = """
import json, os, signal, socket, sys
program, place, real = os.path.basename(sys.argv[1]), sys.argv[2], sys.argv[3]
given = sys.argv[4:]
if program == "python" and not (given and given[0].endswith(".py")):
    os.execv(real, [real, *given])
asked = socket.socket(socket.AF_UNIX)
asked.connect(place)
told = json.dumps([program, given, os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(asked, [len(told).to_bytes(4, "big")], [0, 1, 2])
asked.sendall(told)
answers = asked.makefile()
pid = int(answers.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(pid, number))
code = int(answers.readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@contextmanager
def commands(folder: Path) -> Iterator[Path]:
    """A folder for PATH, in which `estran` and `python` are quick for as long as the block lasts."""
    made, place = folder / "bin", folder / "asked"
    made.mkdir()
    (folder / "asks.py").write_text(_ASKS, "utf-8")
    for name in ("estran", "python"):
        real = Path(sys.executable).with_name(name)
        command = [sys.executable, "-IS", folder / "asks.py", name, place, real]
        (made / name).write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n', "utf-8")
        (made / name).chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(place)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    ) as server:
        assert server.stdout
        assert server.stdin
        assert server.stdout.readline() == b"ready\n"
        try:
            yield made
        finally:
            server.stdin.close()
            server.wait(60)


def _load() -> None:
    """Import all of Estran, and what its functions import when they are called."""
    import estran  # noqa: PLC0415

    later: set[str] = set()
    for module in pkgutil.walk_packages(estran.__path__, "estran."):
        if ".migrations" in module.name or module.name.endswith("__main__"):
            continue
        with suppress(ImportError):
            source = importlib.import_module(module.name).__file__
            tree = ast.parse(Path(source or "").read_text("utf-8"))
            inner = [
                part
                for function in ast.walk(tree)
                if isinstance(function, ast.FunctionDef)
                for part in ast.walk(function)
            ]
            later |= {part.module for part in inner if isinstance(part, ast.ImportFrom) and part.module}
            later |= {name.name for part in inner if isinstance(part, ast.Import) for name in part.names}
    for name in sorted(later | {"typer.rich_utils"}):
        with suppress(ImportError):
            importlib.import_module(name)
    # Else each child would look through all of it for what is no longer needed, and so have a copy of it.
    gc.collect()
    gc.freeze()


def _served(place: str) -> tuple[str, list[str]]:
    """Fork for each command that is asked for; returns in the child, with what it is to run."""
    children: dict[int, socket.socket] = {}
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen(64)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        found, _, _ = select.select([0, listening, woken], [], [])
        if 0 in found:  # whoever began this has ended
            for pid in children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os._exit(0)
        if woken in found:
            woken.recv(4096)
            _told_ends(children)
        if listening in found:
            asked, _ = listening.accept()
            size, fds, _, _ = socket.recv_fds(asked, 4, 3)
            told = asked.makefile("rb").read(int.from_bytes(size, "big"))
            pid = _forked()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (wake, woken, listening, asked, *children.values()):
                    one.close()
                return _taken_on(fds, *json.loads(told))
            children[pid] = asked
            asked.sendall(b"%d\n" % pid)
            for fd in fds:
                os.close(fd)


def _told_ends(children: dict[int, socket.socket]) -> None:
    """Tell whoever waits for a child that has ended how it ended."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with children.pop(pid) as asked, suppress(OSError):
            asked.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _forked() -> int:
    # Python warns of threads; those that there are, of jemalloc, know of forks.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _taken_on(
    fds: list[int], program: str, given: list[str], folder: str, environment: dict[str, str]
) -> tuple[str, list[str]]:
    """Become the process that was asked for."""
    for fd, number in zip(fds, (0, 1, 2), strict=True):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    first = sysconfig.get_path("scripts") if program == "estran" else str(Path(given[0]).parent.resolve())
    sys.path[:] = [first, *environment.get("PYTHONPATH", "").split(os.pathsep), *sys.path[1:]]
    importlib.invalidate_caches()
    return program, given


def _run(program: str, given: list[str]) -> None:
    """Run it and end, without taking apart what was loaded: that takes longer than most commands."""
    code: object = 0
    try:
        _begin(program, given)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _begin(program: str, given: list[str]) -> None:
    if program == "estran":
        from estran.cli import main  # noqa: PLC0415

        sys.argv = [str(Path(sys.executable).with_name("estran")), *given]
        main()
    else:
        sys.argv = given
        runpy.run_path(given[0], run_name="__main__")


if __name__ == "__main__":
    _load()
    _run(*_served(sys.argv[1]))

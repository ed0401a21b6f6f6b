"""The newest commit of a Git repository, brought here by the program ``git`` within bounds.

Nothing of the repository or of this machine's user takes part: no hooks, no settings, no questions, no other
protocols. The host's address is checked before, and ``git`` is made to connect to that very address.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from estran.errors import Invalid, NotAllowed, Unavailable
from estran.fetching.addresses import within_reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.fetching import Policy

__all__ = ["Clone", "cloned"]

_MOST_BYTES = 2 << 30
_LONGEST_S = 1800.0
_LOOK_EVERY_S = 0.2
_SHOWN = 300
_REGULAR = frozenset({"100644", "100755"})
_PORTS = {"https": 443, "http": 80}


class Clone:
    """A bare repository on disk, with one commit.

    Attributes:
        commit: its name.
    """

    def __init__(self, git: str, folder: Path, environment: dict[str, str]) -> None:
        self._git, self._folder, self._environment = git, folder, environment
        self.commit = self._said("rev-parse", "--verify", "HEAD^{commit}").decode().strip()

    def files(self) -> Iterator[tuple[str, str, int]]:
        """Path, blob and size of each regular file; links and other repositories are left out."""
        for row in self._said("ls-tree", "-r", "-z", "--long", "--full-tree", self.commit).split(b"\0"):
            told, _, path = row.decode("utf-8", "replace").partition("\t")
            mode, kind, blob, size = (told.split() + [""] * 4)[:4]
            if kind == "blob" and mode in _REGULAR:
                yield path, blob, int(size)

    def read(self, blob: str) -> bytes:
        """A file's content.

        Raises:
            Invalid: it is not there.
        """
        return self._said("cat-file", "blob", blob)

    def _said(self, *words: str) -> bytes:
        done = subprocess.run(  # noqa: S603 - the program was looked up, its words are ours or Git's names
            [self._git, "--git-dir", str(self._folder), *words],
            env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_LONGEST_S,
        )  # fmt: skip
        if done.returncode:
            raise Invalid(f"the repository cannot be read: {_shown(done.stderr)}")
        return done.stdout


def cloned(url: str, folder: Path, policy: Policy, branch: str = "") -> Clone:
    """Bring a repository's newest commit here.

    Args:
        url: https, and where private hosts may be reached http, file or a path.
        folder: an empty folder, where it is put.
        policy: what may be reached.
        branch: or tag; "" for what the repository has at first.

    Raises:
        NotAllowed: the address may not be reached.
        Unavailable: the repository cannot be had now; Invalid: it is none, or too large.
    """
    git = shutil.which("git")
    if git is None:
        raise Unavailable(
            "the program git is not installed here; install it, or give a zip archive's address", 3600.0
        )
    pinned = _allowed(url, policy)
    home, target = folder / "home", folder / "repository"
    home.mkdir()
    environment = _environment(home)
    words = [
        git, "-c", "core.hooksPath=/dev/null", "-c", "http.followRedirects=false", "-c", "credential.helper=",
        *(("-c", f"http.curloptResolve={pinned}") if pinned else ()),
        "-c", f"http.lowSpeedTime={max(1, int(policy.timeout_s))}", "-c", "http.lowSpeedLimit=1",
        "-c", f"http.userAgent={policy.agent}",
        "clone", "--quiet", "--bare", "--depth", "1", "--single-branch", "--no-tags",
        *(("--branch", branch) if branch else ()), "--", url, str(target),
    ]  # fmt: skip
    if branch.startswith("-"):
        raise Invalid(f"“{branch[:40]}” is no branch", url)
    _run(words, environment, target, url)
    return Clone(git, target, environment)


def _allowed(url: str, policy: Policy) -> str:
    """Which address of the host `git` shall connect to, as curl writes it; "" for files of this machine."""
    parts = urlsplit(url)
    if parts.scheme in ("file", "") and "::" not in url and not url.startswith("-"):
        if policy.private and Path(parts.path or url).is_absolute():
            return ""
        raise NotAllowed(
            f"{url} is on this machine, which is not asked; where this is meant, set “allow_private” in the settings’ "
            "table “harvest”"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and policy.private):
        raise NotAllowed(f"{url}: repositories are read by https:// only")
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{url}: the name {host} is not known ({error})", 600.0) from None
    address = next((a for a in found if policy.private or within_reach(a)), "")
    if not address:
        raise NotAllowed(f"{host} is {found[0]}, which is no address of the public internet and is not asked")
    return f"{host}:{port}:{f'[{address}]' if ':' in address else address}"


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath, "HOME": str(home), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ALLOW_PROTOCOL": "https:http:file",
        "GIT_OPTIONAL_LOCKS": "0", "GIT_LFS_SKIP_SMUDGE": "1",
    }  # fmt: skip


def _run(words: Sequence[str], environment: dict[str, str], target: Path, url: str) -> None:
    """Run `git`, and end it when it takes too long or too much."""
    until = time.monotonic() + _LONGEST_S
    log = target.parent / "log"
    with log.open("wb") as said:
        running = subprocess.Popen(  # noqa: S603 - the program was looked up, the address follows “--”
            words, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
        try:
            while running.poll() is None:
                if time.monotonic() > until:
                    raise Unavailable(f"{url}: cloning took more than {_LONGEST_S / 60:.0f} minutes", 3600.0)
                if _size(target) > _MOST_BYTES:
                    raise Invalid(f"its newest commit has more than {_MOST_BYTES >> 30} GiB", url)
                time.sleep(_LOOK_EVERY_S if time.monotonic() < until else 0)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
    if running.returncode:
        raise Unavailable(
            f"{url} cannot be cloned: {_shown(log.read_bytes())}; check the address and branch", 600.0
        )


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:  # it was moved meanwhile
            continue
    return total


def _shown(words: bytes) -> str:
    return " ".join(words.decode("utf-8", "replace").split())[:_SHOWN] or "it gives no reason"

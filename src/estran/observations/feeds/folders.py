"""A folder that is looked at: what is new or changed in it is read, once it is written to its end."""

from __future__ import annotations

import hashlib
import os
import time
from fnmatch import fnmatch
from typing import TYPE_CHECKING, NamedTuple

from estran.catalogue.documents import files
from estran.errors import Unavailable
from estran.formats import Refusal
from estran.observations.feeds.values import FeedReport
from estran.observations.store.feeds import ReadFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from estran.observations.feeds.values import Feed
    from estran.observations.store.feeds import FeedStore

__all__ = ["look"]

_REST_S = 10.0
_NS = 1_000_000_000
# What is still being brought is called so by those who bring it.
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


class _Done(NamedTuple):
    """What became of a file, None where it said what it said before; and the file as it was read.

    None stands for one that was written to meanwhile: it is read again the next time.
    """

    report: FeedReport | None
    read: ReadFile | None


def look(
    feed: Feed,
    folder: Path,
    store: FeedStore,
    load: Callable[[Path], FeedReport],
    *,
    seconds: float,
) -> tuple[FeedReport | None, bool]:
    """Read what is new or changed, the oldest first; a file counts as read once all of it is stored.

    Args:
        feed: whose folder it is.
        folder: to be looked at.
        store: what was read before.
        load: stores a file, and notes what became of it.
        seconds: after which no other file is begun; one is read in any case.

    Returns:
        What became of the files, None where there was nothing to read; and whether nothing is left to read now.

    Raises:
        Unavailable: the folder is not there, or a file cannot be read now.
    """
    if not folder.is_dir():
        raise Unavailable(
            f"the folder {folder} is not there; mount it, or remove the feed “{feed.name}”", 60.0
        )
    known = store.files(feed.name)
    report: FeedReport | None = None
    found = _found(feed, folder)
    until = time.monotonic() + seconds
    store.forget(feed.name, known.keys() - {name for name, _, _ in found})
    for name, path, seen in found:
        held = known.get(name)
        if held is not None and (held.size, held.modified) == (seen.size, seen.modified):
            continue
        if report is not None and time.monotonic() > until:
            return report, False
        done = _read(path, held, load)
        if done.read is not None:
            store.read(feed.name, name, done.read)
        if done.report is not None:
            report = report or FeedReport()
            report.add(done.report)
    return report, True


def _read(path: Path, held: ReadFile | None, load: Callable[[Path], FeedReport]) -> _Done:
    try:
        seen = _as_it_is(path)
        done = None if held is not None and held.sha256 == seen.sha256 else load(path)
        now = path.stat()
    except FileNotFoundError:
        return _Done(None, None)
    except OSError as error:
        why = f"{_name(path)} cannot be read now ({error.strerror or error})"
        raise Unavailable(why, 60.0) from None
    is_still = (now.st_size, now.st_mtime_ns) == (seen.size, seen.modified)
    return _Done(done, seen if is_still else None)


def _found(feed: Feed, folder: Path) -> list[tuple[str, Path, ReadFile]]:
    """(name, path, as it looks) of the files that rest, the one that was changed first before the others."""
    pattern = feed.options.get("pattern", "")
    rest_ns = int(float(feed.options.get("rest", _REST_S)) * _NS)
    found: list[tuple[int, str, Path, ReadFile]] = []
    for path, size in files([folder]):
        if isinstance(size, Refusal) or path.suffix.lower() in _UNFINISHED:
            continue
        if pattern and not fnmatch(path.name, pattern):
            continue
        try:
            modified = path.stat().st_mtime_ns
        except OSError:
            continue
        # Clocks of other machines may be ahead: what changes later is read again.
        is_resting = not 0 <= time.time_ns() - modified < rest_ns
        if is_resting:
            found.append((modified, _name(path), path, ReadFile(size, modified, b"")))
    return [(name, path, seen) for _, name, path, seen in sorted(found, key=lambda one: one[:2])]


def _name(path: Path) -> str:
    # Names of files need not be UTF-8.
    return os.fsencode(path).decode("utf-8", "replace")


def _as_it_is(path: Path) -> ReadFile:
    before = path.stat()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").digest()
    return ReadFile(before.st_size, before.st_mtime_ns, sha256)

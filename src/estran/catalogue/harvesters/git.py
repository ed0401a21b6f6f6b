"""Git repositories of metadata files, and archives of files (zip, tar.gz) as forges give them.

A repository is cloned by the program ``git``: the newest commit alone, without a work tree, so that nothing
in it is ever run or followed. What tells versions apart is Git's own name of a file's content, for the files
of an archive as well.
"""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
import tempfile
import zipfile
import zlib
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed, Total
from estran.catalogue.harvesters._clones import Clone, cloned
from estran.errors import Invalid
from estran.formats import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.catalogue.harvesters import Event, Visit

_SUFFIXES = ("xml", "json", "jsonld", "geojson", "ttl", "rdf", "nt")
_PORTION = 200
_LONGEST, _MOST_UNPACKED, _MOST_FILES = 64 << 20, 2 << 30, 500_000
_GZIP = 31
_ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")
_UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


class _File(NamedTuple):
    """A file: its path with slashes, Git's name of its content ("" where only reading tells), its size."""

    path: str
    blob: str
    size: int


class _Files(NamedTuple):
    """What a repository or archive holds: its version, its files, and how one is read."""

    version: str
    files: list[_File]
    read: Callable[[_File], bytes]


def changes(visit: Visit) -> Iterator[Event]:
    """All metadata files, in the order of their paths.

    Raises:
        Unavailable: the source does not answer now.
        Invalid: it is no repository or archive, or too large; NotAllowed: it may not be reached.
    """
    url = visit.source.url
    if _path(url).endswith(_ARCHIVES):
        yield from _told(visit, _archive(visit))
        return
    with tempfile.TemporaryDirectory(prefix="estran-git-") as folder:
        clone = cloned(url, Path(folder), visit.fetcher.policy, visit.source.options.get("branch", ""))
        yield from _told(visit, _repository(clone))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        raise Invalid("it is no address; write it as https://…", url[:200]) from None


def _told(visit: Visit, held: _Files) -> Iterator[Event]:
    folder = visit.source.options.get("path", "").strip("/")
    said = visit.source.options.get("suffixes", "")
    suffixes = tuple(f".{word.strip('. ')}" for word in (said.split(",") if said else _SUFFIXES))
    files = sorted(
        one
        for one in held.files
        if one.path.lower().endswith(suffixes) and (not folder or one.path.startswith(f"{folder}/"))
    )
    yield Total(len(files))
    position = visit.position or {}
    if position.get("version") == held.version:
        files = [one for one in files if one.path > position.get("after", "")]
    for portion in batched(files, _PORTION):
        stamps = visit.stamps([one.path for one in portion])
        for one in portion:
            yield _event(one, held, stamps.get(one.path, ""))
        yield Mark({"version": held.version, "after": portion[-1].path})


def _event(one: _File, held: _Files, stamp: str) -> Event:
    if one.blob and one.blob == stamp:
        return Kept(one.path)
    if one.size > _LONGEST:
        return Missed(one.path, f"it has more than {_LONGEST >> 20} MiB; load it by itself")
    try:
        body = held.read(one)
    except (*_UNREADABLE, Invalid) as error:
        return Missed(one.path, f"it cannot be read: {error}")
    blob = one.blob or _blob(body)
    if not body.strip():
        return Missed(one.path, "the file is empty")
    return Kept(one.path) if blob == stamp else Found(one.path, Document(one.path, body), blob)


def _blob(body: bytes) -> str:
    """Git's name of a content."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def _repository(clone: Clone) -> _Files:
    return _Files(clone.commit, [_File(*one) for one in clone.files()], lambda one: clone.read(one.blob))


def _archive(visit: Visit) -> _Files:
    reply = visit.fetcher.get(visit.source.url)
    version = hashlib.sha256(reply.body).hexdigest()
    try:
        files, read = (
            _of_zip(reply.body) if zipfile.is_zipfile(io.BytesIO(reply.body)) else _of_tar(reply.body)
        )
    except _UNREADABLE as error:
        raise Invalid(f"it is no zip or tar archive that can be opened ({error})", reply.url) from None
    if sum(one.size for one in files) > _MOST_UNPACKED or len(files) > _MOST_FILES:
        raise Invalid("it unpacks to more than metadata can have; harvest parts of it", reply.url)
    top = {one.path.partition("/")[0] for one in files}
    # Forges put all into one folder that is named after the commit.
    inner = f"{top.pop()}/" if len(top) == 1 and all("/" in one.path for one in files) else ""
    named = [one._replace(path=one.path.removeprefix(inner)) for one in files]
    return _Files(version, named, lambda one: read(one._replace(path=inner + one.path)))


def _of_zip(body: bytes) -> tuple[list[_File], Callable[[_File], bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(body))
    files = [
        _File(entry.filename, "", entry.file_size)
        for entry in archive.infolist()
        if not entry.is_dir() and not stat.S_ISLNK(entry.external_attr >> 16)
    ]

    def read(one: _File) -> bytes:
        with archive.open(one.path) as opened:
            return _bounded(opened.read(one.size + 1), one)

    return files, read


def _of_tar(body: bytes) -> tuple[list[_File], Callable[[_File], bytes]]:
    plain = _gunzipped(body) if body.startswith(b"\x1f\x8b") else body
    archive = tarfile.open(fileobj=io.BytesIO(plain), mode="r:")  # noqa: SIM115 - it is in memory, and read later
    files = [_File(member.name.removeprefix("./"), "", member.size) for member in archive if member.isreg()]
    names = {member.name.removeprefix("./"): member for member in archive.getmembers()}

    def read(one: _File) -> bytes:
        opened = archive.extractfile(names[one.path])
        return _bounded(opened.read() if opened else b"", one)

    return files, read


def _gunzipped(body: bytes) -> bytes:
    inflate = zlib.decompressobj(_GZIP)
    # All of it is in memory, unlike what a zip holds.
    plain = inflate.decompress(body, _MOST_UNPACKED >> 2)
    if inflate.unconsumed_tail:
        raise Invalid("it unpacks to more than metadata can have; harvest parts of it")
    return plain


def _bounded(body: bytes, one: _File) -> bytes:
    if len(body) > one.size:
        raise Invalid("it unpacks to more than the archive says")
    return body


def recognise(url: str, body: bytes) -> float:
    """How surely an address is a repository or an archive of one, by how it is written."""
    path = _path(url)
    if path.endswith(".git"):
        return 0.8
    if path.endswith(_ARCHIVES) and (body.startswith((b"PK\x03\x04", b"\x1f\x8b")) or not body):
        return 0.6
    return 0.0


HARVESTER = Harvester(
    name="git",
    title="Git repository or archive of files",
    changes=changes,
    options={
        "branch": "branch or tag to read; the repository’s own first one if not said",
        "path": "folder of the repository to read; all of it if not said",
        "suffixes": f"ends of the names of files to read, by commas; {','.join(_SUFFIXES)} if not said",
    },
    tells_gone="listed",
    recognise=recognise,
)

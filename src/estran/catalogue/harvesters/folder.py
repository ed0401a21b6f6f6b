"""A folder of metadata files on this machine, for operators: one file, one document."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed, Total
from estran.errors import Invalid
from estran.formats import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from estran.catalogue.harvesters import Event, Visit

__all__ = ["HARVESTER"]

_PORTION = 500
_LONGEST = 256 << 20
# What is read from the file itself, and not as bytes.
_DATA = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")


def changes(visit: Visit) -> Iterator[Event]:
    """All files of a folder in the order of their paths; what has the same time and size is not opened."""
    root = Path(visit.source.url.removeprefix("file://")).expanduser()
    if not root.is_dir():
        raise Invalid("there is no such folder; check the path, and that it is mounted", str(root))
    files = sorted(_files(root, visit.source.options.get("suffix", "")))
    yield Total(len(files))
    after = (visit.position or {}).get("after", "")
    # What a cut visit told before is told; only the rest is new.
    files = [file for file in files if file > after]
    for start in range(0, len(files), _PORTION):
        portion = files[start : start + _PORTION]
        yield from _told(root, portion, visit)
        yield Mark({"after": portion[-1]})


def _told(root: Path, names: Sequence[str], visit: Visit) -> Iterator[Event]:
    held = visit.stamps(names)
    for name in names:
        path = root / name
        try:
            found = path.stat()
            stamp = f"{found.st_mtime_ns}-{found.st_size}"
            if held.get(name) == stamp:
                yield Kept(name)
            elif found.st_size > _LONGEST:
                yield Missed(name, f"it has more than {_LONGEST >> 20} MiB; load it by itself")
            else:
                yield Found(name, _document(path, name), stamp)
        except OSError as error:
            yield Missed(name, f"it cannot be read ({error.strerror or error})")


def _document(path: Path, name: str) -> Document:
    with path.open("rb") as file:
        if file.read(8).startswith(_DATA):
            return Document(name, path=path)
    return Document(name, path.read_bytes())


def _files(root: Path, suffix: str) -> Iterator[str]:
    """Paths below the folder, with slashes; hidden ones left out, and links that lead out of it."""

    def refuse(error: OSError) -> None:
        raise Invalid(
            f"it cannot be read ({error.strerror}); nothing is concluded from what is left", str(root)
        )

    for folder, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in names:
            path = Path(folder) / name
            if name.startswith(".") or not name.endswith(suffix):
                continue
            # A link to nowhere is told as missed when it is its turn.
            if path.is_symlink() or stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(root).as_posix()


def _recognise(url: str, _body: bytes) -> float:
    if url.startswith("file://"):
        return 1.0
    is_path = "://" not in url and Path(url).expanduser().is_dir()
    return 0.9 if is_path else 0.0


HARVESTER = Harvester(
    name="folder",
    title="Folder of files",
    changes=changes,
    options={"suffix": "only files whose names end so, such as .xml"},
    tells_gone="listed",
    recognise=_recognise,
)

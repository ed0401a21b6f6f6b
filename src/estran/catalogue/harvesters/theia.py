"""Theia/OZCAR's pivot: files of producers in JSON, alone or in zip archives, at one address or in a folder.

A file is cut into one document a dataset and one for its producer. The same dataset in two languages is two
documents, as its files are.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html
from lxml.etree import LxmlError

from estran.catalogue.harvesters import Found, Harvester, Mark, Missed
from estran.catalogue.harvesters._single import Patience
from estran.errors import Invalid
from estran.formats import Document
from estran.formats._json import decode, obj, text, texts
from estran.formats.theia_pivot import FORMAT, language_of, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.fetching import Reply

__all__ = ["HARVESTER"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SUFFIXES = (".json", ".zip")
_MOST_FILES, _MOST_FOLDERS, _MOST_MEMBERS = 10_000, 1000, 10_000
_MOST_MEMBER, _MOST_UNPACKED, _MOST_PAGE = 64 << 20, 512 << 20, 16 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)


def _changes(visit: Visit) -> Iterator[Event]:
    language = visit.source.options.get("language", "").lower()
    first = visit.fetcher.get(visit.source.url)
    listed = _listed(first)
    if listed is None:
        yield from _file(first, language)
        return
    patience, files = Patience(visit), list[str]()
    yield from _walk(patience, first, files)
    if not files:
        raise Invalid("it leads to no file that ends in .json or .zip", first.url)
    files.sort()
    if more := files[_MOST_FILES:]:
        yield Missed(first.url, f"there are {len(more)} files more than are read of one source")
        files[_MOST_FILES:] = []
    done = text((visit.position or {}).get("file"))
    for url in files[files.index(done) + 1 if done in files else 0 :]:
        reply = patience.get(url)
        if isinstance(reply, Missed):
            yield reply
        elif reply is not None:
            yield from _file(reply, language)
        yield Mark({"file": url})


# Where the files are ------------------------------------------------------------------------------------------


def _listed(reply: Reply) -> list[str] | None:
    """The addresses that a page, a JSON list or lines of text name; None where it is a file of the pivot itself.

    Raises:
        Invalid: it is none of these.
    """
    head = reply.body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(_ZIP):
        return None
    if head.startswith(b"<"):
        return _links(reply)
    if head.startswith((b"[", b"{")):
        value = decode(Document(reply.url, reply.body))[0]
        if FORMAT.recognise(head, reply.url):
            return None
        named = texts(obj(value).get("files") if isinstance(value, dict) else value)
    else:
        named = reply.body[:_MOST_PAGE].decode("utf-8", "replace").split()
    found = [urljoin(reply.url, name) for name in named if name.lower().endswith(_SUFFIXES)]
    if not found:
        raise Invalid("it is neither a file of Theia/OZCAR's pivot nor a list of such files", reply.url)
    return found


def _links(reply: Reply) -> list[str]:
    try:
        page = html.document_fromstring(reply.body[:_MOST_PAGE])
    except (LxmlError, ValueError) as error:
        raise Invalid(f"it is a web page that cannot be read: {error}", reply.url) from None
    found = [urldefrag(urljoin(reply.url, link.strip()))[0] for link in page.xpath("//a/@href")]
    return list(dict.fromkeys(found))


def _walk(patience: Patience, first: Reply, files: list[str]) -> Iterator[Event]:
    """Put the files of a folder and of those beneath it into a list; what cannot be looked into is missed."""
    waiting, met = [first], {first.url}
    for reply in waiting:  # it grows meanwhile
        try:
            named = _listed(reply) or []
        except Invalid as error:
            if reply is first:
                raise
            yield Missed(reply.url, error.why)
            continue
        if reply is not first and not any(
            _is_beneath(url, reply.url) or _is_beneath(reply.url, url) for url in named
        ):
            yield Missed(
                reply.url, "it is no listing of a folder: nothing in it leads into the folder or out of it"
            )
        fresh = [url for url in named if url not in met]
        met.update(fresh)
        files += [url for url in fresh if urlsplit(url).path.lower().endswith(_SUFFIXES)]
        for url in fresh:
            if (
                urlsplit(url).path.endswith("/")
                and _is_beneath(url, first.url)
                and len(waiting) < _MOST_FOLDERS
            ):
                inner = patience.get(url)
                if isinstance(inner, Missed):
                    yield inner
                elif inner is not None:
                    waiting.append(inner)
    if len(waiting) >= _MOST_FOLDERS:
        yield Missed(first.url, f"there are more than {_MOST_FOLDERS} folders; the rest was not looked into")


def _is_beneath(url: str, root: str) -> bool:
    folder = root.partition("?")[0]
    return url.startswith(folder[: folder.rfind("/") + 1]) and "?" not in url


# What is in them ----------------------------------------------------------------------------------------------


def _file(reply: Reply, language: str) -> Iterator[Event]:
    if reply.body.startswith(_ZIP):
        yield from _archive(reply, language)
    else:
        yield from _pivot(reply.url, reply.body, language)


def _archive(reply: Reply, language: str) -> Iterator[Event]:
    left = _MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            names = [
                one.filename
                for one in archive.infolist()[:_MOST_MEMBERS]
                if one.filename.lower().endswith(".json")
            ]
            for name in sorted(names):
                where = f"{reply.url}!{name}"
                with archive.open(name) as member:
                    body = member.read(min(_MOST_MEMBER, left) + 1)
                left -= len(body)
                if len(body) > _MOST_MEMBER or left < 0:
                    yield Missed(where, "it unpacks to more than is read of one file")
                    if left < 0:
                        return
                else:
                    yield from _pivot(where, body, language)
    except _BROKEN as error:
        yield Missed(reply.url, f"the archive cannot be unpacked: {error}")


def _pivot(where: str, body: bytes, language: str) -> Iterator[Event]:
    """The parts of a file; one that is of another language than is wanted is passed over."""
    spoken = language_of(where)
    if language and spoken and spoken != language:
        return
    try:
        value: Any = decode(Document(where, body))[0]
    except Invalid as error:
        yield Missed(where, error.why)
        return
    number = 0
    for number, piece in enumerate(pieces(value), 1):
        if not piece.key:
            yield Missed(
                where,
                f"part {number} has neither datasetId nor producerId; it cannot be told from the others",
            )
            continue
        suffix = f"_{spoken}.json" if spoken else ".json"
        yield Found(
            f"{piece.key}@{spoken}" if spoken else piece.key, Document(f"{piece.key}{suffix}", piece.body)
        )
    if not number:
        yield Missed(where, "it holds neither a producer nor a dataset of Theia/OZCAR's pivot")


def _recognise(_url: str, body: bytes) -> float:
    return FORMAT.recognise(body[:4096], "")


HARVESTER = Harvester(
    name="theia",
    title="Theia/OZCAR pivot",
    changes=_changes,
    options={"language": "two letters, such as en: files whose names tell another language are passed over"},
    incremental=False,
    tells_gone="listed",
    recognise=_recognise,
)

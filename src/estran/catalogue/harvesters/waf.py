"""Web-accessible folders: metadata files behind the listings that a web server writes of its folders.

A file whose row in the listing says what it said last time is not fetched; where listings say nothing of
dates, the file is asked for only if it changed (ETag, Last-Modified).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed
from estran.catalogue.harvesters._listings import entries
from estran.errors import EstranError, Invalid, NotAllowed, Unavailable
from estran.formats import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._listings import Entry

_SUFFIXES = ("xml", "json", "jsonld", "geojson", "ttl", "rdf", "nt")
_DEPTH, _MOST = 8, 200_000
_PORTION = 100
_NOT_MODIFIED = 304
_LISTED, _ETAG, _MODIFIED = "listed:", "etag:", "modified:"
_HTML = "text/html, application/xhtml+xml, */*;q=0.5"


def changes(visit: Visit) -> Iterator[Event]:
    """All files of a folder and the folders in it, in the order of their addresses, files before folders.

    Raises:
        Unavailable: the server does not answer now.
        Invalid: the address is no listing of a folder.
    """
    return _Walk(visit).folder(_folder(visit.source.url), 0)


def _folder(url: str) -> str:
    """The folder that an address means, without what was asked of its listing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid("it is no address; write it as https://…", url[:200]) from None
    path = parts.path if parts.path.endswith("/") else _folder_of(parts.path)
    return urlunsplit(parts._replace(path=path, query="", fragment=""))


def _folder_of(path: str) -> str:
    """The folder of an index page; any other name is that of a folder itself."""
    above, _, name = path.rpartition("/")
    return f"{above}/" if name.lower().endswith((".html", ".htm", ".php", ".asp", ".aspx")) else f"{path}/"


class _Walk:
    """A visit on its way through the folders."""

    def __init__(self, visit: Visit) -> None:
        self._visit, self._root = visit, _folder(visit.source.url)
        position = visit.position or {}
        # Where a visit was cut: the folder, and the last of its files that was dealt with.
        self._at, self._after = str(position.get("folder", "")), str(position.get("after", ""))
        said = visit.source.options.get("suffixes", "")
        self._suffixes = tuple(f".{word.strip('. ')}" for word in (said.split(",") if said else _SUFFIXES))
        self._depth = _whole(visit, "depth", _DEPTH)
        self._seen = 0

    def folder(self, url: str, depth: int) -> Iterator[Event]:
        """Everything in a folder that was not dealt with before the visit was cut."""
        try:
            listed = self._listing(url)
        except (Invalid, NotAllowed) as error:
            if not depth:
                raise
            yield Missed(url, f"the folder’s listing cannot be read: {error}")
            return
        files = [one for one in listed if one.url.lower().endswith(self._suffixes)]
        folders = [one.url for one in listed if one.url.endswith("/")]
        if self._at.startswith(url):
            if self._at == url:
                files = [one for one in files if one.url > self._after]
                self._at = ""
            else:
                files, folders = [], [one for one in folders if one >= self._at or self._at.startswith(one)]
        yield from self._files(url, files)
        for one in folders:
            if depth >= self._depth:
                yield Missed(one, f"it lies more than {self._depth} folders deep; set the option depth")
            else:
                yield from self.folder(one, depth + 1)

    def _listing(self, url: str) -> list[Entry]:
        reply = self._visit.fetcher.get(url, accept=_HTML)
        page = reply.body.decode("utf-8", "replace")
        if "<a" not in page.lower() and "<pre" not in page.lower() and "<html" not in page.lower():
            raise Invalid("it is no listing of a folder; check the address", url)
        return entries(reply.url, page, self._root)

    def _files(self, folder: str, files: list[Entry]) -> Iterator[Event]:
        for start in range(0, len(files), _PORTION):
            portion = files[start : start + _PORTION]
            held = self._visit.stamps([one.url for one in portion])
            for one in portion:
                self._seen += 1
                if self._seen > _MOST:
                    raise Invalid(f"it holds more than {_MOST} files; harvest its folders one by one", folder)
                yield self._file(one, held.get(one.url, ""))
            yield Mark({"folder": folder, "after": portion[-1].url})

    def _file(self, one: Entry, held: str) -> Event:
        told = f"{_LISTED}{one.told}" if one.told else ""
        if told and told == held:
            return Kept(one.url)
        try:
            reply = self._visit.fetcher.get(
                one.url,
                etag=held.removeprefix(_ETAG) if held.startswith(_ETAG) else "",
                modified=held.removeprefix(_MODIFIED) if held.startswith(_MODIFIED) else "",
            )
        except Unavailable as error:
            return self._unless_the_server_is_gone(one.url, error)
        except EstranError as error:
            return Missed(one.url, str(error))
        if reply.status == _NOT_MODIFIED:
            return Kept(one.url)
        if not reply.body.strip():
            return Missed(one.url, "the file is empty")
        etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
        stamp = told or (f"{_ETAG}{etag}" if etag else f"{_MODIFIED}{modified}" if modified else "")
        return Found(one.url, Document(unquote(one.url), reply.body), stamp)

    def _unless_the_server_is_gone(self, url: str, error: Unavailable) -> Event:
        """One file that fails is missed; a server that fails at its own first folder as well ends the visit."""
        self._visit.fetcher.get(self._root, accept=_HTML)
        return Missed(url, str(error))


def _whole(visit: Visit, name: str, otherwise: int) -> int:
    word = visit.source.options.get(name, "") or str(otherwise)
    if not (word.isascii() and word.isdigit() and len(word) <= 3):  # noqa: PLR2004 - more is a mistake
        raise Invalid(f"the option {name} is a number below 1000, not “{word[:40]}”", visit.source.name)
    return int(word)


def recognise(url: str, body: bytes) -> float:
    """How surely an address is a folder's listing: by the words that servers put over it."""
    head = body[:4096].lower()
    if b"<title>index of" in head or b"directory listing" in head or b"[to parent directory]" in head:
        return 0.9
    return 0.2 if url.endswith("/") and b"<a href=" in head and b"<pre>" in head else 0.0


HARVESTER = Harvester(
    name="waf",
    title="Web-accessible folder",
    changes=changes,
    options={
        "suffixes": f"ends of the names of files to read, by commas; {','.join(_SUFFIXES)} if not said",
        "depth": f"how many folders deep to go; {_DEPTH} if not said",
    },
    tells_gone="listed",
    recognise=recognise,
)

"""Listings of folders as web servers write them for people: Apache, nginx, IIS, THREDDS and their kin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

__all__ = ["Entry", "entries"]

# 2024-01-02 03:04 · 02-Jan-2024 03:04 · 1/2/2024 3:04 AM · 2024-01-02T03:04:05Z
_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]+\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?"
    r"|\d{1,2}-[A-Za-z]{3}-\d{4}(?: +\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}/\d{1,2}/\d{2,4}(?: +\d{1,2}:\d{2}(?::\d{2})?(?: *[AP]M)?)?",
    re.IGNORECASE,
)
_ROWS = frozenset({"tr", "br", "li", "p", "hr", "div"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of a listing.

    Attributes:
        url: its address, absolute, without query and fragment; that of a folder ends with a slash.
        told: what its row says besides its name, if a date is among it: date and size, as they are written.
    """

    url: str
    told: str = ""


def entries(url: str, page: str, root: str) -> list[Entry]:
    """What a listing leads to, below the folder itself and within `root`; sorted by address, each once.

    Args:
        url: where the listing came from.
        page: its HTML.
        root: nothing outside is followed.
    """
    reader = _Rows()
    reader.feed(page)
    reader.close()
    reader.row()
    folder = url if url.endswith("/") else url.rpartition("/")[0] + "/"
    found: dict[str, Entry] = {}
    for link, words in reader.links:
        address = _below(reader.base or url, link, folder, root)
        if address:
            found.setdefault(address, Entry(address, words if _DATE.search(words) else ""))
    return [found[address] for address in sorted(found)]


def _below(base: str, link: str, folder: str, root: str) -> str:
    """Where a link leads, without query and fragment; "" where that is not below the folder."""
    try:
        parts = urlsplit(urljoin(base, link))
    except ValueError:
        return ""
    if parts.query or ".." in unquote(parts.path).split("/"):
        return ""
    plain = urlunsplit(parts._replace(query="", fragment=""))
    is_below = plain.startswith(folder) and plain.startswith(root) and plain != folder
    return plain if is_below else ""


@dataclass
class _Row:
    links: list[str] = field(default_factory=list[str])
    words: list[str] = field(default_factory=list[str])


class _Rows(HTMLParser):
    """Links with the words of their rows that are not their own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self.base = ""
        self._now, self._inside = _Row(), False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in _ROWS:
            self.row()
        elif tag == "base":
            self.base = self.base or (told.get("href") or "")
        elif tag == "a" and (address := (told.get("href") or "").strip()):
            self._now.links.append(address)
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False
        elif tag in _ROWS:
            self.row()

    def handle_data(self, data: str) -> None:
        # In a listing that is one preformatted text, a line is a row.
        first, *others = data.split("\n")
        self._say(first)
        for line in others:
            self.row()
            self._say(line)

    def _say(self, words: str) -> None:
        if not self._inside and words.strip():
            self._now.words.append(" ".join(words.split()))

    def row(self) -> None:
        """End a row."""
        words = " ".join(self._now.words)
        self.links += [(address, words) for address in self._now.links]
        self._now, self._inside = _Row(), False

"""How one comes to a record's data: its files and services by kind, and what the first buttons of its page do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from estran.web.portal.views import link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estran.model import Distribution, Record
    from estran.web.portal.i18n import Words
    from estran.web.portal.items import Teaser
    from estran.web.portal.link_pages import Mark

__all__ = ["Files", "Get", "best", "file_groups", "get_of", "plot_of"]

_FUNCTIONS = ("download", "service", "order", "search", "", "information", "offline", "metadata")
_SIDE = ("thumbnail",)
_NO_MARK = ("", "", None)
# Of a link's worth, the best first; one that fails is not offered as the way to the data.
_WORTH = {"ok": 0, "unknown": 1, "": 1, "login": 2, "wrong": 3}
_DEAD = "dead"
_ERDDAP = re.compile(
    r"(https?://[^\s?#]+/erddap/(?:griddap|tabledap)/[^\s/?#.]+)(?:\.[a-z]+)?(?:\?.*)?", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class File:
    """A distribution; href is "" where a browser should not open its address.

    Attributes:
        way: what it is: a file, a service of a standard; use: what can be done with it.
        mark: whether it works, None where nobody asked.
    """

    title: str
    url: str
    href: str
    format: str = ""
    size: str = ""
    description: str = ""
    tongue: str = ""
    name: str = ""
    checksum: str = ""
    is_download: bool = False
    way: str = ""
    use: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, kw_only=True)
class Files:
    """The distributions of one kind."""

    id: str
    label: str
    files: tuple[File, ...]


@dataclass(frozen=True, kw_only=True)
class Get:
    """Where the button leads that gets the data.

    Attributes:
        said: what one gets: a file's name, or so many scenes, or a page.
        details: format, size, who may have it; mark: whether the address works.
        is_file: whether it is the file itself.
    """

    href: str
    said: str
    details: tuple[str, ...] = ()
    mark: Mark | None = None
    is_file: bool = False


def file_groups(
    distributions: Sequence[Distribution], known: dict[Distribution, tuple[str, str, Mark | None]], w: Words
) -> tuple[Files, ...]:
    """Files, services and pages, each kind for itself, and of files the best first."""
    listed = [d for d in distributions if d.function not in _SIDE and (d.url or d.title)]
    kinds = dict.fromkeys((*_FUNCTIONS, *(d.function for d in listed)))
    groups: list[Files] = []
    for kind in kinds:
        files = [_file(d, known.get(d, _NO_MARK), w) for d in listed if d.function == kind]
        if kind == "download":
            files.sort(key=_rank)
        if files:
            groups.append(
                Files(id=f"files-{kind or 'other'}", label=w.label("files", kind), files=tuple(files))
            )
    return tuple(groups)


def best(groups: Sequence[Files]) -> File | None:
    """The file to get first: one that answers, if any is known to; never one that is known to be gone."""
    files = [f for group in groups for f in group.files if f.is_download and f.href and _worth(f) >= 0]
    return min(files, key=_rank, default=None)


def get_of(
    record: Record, groups: Sequence[Files], items: Teaser | None, landing: tuple[str, Mark | None], w: Words
) -> Get | None:
    """What the button leads to: items, else the best file, else the page at the producer, else the services."""
    access = w.label("access", record.access) if record.access else ""
    if items:
        return Get(href=items.href, said=items.said, details=(access,) if access else ())
    if file := best(groups):
        details = tuple(part for part in (file.format, file.size, access) if part)
        return Get(href=file.href, said=file.title, details=details, mark=file.mark, is_file=True)
    address, mark = landing
    if address and (mark is None or mark.value != _DEAD):
        return Get(href=address, said=w.text("data.landing"), details=(access,) if access else (), mark=mark)
    if any(file.href and _worth(file) >= 0 for group in groups for file in group.files):
        return Get(href="#files", said=w.text("data.files"), details=(access,) if access else ())
    return None


def plot_of(record: Record) -> str:
    """Where the data are drawn as curves, "" if nowhere: the graphs that an ERDDAP server makes of them."""
    for d in record.distributions:
        if link(d.url) and (found := _ERDDAP.fullmatch(d.url.strip())):
            return f"{found[1]}.graph"
    return ""


def _worth(file: File) -> int:
    value = file.mark.value if file.mark else ""
    return -1 if value == _DEAD else _WORTH.get(value, 1)


def _rank(file: File) -> tuple[bool, bool, int, bool]:
    worth = _worth(file)
    return not file.href, worth < 0, worth, not (file.size or file.format)


def _file(d: Distribution, told: tuple[str, str, Mark | None], w: Words) -> File:
    way, use, mark = told
    title = w.of(d.title) or d.name or d.url.rstrip("/").rpartition("/")[2] or d.url
    return File(
        title=title, url=d.url, href=link(d.url), format=d.format or d.media_type or d.protocol,
        size=w.size(d.size_bytes) if d.size_bytes >= 0 else "",
        description=w.of(d.description) if w.of(d.description) != title else "", tongue=w.tongue(d.description),
        name=d.name if d.name != title else "", checksum=d.checksum, is_download=d.function == "download",
        way=way, use=use, mark=mark,
    )  # fmt: skip

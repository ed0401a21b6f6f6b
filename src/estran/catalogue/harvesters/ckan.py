"""CKAN: its packages, in the order in which they were changed.

Each page asks for what was changed since the last package of the page before: a package that is changed
meanwhile moves to the end of the list, and nothing slips through the gap that it leaves. What CKAN itself
harvested is taken as the document that it came from, where the portal still has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from estran import formats
from estran.catalogue.harvesters import Found, Harvester, Kept, Mark, Missed, Total
from estran.catalogue.harvesters._paging import Ask, answer, yes
from estran.errors import Invalid, NotAllowed, Unavailable
from estran.formats import Document
from estran.formats._json import obj, objs, outline, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._paging import Answer

__all__ = ["HARVESTER"]

# So many at once; fewer to find one that fails.
_ROWS = (100, 10, 1)
_LIMITS = {"organization": "organization", "group": "groups"}
_MOST_FAILURES = 5
_ORDER = "metadata_modified asc, id asc"
_ACTION = re.compile(r"/api(?:/\d)?/action(?:/\w*)?/?$")
_MOST_PAGES = 1_000_000
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?")


class _Window(NamedTuple):
    """Where a visit stands: packages changed at or after an instant, of which so many are behind it."""

    since: str
    start: int

    def following(self, stamps: list[str]) -> _Window:
        """The window after a page of packages that were changed then."""
        cut = [f"{found[0]}Z" if (found := _INSTANT.match(stamp)) else "" for stamp in stamps]
        last = cut[-1]
        if not last or last <= self.since:
            return self._replace(start=self.start + len(stamps))
        return _Window(last, cut.count(last))


def _changes(visit: Visit) -> Iterator[Event]:
    position = visit.position or {}
    window = _Window(text(position.get("since")) or visit.since, whole(position.get("start"), 0))
    originals = yes(visit.source.options.get("originals", ""), otherwise=True)
    portal, before, failures = _portal(visit), list[str](), 0
    count = _count(_asked(visit, portal, _Window(visit.since, 0), 0))
    if count >= 0:
        yield Total(count)
    for _ in range(_MOST_PAGES):
        try:
            page, rows = _page(visit, portal, window)
        except Invalid as error:
            raise Unavailable(f"the portal cannot be read on: {error}", 60.0) from error
        if page is None:
            failures += 1
            if failures > _MOST_FAILURES:
                raise Unavailable(f"{portal} failed for {failures} packages in a row", 60.0)
            where = f"{portal}, package {window.start + 1} of those changed since {window.since or 'the beginning'}"
            yield Missed(where, "the portal fails when it is asked for this package alone")
            window = window._replace(start=window.start + 1)
            continue
        failures, packages = 0, _packages(page)
        names = [text(obj(value).get("id")) for value, _ in packages]
        if names and names == before:
            yield Missed(page.url, "it is the page before once more; what comes after it cannot be reached")
            return
        yield from _events(visit, portal, packages, page.url, originals=originals)
        if len(packages) < rows:
            return
        before, window = names, window.following([text(obj(v).get("metadata_modified")) for v, _ in packages])
        yield Mark({"since": window.since, "start": window.start})


def _portal(visit: Visit) -> str:
    """The address of the portal, whatever part of it was given."""
    parts = urlsplit(visit.source.url)
    path = _ACTION.sub("", parts.path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path.removesuffix("/dataset"), "", ""))


def _page(visit: Visit, portal: str, window: _Window) -> tuple[Answer | None, int]:
    """A page, and how many packages were asked for; None where one package alone fails it.

    A package that a portal cannot give fails the whole page: it is found by asking for fewer.
    """
    for rows in _ROWS:
        try:
            return _asked(visit, portal, window, rows), rows
        except (Unavailable, Invalid):
            # Whether it is the package or the portal: the portal is asked for none.
            if rows == _ROWS[-1]:
                _asked(visit, portal, window, 0)
    return None, 1


def _asked(visit: Visit, portal: str, window: _Window, rows: int) -> Answer:
    """An answer of package_search.

    Raises:
        Invalid: it is none; with what the portal says.
    """
    said = visit.source.options
    limits = [f'{name}:"{said[option]}"' for option, name in _LIMITS.items() if said.get(option)]
    limits += [said["fq"]] if said.get("fq") else []
    limits += [f"metadata_modified:[{window.since} TO *]"] if window.since else []
    query = {"q": "*:*", "sort": _ORDER, "rows": str(rows), "start": str(window.start)}
    query |= {"fq": " ".join(f"+({limit})" for limit in limits)} if limits else {}
    found = answer(visit, Ask(f"{portal}/api/3/action/package_search?{urlencode(query)}"))
    if found.value.get("success") is not True or not isinstance(
        obj(found.value.get("result")).get("results"), list
    ):
        why = text(obj(found.value.get("error")).get("message")) or "its answer holds no packages"
        raise Invalid(f"it is no CKAN, or CKAN refuses: {why[:300]}", found.url)
    return found


def _count(page: Answer) -> int:
    return whole(obj(page.value["result"]).get("count"))


def _packages(page: Answer) -> list[tuple[Any, bytes]]:
    """The packages of a page, each with its own bytes."""
    result = msgspec.json.decode(page.raw, type=dict[str, msgspec.Raw])["result"]
    results = msgspec.json.decode(result, type=dict[str, msgspec.Raw])["results"]
    raws = msgspec.json.decode(results, type=list[msgspec.Raw])
    return list(zip(page.value["result"]["results"], map(bytes, raws), strict=True))


def _events(
    visit: Visit, portal: str, packages: list[tuple[Any, bytes]], page: str, *, originals: bool
) -> Iterator[Event]:
    names = [text(obj(value).get("id")) for value, _ in packages]
    held = visit.stamps([name for name in names if name])
    for (value, raw), name in zip(packages, names, strict=True):
        stamp = text(obj(value).get("metadata_modified"))
        if not name:
            yield Missed(page, "a package has no id; it cannot be told from the others")
        elif stamp and held.get(name) == stamp:
            yield Kept(name)
        else:
            yield _event(visit, portal, (name, value, raw, stamp), is_held=name in held, originals=originals)


def _event(
    visit: Visit, portal: str, package: tuple[str, Any, bytes, str], *, is_held: bool, originals: bool
) -> Event:
    name, value, raw, stamp = package
    try:
        found = _original(visit, portal, value) if originals else None
    except Unavailable as error:
        # What is held may be the document that does not come now, and says more than CKAN does of it.
        if is_held:
            return Missed(name, f"the document that CKAN harvested does not come: {error}")
        found, stamp = None, ""
    return Found(name, found or _package(portal, value, raw), stamp)


def _package(portal: str, value: dict[str, Any], raw: bytes) -> Document:
    """A package as package_show gives it, which says what portal it is of."""
    call = msgspec.json.encode(f"{portal}/api/3/action/help_show?name=package_show")
    name = text(value.get("name")) or text(value.get("id"))
    body = b'{"help":' + call + b',"success":true,"result":' + raw + b"}"
    return Document(f"{portal}/api/3/action/package_show?id={quote(name)}", body)


def _original(visit: Visit, portal: str, value: dict[str, Any]) -> Document | None:
    """The document that CKAN made a package of, None where it has none that can be read here.

    Raises:
        Unavailable: it does not come now.
    """
    extras = {text(one.get("key")): text(one.get("value")) for one in objs(value.get("extras"))}
    name = extras.get("harvest_object_id") or text(value.get("harvest_object_id"))
    if not name:
        return None
    url = f"{portal}/harvest/object/{quote(name, safe='')}"
    try:
        body = visit.fetcher.get(url, accept="application/xml, application/rdf+xml, */*;q=0.5").body
        document = Document(url, body)
        # Some portals keep JSON of their own there; what is no standard's is better read from the package.
        known = body.lstrip()[:1] == b"<" and formats.recognise(document).name != "schema-org"
    except (Invalid, NotAllowed):
        return None
    return document if known else None


def _recognise(url: str, body: bytes) -> float:
    shown = outline(body[:4096])
    if "/action/" in shown.get("help", "") and "success" in shown:
        return 0.95
    head = body[:20_000].lower()
    is_page = head.lstrip().startswith(b"<") and b'content="ckan' in head
    return 0.8 if is_page else 0.4 if _ACTION.search(urlsplit(url).path) else 0.0


HARVESTER = Harvester(
    name="ckan",
    title="CKAN",
    changes=_changes,
    options={
        "organization": "name of the organisation whose packages are read",
        "group": "name of the group whose packages are read",
        "fq": "a further filter in the words of CKAN’s search, such as res_format:NetCDF",
        "originals": "no to read CKAN’s own description even where the portal keeps what it harvested",
    },
    incremental=True,
    tells_gone="listed",
    recognise=_recognise,
)

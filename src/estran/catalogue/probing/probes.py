"""Asking one address, as what is expected there wants to be asked, and judging what comes."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from estran.catalogue.probing.capabilities import capabilities
from estran.catalogue.probing.heads import FIRST_BYTES, fits, has_login_form, is_cog, recognise
from estran.catalogue.probing.values import Outcome
from estran.catalogue.resources import OGC
from estran.errors import Invalid, NotAllowed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from estran.catalogue.probing.values import Link
    from estran.fetching import Fetcher, Reply

__all__ = ["probe"]

# Of descriptions of services; the longest that were met have a few MiB.
_MOST_OF_SERVICE = 8 << 20
# Of documents in JSON, which are held whole; of a longer one its beginning is believed.
_MOST_OF_JSON = 1 << 20
_OK, _GONE, _SIGN_IN = range(200, 300), (404, 410), (401, 407, 511)
# A server that forbids, is in a hurry or has had enough says nothing about what is there.
_FORBIDS = (403, 451)
_EMPTY_RANGE = 416
_JSON = "application/json, */*;q=0.5"
_WORDS_OF_SIGNING_IN = (
    r"login|log-in|signin|sign-in|sso|idp|oauth2?|openid|saml2?|shibboleth|keycloak|wayf|auth"
)
# In a path as well as in a name of a host; CAS, the protocol, is in names of hosts mostly something else.
_SIGNS_IN = re.compile(rf"(?:^|[./_-])({_WORDS_OF_SIGNING_IN}|(?<=/)cas)(?:[./_-]|$)", re.IGNORECASE)
_TOTAL = re.compile(r"bytes\s+(?:\*|\d+-\d+)/(\d{1,18})$")
_DAP_PAGE = re.compile(r"\.(html?|das|dds|dods|ascii|asc|ver|info)$", re.IGNORECASE)
_ERDDAP_DATASET = re.compile(r"(.*/erddap/(?:griddap|tabledap))/([^/.?]+)(?:\.\w+)?$")
_ERDDAP_ROOT = re.compile(r"(.*?/erddap)(/|$)")
_ZARR = (".zmetadata", "zarr.json", ".zgroup", ".zarray")
_LONGEST = 300


def probe(link: Link, fetcher: Fetcher) -> Outcome:
    """What there is at an address now."""
    asked = _ASKED.get(link.kind) or (_file if link.kind in ("file", "COG") else _page)
    try:
        return _service(link, fetcher) if link.kind in OGC else asked(link, fetcher)
    except NotAllowed as error:
        reason = "robots" if "robots.txt" in str(error) else "closed"
        return Outcome("refused", reason)
    except Unavailable as error:
        return Outcome("failing", "unreachable", _said(str(error).removesuffix("; try again later")))
    except Invalid as error:
        return Outcome("failing", "redirects" if "redirects" in str(error) else "broken", _said(str(error)))


class _Seen(NamedTuple):
    """An answer and what its first bytes are."""

    reply: Reply
    family: str

    def outcome(self, state: Any, reason: Any = "", detail: str = "", **more: Any) -> Outcome:
        """An outcome that says what came."""
        reply = self.reply
        return Outcome(
            state, reason, _said(detail), reply.status, _said(reply.media_type), _size(reply), **more
        )

    @property
    def what(self) -> str:
        """What came, in a word or two."""
        return self.family or self.reply.media_type or "?"

    def good(self, reason: Any = "", detail: str = "", **more: Any) -> Outcome:
        """It works; it may stand elsewhere now."""
        moved = self.reply.moved
        return self.outcome("moved" if moved else "ok", reason, detail or moved, **more)


def _look(
    link: Link, fetcher: Fetcher, url: str = "", *, first: int = FIRST_BYTES, accept: str = "*/*"
) -> _Seen:
    reply = fetcher.look(url or link.url, first=first, accept=accept, ranged=first == FIRST_BYTES)
    return _Seen(reply, recognise(reply.body[:FIRST_BYTES]) if reply.body else "")


def _refused(link: Link, seen: _Seen) -> Outcome | None:
    """What is wrong with any answer, whatever was expected; None where nothing is."""
    reply = seen.reply
    if reply.status in _SIGN_IN:
        return seen.outcome("login", "status", f"HTTP {reply.status}")
    if reply.status == _EMPTY_RANGE and _size(reply) == 0:
        return seen.outcome("wrong", "empty")
    if reply.status not in _OK:
        state = "gone" if reply.status in _GONE else "refused" if reply.status in _FORBIDS else "failing"
        return seen.outcome(state, "status", f"HTTP {reply.status}")
    if _was_sent_to_sign_in(link.url, reply.url):
        # What is asked there may be a ticket of this visit.
        return seen.outcome("login", "redirected", reply.url.partition("?")[0])
    if not reply.body:
        return seen.outcome("wrong", "empty")
    return None


def _was_sent_to_sign_in(asked: str, came: str) -> bool:
    """Whether redirects led to where one signs in, from where one does not."""
    here, there = urlsplit(asked), urlsplit(came)
    if (here.hostname, here.path) == (there.hostname, there.path):
        return False
    known = {word.lower() for word in _SIGNS_IN.findall(f"{here.hostname}{here.path}")}
    return any(word.lower() not in known for word in _SIGNS_IN.findall(f"{there.hostname}{there.path}"))


def _file(link: Link, fetcher: Fetcher) -> Outcome:
    seen = _look(link, fetcher)
    if wrong := _refused(link, seen):
        return wrong
    if not fits(link.family, seen.family):
        if seen.family == "HTML" and has_login_form(seen.reply.body):
            return seen.outcome("login", "form", seen.what)
        return seen.outcome("wrong", "instead", seen.what)
    if link.kind == "COG" and seen.family == "TIFF" and not is_cog(seen.reply.body):
        return seen.good("not_cog")
    return seen.good()


def _page(link: Link, fetcher: Fetcher) -> Outcome:
    seen = _look(link, fetcher, accept="text/html, */*;q=0.8")
    if wrong := _refused(link, seen):
        return wrong
    return seen.outcome("login", "portal") if link.kind == "login" else seen.good()


def _service(link: Link, fetcher: Fetcher) -> Outcome:
    """An OGC service describes itself, and names what it has."""
    seen = _look(link, fetcher, _asking(link), first=_MOST_OF_SERVICE, accept="application/xml, */*;q=0.5")
    # Errors of OGC services come with any status.
    found = capabilities(seen.reply.body, link.kind, whole=seen.reply.whole)
    if not found.is_error and (wrong := _refused(link, seen)):
        return wrong
    if found.is_error:
        return seen.outcome("wrong", "exception", found.said)
    if not found.of_service:
        if seen.family == "HTML" and has_login_form(seen.reply.body[:FIRST_BYTES]):
            return seen.outcome("login", "form", seen.what)
        return seen.outcome("wrong", "not_service", found.root if seen.family == "XML" else seen.what)
    return seen.good(layers=found.names if found.whole else None)


def _asking(link: Link) -> str:
    if urlsplit(link.url).path.lower().endswith(".xml"):
        return link.url
    return _with(link.url, f"service={link.kind}&request=GetCapabilities")


def _with(url: str, question: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query.rstrip('&')}&{question}" if parts.query else question
    return urlunsplit(parts._replace(query=query))


def _json(is_of: Callable[[Any], bool], question: str = "") -> Callable[[Link, Fetcher], Outcome]:
    """Asks for a document in JSON that has to be of the service."""

    def asked(link: Link, fetcher: Fetcher) -> Outcome:
        url = _with(link.url, question) if question else link.url
        seen = _look(link, fetcher, url, first=_MOST_OF_JSON, accept=_JSON)
        if wrong := _refused(link, seen):
            return wrong
        document: Any = None
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            document = msgspec.json.decode(seen.reply.body) if seen.family == "JSON" else None
        if document is not None:
            return seen.good() if is_of(document) else seen.outcome("wrong", "not_service", "JSON")
        if seen.family == "JSON" and not seen.reply.whole:
            return seen.good()
        if seen.family == "HTML" and has_login_form(seen.reply.body[:FIRST_BYTES]):
            return seen.outcome("login", "form", seen.what)
        return seen.outcome("wrong", "not_service", seen.what)

    return asked


def _is_stac(document: Any) -> bool:
    return isinstance(document, dict) and ("stac_version" in document or _is_ogc(document))


def _is_ogc(document: Any) -> bool:
    known = ("links", "conformsTo", "collections", "features", "linkTemplates", "itemType")
    return isinstance(document, dict) and any(name in document for name in known)


def _is_sensorthings(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    value = document.get("value")
    listed = isinstance(value, list) and all(isinstance(v, dict) for v in value)
    return listed or "serverSettings" in document or any(str(name).startswith("@iot.") for name in document)


def _is_arcgis(document: Any) -> bool:
    return isinstance(document, dict) and "error" not in document


def _opendap(link: Link, fetcher: Fetcher) -> Outcome:
    bare = _DAP_PAGE.sub("", urlunsplit(urlsplit(link.url)._replace(query="")))
    return _text(link, fetcher, f"{bare}.dds", ("Dataset {", "Dataset{"))


def _erddap(link: Link, fetcher: Fetcher) -> Outcome:
    bare = urlunsplit(urlsplit(link.url)._replace(query=""))
    if dataset := _ERDDAP_DATASET.match(bare):
        return _text(link, fetcher, f"{dataset[1]}/{dataset[2]}.das", ("Attributes {", "Attributes{"))
    if root := _ERDDAP_ROOT.match(bare):
        return _text(link, fetcher, f"{root[1]}/version", ("ERDDAP",))
    return _page(link, fetcher)


def _text(link: Link, fetcher: Fetcher, url: str, begins: tuple[str, ...]) -> Outcome:
    """A short text of the service's own, which tells it from a page that answers everything."""
    seen = _look(link, fetcher, url)
    if wrong := _refused(link, seen):
        return wrong
    if seen.reply.body.decode("utf-8", "replace").lstrip("\ufeff \r\n\t").startswith(begins):
        # That its description redirects says nothing about the address itself.
        return seen.outcome("ok")
    if seen.family == "HTML" and has_login_form(seen.reply.body):
        return seen.outcome("login", "form", seen.what)
    return seen.outcome("wrong", "not_service", seen.what)


def _zarr(link: Link, fetcher: Fetcher) -> Outcome:
    """One of the documents with which a store of any version begins; its own address answers mostly nothing."""
    outcome: Outcome | None = None
    for name in _ZARR:
        parts = urlsplit(link.url)
        seen = _look(link, fetcher, urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}")))
        wrong = _refused(link, seen)
        if wrong is None and seen.family == "JSON":
            return seen.outcome("ok")
        wrong = wrong or seen.outcome("wrong", "not_service", seen.what)
        # Object stores say of what is not there that it is forbidden: whatever else was said tells more.
        if outcome is None or wrong.state != "gone":
            outcome = wrong
    return outcome or Outcome("failing", "broken")


_ASKED: Mapping[str, Callable[[Link, Fetcher], Outcome]] = {
    "STAC": _json(_is_stac),
    "OGC API": _json(_is_ogc),
    "SensorThings": _json(_is_sensorthings),
    "ArcGIS REST": _json(_is_arcgis, "f=json"),
    "OPeNDAP": _opendap,
    "ERDDAP": _erddap,
    "Zarr": _zarr,
}


def _size(reply: Reply) -> int:
    """How long the whole answer is, as the server says it."""
    if found := _TOTAL.match(reply.headers.get("content-range", "").strip()):
        return int(found[1])
    if reply.whole:
        return len(reply.body)
    said = reply.headers.get("content-length", "")
    if reply.status == 206 or "content-encoding" in reply.headers:  # noqa: PLR2004 - a part, or packed
        return -1
    return int(said[:18]) if said.isascii() and said.isdigit() else -1


def _said(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:_LONGEST]

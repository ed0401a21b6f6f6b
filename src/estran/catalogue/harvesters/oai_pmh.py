"""OAI-PMH 2.0: lists of records that go on from token to token, with what was deleted among them.

A token that is refused, forgotten or given twice does not end the visit: the list is asked for again from
the newest datestamp that was seen, where the source lists by datestamp, else from its beginning.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from estran.catalogue.harvesters import Found, Gone, Harvester, Mark, Missed, Total
from estran.catalogue.harvesters._answers import asked, cut, read, said, without
from estran.errors import EstranError, Invalid, Unavailable
from estran.formats import Document
from estran.formats._xml import local, root_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element

    from estran.catalogue.harvesters import Event, Visit
    from estran.catalogue.harvesters._answers import Answer, Cut

_OAI = "http://www.openarchives.org/OAI/2.0/"
_ARGUMENTS = frozenset({"verb", "metadataprefix", "identifier", "set", "from", "until", "resumptiontoken"})
# From the richest to the one that all must have: what the prefix or its namespace says.
_PREFERRED = (
    re.compile(r"19115(?:/-)?[/-]3|\bmdb\b"),
    re.compile(r"iso-?19139|isotc211\.org/2005/gmd|\bgmd\b"),
    re.compile(r"^oai_datacite\b|schema\.datacite\.org/oai"),
    re.compile(r"datacite"),
    re.compile(r"\bdif\b|gcmd"),
    re.compile(r"\beml\b|ecoinformatics"),
    re.compile(r"^(?:oai_dc|dc)\b|OAI/2\.0/oai_dc"),
)
_LAST_RESORT = "oai_dc"
# Errors come with status 200 as the standard has it, and with these from servers that mean well.
_THROUGH = frozenset({400, 403, 404, 405, 406, 410, 422, 500, 501})
# Clocks differ, and some servers write their local time with a Z.
_OVERLAP_S, _OVERLAP_DAYS = timedelta(hours=2), timedelta(days=1)
_MOST_AGAIN = 3
# A list that grew so often and never fell is by datestamp: by chance it happens once in ten million.
_IN_ORDER = 11
_DAY = len("2026-01-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """Where a visit is; as a dict, it is the position of a mark.

    Attributes:
        prefix: the format asked for.
        since: `from` of the list that is being read, "" for none.
        token: that gives the next page, "" for the first.
        newest: the latest datestamp; ascending: whether none came before an earlier one.
        steps: how often the datestamp grew, which tells an order from chance.
        again: how often the list was begun anew without getting further.
        wordy: whether the format is told again beside a token, as some servers want against the standard.
        pages: read since then; anchor: an earlier token, to notice circles of any length.
    """

    prefix: str
    since: str = ""
    token: str = ""
    newest: str = ""
    ascending: bool = True
    steps: int = 0
    again: int = 0
    wordy: bool = False
    pages: int = 0
    anchor: str = ""

    @classmethod
    def of(cls, position: Mapping[str, Any]) -> _Walk:
        return cls(**{name: position[name] for name in cls.__slots__ if name in position})

    def after(self, page: _Page) -> _Walk:
        """Where it is when a page was read."""
        stamps = [self.newest, *page.stamps]
        ascending = self.ascending and all(a <= b for a, b in pairwise(stamps))
        pages = self.pages + 1
        return replace(
            self,
            token=page.token,
            newest=max(stamps),
            ascending=ascending,
            steps=self.steps + sum(a < b for a, b in pairwise(stamps)),
            pages=pages,
            anchor=page.token if pages & (pages - 1) == 0 else self.anchor,
        )

    def anew(self, error: EstranError) -> _Walk:
        """The list begun again, as far ahead as is safe; raises `error` where that leads nowhere."""
        further = self.ascending and self.steps >= _IN_ORDER and self.newest > self.since
        if not further and self.again >= _MOST_AGAIN:
            raise error
        return _Walk(
            prefix=self.prefix,
            since=self.newest if further else self.since,
            ascending=self.ascending,
            steps=self.steps,
            again=0 if further else self.again + 1,
            wordy=self.wordy,
        )


@dataclass(frozen=True, slots=True)
class _Page:
    events: list[Event]
    stamps: list[str]
    token: str
    size: int
    whole: bool


class _Refused(Exception):
    """An error that the standard has a code for."""

    def __init__(self, codes: set[str], error: Invalid) -> None:
        self.codes, self.error = codes, error
        super().__init__(str(error))


def changes(visit: Visit) -> Iterator[Event]:
    """Every record of the source, or of one of its sets, and what it says was deleted.

    Raises:
        Unavailable: the source does not answer, or its tokens lead nowhere now.
        Invalid: it does not speak OAI-PMH, refuses what is asked, or goes in circles.
    """
    if visit.position is not None:
        walk, others = _Walk.of(visit.position), list[str]()
    else:
        first, *others = _prefixes(visit)
        walk = _Walk(prefix=first, since=_since(visit))
    first_page = visit.position is None
    while True:
        try:
            page = _page(visit, walk)
        except _Refused as refused:
            if "noRecordsMatch" in refused.codes:
                return
            walk = _otherwise(walk, refused, others)
            continue
        if first_page and page.size >= 0:
            yield Total(page.size)
        first_page = False
        yield from page.events
        before, walk = walk, walk.after(page)
        if not page.whole:
            where = _address(visit, before)
            try:
                walk = walk.anew(
                    Unavailable(f"{where}: the answer breaks off each time; try again later", 600.0)
                )
            except Unavailable:
                yield Missed(where, "the answer breaks off each time; what stands behind was not given")
                raise
            continue
        if not walk.token:
            return
        if walk.token in {before.token, before.anchor}:
            circle = Invalid(
                "the same resumption token comes a second time, so that the list never ends; "
                "tell those who run the source",
                _address(visit, before),
            )
            walk = walk.anew(circle)
        yield Mark(asdict(walk))


def _otherwise(walk: _Walk, refused: _Refused, others: list[str]) -> _Walk:
    """What to ask after a refusal."""
    if walk.token and "badArgument" in refused.codes and not walk.wordy:
        return replace(walk, wordy=True)
    if walk.token:
        # badResumptionToken, and whatever else servers say of a token that they do not know any more.
        return walk.anew(refused.error)
    if "cannotDisseminateFormat" in refused.codes and others:
        return replace(walk, prefix=others.pop(0))
    if "badArgument" in refused.codes and len(walk.since) > _DAY:
        # It announces seconds and takes days only.
        return replace(walk, since=walk.since[:_DAY])
    raise refused.error


def _prefixes(visit: Visit) -> list[str]:
    """The formats to ask for, the best first; all must have Dublin Core."""
    if wanted := visit.source.options.get("prefix", ""):
        return [wanted]
    try:
        answer = _ask(visit, {"verb": "ListMetadataFormats"})
    except (Invalid, _Refused):
        return [_LAST_RESORT]
    named: dict[str, str] = {}
    for form in answer.root.iter("{*}metadataFormat"):
        told = {local(child): text_of(child) for child in form}
        if prefix := told.get("metadataPrefix", ""):
            named[prefix] = f"{prefix} {told.get('metadataNamespace', '')}"
    ranked = [prefix for known in _PREFERRED for prefix, words in named.items() if known.search(words)]
    return list(dict.fromkeys([*ranked, _LAST_RESORT]))


def _since(visit: Visit) -> str:
    """The first datestamp to ask for, as exact as the source can tell; "" for all."""
    asked_for = visit.source.options.get("from", "")
    if not visit.since:
        return asked_for
    try:
        granularity = next(
            (text_of(e) for e in _ask(visit, {"verb": "Identify"}).root.iter("{*}granularity")), ""
        )
    except (Invalid, _Refused):
        granularity = ""
    instant = datetime.fromisoformat(visit.since).astimezone(UTC)
    if len(granularity) > _DAY:
        found = (instant - _OVERLAP_S).strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        found = (instant - _OVERLAP_DAYS).strftime("%Y-%m-%d")
    return max(found, asked_for)


def _params(visit: Visit, walk: _Walk) -> dict[str, str]:
    if walk.token:
        also = {"metadataPrefix": walk.prefix} if walk.wordy else {}
        return {"verb": "ListRecords", "resumptionToken": walk.token} | also
    options = visit.source.options
    found = {
        "verb": "ListRecords",
        "metadataPrefix": walk.prefix,
        "set": options.get("set", ""),
        "from": walk.since,
        "until": options.get("until", ""),
    }
    return {name: value for name, value in found.items() if value}


def _address(visit: Visit, walk: _Walk) -> str:
    return _with(visit.source.url, _params(visit, walk))


def _with(url: str, params: Mapping[str, str]) -> str:
    base = without(url, _ARGUMENTS)
    return f"{base}{'&' if '?' in base else '?'}{urlencode(params)}"


def _ask(visit: Visit, params: Mapping[str, str]) -> Answer:
    """An answer of OAI-PMH.

    Raises:
        _Refused: it is an error of the standard.
        Invalid: it is something else; Unavailable: the source does not answer, or not now.
    """
    reply = visit.fetcher.get(
        _with(visit.source.url, params), accept="text/xml, application/xml", through=_THROUGH
    )
    try:
        answer = cut(Document(reply.url, reply.body), "ListRecords", "record")
    except Invalid as error:
        raise _instead(reply, f"OAI-PMH ({error.why})") from None
    if local(answer.root) != "OAI-PMH":
        raise _instead(reply, "OAI-PMH")
    errors = list(answer.root.iter(f"{{{_OAI}}}error"))
    if errors and not answer.records:
        why = f"the source refuses: {said(answer.root) or 'an error without words'}; look at the source’s options"
        raise _Refused({error.get("code", "") for error in errors}, Invalid(why, reply.url))
    return answer


def _instead(reply: Any, wanted: str) -> EstranError:
    error = asked(reply, wanted)
    failed = reply.status >= 500  # noqa: PLR2004 - the server's fault
    return Unavailable(str(error), 600.0) if failed else error


def _page(visit: Visit, walk: _Walk) -> _Page:
    """One page; one that breaks off is asked for a second time."""
    try:
        answer = _ask(visit, _params(visit, walk))
        if not answer.whole:
            second = _ask(visit, _params(visit, walk))
            answer = max(second, answer, key=lambda one: (one.whole, len(one.records)))
    except Invalid as error:
        if walk.token:
            raise _Refused(set(), error) from None
        raise
    token = next(answer.root.iter(f"{{{_OAI}}}resumptionToken"), None)
    events: list[Event] = []
    stamps: list[str] = []
    for found in answer.records:
        event, stamp = _event(visit, walk, found)
        events.append(event)
        stamps += [stamp] if stamp else []
    # “0” is how pycsw says that there is no more; going on there would begin again.
    words = text_of(token)
    return _Page(events, stamps, "" if words == "0" else words, _size(token), answer.whole)


def _size(token: _Element | None) -> int:
    """How many records the list has, -1 where it does not say or cannot be right."""
    told = (token.get("completeListSize") or "").strip() if token is not None else ""
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 12 else -1  # noqa: PLR2004 - a million millions


def _event(visit: Visit, walk: _Walk, found: Cut) -> tuple[Event, str]:
    """What a record is, and its datestamp."""
    where = _address(visit, walk)
    try:
        inner = cut(Document(where, found.body), "metadata")
    except Invalid as error:
        return Missed(where, f"a record’s header cannot be read: {error.why}"), ""
    header = next(inner.root.iter("{*}header"), None)
    told = {local(child): text_of(child) for child in header} if header is not None else {}
    key, stamp = told.get("identifier", ""), told.get("datestamp", "")
    if not key:
        return Missed(where, "a record has no identifier; tell those who run the source"), stamp
    if header is not None and (header.get("status") or "").strip().lower() == "deleted":
        return Gone(key), stamp
    if not inner.records:
        return Missed(key, "the source gives its header and no metadata"), stamp
    named = _with(visit.source.url, {"verb": "GetRecord", "metadataPrefix": walk.prefix, "identifier": key})
    try:
        root, body = read(inner.records[0], named)
        if local(root) == "oai_datacite":
            _, body = read(_payload(Document(named, body)), named)
    except Invalid as error:
        return Missed(key, f"its metadata cannot be read: {error.why}"), stamp
    return Found(key, Document(named, body), stamp), stamp


def _payload(document: Document) -> Cut:
    """The DataCite record inside DataCite's own envelope."""
    records = cut(document, "payload").records
    if not records:
        raise Invalid("DataCite’s envelope is empty", document.name)
    return records[0]


def recognise(url: str, body: bytes) -> float:
    """How surely an address speaks OAI-PMH: by its answer, less surely by how it is written."""
    space, name = root_name(body[:4096])
    if name == "OAI-PMH" and space.startswith("http://www.openarchives.org/OAI/"):
        return 1.0
    words = url.lower()
    return 0.6 if "verb=" in words else 0.3 if re.search(r"[/.]oai\b|oai-?pmh|oai2", words) else 0.0


HARVESTER = Harvester(
    name="oai-pmh",
    title="OAI-PMH 2.0",
    changes=changes,
    options={
        "prefix": "metadataPrefix to ask for; without it the richest that is offered",
        "set": "setSpec of the only set to read",
        "from": "first datestamp to ask for, as the source writes it (2020-01-01)",
        "until": "last datestamp to ask for",
    },
    incremental=True,
    tells_gone="said",
    recognise=recognise,
)

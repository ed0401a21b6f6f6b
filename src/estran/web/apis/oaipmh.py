"""OAI-PMH 2.0: how most catalogues of the world take copies of records, and learn of their removal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from estran.errors import Invalid, NotFound
from estran.model import moment_us, now_us
from estran.web import Api, links_of, node_of, openapi
from estran.web.apis import _oai_answers as answers
from estran.web.apis._oai_answers import element
from estran.web.apis._oai_asking import VERBS, Asked, Refused, asked, form_pairs, walk_of
from estran.web.apis._oai_forms import FORMS, Form, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from estran.catalogue.updates import RecordSet, Update, WalkPage
    from estran.formats import Links
    from estran.node import Node

PATH = "/oai"
_XML = "text/xml"
_PAGE = {"ListRecords": 200, "ListIdentifiers": 500}
_ID = re.compile(r"[a-z0-9-]{1,80}")
_DOMAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*(\.[a-zA-Z][a-zA-Z0-9-]*)+")
# What is written now may carry a time so long ago: it becomes known only once it is all written.
_WRITING_US = 60_000_000
_FIELDS = {
    "hub": "Thematic hubs",
    "centre": "Data and services centres",
    "topic": "ISO topic categories",
    "scheme": "Vocabularies that the keywords come from",
}
_PARAMETERS = (
    openapi.parameter("verb", "What is asked.", enum=list(VERBS), example="ListRecords"),
    openapi.parameter("metadataPrefix", f"Format: {', '.join(f.prefix for f in FORMS)}.", example="oai_dc"),
    openapi.parameter("identifier", "Of a record: `oai:host:id`."),
    openapi.parameter("from", "Updated then or later: a day or a second.", example="2026-01-01"),
    openapi.parameter("until", "Updated then or earlier.", example="2026-01-31T12:00:00Z"),
    openapi.parameter("set", "Only records of a set, as ListSets lists them.", example="hub:ocean"),
    openapi.parameter("resumptionToken", "Where a list goes on; it stands alone with the verb."),
)

_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": ["verb"],
                "properties": {
                    str(one["name"]): {**one["schema"], "description": one["description"]}
                    for one in _PARAMETERS
                },
            }
        }
    },
}


async def _body(request: Request) -> bytes:
    return await request.body()


def _routes(_node: Node) -> APIRouter:
    router = APIRouter(tags=["OAI-PMH"])
    described = openapi.described
    posted = described("Harvest the records (OAI-PMH 2.0)", "postOai", {_XML: None})
    posted["openapi_extra"] = {"requestBody": _FORM}

    @router.get(PATH, **described("Harvest the records (OAI-PMH 2.0)", "getOai", {_XML: None}, _PARAMETERS))
    def get(request: Request) -> Response:
        return _answered(request, request.query_params.multi_items)

    @router.post(PATH, **posted)
    def post(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        given = request.query_params.multi_items()
        return _answered(request, lambda: [*given, *form_pairs(body, kind)])

    return router


def _answered(request: Request, pairs: Callable[[], list[tuple[str, str]]]) -> Response:
    """The answer to some arguments; errors of the protocol are answers too."""
    repository = _Repository(node_of(request), links_of(request))
    arguments: dict[str, str] = {}
    try:
        question = asked(pairs())
        arguments = {"verb": question.verb, **question.arguments}
        parts = list(repository.parts(question))
    except Refused as refused:
        if refused.code == "badArgument":
            arguments = {}
        parts = [f"{element('error', refused.why, code=refused.code)}\n".encode()]
    body = answers.answer(repository.date, repository.base_url, arguments, parts)
    return Response(body, media_type=_XML)


class _Repository:
    """The node as a repository of OAI-PMH, for one request."""

    def __init__(self, node: Node, links: Links) -> None:
        self._node, self._links = node, links
        self.base_url = f"{links.base}{PATH}"
        self._host = urlsplit(links.base).hostname or "localhost"
        self.date = answers.datestamp(moment_us(now_us()))

    def parts(self, question: Asked) -> Iterator[bytes]:
        """What stands in the answer.

        Raises:
            Refused: the protocol answers by an error.
        """
        verbs: dict[str, Callable[[Asked], Iterator[bytes]]] = {
            "Identify": self._identify,
            "ListMetadataFormats": self._formats,
            "ListSets": self._sets,
            "GetRecord": self._record,
            "ListIdentifiers": self._list,
            "ListRecords": self._list,
        }
        yield f"<{question.verb}>\n".encode()
        yield from verbs[question.verb](question)
        yield f"</{question.verb}>\n".encode()

    # About the repository

    def _identify(self, _question: Asked) -> Iterator[bytes]:
        settings = self._node.settings
        address = self._host if "." in self._host else f"{self._host}.invalid"
        said = (
            ("repositoryName", settings.name),
            ("baseURL", self.base_url),
            ("protocolVersion", "2.0"),
            ("adminEmail", settings.email or f"operator@{address}"),
            ("earliestDatestamp", answers.datestamp(self._node.updates.earliest())),
            ("deletedRecord", "persistent"),
            ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
            ("compression", "gzip"),
        )
        yield "".join(f"{element(name, words)}\n" for name, words in said).encode()
        if _DOMAIN.fullmatch(self._host):
            space = "http://www.openarchives.org/OAI/2.0/oai-identifier"
            words = (("scheme", "oai"), ("repositoryIdentifier", self._host), ("delimiter", ":"))
            inner = "".join(element(name, said) for name, said in words)
            inner += element("sampleIdentifier", self._identifier("an-id"))
            where = f'xsi:schemaLocation="{space} {space}.xsd"'
            yield (
                f'<description><oai-identifier xmlns="{space}" {where}>{inner}</oai-identifier></description>\n'
            ).encode()

    def _formats(self, question: Asked) -> Iterator[bytes]:
        if "identifier" in question.arguments:
            self._shown(question)
        for form in FORMS:
            words = (
                element("metadataPrefix", form.prefix)
                + element("schema", form.schema)
                + element("metadataNamespace", form.namespace)
            )
            yield f"<metadataFormat>{words}</metadataFormat>\n".encode()

    def _sets(self, question: Asked) -> Iterator[bytes]:
        if "resumptionToken" in question.arguments:
            raise Refused("badResumptionToken", "the sets are given in one list; ask for it without a token")
        found = self._node.updates.sets()
        if not found:
            raise Refused("noSetHierarchy", "this repository has no records yet, and no sets")
        for one in found:
            words = element("setSpec", one.spec) + element("setName", self._named(one))
            yield f"<set>{words}</set>\n".encode()

    def _named(self, one: RecordSet) -> str:
        if not one.value:
            return _FIELDS[one.field]
        if one.field in ("hub", "centre"):
            try:
                return str(self._node.organisations.show(one.value).name)
            except NotFound:
                return one.value
        return one.value

    # Records

    def _record(self, question: Asked) -> Iterator[bytes]:
        form = _form(question.get("metadataPrefix"))
        update = self._shown(question)
        yield answers.record(update, self._identifier(update.id), form, self._links)

    def _shown(self, question: Asked) -> Update:
        head, id_ = self._identifier(""), question.get("identifier")
        try:
            if not id_.startswith(head) or not _ID.fullmatch(id_.removeprefix(head)):
                raise NotFound("record", id_)
            return self._node.updates.show(id_.removeprefix(head))
        except NotFound:
            why = f"there is no such record here; identifiers start with {head}"
            raise Refused("idDoesNotExist", why) from None

    def _list(self, question: Asked) -> Iterator[bytes]:
        page = self._page(question)
        form = _form(page.walk.note)
        self.date = _date(page)
        for update in page.updates:
            identifier = self._identifier(update.id)
            if question.verb == "ListRecords":
                yield answers.record(update, identifier, form, self._links)
            else:
                yield answers.header(update, identifier) + b"\n"
        yield answers.token(page)

    def _page(self, question: Asked) -> WalkPage:
        limit = min(_PAGE[question.verb], self._node.settings.web.page_limit)
        updates = self._node.updates
        if "resumptionToken" in question.arguments:
            try:
                return updates.resume(f"oai {question.verb}", question.get("resumptionToken"), limit)
            except Invalid:
                why = "it is not one of this repository, or of another verb; start the list again"
                raise Refused("badResumptionToken", why) from None
        walk = walk_of(question)
        _form(walk.note)
        page = updates.walk(f"oai {question.verb}", walk, limit)
        if not page.updates:
            raise Refused("noRecordsMatch", "nothing was updated then in that set; ListSets lists the sets")
        return page

    def _identifier(self, id: str) -> str:  # noqa: A002 - the word of the model
        return f"oai:{self._host}:{id}"


def _form(prefix: str) -> Form:
    form = find(prefix)
    if form is None:
        listed = ", ".join(form.prefix for form in FORMS)
        raise Refused(
            "cannotDisseminateFormat", f"there is no format “{prefix[:40]}” here; choose among {listed}"
        )
    return form


def _date(page: WalkPage) -> str:
    """The date of a list: whoever asks next time for what was updated since then misses nothing.

    What is committed after this page was read carries a later time than the newest change on it; and at
    the most a minute goes by from the time that something carries until it is committed.
    """
    now = now_us()
    ago = moment_us(now - _WRITING_US)
    return answers.datestamp(min(moment_us(now), max(page.latest, ago)))


API = Api(name="oaipmh", prefix=PATH, routes=_routes)

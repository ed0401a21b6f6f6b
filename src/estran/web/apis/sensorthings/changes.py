"""The routes that write: POST, PATCH and DELETE of entities, many observations at once, batches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from starlette.responses import StreamingResponse

from estran.errors import EstranError, NotFound
from estran.web import links_of, node_of, openapi, replies
from estran.web.apis.sensorthings import addresses
from estran.web.apis.sensorthings.answers import PATH, self_link
from estran.web.apis.sensorthings.asking import NOTHING
from estran.web.apis.sensorthings.batch import Batch, of_json, of_multipart
from estran.web.apis.sensorthings.json_patch import patched
from estran.web.apis.sensorthings.reading import Reading
from estran.web.apis.sensorthings.writing import MANY, Change, decoded, many_made
from estran.web.problems import NotOffered, WrongType, problem_of

if TYPE_CHECKING:
    from fastapi import APIRouter

    from estran.observations.sensing import Sensing

__all__ = ["add_routes"]

_MULTIPART, _JSON_PATCH = "multipart/mixed", "application/json-patch+json"


async def _body(request: Request) -> bytes:
    """Read before the route runs, in the loop that knows how to."""
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def add_routes(router: APIRouter, limit: int) -> None:
    """Add what writes to a router of `PATH`."""

    @router.post("/{path:path}", **_described("Add an entity, or several at once", "postSensorThings", 201))
    def post(request: Request, path: openapi.StaPath, body: Body) -> Response:
        if path.strip("/") == "$batch":
            # What only reads is for everyone; who may write is asked for each change.
            return _batch(request, node_of(request).observations.sensing, body, limit)
        sensing = _writable(request)
        _is_json(request)
        document = decoded(body)
        if path.strip("/") == MANY:
            root = _root(request)
            made = sensing.change(lambda making: many_made(making, document, root))
            return replies.json(made, status=201)
        change = Change.of(sensing, "POST", path, document)
        number = sensing.change(change.do)
        return _written(request, change.kind, number, limit, 201)

    @router.patch("/{path:path}", **_described("Change an entity", "patchSensorThings", 200))
    def patch(request: Request, path: openapi.StaPath, body: Body) -> Response:
        sensing = _writable(request)
        if _type(request) == _JSON_PATCH:
            change = Change.of(sensing, "PUT", path, None)
            told = sensing.one(change.kind, change.number or 0).told
            change = replace(change, document=patched(told, decoded(body)))
        else:
            _is_json(request)
            change = Change.of(sensing, "PATCH", path, decoded(body))
        return _written(request, change.kind, sensing.change(change.do), limit, 200)

    @router.delete("/{path:path}", **_described("Remove an entity", "deleteSensorThings", 200))
    def delete(request: Request, path: openapi.StaPath) -> Response:
        sensing = _writable(request)
        sensing.change(Change.of(sensing, "DELETE", path, None).do)
        return Response(status_code=200)

    @router.put("/{path:path}", **_described("Replace an entity", "putSensorThings", 200))
    def put(request: Request, path: openapi.StaPath, body: Body) -> Response:
        sensing = _writable(request)
        _is_json(request)
        change = Change.of(sensing, "PUT", path, decoded(body))
        return _written(request, change.kind, sensing.change(change.do), limit, 200)


def _root(request: Request) -> str:
    return links_of(request).base + PATH


def _writable(request: Request) -> Sensing:
    """What the asker sees, if they may write at all."""
    sensing = node_of(request).observations.sensing
    sensing.may_write()
    replies.checked(request, ())
    return sensing


def _is_json(request: Request) -> None:
    given = _type(request)
    if given and given not in {replies.JSON, "application/merge-patch+json"}:
        raise WrongType(f"“{given[:80]}” is not read here; send {replies.JSON}.")


def _type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _written(request: Request, kind: str, number: int, limit: int, status: int) -> Response:
    """The entity as it is now, and where it is."""
    sensing = node_of(request).observations.sensing
    link = self_link(_root(request), kind, number)
    try:
        target = addresses.Target(kind=kind, entity=sensing.one(kind, number))
        response = Reading(sensing, _root(request), limit).entity(target, NOTHING)
    except NotFound:
        response = Response()
    response.status_code = status
    response.headers["Location"] = link
    return response


def _batch(request: Request, sensing: Sensing, body: bytes, limit: int) -> Response:
    root = _root(request)

    def read(path: str, query: str) -> tuple[int, bytes]:
        try:
            items = parse_qsl(query, keep_blank_values=True)
            found = Reading(node_of(request).observations.sensing, root, limit).answer(path, items)
            if isinstance(found, StreamingResponse):
                raise NotOffered("Data arrays and CSV are asked for by themselves, not in a batch.")
        except EstranError as error:
            problem = problem_of(error)
            return problem.status, problem.body()
        return found.status_code, bytes(found.body)

    batch = Batch(sensing, read, root, is_known=bool(node_of(request).actor.role))
    if _type(request) == _MULTIPART:
        kind, answer = of_multipart(request.headers["content-type"], body, batch.answers)
        return Response(answer, headers={"Content-Type": kind})
    _is_json(request)
    return Response(of_json(body, batch.answers), media_type=replies.JSON)


def _described(summary: str, operation: str, status: int) -> dict[str, Any]:
    """What a route says of itself."""
    made = openapi.described(summary, operation, {}, (), 403, 404, 409, 413, 415, 501)
    del made["responses"][200]
    made["responses"][status] = {"description": "Done."}
    if operation != "deleteSensorThings":
        content = {replies.JSON: {"schema": {}}}
        made["openapi_extra"]["requestBody"] = {"required": True, "content": content}
    return made | {"status_code": status}

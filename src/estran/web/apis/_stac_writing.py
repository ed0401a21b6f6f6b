"""Writing by the STAC API: its transaction extensions for items and for collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import Request, Response

from estran.errors import Invalid, NotFound
from estran.web import links_of, node_of, openapi, replies
from estran.web.apis import _stac_answers as answers
from estran.web.apis import _stac_definition as definition
from estran.web.apis._stac_answers import PATH
from estran.web.problems import WrongType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter

    from estran.node import Node

__all__ = ["add_routes"]

_MERGE_PATCH = "application/merge-patch+json"
_ITEM = (replies.JSON, replies.GEOJSON)
_COLLECTION = (replies.JSON,)
_PATCH = (_MERGE_PATCH, replies.JSON)


class _Many(msgspec.Struct):
    """The features of a FeatureCollection, each in its own bytes."""

    features: list[msgspec.Raw]


def add_routes(router: APIRouter) -> None:
    """Add what writes to a router of `PATH`."""
    _collection_routes(router)
    _item_routes(router)


def _item_routes(router: APIRouter) -> None:
    items, item = "/collections/{collection}/items", "/collections/{collection}/items/{item:path}"

    @router.post(items, **_described("Add an item or several", "postStacItems", 201, _ITEM, 404, 409))
    def post(request: Request, collection: definition.CollectionId, body: definition.Body) -> Response:
        node, links = _writable(request, _ITEM), links_of(request)
        several = _features(body)
        ids = node.items.add(collection, [body] if several is None else several)
        if several is not None:
            return Response(status_code=201)
        response = answers.feature(node.items.show(collection, ids[0]), links)
        response.status_code = 201
        home = f"{links.base}{PATH}/collections/{answers.part(collection)}"
        response.headers["Location"] = f"{home}/items/{answers.part(ids[0])}"
        return response

    @router.put(item, **_described("Replace an item", "putStacItem", 204, _ITEM, 404))
    def put(
        request: Request, collection: definition.CollectionId, item: definition.ItemId, body: definition.Body
    ) -> Response:
        _writable(request, _ITEM).items.put(collection, item, body)
        return Response(status_code=204)

    @router.patch(item, **_described("Change members of an item", "patchStacItem", 204, _PATCH, 404, 409))
    def patch(
        request: Request, collection: definition.CollectionId, item: definition.ItemId, body: definition.Body
    ) -> Response:
        _writable(request, _PATCH).items.patch(collection, item, body)
        return Response(status_code=204)

    @router.delete(item, **_described("Remove an item", "deleteStacItem", 204, (), 404))
    def delete(request: Request, collection: definition.CollectionId, item: definition.ItemId) -> Response:
        try:
            _writable(request).items.remove(collection, item)
        except NotFound as error:
            # Gone is what was asked for: whoever asks twice is not wrong.
            if error.kind != "item":
                raise
        return Response(status_code=204)


def _collection_routes(router: APIRouter) -> None:
    one = "/collections/{collection}"

    @router.post(
        "/collections", **_described("Add a collection", "postStacCollection", 201, _COLLECTION, 409)
    )
    def post(request: Request, body: definition.Body) -> Response:
        links = links_of(request)
        name = _writable(request, _COLLECTION).collections.add(body, links)
        where = f"{links.base}{PATH}/collections/{answers.part(name)}"
        return Response(status_code=201, headers={"Location": where})

    @router.put(one, **_described("Replace a collection", "putStacCollection", 204, _COLLECTION, 404))
    def put(request: Request, collection: definition.CollectionId, body: definition.Body) -> Response:
        _writable(request, _COLLECTION).collections.put(collection, body, links_of(request))
        return Response(status_code=204)

    @router.patch(
        one, **_described("Change members of a collection", "patchStacCollection", 204, _PATCH, 404, 409)
    )
    def patch(request: Request, collection: definition.CollectionId, body: definition.Body) -> Response:
        _writable(request, _PATCH).collections.patch(collection, body, links_of(request))
        return Response(status_code=204)

    @router.delete(
        one, **_described("Remove a collection without items", "deleteStacCollection", 204, (), 404, 409)
    )
    def delete(request: Request, collection: definition.CollectionId) -> Response:
        _writable(request).collections.remove(collection)
        return Response(status_code=204)


def _writable(request: Request, types: Iterable[str] = ()) -> Node:
    """The node, where the body is of a type that is read here and nothing is asked that is not offered."""
    node = node_of(request)
    node.items.may_write()
    replies.checked(request, ())
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given and types and given not in types:
        raise WrongType(
            f"“{given[:80]}” is not read here; send {' or '.join(types)}, and say so in Content-Type."
        )
    if request.headers.get("if-match", "*") != "*":
        # To ignore it would overwrite what the client wants to keep.
        raise Invalid("conditions on ETags are not offered for writing; leave it out", "If-Match")
    return node


def _features(body: bytes) -> list[bytes] | None:
    """The documents of a FeatureCollection, None where the body is something else."""
    try:
        if msgspec.json.decode(body, type=dict[str, Any]).get("type") != "FeatureCollection":
            return None
        return [bytes(raw) for raw in msgspec.json.decode(body, type=_Many).features]
    except msgspec.ValidationError as error:
        raise Invalid(f"it is neither a STAC Item nor a FeatureCollection of some ({error})") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"it is not JSON ({error}); send a STAC Item or a FeatureCollection") from None


def _described(
    summary: str, operation: str, status: int, types: Iterable[str], *refusals: int
) -> dict[str, Any]:
    """What a route says of itself: the answer when all went well, what it reads, how it refuses."""
    sent = (413, 415) if types else ()
    made = openapi.described(summary, operation, {}, (), 403, *refusals, *sent)
    del made["responses"][200]
    made["responses"][status] = {"description": "Done."}
    made["status_code"] = status
    if types:
        content = {name: {"schema": {"type": "object"}} for name in types}
        made["openapi_extra"]["requestBody"] = {"required": True, "content": content}
    return made

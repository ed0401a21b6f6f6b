"""The web: HTTP in, node verbs, bytes out.

An API is a value, `Api`, found through the entry point ``estran.api``; `app.create_app` composes them with
the portal. A route takes its node with `node_of(request)`, which sees and does only what the asker may,
and the addresses to write with `links_of(request)`. It raises `EstranError`s: `problems` answers them.

The portal, `estran.web.portal`, offers ``routes(node)``, ``record_page(request, id)`` for the page of a record,
``render_problem(request, problem)`` for errors that a browser meets, and ``import_map``, the text of the one
inline script, whose hash the content security policy lets through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter
    from starlette.requests import Request

    from estran.formats import Links
    from estran.node import Node

__all__ = ["Api", "links_of", "node_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A web standard.

    Attributes:
        name: the word of its entry point.
        prefix: where its paths start, such as ``/ogc``; several may share one.
        routes: gives its routes, with whole paths; the node that it gets acts for anyone.
        often: whether machines ask it so often that its routes are compared with a request before the others.
        conforms_to: URIs of the conformance classes that it adds to the OGC root.
        collections: the collections that it adds to ``/ogc/collections``, as their JSON.
    """

    name: str
    prefix: str
    routes: Callable[[Node], APIRouter]
    often: bool = False
    conforms_to: tuple[str, ...] = ()
    collections: Callable[[Node, Links], list[dict[str, Any]]] = lambda _node, _links: []


def node_of(request: Request) -> Node:
    """The node as the asker of this request may see it."""
    return cast("Node", request.state.node)


def links_of(request: Request) -> Links:
    """The node's addresses: those of its settings, else those that this request was sent to."""
    return cast("Links", request.state.links)

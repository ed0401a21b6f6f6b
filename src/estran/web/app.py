"""The web application: every installed API, the portal and the door before them, composed."""

from __future__ import annotations

import gc
import os
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware

from estran import plugins
from estran.access import ANYONE
from estran.catalogue.query import Query
from estran.errors import Unavailable
from estran.web import (
    Api,
    crawlers,
    data,
    downloads,
    feeding,
    node_of,
    ogc,
    openapi,
    ordering,
    problems,
    replies,
)
from estran.web.door import Door

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from estran.node import Node

# Below this a packet holds it anyway; above, level 5 takes 60 % of the time of 9 and loses 2 %.
_COMPRESSED_FROM = 800
_COMPRESSION = 5
# Each holds a database connection and an arena of memory, and only one runs Python at a time.
_THREADS = 8


def create_app(node: Node, *, owned: bool = False) -> FastAPI:
    """The web application of a node.

    Args:
        node: acting as its operator; behind the door everyone gets what they may see.
        owned: whether the node is closed when the application ends.
    """

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncGenerator[None]:
        to_thread.current_default_thread_limiter().total_tokens = _THREADS
        with suppress(Unavailable):  # those who ask are told, until the database is back
            await to_thread.run_sync(node.warm, _THREADS)
        if not owned:
            yield
            return
        rest = Thread(target=_load_the_rest, args=(node,))
        rest.start()
        yield
        rest.join()
        node.close()

    portal: Any = import_module("estran.web.portal")
    apis = plugins.working("api", Api)
    app = FastAPI(
        title=node.settings.name,
        version=version("estran"),
        description="Find, read and harvest the metadata of Earth-system data.",
        license_info={"name": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=life,
    )
    anyone = node.acting_as(ANYONE)
    # Every request is compared with the routes in this order.
    for api in sorted(apis, key=lambda api: not api.often):
        app.include_router(api.routes(anyone))
    app.include_router(ogc.routes(apis, app))
    app.include_router(data.routes(portal.record_page))
    app.include_router(downloads.routes())
    app.include_router(ordering.routes(portal.order_page, portal.own_orders))
    app.include_router(feeding.routes())
    app.include_router(crawlers.routes())
    _own_routes(app)
    app.include_router(portal.routes(node))
    problems.install(app, portal.render_problem)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM, compresslevel=_COMPRESSION)
    app.add_middleware(
        Door,
        node=node,
        open_prefixes=tuple(
            dict.fromkeys([*(api.prefix for api in apis), "/data/", "/openapi.json", "/health"])
        ),
        page=portal.render_problem,
        inline_scripts=(portal.import_map,),
    )
    return app


def _load_the_rest(node: Node) -> None:
    """Load what the first to look at observations would wait for, while others are answered."""
    with suppress(Unavailable):
        node.observations.warm()
    # What is there by now stays; looking through it for cycles would halt everyone for a tenth of a second.
    gc.collect()
    gc.freeze()


def from_environment() -> FastAPI:
    """The application of the node that ESTRAN_NODE names: what each worker of a server starts with."""
    from estran.node import Node  # noqa: PLC0415 - create_app is given one

    return create_app(Node.open(os.environ.get("ESTRAN_NODE", "estran-node")), owned=True)


def _own_routes(app: FastAPI) -> None:
    example = {"status": "ok", "version": "0.1.0", "records": 412, "revision": 430}

    @app.get(
        "/health",
        tags=["Node"],
        **openapi.described("Whether the node is well", "getHealth", {replies.JSON: example}),
    )
    def health(request: Request) -> Response:
        node = node_of(request)
        found = node.ask(Query(limit=0))
        body = {
            "status": "ok",
            "version": version("estran"),
            "records": found.matched,
            "revision": node.revision(),
        }
        response = replies.json(body)
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/search", include_in_schema=False)
    def search(request: Request) -> Response:
        from estran.web.portal.render import language_of  # noqa: PLC0415 - loads with the portal

        query = f"?{request.url.query}" if request.url.query else ""
        return replies.see(f"/{language_of(request)}/search{query}")

    @app.get("/openapi.json", include_in_schema=False)
    def definition() -> Response:
        return replies.json(app.openapi())

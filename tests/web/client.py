"""A small client that asks an application without a network, as a browser or a program would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import httpx

if TYPE_CHECKING:
    from fastapi import FastAPI

BASE = "http://node.example"


class Client:
    """Asks an application; nothing is followed or raised by itself."""

    def __init__(self, app: FastAPI, **headers: str) -> None:
        self.app, self.headers = app, headers

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=self.headers) as client:
                return await client.request(method, url, **options)

        return anyio.run(once)

    def get(self, url: str, accept: str = "*/*", **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("GET", url, headers={"Accept": accept, **given})

    def json(self, url: str, **params: Any) -> Any:
        found = self.ask("GET", url, params=params or None, headers={"Accept": "application/json"})
        assert found.status_code == 200, found.text
        return found.json()

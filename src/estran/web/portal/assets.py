"""The portal's own files: style, scripts, fonts and shapes, under an address that changes with them."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from estran.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

STATIC = Path(__file__).parent / "static"
# The types are named here because a machine's own table may not know ".mjs".
_TYPES = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}  # fmt: skip
_FOREVER = "public, max-age=31536000, immutable"


@cache
def files() -> Mapping[str, Path]:
    """Every file by its path below static/; nothing else is ever served."""
    found = {
        path.relative_to(STATIC).as_posix(): path
        for path in sorted(STATIC.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }
    if "vendor/maplibre-gl/maplibre-gl.mjs" not in found or "world/outline.txt" not in found:
        raise FileNotFoundError(
            f"The portal's browser libraries are not in {STATIC}: build them with "
            "`uv sync --reinstall-package estran` (npm must reach its registry)."
        )
    return found


@cache
def version() -> str:
    """A short mark of all files together."""
    whole = hashlib.sha256()
    for name, path in files().items():
        whole.update(name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:10]


def address(name: str) -> str:
    """Where a file is served."""
    return f"/static/{version()}/{name}"


@cache
def outline() -> str:
    """The land as an SVG path, half degrees, for the small maps."""
    return files()["world/outline.txt"].read_text(encoding="ascii")


@cache
def _packed(name: str, _changed: int) -> bytes:
    return gzip.compress(files()[name].read_bytes(), 9)


def routes() -> APIRouter:
    """The one route of the files."""
    router = APIRouter()

    @router.api_route("/static/{mark}/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def static(request: Request, mark: str, name: str) -> Response:
        path = files().get(name)
        if path is None:
            raise NotFound("file", name)
        # Who asks for an older mark gets the present file, to be asked for again.
        headers = {
            "Cache-Control": _FOREVER if mark == version() else "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        body = path.read_bytes()
        if path.suffix != ".woff2" and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = _packed(name, path.stat().st_mtime_ns), "gzip"
        return Response(body, media_type=_TYPES[path.suffix], headers=headers)

    return router

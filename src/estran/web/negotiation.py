"""Which of the forms that a resource has a client wants: by ``f``, by suffix or by Accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

HTML = "text/html"


def accepted(header: str) -> list[tuple[str, float, int]]:
    """The ranges of an Accept header: (media type, quality, how exact)."""
    ranges: list[tuple[str, float, int]] = []
    for part in header[:2000].split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if "/" not in kind:
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "q":
                try:
                    quality = max(0.0, min(1.0, float(value)))
                except ValueError:
                    quality = 0.0
        exact = 0 if kind == "*/*" else 1 if kind.endswith("/*") else 2
        ranges.append((kind, quality, exact))
    return ranges


def quality(media_type: str, ranges: Sequence[tuple[str, float, int]]) -> float:
    """How much a client wants a media type, 0 to 1; the most exact range that covers it decides."""
    plain = media_type.partition(";")[0]
    family = plain.partition("/")[0] + "/*"
    covering = [(exact, q) for kind, q, exact in ranges if kind in (plain, family, "*/*")]
    return max(covering)[1] if covering else 0.0


def best(header: str, offered: Sequence[str]) -> str | None:
    """The offered media type that an Accept header wants most, the first of equals; None for none.

    No header wants the first.
    """
    ranges = accepted(header)
    if not ranges:
        return offered[0]
    wanted = [(quality(media_type, ranges), -n) for n, media_type in enumerate(offered)]
    top, n = max(wanted)
    return offered[-n] if top > 0 else None


def prefers_html(request: Request) -> bool:
    """Whether a person looks at this through a browser: HTML is asked for by name and nothing more."""
    header = request.headers.get("accept", "")
    ranges = accepted(header)
    named = {kind: q for kind, q, exact in ranges if exact == 2}  # noqa: PLR2004
    if request.query_params.get("f") == "html":
        return True
    if "f" in request.query_params:
        return False
    html = max(named.get(HTML, 0.0), named.get("application/xhtml+xml", 0.0))
    return html > 0 and all(q <= html for kind, q in named.items() if "json" in kind)

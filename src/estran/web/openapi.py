"""The definition of the APIs: OpenAPI, in version 3.0 for the OGC root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path
from starlette.responses import Response

from estran.web.problems import MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import FastAPI

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and what to do next."},
        "where": {"type": "string", "description": "The parameter or part at fault."},
        "id": {"type": "string", "description": "Of the entry in the server's log."},
    },
}
_REFUSALS = {
    400: "A parameter does not fit, or is not known here.",
    401: "The token is not good, or there is none where one is needed.",
    403: "The holder of this token may not do that here.",
    404: "There is no such thing, or none that you may know of.",
    406: "None of the accepted media types is offered.",
    409: "It clashes with what is there.",
    410: "It was here and has been removed.",
    413: "More was sent than is read.",
    415: "What was sent is of a media type that is not read here.",
    501: "The standard knows it, and it is not done here.",
}


Id = Annotated[str, Path(description="Identifier of the record.", examples=["an-id"])]
"""The id in an address."""
FormatName = Annotated[str, Path(description="Name of a format.", examples=["bibtex"])]
StaPath = Annotated[str, Path(description="Steps of the address.", examples=["Things(1)/Datastreams"])]
"""Where an address of SensorThings goes on."""
Number = Annotated[str, Path(description="Number of a document, 0 for the newest.", examples=["0"])]


def parameter(name: str, description: str, *, example: Any = None, **schema: Any) -> dict[str, Any]:
    """A query parameter of an operation; its schema is a string unless it says otherwise."""
    made: dict[str, Any] = {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }
    if "items" in schema:
        # Several values stand in one parameter, with commas between.
        made["schema"]["type"] = "array"
        made |= {"style": "form", "explode": False}
    return made if example is None else made | {"example": example}


def described(
    summary: str,
    operation: str,
    contents: dict[str, Any],
    parameters: Iterable[dict[str, Any]] = (),
    *refusals: int,
) -> dict[str, Any]:
    """What a route says of itself: the keywords of FastAPI's decorators.

    Args:
        summary: what it gives.
        operation: id of the operation.
        contents: media type -> an example, None for none.
        parameters: those of its query.
        refusals: statuses of its refusals, beside 400 and 401.
    """
    return {
        "summary": summary,
        "operation_id": operation,
        "response_class": Response,
        "responses": _responses(contents, 400, *refusals),
        "openapi_extra": {"parameters": list(parameters)},
    }


def _responses(contents: dict[str, Any], *refusals: int) -> dict[int | str, dict[str, Any]]:
    """Answers of an operation: media type -> an example, None for none; and the refusals it may give."""
    content = {
        media_type: {"schema": {"type": "object" if "json" in media_type else "string"}}
        | ({"example": example} if example is not None else {})
        for media_type, example in contents.items()
    }
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The answer.", "content": content}}
    for status in (*refusals, 401):
        found[status] = {
            "description": _REFUSALS[status],
            "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
        }
    return found


def document(app: FastAPI, server: str, prefix: str) -> dict[str, Any]:
    """The definition of what lies under `prefix`, in OpenAPI 3.0.

    Args:
        app: the application.
        server: address of the prefix; the paths start from it.
        prefix: such as ``/ogc``; "" takes everything.
    """
    whole = app.openapi()
    paths = {
        path.removeprefix(prefix) or "/": _as_3_0(item)
        for path, item in whole["paths"].items()
        if path == prefix or path.startswith(f"{prefix}/")
    }
    return {
        "openapi": "3.0.3",
        "info": whole["info"],
        "servers": [{"url": server}],
        "paths": paths,
    }


def _as_3_0(value: Any) -> Any:
    """What FastAPI writes for 3.1, as 3.0 says it."""
    if isinstance(value, list):
        return [_as_3_0(part) for part in value]
    if not isinstance(value, dict):
        return value
    made = {name: _as_3_0(part) for name, part in value.items()}
    options = made.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        left = [option for option in options if option != {"type": "null"}]
        del made["anyOf"]
        made |= {"nullable": True, **(left[0] if len(left) == 1 else {"anyOf": left})}
    if "const" in made:
        made["enum"] = [made.pop("const")]
    for name in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(made.get(name), int | float) and not isinstance(made[name], bool):
            made |= {name.replace("exclusiveM", "m"): made[name], name: True}
    if isinstance(made.get("examples"), list):
        examples = made.pop("examples")
        made["example"] = examples[0]
    return made

"""No page of the portal escapes the tests: each route is met by a page that axe sees, and has a JSON twin."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estran.web import portal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import APIRouter
    from fastapi.routing import APIRoute

    from estran.node import Node

# What answers a part of a page or leads on to one.
NO_PAGES = {
    "/{language}/harvest/runs/{run}/live": "a part of the page of a run",
    "/{language}/orders/{id}/live": "a part of the page of an order",
    "/{language}/harvest/sources/{name}/document/download": "a file",
    "/{language}/datastreams": "leads to the page that draws what was ticked",
}
# Pages that stand in a frame of another site, and their twin with the page that they show.
FRAMES = {"/{language}/views/{name}/frame"}
# Twins elsewhere; "" is outside of the languages, where records, items and concepts have theirs. A form's is of what it changes.
TWINS = {
    "/{language}/": "/{language}/index.json",
    "/{language}/data/{id}": "",
    "/{language}/data/{id}/items/{item:path}": "",
    "/{language}/vocabulary/{scheme}": "",
    "/{language}/orders/{id}": "",
    "/{language}/vocabulary/{scheme}/{local}": "",
    "/{language}/harvest/sources/{name}": "/{language}/harvest/sources/{name}/source.json",
    "/{language}/harvest/sources/{name}/change": "/{language}/harvest/sources/{name}/source.json",
    "/{language}/harvest/sources/{name}/remove": "/{language}/harvest/sources/{name}/source.json",
    "/{language}/harvest/new": "/{language}/harvest.json",
    "/{language}/views/new": "/{language}/views.json",
    "/{language}/views/{name}/change": "/{language}/views/{name}.json",
}


def routes(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner)
        else:
            yield route  # pyright: ignore[reportReturnType]


@pytest.fixture(scope="module")
def readable(node: Node) -> list[APIRoute]:
    """What can be read under a language."""
    return [
        r for r in routes(portal.routes(node)) if "GET" in r.methods and r.path.startswith("/{language}/")
    ]


def is_page(path: str) -> bool:
    return "." not in path.rpartition("/")[2] and path not in NO_PAGES


def seen() -> set[str]:
    """The pages that axe and the other measures look at: every table PAGES of the tests in a browser."""
    found: set[str] = set()
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if "judge" not in file.read_text(encoding="utf-8"):
            continue
        module = import_module(f"tests.portal.{file.stem}")
        tables = (value for name, value in vars(module).items() if re.fullmatch(r"(?:[A-Z]+_)?PAGES", name))
        for table in tables:
            found |= {path if path.startswith("/") else f"/{{lang}}/{path}" for path in table.values()}
    return found


def test_every_page_is_seen_by_axe(readable: list[APIRoute]):
    met: set[str] = set()
    for sample in seen():
        path = re.sub(r"\{\w+\}", "x", sample.replace("{lang}", "en").partition("?")[0])
        route = next((r for r in readable if r.path_regex.match(path)), None)
        if route is not None:
            met.add(route.path)
    assert {r.path for r in readable if is_page(r.path)} - met == set()


def test_every_page_has_a_twin(readable: list[APIRoute]):
    """At its own address with .json at the end, but for those whose page names another; that it answers, axe's tests see."""
    paths = {r.path for r in readable}
    lacking = [
        p for p in paths if is_page(p) and p not in FRAMES and TWINS.get(p, f"{p}.json") not in {*paths, ""}
    ]
    assert lacking == []


def test_the_exceptions_are_real(readable: list[APIRoute]):
    assert set(NO_PAGES) | FRAMES | set(TWINS) <= {r.path for r in readable}
